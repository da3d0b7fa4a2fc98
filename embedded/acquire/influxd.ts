import * as fs from "node:fs/promises";
import * as path from "node:path";
import { goBuild, goProgramRecipe } from "./go-program";
import { type Recipe, wholeVersion } from "./recipe";

/** influxd without its web interface, whose files the module doesn't hold. Least versions: go.mod of 2.9.1, rust-toolchain.toml of its flux 0.200. */
export function influxdRecipe(tag: string): Recipe {
  const version = wholeVersion("influxdb", tag);
  const item = `influxd-${version}`;
  const purpose = `to build ${item}`;
  return goProgramRecipe({
    item,
    module: "github.com/influxdata/influxdb/v2",
    version: `v${version}`,
    command: "cmd/influxd",
    tags: ["sqlite_foreign_keys", "sqlite_json", "noassets"],
    linkedVariables: { "main.version": `v${version}` },
    goVersion: "1.25.10",
    tools: [
      { tool: "gcc", purpose },
      { tool: "cargo", purpose, atLeast: "1.83" },
    ],
    prepare: async (folder, run, env) => {
      const pkgConfig = path.join(folder, "helpers", "pkg-config");
      await goBuild(run, folder, pkgConfig, "github.com/influxdata/pkg-config");
      // pkg-config keeps cargo's output to itself, for minutes; this way it stands in the log, and progress shows it.
      const cargo = path.join(folder, "helpers", "cargo");
      await fs.writeFile(cargo, `#!/bin/sh\nexec "\${REAL_CARGO}" "$@" >>"$BUILD_LOG" 2>&1\n`, {
        mode: 0o755,
      });
      return {
        PKG_CONFIG: pkgConfig,
        CARGO: cargo,
        REAL_CARGO: env["CARGO"] ?? "cargo",
        // Else rustup wants the very toolchain that flux's sources name, which a machine without downloads lacks.
        RUSTUP_TOOLCHAIN: env["RUSTUP_TOOLCHAIN"] ?? "stable",
      };
    },
  });
}
