#!/usr/bin/env python3
"""Makes the store file of an old schema: the migrations up to it, and the rows of a newer store that it has tables for.

Usage: make.py VERSION NEWER.db OLD.db. README.md says how the newer store was made. What was made once is never made again.
"""

import pathlib
import sqlite3
import sys

MIGRATIONS = sorted((pathlib.Path(__file__).parents[2] / "migrations").glob("*.sql"))

# What the commands of README.md do not write: a memory with its source and its mark, and vectors of both kinds.
DERIVED = """
INSERT INTO space (id, name) VALUES (1, 'v') ON CONFLICT DO NOTHING;
INSERT INTO derivation (id, name) VALUES (1, 'd');
INSERT INTO memory SELECT tenant, person, 1, 1, conversation, session, 'window', said_at, '[1]', 'about ' || text
  FROM turn WHERE seq = 1;
INSERT INTO memory_source SELECT tenant, person, 1, 1 FROM turn WHERE seq = 1;
INSERT INTO derived_session SELECT tenant, person, conversation, session, 1, 3 FROM turn WHERE seq = 1;
INSERT INTO vector SELECT tenant, person, 1, 0, 1, x'0000803f000000bf' FROM turn WHERE seq = 1;
INSERT INTO vector SELECT tenant, person, 1, 1, 1, x'0000003f0000003f' FROM turn WHERE seq = 1;
UPDATE person SET last_memory = 1;
"""
DISCLOSURE = "INSERT INTO disclosure SELECT tenant, person, 1, 5, 'reply', 'm', 1, 2, 3, '[1,2]' FROM person;"


def main() -> None:
    version, newer, old = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    store = sqlite3.connect(old, isolation_level=None)
    store.execute("PRAGMA page_size = 8192")
    for migration in MIGRATIONS[:version]:
        store.executescript(migration.read_text())
    store.execute(f"PRAGMA application_id = {0x4B697468}")
    store.execute(f"PRAGMA user_version = {version}")
    store.execute("ATTACH ? AS newer", (newer,))
    for (table,) in store.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'").fetchall():
        if table != "meta":
            store.execute(f"INSERT INTO main.{table} SELECT * FROM newer.{table}")
    store.execute("DETACH newer")
    store.executescript(DERIVED)
    if version >= 4:
        store.execute(DISCLOSURE)
    store.execute("PRAGMA journal_mode = WAL")
    store.close()


main()
