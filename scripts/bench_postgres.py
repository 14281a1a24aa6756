"""What a store in PostgreSQL takes and gives: two services on one database of their own, on this machine.

    python3 scripts/bench_postgres.py target/release/kithkin [--seconds 10] [--kills 100] [--persons 10000]

It starts Debian's PostgreSQL 15 with its default settings in a temporary folder, on a socket, with `fsync` on, and two
`kithkin serve` without an embedder; then it measures turns remembered in batches and one by one, the time until a turn that
one node has taken is in recall on the other, recalls with few and with many persons, bytes a turn and a memory, and, killing a
node again and again while clients write, whether a turn that was acknowledged is lost or doubled.
"""

import argparse
import http.client
import itertools
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")
PORTS = (7724, 7725)
METHOD = "secom-bm25"
WORDS = "the a kettle on shelf green was put by me and then it rained in Oslo while we walked to work again slowly".split()


def text(draw, length=25):
    return " ".join(draw.choices(WORDS, k=length)) + f" {draw.randrange(10**9)}"


class Cluster:
    """A server in a folder of its own."""

    def __init__(self, folder):
        if not (PROGRAMS / "postgres").exists():
            sys.exit(f"{PROGRAMS} has no postgres: apt-get install postgresql-15")
        self.folder = pathlib.Path(folder)
        self.folder.chmod(0o777)
        self.data = self.folder / "data"
        self.run("initdb", "--auth=trust", "--username=admin", "--encoding=UTF8", "--locale=C.UTF-8", "-D", self.data)
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as settings:
            settings.write(f"\nlisten_addresses = ''\nunix_socket_directories = '{folder}'\n")
        self.run("pg_ctl", "start", "-w", "-D", self.data, "-l", self.folder / "log")
        self.sql("postgres", "CREATE ROLE kithkin LOGIN; ")
        self.sql("postgres", "CREATE DATABASE kithkin OWNER kithkin")
        self.address = "postgres://kithkin@" + str(folder).replace("/", "%2F") + "/kithkin"

    def run(self, program, *arguments):
        command = [str(PROGRAMS / program), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        # The server keeps what it inherits, so nothing of this process is given to it.
        done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if program == "psql" else subprocess.DEVNULL, text=True)
        if done.returncode:
            sys.exit(f"{program} failed")
        return (done.stdout or "").strip()

    def sql(self, database, query):
        return self.run("psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-U", "admin", "-h", self.folder, "-c", query, database)

    def stop(self):
        self.run("pg_ctl", "stop", "-m", "fast", "-D", self.data)


class Node:
    """A running service."""

    def __init__(self, kithkin, address, port):
        self.command = [kithkin, "serve", "--listen", f"127.0.0.1:{port}", "--log", "error"]
        self.environment = {**os.environ, "KITHKIN_STORE": address, "KITHKIN_EMBEDDER": "none"}
        self.port = port
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, env=self.environment, stderr=subprocess.DEVNULL)
        for _ in range(300):
            try:
                return Client(self.port).call("GET", "/livez")
            except OSError:
                time.sleep(0.05)
        sys.exit("a service did not start")

    def kill(self):
        self.process.kill()
        self.process.wait()


