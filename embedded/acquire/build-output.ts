/** How far a build is, read from what it prints. */
export interface BuildStatus {
  phase: string;
  detail: string;
}

/** Takes a build's output line by line; answers with the status after a line that changes it. */
export type OutputReader = (line: string) => BuildStatus | undefined;

/** Reads `go build -v`, and the cargo that works beside it for libflux. */
export function goOutput(): OutputReader {
  const downloads = new Tally("downloading");
  const compiled = new Tally("compiling");
  return (line) => {
    const module = /^go: downloading (\S+ \S+)$/.exec(line)?.[1];
    if (module !== undefined) return downloads.add("modules", module);
    const [, verb, crate] = /^\s+(Downloaded|Compiling) (\S+ v\S+)/.exec(line) ?? [];
    if (crate !== undefined) return (verb === "Downloaded" ? downloads : compiled).add("Rust crates", crate);
    if (/^[\w.~-]+(\/[\w.~-]+)*$/.test(line)) return compiled.add("packages", line);
    return undefined;
  };
}

/** Reads `mvn --batch-mode dependency:copy-dependencies`. */
export function mavenOutput(): OutputReader {
  const downloads = new Tally("downloading");
  const copies = new Tally("copying");
  return (line) => {
    const file = /^\[INFO\] Downloaded from \S+: \S*\/(\S+) \(/.exec(line)?.[1];
    if (file !== undefined) return downloads.add("files", file);
    const jar = /^\[INFO\] Copying (\S+) to /.exec(line)?.[1];
    return jar === undefined ? undefined : copies.add("jars", jar);
  };
}

/** Counts what goes through one phase, by kind. */
class Tally {
  private readonly counts = new Map<string, number>();

  constructor(private readonly phase: string) {}

  add(kind: string, last: string): BuildStatus {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    const counts = [...this.counts].map(([counted, count]) => `${count} ${counted}`);
    return { phase: this.phase, detail: `${counts.join(" and ")}, last ${last}` };
  }
}
