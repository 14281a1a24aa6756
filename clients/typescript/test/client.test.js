/** The client against a real service: what it does, and what it says when something is wrong. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { KITHKIN, startService } from "../../node/service.js";
import { KithkinError, createKithkin } from "../dist/index.js";

/** @type {Awaited<ReturnType<typeof startService>>} */
let service;
/** @type {import("../dist/index.js").Kithkin} */
let kithkin;

before(async () => {
  service = await startService(() => ["--chat", "SmolLM2-135M-Instruct"]);
  kithkin = createKithkin({ baseUrl: service.url });
});
after(() => service.stop());

/** @param {number} status @param {RegExp} detail */
function problem(status, detail) {
  return (/** @type {unknown} */ error) => {
    assert.ok(error instanceof KithkinError, String(error));
    assert.equal(error.status, status);
    assert.match(error.problem.detail, detail);
    assert.equal(error.message, error.problem.detail);
    return true;
  };
}

test("what is remembered is found, known, and erased", async () => {
  const ann = kithkin.person("安娜/ann");
  const turns = [
    { text: "I live in Oslo.", said_at: "2024-05-01T10:00" },
    { text: "My dog is called Rex.", said_at: "2024-05-02T10:00", conversation: "dog" },
  ];
  const remembered = await ann.remember(turns);
  assert.deepEqual(remembered.map((turn) => turn.duplicate), [false, false]);

  const found = await ann.recall({ question: "What is my dog called?", limit: 1 });
  assert.equal(found.evidence[0]?.text, "My dog is called Rex.");
  const context = await ann.context({ message: "What is my dog called?", tokens: 500 });
  assert.match(context.text, /called Rex/);
  assert.equal((await ann.profile()).entries[0]?.value, "Oslo");
  await ann.correct({ topic: "home", value: "Bergen" });
  assert.equal((await ann.profile()).entries[0]?.value, "Bergen");
  assert.equal((await ann.profile({ asOf: "2024-06" })).entries[0]?.value, "Oslo");

  assert.equal((await ann.forget({ conversation: "dog", dry_run: true })).turns, 1);
  assert.equal((await ann.forget({ conversation: "dog" })).turns, 1);
  const path = { person: "安娜/ann" };
  const { data } = await kithkin.GET("/v1/persons/{person}/turns", { params: { path, query: { limit: 10 } } });
  assert.doesNotMatch(JSON.stringify(data), /Rex/);
  await ann.forget({ all: true });
  await assert.rejects(kithkin.GET("/v1/persons/{person}", { params: { path } }), problem(404, /安娜/));
});

test("a request that is sent again with its key is done once", async () => {
  const bob = kithkin.person("bob");
  const first = await bob.remember([{ text: "Yes." }], { idempotencyKey: "one" });
  const again = await bob.remember([{ text: "Yes." }], { idempotencyKey: "one" });
  assert.deepEqual([again[0]?.turn, again[0]?.duplicate], [first[0]?.turn, true]);
  const other = await bob.remember([{ text: "Yes." }], { idempotencyKey: "two" });
  assert.equal(other[0]?.duplicate, false);
});

test("an answer that the client has already is not sent again", async () => {
  const params = { path: { person: "bob" } };
  let again = await kithkin.GET("/v1/persons/{person}/profile", { params });
  // What is derived behind the requests changes the state as well, and comes to an end.
  for (let tries = 0; tries < 100 && again.response.status !== 304; tries++) {
    const headers = { "If-None-Match": again.response.headers.get("etag") ?? "" };
    again = await kithkin.GET("/v1/persons/{person}/profile", { params, headers });
  }
  assert.deepEqual([again.response.status, again.data], [304, undefined]);
  const stale = kithkin.POST("/v1/persons/{person}/profile", {
    params: { path: { person: "bob" }, header: { "If-Match": '"other"' } },
    body: { topic: "home", value: "Bergen" },
  });
  await assert.rejects(stale, problem(412, /./));
});

