import { createPrivateKey, generateKeyPairSync, type KeyObject, webcrypto } from "node:crypto";
import * as net from "node:net";
import "./reflection";
import * as x509 from "@peculiar/x509";
import { type Realised, type Registration } from "../program";
import { type ResourceStore } from "./store";

x509.cryptoProvider.set(webcrypto as unknown as Crypto);

const hourMs = 3_600_000;

/* Shapes of @pulumi/tls's inputs, as far as they are read here. */
interface Subject {
  commonName: string;
  organization: string;
}
interface RequestInputs {
  privateKeyPem: string;
  subject: Subject;
  dnsNames?: string[];
  ipAddresses?: string[];
}
interface CertificateInputs {
  validityPeriodHours: number;
  earlyRenewalHours?: number;
  allowedUses: string[];
}
interface SelfSignedInputs extends CertificateInputs {
  privateKeyPem: string;
  subject: Subject;
  isCaCertificate?: boolean;
}
interface SignedInputs extends CertificateInputs {
  certRequestPem: string;
  caPrivateKeyPem: string;
  caCertPem: string;
}

/**
 * Makes a resource of @pulumi/tls once and keeps it; made anew where its arguments changed, and a certificate also in its time of
 * early renewal. Keys are ECDSA P-256.
 *
 * @param addressesOf the loopback addresses that a name stands for in this run: a certificate for the name is one for them too.
 * @throws Error for a kind of resource, key or use that the embedded run doesn't know.
 */
export async function realiseTls(
  { urn, type, name, inputs }: Registration,
  store: ResourceStore,
  addressesOf: (name: string) => string[],
): Promise<Realised> {
  const before = store.get(urn);
  if (before && JSON.stringify(before.state["keptFor"]) === JSON.stringify(inputs) && !isDue(before))
    return before;
  const made = await make(type, inputs, addressesOf);
  const realised = { id: name, state: { ...inputs, ...made, keptFor: inputs } };
  store.set(urn, realised);
  return realised;
}

function isDue({ state }: Realised): boolean {
  const { validityEndTime, earlyRenewalHours = 0 } = state as {
    validityEndTime?: string;
    earlyRenewalHours?: number;
  };
  return (
    validityEndTime !== undefined && Date.now() >= Date.parse(validityEndTime) - earlyRenewalHours * hourMs
  );
}

async function make(
  type: string,
  inputs: Record<string, unknown>,
  addressesOf: (name: string) => string[],
): Promise<Record<string, unknown>> {
  switch (type) {
    case "tls:index/privateKey:PrivateKey":
      return privateKey(inputs);
    case "tls:index/certRequest:CertRequest":
      return certRequest(inputs as unknown as RequestInputs, addressesOf);
    case "tls:index/selfSignedCert:SelfSignedCert":
      return selfSigned(inputs as unknown as SelfSignedInputs);
    case "tls:index/locallySignedCert:LocallySignedCert":
      return locallySigned(inputs as unknown as SignedInputs);
    default:
      throw new Error(`the embedded run has no ${type}`);
  }
}

function privateKey({ algorithm, ecdsaCurve }: Record<string, unknown>): Record<string, unknown> {
  if (algorithm !== "ECDSA" || ecdsaCurve !== "P256")
    throw new Error(
      `the embedded run makes keys of ECDSA P256, not ${String(algorithm)} ${String(ecdsaCurve)}`,
    );
  const { privateKey: key, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    privateKeyPem: key.export({ type: "sec1", format: "pem" }),
    privateKeyPemPkcs8: key.export({ type: "pkcs8", format: "pem" }),
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }),
  };
}

async function certRequest(
  { privateKeyPem, subject, dnsNames = [], ipAddresses = [] }: RequestInputs,
  addressesOf: (name: string) => string[],
): Promise<Record<string, unknown>> {
  const addresses = new Set([...ipAddresses, ...dnsNames.flatMap(addressesOf)]);
  const names: x509.JsonGeneralNames = [
    ...dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...[...addresses].filter((address) => net.isIP(address)).map((value) => ({ type: "ip" as const, value })),
  ];
  const { keys, algorithm } = await signer(createPrivateKey(privateKeyPem));
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: nameOf(subject),
    keys,
    signingAlgorithm: algorithm,
    extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)],
  });
  return { certRequestPem: request.toString("pem") };
}

