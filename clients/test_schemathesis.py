"""Requests that schemathesis makes of the service's own description: none makes it fail, and each answer is as described.

A chat model that answers at once stands behind it. Bounded by examples, not by time, and with a fixed seed: two runs of one
version send the same.
"""

import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse
import urllib.request

from test_openai import ADDRESS, Service

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
PERSONS = ["ann", "bob", "eve", "安娜"]


class Model(http.server.BaseHTTPRequestHandler):
    """Completes every chat with the same two words, whole or as a stream; is one model."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.give("application/json", json.dumps({"object": "list", "data": [{"id": "m", "object": "model"}]}))

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
        if asked.get("stream"):
            chunk = {"choices": [{"index": 0, "delta": {"content": "All right."}, "finish_reason": "stop"}], "usage": usage}
            self.give("text/event-stream", f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n")
        else:
            message = {"role": "assistant", "content": "All right."}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self.give("application/json", json.dumps({"choices": [choice], "usage": usage}))

    def give(self, form, text):
        self.send_response(200)
        self.send_header("content-type", form)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class Schemathesis(unittest.TestCase):
    def test_no_request_makes_the_service_fail(self):
        model = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
        threading.Thread(target=model.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{model.server_port}/v1"
        command = [os.path.join(os.path.dirname(sys.executable), "st"), "run", f"http://{ADDRESS}/openapi.json"]
        command += ["--checks", CHECKS, "--seed", "6", "--max-examples", "25", "--continue-on-failure", "--no-color"]
        with Service(["--chat-url", endpoint, "--chat-model", "m"]) as service, tempfile.TemporaryDirectory() as folder:
            self.prepare(service, folder)
            ran = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        model.shutdown()
        model.server_close()
        self.assertEqual(ran.returncode, 0, ran.stdout)

    def prepare(self, service, folder):
        """Persons that there are, and the names by which requests find them, so that more is tried than what is absent."""
        turns = [{"id": "t1", "text": "I live in Oslo."}, {"id": "t2", "text": "My dog is called Rex."}]
        for person in PERSONS:
            body = json.dumps({"turns": turns}).encode()
            path = f"http://{ADDRESS}/v1/persons/{urllib.parse.quote(person)}/turns"
            urllib.request.urlopen(urllib.request.Request(path, body, {"content-type": "application/json"})).close()
        names = {"path.person": PERSONS, "path.turn": ["t1", "t2"], "path.method": ["hybrid", "none"]}
        names |= {"query.as_of": ["2024-05", "2030-01-01T10:00+02:00"], "query.since": ["2024"]}
        with open(os.path.join(folder, "schemathesis.toml"), "w") as config:
            for name, values in names.items():
                print(f'[dictionaries."{name}"]\nvalues = {json.dumps(values)}', file=config)
            print("[parameters]", file=config)
            for name in names:
                print(f'"{name}" = {{ dictionary = "{name}", probability = 0.8 }}', file=config)


if __name__ == "__main__":
    unittest.main()
