"""The table of a run, as Markdown and as tab-separated values, and its plot."""

import statistics

from peers import COMPARED, NAMES

MODES = {"given": "vectors given", "own": "each embeds"}
KEEPS_NO_VECTOR = ("fts5", "context")


def write(about, cells, folder):
    """Writes `peers.md`, `peers.tsv` and `peers.svg`."""
    rows = table(about, cells)
    heads = ["measure", *(NAMES[peer] for peer in about["peers"])]
    lines = ["\t".join(heads), *("\t".join(row) for row in rows)]
    (folder / "peers.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    marks = [heads, ["---"] * len(heads), *rows]
    text = "".join("| " + " | ".join(row) + " |\n" for row in marks)
    text += "\n## Against what was aimed at\n\n" + "".join(f"- {line}\n" for line in aims(about, cells))
    text += "\n## How each was used\n\n" + "".join(f"- {line}\n" for line in uses(about))
    text += "\n" + "".join(f"{line}\n" for line in circumstances(about))
    (folder / "peers.md").write_text(text, encoding="utf-8")
    plot(about, cells, folder / "peers.svg")


def table(about, cells):
    """The rows of the table: what was measured, and the figure of each peer."""
    rows = []
    for mode, said in MODES.items():
        named = list(dict.fromkeys(cell["cell"] for cell in cells if cell["mode"] == mode))
        for measure, figure in (("turns taken a second", rate), ("recall, p50 / p95 ms", recalled), ("processor ms: a turn taken / a recall", processor)):
            for name in named:
                rows.append(row(f"{measure}, {shown(name)}, {said}", about, cells, mode, name, figure))
        deep = deepest(named)
        if deep:
            told = [("one turn written, p50 ms", median_of("written")), ("said until recalled, p50 ms", median_of("until")), ("resident, MiB", resident)]
            # Where each embeds, some load the weights when they open and others before.
            for measure, figure in told + [("opened and asked the first time, ms", opened)] * (mode == "given"):
                rows.append(row(f"{measure}, {shown(deep)}, {said}", about, cells, mode, deep, figure))
        if mode == "given":
            if deep:
                rows.append(row(f"bytes on disk a turn, {shown(deep)}", about, cells, mode, deep, size))
            if "locomo" in named:
                rows.append(row("LoCoMo: evidence recall@10", about, cells, mode, "locomo", quality("recall")))
                rows.append(row("the same, of conversations that Kithkin was not tuned on", about, cells, mode, "locomo", quality("recall_unseen")))
                rows.append(row("LoCoMo: tokens of what is given", about, cells, mode, "locomo", tokens))
            for name in (name for name in named if any("erased" in cell for cell in cells if cell["cell"] == name)):
                rows.append(row("an erased turn in the files, before → after: words / vector", about, cells, mode, name, left))
                rows.append(row(f"erasing it, ms, {shown(name)}", about, cells, mode, name, erasing))
    # What no peer has a figure of was not measured.
    return [row for row in rows if any(figure[0].isdigit() for figure in row[1:])]


def row(measure, about, cells, mode, name, figure):
    return [measure, *(told(of(cells, mode, name, peer), figure) for peer in about["peers"])]


def of(cells, mode, name, peer):
    return next((cell for cell in cells if (cell["mode"], cell["cell"], cell["peer"]) == (mode, name, peer)), None)


def told(cell, figure):
    """A figure, or why there is none."""
    if cell is None:
        return "as above"
    found = figure(cell)
    if found is not None:
        return found
    if cell.get("failed"):
        return "failed"
    return f"not within {cell['budget']:.0f} s" if cell.get("slow") or cell.get("late") else "–"


def shown(name):
    if name == "locomo":
        return "LoCoMo"
    persons, each = map(int, name.split("x"))
    return f"{persons:,} × {each:,}"


def deepest(names):
    """The cell of one person in which memory, bytes and new turns are told: the largest up to 10,000 turns."""
    turns = {name: int(name[2:]) for name in names if name.startswith("1x")}
    return max((name for name in turns if turns[name] <= 10_000), key=turns.get, default=None)


def number(value):
    """Three figures, and no more."""
    if value >= 1000:
        return f"{value:,.0f}"
    places = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:.{places}f}"


def rate(cell):
    if cell.get("slow"):
        return f"{number(cell['rate'])} (not all)" if "rate" in cell else None
    return number(cell["rate"]) if "rate" in cell else None


def recalled(cell):
    times = sorted(cell.get("recalls", ()))
    if not times:
        return None
    few = f" (n = {len(times)})" if len(times) < 50 else ""
    return f"{number(statistics.median(times) * 1e3)} / {number(times[min(len(times) - 1, int(len(times) * 0.95))] * 1e3)}{few}"


def processor(cell):
    """What the processors did for it, which says more than the time on a machine that is shared."""
    taken, asked = cell.get("taking"), cell.get("asking")
    if not taken:
        return None
    return f"{number(taken * 1e3)} / {number(asked * 1e3) if asked is not None else '–'}"


