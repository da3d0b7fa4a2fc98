import * as pulumi from "@pulumi/pulumi";
import { Backup } from "./backup/backup";
import { Consumer } from "./apps/consumer";
import { DocumentSink } from "./apps/documents";
import { Inject } from "./apps/inject";
import { Monitor } from "./apps/monitor";
import { Producer } from "./apps/producer";
import { CertificateAuthority } from "./certificates/authority";
import { DocumentStore } from "./documents/store";
import { throwIfAny } from "./faults";
import { WeatherAlerts } from "./influxdb/alerts";
import { InfluxBucket } from "./influxdb/bucket";
import { PipelineLimits } from "./influxdb/limits";
import { InfluxServer } from "./influxdb/server";
import { InfluxToken } from "./influxdb/token";
import { KafkaRights } from "./kafka/acl";
import { KafkaCluster } from "./kafka/cluster";
import { KafkaTopic } from "./kafka/topic";
import { alertsDashboard, pipelineDashboard, weatherDashboard } from "./observability/dashboards";
import { Grafana } from "./observability/grafana";
import { Kafdrop } from "./observability/kafdrop";
import { KafkaUi } from "./observability/kafka-ui";
import { type PipelineOutputValues } from "./outputs";
import { pipelineData } from "./pipeline-data";
import { consumerGroup, documentsGroup, pipelineRights } from "./pipeline-rights";
import {
  pipelineTopics,
  type Settings,
  settingsFaults,
  settingsSchema,
  type SettingsInput,
} from "./settings";
import { ShrinkGuard } from "./shrink-guard";
import { InfluxToKafkaBridge, KafkaToInfluxBridge } from "./telegraf/bridge";
import { metricsBucketName, MetricsCollector, metricsMeasurement } from "./telegraf/metrics";
import { imageName, PulledImages } from "./workload/images";
import { placeOn } from "./workload/placement";

/** Where the Telegraf bridge writes: another bucket than the one it reads, so that no loop arises. */
const telegrafBucketName = "weather_telegraf";

/** Where the consumer writes what it finds. */
const analysisBucketName = "weather_analysis";

function sizeOf({
  brokers,
  controllers,
  firstHostPort,
  replicationFactor,
  minInsyncReplicas,
  heapMiB,
  memoryMiB,
}: Settings["kafka"]) {
  return { brokers, controllers, firstHostPort, replicationFactor, minInsyncReplicas, heapMiB, memoryMiB };
}

/**
 * The whole pipeline of one environment: InfluxDB, the Kafka trio and its topics, the programs, the bridges, the pages.
 *
 * @throws pulumi.InputPropertiesError with every fault of the settings and its path, before anything is declared.
 */
export class WeatherPipeline extends pulumi.ComponentResource {
  readonly cluster: KafkaCluster;
  readonly influx: InfluxServer;
  /** The pipeline's topics by name. */
  readonly topics: ReadonlyMap<string, KafkaTopic>;
  /** What the stack tells: see {@link PipelineOutputs}. */
  readonly outputs: PipelineOutputValues;

