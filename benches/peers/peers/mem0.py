"""mem0 with `infer=False`: each message is kept as it is. Its vectors are in Qdrant's local mode, its history in SQLite.

A language model has to be named, and is never asked. Without the models that spaCy and fastembed would fetch from a hub, its
search by words and entities is off, as it is after a plain installation.
"""

import logging

from mem0 import Memory
from mem0.embeddings.base import EmbeddingBase

from peers.base import Base

logging.disable(logging.WARNING)


class Vectors(EmbeddingBase):
    """The vectors of the run."""

    def __init__(self, embed):
        self.of = embed

    def embed(self, text, memory_action=None):
        return self.of([text])[0].tolist()


class Peer(Base):
    packages = ("mem0ai", "qdrant-client")
    takes_function = False
    note = "infer=False, Qdrant in local mode on disk; a message a call, since metadata belong to a call"

    def __init__(self, folder, embed, weights):
        super().__init__(folder, embed, weights)
        own = {"provider": "huggingface", "config": {"model": str(weights), "embedding_dims": 384}}
        given = {"provider": "openai", "config": {"api_key": "none"}}
        store = {"collection_name": "turns", "path": str(self.folder / "qdrant"), "on_disk": True, "embedding_model_dims": 384}
        self.memory = Memory.from_config(
            {
                "vector_store": {"provider": "qdrant", "config": store},
                "llm": {"provider": "openai", "config": {"api_key": "none"}},
                "embedder": given if weights is None else own,
                "history_db_path": str(self.folder / "history.db"),
            }
        )
        if weights is None:
            self.memory.embedding_model = Vectors(embed)

    def ingest(self, turns):
        for turn in turns:
            self.memory.add(turn["line"], user_id=turn["person"], metadata={"turn": turn["id"]}, infer=False)

    def recall(self, person, question, k):
        found = self.memory.search(question, filters={"user_id": person}, top_k=k)["results"]
        return [memory["metadata"]["turn"] for memory in found]

    def erase(self, turn):
        found = self.memory.get_all(filters={"user_id": turn["person"], "turn": turn["id"]})["results"]
        for memory in found:
            self.memory.delete(memory["id"])

    def close(self):
        self.memory.vector_store.client.close()
        self.memory.close()
