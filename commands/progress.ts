import { type SupervisorEvent } from "../embedded/supervisor";

/** Types worth a line of their own while an embedded run comes up. */
const shown: Record<string, string> = {
  "docker:index/container:Container": "started",
  "docker:index/image:Image": "bundled",
  "kafka:index/topic:Topic": "topic",
  "pulumi-nodejs:dynamic/kafka:QuorumGate": "quorum",
};

/** Says what happens while a run comes up, a line a step, with the seconds since the beginning. */
export class Progress {
  private readonly begun = Date.now();

  constructor(private readonly out: { write(text: string): unknown }) {}

  show(event: SupervisorEvent): void {
    switch (event.kind) {
      case "phase":
        this.line(event.text);
        break;
      case "acquire":
        this.line(`${event.item}: ${event.phase}${event.detail === undefined ? "" : ` (${event.detail})`}`);
        break;
      case "resource":
        this.resource(event);
        break;
      case "up":
        this.line(`up: ${event.services.length} services`);
        if (event.leftOut.length > 0)
          this.line(
            `not in the embedded run, which has no driver for their images: ${event.leftOut.join(", ")}`,
          );
        break;
      case "failed":
      case "ended":
        break;
    }
  }

  private resource({ name, type, phase, durationMs }: Extract<SupervisorEvent, { kind: "resource" }>): void {
    const verb = shown[type];
    if (phase === "begin" && type.endsWith(":QuorumGate"))
      this.line("waiting for the brokers to form a quorum");
    if (phase !== "done") return;
    const took = durationMs >= 100 ? ` in ${(durationMs / 1_000).toFixed(1)} s` : "";
    if (verb !== undefined) this.line(`${verb} ${name.replace(/-(container|topic|image)$/, "")}${took}`);
    else if (type.startsWith("pulumi-nodejs:dynamic/influxdb:"))
      this.line(`InfluxDB ${type.split(":").pop() ?? ""} ${name}${took}`);
  }

  private line(text: string): void {
    this.out.write(`${((Date.now() - this.begun) / 1_000).toFixed(1).padStart(6)} s  ${text}\n`);
  }
}
