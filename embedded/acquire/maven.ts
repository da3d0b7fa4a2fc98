import * as fs from "node:fs/promises";
import * as path from "node:path";
import { mavenOutput } from "./build-output";
import { type Recipe } from "./recipe";

/** Coordinates of an artifact in a Maven repository. */
export type MavenArtifact = readonly [group: string, artifact: string, version: string];

/** How a recipe is made of jars: Maven downloads the artifacts, with all that they need when they run, into `libs`. */
export function mavenJars(artifacts: readonly MavenArtifact[]): Recipe["make"] {
  return async (folder, run) => {
    await fs.writeFile(path.join(folder, "pom.xml"), pom(artifacts));
    await run({
      phase: "resolving jars",
      command: "mvn",
      args: [
        "--batch-mode",
        "--strict-checksums",
        "-Dstyle.color=never",
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        `-DoutputDirectory=${path.join(folder, "libs")}`,
      ],
      cwd: folder,
      read: mavenOutput(),
    });
  };
}

function pom(artifacts: readonly MavenArtifact[]): string {
  const dependencies = artifacts.map(
    ([group, artifact, version]) =>
      `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  );
  return `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>weather</groupId>
  <artifactId>install</artifactId>
  <version>1</version>
  <dependencies>
${dependencies.join("\n")}
  </dependencies>
</project>
`;
}
