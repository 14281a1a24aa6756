"""A memory as LangGraph's store: documents under namespaces. Needs `langgraph`.

    store = KithkinStore(memory, person=1)                      # ("memories", "ann") is of the person ann
    graph = builder.compile(store=store)

A document is a turn of the person: its words are found by `search`, and by `recall` outside of LangGraph; putting another in
its place leaves the earlier one in the history, deleting it erases both. A time to live is not offered.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from langgraph.store.base import (
    BaseStore,
    GetOp,
    Item,
    ListNamespacesOp,
    MatchCondition,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
)

from kithkin.errors import NotFoundError
from kithkin.memory import Memory
from kithkin.person import Person
from kithkin.reports import TurnReport

Namespace = tuple[str, ...]

_KIND = "langgraph-document"
_SESSION = "documents"
_MOST = 1_000


class KithkinStore(BaseStore):
    """Documents of persons.

    `person` says whose a namespace is: a number is the place of the person's id in it, counted from 0 or, below 0, from its
    end; a text is one person, whose all namespaces are. What a namespace does not name is an error, never somebody else's.
    """

    supports_ttl = False

    def __init__(self, memory: Memory, *, person: int | str) -> None:
        self._memory = memory
        self._whose = person

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Does one thing after another; of several documents put in one place, the last stays."""
        return [self._do(op) for op in ops]

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """The same on a thread of its own."""
        return await asyncio.to_thread(self.batch, list(ops))

    def _do(self, op: Op) -> Result:
        match op:
            case GetOp():
                return self._get(op.namespace, op.key)
            case PutOp():
                self._put(op)
                return None
            case SearchOp():
                return self._search(op)
            case ListNamespacesOp():
                return self._namespaces(op)
        raise TypeError(f"{type(op).__name__} is no operation of a store")

    def _person(self, namespace: Namespace) -> Person:
        if isinstance(self._whose, str):
            return self._memory.person(self._whose)
        try:
            return self._memory.person(namespace[self._whose])
        except IndexError:
            raise ValueError(f"the namespace {namespace} has no part {self._whose} that names a person") from None

    def _persons(self, prefix: Namespace) -> Iterator[Person]:
        """Those who may have documents under a prefix."""
        if isinstance(self._whose, str) or -len(prefix) <= self._whose < len(prefix) and self._whose >= 0:
            yield self._person(prefix)
        else:
            for report in self._memory.persons():
                yield self._memory.person(report["person"])

    def _get(self, namespace: Namespace, key: str) -> Item | None:
        person = self._person(namespace)
        try:
            tellings = person.turns(key)
        except NotFoundError:
            return None
        return next((item for item in _items(tellings) if item.namespace == namespace), None)

    def _put(self, op: PutOp) -> None:
        person = self._person(op.namespace)
        conversation = _conversation(op.namespace)
        if op.value is None:
            try:
                person.forget(turns=[op.key], conversation=conversation)
            except NotFoundError:
                pass
            return
        # `index=False` wants a document that no search finds by its words; its name stands in for them.
        words = op.key if op.index is False else " ".join(_texts(op.value)) or op.key
        whole = json.dumps({"namespace": op.namespace, "value": op.value}, ensure_ascii=False)
        person.remember(
            words,
            id=op.key,
            conversation=conversation,
            session=_SESSION,
            attachments=[{"kind": _KIND, "reference": whole}],
        )

    def _search(self, op: SearchOp) -> list[SearchItem]:
        found: list[SearchItem] = []
        for person in self._persons(op.namespace_prefix):
            under = [item for item in _documents(person) if _starts(item.namespace, op.namespace_prefix)]
            under = [item for item in under if _matches(item.value, op.filter)]
            found += _ranked(person, under, op.query) if op.query else [_hit(item, None) for item in under]
        if op.query:
            found.sort(key=lambda item: -(item.score or 0.0))
        else:
            found.sort(key=lambda item: item.updated_at, reverse=True)
        return found[op.offset : op.offset + op.limit]

    def _namespaces(self, op: ListNamespacesOp) -> list[Namespace]:
        names = {item.namespace for person in self._persons(()) for item in _documents(person)}
        for condition in op.match_conditions or ():
            names = {name for name in names if _fits(name, condition)}
        if op.max_depth is not None:
            names = {name[: op.max_depth] for name in names}
        return sorted(names)[op.offset : op.offset + op.limit]


