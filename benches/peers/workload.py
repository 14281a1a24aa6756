"""What every peer is given: turns of persons, questions, and the vectors of both. Nothing of it is kept in the repository.

LoCoMo's conversations are read from the file that is named. Larger histories are made of its turns: a made turn is one turn
followed by another, drawn with a fixed seed, and its vector is the mean of the two vectors with a little noise, so that it
lies where vectors of speech lie and no two are alike. Only in the mode in which each peer embeds for itself are made turns
embedded for real.

A turn has its words in two forms. Kithkin takes `text`, with the speaker and the time in fields of their own. The others have no
such fields that their search would use, so they take `line`, in which date and speaker stand before the words: with the plain
text they find far less.

A cell is a folder: `turns.jsonl`, sorted by person and by time, `turns.text.npy` and `turns.line.npy` with a vector a line,
`questions.jsonl`, `fresh.jsonl` with turns that are said later, and `asked.json` with `asked.npy`: the vectors of all else
that is embedded.
"""

import itertools
import json
import random
import re

import numpy

MONTHS = "January February March April May June July August September October November December".split()
FORMS = ("text", "line")
FRESH = 40
CANARY = "canary"


def locomo(path):
    """The turns of each conversation, and its questions with the ids of their evidence."""
    talks = []
    for sample in json.loads(path.read_text(encoding="utf-8")):
        person, turns, spoken = sample["sample_id"], [], sample["conversation"]
        for name in sorted((n for n in spoken if re.fullmatch(r"session_\d+", n)), key=lambda n: int(n[8:])):
            at = said_at(spoken[f"{name}_date_time"])
            for turn in spoken[name]:
                # A picture's caption is searched like the words that it came with, by every peer.
                text = " ".join(filter(None, [turn["text"], turn.get("blip_caption")]))
                turns.append(with_line({"person": person, "id": turn["dia_id"], "speaker": turn["speaker"], "at": at, "session": name, "text": text}))
        known = {turn["id"] for turn in turns}
        questions = []
        for asked in sample["qa"]:
            gold = sorted({i for text in asked["evidence"] for i in re.findall(r"D\d+:\d+", text)} & known)
            if gold:
                questions.append({"person": person, "question": asked["question"], "gold": gold})
        talks.append((turns, questions))
    return talks


def with_line(turn):
    """The turn, with date and speaker before its words as well."""
    year, month, day = turn["at"][:10].split("-")
    return {**turn, "line": f"{int(day)} {MONTHS[int(month) - 1]} {year}, {turn['speaker']}: {turn['text']}"}


def said_at(text):
    """`1:56 pm on 8 May, 2023` as `2023-05-08T13:56`."""
    hour, minute, half, day, month, year = re.fullmatch(r"(\d+):(\d+) ([ap]m) on (\d+) (\w+), (\d+)", text).groups()
    hour = int(hour) % 12 + (12 if half == "pm" else 0)
    return f"{year}-{MONTHS.index(month) + 1:02}-{int(day):02}T{hour:02}:{minute}"


def made(talks, vectors, persons, each, seed):
    """Turns of so many persons, with their vectors; those of LoCoMo are in the order of `talks`."""
    draw, noise = random.Random(seed), numpy.random.default_rng(seed)
    said = [turn for turns, _ in talks for turn in turns]
    rows = numpy.empty((persons * each, vectors.shape[1]), dtype=numpy.float32)
    turns = []
    for person in range(persons):
        for number in range(each):
            first, second = draw.randrange(len(said)), draw.randrange(len(said))
            rows[len(turns)] = vectors[first] + vectors[second] + 0.02 * noise.standard_normal(vectors.shape[1])
            at = f"20{number // 50_000 + 20}-{number // 4_200 % 12 + 1:02}-{number // 150 % 28 + 1:02}T{number // 10 % 15 + 8:02}:{number % 10 * 5:02}"
            text = f"{said[first]['text']} {said[second]['text']}"
            turns.append(with_line({"person": f"p{person}", "id": f"t{number}", "speaker": ("Ann", "Bo")[number % 2], "at": at, "session": f"s{number // 20}", "text": text}))
    rows /= numpy.linalg.norm(rows, axis=1, keepdims=True)
    return turns, rows


