#!/usr/bin/env python3
"""Times the binary as a user meets it: bulk import, its memory, and the first recall. Usage: bench_end_to_end.py BINARY

All data is synthetic and made in a temporary folder. Prints one figure a line.
"""
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time

BINARY = os.path.abspath(sys.argv[1])


def lines(path, turns, words, seed):
    """Writes a chat log of `turns` turns of `words` words."""
    draw = random.Random(seed)
    with open(path, "w", encoding="utf-8") as out:
        for i in range(turns):
            text = " ".join(f"w{draw.randrange(200) * draw.randrange(200)}" for _ in range(words))
            said_at = f"20{i // 100000 % 20 + 5:02}-{i // 3000 % 12 + 1:02}-{i // 120 % 28 + 1:02}T{i // 5 % 24:02}:{i % 60:02}"
            turn = {"id": str(i), "conversation": "c", "session": f"s{i // 20}", "speaker": "Ann" if i % 2 else "Bo"}
            out.write(json.dumps({**turn, "said_at": said_at, "text": text}) + "\n")


def run(folder, *args):
    """Runs a command; gives its JSON, seconds and peak memory in MB."""
    env = {**os.environ, "KITHKIN_STORE": os.path.join(folder, "kithkin.db"), "KITHKIN_EMBEDDER": "none"}
    start = time.perf_counter()
    process = subprocess.Popen([BINARY, *args, "--json"], env=env, stdout=subprocess.PIPE)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"{args[0]} failed with status {status}")
    return json.loads(out), seconds, usage.ru_maxrss / 1024


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as folder:
        small, large = os.path.join(folder, "small.jsonl"), os.path.join(folder, "large.jsonl")
        lines(small, 100_000, 25, 1)
        lines(large, 1_200_000, 25, 2)
        run(folder, "init")
        report, _, memory = run(folder, "import", small, "--person", "p")
        rate = report["turns"] / report["seconds"]
        print(f"import of {report['turns']} turns, durable: {rate:.0f} turns/s, {memory:.0f} MB resident")
        ask = ("recall", "--person", "p", "What was said of w77 and w9000?", "--method", "bm25")
        seconds = sorted(run(folder, *ask)[1] for _ in range(5))[2]
        print(f"first recall of a person of 100000 turns, whole process: {seconds * 1000:.0f} ms")
        size = os.path.getsize(large) / 1e6
        report, seconds, memory = run(folder, "import", large, "--person", "q")
        print(f"import of a file of {size:.0f} MB ({report['turns']} turns): {seconds:.1f} s, {memory:.0f} MB resident")


if __name__ == "__main__":
    main()