class Client:
    """A kept connection."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, method, path, body=None):
        headers = {"content-type": "application/json"} if body else {}
        self.connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status >= 400:
            raise OSError(f"{method} {path}: {answer.status} {content[:200]!r}")
        return json.loads(content) if content.startswith(b"{") else None

    def remember(self, person, turns):
        return self.call("POST", f"/v1/persons/{person}/turns", {"turns": turns})

    def recall(self, person, question):
        return self.call("POST", f"/v1/persons/{person}/recall", {"question": question, "method": "bm25"})


def side_by_side(count, seconds, work):
    """Calls `work(number, client)` again and again from so many threads; gives what they returned, and the time."""
    done, started, end = [], time.perf_counter(), time.perf_counter() + seconds

    def loop(number):
        client = Client(PORTS[number % 2])
        while time.perf_counter() < end:
            done.append(work(number, client))

    threads = [threading.Thread(target=loop, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done, time.perf_counter() - started


def batches(seconds):
    draws = [random.Random(n) for n in range(4)]

    def one(number, client):
        turns = [{"text": text(draws[number])} for _ in range(500)]
        client.remember(f"batch{number}-{draws[number].randrange(20)}", turns)
        return len(turns)

    done, took = side_by_side(4, seconds, one)
    print(f"in batches of 500, 4 clients, 2 nodes: {sum(done) / took:,.0f} turns/s")


def singles(seconds):
    draws = [random.Random(n) for n in range(16)]

    def one(number, client):
        start = time.perf_counter()
        client.remember(f"single{number}", [{"text": text(draws[number])}])
        return time.perf_counter() - start

    done, took = side_by_side(16, seconds, one)
    p50, p99 = statistics.median(done) * 1e3, sorted(done)[int(len(done) * 0.99)] * 1e3
    print(f"one by one, 16 clients, 2 nodes: {len(done) / took:,.0f} turns/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms")


def across():
    one, other, delays = Client(PORTS[0]), Client(PORTS[1]), []
    for number in range(50):
        one.remember("across", [{"text": f"the word is needle{number}"}])
        start = time.perf_counter()
        while not other.recall("across", f"needle{number}")["evidence"]:
            pass
        delays.append(time.perf_counter() - start)
    print(f"in recall on the other node after: p50 {statistics.median(delays) * 1e3:.1f} ms, at most {max(delays) * 1e3:.1f} ms, the recall included")


def recalls(persons, seconds=3):
    """The median of a recall among so many persons of 100 turns each, after the first of each person."""
    draw, client, names = random.Random(7), Client(PORTS[0]), [f"p{n}" for n in range(10)]
    times, first = [], []
    for name in names:
        start = time.perf_counter()
        client.recall(name, "green kettle in Oslo")
        first.append(time.perf_counter() - start)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        client.recall(draw.choice(names), "green kettle in Oslo " + draw.choice(WORDS))
        times.append(time.perf_counter() - start)
    print(f"recall among {persons:,} persons of 100 turns: p50 {statistics.median(times) * 1e3:.2f} ms; the first of a person {statistics.median(first) * 1e3:.1f} ms")


def fill(start, end):
    draw = random.Random(3)

    def work(chunk):
        client = Client(PORTS[chunk % 2])
        for n in range(start + chunk, end, 4):
            client.remember(f"p{n}", [{"text": text(draw)} for _ in range(100)])

    threads = [threading.Thread(target=work, args=(chunk,)) for chunk in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def memories(kithkin, cluster, persons):
    """Bytes of a memory with its links, marks and all their indexes, of so many persons of 100 turns."""
    tables = "relkind = 'r' AND relnamespace = 'kithkin'::regnamespace AND relname ~ '^(memory|memory_source|derived_session)_[0-9]+$'"
    size = f"SELECT SUM(pg_total_relation_size(oid)) FROM pg_class WHERE {tables}"
    before = int(cluster.sql("kithkin", size))
    environment = {**os.environ, "KITHKIN_STORE": cluster.address, "KITHKIN_EMBEDDER": "none"}
    for number in range(persons):
        command = [kithkin, "rebuild", "--person", f"p{number}", "--method", METHOD]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    grown = int(cluster.sql("kithkin", size)) - before
    numbers = cluster.sql("kithkin", "SELECT COUNT(*), AVG(length(text)), AVG(cardinality(sources)) FROM kithkin.memory")
    count, text, sources = map(float, numbers.split("|"))
    print(f"{grown / count:,.0f} bytes a memory of {text:.0f} bytes of text and {sources:.1f} sources, without vectors, {count:,.0f} memories of {METHOD}")


def killed(nodes, kills):
    """Clients write to both nodes while one of them is killed again and again."""
    acknowledged, stop, lock = set(), threading.Event(), threading.Lock()

    def write(number):
        client = None
        for count in itertools.count():
            if stop.is_set():
                return
            # With its time, so that it is the same turn when it is said again.
            turn = {"id": f"{number}-{count}", "conversation": "c", "said_at": "2026-01-01", "text": f"said {number}-{count}"}
            while not stop.is_set():
                try:
                    client = client or Client(PORTS[(number + count) % 2])
                    client.remember("killed", [turn])
                    with lock:
                        acknowledged.add(turn["id"])
                    break
                except (OSError, http.client.HTTPException):
                    client = None  # It is said again, to whichever node answers.
                    time.sleep(0.01)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for kill in range(kills):
        time.sleep(random.uniform(0.05, 0.2))
        node = nodes[kill % 2]
        node.kill()
        node.start()
    stop.set()
    for thread in threads:
        thread.join()
    client, seen, cursor = Client(PORTS[0]), [], ""
    while cursor is not None:
        page = client.call("GET", f"/v1/persons/killed/turns?limit=1000{cursor}")
        seen += [turn["turn"] for turn in page["turns"]]
        cursor = f"&cursor={page['next']}" if page.get("next") else None
    lost, doubled = acknowledged - set(seen), len(seen) - len(set(seen))
    print(f"after {kills} kills of a node: {len(acknowledged):,} turns acknowledged, {len(lost)} lost, {doubled} doubled")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kithkin")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--persons", type=int, default=10_000)
    args = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="kithkin-pg", dir="/tmp")
    cluster, nodes = Cluster(folder), []
    try:
        subprocess.run([args.kithkin, "init"], env={**os.environ, "KITHKIN_STORE": cluster.address}, check=True, stdout=subprocess.DEVNULL)
        nodes = [Node(args.kithkin, cluster.address, port) for port in PORTS]
        print(f"{cluster.sql('postgres', 'SHOW server_version')}; load average {os.getloadavg()[0]:.1f} before")
        batches(args.seconds)
        singles(args.seconds)
        across()
        fill(0, 10)
        recalls(10)
        fill(10, args.persons)
        recalls(args.persons)
        turns = int(cluster.sql("kithkin", "SELECT COUNT(*) FROM kithkin.turn"))
        size = int(cluster.sql("kithkin", "SELECT SUM(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'kithkin'::regnamespace"))
        print(f"{size / turns:,.0f} bytes a turn of 25 words, without vectors, {turns:,} turns")
        memories(args.kithkin, cluster, min(args.persons, 500))
        if args.kills:
            killed(nodes, args.kills)
    finally:
        for node in nodes:
            node.kill()
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
