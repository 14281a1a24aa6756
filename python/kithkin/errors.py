"""Why a call failed. Each message names the object and what to do; the class says who can mend it."""


class KithkinError(Exception):
    """Any failure of Kithkin."""


class InputError(KithkinError, ValueError):
    """The input is wrong: the message says what would be right."""


class NotFoundError(KithkinError, LookupError):
    """There is no such person, turn, sitting, conversation, profile entry or method."""


class ConflictError(KithkinError):
    """The call contradicts what is stored, or another writer was faster."""


class MissingError(KithkinError):
    """A store, a model or its weights are not there: the message says how to get them."""


class StoreError(KithkinError):
    """The store failed: the disk is full, the file is damaged, or it may not be written."""


class ModelError(KithkinError):
    """A model failed while it ran."""


class BudgetError(ModelError):
    """What a chat model may be asked for this person today is used up."""


class ClosedError(KithkinError):
    """The memory was closed before the call."""


class InternalError(KithkinError):
    """A bug in Kithkin."""
