/** The inspector of the Model Context Protocol, by its command line, against `kithkin mcp` and `/mcp` of `kithkin serve`. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { promisify } from "node:util";

import { KITHKIN, newStore, startService } from "./service.js";

const INSPECTOR = fileURLToPath(new URL("node_modules/.bin/mcp-inspector", import.meta.url));
const TOOLS = ["forget", "profile", "recall", "remember", "timeline"];

/** Runs the inspector once, on a server that `target` names, and reads what it prints. */
async function inspect(target, ...request) {
  const { stdout } = await promisify(execFile)(INSPECTOR, ["--cli", ...target, ...request]);
  return JSON.parse(stdout);
}

/** Calls a tool; reads the JSON that it gives. */
async function call(target, tool, ...args) {
  const request = ["--method", "tools/call", "--tool-name", tool, ...args.flatMap((arg) => ["--tool-arg", arg])];
  const result = await inspect(target, ...request);
  assert.notEqual(result.isError, true, JSON.stringify(result));
  return JSON.parse(result.content[0].text);
}

async function use(target) {
  const { tools } = await inspect(target, "--method", "tools/list");
  assert.deepEqual(tools.map((tool) => tool.name).sort(), TOOLS);
  const { turn } = await call(target, "remember", "text=My dog is called Rex.");
  const found = await call(target, "recall", "question=What is my dog called?");
  assert.match(found.text, /called Rex/);
  assert.equal((await call(target, "timeline", "last=1")).turns[0].turn, turn);
  await call(target, "profile");
  const erased = await call(target, "forget", `turns=${JSON.stringify([turn])}`);
  assert.equal(erased.turns, 1);
  assert.deepEqual((await call(target, "timeline")).turns, []);
}

test("the inspector lists and calls the tools over standard input and output", async () => {
  const { store, remove } = newStore();
  await use([KITHKIN, "--store", store, "mcp", "--person", "ann"]);
  remove();
});

test("the inspector lists and calls the tools over HTTP", async () => {
  const service = await startService();
  await use([`${service.url}/mcp`, "--transport", "http", "--header", "X-Kithkin-Person: ann"]);
  await service.stop();
});
