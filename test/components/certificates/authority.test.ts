import * as pulumi from "@pulumi/pulumi";
import { CertificateAuthority, certificateLifetimeFaults } from "../../../components/certificates/authority";
import { type Certificate } from "../../../components/certificates/certificate";
import { declared, plain, Secret, valueOf } from "../declared";

const paths = (faults: { propertyPath: string }[]) => faults.map(({ propertyPath }) => propertyPath);

test.each([
  ["90 days", "30 days", []],
  ["2 hours", "1 hour", []],
  ["30 days", "30 days", ["renewBefore"]],
  ["1 day", "2 days", ["renewBefore"]],
  ["90 minutes", "1 hour", ["certificateValidity"]],
  ["soon", "later", ["certificateValidity", "renewBefore"]],
])("valid for %s, renewed %s before: faults at %p", (certificateValidity, renewBefore, expected) => {
  expect(paths(certificateLifetimeFaults({ certificateValidity, renewBefore }))).toEqual(expected);
});

test("an own authority signs what it issues, for as long and as early as it was told, each for its use alone", async () => {
  const made: Certificate[] = [];
  const { get } = await declared(() => {
    const authority = new CertificateAuthority("authority", {
      organization: "weather-test",
      certificateValidity: "10 days",
      renewBefore: "2 days",
    });
    made.push(
      authority.issue("kafka1", "kafka1", { kind: "peer", hosts: ["kafka1", "127.0.0.1", "kafka1"] }),
      authority.issue("producer-client", "producer", { kind: "client" }),
      authority.issue("influxdb-server", "influxdb", { kind: "server", hosts: ["influxdb"] }),
    );
  });
  expect(get("SelfSignedCert authority-certificate").inputs).toMatchObject({
    isCaCertificate: true,
    allowedUses: ["cert_signing", "crl_signing"],
    subject: { organization: "weather-test" },
  });
  expect(get("CertRequest authority-kafka1-request").inputs).toMatchObject({
    subject: { commonName: "kafka1", organization: "weather-test" },
    dnsNames: ["kafka1"],
    ipAddresses: ["127.0.0.1"],
  });
  expect(get("CertRequest authority-producer-client-request").inputs).toMatchObject({
    dnsNames: [],
    ipAddresses: [],
  });
  const uses = ["kafka1", "producer-client", "influxdb-server"].map(
    (name) => get(`LocallySignedCert authority-${name}-certificate`).inputs["allowedUses"],
  );
  expect(uses).toEqual([
    ["digital_signature", "client_auth", "server_auth"],
    ["digital_signature", "client_auth"],
    ["digital_signature", "server_auth"],
  ]);
  const signed = get("LocallySignedCert authority-kafka1-certificate").inputs;
  expect(signed).toMatchObject({
    validityPeriodHours: 240,
    earlyRenewalHours: 48,
    caCertPem: "certificate of authority-certificate",
    caPrivateKeyPem: new Secret("made-up-by-authority-key"),
  });

  const [broker] = made;
  if (!broker) throw new Error("nothing was made");
  expect(await pulumi.isSecret(broker.keyPem)).toBe(true);
  expect(await pulumi.isSecret(broker.chainPem)).toBe(false);
  expect(await pulumi.isSecret(broker.joinedPem())).toBe(true);
  expect(await pulumi.isSecret(broker.identity())).toBe(true);
  expect(await valueOf(broker.joinedPem())).toBe(
    "made-up-by-authority-kafka1-key\ncertificate of authority-kafka1-certificate\ncertificate of authority-certificate\n",
  );
  expect(broker.files("/run/tls").files.map(({ path }) => path)).toEqual(
    Object.values(broker.files("/run/tls").paths),
  );
});

test("a site's authority signs by its first certificate, all of them are trusted, and its key stays a secret", async () => {
  const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;
  let authority: CertificateAuthority | undefined;
  const { get, all } = await declared(() => {
    authority = new CertificateAuthority("authority", {
      organization: "weather-test",
      source: {
        kind: "site",
        certificatePem: `${pem("issuing")}\n${pem("root")}`,
        privateKeyPem: "key of the site",
      },
    });
    authority.issue("producer-client", "producer", { kind: "client" });
  });
  expect(all.map(({ label }) => label)).not.toContain("SelfSignedCert authority-certificate");
  const { inputs } = get("LocallySignedCert authority-producer-client-certificate");
  expect(inputs["caCertPem"]).toBe(pem("issuing"));
  expect(inputs["caPrivateKeyPem"]).toEqual(new Secret("key of the site"));
  if (!authority) throw new Error("nothing was made");
  expect(await valueOf(authority.trustPem)).toBe(`${pem("issuing")}\n${pem("root")}\n`);
  expect(plain(inputs["validityPeriodHours"])).toBe(90 * 24);
});
