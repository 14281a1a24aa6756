/**
 * OpenAI's own client for Node against `kithkin serve`: with a toy model in the process, and with an endpoint behind it.
 *
 * What a toy says is not looked at: that it was asked with the right memory, and what is remembered, is.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import OpenAI from "openai";

import { startEndpoint, startService } from "./service.js";

const MODEL = "SmolLM2-135M-Instruct";

/** The turns, once there are so many: an answer is written down after it has passed by. */
async function remembered(url, person, count) {
  for (let tries = 0; tries < 100; tries++) {
    const answer = await fetch(`${url}/v1/persons/${person}/turns`);
    const { turns } = await answer.json();
    if (turns?.length >= count) return turns;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${person} has fewer than ${count} turns`);
}

test("chat streams and remembers", async () => {
  const service = await startService(() => ["--chat", MODEL]);
  const client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: "anything", maxRetries: 0 });
  const models = [];
  for await (const model of client.models.list()) models.push(model.id);
  assert.deepEqual(models, [MODEL]);

  const ask = { model: MODEL, user: "ann", max_tokens: 24 };
  const messages = [{ role: "user", content: "My dog is called Rex." }];
  const first = await client.chat.completions.create({ ...ask, messages });
  const answer = first.choices[0].message.content;
  assert.ok(answer);
  let turns = await remembered(service.url, "ann", 2);
  assert.deepEqual(turns.map((turn) => turn.role), ["user", "assistant"]);
  assert.equal(turns[1].text, answer);

  // The client sends the whole conversation again; only its end is new.
  messages.push({ role: "assistant", content: answer }, { role: "user", content: "He is two." });
  let said = "";
  for await (const chunk of await client.chat.completions.create({ ...ask, messages, stream: true })) {
    said += chunk.choices[0]?.delta.content ?? "";
  }
  turns = await remembered(service.url, "ann", 4);
  assert.equal(turns.length, 4);
  assert.equal(turns[3].text.trim(), said.trim());

  // Another conversation: the model is asked with what was said in the first.
  const question = [{ role: "user", content: "What is my dog called?" }];
  const { response } = await client.chat.completions.create({ ...ask, messages: question }).withResponse();
  assert.equal(response.headers.get("x-kithkin-memory"), "used");
  assert.ok(response.headers.get("x-kithkin-recalled").split(", ").includes(turns[0].turn));
  const other = await client.chat.completions.create({ ...ask, user: "bob", messages: question }).withResponse();
  assert.equal(other.response.headers.get("x-kithkin-memory"), "empty");

  // What it cannot do, it says.
  const tools = [{ type: "function", function: { name: "f", parameters: {} } }];
  const refused = client.chat.completions.create({ ...ask, messages: question, tools });
  await assert.rejects(refused, (error) => error instanceof OpenAI.UnprocessableEntityError && /tools/.test(error.message));
  await assert.rejects(client.responses.create({ model: MODEL, input: "hi" }), OpenAI.NotFoundError);
  const headers = { "X-Kithkin-Memory": "maybe" };
  await assert.rejects(client.chat.completions.create({ ...ask, messages: question }, { headers }), OpenAI.UnprocessableEntityError);
  await service.stop();
});

const CALL = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } };
const COMPLETION = {
  id: "c", object: "chat.completion", created: 1, model: "m", x_new: [1.0, { kept: true }],
  choices: [{ index: 0, finish_reason: "tool_calls", message: { role: "assistant", content: null, tool_calls: [CALL] } }],
};
const OUTPUT = [{ type: "message", id: "o", status: "completed", role: "assistant", content: [{ type: "output_text", text: "Nice.", annotations: [] }] }];
const RESPONSE = { id: "r", object: "response", created_at: 1, model: "m", status: "completed", output: OUTPUT };

function event(data) {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}

function answered(path, body) {
  const json = (value) => ({ type: "application/json", text: JSON.stringify(value) });
  if (path === "/v1/models") return json({ object: "list", data: [{ id: "m", object: "model", created: 1, owned_by: "us" }] });
  if (path === "/v1/chat/completions") return json(COMPLETION);
  if (!body.stream) return json(RESPONSE);
  const created = { type: "response.created", sequence_number: 0, response: { ...RESPONSE, status: "in_progress", output: [] } };
  const delta = { type: "response.output_text.delta", sequence_number: 1, item_id: "o", output_index: 0, content_index: 0, delta: "Nice." };
  const completed = { type: "response.completed", sequence_number: 2, response: RESPONSE };
  return { type: "text/event-stream", text: event(created) + event(delta) + event(completed) };
}

test("tools and responses pass through to an endpoint and back", async () => {
  const endpoint = await startEndpoint(answered);
  const service = await startService(() => ["--upstream", endpoint.url]);
  const client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: "anything", maxRetries: 0 });
  assert.deepEqual((await client.models.list()).data.map((model) => model.id), ["m"]);

  const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  const tools = [{ type: "function", function: { name: "weather", strict: true, parameters } }];
  const messages = [
    { role: "system", content: "Be brief." },
    { role: "user", content: [{ type: "text", text: "I live in Oslo." }, { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } }] },
    { role: "assistant", content: null, tool_calls: [CALL] },
    { role: "tool", tool_call_id: "call_1", content: "sunny" },
    { role: "user", content: "And tomorrow?" },
  ];
  const ask = { model: "m", user: "ann", tools, tool_choice: "auto", messages };
  const completion = await client.chat.completions.create(ask);
  assert.deepEqual(completion.choices[0].message.tool_calls, [CALL]);
  assert.deepEqual(completion.x_new, COMPLETION.x_new);
  const { body } = endpoint.sent.at(-1);
  assert.deepEqual({ ...body, messages: body.messages.slice(1) }, { ...ask, messages: messages.slice(1) });
  assert.match(body.messages[0].content, /^Be brief\./);

  const reply = await client.responses.create({ model: "m", user: "bob", input: "My cat is called Tom." });
  assert.equal(reply.output_text, "Nice.");
  await remembered(service.url, "bob", 2);
  let said = "";
  const stream = await client.responses.create({ model: "m", user: "bob", input: "What is my cat called?", stream: true });
  for await (const event of stream) if (event.type === "response.output_text.delta") said += event.delta;
  assert.equal(said, "Nice.");
  assert.match(JSON.stringify(endpoint.sent.at(-1).body), /called Tom/);
  await remembered(service.url, "bob", 4);
  await service.stop();
  endpoint.stop();
});
