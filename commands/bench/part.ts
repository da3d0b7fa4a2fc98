import { type Kafka } from "kafkajs";
import { type Finding } from "./report";
import { type Servers } from "./servers";
import { type Topics } from "./topics";

/** How much is measured. */
export interface Size {
  readonly rounds: number;
  /** Small sizes, by which it is seen that it works, not how fast it is. */
  readonly quick: boolean;
}

/** What every part is given. */
export interface Bed extends Size {
  /** A folder of this run's own, removed at its end. */
  readonly folder: string;
  /** Aborted when the part's time is up, or the run is ended. */
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

/** What a part is given that needs servers. */
export interface Bench extends Omit<Bed, "folder"> {
  readonly servers: Servers;
  /** The commands' own client. */
  readonly kafka: Kafka;
  readonly topics: Topics;
}

/** A part of the benchmark. */
export type Part = {
  readonly subject: string;
  /** What a profile showed to bound it, in a sentence. Default: not looked into. */
  readonly bound?: string;
  /** Longest time it may take, in seconds. */
  readonly limitSeconds: number;
} & (
  | { readonly needs: "servers"; readonly run: (bench: Bench) => Promise<Finding[]> }
  | { readonly needs: "nothing"; readonly run: (bed: Bed) => Promise<Finding[]> }
);
