"""Kithkin's Python package, in process."""

import os

import kithkin

from peers.base import Base, by_person


class Embedder:
    """The vectors of the run as an embedder of a program's own."""

    model = "given"
    dims = 384

    def __init__(self, embed):
        self.embed = embed


class Peer(Base):
    form = "text"
    takes_function = False
    note = "one file for all persons; a batch is one call, and one transaction"

    def __init__(self, folder, embed, weights):
        super().__init__(folder, embed, weights)
        embedder = Embedder(embed) if weights is None else "all-MiniLM-L6-v2"
        self.memory = kithkin.open(self.folder / "kithkin.db", create=True, embedder=embedder, models=os.environ.get("KITHKIN_MODELS"))

    def ingest(self, turns):
        for person, said in by_person(turns):
            plain = [{"id": t["id"], "conversation": "c", "session": t["session"], "speaker": t["speaker"], "at": t["at"], "text": t["text"]} for t in said]
            self.memory.person(person).remember_all(plain)

    def recall(self, person, question, k):
        found = self.memory.person(person).recall(question, limit=k)
        return [turn["turn"] for turn in found["evidence"]]

    def erase(self, turn):
        self.memory.person(turn["person"]).forget(turns=[turn["id"]])

    def close(self):
        self.memory.close()
