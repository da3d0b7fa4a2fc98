import * as fs from "node:fs";
import * as path from "node:path";
import { run, temporaryState } from "./run";

interface Measured {
  values: number[];
  cores: Record<string, number>;
}
interface Written {
  rounds: number;
  parts: {
    part: string;
    findings: {
      kind: string;
      own: Measured;
      other: Measured;
      counts: { where: string; expected: number; held: number }[];
    }[];
  }[];
}

test("npm run bench measures, and each figure stands for messages that are there", async () => {
  const folder = temporaryState();
  const file = path.join(folder, "bench.json");
  try {
    const { code, output } = await run(folder, "bench", [
      "--quick",
      "--only",
      "producer,consumer",
      "--json",
      file,
    ]);
    expect({ code, output }).toMatchObject({ code: 0 });
    const { parts, rounds } = JSON.parse(fs.readFileSync(file, "utf8")) as Written;
    expect(parts.map(({ part }) => part)).toEqual(["producer", "consumer"]);
    for (const { part, findings } of parts) {
      const compared = findings.filter(({ kind }) => kind === "comparison");
      expect(compared).toHaveLength(part === "consumer" ? 2 : 1);
      for (const { own, other, counts } of compared) {
        for (const { values, cores } of [own, other]) {
          expect(values).toHaveLength(rounds);
          for (const value of values) expect(value).toBeGreaterThan(0);
          expect(cores["brokers"]).toBeGreaterThan(0);
        }
        expect(counts.length).toBeGreaterThan(0);
        for (const { expected, held } of counts)
          expect({ expected, held }).toEqual({ expected: 20_000, held: 20_000 });
      }
    }
    expect(output).toContain("## Publishing: the bare sender against Kafka's ProducerPerformance");
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}, 240_000);
