/**
 * All policies, for a pack of one's own.
 *
 * @module pulumi-weather-pipeline/policy
 */

import { containerPolicies } from "./containers";
import { influxdbPolicies } from "./influxdb";
import { kafkaAccessPolicies } from "./kafka-access";
import { kafkaBrokerPolicies } from "./kafka-broker";
import { kafkaQuorumPolicies } from "./kafka-quorum";
import { kafkaTopicPolicies } from "./kafka-topic";
import { networkPolicies } from "./network";
import { secretPolicies } from "./secrets";
import { type Policy } from "./verdict";

/** Every policy, for a pack of one's own: `new PolicyPack("mine", { policies: [...all] })`. All are mandatory by default. */
export const all: readonly Policy[] = [
  ...kafkaBrokerPolicies,
  ...kafkaQuorumPolicies,
  ...kafkaTopicPolicies,
  ...kafkaAccessPolicies,
  ...networkPolicies,
  ...secretPolicies,
  ...containerPolicies,
  ...influxdbPolicies,
];