def _conversation(namespace: Namespace) -> str:
    return json.dumps(namespace, ensure_ascii=False)


def _documents(person: Person) -> list[Item]:
    try:
        return list(_items(person.turns()))
    except NotFoundError:
        return []


def _items(turns: Iterable[TurnReport]) -> Iterator[Item]:
    """The documents among turns, each as it was put last."""
    first: dict[tuple[str, str], str] = {}
    for turn in turns:
        first.setdefault((turn["conversation"], turn["turn"]), turn["recorded_at"])
        for attached in turn.get("attachments", ()):
            if attached["kind"] == _KIND and not turn["replaced"]:
                kept = json.loads(attached.get("reference") or "{}")
                created = first[turn["conversation"], turn["turn"]]
                yield Item(
                    namespace=tuple(kept["namespace"]),
                    key=turn["turn"],
                    value=kept["value"],
                    created_at=datetime.fromisoformat(created),
                    updated_at=datetime.fromisoformat(turn["recorded_at"]),
                )


def _ranked(person: Person, items: list[Item], query: str) -> list[SearchItem]:
    """Those of the documents that answer the query, with their scores."""
    named = {(_conversation(item.namespace), item.key): item for item in items}
    within = [(conversation, _SESSION) for conversation in dict.fromkeys(name for name, _ in named)]
    if not within:
        return []
    found = person.recall(query, within=within, limit=_MOST)["evidence"]
    hits = [(named.get((hit["conversation"], hit["turn"])), hit["score"]) for hit in found]
    return [_hit(item, score) for item, score in hits if item is not None]


def _hit(item: Item, score: float | None) -> SearchItem:
    return SearchItem(
        namespace=item.namespace,
        key=item.key,
        value=item.value,
        created_at=item.created_at,
        updated_at=item.updated_at,
        score=score,
    )


def _texts(value: Any) -> Iterator[str]:
    """What of a document can be read: its texts and numbers, without the names of its fields."""
    match value:
        case dict():
            for part in value.values():
                yield from _texts(part)
        case list() | tuple():
            for part in value:
                yield from _texts(part)
        case None | bool():
            return
        case _:
            yield str(value)


def _starts(namespace: Namespace, prefix: Namespace) -> bool:
    return namespace[: len(prefix)] == tuple(prefix)


def _fits(namespace: Namespace, condition: MatchCondition) -> bool:
    path = tuple(condition.path)
    if len(namespace) < len(path):
        return False
    part = namespace[: len(path)] if condition.match_type == "prefix" else namespace[len(namespace) - len(path) :]
    return all(wanted in ("*", name) for wanted, name in zip(path, part, strict=True))


def _matches(value: dict[str, Any], wanted: dict[str, Any] | None) -> bool:
    return all(_satisfies(value.get(key), condition) for key, condition in (wanted or {}).items())


def _satisfies(value: Any, condition: Any) -> bool:
    if not (isinstance(condition, dict) and any(key.startswith("$") for key in condition)):
        return bool(value == condition)
    return all(_compares(value, operator, other) for operator, other in condition.items())


def _compares(value: Any, operator: str, other: Any) -> bool:
    match operator:
        case "$eq":
            return bool(value == other)
        case "$ne":
            return bool(value != other)
        case "$gt" | "$gte" | "$lt" | "$lte":
            if value is None:
                return False
            held: dict[str, bool] = {
                "$gt": float(value) > float(other),
                "$gte": float(value) >= float(other),
                "$lt": float(value) < float(other),
                "$lte": float(value) <= float(other),
            }
            return held[operator]
    raise ValueError(f"a filter has no {operator}; it has $eq, $ne, $gt, $gte, $lt and $lte")
