"""Writes the reference that the binary knows best: docs/reference/cli.md and docs/reference/methods.md.

reference.py KITHKIN [--check]; with --check nothing is written, and what is stale is told.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

REFERENCE = pathlib.Path(__file__).resolve().parent.parent / "docs" / "reference"

CLI = """# The command line

Written by `make reference` from `kithkin COMMAND --help`.
A command takes its own options, given below, and those [of every command](#of-every-command).
Any may be in the [configuration file](configuration.md) or in the environment instead where that is said.
"""

METHODS = """# The methods

Written by `make reference` from `kithkin methods --json`.
Each is a file in `methods/`; `kithkin methods NAME` says how it departs from its paper.
What was measured of them is in [What the papers claim, and what holds here](../explanation/claims.md).
`stable` is what others build on, `preview` may still change.

| method | what it does | needs | status | after |
|---|---|---|---|---|
"""


def run(kithkin, *args):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KITHKIN_")}
    environment |= {"COLUMNS": "100", "XDG_CONFIG_HOME": "/nonexistent"}
    return subprocess.run([kithkin, *args], check=True, capture_output=True, text=True, env=environment).stdout


def sections(text):
    """The help, as what precedes its options, and the blocks under headings by their heading."""
    head, *rest = re.split(r"^([A-Z][A-Za-z ]*):\n", text, flags=re.MULTILINE)
    return head.strip(), dict(zip(rest[::2], [block.rstrip("\n") for block in rest[1::2]]))


def subcommands(blocks):
    names = re.findall(r"^  ([a-z-]+)  ", blocks.get("Commands", ""), flags=re.MULTILINE)
    return [name for name in names if name != "help"]


def command(kithkin, path, shared):
    """The section of one command and those below it."""
    head, blocks = sections(run(kithkin, *path, "--help"))
    about, _, usage = head.partition("Usage:")
    own = {name: block for name, block in blocks.items() if name not in shared and name != "Commands"}
    # What every command has is told once.
    own["Options"] = re.sub(r"^  -h, --help .*\n?", "", own.get("Options", ""), flags=re.MULTILINE).rstrip("\n")
    text = f"\n{'#' * (len(path) + 1)} kithkin {' '.join(path)}\n\n{' '.join(about.split())}.\n\n"
    text += "```text\n" + " ".join(usage.split()) + "\n"
    text += "".join(f"\n{name}:\n{block}\n" for name, block in own.items() if block.strip()) + "```\n"
    return text + "".join(command(kithkin, [*path, name], shared) for name in subcommands(blocks))


def cli(kithkin):
    _, blocks = sections(run(kithkin, "--help"))
    shared = [name for name in blocks if name not in ("Commands", "Options", "Arguments")]
    text = CLI + "".join(command(kithkin, [name], shared) for name in subcommands(blocks))
    text += "\n## Of every command\n\n```text\n"
    return text + "\n".join(f"{name}:\n{blocks[name]}\n" for name in shared) + "```\n"


def methods(kithkin):
    text = METHODS
    for method in json.loads(run(kithkin, "methods", "--json")):
        about = method["about"]
        needs = ["embedder", "chat", "reranker", "memories"]
        words = {"chat": "chat model", "memories": "rebuild"}
        needed = ", ".join(words.get(need, need) for need in needs if about[f"needs_{need}"]) or "nothing"
        paper = (about.get("paper") or {}).get("title", "")
        row = [f"`{about['id']}`", about["title"], needed, about["status"], paper]
        text += "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n"
    return text


def main():
    kithkin, check = sys.argv[1], "--check" in sys.argv[2:]
    stale = 0
    for name, text in [("cli.md", cli(kithkin)), ("methods.md", methods(kithkin))]:
        file = REFERENCE / name
        if not check:
            file.write_text(text, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != text:
            print(f"docs/reference/{name} is stale; `make reference` writes it", file=sys.stderr)
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
