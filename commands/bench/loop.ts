import { forkTypeScript } from "../fork";

/** What a loop answers. */
type LoopAnswer =
  | { readonly kind: "done"; readonly recordsPerSecond: number }
  | { readonly kind: "failed"; readonly reason: string };

/** Runs the loop of a file that calls {@link loopOnOrder}, in a process of its own; returns its records a second. */
export async function runLoop(
  file: string,
  order: object,
  watch: (pid: number, work: () => Promise<number>) => Promise<number>,
  signal: AbortSignal,
): Promise<number> {
  const child = forkTypeScript(file, { stdio: ["ignore", "inherit", "inherit", "ipc"], signal });
  return watch(
    child.pid ?? 0,
    () =>
      new Promise((resolve, reject) => {
        child.on("message", (answer: LoopAnswer) => {
          if (answer.kind === "done") resolve(answer.recordsPerSecond);
          else {
            child.disconnect();
            reject(new Error(`${file} failed: ${answer.reason}`));
          }
        });
        child.once("error", reject);
        child.once("exit", (code) => {
          reject(new Error(`${file} ended with code ${String(code)}`));
        });
        child.send(order);
      }),
  );
}

/** Makes this process one that {@link runLoop} starts, as Kafka's own tools are one: no round finds code that the one before has warmed up. */
export function loopOnOrder(recordsPerSecond: (order: never) => Promise<number>): void {
  const answer = (message: LoopAnswer) =>
    new Promise<void>((resolve) =>
      process.send?.(message, () => {
        resolve();
      }),
    );
  process.once("message", (order) => {
    recordsPerSecond(order as never).then(
      async (rate) => {
        await answer({ kind: "done", recordsPerSecond: rate });
        process.exit(0);
      },
      (error: unknown) => {
        void answer({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
        process.once("disconnect", () => process.exit(1));
      },
    );
  });
  process.once("disconnect", () => process.exit(1));
}
