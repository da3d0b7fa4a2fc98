import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { buildSync } from "esbuild";

/** An app as one file, ready to be built into an image. */
export interface Bundle {
  /** Folder that holds `app.js` and `Dockerfile`: the image's build context. */
  contextFolder: string;
  /** First 16 hexadecimal digits of the SHA-256 of all that goes into the image. */
  contentHash: string;
}

const bundled = new Map<string, Bundle>();

/**
 * Bundles a program with all it imports into one file below `.weather/bundles` of the working folder.
 *
 * The same sources give the same hash wherever they are bundled, so nothing is rebuilt or replaced unless code changed.
 *
 * @param entry the program's entry, a TypeScript or JavaScript file.
 * @param baseImage what the image is built on; part of the hash.
 * @param texts constants of the program, each with the text that takes its place. Default: none.
 * @throws Error with esbuild's messages where the sources can't be bundled.
 */
export function bundle(
  entry: string,
  baseImage: string,
  texts: Readonly<Record<string, string>> = {},
): Bundle {
  const key = `${baseImage} ${entry}`;
  const known = bundled.get(key);
  if (known) return known;
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    // Paths in the bundle's comments are relative to this folder, so the hash doesn't depend on where the clone lies.
    absWorkingDir: packageRoot(entry),
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    format: "cjs",
    define: Object.fromEntries(
      Object.entries(texts).map(([constant, text]) => [constant, JSON.stringify(text)]),
    ),
    // Asked for only where the sources run unbundled: what the bundle needs of them stands in its constants.
    external: ["vega-datasets"],
    loader: { ".csv": "text", ".html": "text" },
    legalComments: "none",
    logLevel: "silent",
  });
  const [output] = outputFiles;
  if (!output) throw new Error(`esbuild made nothing of ${entry}`);
  const dockerfile = [
    `FROM ${baseImage}`,
    "RUN install -d -o node -g node /var/lib/weather",
    "COPY app.js /app/app.js",
    "USER node",
    'ENTRYPOINT ["node", "/app/app.js"]',
    "",
  ].join("\n");
  const contentHash = createHash("sha256")
    .update(dockerfile)
    .update(output.contents)
    .digest("hex")
    .slice(0, 16);
  const contextFolder = path.resolve(".weather", "bundles", contentHash);
  if (!fs.existsSync(path.join(contextFolder, "Dockerfile"))) {
    fs.mkdirSync(contextFolder, { recursive: true });
    fs.writeFileSync(path.join(contextFolder, "app.js"), output.contents);
    // Written last: its presence says that the folder is whole.
    fs.writeFileSync(path.join(contextFolder, "Dockerfile"), dockerfile);
  }
  const made = { contextFolder: path.relative(process.cwd(), contextFolder), contentHash };
  bundled.set(key, made);
  return made;
}

/** The nearest folder above with a package.json. */
function packageRoot(file: string): string {
  let folder = path.dirname(path.resolve(file));
  while (!fs.existsSync(path.join(folder, "package.json")) && path.dirname(folder) !== folder)
    folder = path.dirname(folder);
  return folder;
}
