"""The line to a worker: a request, an answer, and an end to a worker that does not answer in time."""

import json
import os
import pathlib
import select
import signal
import subprocess
import time

import environment

HERE = pathlib.Path(__file__).parent


class Link:
    """A worker that holds one peer. A failure or a silence is an answer as well, with `failed` or `late` in it."""

    def __init__(self, name, mode, weights, log):
        self.name = name
        self.folder = None
        command = [environment.PYTHON, str(HERE / "worker.py"), name, mode, str(weights)]
        self.log = open(log, "ab")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, env=environment.of_worker(), cwd=HERE)

    def __call__(self, do, patience, **told):
        """The answer, waited for so many seconds."""
        if self.process.poll() is not None:
            return {"failed": "its process has ended"}
        if do == "open":
            self.folder = pathlib.Path(told["folder"])
        try:
            self.process.stdin.write((json.dumps({"do": do, **told}) + "\n").encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            return {"failed": "its process has ended"}
        end, line = time.monotonic() + patience, b""
        while not line.endswith(b"\n"):
            if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                self.end()
                return {"late": patience}
            part = os.read(self.process.stdout.fileno(), 1 << 16)
            if not part:
                return {"failed": "its process has ended"}
            line += part
        return json.loads(line)

    def lives(self):
        return self.process.poll() is None

    def end(self):
        """Ends the worker, and a server that it may have left behind."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        # Closing twice does nothing.
        for stream in (self.process.stdin, self.process.stdout, self.log):
            stream.close()
        for file in self.folder.glob("data/postmaster.pid") if self.folder else ():
            os.kill(int(file.read_text().splitlines()[0]), signal.SIGQUIT)
