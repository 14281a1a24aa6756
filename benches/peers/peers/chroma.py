"""Chroma's persistent client: one collection, the person as metadata."""

import chromadb
from chromadb.config import Settings
from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction

from peers.base import Base


class Peer(Base):
    packages = ("chromadb",)
    takes_function = False
    note = "one collection with cosine distance, the person in `where`; its default embedder has the same weights, but fetches them"

    def __init__(self, folder, embed, weights):
        super().__init__(folder, embed, weights)
        self.client = chromadb.PersistentClient(path=str(self.folder), settings=Settings(anonymized_telemetry=False))
        self.given = weights is None
        function = None if self.given else SentenceTransformerEmbeddingFunction(model_name=str(weights), device="cpu")
        self.collection = self.client.get_or_create_collection("turns", embedding_function=function, configuration={"hnsw": {"space": "cosine"}})

    def ingest(self, turns):
        texts = [turn["line"] for turn in turns]
        self.collection.add(
            ids=[f"{turn['person']}/{turn['id']}" for turn in turns],
            documents=texts,
            metadatas=[{"person": turn["person"], "turn": turn["id"]} for turn in turns],
            **({"embeddings": self.embed(texts)} if self.given else {}),
        )

    def recall(self, person, question, k):
        asked = {"query_embeddings": self.embed([question])} if self.given else {"query_texts": [question]}
        found = self.collection.query(**asked, n_results=k, where={"person": person})
        return [about["turn"] for about in found["metadatas"][0]]

    def erase(self, turn):
        self.collection.delete(ids=[f"{turn['person']}/{turn['id']}"])

    def close(self):
        self.client.close()
