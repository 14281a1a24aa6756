/** Server-sent events, as far as the service uses them: `event` and `data`. Ids and retrying are not read. */

/** An event. */
export interface ServerEvent {
  event: string;
  data: string;
}

/** Reads events as they come. Leaving the loop early ends the connection; an event that is cut off is dropped. */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      // A line that ends in \r may have its \n in the next piece.
      const kept = rest.endsWith("\r") ? "\r" : "";
      const blocks = rest.slice(0, rest.length - kept.length).replace(/\r\n?/g, "\n").split("\n\n");
      rest = (blocks.pop() ?? "") + kept;
      for (const block of blocks) {
        const read = event(block);
        if (read !== undefined) yield read;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function event(block: string): ServerEvent | undefined {
  let name = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") name = value;
    if (field === "data") data.push(value);
  }
  return data.length === 0 ? undefined : { event: name, data: data.join("\n") };
}
