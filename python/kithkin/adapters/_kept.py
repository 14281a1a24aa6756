"""What the adapters of chats have in common: messages that are kept whole beside the words of their turns."""

from __future__ import annotations

import json
from typing import Any

from kithkin.errors import NotFoundError
from kithkin.person import Person


def kept(person: Person, conversation: str, kind: str) -> list[Any]:
    """The messages of this kind in a conversation, as JSON, in the order in which they were written down."""
    try:
        turns = person.turns()
    except NotFoundError:
        return []
    return [
        json.loads(attached.get("reference") or "null")
        for turn in turns
        if turn["conversation"] == conversation and not turn["replaced"]
        for attached in turn.get("attachments", ())
        if attached["kind"] == kind
    ]


def erase(person: Person, conversation: str) -> None:
    """Erases a conversation, which need not be there."""
    try:
        person.forget(conversation=conversation)
    except NotFoundError:
        pass
