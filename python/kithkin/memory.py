"""An open store of persons' memories."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Iterable
from os import PathLike
from types import TracebackType
from typing import Protocol, cast

from kithkin import _kithkin
from kithkin.person import Person, Time
from kithkin.reports import About, ErasureReport, ImportReport, JobReport, PersonReport, Receipt


class Embedder(Protocol):
    """An embedder of the program's own: it turns texts into vectors, by whatever model or service the program has."""

    @property
    def model(self) -> str:
        """The name and revision of the model. It is kept with every vector; those of another name are never compared."""

    @property
    def dims(self) -> int:
        """The length of a vector."""

    def embed(self, texts: list[str], /) -> Iterable[Iterable[float]]:
        """A vector of each text, in their order. A matrix of 32-bit floats, such as NumPy's, is read in one step.

        The same text gives the same vector, whatever stands beside it. Vectors are brought to the length of 1. It may be
        called from several threads; what it raises becomes a `ModelError`, and what was said stays written down.
        """


def _weights() -> pathlib.Path:
    """Where the command `kithkin` keeps weights."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (pathlib.Path(cache) if cache else pathlib.Path.home() / ".cache") / "kithkin" / "models"


def open(
    path: str | PathLike[str] | None,
    *,
    create: bool = False,
    tenant: str = "default",
    embedder: str | Embedder | None = "all-MiniLM-L6-v2",
    models: str | PathLike[str] | None = None,
    chat: str | None = None,
    chat_url: str | None = None,
    chat_model: str | None = None,
    chat_key: str | None = None,
    reranker: str | PathLike[str] | None = None,
    policy: str | PathLike[str] | None = None,
    encryption_key_file: str | PathLike[str] | None = None,
    keyring: str | PathLike[str] | None = None,
) -> Memory:
    """Opens the store in a file, or in the PostgreSQL database of an address such as `postgres://user:password@host/database`.

    A missing store is an error, so that a mistyped name makes no second memory; with `create` a store is made where there is
    none. The path `None` is a store in memory, which is gone when it is closed.

    `embedder` is the model that compares by sense, `None` for methods that compare words; its weights are in the folder
    `models`, by default the one in which the command `kithkin` keeps them. An `Embedder` of the program's own may stand in
    its place. A chat model is optional: `chat` names one that
    runs in this process (`SmolLM2-135M-Instruct`, `gguf:FILE`, or `recorded:FILE`), `chat_url` an OpenAI-compatible endpoint
    with its `chat_model` and `chat_key`. `reranker` is the folder of a cross-encoder, `policy` a file of what no model is shown.

    `encryption_key_file` has the key of an encrypted store, 64 hexadecimal digits, and `keyring` is the file or database with
    the keys of its persons, by default the name of the key's file with `.keyring` behind it; `create` makes that too.

    Raises `MissingError` where a file or weights are not there, `StoreError` where the file is no store or damaged, and
    `InputError` for a name that cannot be.
    """
    given = {
        "embedder": embedder,
        "models": os.fspath(models) if models is not None else _weights(),
        "chat": chat,
        "chat_url": chat_url,
        "chat_model": chat_model,
        "chat_key": chat_key,
        "reranker": reranker,
        "policy": policy,
        "encryption_key_file": encryption_key_file,
        "keyring": keyring,
    }
    return Memory(_kithkin.Memory(path, create, tenant, given))


class Memory:
    """What is remembered, in one store. `open` gives one; it is closed with its `with` block, or by `close`."""

    def __init__(self, native: _kithkin.Memory) -> None:
        self._native = native

    def __enter__(self) -> Memory:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the store. Calls that run end first; later ones raise `ClosedError`. Closing twice does nothing."""
        self._native.close()

    def person(self, person: str) -> Person:
        """The handle of one person, who need not have said anything yet."""
        return Person(self._native.person(person))

    def persons(self, *, after: str | None = None, limit: int | None = None) -> list[PersonReport]:
        """Persons by id: at most `limit` of those that come after `after`; all, where neither is given."""
        return cast(list[PersonReport], self._native.persons(after, limit))

    def import_file(
        self,
        path: str | PathLike[str],
        *,
        person: str | None = None,
        format: str | None = None,
        at: Time | None = None,
    ) -> ImportReport:
        """Imports a chat log; the format is recognised by content where it is not named.

        `person` says whose turns they are, where the format does not, and `at` when turns without a time were said. What
        cannot be imported is listed in the report, and the rest is stored.
        """
        return cast(ImportReport, self._native.import_file(path, person, format, at))

    def verify_erasure(self, receipt: Receipt) -> ErasureReport:
        """Looks whether all is gone that a receipt of `Person.forget` names; `findings` has what is not."""
        return cast(ErasureReport, self._native.verify_erasure(json.dumps(receipt)))

    def jobs(self) -> list[JobReport]:
        """What is still to be derived, by person."""
        return cast(list[JobReport], self._native.jobs())


def methods() -> list[About]:
    """The ways to remember, search and reply, each with its paper, its needs and its cost."""
    return cast(list[About], _kithkin.methods())
