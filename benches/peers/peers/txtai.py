"""txtai: an embeddings database with its content, one for each person, since its filters come after its search.

What is indexed is in memory until it is saved; it is saved at the end of what is taken at once. Databases that were used last
stay open.
"""

import collections
import itertools
import logging
import os

from txtai import Embeddings

from peers.base import Base

logging.disable(logging.WARNING)
OPEN = 128
held = {}


def given(texts):
    """The vectors of the run."""
    return held["embed"](texts)


class Peer(Base):
    packages = ("txtai", "faiss-cpu")
    takes_function = False
    note = "content on, Faiss, one index a person, as its filters come after its search; durable when saved, which a single turn does not wait for"

    def __init__(self, folder, embed, weights):
        super().__init__(folder, embed, weights)
        self.config = {"content": True}
        if weights is None:
            # A function is named, so that an index that is read again finds it.
            os.environ["ALLOW_RESOLVE_TRANSFORM"] = "1"
            held["embed"] = embed
            self.config.update(method="external", transform="peers.txtai.given")
        else:
            self.config.update(path=str(weights))
        self.models = {}
        self.open = collections.OrderedDict()

    def of(self, person):
        if person in self.open:
            self.open.move_to_end(person)
            return self.open[person]
        index, path = Embeddings(dict(self.config), models=self.models), self.folder / person
        if path.exists():
            index.load(str(path))
        self.open[person] = index
        if len(self.open) > OPEN:
            self.put_away(*self.open.popitem(last=False))
        return index

    def put_away(self, person, index):
        index.save(str(self.folder / person))
        index.close()

    def ingest_all(self, batches):
        turns = itertools.chain.from_iterable(batches)
        for person, said in itertools.groupby(turns, key=lambda turn: turn["person"]):
            self.of(person).index(self.document(turn) for turn in said)
        self.flush()

    def ingest(self, turns):
        for turn in turns:
            self.of(turn["person"]).upsert([self.document(turn)])

    def document(self, turn):
        return (turn["id"], turn["line"], None)

    def flush(self):
        for person, index in self.open.items():
            index.save(str(self.folder / person))

    def recall(self, person, question, k):
        return [found["id"] for found in self.of(person).search(question, k)]

    def erase(self, turn):
        index = self.of(turn["person"])
        index.delete([turn["id"]])
        index.save(str(self.folder / turn["person"]))

    def close(self):
        while self.open:
            self.put_away(*self.open.popitem())
