/** Where backups are kept: a folder, or a bucket of an S3-compatible store. */
export interface Destination {
  /** For a person: the folder's path, or `s3://bucket/prefix`. */
  readonly place: string;
  /** Names of the files there that begin so, backups or not. Empty where there is no such folder yet. */
  list(beginning: string): Promise<string[]>;
  /** Removes what was being written of an environment's backups when an earlier attempt broke off. */
  removeUnfinished(environment: string): Promise<void>;
  /** Begins a backup of that name; the name stands there only once it was ended, or kept. */
  begin(file: string): Promise<GrowingArchive>;
  open(file: string): StoredArchive;
  remove(file: string): Promise<void>;
}

/** A backup that can be read, from its beginning, as often as one likes. */
export interface StoredArchive {
  /** For a person: its path, or `s3://bucket/prefix/file`. */
  readonly name: string;
  /** @throws DestinationError where it isn't there, or can't be read. */
  read(): AsyncIterable<Buffer>;
}

/** A backup that is being written, and can be read once it is ended. */
export interface GrowingArchive extends StoredArchive {
  /** One at a time. */
  write(bytes: Buffer): Promise<void>;
  /** All is written: it may be read back now. */
  end(): Promise<void>;
  /** It was read back whole, and stays. */
  keep(): Promise<void>;
  /** Nothing of it stays, as far as the place can be reached. Never throws. */
  abandon(): Promise<void>;
}

/** A place that can't be reached, or refuses. The message says what is wrong, where, and what to do. */
export class DestinationError extends Error {}
