import * as vm from "node:vm";
import * as pulumi from "@pulumi/pulumi";
import { CertificateAuthority } from "../../../components/certificates/authority";
import { DocumentStore, documentStoreFaults } from "../../../components/documents/store";
import { type Declarations, declared, madeUp, plain, valueOf } from "../declared";

const placement = { prefix: "weather-test", networks: ["net"] };
const args = { placement, image: "mongo:8.0.26", database: "met", collection: "weather" };

interface Upload {
  file: string;
  content: string;
}

const uploads = (declarations: Declarations) =>
  plain(declarations.get("Container mongodb-container").inputs["uploads"]) as Upload[];

test("logins with random passwords in files, data on a volume, on loopback, within a limit", async () => {
  let store: DocumentStore | undefined;
  const declarations = await declared(() => {
    store = new DocumentStore("mongodb", { ...args, memoryMiB: 2_048, protect: true });
  });
  const { inputs } = declarations.get("Container mongodb-container");
  expect(inputs).toMatchObject({
    image: "mongo:8.0.26",
    command: ["mongod", "--wiredTigerCacheSizeGB", "0.5"],
    envs: [
      "MONGO_INITDB_ROOT_PASSWORD_FILE=/run/secrets/mongodb/root-password",
      "MONGO_INITDB_ROOT_USERNAME=root",
    ],
    user: "999:999",
    memory: 2_048,
    ports: [{ internal: 27_017, external: 27_017, ip: "127.0.0.1" }],
    volumes: [{ volumeName: "weather-test-mongodb-data", containerPath: "/data/db" }],
    labels: [{ label: "pulumi-weather-pipeline.probe", value: "tcp:27017" }],
  });
  expect(declarations.get("Volume mongodb-data").protect).toBe(true);
  for (const user of ["root", "writer", "reader"])
    expect(uploads(declarations)).toContainEqual(
      expect.objectContaining({
        file: `/run/secrets/mongodb/${user}-password`,
        content: madeUp(`mongodb-${user}-password`),
      }),
    );
  expect(store?.url).toBe("mongodb://127.0.0.1:27017/met");
  expect(store?.writer.connection).toEqual({
    ...{ url: "mongodb://mongodb:27017", database: "met", collection: "weather" },
    login: { username: "documents", passwordFile: "/run/secrets/mongodb/password" },
  });
  const password = store?.readerPassword ?? pulumi.output("");
  expect([await valueOf(password), await pulumi.isSecret(password)]).toEqual([
    madeUp("mongodb-reader-password"),
    true,
  ]);
});

/** Runs the image's first-start script with a shell that only notes what it's asked for. */
test("the first start makes an index, a writer of one collection and a reader, and no other user", async () => {
  const declarations = await declared(() => new DocumentStore("mongodb", args));
  const script = uploads(declarations).find(({ file }) => file.startsWith("/docker-entrypoint-initdb.d/"));
  const done: unknown[] = [];
  const target = {
    getCollection: (name: string) => ({ createIndex: (keys: object) => done.push({ index: name, keys }) }),
    createRole: (role: object) => done.push(role),
    createUser: (user: object) => done.push(user),
  };
  const shell = { getSiblingDB: (name: string) => (name === "met" ? target : undefined) };
  const files = { readFileSync: (file: string) => `from ${file}\n` };
  vm.runInNewContext(script?.content ?? "", { require: () => files, db: shell });
  expect(done).toEqual([
    { index: "weather", keys: { station: 1, time: 1 } },
    {
      role: "documentWriter",
      privileges: [{ resource: { db: "met", collection: "weather" }, actions: ["find", "insert", "update"] }],
      roles: [],
    },
    { user: "documents", pwd: "from /run/secrets/mongodb/writer-password", roles: ["documentWriter"] },
    { user: "reader", pwd: "from /run/secrets/mongodb/reader-password", roles: ["read"] },
  ]);
});

test("with an authority the server takes TLS only, and the writer knows whom to trust", async () => {
  let store: DocumentStore | undefined;
  const declarations = await declared(() => {
    const authority = new CertificateAuthority("authority", {
      ...{ organization: "weather-test", source: { kind: "own" as const } },
      ...{ certificateValidity: "90 days" as const, renewBefore: "30 days" as const },
    });
    store = new DocumentStore("mongodb", { ...args, authority });
  });
  expect(declarations.get("Container mongodb-container").inputs["command"]).toEqual([
    ...["mongod", "--wiredTigerCacheSizeGB", "0.25", "--tlsMode", "requireTLS"],
    ...["--tlsCertificateKeyFile", "/run/secrets/tls/identity.pem"],
    ...["--tlsCAFile", "/run/secrets/tls/ca.pem", "--tlsAllowConnectionsWithoutCertificates"],
  ]);
  expect(uploads(declarations).map(({ file }) => file)).toEqual(
    expect.arrayContaining(["/run/secrets/tls/identity.pem", "/run/secrets/tls/ca.pem"]),
  );
  expect(store?.writer.connection.caFile).toBe("/run/secrets/tls/ca.pem");
  expect(store?.writer.files.map(({ path }) => path)).toContain("/run/secrets/tls/ca.pem");
  expect(store?.url).toBe("mongodb://127.0.0.1:27017/met?tls=true");
});

test("names that MongoDB or a shell could misread, and too little memory, are refused", () => {
  const faults = documentStoreFaults({ database: "a.b", collection: '"', memoryMiB: 128 });
  expect(faults.map(({ propertyPath }) => propertyPath)).toEqual(["database", "collection", "memoryMiB"]);
});
