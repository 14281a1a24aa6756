"""How many requests a second the service answers: recalls with the encoder and by words, turns remembered, and a soak of both.

    python3 scripts/bench_rest.py target/release/kithkin [--turns 10000] [--seconds 20] [--soak 60]

The load comes from `wrk` (Debian's package of that name) over 16 kept connections, on the same machine: what it takes of the
processors is the service's loss. Turns have 25 words and questions 6, with the frequencies of a chat. The weights of the encoder
have to be there.
"""

import argparse
import hashlib
import itertools
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

PORT = 7722
BASE = f"http://127.0.0.1:{PORT}"

# One request after another, each with words of its own, so that nothing can be answered from what was asked before.
SCRIPT = """
local thread_count = 0
function setup(thread) thread:set("id", thread_count); thread_count = thread_count + 1 end
function init() math.randomseed(id * 7919 + SEED); n = 0 end
local texts = {TEXTS}
local headers = {["content-type"] = "application/json"}
function request()
    n = n + 1
    local text = texts[math.random(#texts)] .. " " .. math.random(1000000)
    if KIND == "remember" or (KIND == "both" and n % 2 == 0) then
        local person = KIND == "both" and string.format("p%d", n % 50) or "bob"
        return wrk.format("POST", "/v1/persons/" .. person .. "/turns", headers, '{"turns":[{"text":"' .. text .. '"}]}')
    end
    return wrk.format("POST", "/v1/persons/ann/recall", headers, '{"question":"' .. text .. '?","method":"METHOD"}')
end
function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50),
        latency:percentile(99), errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
"""


def vocabulary():
    """20,000 made-up words with how often each comes: by Zipf's law with Mandelbrot's shift."""
    syllables = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]
    words = ["".join(three) for three in itertools.product(syllables, syllables, syllables[:5])][:20_000]
    # So that words of a like frequency are not alike.
    words.sort(key=lambda word: hashlib.sha256(word.encode()).digest())
    return words, [1 / (rank + 2.7) for rank in range(1, len(words) + 1)]


def texts(count, length, seed):
    """So many texts of so many words with the frequencies of a chat."""
    words, weights = vocabulary()
    draw = random.Random(seed)
    return [" ".join(draw.choices(words, weights, k=length)) for _ in range(count)]


def load(kind, seconds, method="hybrid", seed=1):
    """Requests a second, the median and the 99th percentile in milliseconds, and errors."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        said = texts(500, 6 if kind == "recall" else 25, seed)
        text = SCRIPT.replace("KIND", f'"{kind}"').replace("SEED", str(seed)).replace("METHOD", method)
        text = text.replace("TEXTS", ",".join(f'"{one}"' for one in said))
        script.write(text)
        script.flush()
        command = ["wrk", "--threads", "1", "--connections", "16", "--duration", f"{seconds}s", "--script", script.name, BASE]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", ran.stdout)
    if not found:
        sys.exit(f"wrk said: {ran.stdout}{ran.stderr}")
    requests, duration, p50, p99, errors = map(int, found.groups())
    return requests / (duration / 1e6), p50 / 1e3, p99 / 1e3, errors


def show(name, result):
    rate, p50, p99, errors = result
    print(f"{name:28} {rate:8.0f}/s   p50 {p50:7.2f} ms   p99 {p99:7.2f} ms ({p99 / p50:4.1f} x p50)   errors {errors}", flush=True)


def resident(process):
    """Megabytes of memory that the process has."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1024


def ready():
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{BASE}/livez").read()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit("the service did not start")


def soak(process, seconds):
    """Recalls and turns of 50 persons for a while, with the memory that is used."""
    sizes, stop = [], threading.Event()

    def watch():
        while not stop.wait(5):
            sizes.append(resident(process))

    watcher = threading.Thread(target=watch)
    watcher.start()
    result = load("both", seconds, method="bm25", seed=5)
    stop.set()
    watcher.join()
    show(f"both for {seconds} s", result)
    print("memory every 5 s, MB: " + " ".join(f"{size:.0f}" for size in sizes))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kithkin")
    parser.add_argument("--turns", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--soak", type=int, default=60)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kithkin = [args.kithkin, "--store", os.path.join(folder, "kithkin.db")]
        subprocess.run(kithkin + ["init"], check=True, stdout=subprocess.DEVNULL)
        lines = os.path.join(folder, "turns.jsonl")
        with open(lines, "w", encoding="utf-8") as out:
            for number, text in enumerate(texts(args.turns, 25, 0)):
                at = f"{2020 + number // 3650}-{number // 300 % 12 + 1:02}-{number // 12 % 25 + 1:02}"
                turn = {"conversation": f"c{number // 20}", "speaker": "ann", "said_at": at, "text": text}
                out.write(json.dumps(turn) + "\n")
        subprocess.run(kithkin + ["import", lines, "--person", "ann"], check=True, stdout=subprocess.DEVNULL)
        serve = ["serve", "--listen", f"127.0.0.1:{PORT}", "--log", "error"]
        process = subprocess.Popen(kithkin + serve, stderr=subprocess.DEVNULL)
        try:
            ready()
            load("recall", 2)
            print(f"{args.turns:,} turns of one person; load average {os.getloadavg()[0]:.1f} before")
            show("recall, hybrid", load("recall", args.seconds))
            show("recall, bm25", load("recall", args.seconds, method="bm25", seed=2))
            show("remember", load("remember", args.seconds, seed=3))
            soak(process, args.soak)
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
