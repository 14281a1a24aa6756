"""A conversation of a person as LangChain's chat history. Needs `langchain-core`."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import BaseMessage, message_to_dict, messages_from_dict

from kithkin.adapters._kept import erase, kept
from kithkin.person import Person, Role, Turn

_KIND = "langchain-message"
_ROLES: dict[str, Role] = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool"}


class KithkinChatMessageHistory(BaseChatMessageHistory):
    """The messages of one conversation, kept whole and in their order.

    The words of a message are remembered of the person, and so are found by `recall` in this and every other conversation;
    what else it has, such as calls of tools, is kept beside them. A message without words, such as one that only calls a
    tool, is kept under the name of what it is. Only messages that were added here come back, and `clear` erases them.
    """

    def __init__(self, person: Person, conversation: str) -> None:
        self._person = person
        self._conversation = conversation

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]
        """All messages of the conversation, in the order in which they were added."""
        return messages_from_dict(kept(self._person, self._conversation, _KIND))

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Writes messages down, all of them or none."""
        self._person.remember_all([self._turn(message) for message in messages])

    def clear(self) -> None:
        """Erases the conversation, with all that came from it."""
        erase(self._person, self._conversation)

    def _turn(self, message: BaseMessage) -> Turn:
        whole = json.dumps(message_to_dict(message), ensure_ascii=False)
        return {
            "text": message.text or f"({message.type} message without words)",
            "role": _ROLES.get(message.type, "user"),
            "speaker": message.name or None,
            "conversation": self._conversation,
            # A name of its own: the same words said twice are two messages, and no writer replaces another's.
            "id": f"langchain-{uuid.uuid4()}",
            "attachments": [{"kind": _KIND, "reference": whole}],
        }
