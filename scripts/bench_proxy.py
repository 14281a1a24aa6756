"""What the memory adds to a chat: the time to the first token and between tokens, beside a direct call to the same endpoint.

    python3 scripts/bench_proxy.py target/release/kithkin [turns]

The endpoint is a small one of this script: 20 tokens, 10 ms apart, of which the first comes at once, or after 50 ms, as of a
fast model: the proxy writes a message down meanwhile. Calls go direct and through the proxy by turns, over kept connections.
Then 200 streams run at once. Needs no package; the weights of the embedder have to be there.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

KITHKIN = sys.argv[1]
TURNS = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
CALLS = 100
STREAMS = 200
PROXY, ENDPOINT = 7720, 7721
TOKENS, PAUSE = 20, 0.01
# How long the endpoint takes to its first token, by the name of the model that is asked for.
THINKS = {"at-once": 0.0, "after-50-ms": 0.05}


async def endpoint(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
            body = await reader.readexactly(int(length[0].split(b":")[1]) if length else 0)
            await asyncio.sleep(THINKS[json.loads(body)["model"]])
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            for number in range(TOKENS):
                event = b'data: {"choices":[{"index":0,"delta":{"content":"word%d "}}]}\n\n' % number
                writer.write(b"%x\r\n%s\r\n" % (len(event), event))
                await writer.drain()
                await asyncio.sleep(PAUSE)
            event = b"data: [DONE]\n\n"
            writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(event), event))
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        writer.close()


class Client:
    """A connection that is kept."""

    async def call(self, port, question, person, model="at-once"):
        """The times of the pieces, in seconds after the request was sent, and what the memory says of itself."""
        if not hasattr(self, "reader"):
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        messages = [{"role": "user", "content": question}]
        body = json.dumps({"model": model, "stream": True, "user": person, "messages": messages}).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        start = time.perf_counter()
        self.writer.write(head.encode() + body)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in answer.split(b"\r\n")[0], answer
        memory = [line for line in answer.split(b"\r\n") if line.startswith(b"x-kithkin-memory")]
        pieces = []
        while True:
            size = int(await self.reader.readline(), 16)
            await self.reader.readexactly(size + 2)
            if size == 0:
                return pieces, memory
            pieces.append(time.perf_counter() - start)


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] * 1e3


async def beside(model):
    direct, proxied = Client(), Client()
    first = {"direct": [], "proxy": []}
    between = {"direct": [], "proxy": []}
    for number in range(CALLS + 5):
        question = f"Where did I put the green kettle number {number}?"
        for name, client, port in (("direct", direct, ENDPOINT), ("proxy", proxied, PROXY)):
            pieces, memory = await client.call(port, question, "ann", model)
            if name == "proxy":
                assert memory == [b"x-kithkin-memory: used"], memory
            if number >= 5:  # The first calls open the connections and load the person.
                first[name].append(pieces[0])
                between[name] += [b - a for a, b in zip(pieces, pieces[1:])]
    for name in first:
        p50, p95, gap = quantile(first[name], 0.5), quantile(first[name], 0.95), quantile(between[name], 0.5)
        print(f"{model}, {name:7} first token p50 {p50:6.2f} ms, p95 {p95:6.2f} ms; between tokens p50 {gap:6.2f} ms")
    added = statistics.median(first["proxy"]) - statistics.median(first["direct"])
    print(f"{model}, added to the first token: {added * 1e3:.2f} ms, with {TURNS:,} turns remembered")


async def measure():
    for model in THINKS:
        await beside(model)

    async def one(number):
        pieces, _ = await Client().call(PROXY, "Where is the kettle?", f"p{number}")
        return len(pieces)

    start = time.perf_counter()
    counts = await asyncio.gather(*[one(number) for number in range(STREAMS)], return_exceptions=True)
    whole = sum(count == TOKENS + 1 for count in counts)
    print(f"{whole} of {STREAMS} streams at once were whole, after {time.perf_counter() - start:.1f} s")


async def run():
    server = await asyncio.start_server(endpoint, "127.0.0.1", ENDPOINT)
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, "kithkin.db")
        kithkin = [KITHKIN, "--store", store]
        subprocess.run(kithkin + ["init"], check=True, stdout=subprocess.DEVNULL)
        lines = os.path.join(folder, "turns.jsonl")
        with open(lines, "w") as out:
            for number in range(TURNS):
                text = f"On day {number} I put the {['green', 'red', 'blue'][number % 3]} kettle number {number} on shelf {number % 17}."
                at = f"{2020 + number // 3650}-{number // 300 % 12 + 1:02}-{number // 12 % 25 + 1:02}"
                turn = {"conversation": f"c{number // 40}", "speaker": "ann", "said_at": at, "text": text}
                out.write(json.dumps(turn) + "\n")
        subprocess.run(kithkin + ["import", lines, "--person", "ann"], check=True, stdout=subprocess.DEVNULL)
        listen = ["serve", "--listen", f"127.0.0.1:{PROXY}", "--upstream", f"http://127.0.0.1:{ENDPOINT}/v1", "--log", "error"]
        process = subprocess.Popen(kithkin + listen, stderr=subprocess.DEVNULL)
        try:
            for _ in range(300):
                try:
                    (await asyncio.open_connection("127.0.0.1", PROXY))[1].close()
                    break
                except OSError:
                    await asyncio.sleep(0.1)
            await measure()
        finally:
            process.terminate()
            process.wait()
    server.close()


asyncio.run(run())
