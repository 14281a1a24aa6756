"""memvid: a file a person, with the words and the given vectors of its documents."""

import memvid_sdk
from memvid_sdk.embeddings import EmbeddingProvider

from peers.base import Base, by_person


class Vectors(EmbeddingProvider):
    """The vectors of the run."""

    def __init__(self, embed):
        self.of = embed

    dimension = 384
    model_name = "all-MiniLM-L6-v2"
    provider = "local"

    def embed_documents(self, texts):
        return self.of(list(texts)).tolist()

    def embed_query(self, text):
        return self.of([text])[0].tolist()


class Peer(Base):
    # So few, that a run that does not end in time can be left.
    batch = 25
    packages = ("memvid-sdk",)
    note = "a file a person, put_many with embeddings, search by vector; a removed frame stays in the file by its documentation"

    def __init__(self, folder, embed, weights):
        super().__init__(folder, embed, weights)
        self.open = {}

    def of(self, person):
        if person not in self.open:
            path = self.folder / f"{person}.mv2"
            self.close()
            memory = memvid_sdk.use("basic", str(path)) if path.exists() else memvid_sdk.create(str(path))
            memory.enable_vec()
            self.open[person] = memory
        return self.open[person]

    def ingest(self, turns):
        for person, said in by_person(turns):
            texts = [turn["line"] for turn in said]
            documents = [{"title": t["id"], "label": "turn", "text": t["line"], "uri": f"mv2://turns/{t['id']}"} for t in said]
            self.of(person).put_many(documents, embeddings=self.embed(texts).tolist())

    def recall(self, person, question, k):
        found = self.of(person).find(question, k=k, mode="sem", query_embedding=self.embed([question])[0].tolist())
        return [hit["uri"].rsplit("/", 1)[1] for hit in found["hits"]]

    def erase(self, turn):
        memory = self.of(turn["person"])
        memory.remove(memory.frame(f"mv2://turns/{turn['id']}")["id"])

    def close(self):
        for memory in self.open.values():
            memory.close()
        self.open.clear()
