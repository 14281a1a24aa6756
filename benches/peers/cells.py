"""What is measured of each peer: a cell is so many persons with so many turns each, or LoCoMo.

In a cell every peer first takes all turns, in rounds, each into a new store. The last store of each is then opened again and
asked, all peers by turns: the first question right after opening, then questions in five rounds, and after each of them some
new turns, each until it is found. Where the memory that a peer takes is told, its process is a new one that has only asked. At
the end the canary is erased in one cell, and the stores are closed.
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
LOCOMO_BUDGET = 4
"""Times the budget, for LoCoMo: what is found there is worth waiting for."""
UNSEEN = ("conv-44", "conv-47", "conv-48", "conv-49", "conv-50")
"""The conversations on which none of Kithkin's constants was set."""
PATIENCE = 300
"""Seconds for a library to load."""


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
        self.about, self.cells, self.links = {}, [], {}

    def link(self, mode, peer, anew=False):
        """The process of the peer; another one where it has ended."""
        link = self.links.get((mode, peer))
        if link and (anew or not link.lives()):
            link.end()
            link = None
        if not link:
            link = self.links[mode, peer] = Link(peer, mode, self.weights, self.place / f"{peer}.log")
            about = link("about", PATIENCE)
            if "failed" not in about:
                self.about.setdefault(peer, about)
        return link

    def end(self):
        """Ends all processes."""
        for link in self.links.values():
            link.end()
        self.links.clear()

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
            questions = [{"person": draw.choice(names), "question": question} for question in draw.sample(asked, self.args.questions)]
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

    def cell(self, mode, name, told):
        """Measures all peers in one cell; `told` says whether the memory they take is told there."""
        folder, questions, later, turns = self.prepare(name)
        peers, budget = {}, self.args.budget * (LOCOMO_BUDGET if name == "locomo" else 1)
        for peer in self.args.peers:
            # What compares no vectors is the same in both modes, and is measured once.
            if mode == "given" or self.about.get(peer, {}).get("embeds", True):
                peers[peer] = {"mode": mode, "cell": name, "peer": peer, "turns": turns, "budget": budget, "ingested": []}
        for number in range(self.args.rounds if turns <= REPEATED_UP_TO + 1 and name != "locomo" else 1):
            for peer in turned(list(peers), number):
                if not any(peers[peer].get(end) for end in ("failed", "slow", "long")):
                    self.fill(peers[peer], self.link(mode, peer), folder, folder / "stores" / f"{peer}-{number}", budget)
        asked = {peer: found for peer, found in peers.items() if "store" in found}
        if told:
            for peer in asked:
                self.link(mode, peer, anew=True)
        self.ask(mode, asked, folder, questions, later, budget)
        for peer, found in asked.items():
            self.finish(found, self.link(mode, peer), folder, questions)
        self.cells += peers.values()
        shutil.rmtree(folder)

    def fill(self, found, link, folder, store, budget):
        """The peer takes all turns into a new store."""
        answers = [link("open", PATIENCE, folder=str(store), cell=str(folder))]
        answers.append(link("ingest", 3 * budget + 60, cell=str(folder), turns=found["turns"], budget=budget))
        answers.append(link("close", budget + 60))
        taken = answers[1]
        failed = next((answer["failed"] for answer in answers if "failed" in answer), None)
        if failed or any("late" in answer for answer in answers):
            found["slow"] = any("late" in answer for answer in answers)
            found["failed"] = None if found["slow"] else failed
            told = failed or "no answer in time"
        else:
            rate = taken["turns"] / taken["seconds"]
            found["taking"] = taken["processor"] / max(1, taken["turns"])
            told = f"{taken['turns']:,} turns, {rate:,.0f} a second{'' if taken['whole'] else ', not all'}"
            if taken["whole"]:
                found["ingested"].append(rate)
                found.update(rate=statistics.median(found["ingested"]), bytes=answers[2]["bytes"], store=str(store))
                # A round that takes long is not repeated, so that the run ends.
                found["long"] = taken["seconds"] > budget / 4
            else:
                found.update(slow=True, rate=rate)
        print(f"    {found['peer']}: {told}", flush=True)

    def ask(self, mode, peers, folder, questions, later, budget):
        """Every peer is opened and asked, all by turns."""
        for peer, found in peers.items():
            link = self.link(mode, peer)
            opened = link("open", budget, folder=found["store"], cell=str(folder))
            first = link("recall", budget, questions=questions[:1], k=K, budget=budget)
            found.update(recalls=[], processors=0.0, found=[], written=[], until=[])
            if "seconds" in opened and "seconds" in first:
                found["opened"] = opened["seconds"] + first["seconds"][0]
            else:
                found.update(late=True, failed=opened.get("failed") or first.get("failed"))
        for number in range(ROUNDS):
            part = questions[number * len(questions) // ROUNDS : (number + 1) * len(questions) // ROUNDS]
            for peer in turned(list(peers), number):
                if not peers[peer].get("late"):
                    self.round(peers[peer], self.link(mode, peer), part, later[number * SAID : (number + 1) * SAID], budget / ROUNDS)

    def finish(self, found, link, folder, questions):
        """What is measured when all was asked."""
        found["resident"] = link("resident", 60).get("resident")
        if (found["mode"], found["cell"]) == ERASED_IN:
            found["erased"] = link("erase", PATIENCE, cell=str(folder))
        else:
            link("close", PATIENCE)
        if found["recalls"]:
            found["asking"] = found.pop("processors") / len(found["recalls"])
        # What ranks nothing gives everything, and is read whole.
        cut = K if self.about[found["peer"]]["ranks"] else None
        shown = [(ids[:cut], asked) for ids, asked in found.pop("found")]
        if found["cell"] == "locomo" and shown:
            found["asked"] = len(shown)
            shares = [(asked["person"], len(set(ids) & set(asked["gold"])) / len(asked["gold"])) for ids, asked in shown]
            found["recall"] = statistics.mean(share for _, share in shares)
            unseen = [share for person, share in shares if person in UNSEEN]
            found["recall_unseen"] = statistics.mean(unseen) if unseen else None
            found["tokens"] = statistics.mean(sum(self.tokens[asked["person"], i] for i in ids) for ids, asked in shown)
        print(f"    {found['peer']}: {len(found['recalls'])} recalls", flush=True)

    def round(self, found, link, part, later, budget):
        """Some questions, and some new turns."""
        answer = link("recall", budget + 60, questions=part, k=K, budget=budget)
        if "seconds" not in answer:
            found.update(late=True, failed=answer.get("failed"))
            return
        found["processors"] += answer["processor"]
        found["recalls"] += answer["seconds"]
        found["found"] += zip(answer["found"], part)
        for turn in later:
            said = link("say", 60, turn=turn, k=K)
            found["written"].append(said.get("written"))
            found["until"].append(said.get("found"))
            if (said.get("found") or 60) > budget / SAID:
                break


def turned(items, number):
    """The items in an order that begins elsewhere every time."""
    place = number % len(items) if items else 0
    return items[place:] + items[:place]

