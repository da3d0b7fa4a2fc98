import { type BrokerView, brokerView, knownText } from "./broker";
import { type Property } from "./property";
import { type PolicedResource, resourcePolicy, type ResourcePolicy } from "./verdict";

export const kafkaAuthorizer = resourcePolicy<BrokerView, { required: boolean }>({
  name: "kafka-authorizer",
  description:
    "Where the environment says so, a Kafka node knows its clients by certificate and refuses what no ACL allows.",
  severity: "critical",
  remediationSteps:
    "Set KAFKA_AUTHORIZER_CLASS_NAME=org.apache.kafka.metadata.authorizer.StandardAuthorizer and KAFKA_SSL_CLIENT_AUTH=required, leave KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND false, and name the brokers and the deployer in KAFKA_SUPER_USERS.",
  configSchema: {
    properties: {
      required: { type: "boolean", default: false, description: "Whether an authorizer is required here." },
    },
  },
  subjectOf: brokerView,
  judge(broker, verdict, { required }) {
    if (!required) return;
    const authorizer = broker.setting("AUTHORIZER_CLASS_NAME");
    if (authorizer.own.isUnknown) verdict.undecided(authorizer.own);
    else if ((knownText(authorizer.own) ?? "").trim() === "") {
      verdict.refuse(
        authorizer.own,
        "is absent: whoever connects may do everything",
        `${authorizer.variable}=org.apache.kafka.metadata.authorizer.StandardAuthorizer`,
      );
    }
    const everyone = broker.setting("ALLOW_EVERYONE_IF_NO_ACL_FOUND");
    if (everyone.own.isUnknown) verdict.undecided(everyone.own);
    else if (!everyone.own.isAbsent && knownText(everyone.own)?.trim().toLowerCase() !== "false") {
      verdict.refuse(everyone.own, "allows what no ACL speaks of", `${everyone.variable}=false`);
    }
    const superUsers = broker.setting("SUPER_USERS");
    if (superUsers.own.isUnknown) verdict.undecided(superUsers.own);
    else if (
      (knownText(superUsers.own) ?? "").split(";").some((user) => /^User:(\*|ANONYMOUS)$/i.test(user.trim()))
    ) {
      verdict.refuse(
        superUsers.own,
        "makes everybody, or whoever shows no certificate, a super user",
        `${superUsers.variable} with the brokers and the deployer by name`,
      );
    }
    // By SASL a client says who it is without a certificate.
    const protocols = broker.setting("LISTENER_SECURITY_PROTOCOL_MAP").own;
    const clientAuth = broker.setting("SSL_CLIENT_AUTH");
    if (protocols.isUnknown) verdict.undecided(protocols);
    else if (/:SSL\s*(,|$)/i.test(knownText(protocols) ?? "")) {
      if (clientAuth.own.isUnknown) verdict.undecided(clientAuth.own);
      else if (knownText(clientAuth.own)?.trim().toLowerCase() !== "required") {
        verdict.refuse(
          clientAuth.own,
          "lets clients in that show no certificate",
          `${clientAuth.variable}=required`,
        );
      }
    }
  },
});

interface Acl {
  principal: Property;
  resourceName: Property;
  operation: Property;
  permission: Property;
}

function aclOf({ type, props }: PolicedResource): Acl | undefined {
  if (type !== "kafka:index/acl:Acl") return undefined;
  return {
    principal: props.get("aclPrincipal"),
    resourceName: props.get("aclResourceName"),
    operation: props.get("aclOperation"),
    permission: props.get("aclPermissionType"),
  };
}

export const kafkaNoWildcardAcl = resourcePolicy<Acl>({
  name: "kafka-no-wildcard-acl",
  description: "An ACL allows one program one kind of thing on what it names: no wildcard, no operation All.",
  severity: "high",
  remediationSteps:
    "Write an ACL for each program, each topic or group (or a prefix of their names) and each operation that it needs.",
  subjectOf: aclOf,
  judge({ principal, resourceName, operation, permission }, verdict) {
    // What is denied may well be denied to all.
    if (knownText(permission)?.toLowerCase() === "deny") return;
    if (principal.isUnknown) verdict.undecided(principal);
    else if (/:\*?$/.test(knownText(principal) ?? ":"))
      verdict.refuse(principal, "is everybody", "User: and the common name of one program's certificate");
    if (resourceName.isUnknown) verdict.undecided(resourceName);
    else if (["", "*"].includes(knownText(resourceName) ?? ""))
      verdict.refuse(
        resourceName,
        "covers everything, also what comes later",
        "the name of one topic or group, or a prefix of several",
      );
    if (operation.isUnknown) verdict.undecided(operation);
    else if (/^(all|any)$/i.test(knownText(operation) ?? ""))
      verdict.refuse(operation, "is every operation", "the operations in use, such as Read or Write");
  },
});

export const kafkaAccessPolicies: readonly ResourcePolicy[] = [kafkaAuthorizer, kafkaNoWildcardAcl];
