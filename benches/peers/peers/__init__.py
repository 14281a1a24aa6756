"""The peers, a file each, in the order of the table."""

import importlib

NAMES = {
    "kithkin": "Kithkin",
    "mem0": "mem0",
    "chroma": "Chroma",
    "txtai": "txtai",
    "langgraph_sqlite": "LangGraph SQLite",
    "langgraph_postgres": "LangGraph PostgreSQL",
    "memvid": "memvid",
    "fts5": "SQLite FTS5",
    "context": "full context",
}
"""The module of each, and what it is called."""

COMPARED = ("mem0", "chroma", "txtai", "langgraph_sqlite", "langgraph_postgres")
"""Those that the aims name: they keep words and vectors, and are of the kind that Kithkin is."""


def peer(name):
    """The class of this peer. Its library is loaded here."""
    return importlib.import_module(f"peers.{name}").Peer
