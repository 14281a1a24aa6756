"""Checks that the relative links of every tracked Markdown file lead somewhere, and their anchors to a heading.

Links to other machines are not followed. Anchors are those that GitHub and mkdocs make alike of plain headings.
"""

import pathlib
import re
import subprocess
import sys
import urllib.parse

FENCE = re.compile(r"^ {0,3}(```|~~~).*?^ {0,3}\1\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)


def prose(text):
    """The text without what is quoted as code."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))


def anchors(text):
    """The anchors of the headings; code in them counts as its words."""
    found = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "")
        found.add(re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", plain.lower()).strip()))
    return found


def broken(root, name):
    """What is wrong with the links of a file."""
    file = root / name
    text = file.read_text(encoding="utf-8")
    for target in LINK.findall(prose(text)) + REFERENCE.findall(prose(text)):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        path, _, anchor = urllib.parse.unquote(target).partition("#")
        leads = (file.parent / path).resolve() if path else file
        if not leads.is_relative_to(root):
            yield f"{name}: {target} leads out of the repository"
        elif not leads.exists():
            yield f"{name}: {target} leads nowhere"
        elif anchor and (leads.suffix != ".md" or anchor not in anchors(leads.read_text(encoding="utf-8"))):
            yield f"{name}: {target} has no such heading"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    listed = subprocess.run(["git", "ls-files", "-z", "*.md"], cwd=root, check=True, capture_output=True, text=True)
    files = [name for name in listed.stdout.split("\0") if name and (root / name).exists()]
    problems = [problem for name in files for problem in broken(root, name)]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(files)} files, {len(problems)} broken links")
    return 1 if problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
