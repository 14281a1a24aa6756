/** Events are read however they are cut on their way. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { events } from "../dist/events.js";

/** @param {Uint8Array[]} pieces */
async function read(pieces) {
  const body = new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  const seen = [];
  for await (const event of events(body)) seen.push(event);
  return seen;
}

test("events", async () => {
  const text = 'event: piece\ndata: "安"\n\n: a comment\n\ndata: a\r\ndata:b\r\n\r\nevent: reply\ndata: {}\n\ndata: cut off';
  const whole = new TextEncoder().encode(text);
  const expected = [
    { event: "piece", data: '"安"' },
    { event: "message", data: "a\nb" },
    { event: "reply", data: "{}" },
  ];
  assert.deepEqual(await read([whole]), expected);
  assert.deepEqual(await read([...whole].map((byte) => Uint8Array.of(byte))), expected);
  assert.deepEqual(await read([]), []);
});
