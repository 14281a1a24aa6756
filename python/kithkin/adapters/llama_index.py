"""A person's memory as LlamaIndex's memory of a chat. Needs `llama-index-core`."""

from __future__ import annotations

import uuid
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.memory.types import BaseMemory

from kithkin.adapters._kept import erase, kept
from kithkin.errors import NotFoundError
from kithkin.person import Person, Role, Turn

_KIND = "llama-index-message"
_ROLES: dict[MessageRole, Role] = {
    MessageRole.USER: "user",
    MessageRole.ASSISTANT: "assistant",
    MessageRole.CHATBOT: "assistant",
    MessageRole.MODEL: "assistant",
    MessageRole.SYSTEM: "system",
    MessageRole.DEVELOPER: "system",
    MessageRole.TOOL: "tool",
    MessageRole.FUNCTION: "tool",
}


class KithkinMemory(BaseMemory):
    """The last messages of a conversation, and before them what bears on the message that is asked about, from any conversation.

    `KithkinMemory.from_person(person, conversation="support")` makes one.
    """

    conversation: str = Field(description="The conversation that the messages belong to.")
    history: int = Field(default=20, description="At most so many messages of the conversation are given.")
    tokens: int = Field(default=1500, description="At most so many tokens of what is remembered are given.")
    _person: Person = PrivateAttr()

    @classmethod
    def class_name(cls) -> str:
        """The name of the class in LlamaIndex."""
        return "KithkinMemory"

    @classmethod
    def from_defaults(cls, **kwargs: Any) -> KithkinMemory:
        """As `from_person`, with the person as `person=`."""
        return cls.from_person(kwargs.pop("person"), **kwargs)

    @classmethod
    def from_person(cls, person: Person, **given: Any) -> KithkinMemory:
        """The memory of a person in a conversation."""
        made = cls(**given)
        made._person = person
        return made

    def get(self, input: str | None = None, **kwargs: Any) -> list[ChatMessage]:
        """The last messages, and before them the block for `input`, where something is known that bears on it."""
        messages = self.get_all()[-self.history :]
        try:
            block = self._person.context(input, tokens=self.tokens)["text"] if input and input.strip() else ""
        except NotFoundError:
            block = ""
        return [ChatMessage(role=MessageRole.SYSTEM, content=block), *messages] if block else messages

    def get_all(self) -> list[ChatMessage]:
        """All messages of the conversation, in the order in which they were put."""
        return [ChatMessage.model_validate(one) for one in kept(self._person, self.conversation, _KIND)]

    def put(self, message: ChatMessage) -> None:
        """Writes a message down."""
        self._person.remember_all([self._turn(message)])

    def set(self, messages: list[ChatMessage]) -> None:
        """Erases the conversation and writes these messages down in its place."""
        self.reset()
        self._person.remember_all([self._turn(message) for message in messages])

    def reset(self) -> None:
        """Erases the conversation, with all that came from it."""
        erase(self._person, self.conversation)

    def _turn(self, message: ChatMessage) -> Turn:
        return {
            "text": message.content or f"({message.role.value} message without words)",
            "role": _ROLES.get(message.role, "user"),
            "conversation": self.conversation,
            # A name of its own: the same words said twice are two messages, and no writer replaces another's.
            "id": f"llama-index-{uuid.uuid4()}",
            "attachments": [{"kind": _KIND, "reference": message.model_dump_json()}],
        }
