import { createHash } from "node:crypto";
import { type IncomingMessage } from "node:http";
import { type Answer, type Route } from "../shared/http";

/** Put in by the bundler (esbuild's `define`): the files of `page/` as they go to a browser. Absent where the sources run unbundled. */
declare const LIVE_PAGE: string | undefined;

/** The live page's files: its document, which names the other two as `main.js` and `style.css`. */
export interface PageFiles {
  readonly document: string;
  readonly script: string;
  readonly style: string;
}

/** The files that the bundle carries; undefined where the program runs unbundled. */
export function bundledPage(): PageFiles | undefined {
  return typeof LIVE_PAGE === "string" ? (JSON.parse(LIVE_PAGE) as PageFiles) : undefined;
}

/**
 * Nothing but what this server sends: no inline script or style, no frame around it, no form, no text that becomes script.
 * The icon is a `data:` URL in the document.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/**
 * Serves the page at `/`, asked for anew each time by its hash, and script and style at addresses that hold theirs, for good: a
 * browser never mixes two versions. No path but these three is known, so there is none to leave a folder by.
 */
export function pageRoutes({ document, script, style }: PageFiles): [string, Route][] {
  const scriptPath = `/main.${hashOf(script)}.js`;
  const stylePath = `/style.${hashOf(style)}.css`;
  const page = document.replace("main.js", scriptPath).replace("style.css", stylePath);
  const etag = `"${hashOf(page)}"`;
  const lasting = (body: string, type: string) => (): Answer => ({
    status: 200,
    body,
    headers: { "content-type": type, "cache-control": "public, max-age=31536000, immutable" },
  });
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": contentSecurityPolicy,
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-cache",
    etag,
  };
  return [
    [
      "GET /",
      (request: IncomingMessage): Answer =>
        request.headers["if-none-match"] === etag
          ? { status: 304, body: (response) => response.end(), headers }
          : { status: 200, body: page, headers },
    ],
    [`GET ${scriptPath}`, lasting(script, "text/javascript; charset=utf-8")],
    [`GET ${stylePath}`, lasting(style, "text/css; charset=utf-8")],
  ];
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}
