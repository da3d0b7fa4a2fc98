import { type PlacedContainer } from "../containers/place";

/** What to start for a container. */
export interface ProgramCommand {
  file: string;
  args: string[];
  /** The whole environment: nothing of the supervisor's own is handed down but `PATH`, `HOME` and `TMPDIR`. */
  environment: Record<string, string>;
}

/** What a driver may run before the program itself, with its output in the container's log. */
export interface Steps {
  /** Runs a command and waits for it; resolves with its exit code. */
  toEnd(command: ProgramCommand): Promise<number>;
  /** Runs a command while `work` goes on, then ends it in order. */
  during(command: ProgramCommand, work: () => Promise<void>): Promise<void>;
}

/** Knows how to run the containers of one kind of image as a local process, with the image's own semantics. */
export interface Driver {
  /** What the image's entry point does before the program (format, set up), then the program itself. Called at every start. */
  start(container: PlacedContainer, steps: Steps): Promise<ProgramCommand>;
}
