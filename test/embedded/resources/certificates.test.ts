import { X509Certificate } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { realiseTls } from "../../../embedded/resources/certificates";
import { ResourceStore } from "../../../embedded/resources/store";
import { scratchFolder } from "../scratch";

let folder: string;
beforeEach(() => {
  folder = scratchFolder();
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

async function make(
  kind: string,
  inputs: Record<string, unknown>,
  urn = kind,
): Promise<Record<string, string>> {
  const registration = {
    ...{ urn, name: kind, type: `tls:index/${kind}:${kind.charAt(0).toUpperCase()}${kind.slice(1)}`, inputs },
    ...{ parent: "", dependencies: [], provider: "", custom: true, protect: false },
  };
  const store = new ResourceStore(path.join(folder, "resources.json"));
  const addresses = (name: string) => (name === "kafka1" ? ["127.9.9.1"] : []);
  return (await realiseTls(registration, store, addresses)).state as Record<string, string>;
}

const ecdsa = { algorithm: "ECDSA", ecdsaCurve: "P256" };

async function authority() {
  const { privateKeyPem = "" } = await make("privateKey", ecdsa, "ca-key");
  const { certPem = "" } = await make("selfSignedCert", {
    privateKeyPem,
    subject: { commonName: "authority", organization: "weather-test" },
    isCaCertificate: true,
    validityPeriodHours: 1_000,
    allowedUses: ["cert_signing", "crl_signing"],
  });
  return { caPrivateKeyPem: privateKeyPem, caCertPem: certPem };
}

async function signed(lifetime: { validityPeriodHours: number; earlyRenewalHours: number }) {
  const { privateKeyPem } = await make("privateKey", ecdsa, "key");
  const { certRequestPem } = await make("certRequest", {
    privateKeyPem,
    subject: { commonName: "kafka1", organization: "weather-test" },
    dnsNames: ["kafka1", "localhost"],
    ipAddresses: ["127.0.0.1"],
  });
  const { certPem = "" } = await make("locallySignedCert", {
    certRequestPem,
    ...(await authority()),
    ...lifetime,
    allowedUses: ["digital_signature", "server_auth"],
  });
  return new X509Certificate(certPem);
}

test("a certificate is the authority's, for the names, the addresses they stand for here, the time and the use", async () => {
  const certificate = await signed({ validityPeriodHours: 24, earlyRenewalHours: 1 });
  const issuer = new X509Certificate((await authority()).caCertPem);
  expect(issuer.ca).toBe(true);
  expect(certificate.ca).toBe(false);
  expect(certificate.checkIssued(issuer)).toBe(true);
  expect(certificate.verify(issuer.publicKey)).toBe(true);
  expect(certificate.subject).toBe("O=weather-test\nCN=kafka1");
  for (const host of ["kafka1", "localhost"]) expect(certificate.checkHost(host)).toBe(host);
  for (const address of ["127.0.0.1", "127.9.9.1"]) expect(certificate.checkIP(address)).toBe(address);
  expect(certificate.checkHost("kafka2")).toBeUndefined();
  expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  expect(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)).toBe(24 * 3_600_000);
});

test("it's made once, and anew in its time of early renewal; the key stays", async () => {
  const first = await signed({ validityPeriodHours: 24, earlyRenewalHours: 1 });
  const again = await signed({ validityPeriodHours: 24, earlyRenewalHours: 1 });
  expect(again.fingerprint256).toBe(first.fingerprint256);
  const due = await signed({ validityPeriodHours: 24, earlyRenewalHours: 24 });
  const renewed = await signed({ validityPeriodHours: 24, earlyRenewalHours: 24 });
  expect(renewed.fingerprint256).not.toBe(due.fingerprint256);
  expect(renewed.publicKey.equals(first.publicKey)).toBe(true);
});

test("what the embedded run doesn't know is refused", async () => {
  await expect(make("privateKey", { algorithm: "RSA" })).rejects.toThrow("ECDSA P256, not RSA");
  await expect(make("locallySignedThing", {})).rejects.toThrow("the embedded run has no tls:index");
});
