/** The types are those of the description that is checked in. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";

test("src/schema.d.ts is what the description says; `npm run schema` writes it", async () => {
  const description = new URL("../../../docs/reference/openapi.json", import.meta.url);
  const made = COMMENT_HEADER + astToString(await openapiTS(description));
  const kept = await readFile(new URL("../src/schema.d.ts", import.meta.url), "utf8");
  assert.ok(made.trimEnd() === kept.trimEnd(), "src/schema.d.ts is stale; `npm run schema` writes it");
});
