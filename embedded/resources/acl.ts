import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from "kafkajs";
import { type Realised } from "../program";
import { type KafkaProvider } from "./kafka-client";

interface AclInputs {
  aclPrincipal: string;
  aclHost: string;
  aclPermissionType: string;
  aclOperation: string;
  aclResourceType: string;
  aclResourceName: string;
  resourcePatternTypeFilter?: string;
}

/** `DescribeConfigs` in Kafka's protocol: `DESCRIBE_CONFIGS`. */
function constant<Value>(values: Record<string, Value | string>, word: string): Value {
  const name = word.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
  const value = values[name];
  if (value === undefined || typeof value === "string")
    throw new Error(`Kafka knows no ${JSON.stringify(word)} in an ACL`);
  return value;
}

/** Makes an ACL on the brokers; one that's there already stays as it is. */
export async function realiseAcl(
  inputs: Record<string, unknown>,
  provider: KafkaProvider,
): Promise<Realised> {
  const acl = inputs as unknown as AclInputs;
  const admin = await provider.admin();
  await admin.createAcls({
    acl: [
      {
        principal: acl.aclPrincipal,
        host: acl.aclHost,
        permissionType: constant<AclPermissionTypes>(AclPermissionTypes, acl.aclPermissionType),
        operation: constant<AclOperationTypes>(AclOperationTypes, acl.aclOperation),
        resourceType: constant<AclResourceTypes>(AclResourceTypes, acl.aclResourceType),
        resourceName: acl.aclResourceName,
        resourcePatternType: constant<ResourcePatternTypes>(
          ResourcePatternTypes,
          acl.resourcePatternTypeFilter ?? "Literal",
        ),
      },
    ],
  });
  return { id: Object.values(acl).join("|"), state: inputs };
}
