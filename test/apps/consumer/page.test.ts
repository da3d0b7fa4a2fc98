import { once } from "node:events";
import * as http from "node:http";
import { type AddressInfo } from "node:net";
import { contentSecurityPolicy, pageRoutes } from "../../../apps/consumer/page";
import { serve } from "../../../apps/shared/http";
import { livePage } from "../../../components/apps/live-page";

const files = {
  document: '<link href="style.css" /><script src="main.js"></script>',
  script: "console.log(1)",
  style: "p{}",
};
let server: http.Server;
beforeAll(async () => {
  server = await serve({ host: "127.0.0.1", port: 0 }, new Map(pageRoutes(files)), (error) => {
    throw error;
  });
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

/** A request whose path goes out as it is: fetch would take "/../" out of it. */
async function get(path: string, headers: http.OutgoingHttpHeaders = {}) {
  const { port } = server.address() as AddressInfo;
  const request = http.get({ host: "127.0.0.1", port, path, headers });
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  let body = "";
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode, headers: response.headers, body };
}

test("the document comes with a policy that allows nothing but this server's own files", async () => {
  const { status, headers, body } = await get("/");
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": contentSecurityPolicy,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
  });
  expect(contentSecurityPolicy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  expect(contentSecurityPolicy).not.toMatch(/unsafe|https?:|\*/);
  expect(body).toMatch(/^<link href="\/style\.[\w-]{16}\.css" \/><script src="\/main\.[\w-]{16}\.js">/);
});

test("script and style are kept for good, at addresses that change with their content", async () => {
  const paths = /href="(.*?)".*src="(.*?)"/.exec((await get("/")).body)?.slice(1) ?? [];
  const [style, script] = await Promise.all(paths.map((path) => get(path)));
  expect([style?.body, script?.body]).toEqual([files.style, files.script]);
  expect(script?.headers).toMatchObject({
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
  });
  const changed = pageRoutes({ ...files, script: "console.log(2)" }).map(([key]) => key);
  expect(changed).toContain(`GET ${paths[0]}`);
  expect(changed).not.toContain(`GET ${paths[1]}`);
});

test("a browser that has the document is told so", async () => {
  const { etag = "" } = (await get("/")).headers;
  expect(await get("/", { "if-none-match": etag })).toMatchObject({ status: 304, body: "" });
  expect(await get("/", { "if-none-match": '"another"' })).toMatchObject({ status: 200 });
});

test.each([
  "/../package.json",
  "/..%2f..%2fetc/passwd",
  "//etc/passwd",
  "/main.js",
  "/page/index.html",
  "/%00",
])("%s is not found", async (path) => {
  expect(await get(path)).toMatchObject({ status: 404, body: "not found\n" });
});

test("the page as it is bundled needs nothing from elsewhere, and carries uPlot's licence", () => {
  const { document, script, style } = JSON.parse(livePage()) as typeof files;
  expect(document).toContain('<script defer src="main.js"></script>');
  expect(document).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(document).not.toMatch(/<script(?![^>]*src=)|<style|style="|\son\w+="/);
  expect(style).not.toMatch(/url\(|@import/);
  expect(script).toContain("Permission is hereby granted, free of charge");
  expect(script).not.toMatch(/innerHTML|insertAdjacentHTML|document\.write|eval\(/);
});
