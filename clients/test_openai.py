"""OpenAI's own Python client against `kithkin serve`, with a real (toy) model behind it.

What a toy says is not looked at: that it was asked with the right memory, and what is remembered, is.
"""

import json
import os
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
import urllib.request

import openai

KITHKIN = os.environ["KITHKIN"]
ADDRESS = "127.0.0.1:7710"


class Service:
    """A service over a new store, with SmolLM2 behind its proxy or what the arguments name instead."""

    def __init__(self, model=("--chat", "SmolLM2-135M-Instruct")):
        self.model = model

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        store = os.path.join(self.folder.name, "kithkin.db")
        subprocess.run([KITHKIN, "--store", store, "init"], check=True, stdout=subprocess.DEVNULL)
        command = [KITHKIN, "--store", store, "serve", "--listen", ADDRESS, *self.model]
        self.process = subprocess.Popen(command + ["--log", "error"])
        for _ in range(300):
            try:
                self.get("/readyz", plain=True)
                return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the service did not come up")

    def get(self, path, plain=False):
        with urllib.request.urlopen(f"http://{ADDRESS}{path}") as answer:
            return answer.read() if plain else json.load(answer)

    def remembered(self, person, count):
        """The turns, once there are so many: an answer is written down after it has passed by."""
        for _ in range(100):
            try:
                turns = self.get(f"/v1/persons/{person}/turns")["turns"]
                if len(turns) >= count:
                    return turns
            except OSError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"{person} has fewer than {count} turns")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0, "it stops when it is asked to"
        self.folder.cleanup()


class OpenAiClient(unittest.TestCase):
    def test_chat_streams_and_remembers(self):
        with Service() as service:
            client = openai.OpenAI(base_url=f"http://{ADDRESS}/v1", api_key="anything")
            self.assertEqual([model.id for model in client.models.list()], ["SmolLM2-135M-Instruct"])

            messages = [{"role": "user", "content": "My dog is called Rex."}]
            ask = dict(model="SmolLM2-135M-Instruct", user="ann", max_tokens=24)
            first = client.chat.completions.create(messages=messages, **ask)
            self.assertTrue(first.choices[0].message.content)
            self.assertGreater(first.usage.completion_tokens, 0)
            turns = service.remembered("ann", 2)
            self.assertEqual([turn["role"] for turn in turns], ["user", "assistant"])
            self.assertEqual(turns[1]["text"], first.choices[0].message.content)

            # The client sends the whole conversation again; only its end is new.
            messages += [{"role": "assistant", "content": turns[1]["text"]}, {"role": "user", "content": "He is two."}]
            said = ""
            for chunk in client.chat.completions.create(messages=messages, stream=True, **ask):
                said += chunk.choices[0].delta.content or ""
            turns = service.remembered("ann", 4)
            self.assertEqual(len(turns), 4)
            self.assertEqual(turns[3]["text"].strip(), said.strip())

            # Another conversation: the model is asked with what was said in the first.
            question = [{"role": "user", "content": "What is my dog called?"}]
            raw = client.chat.completions.with_raw_response.create(messages=question, **ask)
            self.assertEqual(raw.headers["x-kithkin-memory"], "used")
            self.assertIn(turns[0]["turn"], raw.headers.get_list("x-kithkin-recalled", split_commas=True))
            self.assertGreater(raw.parse().usage.prompt_tokens, first.usage.prompt_tokens)
            other = client.chat.completions.with_raw_response.create(messages=question, **{**ask, "user": "bob"})
            self.assertEqual(other.headers["x-kithkin-memory"], "empty")

            # What it cannot do, it says.
            with self.assertRaises(openai.UnprocessableEntityError) as refused:
                tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
                client.chat.completions.create(messages=question, tools=tools, **ask)
            self.assertIn("tools", str(refused.exception))
            with self.assertRaises(openai.NotFoundError):
                client.responses.create(model="SmolLM2-135M-Instruct", input="hi")
            with self.assertRaises(openai.UnprocessableEntityError):
                client.chat.completions.create(messages=question, extra_headers={"X-Kithkin-Memory": "maybe"}, **ask)

    def test_what_cannot_be_written_is_told_and_not_lost(self):
        with Service() as service:
            client = openai.OpenAI(base_url=f"http://{ADDRESS}/v1", api_key="anything")
            ask = dict(model="SmolLM2-135M-Instruct", user="ann", max_tokens=4)
            writer = sqlite3.connect(os.path.join(service.folder.name, "kithkin.db"), isolation_level=None)
            writer.execute("BEGIN IMMEDIATE")
            messages = [{"role": "user", "content": "My dog is called Rex."}]
            answer = client.chat.completions.with_raw_response.create(messages=messages, **ask)
            writer.execute("ROLLBACK")
            self.assertTrue(answer.parse().choices[0].message.content)
            self.assertEqual(answer.headers["x-kithkin-memory"], "empty")
            self.assertIn("remember", answer.headers["x-kithkin-failure"])
            self.assertEqual(service.remembered("ann", 1)[0]["text"], "My dog is called Rex.")


if __name__ == "__main__":
    unittest.main()
