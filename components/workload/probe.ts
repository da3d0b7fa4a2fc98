import { durationSeconds, goDuration, type Duration } from "../duration";

/** How one tells that a program is well, from inside its own container. */
export type Probe =
  /** Something accepts connections at the port. */
  | { kind: "tcp"; port: number; by?: ProbeTool }
  /** `GET path` is answered with status 200. */
  | { kind: "http"; port: number; path: string; by?: ProbeTool }
  /** The same by https, without a look at the certificate, and by Node.js, so only in its images. */
  | { kind: "https"; port: number; path: string };

/** What of the image's own asks: Bash (the default), or in images made of Alpine Linux, which lack it, BusyBox. */
export type ProbeTool = "bash" | "busybox";

/** Label on every workload that says its probe in words: readable in `docker inspect`, and how the embedded run knows it. */
export const probeLabel = "pulumi-weather-pipeline.probe";

/** The probe in words: `tcp:9092`, `http:8086/health`. The opposite of {@link parseProbe}. */
export function probeText(probe: Probe): string {
  return probe.kind === "tcp" ? `tcp:${probe.port}` : `${probe.kind}:${probe.port}${probe.path}`;
}

/** Reads what {@link probeText} wrote; undefined where the text is no probe. */
export function parseProbe(text: string): Probe | undefined {
  const match = /^(?:tcp:(\d+)|(https?):(\d+)(\/.*)?)$/.exec(text);
  if (!match) return undefined;
  const [, tcpPort, scheme, httpPort, path = "/"] = match;
  return tcpPort === undefined
    ? { kind: scheme === "https" ? "https" : "http", port: Number(httpPort), path }
    : { kind: "tcp", port: Number(tcpPort) };
}

/**
 * The probe as a command of the container's own.
 *
 * Bash's `/dev/tcp` is used because it is the one tool that nearly all images of the pipeline hold; `nc`, `curl` and `wget` aren't.
 */
export function probeCommand(probe: Probe): string[] {
  if (probe.kind !== "https" && probe.by === "busybox") {
    const { port } = probe;
    return probe.kind === "tcp"
      ? ["CMD", "nc", "-z", "127.0.0.1", String(port)]
      : ["CMD", "wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${port}${probe.path}`];
  }
  const connect = `exec 3<>/dev/tcp/127.0.0.1/${probe.port}`;
  if (probe.kind === "tcp") return ["CMD", "bash", "-c", connect];
  if (probe.kind === "https") {
    const options = `{ port: ${probe.port}, path: process.argv[1], rejectUnauthorized: false }`;
    const get = `https.get(${options}, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on("error", () => process.exit(1))`;
    return ["CMD", "node", "-e", get, probe.path];
  }
  const request = "printf 'GET %s HTTP/1.0\\r\\nHost: 127.0.0.1\\r\\n\\r\\n' \"$0\" >&3";
  return ["CMD", "bash", "-c", `${connect} && ${request} && head -n 1 <&3 | grep -q ' 200'`, probe.path];
}

/**
 * Docker's health check of a probe. Times are in the form in which Docker gives them back.
 *
 * @param patience how long it may fail before the program counts as unwell; three times at least.
 */
export function dockerHealthcheck(
  probe: Probe,
  interval: Duration = "5 seconds",
  patience: Duration = "15 seconds",
) {
  return {
    tests: probeCommand(probe),
    interval: goDuration(interval),
    timeout: "5s",
    startPeriod: "1m0s",
    startInterval: "0s",
    retries: Math.max(3, Math.ceil(durationSeconds(patience) / durationSeconds(interval))),
  };
}
