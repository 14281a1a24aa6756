#!/usr/bin/env python3
"""Kithkin beside other memories and stores, in one run: run.py --data locomo10.json --out FOLDER

Never part of the build. It makes an environment of its own in target/peers (6.8 GB), wants the Python extension of a release
build and the weights of `make weights`, and asks nothing of a network once the environment is there:

    make weights && cargo build --release --locked -p kithkin-python
    python3 benches/peers/run.py --data locomo10.json --out target/peers/out

All peers get the same turns, questions and vectors (`given`), or embed by the same weights themselves (`own`). They take
turns, round by round, in an order that shifts, so that a machine that is shared is shared by all. Each is a process of its
own (`worker.py`); `cells.py` says what is measured in which order. FOLDER gets `peers.md`, `peers.tsv`, `peers.svg`, and
`raw.json` with every single time. What does not end within the budget of a cell is told as such.
"""

import argparse
import datetime
import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import environment


def main():
    from peers import NAMES

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True, help="LoCoMo's file of conversations, or its folder")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--peers", nargs="+", choices=list(NAMES), default=list(NAMES))
    parser.add_argument("--given", nargs="*", default=["locomo", "1x1000", "1x10000", "1x100000", "1x10", "100x10", "10000x10"], help="cells with given vectors, as persons x turns of each")
    parser.add_argument("--own", nargs="*", default=["1x1000"], help="cells in which each embeds for itself")
    parser.add_argument("--rounds", type=int, default=3, help="of taking all turns, up to 10,000 turns; of more, one")
    parser.add_argument("--questions", type=int, default=100, help="of each peer in a cell, in five rounds")
    parser.add_argument("--budget", type=float, default=60, help="seconds that a peer may use for all turns of a cell, and again for all questions")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    environment.ensure()
    sys.path.insert(0, str(environment.package()))
    # Only the environment has what these need.
    from cells import Run
    from report import deepest, write

    data = args.data / "locomo10.json" if args.data.is_dir() else args.data
    args.out.mkdir(parents=True, exist_ok=True)
    started = time.time()
    run = Run(data, args)
    about = {
        "command": f"python3 benches/peers/run.py --data locomo10.json {' '.join(sys.argv[1:]).replace(str(args.data), '').replace('--data', '').strip()}",
        "machine": environment.machine(),
        "date": datetime.date.today().isoformat(),
        "load_before": os.getloadavg()[0],
        "rounds": args.rounds,
        "questions": args.questions,
        "budget": args.budget,
        "peers": args.peers,
    }
    for mode in ("given", "own"):
        for name in getattr(args, mode):
            print(f"[{time.time() - started:5.0f} s] {mode} {name}", flush=True)
            run.cell(mode, name, told=name == deepest(getattr(args, mode)))
            about.update(load_after=os.getloadavg()[0], minutes=(time.time() - started) / 60, of_peers=run.about)
            (args.out / "raw.json").write_text(json.dumps({"about": about, "cells": run.cells}, indent=1), encoding="utf-8")
    run.end()
    write(about, run.cells, args.out)
    print((args.out / "peers.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