def median_of(what):
    def figure(cell):
        times = [time for time in cell.get(what, ()) if time is not None]
        if not times:
            return "not found" if cell.get(what) else None
        missed = len(cell[what]) - len(times)
        return number(statistics.median(times) * 1e3) + (f" ({missed} of {len(cell[what])} not found)" if missed else "")

    return figure


def opened(cell):
    return number(cell["opened"] * 1e3) if "opened" in cell else None


def resident(cell):
    return number(cell["resident"] / 2**20) if cell.get("resident") else None


def size(cell):
    return number(cell["bytes"] / cell["turns"]) if "bytes" in cell else None


def quality(what):
    def figure(cell):
        if cell.get(what) is None:
            return None
        return f"{cell[what]:.3f}" + (f" (n = {cell['asked']})" if cell.get("late") else "")

    return figure


def tokens(cell):
    return number(cell["tokens"]) if cell.get("tokens") else None


def left(cell):
    erased = cell.get("erased")
    if not erased or "after" not in erased:
        return None
    before, after = erased["before"], erased["after"]
    return " / ".join(f"{before[form]} → {after[form]}" if before[form] or after[form] else "not to be seen" for form in ("words", "vector"))


def erasing(cell):
    return number(cell["erased"]["seconds"] * 1e3) if "seconds" in cell.get("erased", ()) else None


def aims(about, cells):
    """Kithkin's figures as multiples of the best of those that the aims name."""
    for mode, taking, asking in (("given", 5, 5), ("own", 2, 1.5)):
        for name in dict.fromkeys(cell["cell"] for cell in cells if cell["mode"] == mode):
            ours = of(cells, mode, name, "kithkin")
            theirs = {peer: of(cells, mode, name, peer) for peer in COMPARED}
            rates = {peer: cell["rate"] for peer, cell in theirs.items() if cell and "rate" in cell and not cell.get("failed")}
            if ours and "rate" in ours and rates:
                best = max(rates, key=rates.get)
                yield f"{MODES[mode]}, {shown(name)}: {ours['rate'] / rates[best]:.1f} times the turns a second of {NAMES[best]}, the fastest (aim: {taking})"
            medians = {peer: statistics.median(cell["recalls"]) for peer, cell in theirs.items() if cell and cell.get("recalls")}
            if ours and ours.get("recalls") and medians:
                best = min(medians, key=medians.get)
                yield f"{MODES[mode]}, {shown(name)}: recall {medians[best] / statistics.median(ours['recalls']):.1f} times as fast as {NAMES[best]}, the fastest (aim: {asking})"
    deep = deepest(cell["cell"] for cell in cells if cell["mode"] == "given")
    sizes = {cell["peer"]: cell["bytes"] / cell["turns"] for cell in cells if cell["mode"] == "given" and cell["cell"] == deep and "bytes" in cell and cell["peer"] not in KEEPS_NO_VECTOR}
    others = {peer: size for peer, size in sizes.items() if peer != "kithkin"}
    if "kithkin" in sizes and others:
        least = min(others, key=others.get)
        yield f"bytes a turn: {number(sizes['kithkin'])}, where the least of the others that keep words and a vector, {NAMES[least]}, has {number(others[least])} (aim: below all)"


def uses(about):
    for peer in about["peers"]:
        of_peer = about["of_peers"].get(peer, {})
        versions = ", ".join(f"{package} {version}" for package, version in of_peer.get("versions", {}).items())
        yield f"{NAMES[peer]}{f' ({versions})' if versions else ''}: {of_peer.get('note', '')}."


def circumstances(about):
    yield f"{about['machine']}; {about['date']}; {about['minutes']:.0f} minutes; load average {about['load_before']:.1f} before and {about['load_after']:.1f} after."
    yield f"Command: `{about['command']}`"


def plot(about, cells, path):
    """Recall against the turns of a person, and turns taken a second."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "kithkin"
    from matplotlib import pyplot

    figure, (left_side, right_side) = pyplot.subplots(1, 2, figsize=(11, 4.4))
    colours = dict(zip(NAMES, pyplot.get_cmap("tab10").colors))
    for peer in about["peers"]:
        points = sorted((cell["turns"], cell) for cell in cells if cell["mode"] == "given" and cell["peer"] == peer and cell["cell"].startswith("1x") and cell["turns"] > 100)
        width = 2.6 if peer == "kithkin" else 1.3
        asked = [(turns, statistics.median(cell["recalls"]) * 1e3) for turns, cell in points if cell.get("recalls")]
        taken = [(turns, cell["rate"]) for turns, cell in points if "rate" in cell]
        for axes, line in ((left_side, asked), (right_side, taken)):
            if line:
                axes.loglog(*zip(*line), marker="o", markersize=4, linewidth=width, color=colours[peer], label=NAMES[peer])
    left_side.set(title="Recall of one person, vectors given", xlabel="turns", ylabel="median, ms")
    right_side.set(title="Turns taken, vectors given", xlabel="turns", ylabel="turns a second")
    for axes in (left_side, right_side):
        axes.grid(True, which="major", alpha=0.3)
    if right_side.lines:
        right_side.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