def plant(turns, rows, seed):
    """Puts a turn that is erased later in the middle of the first person's; its words and its vector are nowhere else."""
    draw = random.Random(f"canary {seed}")
    place = next((n for n, turn in enumerate(turns) if turn["person"] != turns[0]["person"]), len(turns)) // 2
    text = "My passphrase is " + "".join(draw.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=40)) + "."
    row = numpy.random.default_rng(seed).standard_normal(rows.shape[1]).astype(numpy.float32)
    turns.insert(place, with_line({**turns[place], "id": CANARY, "text": text}))
    return turns, numpy.insert(rows, place, row / numpy.linalg.norm(row), axis=0)


def fresh(persons, dims, seed):
    """Turns that are said after all others, each of a person of its own choice, and their vectors."""
    draw, noise = random.Random(f"fresh {seed}"), numpy.random.default_rng(seed + 1)
    rows = noise.standard_normal((FRESH, dims)).astype(numpy.float32)
    rows /= numpy.linalg.norm(rows, axis=1, keepdims=True)
    turns = []
    for number in range(FRESH):
        word = "".join(draw.choices("bcdfghklmnprstvz", k=8))
        text = f"the locker in the hall opens with {word} since today"
        turns.append(with_line({"person": draw.choice(persons), "id": f"new{number}", "speaker": "Ann", "at": f"2025-12-01T12:{number:02}", "session": "new", "text": text}))
    return turns, rows


def write(folder, turns, rows, questions, later, asked, asked_rows):
    """Keeps a cell. `rows` has the vectors of each form; one for both where there is one."""
    folder.mkdir(parents=True)
    lines(folder / "turns.jsonl", turns)
    lines(folder / "questions.jsonl", questions)
    lines(folder / "fresh.jsonl", later)
    for form in FORMS:
        numpy.save(folder / f"turns.{form}.npy", rows[form])
    (folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    numpy.save(folder / "asked.npy", asked_rows)


def lines(path, items):
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items), encoding="utf-8")


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def batches(folder, size, form, given):
    """The turns of a cell in batches, each of one person. Where `given` is there, it gets the vectors of a batch before it comes."""
    rows = numpy.load(folder / f"turns.{form}.npy", mmap_mode="r") if given else None
    with open(folder / "turns.jsonl", encoding="utf-8") as file:
        place, batch = 0, []
        for line in file:
            turn = json.loads(line)
            if batch and (len(batch) == size or turn["person"] != batch[0]["person"]):
                yield _held(batch, rows, place, form, given)
                place, batch = place + len(batch), []
            batch.append(turn)
        if batch:
            yield _held(batch, rows, place, form, given)


def _held(batch, rows, place, form, given):
    if given:
        given.hold([turn[form] for turn in batch], numpy.array(rows[place : place + len(batch)]))
    return batch


def embedded(turns, questions):
    """All texts that are embedded of questions: the questions, and what Kithkin makes of them, which leaves out who is asked about."""
    import kithkin

    class Recorder:
        model, dims, seen = "recorder", 2, []

        def embed(self, texts):
            self.seen += texts
            return [(1.0, 0.0)] * len(texts)

    recorder = Recorder()
    with kithkin.open(None, embedder=recorder) as memory:
        for person, said in itertools.groupby(turns, key=lambda turn: turn["person"]):
            memory.person(person).remember_all([{"text": turn["text"], "speaker": turn["speaker"], "at": turn["at"], "id": turn["id"], "conversation": "c", "session": turn["session"]} for turn in said])
        recorder.seen.clear()
        for asked in questions:
            memory.person(asked["person"]).recall(asked["question"])
    return sorted({*recorder.seen, *(asked["question"] for asked in questions)})


def stack(*rows):
    return numpy.concatenate(rows)


def tokens(turns, weights):
    """How many tokens each turn takes in a prompt, as the encoder counts them."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(weights / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    counted = tokenizer.encode_batch([turn["line"] for turn in turns], add_special_tokens=False)
    return {(turn["person"], turn["id"]): len(one.ids) for turn, one in zip(turns, counted)}
