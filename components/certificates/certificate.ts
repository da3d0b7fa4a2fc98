import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { type WorkloadFile } from "../workload/workload";
import { type CertificateAuthority } from "./authority";

/** What a certificate is good for. A peer is both, as a broker is to the other brokers. */
export type CertificateUse =
  | { kind: "client" }
  /** `hosts`: names and addresses at which clients reach the server. */
  | { kind: "server" | "peer"; hosts: string[] };

/** A client's certificate, its key and the authorities it trusts, all PEM. */
export interface PemIdentity {
  ca: string;
  cert: string;
  key: string;
}

/** Arguments of a {@link Certificate}. */
export interface CertificateArgs {
  /** Who signs it. A change replaces the certificate. */
  authority: CertificateAuthority;
  /** Name of the program, by which ACLs know it. A change replaces the certificate. */
  commonName: string;
  /** A change replaces the certificate. */
  use: CertificateUse;
}

const usages = {
  client: ["digital_signature", "client_auth"],
  server: ["digital_signature", "server_auth"],
  peer: ["digital_signature", "client_auth", "server_auth"],
} as const;

/**
 * A program's key (ECDSA P-256) and its certificate, signed by the environment's authority.
 *
 * The first `pulumi up` within the authority's `renewBefore` of its end replaces the certificate; the key stays. Whatever has the
 * certificate as a file is replaced with it.
 */
export class Certificate extends pulumi.ComponentResource {
  /** The certificate and those of its authorities, PEM. */
  declare readonly chainPem: pulumi.Output<string>;
  /** PKCS#8 PEM: a secret. */
  declare readonly keyPem: pulumi.Output<string>;
  /** The authorities behind it, PEM. */
  readonly trustPem: pulumi.Output<string>;

  constructor(name: string, args: CertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:certificates:Certificate", name, {}, opts);
    const { authority, commonName, use } = args;
    this.trustPem = authority.trustPem;
    const parent = { parent: this };
    const key = new tls.PrivateKey(`${name}-key`, { algorithm: "ECDSA", ecdsaCurve: "P256" }, parent);
    const hosts = use.kind === "client" ? [] : [...new Set(use.hosts)];
    const isAddress = (host: string) => /^[\d.]+$|:/.test(host);
    const request = new tls.CertRequest(
      `${name}-request`,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName, organization: authority.organization },
        dnsNames: hosts.filter((host) => !isAddress(host)),
        ipAddresses: hosts.filter(isAddress),
      },
      parent,
    );
    const certificate = new tls.LocallySignedCert(
      `${name}-certificate`,
      {
        certRequestPem: request.certRequestPem,
        caPrivateKeyPem: authority.privateKeyPem,
        caCertPem: authority.signerPem,
        validityPeriodHours: authority.validityHours,
        earlyRenewalHours: authority.renewBeforeHours,
        allowedUses: [...usages[use.kind]],
      },
      parent,
    );
    this.keyPem = pulumi.secret(key.privateKeyPemPkcs8.apply(withNewline));
    this.chainPem = pulumi.unsecret(
      pulumi.interpolate`${certificate.certPem.apply(withNewline)}${authority.trustPem}`,
    );
    this.registerOutputs({});
  }

  /** Where a program finds its certificate, its key and the authorities it trusts, and the files themselves. */
  files(folder: string): { paths: CertificatePaths; files: WorkloadFile[] } {
    const paths = {
      caFile: `${folder}/ca.pem`,
      certFile: `${folder}/cert.pem`,
      keyFile: `${folder}/key.pem`,
    };
    return {
      paths,
      files: [
        { path: paths.caFile, content: this.trustPem },
        { path: paths.certFile, content: this.chainPem },
        { path: paths.keyFile, content: this.keyPem },
      ],
    };
  }

  /** Key and certificates in one, as Java reads them: a secret. */
  joinedPem(): pulumi.Output<string> {
    return pulumi.secret(pulumi.interpolate`${this.keyPem}${this.chainPem}`);
  }

  /** All three as texts: a secret. */
  identity(): pulumi.Output<PemIdentity> {
    return pulumi.secret(pulumi.output({ ca: this.trustPem, cert: this.chainPem, key: this.keyPem }));
  }
}

/** Paths in a container. */
export interface CertificatePaths {
  caFile: string;
  certFile: string;
  keyFile: string;
}

/** PEM with a line's end, so that the next one can follow. */
export function withNewline(pem: string): string {
  return `${pem.trimEnd()}\n`;
}
