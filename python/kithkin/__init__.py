"""Memory and personalisation between an application and any language model: offline, in one file.

    import kithkin

    with kithkin.open("kithkin.db", create=True) as memory:
        ann = memory.person("ann")
        ann.remember("I moved to Oslo last week.")
        for turn in ann.recall("Where do I live?")["evidence"]:
            print(turn["said_at"], turn["text"])

Calls release the interpreter's lock, so that threads run side by side; `kithkin.aio` has the same calls for asyncio.
"""

from kithkin._kithkin import __version__
from kithkin.errors import (
    BudgetError,
    ClosedError,
    ConflictError,
    InputError,
    InternalError,
    KithkinError,
    MissingError,
    ModelError,
    NotFoundError,
    StoreError,
)
from kithkin.memory import Embedder, Memory, methods, open
from kithkin.person import Person, Time, Turn

__all__ = [
    "BudgetError",
    "ClosedError",
    "ConflictError",
    "Embedder",
    "InputError",
    "InternalError",
    "KithkinError",
    "Memory",
    "MissingError",
    "ModelError",
    "NotFoundError",
    "Person",
    "StoreError",
    "Time",
    "Turn",
    "__version__",
    "methods",
    "open",
]
