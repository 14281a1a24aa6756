/**
 * A typed client of the Kithkin service.
 *
 * Paths, bodies and answers are typed by the service's own description (`schema.d.ts` is generated from it); requests go
 * through `openapi-fetch`. Nothing is retried, cached or logged here.
 */

import createClient, { type Client } from "openapi-fetch";

import { type Problem, KithkinError, failure } from "./errors.js";
import { events } from "./events.js";
import type { components, paths } from "./schema.js";

export { KithkinError, type Problem } from "./errors.js";
export type { components, operations, paths } from "./schema.js";

/** A type of the description, by its name: `Schema<"RecallReport">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** Where the service is, and who asks. */
export interface KithkinOptions {
  /** The service; by default `http://127.0.0.1:7700`. */
  baseUrl?: string;
  /** A key that `kithkin key add` printed; a service without keys needs none. */
  key?: string;
  /** What sends the requests; by default the platform's `fetch`. */
  fetch?: (request: Request) => Promise<Response>;
}

/** What a request may say beside its body. */
export interface RequestOptions {
  /** Ends the request. */
  signal?: AbortSignal;
}

/** What a request that writes may say beside its body. */
export interface WriteOptions extends RequestOptions {
  /** A name of this request: sent again with the same, it is done once. */
  idempotencyKey?: string;
}

/** A reply as it comes: its pieces, then the report of it with the whole text. */
export type ReplyEvent = { type: "piece"; text: string } | { type: "reply"; report: Schema<"RespondReport"> };

/** One person's memory. Every method throws a {@link KithkinError} where the service refuses or fails. */
export interface Person {
  /** Writes down what was said; it is durable when the promise is kept. */
  remember(turns: Schema<"NewTurn">[], options?: WriteOptions): Promise<Schema<"Remembered">[]>;
  /** Finds the turns that answer a question. */
  recall(request: Schema<"RecallRequest">, options?: RequestOptions): Promise<Schema<"RecallReport">>;
  /** Makes a block for a prompt: quoted, dated, within a budget of tokens. */
  context(request: Schema<"ContextRequest">, options?: RequestOptions): Promise<Schema<"Context">>;
  /** What is known of the person, now or at a time, with the turns behind it. */
  profile(options?: RequestOptions & { asOf?: string }): Promise<Schema<"ProfileReport">>;
  /** Edits, confirms or rejects an entry of the profile, as the person. */
  correct(request: Schema<"CorrectRequest">, options?: RequestOptions): Promise<Schema<"CorrectReport">>;
  /** Erases turns, a sitting, a conversation or everything, with all that came from it. */
  forget(request: Schema<"ForgetRequest">, options?: RequestOptions): Promise<Schema<"ForgetReport">>;
  /** Answers a message with the service's chat model, and remembers both. */
  respond(request: ReplyRequest, options?: RequestOptions): Promise<Schema<"RespondReport">>;
  /** The same, piece by piece. Leaving the loop early ends the connection; the reply is remembered all the same. */
  stream(request: ReplyRequest, options?: RequestOptions): AsyncGenerator<ReplyEvent, void, undefined>;
}

/** A message to be answered. Whether it is streamed is said by the method that is called. */
export type ReplyRequest = Omit<Schema<"RespondRequest">, "stream">;

/** The service: `GET`, `POST` and `DELETE` take any path of the description; {@link person} has the common ones by name. */
export interface Kithkin extends Pick<Client<paths>, "GET" | "POST" | "DELETE"> {
  /** One person's memory, by the application's own id of them. */
  person(id: string): Person;
}

/** Makes a client. Nothing is sent until it is used. */
export function createKithkin(options: KithkinOptions = {}): Kithkin {
  const { baseUrl = "http://127.0.0.1:7700", key, fetch } = options;
  const client = createClient<paths>({
    baseUrl,
    ...(fetch && { fetch }),
    ...(key !== undefined && { headers: { Authorization: `Bearer ${key}` } }),
  });
  client.use({
    async onResponse({ response }) {
      // 304 is no failure: whoever sent `If-None-Match` has the answer already.
      if (!response.ok && response.status !== 304) throw await failure(response);
    },
  });
  const { GET, POST, DELETE } = client;
  return { GET, POST, DELETE, person: (id) => person(client, id) };
}

function person(client: Client<paths>, id: string): Person {
  const path = { person: id };
  const to = (options?: RequestOptions) => (options?.signal ? { signal: options.signal } : {});
  return {
    async remember(turns, options) {
      const header = options?.idempotencyKey === undefined ? {} : { "Idempotency-Key": options.idempotencyKey };
      const told = client.POST("/v1/persons/{person}/turns", { params: { path, header }, body: { turns }, ...to(options) });
      return data(await told).turns;
    },
    async recall(body, options) {
      return data(await client.POST("/v1/persons/{person}/recall", { params: { path }, body, ...to(options) }));
    },
    async context(body, options) {
      return data(await client.POST("/v1/persons/{person}/context", { params: { path }, body, ...to(options) }));
    },
    async profile(options) {
      const query = options?.asOf === undefined ? {} : { as_of: options.asOf };
      return data(await client.GET("/v1/persons/{person}/profile", { params: { path, query }, ...to(options) }));
    },
    async correct(body, options) {
      return data(await client.POST("/v1/persons/{person}/profile", { params: { path }, body, ...to(options) }));
    },
    async forget(body, options) {
      return data(await client.POST("/v1/persons/{person}/forget", { params: { path }, body, ...to(options) }));
    },
    async respond(request, options) {
      const body = { ...request, stream: false };
      const told = await client.POST("/v1/persons/{person}/respond", { params: { path }, body, ...to(options) });
      return data(told) as Schema<"RespondReport">;
    },
    async *stream(request, options) {
      const body = { ...request, stream: true };
      const told = await client.POST("/v1/persons/{person}/respond", {
        params: { path },
        body,
        parseAs: "stream",
        ...to(options),
      });
      yield* reply(data<ReadableStream<Uint8Array>>(told), told.response);
    },
  };
}

/** The answer's body. What is no success was thrown before, so it is there. */
function data<T>(told: { data?: T | null }): T {
  return told.data as T;
}

async function* reply(body: ReadableStream<Uint8Array>, response: Response): AsyncGenerator<ReplyEvent, void, undefined> {
  const id = response.headers.get("x-request-id") ?? undefined;
  for await (const { event, data } of events(body)) {
    if (event === "piece") yield { type: "piece", text: JSON.parse(data) as string };
    if (event === "problem") throw new KithkinError(JSON.parse(data) as Problem, id);
    if (event === "reply") {
      yield { type: "reply", report: JSON.parse(data) as Schema<"RespondReport"> };
      return;
    }
  }
  const detail = "the connection ended before the reply did; the message and what came of the reply may be remembered";
  throw new KithkinError({ type: "about:blank", title: "The reply broke off", status: response.status, detail }, id);
}
