"""The same memory for asyncio: each call runs on a thread of its own, and the loop goes on meanwhile.

    async with kithkin.aio.open("kithkin.db") as memory:
        ann = memory.person("ann")
        await ann.remember("I moved to Oslo last week.")
        found = await ann.recall("Where do I live?")

A call that is cancelled is not waited for any more, but ends by itself: what it writes is written whole.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar

import kithkin.memory
from kithkin.memory import Memory
from kithkin.person import Person
from kithkin.reports import RespondReport

P = ParamSpec("P")
R = TypeVar("R")


def _of_person(
    call: Callable[Concatenate[Person, P], R],
) -> Callable[Concatenate[AsyncPerson, P], Coroutine[Any, Any, R]]:
    @functools.wraps(call)
    async def run(self: AsyncPerson, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.to_thread(call, self.sync, *args, **kwargs)

    return run


def _of_memory(
    call: Callable[Concatenate[Memory, P], R],
) -> Callable[Concatenate[AsyncMemory, P], Coroutine[Any, Any, R]]:
    @functools.wraps(call)
    async def run(self: AsyncMemory, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return await asyncio.to_thread(call, self.sync, *args, **kwargs)

    return run


class AsyncPerson:
    """One person of a memory; `sync` is the same without asyncio."""

    def __init__(self, sync: Person) -> None:
        self.sync = sync

    @property
    def id(self) -> str:
        """The person's id."""
        return self.sync.id

    remember = _of_person(Person.remember)
    remember_all = _of_person(Person.remember_all)
    catch_up = _of_person(Person.catch_up)
    rebuild = _of_person(Person.rebuild)
    recall = _of_person(Person.recall)
    context = _of_person(Person.context)
    respond = _of_person(Person.respond)
    prompt = _of_person(Person.prompt)
    profile = _of_person(Person.profile)
    edit = _of_person(Person.edit)
    confirm = _of_person(Person.confirm)
    reject = _of_person(Person.reject)
    memories = _of_person(Person.memories)
    turns = _of_person(Person.turns)
    report = _of_person(Person.report)
    feedback = _of_person(Person.feedback)
    forget = _of_person(Person.forget)
    export = _of_person(Person.export)
    disclosures = _of_person(Person.disclosures)
    consents = _of_person(Person.consents)
    grant = _of_person(Person.grant)
    withdraw = _of_person(Person.withdraw)

    async def stream(self, message: str, **manner: Any) -> AsyncIterator[str | RespondReport]:
        """The reply to a message piece by piece, and its report at the end; takes what `respond` takes.

        Where the caller stops listening, the reply ends with its next piece.
        """
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[str | None] = asyncio.Queue()
        listening = True

        def hear(piece: str) -> None:
            if not listening:
                raise asyncio.CancelledError
            loop.call_soon_threadsafe(pieces.put_nowait, piece)

        async def ask() -> RespondReport:
            try:
                return await self.respond(message, on_piece=hear, **manner)
            finally:
                pieces.put_nowait(None)

        asked = asyncio.ensure_future(ask())
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            yield await asked
        finally:
            listening = False
            asked.cancel()


class AsyncMemory:
    """What is remembered, in one store; `sync` is the same without asyncio."""

    def __init__(self, sync: Memory) -> None:
        self.sync = sync

    def person(self, person: str) -> AsyncPerson:
        """The handle of one person, who need not have said anything yet."""
        return AsyncPerson(self.sync.person(person))

    persons = _of_memory(Memory.persons)
    verify_erasure = _of_memory(Memory.verify_erasure)
    import_file = _of_memory(Memory.import_file)
    jobs = _of_memory(Memory.jobs)
    close = _of_memory(Memory.close)


class _Opening:
    """A memory that is being opened: `await` it, or enter it."""

    def __init__(self, opening: Callable[[], Memory]) -> None:
        self._opening = opening
        self._memory: AsyncMemory | None = None

    async def _open(self) -> AsyncMemory:
        self._memory = AsyncMemory(await asyncio.to_thread(self._opening))
        return self._memory

    def __await__(self) -> Any:
        return self._open().__await__()

    async def __aenter__(self) -> AsyncMemory:
        return await self._open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._memory is not None:
            await self._memory.close()


def _opens(call: Callable[P, Memory]) -> Callable[P, _Opening]:
    @functools.wraps(call)
    def run(*args: P.args, **kwargs: P.kwargs) -> _Opening:
        return _Opening(functools.partial(call, *args, **kwargs))

    return run


open = _opens(kithkin.memory.open)
