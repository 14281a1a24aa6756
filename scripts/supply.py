#!/usr/bin/env python3
"""Checks what the lock file brings in: where it comes from, under which licences, what comes twice, and what is known to be
vulnerable; and writes a bill of materials, target/sbom.cdx.json (CycloneDX 1.6).

    scripts/supply.py [--advisories FOLDER]

FOLDER is a clone of https://github.com/rustsec/advisory-db, or its bare repository; without it nothing is said of vulnerabilities.
It reads `cargo metadata` and nothing from the network. `deny.toml` has the same rules for cargo-deny."""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"


def run(*command):
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def allowed(expression, licences):
    """Whether an SPDX expression of AND, OR and parentheses can be kept with these licences."""
    # A licence with an exception is one of its own.
    words = re.findall(r"\(|\)|[^\s()]+ WITH [^\s()]+|[^\s()]+", expression.replace("/", " OR "))

    def either():
        value = both()
        while words and words[0] == "OR":
            words.pop(0)
            value = both() or value
        return value

    def both():
        value = one()
        while words and words[0] == "AND":
            words.pop(0)
            value = one() and value
        return value

    def one():
        word = words.pop(0)
        if word != "(":
            return word in licences
        value = either()
        words.pop(0)
        return value

    return either()


def version(text):
    """A version as a tuple that compares; what stands behind a dash comes before all without."""
    number, _, pre = text.partition("+")[0].partition("-")
    parts = [int(part) for part in number.split(".")]
    return (*parts, *[0] * (3 - len(parts)), not pre, pre)


def meets(found, requirement):
    """Whether a version meets a requirement of Cargo's form, as advisories have them."""
    for part in requirement.split(","):
        sign, text = re.fullmatch(r"\s*(>=|<=|>|<|=|\^|~)?\s*(\S+)\s*", part).groups()
        wanted, has = version(text), version(found)
        if sign in (None, "^", "~"):
            numbers = [int(n) for n in text.partition("-")[0].split(".")]
            # ^ leaves what is left of the first number that is not 0, ~ all but the last that is named.
            keep = min(len(numbers) - 1, 1) if sign == "~" else next((i for i, n in enumerate(numbers) if n), len(numbers) - 1)
            holds = has >= wanted and has[:keep + 1] == wanted[:keep + 1]
        else:
            holds = {">=": has >= wanted, "<=": has <= wanted, ">": has > wanted, "<": has < wanted, "=": has == wanted}[sign]
        if not holds:
            return False
    return True


def advisories(folder):
    """The advisories of a clone, and the day of its last change."""
    folder = pathlib.Path(folder).resolve()
    git = ["git", "-C", str(folder)]
    day = run(*git, "log", "-1", "--format=%cs").strip()
    names = [name for name in run(*git, "ls-tree", "-r", "--name-only", "HEAD", "crates/").split() if name.endswith(".md")]
    texts = []
    batch = subprocess.run([*git, "cat-file", "--batch"], check=True, capture_output=True,
                           input="".join(f"HEAD:{name}\n" for name in names).encode()).stdout
    while batch:
        head, _, batch = batch.partition(b"\n")
        size = int(head.split()[2])
        texts.append(batch[:size].decode())
        batch = batch[size + 1:]
    return day, [tomllib.loads(text.split("```toml\n", 1)[1].split("\n```", 1)[0]) for text in texts]


def vulnerable(packages, advisories, ignored):
    """What is known of the packages: (whether it is a fault, what to say). A crate that nobody maintains is a fault, too, unless
    deny.toml says why it stays."""
    for advisory in advisories:
        about, versions = advisory["advisory"], advisory.get("versions", {})
        safe = versions.get("patched", []) + versions.get("unaffected", [])
        for package in packages:
            if package["name"] != about["package"] or about.get("withdrawn"):
                continue
            if any(meets(package["version"], requirement) for requirement in safe):
                continue
            kind = about.get("informational")
            yield about["id"] not in ignored, f"{about['id']} ({kind or 'vulnerability'}): {package['name']} {package['version']}"


def materials(packages, root):
    def component(package):
        name, number = package["name"], package["version"]
        part = {"type": "library", "name": name, "version": number, "purl": f"pkg:cargo/{name}@{number}",
                "bom-ref": f"pkg:cargo/{name}@{number}"}
        if package.get("license"):
            part["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
        if package.get("checksum"):
            part["hashes"] = [{"alg": "SHA-256", "content": package["checksum"]}]
        return part

    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
            "metadata": {"component": {"type": "application", "name": "kithkin", "version": root}},
            "components": [component(package) for package in packages]}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--advisories", metavar="FOLDER")
    given = arguments.parse_args()
    rules = tomllib.loads((ROOT / "deny.toml").read_text())
    metadata = json.loads(run("cargo", "metadata", "--format-version", "1", "--locked"))
    checksums = {(p["name"], p["version"]): p.get("checksum")
                 for p in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]}
    own = set(metadata["workspace_members"])
    packages = sorted((p for p in metadata["packages"] if p["id"] not in own), key=lambda p: (p["name"], p["version"]))
    faults, notes = [], []
    for package in packages:
        shown = f"{package['name']} {package['version']}"
        package["checksum"] = checksums.get((package["name"], package["version"]))
        if package["source"] != REGISTRY:
            faults.append(f"{shown} comes from {package['source']}; only crates.io is allowed")
        elif not package["checksum"]:
            faults.append(f"{shown} has no checksum in Cargo.lock")
        if not package["license"]:
            faults.append(f"{shown} names no licence")
        elif not allowed(package["license"], set(rules["licenses"]["allow"])):
            faults.append(f"{shown} has the licence {package['license']}, which deny.toml does not allow")
    found = {}
    for package in packages:
        found.setdefault(package["name"], []).append(package["version"])
    twice = {name: versions for name, versions in found.items() if len(versions) > 1}
    known = {entry["crate"] for entry in rules["bans"]["skip"]}
    faults += [f"{name} comes as {', '.join(versions)}; use one, or name it in deny.toml"
               for name, versions in twice.items() if name not in known]
    faults += [f"deny.toml names {name}, which comes once; take it out" for name in sorted(known - set(twice))]
    if given.advisories:
        day, all_advisories = advisories(given.advisories)
        told = list(vulnerable(packages, all_advisories, {entry["id"] for entry in rules["advisories"]["ignore"]}))
        faults += [text for fault, text in told if fault]
        notes += [text for fault, text in told if not fault]
        notes.append(f"{len(all_advisories)} advisories of {day}")
    else:
        notes.append("vulnerabilities were not looked for; name a clone of the RustSec database with --advisories")
    root = next(p["version"] for p in metadata["packages"] if p["name"] == "kithkin-cli")
    (ROOT / "target").mkdir(exist_ok=True)
    (ROOT / "target/sbom.cdx.json").write_text(json.dumps(materials(packages, root), indent=1))
    print(f"{len(packages)} packages, {len(twice)} in several versions; target/sbom.cdx.json")
    print("\n".join(notes))
    print("\n".join(f"fault: {fault}" for fault in faults), file=sys.stderr, end="\n" if faults else "")
    sys.exit(1 if faults else 0)


main()
