/**
 * Components of the pipeline, and what is wrong with their arguments before anything is declared.
 *
 * @module pulumi-weather-pipeline
 */

// The whole pipeline, as one environment declares it.
export { createEnvironment, readSettings } from "./environment";
export { WeatherPipeline } from "./pipeline";
export {
  pipelineTopics,
  settingsFaults,
  settingsSchema,
  sources,
  type Settings,
  type SettingsInput,
} from "./settings";

// A deployed pipeline, seen from the program of another stack.
export { type PipelineOutputs, type PipelineOutputValues } from "./outputs";
export { PipelineReference, pipelineReference, type PublicPipelineOutputs } from "./pipeline-reference";

// Kafka.
export {
  brokerPorts,
  controllerCount,
  hostPorts,
  KafkaCluster,
  kafkaClusterFaults,
  replicationFaults,
  type KafkaClusterArgs,
} from "./kafka/cluster";
export {
  clusterReferenceFaults,
  KafkaClusterReference,
  type KafkaClusterReferenceArgs,
} from "./kafka/cluster-reference";
export {
  compressions,
  KafkaTopic,
  topicConfig,
  topicFaults,
  type Cleanup,
  type KafkaTopicArgs,
  type TopicCluster,
  type TopicSettings,
} from "./kafka/topic";
export { diskFaults, segmentBytesFor, worstCaseBytes, type TopicDisk } from "./kafka/disk";
export { QuorumGate, RollGate, type GateArgs } from "./kafka/gates";
export { kafkaAccess, type KafkaAccess, type KafkaClient } from "./kafka/access";
export {
  KafkaRights,
  programRightsFaults,
  type GroupPattern,
  type KafkaRightsArgs,
  type ProgramRights,
} from "./kafka/acl";
export { pipelineRights } from "./pipeline-rights";

// Certificates.
export {
  CertificateAuthority,
  certificateLifetimeFaults,
  type AuthoritySource,
  type CertificateAuthorityArgs,
  type CertificateLifetime,
} from "./certificates/authority";
export {
  Certificate,
  type CertificateArgs,
  type CertificatePaths,
  type CertificateUse,
  type PemIdentity,
} from "./certificates/certificate";

// Documents.
export {
  DocumentStore,
  documentStoreFaults,
  type DocumentClient,
  type DocumentStoreArgs,
} from "./documents/store";

// InfluxDB.
export {
  InfluxServer,
  influxPort,
  influxServerFaults,
  type InfluxClient,
  type InfluxServerArgs,
} from "./influxdb/server";
export { connectionFaults, type InfluxConnection } from "./influxdb/connection";
export { bucketFaults, InfluxBucket, type InfluxBucketArgs } from "./influxdb/bucket";
export {
  InfluxToken,
  tokenFaults,
  type InfluxPermission,
  type InfluxResourceType,
  type InfluxTokenArgs,
} from "./influxdb/token";
export { type CheckSchedule, type InfluxCheckArgs } from "./influxdb/check";
export { type CheckLevel } from "./influxdb/check-api";
export {
  InfluxThresholdCheck,
  thresholdCheckFaults,
  type CheckThreshold,
  type InfluxThresholdCheckArgs,
} from "./influxdb/threshold-check";
export {
  deadmanCheckFaults,
  InfluxDeadmanCheck,
  type InfluxDeadmanCheckArgs,
} from "./influxdb/deadman-check";
export {
  httpEndpointFaults,
  InfluxHttpEndpoint,
  type InfluxHttpEndpointArgs,
} from "./influxdb/http-endpoint";
export {
  InfluxNotificationRule,
  notificationRuleFaults,
  type InfluxNotificationRuleArgs,
  type StatusRule,
  type StatusTagRule,
} from "./influxdb/notification-rule";
export { InfluxRemote, remoteFaults, type InfluxRemoteArgs } from "./influxdb/remote";
export {
  InfluxReplication,
  replicationFaults as influxReplicationFaults,
  type InfluxReplicationArgs,
} from "./influxdb/replication";
export { WeatherAlerts, type WeatherAlertsArgs } from "./influxdb/alerts";
export { PipelineLimits, type PipelineLimitsArgs } from "./influxdb/limits";

// The Telegraf bridges between them.
export {
  InfluxToKafkaBridge,
  KafkaToInfluxBridge,
  type InfluxToKafkaBridgeArgs,
  type KafkaToInfluxBridgeArgs,
} from "./telegraf/bridge";

export { MetricsCollector, metricsMeasurement, type MetricsCollectorArgs } from "./telegraf/metrics";

// Programs.
export { appFaults, TypeScriptApp, type AppPlacement, type TypeScriptAppArgs } from "./apps/typescript-app";
export { Consumer, type ConsumerArgs } from "./apps/consumer";
export { DocumentSink, type DocumentSinkArgs } from "./apps/documents";
export { Inject, type InjectArgs } from "./apps/inject";
export { Monitor, type MonitorArgs, type WatchedGroup } from "./apps/monitor";
export { Producer, type ProducerArgs } from "./apps/producer";

// Backups.
export {
  Backup,
  backupFaults,
  type BackupArgs,
  type BackupBucket,
  type BackupFolder,
  type BackupPlace,
  type BackupSettings,
} from "./backup/backup";

// Pages.
export { Grafana, type GrafanaArgs } from "./observability/grafana";
export {
  alertsDashboard,
  pipelineDashboard,
  weatherDashboard,
  type DashboardSpec,
  type PanelSpec,
} from "./observability/dashboards";
export { Kafdrop, type KafdropArgs } from "./observability/kafdrop";
export { KafkaUi, type KafkaUiArgs } from "./observability/kafka-ui";

// What runs a program: images, where it runs, containers or services, probes.
export {
  dataVolume,
  nodeLabel,
  placementFaults,
  placeOn,
  publishedAddress,
  type EnginePlacement,
  type NetworkName,
  type PlacedEnvironment,
  type Placement,
  type PlacementSettings,
  type SwarmPlacement,
} from "./workload/placement";
export { imageName, pinnedImages, pinnedVersion, PulledImages, type ImageKey } from "./workload/images";
export { type Probe, type ProbeTool } from "./workload/probe";
export {
  portFaults,
  Workload,
  workloadFaults,
  type MountedVolume,
  type PublishedPort,
  type WorkloadArgs,
  type WorkloadFile,
} from "./workload/workload";

// What keeps data, and the guard over it.
export { dataLosses, minimumReplicationFactor, type DataHolder, type DataLoss } from "./data-loss";
export { guardRefusal, ShrinkGuard, type ShrinkGuardArgs } from "./shrink-guard";

// Lengths of time, and what is said against arguments.
export {
  durationForm,
  durationMs,
  durationSeconds,
  tryDurationMs,
  type Duration,
  type DurationUnit,
} from "./duration";
export { schemaFaults, throwIfAny, under, type Fault } from "./faults";
