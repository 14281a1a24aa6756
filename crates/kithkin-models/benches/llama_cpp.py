#!/usr/bin/env python3
"""How fast the chat model in this process is beside llama.cpp: same file, same prompts, same number of threads.

Never part of the build. It wants an environment of its own:

    python3 -m venv /tmp/llama && /tmp/llama/bin/pip install --only-binary :all: xllamacpp
    cargo bench --workspace --locked --bench generate --no-run     # prints the path of the binary
    /tmp/llama/bin/python crates/kithkin-models/benches/llama_cpp.py BINARY FILE.gguf [--rounds 5] [--threads 2]

Both take turns, round by round, so that a machine that is shared is shared by both; what is printed is the median of the
rounds. Kithkin's figures are those that the bench prints; llama.cpp's are its own timings: tokens a second while it decodes
128 tokens at temperature 0, and the time in which it reads what it has not kept of a prompt that it was given before. A
round of Kithkin's is the best of five, one of llama.cpp's as well.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys

TOKENS = 128
RUNS = 5
STORY = "Tell me a long story about a lighthouse, a storm and a dog."


def conversation():
    """The messages of the bench `generate`: 48 turns, and the request."""
    said = [
        f"On day {i} we walked to the market, and my sister bought a kettle." if i % 2 == 0 else "That sounds like a lovely day."
        for i in range(48)
    ]
    roles = ["user", "assistant"]
    return [{"role": roles[i % 2], "content": text} for i, text in enumerate([*said, STORY])]


def ask(server, messages, tokens):
    wanted = {"messages": messages, "max_tokens": tokens, "temperature": 0, "cache_prompt": True}
    answer = server.handle_chat_completions(wanted)
    if "timings" not in answer:
        sys.exit(f"llama.cpp gave no timings: {answer}")
    return answer["timings"]


def llama(server):
    """Tokens a second, and milliseconds to read a prompt of a thousand tokens that is kept."""
    alone = [{"role": "user", "content": STORY}]
    rate = max(ask(server, alone, TOKENS)["predicted_per_second"] for _ in range(RUNS))
    long = conversation()
    ask(server, long, 1)
    warm = [ask(server, long, 1) for _ in range(RUNS)]
    return rate, min(one["prompt_ms"] for one in warm)


def kithkin(binary, file, threads):
    """The same, as the bench prints it."""
    environment = {**os.environ, "KITHKIN_CHAT_FILE": file, "RAYON_NUM_THREADS": str(threads)}
    ran = subprocess.run([binary, "--bench"], env=environment, capture_output=True, text=True, check=True)
    rate = re.search(r"decode: ([\d.]+) tokens/s", ran.stdout)
    warm = re.search(r"tokens, kept: first token after (\d+) ms", ran.stdout)
    if not (rate and warm):
        sys.exit(f"the bench printed no figures: {ran.stdout}{ran.stderr}")
    return float(rate.group(1)), float(warm.group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", help="the built bench `generate`")
    parser.add_argument("file", help="the GGUF file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    try:
        import xllamacpp
    except ImportError:
        sys.exit("xllamacpp is not installed; the head of this script says how")
    params = xllamacpp.CommonParams()
    params.model.path = args.file
    params.n_ctx, params.n_parallel, params.verbosity = 4096, 1, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = args.threads
    server = xllamacpp.Server(params)
    ours, theirs = [], []
    for _ in range(args.rounds):
        ours.append(kithkin(args.binary, args.file, args.threads))
        theirs.append(llama(server))
    middle = lambda rounds, place: statistics.median(one[place] for one in rounds)
    rates = middle(ours, 0), middle(theirs, 0)
    print(f"{args.threads} threads, median of {args.rounds} rounds; load of the machine {os.getloadavg()[0]:.1f}")
    print(f"decode: kithkin {rates[0]:.1f}, llama.cpp {rates[1]:.1f} tokens/s: {100 * rates[0] / rates[1]:.0f} %")
    print(f"kept context of a thousand tokens: kithkin {middle(ours, 1):.0f} ms to the first token, "
          f"llama.cpp {middle(theirs, 1):.0f} ms to read the rest")


if __name__ == "__main__":
    main()
