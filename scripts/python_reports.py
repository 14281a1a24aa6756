#!/usr/bin/env python3
"""Writes the types of the Python package's reports, `python/kithkin/reports.py`, from the description of the service's routes.

    scripts/python_reports.py            # writes the file
    scripts/python_reports.py --check    # fails where the file is not what would be written

The routes answer with the reports of the facade, and so does the package: one description serves both.
"""

import argparse
import json
import keyword
import pathlib
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
DESCRIPTION = ROOT / "docs" / "reference" / "openapi.json"
REPORTS = ROOT / "python" / "kithkin" / "reports.py"

# What the package gives out; what they are made of comes along.
GIVEN = [
    "About", "ConsentReport", "Context", "CorrectReport", "DisclosureReport", "ErasureReport", "FeedbackReport", "ForgetReport",
    "ImportReport",
    "JobReport", "MemoryReport", "PersonReport", "ProfileReport", "PromptReport", "RecallReport", "Receipt", "Remembered",
    "RespondReport", "TurnReport",
]
PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None", "object": "dict[str, Any]"}

HEAD = '''"""What calls return: dictionaries with these keys. Made by `scripts/python_reports.py`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict
'''


def named(schema, found):
    """The Python type of a schema; the names that it refers to are added to `found`."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        found.append(name)
        return name
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return " | ".join(dict.fromkeys(named(one, found) for one in schema[several]))
    if "enum" in schema:
        return f"Literal[{', '.join(json.dumps(value) for value in schema['enum'])}]"
    if "const" in schema:
        return f"Literal[{json.dumps(schema['const'])}]"
    if "allOf" in schema and len(schema["allOf"]) == 1:
        return named(schema["allOf"][0], found)
    kinds = schema.get("type", "object")
    if isinstance(kinds, list):
        return " | ".join(named({**schema, "type": kind}, found) for kind in kinds)
    if kinds == "array" and "items" in schema:
        return f"list[{named(schema['items'], found)}]"
    if kinds == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"dict[str, {named(schema['additionalProperties'], found)}]"
    return PLAIN.get(kinds, "Any")


def documentation(text):
    return textwrap.fill(" ".join(text.split()), 116, initial_indent="    ", subsequent_indent="    ")


def written(name, schema, found):
    """The definition of one type."""
    parts = schema.get("allOf", [schema])
    bases = [part["$ref"].rsplit("/", 1)[1] for part in parts if "$ref" in part]
    found.extend(bases)
    own = [part for part in parts if "properties" in part]
    if not own and not bases:
        return f"{name} = {named(schema, found)}\n"
    if any(keyword.iskeyword(key) for part in own for key in part["properties"]):
        keys = {key: named(value, found) for part in own for key, value in part["properties"].items()}
        return f"{name} = TypedDict({name!r}, {{{', '.join(f'{key!r}: {kind}' for key, kind in keys.items())}}})\n"
    lines = [f"class {name}({', '.join(bases) or 'TypedDict'}):"]
    about = " ".join(schema.get("description", name).split())
    lines.append(documentation(f'"""{about}"""'))
    for part in own:
        for key, value in part["properties"].items():
            kind = named(value, found)
            always = key in part.get("required", ())
            lines += ["", f"    {key}: {kind if always else f'NotRequired[{kind}]'}"]
            if "description" in value:
                lines.append(documentation(f'"""{" ".join(value["description"].split())}"""'))
    return "\n".join(lines) + "\n"


def reports():
    schemas = json.loads(DESCRIPTION.read_text(encoding="utf-8"))["components"]["schemas"]
    made, waiting = {}, list(GIVEN)
    while waiting:
        name = waiting.pop()
        if name not in made:
            made[name] = written(name, schemas[name], waiting)
    # A type stands behind those that it extends.
    order = sorted(made, key=lambda name: (made[name].startswith("class") and "(TypedDict)" not in made[name], name))
    return HEAD + "".join("\n\n" + made[name] for name in order)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only compare")
    wanted = reports()
    if not parser.parse_args().check:
        REPORTS.write_text(wanted, encoding="utf-8")
    elif REPORTS.read_text(encoding="utf-8") != wanted:
        sys.exit(f"{REPORTS.relative_to(ROOT)} is stale; run scripts/python_reports.py")


if __name__ == "__main__":
    main()
