import { readJson, writePrivate } from "../folder";
import { type Realised } from "../program";

/** What random and dynamic resources became, kept between runs: a password or a token comes only once. */
export class ResourceStore {
  private readonly resources: Record<string, Realised>;

  constructor(private readonly file: string) {
    this.resources = (readJson(file) ?? {}) as Record<string, Realised>;
  }

  get(urn: string): Realised | undefined {
    return this.resources[urn];
  }

  set(urn: string, realised: Realised): void {
    this.resources[urn] = realised;
    writePrivate(this.file, JSON.stringify(this.resources, null, 2));
  }
}
