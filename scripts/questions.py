#!/usr/bin/env python3
"""Prints which person and which three questions `make run` uses for a file.

A LoCoMo file brings its own questions; any other chat log is asked three general ones.
"""
import json
import sys

GENERAL = ["What plans were made?", "What went wrong?", "What was said last about work?"]


def main() -> None:
    select, person, questions = "", "me", GENERAL
    try:
        with open(sys.argv[1], encoding="utf-8") as file:
            items = json.load(file)
        item = items[0] if isinstance(items, list) else items
        select = person = item["sample_id"]
        questions = [qa["question"] for qa in item["qa"] if qa.get("evidence") and qa.get("category") != 5][:3]
    except (ValueError, KeyError, IndexError, TypeError):
        pass  # Not LoCoMo: the import says what it is, or what is wrong with it.
    print(f"select\t{select}")
    print(f"person\t{person}")
    for question in questions:
        print(f"question\t{question}")


if __name__ == "__main__":
    main()
