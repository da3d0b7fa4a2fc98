import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Batches of lines on disk, a file each, named by their number so that they come back in order. */
export class Spool {
  readonly #sizes = new Map<number, number>();
  #bytes = 0;

  /** Takes over what an earlier run has left in the directory, which is created where it is missing. */
  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true });
    const numbers = readdirSync(directory).flatMap((name) => /^(\d{12})\.lp$/.exec(name)?.[1] ?? []);
    for (const number of numbers.map(Number).sort((a, b) => a - b))
      this.#note(number, statSync(this.#path(number)).size);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Numbers of the batches, oldest first. */
  numbers(): number[] {
    return [...this.#sizes.keys()];
  }

  write(number: number, lines: readonly string[]): void {
    const text = lines.join("\n");
    const partial = `${this.#path(number)}.partial`;
    writeFileSync(partial, text);
    renameSync(partial, this.#path(number));
    this.#note(number, Buffer.byteLength(text));
  }

  read(number: number): string[] {
    return readFileSync(this.#path(number), "utf8").split("\n");
  }

  remove(number: number): void {
    rmSync(this.#path(number), { force: true });
    this.#bytes -= this.#sizes.get(number) ?? 0;
    this.#sizes.delete(number);
  }

  #note(number: number, bytes: number): void {
    this.#sizes.set(number, bytes);
    this.#bytes += bytes;
  }

  #path(number: number): string {
    return join(this.directory, `${String(number).padStart(12, "0")}.lp`);
  }
}
