"""What a large SQLite store costs: opening it, recalls beside those of a small store, and a backup while it is written.

    python3 scripts/bench_large.py target/release/kithkin [--persons 100000] [--turns 100] [--folder /tmp]

It fills a store through one `kithkin serve` without an embedder, each person with so many turns of some 25 words, and beside it
a store of ten persons. Then it times the command as a whole process on either, recalls by words over HTTP on either by turns,
and `kithkin store backup` while turns come in. The folder needs room for two and a half times the store.
"""

import argparse
import http.client
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time

WORDS = "the a kettle on shelf green was put by me and then it rained in Oslo while we walked to work again slowly".split()
SMALL = 10
ENVIRONMENT = {**os.environ, "KITHKIN_EMBEDDER": "none"}


def text(draw):
    return " ".join(draw.choices(WORDS, k=25)) + f" {draw.randrange(10**9)}"


class Service:
    """`kithkin serve` on a store, until the end of a `with`."""

    def __init__(self, kithkin, store, port):
        self.command, self.port = [kithkin, "--store", store, "serve", "--listen", f"127.0.0.1:{port}", "--log", "error"], port

    def __enter__(self):
        self.process = subprocess.Popen(self.command, env=ENVIRONMENT, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                Client(self.port).call("GET", "/livez")
                return self
            except OSError:
                time.sleep(0.05)
        sys.exit("a service did not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Client:
    """A kept connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def call(self, method, path, body=None):
        self.connection.request(method, path, json.dumps(body) if body else None, {"content-type": "application/json"} if body else {})
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise OSError(f"{method} {path}: {answer.status} {content[:200]!r}")
        return json.loads(content) if content.startswith(b"{") else None

    def remember(self, person, turns):
        self.call("POST", f"/v1/persons/{person}/turns", {"turns": turns})

    def recall(self, person, question):
        return self.call("POST", f"/v1/persons/{person}/recall", {"question": question, "method": "bm25"})


def fill(kithkin, store, persons, turns, port):
    subprocess.run([kithkin, "--store", store, "init"], check=True, stdout=subprocess.DEVNULL)

    def work(part):
        draw, client = random.Random(part), Client(port)
        for n in range(part, persons, 4):
            client.remember(f"p{n}", [{"text": text(draw)} for _ in range(turns)])

    with Service(kithkin, store, port):
        start = time.perf_counter()
        threads = [threading.Thread(target=work, args=(part,)) for part in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - start
    count, size = persons * turns, os.path.getsize(store)
    print(f"{count:,} turns of {persons:,} persons: filled in {took:.0f} s ({count / took:,.0f} turns/s), {size / count:.0f} bytes a turn, {size / 1e9:.2f} GB", flush=True)


def opened(kithkin, stores, rounds=9):
    """The command as a whole process, which opens the store, loads a person and answers."""
    times = {name: [] for name in stores}
    for number in range(rounds):
        for name, (store, persons) in stores.items():
            person = f"p{number * 7919 % persons}"
            ask = [kithkin, "--store", store, "recall", "--person", person, "--method", "bm25", "green kettle"]
            start = time.perf_counter()
            subprocess.run(ask, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
            times[name].append(time.perf_counter() - start)
    for name, seconds in times.items():
        print(f"{name}: opened, a person loaded and asked by one command: p50 {statistics.median(seconds) * 1e3:.1f} ms, at most {max(seconds) * 1e3:.1f} ms")


def recalls(ports, persons, count=1_000):
    draw, clients = random.Random(5), {name: Client(port) for name, port in ports.items()}
    warm, first = {name: [] for name in ports}, {name: [] for name in ports}

    def ask(name, person):
        start = time.perf_counter()
        assert clients[name].recall(person, "green kettle in Oslo " + draw.choice(WORDS))["evidence"]
        return time.perf_counter() - start

    for number in range(SMALL):
        for name in ports:
            first[name].append(ask(name, f"p{number * 9973 % persons[name]}"))
    for number in range(count):
        for name in ports:
            warm[name].append(ask(name, f"p{number % SMALL * 9973 % persons[name]}"))
    for name in ports:
        print(f"{name}: recall p50 {statistics.median(warm[name]) * 1e3:.2f} ms; the first of a person p50 {statistics.median(first[name]) * 1e3:.1f} ms")
    print(f"large beside small: {statistics.median(warm['large']) / statistics.median(warm['small']):.2f} times")


def backed_up(kithkin, store, file, port):
    """A backup while turns come in one by one, all the time."""
    stop, waits = threading.Event(), []

    def write():
        draw, client = random.Random(9), Client(port)
        while not stop.is_set():
            start = time.perf_counter()
            client.remember(f"p{draw.randrange(SMALL)}", [{"text": text(draw)}])
            waits.append(time.perf_counter() - start)

    writer = threading.Thread(target=write)
    writer.start()
    start = time.perf_counter()
    made = subprocess.run([kithkin, "--store", store, "store", "backup", file], env=ENVIRONMENT, capture_output=True, text=True)
    took = time.perf_counter() - start
    stop.set()
    writer.join()
    if made.returncode:
        sys.exit(made.stderr)
    print(f"backup while it is written: {took:.0f} s, {os.path.getsize(file) / 1e9:.2f} GB; {len(waits):,} turns came in meanwhile, each after p50 {statistics.median(waits) * 1e3:.1f} ms, at most {max(waits) * 1e3:.0f} ms")


def main():
    parse = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parse.add_argument("kithkin")
    parse.add_argument("--persons", type=int, default=100_000)
    parse.add_argument("--turns", type=int, default=100)
    parse.add_argument("--folder", type=pathlib.Path, default=None)
    given = parse.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        large, small = os.path.join(folder, "large.db"), os.path.join(folder, "small.db")
        fill(given.kithkin, small, SMALL, given.turns, 7727)
        fill(given.kithkin, large, given.persons, given.turns, 7727)
        opened(given.kithkin, {"small": (small, SMALL), "large": (large, given.persons)})
        with Service(given.kithkin, small, 7727), Service(given.kithkin, large, 7728):
            recalls({"small": 7727, "large": 7728}, {"small": SMALL, "large": given.persons})
            backed_up(given.kithkin, large, os.path.join(folder, "large.backup"), 7728)


main()