async function selfSigned(inputs: SelfSignedInputs): Promise<Record<string, unknown>> {
  const { keys, algorithm } = await signer(createPrivateKey(inputs.privateKeyPem));
  const { notBefore, notAfter } = validity(inputs);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: nameOf(inputs.subject),
    keys,
    notBefore,
    notAfter,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(inputs.isCaCertificate ?? false, undefined, true),
      ...usageExtensions(inputs.allowedUses),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certPem: certificate.toString("pem"), validityEndTime: notAfter.toISOString() };
}

async function locallySigned(inputs: SignedInputs): Promise<Record<string, unknown>> {
  const { keys, algorithm } = await signer(createPrivateKey(inputs.caPrivateKeyPem));
  const authority = new x509.X509Certificate(inputs.caCertPem);
  const request = new x509.Pkcs10CertificateRequest(inputs.certRequestPem);
  const { notBefore, notAfter } = validity(inputs);
  const names = namesIn(request);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: request.subjectName.toJSON(),
    issuer: authority.subjectName.toJSON(),
    publicKey: request.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: algorithm,
    notBefore,
    notAfter,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      ...usageExtensions(inputs.allowedUses),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
      ...(names ? [names] : []),
    ],
  });
  return { certPem: certificate.toString("pem"), validityEndTime: notAfter.toISOString() };
}

const alternativeNames = "2.5.29.17";

function namesIn(request: x509.Pkcs10CertificateRequest): x509.Extension | undefined {
  return request.getExtension(alternativeNames) ?? undefined;
}

/** The order of the parts is the provider's: brokers read the name from behind. */
function nameOf({ organization, commonName }: Subject): x509.JsonName {
  return [{ O: [organization] }, { CN: [commonName] }];
}

function validity({ validityPeriodHours }: CertificateInputs): { notBefore: Date; notAfter: Date } {
  const notBefore = new Date(Math.floor(Date.now() / 1_000) * 1_000);
  return { notBefore, notAfter: new Date(notBefore.getTime() + validityPeriodHours * hourMs) };
}

const keyUsages: Record<string, number> = {
  digital_signature: x509.KeyUsageFlags.digitalSignature,
  cert_signing: x509.KeyUsageFlags.keyCertSign,
  crl_signing: x509.KeyUsageFlags.cRLSign,
};
const extendedUsages: Record<string, string> = {
  client_auth: x509.ExtendedKeyUsage.clientAuth,
  server_auth: x509.ExtendedKeyUsage.serverAuth,
};

function usageExtensions(uses: readonly string[]): x509.Extension[] {
  const unknown = uses.find((use) => !(use in keyUsages) && !(use in extendedUsages));
  if (unknown !== undefined) throw new Error(`the embedded run doesn't know a certificate's use ${unknown}`);
  const flags = uses.reduce<number>((all, use) => all | (keyUsages[use] ?? 0), 0);
  const extended = uses.flatMap((use) => extendedUsages[use] ?? []);
  return [
    // A set of flags, which the library's type holds to be one of them.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
    new x509.KeyUsagesExtension(flags, true),
    ...(extended.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(extended)]),
  ];
}

/** A key pair in the form that the generator takes, and how it signs: a site's authority may have an RSA key. */
async function signer(key: KeyObject): Promise<{ keys: CryptoKeyPair; algorithm: EcdsaParams | Algorithm }> {
  const curves: Record<string, string> = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };
  const namedCurve = curves[key.asymmetricKeyDetails?.namedCurve ?? ""];
  const algorithm =
    key.asymmetricKeyType === "rsa"
      ? { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }
      : { name: "ECDSA", namedCurve, hash: "SHA-256" };
  if (key.asymmetricKeyType !== "rsa" && namedCurve === undefined)
    throw new Error(`the embedded run signs with keys of RSA or ECDSA, not ${String(key.asymmetricKeyType)}`);
  const { subtle } = webcrypto;
  const pkcs8 = key.export({ type: "pkcs8", format: "der" });
  const privateKey = await subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]);
  const publicPart = await subtle.exportKey("jwk", privateKey);
  const { kty, crv, x, y, n, e } = publicPart;
  const publicKey = await subtle.importKey(
    "jwk",
    Object.fromEntries(Object.entries({ kty, crv, x, y, n, e }).filter(([, part]) => part !== undefined)),
    algorithm,
    true,
    ["verify"],
  );
  return { keys: { privateKey, publicKey }, algorithm };
}
