"""LangGraph's SQLite store: a namespace a person, its vectors in sqlite-vec."""

from langgraph.store.base import PutOp
from langgraph.store.sqlite import SqliteStore

from peers.base import Base


def put(turn):
    return PutOp(namespace=("memories", turn["person"]), key=turn["id"], value={"text": turn["line"]})


class Peer(Base):
    packages = ("langgraph-checkpoint-sqlite", "sqlite-vec")
    note = "a namespace a person; a batch is one call"

    def __init__(self, folder, embed, weights):
        super().__init__(folder, embed, weights)
        # This version reads `text_fields`, where its documentation has `fields`; without it all of the value would be embedded.
        index = {"dims": 384, "embed": lambda texts: embed(texts).tolist(), "fields": ["text"], "text_fields": ["text"]}
        self.context = SqliteStore.from_conn_string(str(self.folder / "store.db"), index=index)
        self.store = self.context.__enter__()
        self.store.setup()

    def ingest(self, turns):
        self.store.batch([put(turn) for turn in turns])

    def recall(self, person, question, k):
        return [item.key for item in self.store.search(("memories", person), query=question, limit=k)]

    def erase(self, turn):
        self.store.delete(("memories", turn["person"]), turn["id"])

    def close(self):
        self.context.__exit__(None, None, None)
