"""No memory at all: everything that a person said goes into the prompt. Recall is reading it; it finds all and ranks nothing."""

import json

from peers.base import Base, by_person


class Peer(Base):
    embeds = False
    ranks = False
    note = "a file of lines a person, read whole; what it costs is tokens"

    def path(self, person):
        return self.folder / f"{person}.jsonl"

    def ingest(self, turns):
        for person, said in by_person(turns):
            with open(self.path(person), "a", encoding="utf-8") as file:
                file.writelines(json.dumps({"id": turn["id"], "line": turn["line"]}) + "\n" for turn in said)

    def read(self, person):
        return [json.loads(line) for line in self.path(person).read_text(encoding="utf-8").splitlines()]

    def recall(self, person, question, k):
        said = self.read(person)
        prompt = "\n".join(turn["line"] for turn in said)
        return [turn["id"] for turn in said] if prompt else []

    def erase(self, turn):
        kept = [one for one in self.read(turn["person"]) if one["id"] != turn["id"]]
        self.path(turn["person"]).write_text("".join(json.dumps(one) + "\n" for one in kept), encoding="utf-8")