  constructor(name: string, input: SettingsInput = {}, opts?: pulumi.ComponentResourceOptions) {
    super("weather:index:WeatherPipeline", name, {}, opts);
    throwIfAny("The pipeline", settingsFaults(input));
    const settings = settingsSchema.parse(input);
    const { protect } = settings;
    const prefix = `${name}-${pulumi.getStack()}`;
    const parent = { parent: this };

    const onSwarm = settings.placement.kind === "swarm";
    const images = new PulledImages(`${name}-images`, settings.imageRegistry, onSwarm, parent);
    const { on, networks } = placeOn(settings.placement, `${name}-network`, prefix, parent);

    const guard = new ShrinkGuard(
      `${name}-data`,
      { holders: pipelineData(settings), allowDataLoss: settings.allowDataLoss },
      parent,
    );
    const { mode, certificateValidity, renewBefore, authority: source } = settings.security;
    const authority =
      mode === "mtls"
        ? new CertificateAuthority(
            "authority",
            { organization: prefix, source, certificateValidity, renewBefore },
            parent,
          )
        : undefined;
    const cluster = new KafkaCluster(
      "kafka",
      // Retention is each topic's own: what the brokers' default would change is no topic, but it would replace every broker.
      {
        placement: on("brokers"),
        image: images.name("kafka", settings.kafka.version),
        authority,
        ...sizeOf(settings.kafka),
        protect,
      },
      parent,
    );
    this.cluster = cluster;
    this.topics = new Map(
      pipelineTopics(settings).map((topic) => [
        topic.name,
        new KafkaTopic(topic.name, { cluster, ...topic }, { parent: this, dependsOn: [guard] }),
      ]),
    );

    const rights = authority
      ? pipelineRights(settings).map(
          (program) => new KafkaRights(`${program.principal}-rights`, { cluster, ...program }, parent),
        )
      : [];

    const influx = new InfluxServer(
      "influxdb",
      { placement: on("influxdb"), image: images.name("influxdb"), authority, ...settings.influxdb, protect },
      parent,
    );
    this.influx = influx;
    const onInflux = { parent: this, dependsOn: [influx] };
    const bucket = new InfluxBucket(
      "weather",
      {
        connection: influx.connection,
        name: settings.influxdb.bucket,
        retention: settings.influxdb.retention,
        description: "The weather as it was measured",
      },
      { ...onInflux, protect },
    );
    const analysisBucket = new InfluxBucket(
      "weather-analysis-bucket",
      {
        connection: influx.connection,
        name: analysisBucketName,
        retention: settings.influxdb.retention,
        description: "What the analysis has found in the weather",
      },
      { ...onInflux, protect },
    );
    const buckets = [bucket, analysisBucket];
    const onBoth = { parent: this, dependsOn: [influx, cluster.ready, ...rights] };
    const both = on("brokers", "influxdb");
    const app = { placement: both, baseImage: imageName("node", settings.imageRegistry) };
    const onNode = { ...onBoth, dependsOn: [...onBoth.dependsOn, images.pull("node")] };
    const producer = new Producer(
      "producer",
      {
        ...app,
        influx,
        bucket,
        kafka: cluster.access,
        topic: this.topic("weather"),
        deadLetterTopic: this.topic("weather-dlq"),
        settings: settings.producer,
      },
      onNode,
    );

    const consumer = new Consumer(
      "consumer",
      {
        ...app,
        kafka: cluster.access,
        authority,
        groupId: consumerGroup,
        influx,
        bucket: analysisBucket,
        bucketName: analysisBucketName,
        topic: this.topic("weather"),
        retryTopic: this.topic("weather-retry"),
        deadLetterTopic: this.topic("weather-dlq"),
        alertsTopic: this.topic("weather-alerts"),
        settings: settings.consumer,
      },
      onNode,
    );
    const alerts = new WeatherAlerts(
      "alerts",
      {
        connection: influx.connection,
        bucket: bucket.bucketName,
        ...settings.alerts,
        webhookUrl: consumer.webhookUrl,
        webhookToken: consumer.webhookToken,
      },
      { parent: this, dependsOn: [influx, consumer] },
    );

    const beforeInject: pulumi.Resource[] = [alerts];
    if (settings.telegraf.enabled) {
      const telegraf = {
        placement: both,
        image: images.name("telegraf"),
        kafka: cluster.access,
        influx,
        topic: this.topic("weather-telegraf"),
      };
      const telegrafBucket = new InfluxBucket(
        "weather-telegraf-bucket",
        {
          connection: influx.connection,
          name: telegrafBucketName,
          retention: settings.influxdb.retention,
          description: "The weather after its way through Kafka",
        },
        { ...onInflux, protect },
      );
      buckets.push(telegrafBucket);
      new KafkaToInfluxBridge(
        "telegraf-to-influxdb",
        { ...telegraf, bucket: telegrafBucket, bucketName: telegrafBucketName },
        onBoth,
      );
      beforeInject.push(
        new InfluxToKafkaBridge(
          "telegraf-to-kafka",
          { ...telegraf, authority, bucket, bucketName: settings.influxdb.bucket },
          onBoth,
        ),
      );
    }
    const metricsUrls = [consumer.app.metricsUrl, producer.app.metricsUrl];
    if (settings.inject.enabled) {
      // Edge replication sends only what is written after it was set up.
      const dependsOn = [...onNode.dependsOn, ...beforeInject];
      const inject = new Inject(
        "inject",
        { ...app, placement: on("influxdb"), influx, bucket, settings: settings.inject },
        { ...onNode, dependsOn },
      );
      metricsUrls.push(inject.app.metricsUrl);
    }
    const store = settings.documents.enabled
      ? new DocumentStore(
          "mongodb",
          {
            placement: on("brokers"),
            image: images.name("mongo"),
            authority,
            ...settings.documents,
            protect,
          },
          parent,
        )
      : undefined;
    if (store) {
      const sink = new DocumentSink(
        "documents",
        { ...app, kafka: cluster.access, groupId: documentsGroup, topic: this.topic("weather"), store },
        onNode,
      );
      metricsUrls.push(sink.app.metricsUrl);
    }
    if (settings.monitor.enabled) {
      const monitor = new Monitor(
        "monitor",
        {
          ...app,
          kafka: cluster.access,
          groups: [
            { groupId: consumerGroup, topics: ["weather"] },
            ...(settings.telegraf.enabled
              ? [{ groupId: "telegraf-to-influxdb", topics: ["weather-telegraf"] }]
              : []),
            ...(store ? [{ groupId: documentsGroup, topics: ["weather"] }] : []),
          ],
          deadLetterTopics: [this.topic("weather-dlq")],
          settings: settings.monitor,
        },
        onNode,
      );
      const metricsBucket = new InfluxBucket(
        "pipeline-bucket",
        {
          connection: influx.connection,
          name: metricsBucketName,
          retention: settings.monitor.retention,
          description: "Figures of the pipeline itself",
        },
        { ...onInflux, protect },
      );
      buckets.push(metricsBucket);
      new MetricsCollector(
        "telegraf-metrics",
        {
          placement: on("influxdb"),
          image: images.name("telegraf"),
          influx,
          bucket: metricsBucket,
          bucketName: metricsBucketName,
          urls: [...metricsUrls, monitor.app.metricsUrl],
          interval: settings.monitor.interval,
        },
        onInflux,
      );
      new PipelineLimits(
        "limits",
        {
          connection: influx.connection,
          bucket: metricsBucket.bucketName,
          measurement: metricsMeasurement,
          ...settings.alerts,
        },
        onInflux,
      );
    }

    const { to, ...schedule } = settings.backup;
    if (settings.backup.enabled && to) {
      new Backup("backup", { ...app, influx, kafka: cluster.access, to, ...schedule }, onNode);
    }

    const readToken = new InfluxToken(
      "status-token",
      {
        connection: influx.connection,
        description: "status: reads the weather's buckets, and the checks with their statuses",
        permissions: [
          ...buckets.map(({ bucketId }) => ({ action: "read" as const, bucket: bucketId })),
          { action: "read", allOf: "checks" },
          { action: "read", allOf: "orgs" },
        ],
      },
      onInflux,
    );

    const kafdrop = settings.kafdrop.enabled
      ? new Kafdrop(
          "kafdrop",
          {
            placement: on("brokers"),
            image: images.name("kafdrop"),
            cluster,
            authority,
            hostPort: settings.kafdrop.hostPort,
          },
          { parent: this, dependsOn: rights },
        )
      : undefined;
    const kafkaUi = settings.kafkaUi.enabled
      ? new KafkaUi(
          "kafka-ui",
          {
            placement: on("brokers"),
            image: images.name("kafkaUi"),
            cluster,
            authority,
            hostPort: settings.kafkaUi.hostPort,
          },
          { parent: this, dependsOn: rights },
        )
      : undefined;
    const grafana = settings.grafana.enabled
      ? new Grafana(
          "grafana",
          {
            placement: on("influxdb"),
            image: images.name("grafana"),
            authority,
            influx,
            buckets,
            dashboards: [
              weatherDashboard(settings.influxdb.bucket),
              ...(settings.monitor.enabled ? [pipelineDashboard(metricsBucketName, metricsMeasurement)] : []),
              alertsDashboard,
            ],
            hostPort: settings.grafana.hostPort,
            protect,
          },
          onInflux,
        )
      : undefined;

    this.outputs = {
      prefix,
      network: networks.brokers.name,
      kafka: pulumi.output({
        bootstrapServers: cluster.bootstrapServers,
        internalBootstrapServers: cluster.internalBootstrapServers,
        clusterId: cluster.clusterId,
        topics: [...this.topics.keys()],
        group: consumerGroup,
      }),
      influxdb: pulumi.output({
        url: influx.connection.url,
        internalUrl: influx.internalUrl,
        org: influx.org,
        bucket: influx.bucket,
        ...(settings.telegraf.enabled && { telegrafBucket: telegrafBucketName }),
        username: influx.username,
      }),
      influxdbPassword: influx.password,
      influxdbReadToken: readToken.token,
      influxdbOperatorToken: influx.connection.token,
      pages: pulumi.output({
        consumer: consumer.url,
        ...(kafdrop && { kafdrop: kafdrop.url }),
        ...(kafkaUi && { kafkaUi: kafkaUi.url }),
        ...(grafana && { grafana: grafana.url }),
      }),
      ...(consumer.password && { consumerPassword: consumer.password }),
      ...(grafana && { grafanaPassword: grafana.password }),
      ...(kafkaUi && { kafkaUiPassword: kafkaUi.password }),
      ...(store && {
        documents: pulumi.output({
          url: store.url,
          database: settings.documents.database,
          collection: settings.documents.collection,
          username: store.reader,
        }),
        documentsPassword: store.readerPassword,
      }),
      ...(authority && { trustedCertificates: authority.trustPem }),
      ...(cluster.deployersTls && { kafkaTls: cluster.deployersTls }),
    };
    this.registerOutputs({ ...this.outputs });
  }

  /** A topic of the pipeline by its name. @throws Error where there is none of that name. */
  topic(name: string): KafkaTopic {
    const topic = this.topics.get(name);
    if (!topic)
      throw new Error(
        `the pipeline has no topic ${name}: its topics are ${[...this.topics.keys()].join(", ")}`,
      );
    return topic;
  }
}
