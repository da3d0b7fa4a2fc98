import { CertificateAuthority } from "../../../components/certificates/authority";
import { KafkaRights, programRightsFaults } from "../../../components/kafka/acl";
import { KafkaCluster } from "../../../components/kafka/cluster";
import { pipelineRights } from "../../../components/pipeline-rights";
import { pipelineTopics, settingsSchema } from "../../../components/settings";
import { type Declarations, declared, plain, Secret } from "../declared";

const placement = { prefix: "weather-test", networks: ["weather-test"] };

let declarations: Declarations;
beforeAll(async () => {
  declarations = await declared(() => {
    const authority = new CertificateAuthority("authority", { organization: "weather-test" });
    const cluster = new KafkaCluster("kafka", { placement, image: "apache/kafka:4.3.1", authority });
    new KafkaRights("reader-rights", {
      cluster,
      principal: "reader",
      reads: ["weather"],
      writes: ["out"],
      groups: [{ name: "g" }, { prefix: "p-" }],
      describes: ["weather"],
      quota: { readBytesPerSecond: 4096 },
    });
  });
});

const environment = (id: number) =>
  Object.fromEntries(
    (plain(declarations.get(`Container kafka-kafka${id}-container`).inputs["envs"]) as string[]).map(
      (line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)],
    ),
  );

test("with an authority no listener is plaintext, clients show certificates, and nothing is allowed by default", () => {
  for (const id of [1, 2, 3]) {
    expect(environment(id)).toMatchObject({
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: "INTERNAL:SSL,HOST:SSL,CONTROLLER:SSL",
      KAFKA_SSL_CLIENT_AUTH: "required",
      KAFKA_SSL_ENABLED_PROTOCOLS: "TLSv1.3,TLSv1.2",
      KAFKA_SSL_KEYSTORE_TYPE: "PEM",
      KAFKA_AUTHORIZER_CLASS_NAME: "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND: "false",
      KAFKA_SUPER_USERS: "User:broker;User:deployer",
      KAFKA_SSL_PRINCIPAL_MAPPING_RULES:
        "RULE:^CN=kafka[0-9]+,O=weather-test$/broker/,RULE:^CN=([a-z0-9-]+),O=weather-test$/$1/",
    });
    expect(Object.values(environment(id)).join()).not.toContain("PLAINTEXT");
    expect(declarations.get(`Container kafka-kafka${id}-container`).inputs["uploads"]).toEqual(
      expect.any(Secret),
    );
    expect(declarations.get(`CertRequest authority-kafka${id}-request`).inputs).toMatchObject({
      dnsNames: [`kafka${id}`, "localhost"],
      ipAddresses: ["127.0.0.1"],
    });
  }
});

test("gates and provider connect as the deployer, whose key is a secret", () => {
  for (const label of ["QuorumGate kafka-quorum", "RollGate kafka-kafka1-roll"])
    expect(declarations.get(label).inputs["tls"]).toEqual(expect.any(Secret));
  expect(plain(declarations.get("kafka kafka-provider").inputs)).toMatchObject({
    tlsEnabled: "true",
    skipTlsVerify: "false",
    caCert: "certificate of authority-certificate\n",
    clientKey: "made-up-by-authority-kafka-deployer-key\n",
  });
});

test("a right is an ACL for one principal, one resource and one operation", () => {
  const acls = declarations.ofKind("Acl").map(({ inputs }) => {
    expect(inputs).toMatchObject({ aclPrincipal: "User:reader", aclHost: "*", aclPermissionType: "Allow" });
    return [
      inputs["aclOperation"],
      inputs["aclResourceType"],
      inputs["aclResourceName"],
      inputs["resourcePatternTypeFilter"],
    ].join(" ");
  });
  expect(acls.sort()).toEqual([
    "Describe Cluster kafka-cluster Literal",
    "Describe Topic weather Literal",
    "DescribeConfigs Cluster kafka-cluster Literal",
    "DescribeConfigs Topic weather Literal",
    "Read Group g Literal",
    "Read Group p- Prefixed",
    "Read Topic weather Literal",
    "Write Topic out Literal",
  ]);
  expect(declarations.get("Quota reader-rights-quota").inputs).toMatchObject({
    entityType: "user",
    entityName: "reader",
    config: { consumer_byte_rate: "4096" },
  });
  for (const { label } of [...declarations.ofKind("Acl"), ...declarations.ofKind("Quota")])
    expect(declarations.isAfter(label, "QuorumGate kafka-quorum")).toBe(true);
});

test("wildcards, names that can't be in a certificate and quotas that stop a program are faults", () => {
  const faults = programRightsFaults({
    principal: "User:*",
    reads: ["*", "weather"],
    groups: [{ prefix: "" }],
    quota: { writeBytesPerSecond: 0 },
  });
  expect(faults.map(({ propertyPath }) => propertyPath)).toEqual([
    "principal",
    "reads[0]",
    "groups[0]",
    "quota.writeBytesPerSecond",
  ]);
});

test("the pipeline's table speaks of its own topics, gives each program its own, and only the producer writes the weather", () => {
  const settings = settingsSchema.parse({ kafkaUi: { enabled: true }, documents: { enabled: true } });
  const topics = pipelineTopics(settings).map(({ name }) => name);
  const rights = pipelineRights(settings);
  for (const program of rights) {
    expect(programRightsFaults(program)).toEqual([]);
    for (const topic of [...(program.reads ?? []), ...(program.writes ?? []), ...(program.describes ?? [])])
      expect(topics).toContain(topic);
  }
  const writers = (topic: string) =>
    rights.filter(({ writes }) => writes?.includes(topic)).map(({ principal }) => principal);
  expect(writers("weather")).toEqual(["producer"]);
  expect(writers("weather-alerts")).toEqual(["consumer"]);
  expect(writers("weather-telegraf")).toEqual(["telegraf-to-kafka"]);
  const ofProgram = (name: string) => rights.find(({ principal }) => principal === name);
  for (const page of ["kafdrop", "kafka-ui"]) {
    expect(ofProgram(page)?.reads).toEqual(topics);
    expect(ofProgram(page)?.writes).toBeUndefined();
    expect(ofProgram(page)?.groups).toBeUndefined();
  }
  expect(ofProgram("documents")).toMatchObject({
    reads: ["weather"],
    groups: [{ name: "weather-documents" }],
  });
  expect(ofProgram("documents")?.writes).toBeUndefined();
  expect(ofProgram("monitor")?.describesGroups).toContainEqual({ name: "weather-documents" });
});