test("a reply comes whole or piece by piece, and is remembered", async () => {
  const eve = kithkin.person("eve");
  const whole = await eve.respond({ message: "My dog is called Rex.", max_tokens: 12 });
  assert.ok(whole.reply);
  let said = "";
  let report;
  for await (const event of eve.stream({ message: "What is my dog called?", max_tokens: 12 })) {
    if (event.type === "piece") said += event.text;
    else report = event.report;
  }
  assert.ok(said.length > 0);
  assert.equal(report?.reply.trim(), said.trim());
  const { data } = await kithkin.GET("/v1/persons/{person}/turns", { params: { path: { person: "eve" } } });
  assert.deepEqual(data?.turns.map((turn) => turn.role), ["user", "assistant", "user", "assistant"]);
});

test("what is wrong is told", async () => {
  const ann = kithkin.person("ann");
  await assert.rejects(ann.remember([]), problem(422, /turns has 0 items/));
  await assert.rejects(ann.remember([{ text: "x", said_at: "soon" }]), problem(422, /soon/));
  // @ts-expect-error: a misspelt field is found by the compiler, and by the service
  await assert.rejects(ann.recall({ question: "x", limits: 3 }), problem(422, /limits/));
  // @ts-expect-error: so is a path that is not there
  await assert.rejects(kithkin.GET("/v1/nothing"), problem(404, /no such route/));
  await assert.rejects(ann.stream({ message: "x", temperature: 9 }).next(), problem(422, /temperature/));
  const gone = AbortSignal.abort();
  await assert.rejects(ann.recall({ question: "x" }, { signal: gone }), { name: "AbortError" });
  const nobody = createKithkin({ baseUrl: "http://127.0.0.1:9" });
  await assert.rejects(nobody.person("ann").profile(), TypeError);
});

test("a reply that fails while it is streamed is told as a problem", async () => {
  const silent = await startService(() => ["--chat-url", "http://127.0.0.1:9/v1", "--chat-model", "none"]);
  const ann = createKithkin({ baseUrl: silent.url }).person("ann");
  await assert.rejects(ann.stream({ message: "hello" }).next(), problem(502, /127\.0\.0\.1:9/));
  assert.ok((await ann.profile()).entries, "the message is remembered, so there is such a person");
  await silent.stop();
});

test("an answer that is no problem of the service's own is told as far as it can be read", async () => {
  /** @type {[string, number, string][]} */
  const answers = [
    ['{"error": {"message": "no such model"}}', 404, "no such model"],
    ["<html>", 502, "<html>"],
    ["", 502, "HTTP 502"],
  ];
  for (const [text, status, detail] of answers) {
    const fetch = async () => new Response(text, { status });
    await assert.rejects(createKithkin({ fetch }).GET("/v1/models"), problem(status, new RegExp(detail)));
  }
});

test("keys open what they are for", async () => {
  /** @param {string} keys @param {string} rights */
  const add = (keys, rights) => {
    const made = execFileSync(KITHKIN, ["key", "add", "--keys", keys, "--rights", rights], { stdio: ["ignore", "pipe", "ignore"] });
    return made.toString().trim();
  };
  let key = "";
  const locked = await startService((folder) => {
    const keys = join(folder, "keys.toml");
    key = add(keys, "read,write");
    return ["--keys", keys];
  });
  const with_ = (/** @type {string | undefined} */ key) =>
    createKithkin({ baseUrl: locked.url, ...(key !== undefined && { key }) }).person("ann");
  await with_(key).remember([{ text: "I live in Oslo." }]);
  await assert.rejects(with_(undefined).profile(), problem(401, /Bearer/));
  await assert.rejects(with_("kk-wrong").profile(), problem(401, /not one of this service/));
  await assert.rejects(with_(key).forget({ all: true }), problem(403, /may not erase/));
  await locked.stop();
});
