/** What goes wrong, as the service tells it. */

import type { components } from "./schema.js";

/** Problem details (RFC 9457). `type` is `urn:kithkin:` and a word for who can mend it. */
export type Problem = components["schemas"]["Problem"];

/** The service refused a request, or failed. `message` says what is wrong and what to do. */
export class KithkinError extends Error {
  /** What the service told; of an answer that is none of its own, such as a proxy's, as much as can be read. */
  readonly problem: Problem;
  /** The id under which the service's log has more, where it gave one. */
  readonly requestId: string | undefined;

  constructor(problem: Problem, requestId?: string) {
    super(problem.detail);
    this.name = "KithkinError";
    this.problem = problem;
    this.requestId = requestId;
  }

  /** The status of the answer; of a reply that failed while it was streamed, the one that it would have had. */
  get status(): number {
    return this.problem.status;
  }
}

/** Reads an answer that is no success. The routes of the proxy tell problems in OpenAI's form. */
export async function failure(response: Response): Promise<KithkinError> {
  const text = await response.text();
  const id = response.headers.get("x-request-id") ?? undefined;
  return new KithkinError(problem(text) ?? other(response, text), id);
}

function problem(text: string): Problem | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isProblem(body) ? body : undefined;
}

function isProblem(body: unknown): body is Problem {
  if (typeof body !== "object" || body === null) return false;
  const { type, title, status, detail } = body as Record<string, unknown>;
  return [type, title, detail].every((field) => typeof field === "string") && typeof status === "number";
}

function other(response: Response, text: string): Problem {
  let detail = text;
  try {
    const told: unknown = JSON.parse(text)?.error?.message;
    if (typeof told === "string") detail = told;
  } catch {
    // It is no JSON; the text itself is all there is.
  }
  const title = response.statusText || `HTTP ${response.status}`;
  return { type: "about:blank", title, status: response.status, detail: detail || title };
}
