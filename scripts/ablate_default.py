#!/usr/bin/env python3
"""Shows what each part of the default method is worth: builds it up part by part on LoCoMo, prints a Markdown table.

    python3 scripts/ablate_default.py BINARY LOCOMO_JSON

Each step is the preset methods/hybrid.toml with later parts taken out. The tuning conversations come first, those that
no constant was set on second. Takes about six minutes on two cores.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORDS = '{ strategy = "bm25", k1 = 0.9, b = 0.5 }'
MEANING = '{ strategy = "dense" }'
METRICS = ["recall_mean@10", "ndcg@10", "recall_mean@1000t", "session_recall_mean@5"]


def steps(preset: str) -> list[tuple[str, str]]:
    """The presets, from the first part to the whole, each with what it adds."""
    lines = preset.splitlines()
    retrieve = [line.strip().rstrip(",") for line in lines if line.strip().startswith('{ strategy = "bm25"')]
    retrieve += [line.strip().rstrip(",") for line in lines if line.strip().startswith('{ strategy = "dense"')]
    rerank = [line.strip().rstrip(",") for line in lines if line.startswith('    { strategy = "') and "weight = " in line]
    fuse = next(line for line in lines if line.startswith("fuse = "))
    tail = "\n".join(line for line in lines if line.startswith(("sessions = ", "answer = ", "abstain_below = ")))

    def built(number: int, signals: list[str], weights: str, reranked: list[str]) -> str:
        head = f'id = "step-{number}"\ntitle = "A part of the default"\nstatus = "preview"\nsummary = "-"\ncost = "-"\n\n'
        recall = f"[recall]\nretrieve = [{', '.join(signals)}]\n{weights}\nrerank = [{', '.join(reranked)}]\n{tail}\n"
        return head + recall

    one = 'fuse = { strategy = "weighted", weights = [1.0] }'
    parts = [
        ("words of the turn (BM25)", [WORDS], one, []),
        ("and its embedding, raw scores added", [WORDS, MEANING], fuse, []),
        ("with neighbours pooled", retrieve, fuse, []),
    ]
    names = [f"rerank by {tomllib.loads('x = ' + line)['x']['strategy']}" for line in rerank]
    parts += [(name, retrieve, fuse, rerank[: place + 1]) for place, name in enumerate(names)]
    return [(name, built(place, *rest)) for place, (name, *rest) in enumerate(parts)]


def measured(binary: str, data: str, items: list[str], presets: list[str]) -> list[dict]:
    """One row of the lab for each preset."""
    command = [binary, "lab", "run", "locomo-recall", "--data", data, "--items", ",".join(items), "--json"]
    ran = subprocess.run([*command, "--method", ",".join(presets)], check=True, stdout=subprocess.PIPE)
    return json.loads(ran.stdout)["rows"]


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    binary, data = sys.argv[1:]
    split = tomllib.loads((ROOT / "datasets/locomo/dataset.toml").read_text())
    parts = steps((ROOT / "methods/hybrid.toml").read_text())
    with tempfile.TemporaryDirectory() as folder:
        presets = []
        for place, (_, preset) in enumerate(parts):
            path = pathlib.Path(folder) / f"step-{place}.toml"
            path.write_text(preset)
            presets.append(str(path))
        for name in ["tune", "report"]:
            rows = measured(binary, data, split[name], presets)
            print(f"\n{name}: {', '.join(split[name])}, {rows[0]['n']} questions\n")
            print("| step | " + " | ".join(METRICS) + " |\n|---|" + "---|" * len(METRICS))
            for (what, _), row in zip(parts, rows):
                print(f"| {what} | " + " | ".join(f"{row['metrics'][metric]:.3f}" for metric in METRICS) + " |")


if __name__ == "__main__":
    main()
