import { type CertificateAuthority } from "../certificates/authority";
import { type Certificate, type CertificatePaths } from "../certificates/certificate";
import { type WorkloadFile } from "../workload/workload";

/** How one program on the network reaches a cluster. */
export interface KafkaClient {
  /** `host:port` of every broker. */
  brokers: string[];
  /** Where its certificate stands in its container; undefined where the cluster is plaintext. */
  tls?: CertificatePaths;
  /** The files of `tls`, for its container. */
  files: WorkloadFile[];
  /** The certificate itself, for a program that wants it in another form. */
  certificate?: Certificate;
}

/** How the programs on the network reach a cluster, each under a name of its own. */
export interface KafkaAccess {
  /** Makes a certificate for a program, where the cluster wants one. `principal` is the name by which ACLs know it; asked for once each. */
  clientFor(principal: string): KafkaClient;
}

/** Access to brokers that want a certificate of `authority`, or none where there is no authority. */
export function kafkaAccess(brokers: string[], authority?: CertificateAuthority): KafkaAccess {
  return {
    clientFor: (principal) => {
      if (!authority) return { brokers, files: [] };
      const certificate = authority.issue(`${principal}-client`, principal, { kind: "client" });
      const { paths, files } = certificate.files("/run/secrets/kafka");
      return { brokers, tls: paths, files, certificate };
    },
  };
}
