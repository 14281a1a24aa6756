"""A process that holds one peer, and does what it is told line by line: worker.py PEER given|own WEIGHTS

A line is a JSON object whose `do` names a function below; each is answered by one line. What libraries print goes to the
standard error. Reading the turns and looking up their vectors is left out of every time.
"""

import importlib.metadata
import json
import os
import pathlib
import struct
import sys
import tempfile
import time
import traceback

import numpy

import workload
from embedding import Given, Own
from peers import peer

WAIT = 10.0
"""Seconds that a new turn is waited for."""


class Worker:
    def __init__(self, name, mode, weights):
        self.kind = peer(name)
        self.given = Given() if mode == "given" else None
        self.weights = None if self.given else pathlib.Path(weights)
        own = self.kind.embeds and self.kind.takes_function
        self.embedder = self.given or (Own(self.weights) if own else None)
        self.peer = None

    def about(self):
        """What is used of which version. An empty store is opened first, so that what libraries load then is in no time."""
        with tempfile.TemporaryDirectory() as folder:
            self.kind(folder, self.embedder.embed if self.embedder else None, self.weights).close()
        versions = {package: importlib.metadata.version(package) for package in self.kind.packages}
        return {"versions": versions, "note": self.kind.note, "embeds": self.kind.embeds, "ranks": self.kind.ranks, "resident": resident([])}

    def open(self, folder, cell):
        """Opens the store, and takes the vectors of all that will be asked in the cell."""
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        if self.given:
            asked = json.loads(pathlib.Path(cell, "asked.json").read_text(encoding="utf-8"))
            self.given.keep(asked, numpy.load(pathlib.Path(cell, "asked.npy")))
        start = time.perf_counter()
        self.peer = self.kind(folder, self.embedder.embed if self.embedder else None, self.weights)
        return {"seconds": time.perf_counter() - start}

    def ingest(self, cell, turns, budget):
        """Takes all turns of the cell, or what it can within the budget of seconds.

        It ends early when after a quarter of the budget twice the budget would not do.
        """
        start, aside, taken, whole = time.perf_counter(), 0.0, 0, False
        worked, reading = self.processor(), 0.0

        def batches():
            nonlocal aside, reading, taken, whole
            source = workload.batches(pathlib.Path(cell), self.kind.batch, self.kind.form, self.given)
            while True:
                paused, read = time.perf_counter(), time.process_time()
                used = paused - start - aside
                hopeless = used > budget / 4 and used * turns > 2 * budget * taken
                batch = None if used > budget or hopeless else next(source, ())
                aside += time.perf_counter() - paused
                reading += time.process_time() - read
                if not batch:
                    whole = batch is not None
                    return
                yield batch
                taken += len(batch)

        self.peer.ingest_all(batches())
        seconds = time.perf_counter() - start - aside
        return {"turns": taken, "seconds": seconds, "processor": self.processor() - worked - reading, "whole": whole}

    def recall(self, questions, k, budget):
        """Asks questions until the budget is used up; at least one."""
        times, found, start, worked = [], [], time.perf_counter(), self.processor()
        for asked in questions:
            before = time.perf_counter()
            ids = self.peer.recall(asked["person"], asked["question"], k)
            times.append(time.perf_counter() - before)
            found.append(ids)
            if time.perf_counter() - start > budget:
                break
        return {"seconds": times, "found": found, "processor": self.processor() - worked}

    def say(self, turn, k):
        """Writes one turn, and asks for its words until it is found. Both times count from the start of the write."""
        start = time.perf_counter()
        self.peer.ingest([turn])
        written = time.perf_counter() - start
        while turn["id"] not in self.peer.recall(turn["person"], turn[self.kind.form], k):
            if time.perf_counter() - start > WAIT:
                return {"written": written, "found": None}
        return {"written": written, "found": time.perf_counter() - start}

    def processor(self):
        """Seconds that the processors worked so far, for this process and the store's others."""
        return time.process_time() + sum(worked(pid) for beside in self.peer.processes() for pid in family(beside))

    def resident(self):
        return {"resident": resident(self.peer.processes())}

    def erase(self, cell):
        """Erases the canary; counts the files that have its words or its vector before, and after the store was closed."""
        turns = workload.read(pathlib.Path(cell, "turns.jsonl"))
        place = next(n for n, turn in enumerate(turns) if turn["id"] == workload.CANARY)
        words = turns[place]["text"].removeprefix("My passphrase is ").encode()
        row = numpy.load(pathlib.Path(cell, f"turns.{self.kind.form}.npy"), mmap_mode="r")[place]
        # Numbers of 2, 4 and 8 bytes, and those of 8 as pickle writes them.
        vectors = [numpy.array(row[40:60], dtype=kind).tobytes() for kind in ("<f2", "<f4", "<f8")]
        pickled = b"".join(b"G" + struct.pack(">d", number) for number in row[40:44].tolist())
        forms = {"words": [words], "vector": [*vectors, pickled]}
        before = self.holding(forms)
        start = time.perf_counter()
        self.peer.erase(turns[place])
        seconds = time.perf_counter() - start
        self.peer.close()
        after = self.holding(forms)
        self.peer = None
        return {"seconds": seconds, "before": before, "after": after}

    def holding(self, forms):
        contents = [path.read_bytes() for path in self.peer.files()]
        return {form: sum(content.count(one) for content in contents for one in what) for form, what in forms.items()}

    def close(self):
        self.peer.close()
        size, self.peer = self.peer.bytes(), None
        return {"bytes": size}


def resident(beside):
    """Bytes in memory of this process and of those beside it with their children; what several share counts once."""
    return sum(part(pid) for pid in [os.getpid(), *(below for pid in beside for below in family(pid))])


def family(pid):
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(below for child in children for below in family(int(child)))]


def worked(pid):
    """Seconds that the processors worked for a process, and for its children that have ended."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def part(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def main():
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = None
    for line in sys.stdin:
        told = json.loads(line)
        try:
            if worker is None:
                worker = Worker(*sys.argv[1:4])
            answer = getattr(worker, told.pop("do"))(**told)
        except Exception as error:  # Any failure of a library is a figure that is missing, and is told as such.
            traceback.print_exc()
            answer = {"failed": f"{type(error).__name__}: {error}"[:300]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
