/**
 * A service over a new store, on a free port, and an endpoint that stands behind it. For tests; needs the binary in $KITHKIN.
 */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The binary. */
export const KITHKIN = process.env.KITHKIN ?? "kithkin";

/** A folder with a new store; `remove` takes both away. */
export function newStore() {
  const folder = mkdtempSync(join(tmpdir(), "kithkin-"));
  const store = join(folder, "kithkin.db");
  execFileSync(KITHKIN, ["--store", store, "init"]);
  return { folder, store, remove: () => rmSync(folder, { recursive: true }) };
}

/**
 * Starts `kithkin serve` and waits until it serves.
 * @param {(folder: string) => string[]} more what follows `serve`; the folder is that of the store
 */
export async function startService(more = () => []) {
  const { folder, store, remove } = newStore();
  const args = ["--store", store, "serve", "--listen", "127.0.0.1:0", "--log", "error", ...more(folder)];
  const child = spawn(KITHKIN, args, { stdio: ["ignore", "inherit", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (said += text));
  let url;
  while (url === undefined) {
    if (child.exitCode !== null) throw new Error(`the service did not come up: ${said}`);
    await new Promise((done) => setTimeout(done, 20));
    url = /serving on (http:\S+?);/.exec(said)?.[1];
  }
  return {
    url,
    folder,
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const [code] = await ended;
      remove();
      if (code !== 0) throw new Error(`the service ended with ${code}: ${said}`);
    },
  };
}

/**
 * An endpoint that notes what it is sent and answers as it is told.
 * @param {(path: string, body: any) => { type: string, text: string }} answer
 */
export async function startEndpoint(answer) {
  /** @type {{ path: string, body: any }[]} */
  const sent = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const path = request.url ?? "";
    const body = text === "" ? null : JSON.parse(text);
    sent.push({ path, body });
    const told = answer(path, body);
    response.writeHead(200, { "content-type": told.type }).end(told.text);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/v1`, sent, stop };
}
