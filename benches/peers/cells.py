"""What is measured of each peer: a cell is so many persons with so many turns each, or LoCoMo.

In a cell every peer first takes all turns, in rounds, each into a new store. The last store of each is then opened by a new
process and asked, all peers by turns: the first question right after opening, then questions in five rounds, and after each
of them some new turns, each until it is found. At the end the canary is erased in one cell, and the stores are closed.
"""

import json
import random
import shutil
import statistics

import embedding
import environment
import workload
from link import Link

K = 10
ROUNDS = 5
SAID = 3
"""New turns a round."""
ERASED_IN = ("given", "1x1000")
REPEATED_UP_TO = 10_000
LOCOMO_BUDGET = 3
"""Times the budget, for all questions of LoCoMo."""


class Run:
    """A run: what was measured so far is in `cells`, what was learned of the peers in `about`."""

    def __init__(self, data, args):
        self.args = args
        self.place = environment.PLACE / "run"
        shutil.rmtree(self.place, ignore_errors=True)
        self.weights = environment.PLACE / "weights" / "all-MiniLM-L6-v2"
        embedding.lay_out(environment.models() / "all-MiniLM-L6-v2", self.weights)
        self.talks = workload.locomo(data)
        said = [turn for turns, _ in self.talks for turn in turns]
        self.rows = {form: self.vectors([turn[form] for turn in said]) for form in workload.FORMS}
        self.tokens = workload.tokens(said, self.weights)
        self.about, self.cells = {}, []

    def vectors(self, texts):
        return embedding.cached(texts, self.weights, environment.PLACE / "cache")

    def prepare(self, name):
        """Writes what the peers get in a cell; gives its questions, the turns that are said later, and how many turns it has."""
        if name == "locomo":
            turns = [turn for said, _ in self.talks for turn in said]
            questions, rows, later, later_rows = [q for _, asked in self.talks for q in asked], self.rows, [], []
            asked = workload.embedded(turns, questions)
        else:
            persons, each = map(int, name.split("x"))
            turns, vectors = workload.made(self.talks, self.rows["text"], persons, each, self.args.seed)
            asked = [q["question"] for _, asked in self.talks for q in asked]
            names, draw = [f"p{person}" for person in range(persons)], random.Random(self.args.seed)
            questions = [{"person": draw.choice(names), "question": question} for question in draw.sample(asked, self.args.questions + 1)]
            # All persons have the same two speakers, so one tells what becomes of a question.
            asked = workload.embedded(turns[:20], [{**q, "person": turns[0]["person"]} for q in questions])
            turns, vectors = workload.plant(turns, vectors, self.args.seed)
            rows = dict.fromkeys(workload.FORMS, vectors)
            later, later_rows = workload.fresh(names, embedding.DIMS, self.args.seed)
        texts = asked + [turn[form] for form in workload.FORMS for turn in later]
        vectors = workload.stack(self.vectors(asked), *([later_rows] * len(workload.FORMS) if later else []))
        folder = self.place / name
        shutil.rmtree(folder, ignore_errors=True)
        workload.write(folder, turns, rows, questions, later, texts, vectors)
        return folder, questions, later, len(turns)

    def cell(self, mode, name):
        """Measures all peers in one cell."""
        folder, questions, later, turns = self.prepare(name)
        stores, peers = folder / "stores", {}
        for peer in self.args.peers:
            # What compares no vectors is the same in both modes, and is measured once.
            if mode == "given" or self.about.get(peer, {}).get("embeds", True):
                peers[peer] = {"mode": mode, "cell": name, "peer": peer, "turns": turns}
        self.fill(mode, peers, folder, stores, turns)
        self.ask(mode, name, peers, folder, stores, questions, later)
        self.cells += peers.values()
        shutil.rmtree(folder)

    def fill(self, mode, peers, folder, stores, turns):
        """Every peer takes all turns, in rounds."""
        budget = self.args.budget
        links = {peer: Link(peer, mode, self.weights, self.place / f"{peer}.log") for peer in peers}
        for peer, link in links.items():
            about = link("about", 120)
            self.about.setdefault(peer, about)
            peers[peer].update(ingested=[], failed=about.get("failed"))
        for number in range(self.args.rounds if turns <= REPEATED_UP_TO else 1):
            for peer in turned(list(peers), number):
                found, link, store = peers[peer], links[peer], stores / f"{peer}-{number}"
                if found["failed"] or "rate" in found or found.get("slow"):
                    continue
                answers = [link("open", budget, folder=str(store), cell=str(folder))]
                answers.append(link("ingest", 3 * budget + 60, cell=str(folder), budget=budget))
                answers.append(link("close", budget + 60))
                taken = answers[1]
                failed = next((answer["failed"] for answer in answers if "failed" in answer), None)
                if failed or "late" in taken or "late" in answers[2]:
                    found["failed"] = failed
                    found["slow"] = not failed
                elif not taken["whole"]:
                    found.update(slow=True, rate=taken["turns"] / taken["seconds"])
                else:
                    found["ingested"].append(taken["turns"] / taken["seconds"])
                    found.update(bytes=answers[2]["bytes"], store=str(store))
                    # A round that takes long is not repeated, so that the run ends.
                    found["slow"] = taken["seconds"] > budget / 3
                print(f"    {peer}: {outcome(found, taken)}", flush=True)
        for peer, link in links.items():
            link.end()
            found = peers[peer]
            if found["ingested"] and not found["failed"]:
                found["rate"] = statistics.median(found["ingested"])
                found["slow"] = False

    def ask(self, mode, name, peers, folder, stores, questions, later):
        """Every peer that has all turns is opened anew and asked, all by turns."""
        links = {}
        budget = self.args.budget * (LOCOMO_BUDGET if name == "locomo" else 1)
        for peer, found in peers.items():
            if found["failed"] or found["slow"]:
                continue
            link = Link(peer, mode, self.weights, self.place / f"{peer}.log")
            link("about", 120)
            opened = link("open", budget, folder=found["store"], cell=str(folder))
            first = link("recall", budget, questions=questions[:1], k=K, budget=budget)
            found.update(recalls=[], found=[], written=[], until=[])
            if "seconds" in opened and "seconds" in first:
                found["opened"] = opened["seconds"] + first["seconds"][0]
                links[peer] = link
            else:
                found["late"] = True
                found["failed"] = opened.get("failed") or first.get("failed")
                link.end()
        asked = questions if name == "locomo" else questions[1:]
        for number in range(ROUNDS):
            part = asked[number * len(asked) // ROUNDS : (number + 1) * len(asked) // ROUNDS]
            for peer in turned(list(links), number):
                self.round(peers[peer], links[peer], part, later[number * SAID : (number + 1) * SAID], budget / ROUNDS)
        for peer, link in links.items():
            found = peers[peer]
            found["resident"] = link("resident", 60).get("resident")
            if (mode, name) == ERASED_IN:
                found["erased"] = link("erase", self.args.budget, cell=str(folder))
            else:
                link("close", self.args.budget)
            link.end()
            print(f"    {peer}: {len(found['recalls'])} recalls", flush=True)
            if name == "locomo":
                # What ranks nothing gives everything, and is read whole.
                shown = [ids[:K] if self.about[peer]["ranks"] else ids for ids in found.pop("found")]
                found["asked"] = len(shown)
                found["recall"] = statistics.mean(len(set(ids) & set(q["gold"])) / len(q["gold"]) for ids, q in zip(shown, asked)) if shown else None
                found["tokens"] = statistics.mean(sum(self.tokens[q["person"], i] for i in ids) for ids, q in zip(shown, asked)) if shown else None
            else:
                del found["found"]

    def round(self, found, link, part, later, budget):
        """Some questions, and some new turns."""
        answer = link("recall", budget + 60, questions=part, k=K, budget=budget)
        if "seconds" not in answer:
            found["late"] = True
            return
        found["recalls"] += answer["seconds"]
        found["found"] += answer["found"]
        for turn in later:
            said = link("say", 60, turn=turn, k=K)
            found["written"].append(said.get("written"))
            found["until"].append(said.get("found"))
            if (said.get("found") or 60) > budget / SAID:
                break


def outcome(found, taken):
    if found["failed"]:
        return f"failed: {found['failed']}"
    if "late" in taken:
        return "no answer in time"
    return f"{taken['turns']:,} turns, {taken['turns'] / taken['seconds']:,.0f} a second{'' if taken['whole'] else ', not all'}"


def turned(items, number):
    """The items in an order that begins elsewhere every time."""
    place = number % len(items) if items else 0
    return items[place:] + items[:place]

