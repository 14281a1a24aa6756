"""One person's memory."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from typing import Any, Literal, NotRequired, TypedDict, cast

from kithkin import _kithkin
from kithkin.reports import (
    Attachment,
    ConsentReport,
    Context,
    CorrectReport,
    DisclosureReport,
    FeedbackReport,
    ForgetReport,
    MemoryReport,
    PersonReport,
    ProfileReport,
    PromptReport,
    RecallReport,
    Remembered,
    RespondReport,
    TurnReport,
)

Time = str | datetime.date | datetime.datetime
"""A time: `"2024"`, `"2024-05"`, `"2024-05-07T13:56"` with or without an offset, a date, or a datetime. Without an offset it is UTC."""

Role = Literal["user", "assistant", "system", "tool"]


class Turn(TypedDict):
    """Something to remember."""

    text: str
    """The words, verbatim."""
    speaker: NotRequired[str | None]
    """Who said them; by default the person, and of another role, its name."""
    role: NotRequired[Role]
    """The part that the speaker plays; by default `user`."""
    conversation: NotRequired[str | None]
    """In which conversation; by default `notes`."""
    session: NotRequired[str | None]
    """In which sitting; by default the day."""
    id: NotRequired[str | None]
    """The name of the turn; by default it follows from content and time. With a name, saying the same again adds nothing."""
    at: NotRequired[Time | None]
    """When they were said; by default now."""
    attachments: NotRequired[Sequence[Attachment]]
    """What came with them: captions are searched like the text, references are kept and never fetched."""


_PLAIN: dict[str, Any] = {
    "speaker": None,
    "role": "user",
    "conversation": None,
    "session": None,
    "id": None,
    "at": None,
    "attachments": (),
}


class Person:
    """One person of a memory; `Memory.person` gives it. It may be used from any thread."""

    def __init__(self, native: _kithkin.Person) -> None:
        self._native = native

    def __repr__(self) -> str:
        return f"<kithkin.Person {self.id!r} of tenant {self.tenant!r}>"

    @property
    def id(self) -> str:
        """The person's id."""
        return self._native.id

    @property
    def tenant(self) -> str:
        """The tenant that the person belongs to."""
        return self._native.tenant

    def remember(
        self,
        text: str,
        *,
        speaker: str | None = None,
        role: Role = "user",
        conversation: str | None = None,
        session: str | None = None,
        id: str | None = None,
        at: Time | None = None,
        attachments: Sequence[Attachment] = (),
        derive: bool = True,
    ) -> Remembered:
        """Writes down what was said: it is durable when the call returns, and found by its words at once.

        With `derive` what follows from it, such as vectors, is made in the same call; otherwise by the next `catch_up`.
        """
        said: Turn = {
            "text": text,
            "speaker": speaker,
            "role": role,
            "conversation": conversation,
            "session": session,
            "id": id,
            "at": at,
            "attachments": attachments,
        }
        return self.remember_all([said], derive=derive)[0]

    def remember_all(self, turns: Iterable[Turn], *, derive: bool = True) -> list[Remembered]:
        """Writes several turns down, all of them or none."""
        for turn in (turns := list(turns)):
            if unknown := turn.keys() - Turn.__annotations__.keys():
                raise TypeError(f"a turn has no {sorted(unknown)}; it has {', '.join(Turn.__annotations__)}")
        given = [{**_PLAIN, **turn, "attachments": list(turn.get("attachments", ()))} for turn in turns]
        return cast(list[Remembered], self._native.remember_all(given, derive))

    def catch_up(self) -> int:
        """Derives what is still to be derived; gives the number of vectors that were made. Ctrl-C ends it, keeping what is done."""
        return self._native.catch_up()

    def rebuild(self, method: str | None = None) -> dict[str, int]:
        """Binds the person to a method and derives what it needs; without one, derives anew what the present one needs."""
        sessions, unread = self._native.rebuild(method)
        return {"sessions": sessions, "unread": unread}

    def recall(
        self,
        question: str,
        *,
        aspects: Sequence[str | tuple[str, float]] = (),
        within: Sequence[tuple[str, str]] = (),
        now: Time | None = None,
        limit: int = 10,
        method: str | None = None,
        explain: bool = False,
    ) -> RecallReport:
        """The turns that answer a question, best first.

        `aspects` are further queries that a turn may answer to, each with a weight where the question counts 1; `within`
        are sittings, each as conversation and session, outside of which nothing is found. Nothing said after `now` is seen.
        """
        asked = _question(question, aspects, within, now, limit, method, explain)
        return cast(RecallReport, self._native.recall(asked))

    def context(
        self, message: str, *, tokens: int = 1500, now: Time | None = None, method: str | None = None
    ) -> Context:
        """What bears on a message, as a block for a prompt: quoted, dated, within so many tokens."""
        asked = _question(message, (), (), now, None, method, False)
        return cast(Context, self._native.context(asked, tokens))

    def respond(
        self,
        message: str,
        *,
        on_piece: Callable[[str], object] | None = None,
        conversation: str | None = None,
        now: Time | None = None,
        method: str | None = None,
        asker: str | None = None,
        neighbours: Sequence[str] = (),
        card: str | PathLike[str] | None = None,
        persuade: bool = False,
        history: int | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        remember: bool = True,
        explain: bool = False,
    ) -> RespondReport:
        """Answers a message by the chat model that the memory was opened with, and names the turns behind what it says.

        `on_piece` gets the reply piece by piece; what it raises ends the reply. The message is stored before the model is
        asked, so that a reply that fails loses nothing.
        """
        manner = _manner(
            message,
            conversation=conversation,
            now=now,
            method=method,
            asker=asker,
            neighbours=neighbours,
            card=card,
            persuade=persuade,
            history=history,
            max_tokens=max_tokens,
            temperature=temperature,
            remember=remember,
            explain=explain,
        )
        return cast(RespondReport, self._native.respond(manner, on_piece))

    def prompt(
        self,
        message: str,
        *,
        conversation: str | None = None,
        now: Time | None = None,
        method: str | None = None,
        card: str | PathLike[str] | None = None,
    ) -> PromptReport:
        """What a chat model would be asked for a reply, whole. Nothing is remembered."""
        manner = _manner(message, conversation=conversation, now=now, method=method, card=card, remember=False)
        return cast(PromptReport, self._native.prompt(manner))

    def profile(self, *, as_of: Time | None = None) -> ProfileReport:
        """What is known of the person, with its sources and its history."""
        return cast(ProfileReport, self._native.profile(as_of))

    def edit(
        self,
        topic: str,
        value: str,
        *,
        instead_of: str | None = None,
        about: str | None = None,
        kind: str | None = None,
    ) -> CorrectReport:
        """Puts another value in the place of what the profile has on the topic; it outranks whatever was read."""
        return cast(CorrectReport, self._native.edit(topic, value, instead_of, about, kind))

    def confirm(self, topic: str, *, value: str | None = None, about: str | None = None) -> CorrectReport:
        """Says that an entry of the profile holds."""
        return cast(CorrectReport, self._native.confirm(topic, value, about))

    def reject(self, topic: str, *, value: str | None = None, about: str | None = None) -> CorrectReport:
        """Says that an entry of the profile is not so; it does not come back when it is said again."""
        return cast(CorrectReport, self._native.reject(topic, value, about))

    def memories(self, *, as_of: Time | None = None) -> list[MemoryReport]:
        """What the person's method has derived, each with its turns and what put an end to it."""
        return cast(list[MemoryReport], self._native.memories(as_of))

    def turns(self, id: str | None = None) -> list[TurnReport]:
        """All turns in the order in which they were said, or all tellings of the one with this id."""
        return cast(list[TurnReport], self._native.turns(id))

    def report(self) -> PersonReport:
        """How much is remembered."""
        return cast(PersonReport, self._native.report())

    def feedback(
        self, question: str, *, shown: Sequence[str], useful: Sequence[str] = (), now: Time | None = None
    ) -> FeedbackReport:
        """Notes which of the turns that were shown for a question, by id and best first, were of use."""
        return cast(FeedbackReport, self._native.feedback(question, list(shown), list(useful), now))

    def forget(
        self,
        *,
        turns: Sequence[str] | None = None,
        session: str | None = None,
        conversation: str | None = None,
        everything: bool = False,
        dry_run: bool = False,
        receipt: bool = False,
    ) -> ForgetReport:
        """Erases turns by id, a sitting, a conversation, or everything, with all that came from it.

        `conversation` beside `turns` or `session` says in which, where an id is there in several. `dry_run` only counts.
        With `receipt` the report has a receipt, by which `Memory.verify_erasure` looks later whether all of it is gone.
        """
        ids = None if turns is None else list(turns)
        named = {"turns": ids, "session": session, "conversation": conversation, "everything": everything}
        return cast(ForgetReport, self._native.forget(named, dry_run, receipt))

    def export(self, path: str | PathLike[str]) -> int:
        """Writes the person into a new file, losslessly; gives the number of turns. `Memory.import_file` reads it."""
        return self._native.export(path)

    def disclosures(self, *, since: Time | None = None) -> list[DisclosureReport]:
        """What chat models were given of the person, when, what for, and what it took."""
        return cast(list[DisclosureReport], self._native.disclosures(since))

    def consents(self) -> list[ConsentReport]:
        """What the person's data may be used for."""
        return cast(list[ConsentReport], self._native.consent(None, False))

    def grant(self, purpose: str) -> list[ConsentReport]:
        """The person agrees to a purpose."""
        return cast(list[ConsentReport], self._native.consent(purpose, True))

    def withdraw(self, purpose: str) -> list[ConsentReport]:
        """The person agrees to a purpose no longer."""
        return cast(list[ConsentReport], self._native.consent(purpose, False))


def _question(
    question: str,
    aspects: Sequence[str | tuple[str, float]],
    within: Sequence[tuple[str, str]],
    now: Time | None,
    limit: int | None,
    method: str | None,
    explain: bool,
) -> dict[str, Any]:
    return {
        "question": question,
        "aspects": list(aspects),
        "within": list(within),
        "now": now,
        "limit": limit,
        "method": method,
        "explain": explain,
    }


def _manner(message: str, **given: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "conversation": None,
        "now": None,
        "method": None,
        "asker": None,
        "neighbours": [],
        "card": None,
        "persuade": False,
        "history": None,
        "max_tokens": None,
        "temperature": None,
        "remember": True,
        "explain": False,
    }
    return {**plain, **given, "message": message, "neighbours": list(given.get("neighbours", ()))}
