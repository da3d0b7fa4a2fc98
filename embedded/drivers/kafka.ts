import * as fs from "node:fs";
import * as path from "node:path";
import { type KafkaInstall } from "../acquire/kafka";
import { type PlacedContainer } from "../containers/place";
import { type Driver } from "./driver";

/* The image's default configuration; any KAFKA_ variable replaces server.properties as a whole. */
const serverProperties = `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@localhost:9093
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
advertised.listeners=PLAINTEXT://localhost:9092
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
offsets.topic.replication.factor=1
`;
const log4j2 = `Configuration:
  Properties:
    Property: []
  Appenders:
    Console:
      name: STDOUT
      PatternLayout:
        pattern: "[%d] %p %m (%c)%n"
  Loggers:
    Root:
      level: INFO
      AppenderRef:
        - ref: STDOUT
    Logger:
      - name: kafka
        level: INFO
`;

/** The image's public constant, used where the program sets no CLUSTER_ID. */
const defaultClusterId = "5L6g3nShT-eMCtK--X86sw";

/** `apache/kafka`: the image's own KafkaDockerWrapper turns the variables into a configuration and formats an empty data folder. */
export function kafkaDriver(install: KafkaInstall): Driver {
  return {
    async start(container, steps) {
      const folders = {
        defaults: path.join(container.folder, "defaults"),
        mounted: path.join(container.folder, "mounted"),
        final: path.join(container.folder, "config"),
      };
      for (const folder of Object.values(folders)) fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(path.join(folders.defaults, "server.properties"), serverProperties);
      fs.writeFileSync(path.join(folders.defaults, "log4j2.yaml"), log4j2);
      fs.writeFileSync(path.join(folders.defaults, "tools-log4j2.yaml"), log4j2);

      const environment: Record<string, string> = { CLUSTER_ID: defaultClusterId, ...boundTo(container) };
      const base = [...install.jvmOptions, "-cp", install.classPath];
      const wrapper = [
        "kafka.docker.KafkaDockerWrapper",
        "setup",
        "--default-configs-dir",
        folders.defaults,
        "--mounted-configs-dir",
        folders.mounted,
        "--final-configs-dir",
        folders.final,
      ];
      const code = await steps.toEnd({
        file: install.java,
        args: ["-Xmx128m", ...base, ...wrapper],
        environment,
      });
      // The wrapper refuses to format a folder that is formatted; the image's entry point takes that for success.
      const formatted = path.join(environment["KAFKA_LOG_DIRS"] ?? "", "meta.properties");
      if (code !== 0 && !fs.existsSync(formatted)) {
        throw new Error(`${container.name} could not be set up; see ${path.join(container.folder, "log")}`);
      }
      return {
        file: install.java,
        args: [
          ...(environment["KAFKA_HEAP_OPTS"] ?? "-Xms1G -Xmx1G").split(" "),
          ...(environment["KAFKA_OPTS"] ?? "").split(" ").filter((option) => option !== ""),
          `-Dlog4j2.configurationFile=${path.join(folders.final, "log4j2.yaml")}`,
          ...base,
          "kafka.Kafka",
          path.join(folders.final, "server.properties"),
        ],
        environment,
      };
    },
  };
}

/** A listener without a host binds every address of a container; here it binds the container's own, or three brokers would collide. */
function boundTo({ environment, address }: PlacedContainer): Record<string, string> {
  const listeners = environment["KAFKA_LISTENERS"]?.replace(/:\/\/:/g, `://${address}:`);
  return listeners === undefined ? environment : { ...environment, KAFKA_LISTENERS: listeners };
}
