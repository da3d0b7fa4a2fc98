import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { type Duration, durationForm, durationMs, tryDurationMs } from "../duration";
import { type Fault, throwIfAny } from "../faults";
import { Certificate, type CertificateUse, withNewline } from "./certificate";

const hourMs = 3_600_000;

/** An own authority's certificate lives for ten years of 365 days. */
const authorityValidityHours = 10 * 365 * 24;

/** Who signs: the environment's own authority, or one that the site has. */
export type AuthoritySource =
  | { kind: "own" }
  | {
      kind: "site";
      /** The signer's certificate, followed by those above it up to the root, PEM. All of them are trusted. */
      certificatePem: string;
      /** The signer's key, PEM: give a secret. */
      privateKeyPem: pulumi.Input<string>;
    };

/** How long certificates live, and when they are replaced. */
export interface CertificateLifetime {
  /** How long a certificate is valid. Default `"90 days"`. A change replaces every certificate. */
  certificateValidity?: Duration;
  /** A `pulumi up` in this time before the end of a certificate replaces it. Default `"30 days"`. */
  renewBefore?: Duration;
}

/** Arguments of a {@link CertificateAuthority}. */
export interface CertificateAuthorityArgs extends CertificateLifetime {
  /**
   * Stands in every certificate as its organisation (O): brokers take only those of their own environment, even where two share an
   * authority. A change replaces every certificate.
   */
  organization: string;
  /** A change replaces every certificate. Default: an authority of its own. */
  source?: AuthoritySource;
}

/** What can be said against lifetimes before anything is created. */
export function certificateLifetimeFaults(lifetime: {
  certificateValidity: string;
  renewBefore: string;
}): Fault[] {
  const faults: Fault[] = [];
  for (const propertyPath of ["certificateValidity", "renewBefore"] as const) {
    const ms = tryDurationMs(lifetime[propertyPath]);
    if (ms === undefined) faults.push({ propertyPath, reason: `must be ${durationForm}` });
    else if (ms % hourMs !== 0) faults.push({ propertyPath, reason: "must be whole hours" });
  }
  if (faults.length > 0) return faults;
  return durationMs(lifetime.renewBefore) < durationMs(lifetime.certificateValidity)
    ? []
    : [
        {
          propertyPath: "renewBefore",
          reason: `must be less than certificateValidity (${lifetime.certificateValidity}), or every change would replace every certificate`,
        },
      ];
}

/**
 * Signs the certificates of one environment: by a key of its own (ECDSA P-256, its certificate valid for ten years), or by the
 * site's authority.
 *
 * @throws pulumi.InputPropertiesError with every fault of the arguments.
 */
export class CertificateAuthority extends pulumi.ComponentResource {
  /** What is trusted: the authority's certificates, PEM. */
  declare readonly trustPem: pulumi.Output<string>;
  /** Certificate of the key that signs, PEM. */
  declare readonly signerPem: pulumi.Output<string>;
  /** Key that signs, PEM: a secret. */
  declare readonly privateKeyPem: pulumi.Output<string>;
  readonly organization: string;
  readonly validityHours: number;
  readonly renewBeforeHours: number;
  private readonly name: string;

  constructor(name: string, args: CertificateAuthorityArgs, opts?: pulumi.ComponentResourceOptions) {
    super("weather:certificates:CertificateAuthority", name, {}, opts);
    const { certificateValidity = "90 days", renewBefore = "30 days", source = { kind: "own" } } = args;
    throwIfAny(
      `CertificateAuthority ${name}`,
      certificateLifetimeFaults({ certificateValidity, renewBefore }),
    );
    this.name = name;
    this.organization = args.organization;
    this.validityHours = durationMs(certificateValidity) / hourMs;
    this.renewBeforeHours = durationMs(renewBefore) / hourMs;
    if (source.kind === "site") {
      this.privateKeyPem = pulumi.secret(source.privateKeyPem);
      this.trustPem = pulumi.output(withNewline(source.certificatePem));
      this.signerPem = pulumi.output(firstCertificate(source.certificatePem));
    } else {
      const parent = { parent: this };
      const key = new tls.PrivateKey(`${name}-key`, { algorithm: "ECDSA", ecdsaCurve: "P256" }, parent);
      const certificate = new tls.SelfSignedCert(
        `${name}-certificate`,
        {
          privateKeyPem: key.privateKeyPem,
          subject: { commonName: `${args.organization} authority`, organization: args.organization },
          isCaCertificate: true,
          setSubjectKeyId: true,
          validityPeriodHours: authorityValidityHours,
          allowedUses: ["cert_signing", "crl_signing"],
        },
        parent,
      );
      this.privateKeyPem = pulumi.secret(key.privateKeyPem);
      this.signerPem = pulumi.unsecret(certificate.certPem);
      this.trustPem = this.signerPem.apply(withNewline);
    }
    this.registerOutputs({});
  }

  /** A new key and certificate of this environment. The resource's name is `<this name>-<name>`, so each name is asked for once. */
  issue(name: string, commonName: string, use: CertificateUse): Certificate {
    return new Certificate(`${this.name}-${name}`, { authority: this, commonName, use }, { parent: this });
  }
}

/** The first certificate in a PEM that may hold several. */
function firstCertificate(pem: string): string {
  return /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(pem)?.[0] ?? pem;
}
