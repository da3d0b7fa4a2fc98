import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type CertificateAuthority } from "../certificates/authority";
import { type Fault, throwIfAny } from "../faults";
import { dataVolume, type Placement, publishedAddress } from "../workload/placement";
import { Workload, type WorkloadFile } from "../workload/workload";

/** Port of the server inside the network. */
const mongoPort = 27_017;

/** The image's own user. */
const mongoUser = { uid: 999, gid: 999 };

const secretsFolder = "/run/secrets/mongodb";
const tlsFolder = "/run/secrets/tls";

/** Who may do what in the collection. */
const users = { writer: "documents", reader: "reader" } as const;

/** Arguments of {@link DocumentStore}. A change replaces the container; the volume stays. */
export interface DocumentStoreArgs {
  placement: Placement;
  /** Full name of the `mongo` image, tag included. */
  image: pulumi.Input<string>;
  /** The database. A change makes no new one where the volume holds data. */
  database: string;
  /** The collection in it, of which the same is true. */
  collection: string;
  /** Signs the server's certificate: connections are TLS only then. Default: plain connections. */
  authority?: CertificateAuthority;
  /** Port on the machine. Default 27017. */
  hostPort?: number;
  /** Memory limit in MiB, at least 256. Default 512. WiredTiger's cache takes a quarter of it. */
  memoryMiB?: number;
  /** The volume can't be deleted while this is set. Default false. */
  protect?: boolean;
}

/** How one program on the network reaches the collection. */
export interface DocumentClient {
  connection: {
    url: string;
    database: string;
    collection: string;
    login: { username: string; passwordFile: string };
    caFile?: string;
  };
  /** The files of `connection`, for its container. */
  files: WorkloadFile[];
}

/** What can be said against a document store before anything is created. */
export function documentStoreFaults({
  database,
  collection,
  memoryMiB = 512,
}: Pick<DocumentStoreArgs, "database" | "collection" | "memoryMiB">): Fault[] {
  const names = Object.entries({ database, collection }).filter(
    ([, name]) => !/^[a-z][\w-]{0,62}$/i.test(name),
  );
  return [
    ...names.map(([propertyPath]) => ({
      propertyPath,
      reason: "must be a letter followed by at most 62 letters, digits, '_' and '-'",
    })),
    ...(memoryMiB >= 256
      ? []
      : [{ propertyPath: "memoryMiB", reason: "must be at least 256, or mongod doesn't start" }]),
  ];
}

/**
 * A MongoDB server with one collection, behind logins: an administrator, a writer that may put documents into the collection and
 * read them there, and a reader. Passwords are random, and stand in files.
 *
 * The image makes users, collection and index at the first start only, on an empty volume: whoever deletes the passwords from the
 * state must delete the volume, too. A single server: what it has acknowledged is on its disk, and on no other.
 *
 * @throws pulumi.InputPropertiesError with every fault of the arguments.
 */
export class DocumentStore extends pulumi.ComponentResource {
  /** For programs on the machine, without the login. */
  readonly url: string;
  /** A user that reads the database, and changes nothing. */
  readonly reader: string = users.reader;
  /** Of {@link DocumentStore.reader}: a secret. */
  declare readonly readerPassword: pulumi.Output<string>;
  /** How the program that fills the collection reaches it. */
  readonly writer: DocumentClient;

  constructor(name: string, args: DocumentStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:documents:DocumentStore", name, {}, opts);
    throwIfAny(`DocumentStore ${name}`, documentStoreFaults(args));
    const { placement, database, collection, authority } = args;
    const hostPort = args.hostPort ?? mongoPort;
    const memoryMiB = args.memoryMiB ?? 512;
    const address = publishedAddress(placement);
    const password = (user: string) =>
      new random.RandomPassword(`${name}-${user}-password`, { length: 32, special: false }, { parent: this })
        .result;
    const root = password("root");
    const writer = password("writer");
    const reader = password("reader");
    const certificate = authority?.issue(`${name}-server`, name, {
      kind: "server",
      hosts: [name, "localhost", "127.0.0.1", address],
    });
    const identityFile = `${tlsFolder}/identity.pem`;
    const caFile = `${tlsFolder}/ca.pem`;
    const volume = dataVolume(`${name}-data`, placement, `${name}-data`, {
      parent: this,
      protect: args.protect ?? false,
    });
    new Workload(
      name,
      {
        placement,
        hostname: name,
        image: args.image,
        // The entry point changes to this user by itself, but then reads no file that root's group may read.
        user: mongoUser,
        command: [
          "mongod",
          "--wiredTigerCacheSizeGB",
          // The least that mongod takes.
          String(Math.max(0.25, memoryMiB / 4 / 1_024)),
          ...(certificate
            ? [
                ...["--tlsMode", "requireTLS", "--tlsCertificateKeyFile", identityFile],
                // People come with a password alone.
                ...["--tlsCAFile", caFile, "--tlsAllowConnectionsWithoutCertificates"],
              ]
            : []),
        ],
        environment: {
          MONGO_INITDB_ROOT_USERNAME: "root",
          MONGO_INITDB_ROOT_PASSWORD_FILE: `${secretsFolder}/root-password`,
        },
        files: [
          { path: `${secretsFolder}/root-password`, content: root },
          { path: `${secretsFolder}/writer-password`, content: writer },
          { path: `${secretsFolder}/reader-password`, content: reader },
          { path: "/docker-entrypoint-initdb.d/collection.js", content: firstStart(database, collection) },
          ...(certificate
            ? [
                { path: identityFile, content: certificate.joinedPem() },
                { path: caFile, content: certificate.trustPem },
              ]
            : []),
        ],
        volumes: [{ volume, path: "/data/db" }],
        ports: [{ container: mongoPort, host: hostPort }],
        probe: { kind: "tcp", port: mongoPort },
        memoryMiB,
      },
      { parent: this },
    );
    const passwordFile = `${secretsFolder}/password`;
    this.writer = {
      connection: {
        ...{ url: `mongodb://${name}:${mongoPort}`, database, collection },
        login: { username: users.writer, passwordFile },
        ...(certificate && { caFile }),
      },
      files: [
        { path: passwordFile, content: writer },
        ...(certificate ? [{ path: caFile, content: certificate.trustPem }] : []),
      ],
    };
    this.url = `mongodb://${address}:${hostPort}/${database}${certificate ? "?tls=true" : ""}`;
    this.readerPassword = pulumi.secret(reader);
    this.registerOutputs({ url: this.url, readerPassword: this.readerPassword });
  }
}

/** What the image's shell does once, before anybody else reaches the server. */
function firstStart(database: string, collection: string): string {
  const resource = JSON.stringify({ db: database, collection });
  return `const fs = require("fs");
const password = (user) => fs.readFileSync("${secretsFolder}/" + user + "-password", "utf8").trim();
const target = db.getSiblingDB(${JSON.stringify(database)});
target.getCollection(${JSON.stringify(collection)}).createIndex({ station: 1, time: 1 });
target.createRole({
  role: "documentWriter",
  privileges: [{ resource: ${resource}, actions: ["find", "insert", "update"] }],
  roles: [],
});
target.createUser({ user: "${users.writer}", pwd: password("writer"), roles: ["documentWriter"] });
target.createUser({ user: "${users.reader}", pwd: password("reader"), roles: ["read"] });
`;
}
