/** One thing worth telling while a server is obtained. At least one comes every 5 seconds. */
export interface AcquireEvent {
  /** What is obtained, as its folder in the cache is called: `influxd-2.9.1`. */
  item: string;
  /** What is going on, in a word or two: `downloading`, `compiling`. */
  phase: string;
  /** How far it is: `312 packages and 20 Rust crates, last crypto/tls, 41 s`. */
  detail?: string;
}

export type AcquireProgress = (event: AcquireEvent) => void;
