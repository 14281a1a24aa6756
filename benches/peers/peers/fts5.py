"""SQLite's full-text index from Python, which compares words alone: the least that one would do."""

import re
import sqlite3

from peers.base import Base


class Peer(Base):
    embeds = False
    note = "words alone, BM25 over all persons' turns; a batch is one transaction, with SQLite's defaults"

    def __init__(self, folder, embed, weights):
        super().__init__(folder, embed, weights)
        self.db = sqlite3.connect(self.folder / "turns.db")
        self.db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS turns USING fts5(line, person UNINDEXED, id UNINDEXED, tokenize = 'porter unicode61')")

    def ingest(self, turns):
        with self.db:
            self.db.executemany("INSERT INTO turns (line, person, id) VALUES (?, ?, ?)", [(turn["line"], turn["person"], turn["id"]) for turn in turns])

    def recall(self, person, question, k):
        words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", question))
        found = self.db.execute("SELECT id FROM turns WHERE turns MATCH ? AND person = ? ORDER BY rank LIMIT ?", (words, person, k))
        return [row[0] for row in found]

    def erase(self, turn):
        with self.db:
            self.db.execute("DELETE FROM turns WHERE person = ? AND id = ?", (turn["person"], turn["id"]))

    def close(self):
        self.db.close()
