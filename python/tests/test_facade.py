"""The package's own calls, against the real extension, with the real weights."""

import array
import asyncio
import datetime
import json
import pathlib
import tempfile
import threading
import time
import unittest

import kithkin
import kithkin.aio


def words(path=None, **given):
    """A memory that compares words."""
    return kithkin.open(path, embedder=None, **given)


class Letters:
    """An embedder of a program's own: how often each letter is in a text."""

    model, dims = "letters", 26

    def __init__(self, shape=list):
        self.shape = shape

    def embed(self, texts):
        return self.shape([text.lower().count(chr(97 + letter)) + 0.01 for letter in range(26)] for text in texts)


def matrix(rows):
    """What a library for numbers gives: rows of 32-bit floats, one after another, as a buffer."""
    rows = list(rows)
    flat = array.array("f", [number for row in rows for number in row])
    return memoryview(flat).cast("B").cast("f", (len(rows), 26))


class Facade(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name) / "memory.db"

    def test_what_is_said_is_found_shown_corrected_and_erased(self):
        with kithkin.open(self.path, create=True) as memory:
            ann = memory.person("ann")
            said = ann.remember("I moved to Oslo last week.", at="2024-05-06")
            ann.remember("Hei! Welcome.", role="assistant", at=datetime.date(2024, 5, 6))
            ann.remember("My dog is called Rex.", at=datetime.datetime(2024, 5, 7, 9, 30, tzinfo=datetime.timezone.utc))
            found = ann.recall("Where do I live?", explain=True)
            self.assertEqual(found["evidence"][0]["turn"], said["turn"])
            self.assertEqual(found["models"], {"embedder": "all-MiniLM-L6-v2"})
            self.assertTrue(found["evidence"][0]["why"]["parts"])
            self.assertEqual(ann.recall("dog", now="2024-05-06T23:00")["evidence"][:1] != [], True)
            self.assertNotIn("Rex", json.dumps(ann.recall("dog", now="2024-05-06T23:00")))
            self.assertIn("Oslo", ann.context("Where do I live?", tokens=200)["text"])
            homes = [e for e in ann.profile()["entries"] if e["topic"] == "home"]
            self.assertEqual(homes[0]["value"], "Oslo")
            ann.edit("home", "Bergen")
            homes = [e for e in ann.profile()["entries"] if e["topic"] == "home"]
            self.assertEqual((homes[0]["value"], homes[0]["confirmed"]), ("Bergen", True))
            self.assertEqual(ann.feedback("Where do I live?", shown=[said["turn"]], useful=[said["turn"]])["useful"], 1)
            self.assertEqual([p["person"] for p in memory.persons()], ["ann"])
            self.assertEqual(memory.persons(after="ann"), [])
            self.assertEqual(len(memory.persons(after="a", limit=1)), 1)
            self.assertEqual(memory.persons(limit=0), [])
            self.assertEqual(memory.jobs(), [])
            # The correction quotes what it corrects, and goes with it.
            self.assertEqual(ann.forget(turns=[said["turn"]], dry_run=True)["turns"], 2)
            receipt = ann.forget(everything=True, receipt=True)["receipt"]
            self.assertEqual(memory.persons(), [])
            self.assertEqual((memory.verify_erasure(receipt)["gone"], memory.verify_erasure(receipt)["chain"]), (True, 1))
            self.assertFalse(memory.verify_erasure({**receipt, "turns": 0})["gone"])
            with self.assertRaises(kithkin.InputError):
                memory.verify_erasure({**receipt, "tenant": "other"})
            with self.assertRaises(kithkin.InputError):
                memory.verify_erasure({})
            with self.assertRaises(kithkin.InputError):
                ann.forget(everything=True, dry_run=True, receipt=True)
        self.assertNotIn(b"Oslo", self.path.read_bytes())

    def test_an_encrypted_memory_needs_its_key_and_loses_whom_it_forgets(self):
        key = self.path.with_name("master.key")
        key.write_text("0f" * 32)
        with words(self.path, create=True, encryption_key_file=key) as memory:
            memory.person("ann").remember("My dog is called Rex.", at="2024-05-06")
        before = self.path.read_bytes()
        self.assertNotIn(b"Rex", before)
        self.assertTrue(self.path.with_name("master.key.keyring").exists())
        with words(self.path, create=True, encryption_key_file=str(key)) as memory:
            self.assertEqual(memory.person("ann").turns()[0]["text"], "My dog is called Rex.")
            memory.person("ann").forget(everything=True)
        self.path.write_bytes(before)
        with words(self.path, encryption_key_file=key) as memory:
            with self.assertRaisesRegex(kithkin.MissingError, "the key of ann is gone"):
                memory.person("ann").turns()
        for given, says in [({}, "is encrypted"), ({"keyring": "ring"}, "no key")]:
            with self.assertRaisesRegex(kithkin.InputError, says):
                words(self.path, **given)
        with self.assertRaisesRegex(kithkin.InputError, "in memory"):
            words(None, encryption_key_file=key)

    def test_an_export_makes_an_equal_person(self):
        with words(self.path, create=True) as memory:
            memory.person("ann").remember_all([{"text": "One."}, {"text": "Two.", "attachments": [{"kind": "image", "caption": "a lake"}]}])
            self.assertEqual(memory.person("ann").export(self.path.with_suffix(".jsonl")), 2)
            other = words(None)
            done = other.import_file(self.path.with_suffix(".jsonl"))
            self.assertEqual((done["turns"], done["rejected"]), (2, []))
            self.assertEqual(other.person("ann").turns()[1]["attachments"], [{"kind": "image", "caption": "a lake"}])
            with self.assertRaises(kithkin.StoreError):
                memory.person("ann").export(self.path)

    def test_a_method_is_bound_and_its_memories_are_shown(self):
        with words() as memory:
            ann = memory.person("ann")
            ann.remember("I love rowing on the lake. I live in Oslo.")
            self.assertEqual(ann.rebuild("bm25")["unread"], 0)
            self.assertIn("hybrid", [about["id"] for about in kithkin.methods()])
            self.assertEqual(ann.memories(), [])

    def test_a_program_brings_an_embedder_of_its_own(self):
        for shape in (list, matrix, iter):
            with self.subTest(shape=shape.__name__), kithkin.open(None, embedder=Letters(shape)) as memory:
                ann = memory.person("ann")
                ann.remember_all([{"text": "Zigzag pizzazz"}, {"text": "Aloha banana"}])
                found = ann.recall("fuzzy jazz", method="dense")
                self.assertEqual(found["evidence"][0]["text"], "Zigzag pizzazz")
                self.assertEqual(found["models"], {"embedder": "letters"})

    def test_an_embedder_of_a_program_is_checked(self):
        class Broken(Letters):
            def __init__(self, given):
                self.given = given

            def embed(self, texts):
                if self.given is None:
                    raise RuntimeError("the service does not answer")
                return [self.given for _ in texts]

        for given, told in [
            ([0.0] * 26, "length 0"),
            ([float("nan")] * 26, "NaN"),
            ([1.0] * 25, "25 numbers for 1 texts of 26 dimensions"),
            (["one"] * 26, "TypeError"),
            (7, "TypeError"),
            (None, "the service does not answer"),
        ]:
            with self.subTest(told=told), kithkin.open(None, embedder=Broken(given)) as memory:
                with self.assertRaises(kithkin.ModelError) as raised:
                    memory.person("ann").remember("What was said is kept.")
                self.assertIn(told, str(raised.exception))
                self.assertEqual(memory.person("ann").report()["turns"], 1)
        for other in (object(), 7, type("Nameless", (Letters,), {"model": ""})(), type("Flat", (Letters,), {"dims": 0})()):
            with self.subTest(other=other), self.assertRaises(kithkin.InputError):
                kithkin.open(None, embedder=other)

    def test_errors_say_who_can_mend_them(self):
        memory = words()
        ann = memory.person("ann")
        for kind, call in [
            (kithkin.NotFoundError, lambda: ann.recall("anything", method="bm25")),
            (kithkin.MissingError, lambda: ann.recall("anything")),
            (kithkin.NotFoundError, lambda: ann.recall("anything", method="bm52")),
            (kithkin.InputError, lambda: ann.recall("anything", now="yesterday-ish")),
            (kithkin.InputError, lambda: memory.person("")),
            (kithkin.InputError, lambda: ann.remember("")),
            (kithkin.InputError, lambda: ann.remember("hm", role="ghost")),
            (kithkin.InputError, lambda: ann.remember("hm", at="0000-13-45")),
            (kithkin.InputError, lambda: ann.remember("hm", attachments=[{"caption": "of no kind"}])),
            (kithkin.InputError, lambda: ann.forget()),
            (kithkin.InputError, lambda: words(None, tenant="a\0b")),
            (kithkin.InputError, lambda: words(None, policy=self.path)),
            (kithkin.KithkinError, lambda: words(self.path)),
            (kithkin.MissingError, lambda: kithkin.open(None, models=self.folder.name)),
            (TypeError, lambda: ann.remember_all([{"txet": "One."}])),
            (TypeError, lambda: ann.recall(7)),
        ]:
            with self.subTest(kind=kind.__name__), self.assertRaises(kind) as raised:
                call()
            self.assertGreater(len(str(raised.exception)), 10)
        self.assertTrue(issubclass(kithkin.InputError, ValueError) and issubclass(kithkin.NotFoundError, LookupError))
        memory.close()
        memory.close()
        with self.assertRaises(kithkin.ClosedError):
            ann.remember("Too late.")

    def test_text_and_names_of_any_script_come_back(self):
        with words() as memory:
            for name in ["凯", "🦊 fox", "O'Neill/..\\", "ß"]:
                person = memory.person(name)
                person.remember("我住在奥斯陆。 \u202e<script>")
                self.assertEqual(person.turns()[0]["text"], "我住在奥斯陆。 \u202e<script>")
                self.assertEqual(person.id, name)

    def test_threads_run_while_a_call_computes(self):
        with kithkin.open(None) as memory:
            ann = memory.person("ann")
            turns = [{"text": f"On day {i} we walked to the market and bought {i} apples."} for i in range(300)]
            ticks, done = 0, threading.Event()

            def work():
                ann.remember_all(turns)
                done.set()

            threading.Thread(target=work).start()
            while not done.is_set():
                ticks += 1
                time.sleep(0.001)
            # With the lock held there would be one or two.
            self.assertGreater(ticks, 20)
            self.assertEqual(ann.report()["turns"], 300)

    def test_asyncio_has_the_same_calls(self):
        async def talk():
            async with kithkin.aio.open(self.path, create=True, embedder=None) as memory:
                ann, bob = memory.person("ann"), memory.person("bob")
                await asyncio.gather(ann.remember("I moved to Oslo."), bob.remember("I moved to Rome."))
                found = await asyncio.gather(ann.recall("moved", method="bm25"), bob.recall("moved", method="bm25"))
                return [report["evidence"][0]["text"] for report in found]

        self.assertEqual(asyncio.run(talk()), ["I moved to Oslo.", "I moved to Rome."])
        missing = {name for name in vars(kithkin.Person) if not name.startswith("_")} - set(dir(kithkin.aio.AsyncPerson))
        self.assertEqual(missing, {"tenant"})

    def test_a_reply_comes_piece_by_piece(self):
        models = {"chat": "SmolLM2-135M-Instruct"}
        with kithkin.open(None, **models) as memory:
            ann = memory.person("ann")
            ann.remember("My dog is called Rex.")
            pieces = []
            report = ann.respond("What is my dog called?", on_piece=pieces.append, max_tokens=24, temperature=0)
            self.assertGreater(len(pieces), 3)
            self.assertGreater(len(report["reply"]), 3)
            self.assertEqual(len(report["remembered"]), 2)
            self.assertEqual([d["purpose"] for d in ann.disclosures()], ["reply"])

            def enough(piece):
                raise KeyboardInterrupt

            with self.assertRaises(KeyboardInterrupt):
                ann.respond("And what else?", on_piece=enough, max_tokens=24)
            # What the person said was stored before the model was asked.
            self.assertIn("And what else?", [turn["text"] for turn in ann.turns()])

            async def listen():
                heard = [piece async for piece in kithkin.aio.AsyncPerson(ann).stream("Who am I?", max_tokens=8)]
                return heard

            *pieces, report = asyncio.run(listen())
            self.assertTrue(pieces and isinstance(report, dict))
            ann.withdraw("reply")
            with self.assertRaises(kithkin.KithkinError):
                ann.respond("Hello?")


if __name__ == "__main__":
    unittest.main()
