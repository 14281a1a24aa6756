"""What calls return: dictionaries with these keys. Made by `scripts/python_reports.py`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class About(TypedDict):
    """What a preset says about itself."""

    cost: str
    """What it costs: to write, to search, in memory."""

    differs_from_paper: NotRequired[str | None]
    """Where it departs from the paper, and why."""

    id: MethodId
    """Its name."""

    needs_chat: bool
    """Whether it asks a chat model, to derive memories or to choose among what was found."""

    needs_embedder: bool
    """Whether it compares embeddings."""

    needs_memories: bool
    """Whether it searches memories that `rebuild` derives."""

    needs_reranker: bool
    """Whether a reranker orders the best turns."""

    paper: NotRequired[Paper | None]

    status: Status
    """How settled it is."""

    summary: str
    """What it does, in a few sentences."""

    title: str
    """A line for a list."""


class AspectReport(TypedDict):
    """A further query of a recall."""

    text: str
    """Its words."""

    weight: float
    """How much it counted beside the question."""


class Attachment(TypedDict):
    """Something that came with a turn, described in words. The bytes of an image are not kept."""

    caption: NotRequired[str | None]
    """A caption or a transcript: it is searched like the text."""

    kind: str
    """What it is: `image`, `file`, `audio`."""

    reference: NotRequired[str | None]
    """Where it can be had, or its file name. It is kept, but not searched and never fetched."""


BigFive = Literal["openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"]


class ChatMessage(TypedDict):
    """A message of a request."""

    content: str
    """The words."""

    role: ChatRole
    """Who speaks."""


ChatRole = Literal["system", "user", "assistant"]


class Citation(TypedDict):
    """A turn that the block quotes."""

    conversation: str
    """Its conversation."""

    turn: str
    """The turn's id within its conversation."""


class ConsentReport(TypedDict):
    """How a purpose stands with a person."""

    open: bool
    """Whether what is known of the person may be used for it: policy and person both have to allow it."""

    person: bool
    """Whether the person allows it, by their word or by default."""

    policy: bool
    """Whether the policy opens it."""

    purpose: Purpose
    """The purpose."""

    since: NotRequired[str | None]
    """When they said so; `null` where they have said nothing of it."""


class Context(TypedDict):
    """A block for a prompt."""

    abstain: bool
    """Whether recall abstained."""

    answerable: float
    """How likely the evidence can answer, 0 to 1."""

    citations: list[Citation]
    """The turns that it quotes, in its order."""

    left_out: int
    """How many of the found turns did not fit."""

    method: str
    """The method that ran."""

    profile: list[UsedEntry]
    """What of the profile it says."""

    routed: NotRequired[RoutedReport | None]

    text: str
    """The block; empty when nothing is known of the person and nothing that is remembered answers the message, so
    that the prompt is as it would be without a memory."""

    tokens: int
    """An estimate of its tokens: a quarter of the bytes of Latin text, one for each character beyond it."""

    withheld: NotRequired[list[Withheld]]
    """What the policy kept from the block, by rule. Where the person or the policy has closed the purpose `reply`,
    the block is empty and this says so."""


class CorrectReport(TypedDict):
    """What became of a correction."""

    about: str
    """Of whom the entry is."""

    kind: EntryKind
    """What it is."""

    topic: str
    """What it is about."""

    turns: list[str]
    """The ids of the turns that say so."""

    value: NotRequired[str | None]
    """The value that it has now; `None` where none is left."""


class DisclosureReport(TypedDict):
    """A piece of work for which a chat model was given something of a person."""

    at: str
    """When it began."""

    erased: int
    """How many more of them have been erased since."""

    model: str
    """The model."""

    number: int
    """Its number; it ascends."""

    purpose: Purpose
    """What for."""

    spent: Spent
    """What it took."""

    turns: list[str]
    """The ids of the turns that it was given, and of those behind the entries of the profile that it was given."""


EntryKind = Literal["attribute", "preference", "relation", "goal", "trait", "standing"]


class ErasedTurn(TypedDict):
    """A telling of a turn that was erased."""

    id: str
    """The hash of its conversation and id."""

    place: int
    """Its place in the person's log, which no other turn is given."""

    text: str
    """The hash of its words."""


class ErasureReport(TypedDict):
    """What was found of an erasure."""

    chain: int
    """Entries in the tenant's chain, all of which were followed."""

    findings: list[str]
    """What was found; empty when all is gone."""

    gone: bool
    """Whether nothing was found that should be gone."""

    person: bool
    """Whether there is a person of that name now."""

    same_words: int
    """Other turns of the person, of before the erasure, that have the words of an erased one. They were not
    named."""

    told_again: int
    """Erased turns that were told again after the erasure: they are there by that telling."""


class EvidenceReport(TypedDict):
    """A turn that answers a question."""

    attachments: NotRequired[list[Attachment]]
    """What came with it."""

    conversation: str
    """Its conversation."""

    said_at: NotRequired[str | None]
    """When, in the precision that is known; `null` when it is not known."""

    score: float
    """The score: comparable within one recall only."""

    session: str
    """Its sitting."""

    speaker: str
    """Who said it."""

    text: str
    """The words, verbatim."""

    turn: str
    """The turn's id within its conversation."""

    why: Explanation
    """How the score came about."""


class Explanation(TypedDict):
    """A number with the reason for it, and the numbers that it was made from."""

    label: str
    """What the number is, such as `bm25 over turns` or `term "adopt", in 3 of 419`."""

    parts: NotRequired[list[Explanation]]
    """What it was made from, in the order in which it was applied."""

    value: float
    """The number."""


class FeedbackReport(TypedDict):
    """What became of feedback."""

    embedded: bool
    """Whether the question has a vector. Without one, for want of an embedder, no method learns from this
    feedback."""

    now: str
    """The present that it was asked in."""

    query: str
    """The question."""

    shown: int
    """How many turns were shown."""

    useful: int
    """How many of them were of use."""


class FilterReport(TypedDict):
    """What a chat model made of the best turns."""

    candidates: int
    """Turns that it looked at."""

    readable: bool
    """Whether its answer could be read."""

    relevant: int
    """Turns that it called relevant; all where its answer could not be read."""


class ForgetReport(TypedDict):
    """What was forgotten, or would be."""

    dry_run: bool
    """Whether it was only counted."""

    feedback: int
    """Feedback on recalls that had shown them."""

    memories: int
    """Memories that came from them."""

    receipt: NotRequired[Receipt | None]

    turns: int
    """Turns, counting every version."""

    vectors: int
    """Vectors of both."""


class Gated(TypedDict):
    """What a gate decided."""

    answerable: float
    """How likely the evidence can answer, 0 to 1."""

    benefit: float
    """How likely it helps, 0 to 1."""

    lead: float
    """By how much of its own score the best turn is above those behind it, 0 to 1."""

    open: bool
    """Whether what is known is shown."""

    threshold: float
    """From which on the gate is open."""

    why: Explanation
    """How the likelihood came about."""


class ImportReport(TypedDict):
    """What an import did."""

    changed: int
    """Of these, turns whose earlier telling was replaced."""

    conversations: int
    """Conversations in the file."""

    duplicates: int
    """Turns that were there already."""

    feedback: int
    """Pieces of feedback written down."""

    persons: int
    """Persons in the file."""

    rejected: list[Rejection]
    """What was not imported, and why."""

    seconds: float
    """How long the turns took to become durable."""

    sessions: int
    """Sittings in the file."""

    turns: int
    """Turns written down, changed ones included."""

    vectors: int
    """Vectors made."""


class JobReport(TypedDict):
    """What is still to be derived for a person."""

    asks: bool
    """Whether deriving asks a chat model."""

    memories: int
    """Memories without a vector, likewise."""

    method: str
    """The method."""

    person: str
    """The person."""

    sessions: int
    """Sessions whose memories are older than their turns."""

    spent: Spent
    """What chat models have taken for the person today, by the clock in UTC."""

    turns: int
    """Turns without a vector, where an embedder is in use."""

    waits: NotRequired[str | None]
    """Why no chat model may be asked for the person: the budget of today, or no consent."""


MemoryKind = Literal["window", "round", "segment", "session", "summary", "keyphrases", "fact", "event", "opinion", "entry"]


class MemoryReport(TypedDict):
    """A memory with the turns it came from."""

    because: NotRequired[Reason | None]

    id: int
    """Its number, which changes when it is derived anew."""

    kind: MemoryKind
    """What it is."""

    sources: list[str]
    """The ids of the turns it came from; the first is the one that it stands for. Where several memories state the
    same, this is the first of them, with the turns of all."""

    superseded_by: NotRequired[int | None]
    """The number of the statement that put an end to it; `null` where it holds."""

    text: str
    """The text that is searched."""

    valid_from: NotRequired[str | None]
    """When that first turn was said, from which on the memory holds; `null` when it is not known."""

    valid_to: NotRequired[str | None]
    """When the statement that put an end to it was said; `null` where it holds, or where that is not known."""


MethodId = str


class Paper(TypedDict):
    """The paper that a method comes from."""

    claims: str
    """What it claims, in one sentence."""

    title: str
    """Its title, with authors and year."""


class PartialReport(TypedDict):
    """Some turns have no vector yet and were searched by their words alone."""

    turns: int
    """Turns that there are."""

    vectors: int
    """Turns that have a vector."""


class PersonReport(TypedDict):
    """One person in a listing."""

    conversations: int
    """Conversations with at least one turn."""

    first: NotRequired[str | None]
    """When the first dated turn was said."""

    last: NotRequired[str | None]
    """When the last dated turn was said."""

    person: str
    """The person."""

    sessions: int
    """Sittings with at least one turn."""

    turns: int
    """Turns, of changed ones only the current version."""


class ProfileReport(TypedDict):
    """What is known of a person, and of those they talked with."""

    as_of: str
    """The time that it holds for."""

    entries: list[ProfileEntry]
    """The entries, in the order in which each thing was first said."""

    rejected: NotRequired[list[RejectedEntry]]
    """What was read and then rejected by the person; it is in no prompt."""

    styles: NotRequired[list[Style]]
    """How those write who said at least five turns."""

    traits: NotRequired[list[ProfileTrait]]
    """Where those who said how they are put themselves on the scales of the five traits of personality: a count of
    what they said of themselves, no test and no diagnosis."""


class ProfileTrait(TypedDict):
    """Where somebody puts themselves on the scale of a trait, by what they said."""

    about: str
    """Who said it of themselves."""

    against: list[str]
    """The ids of those that speak for the lower side."""

    high: float
    """The upper end. After a single turn the interval is four fifths of the scale."""

    low: float
    """The lower end of the interval: Wilson's at 95 %, of the share of turns that speak for the upper side."""

    role: Role
    """In which role they spoke."""

    towards: list[str]
    """The ids of the turns that speak for the upper side of the scale."""

    trait: BigFive
    """The trait."""

    value: float
    """The place on the scale from 0 to 1; .5 is its middle, to which little evidence draws."""


class ProfileVersion(TypedDict):
    """A value and how long it held."""

    because: NotRequired[str | None]
    """Why, in the speaker's words."""

    confirmed: NotRequired[bool]
    """Whether the person said that it holds when they were shown it, or put it there."""

    context: NotRequired[str | None]
    """In which case it holds, in the speaker's words."""

    inferred: NotRequired[bool]
    """Whether a chat model read it from what was said, and neither a rule nor the person."""

    sources: list[str]
    """The ids of the turns that say it, oldest first."""

    valid_from: NotRequired[str | None]
    """When it was first said; `null` when it is not known."""

    valid_to: NotRequired[str | None]
    """When another value was said; `null` while it holds, or when that is not known."""

    value: str
    """The value."""


class PromptReport(TypedDict):
    """What a chat model would be asked for a reply."""

    abstained: bool
    """Whether no turn that is remembered answers the message, so that the model would be shown none."""

    fallback: NotRequired[str | None]
    """That the answer is not known, as a rule of the method says it: the reply, for which the model would not be
    asked."""

    gate: NotRequired[Gated | None]

    left_out: int
    """How many more were found and did not fit."""

    messages: list[ChatMessage]
    """The messages, whole; none where the model would not be asked."""

    method: str
    """The method that ran."""

    models: dict[str, str]
    """The models that ran."""

    profile_used: list[UsedEntry]
    """What of the profile it shows."""

    shown: list[EvidenceReport]
    """The turns that it shows, best first."""

    withheld: NotRequired[list[Withheld]]
    """What the policy keeps from the model, by rule."""


Purpose = Literal["reply", "derive", "filter", "ask", "persuade", "compare"]


Reason = Literal["value", "opposite", "correction"]


class RecallReport(TypedDict):
    """What a recall found."""

    abstain: bool
    """Whether it is better to say that it is not known."""

    answerable: float
    """How likely the evidence can answer the question, 0 to 1."""

    answerable_why: NotRequired[Explanation | None]

    aspects: NotRequired[list[AspectReport]]
    """The further queries that were asked with it."""

    compared: int
    """How many turns, memories and topics were compared with the question, added up over the method's
    retrievers."""

    evidence: list[EvidenceReport]
    """The best turns, best first."""

    filter: NotRequired[FilterReport | None]

    method: str
    """The method that ran."""

    models: dict[str, str]
    """The models that ran, by their part: `embedder`, `reranker`, `chat`."""

    now: str
    """The present that the question was asked in."""

    partial: NotRequired[PartialReport | None]

    query: str
    """The question."""

    rescore: NotRequired[RescoreReport | None]

    sessions: list[SessionReport]
    """The best sittings, best first."""

    timings_ms: TimingsReport
    """How long it took."""


class Receipt(TypedDict):
    """The receipt of an erasure."""

    at: str
    """When it was erased."""

    at_millis: int
    """The same in milliseconds since 1970."""

    entry: int
    """The number of its entry in the tenant's chain of erasures."""

    erased: list[ErasedTurn]
    """The turns, in the order of the log."""

    feedback: int
    """Feedback on recalls that had shown them; and with turns that were kept for long enough, feedback that was so
    too."""

    form: int
    """The form of the receipt: 1."""

    key: str
    """The key of the hashes: 32 random bytes, as all hashes in hexadecimal."""

    last: int
    """The last place of the person's log then: what has a higher one was told later, whatever a clock says."""

    memories: int
    """Memories that came from them."""

    person: str
    """The hash of the person's name."""

    tenant: str
    """The tenant."""

    turns: int
    """Turns, counting every version."""

    vectors: int
    """Vectors of both."""

    what: str
    """What was named: `turns`, `session`, `conversation` or `person`."""


class RejectedEntry(TypedDict):
    """A value that the person said is not so."""

    about: str
    """Who it was read of."""

    kind: EntryKind
    """What the entry is."""

    role: Role
    """In which role they spoke."""

    sources: list[str]
    """The ids of the turns that it was read from, and of those that say that it is not so."""

    topic: str
    """What it is about."""

    value: str
    """The value."""


class Rejection(TypedDict):
    """An item that was not imported."""

    where: str
    """The file, line or item."""

    why: str
    """What is wrong with it, and what would be right."""


class Remembered(TypedDict):
    """What became of a turn that was remembered."""

    conversation: str
    """Its conversation."""

    duplicate: bool
    """Whether it was stored already, with the same words at the same time."""

    said_at: str
    """When it was said."""

    turn: str
    """Its id."""


class RescoreReport(TypedDict):
    """What a reranker made of the best turns."""

    candidates: int
    """Turns that it was to read, the best of the search."""

    scored: int
    """Turns that it came to before its deadline, the first of them. They are in its order; all others follow in
    that of the search."""


class RespondReport(TypedDict):
    """A reply."""

    abstained: bool
    """Whether no turn that is remembered answers the message, so that the model was shown none; with no profile
    either, it was asked as without a memory."""

    citations: list[str]
    """The ids of the turns that the reply names, each once, in the order in which it names them."""

    cited: list[int]
    """Their numbers in the reply."""

    cut: bool
    """Whether the reply broke off before its end."""

    fallback: NotRequired[bool]
    """Whether a rule of the method said that the answer is not known; then the model was not asked for the
    reply."""

    gate: NotRequired[Gated | None]

    invented: list[int]
    """Numbers that the model cited and that lead to no turn. They were taken out of the reply."""

    left_out: int
    """How many more were found and did not fit."""

    method: str
    """The method that ran."""

    models: dict[str, str]
    """The models that ran."""

    persuades: NotRequired[bool]
    """Whether the reply was asked for to persuade, and ends in a sentence that says so."""

    profile_used: list[UsedEntry]
    """What of the profile the model was shown."""

    remembered: list[str]
    """The ids under which message and reply are remembered; nothing where they are not."""

    reply: str
    """The words; `[k]` stands behind what rests on the `k`th turn of `shown`."""

    revisions: NotRequired[list[Revision]]
    """Where the method looks at a draft again: what it found wrong, and whether the draft was written anew."""

    routed: NotRequired[str | None]
    """The rule of the policy that gave the reply; then nothing was recalled and no model was asked."""

    shown: list[EvidenceReport]
    """The turns that the model was shown, best first."""

    tokens: TokensReport
    """What it cost."""

    unread: int
    """Answers of the chat model before the reply, such as notes, or pieces of them, that could not be read."""

    withheld: NotRequired[list[Withheld]]
    """What the policy kept from the model, by rule."""


class Revision(TypedDict):
    """What a look at a draft led to."""

    faults: list[str]
    """What was wrong with the draft, as the model said it."""

    kept: bool
    """Whether the draft was written anew and the new one was kept."""


Role = Literal["user", "assistant", "system", "tool"]


class RoutedReport(TypedDict):
    """A reply that the policy gives."""

    reply: str
    """The words."""

    rule: str
    """The rule."""


class SessionReport(TypedDict):
    """A sitting that was found."""

    conversation: str
    """Its conversation."""

    score: float
    """The score: comparable within one recall only."""

    session: str
    """Its id."""


class Spent(TypedDict):
    """What asking took."""

    calls: int
    """Requests to the model, failed ones included."""

    read: int
    """Tokens that it read, as it counts them, or else as they are estimated."""

    said: int
    """Tokens that it said, likewise."""


Status = Literal["stable", "preview"]


class Style(TypedDict):
    """How somebody writes. Shares are rounded to a hundredth, which is as much as so few turns can tell."""

    about: str
    """Who."""

    emoji: float
    """With an emoji."""

    exclamations: float
    """With an exclamation mark."""

    lower_case: float
    """Of the turns that begin with a letter of either case, the share that begins in lower case."""

    questions: float
    """The share of turns with a question mark."""

    role: Role
    """In which role they spoke."""

    turns: int
    """Over how many turns this is counted."""

    typical: list[str]
    """Words that they say more than the others do, the most telling first."""

    words: int
    """Words of a turn, the median; in scripts without spaces, pairs of characters."""


class TimingsReport(TypedDict):
    """How long the steps took, in milliseconds."""

    embed: float
    """Embedding the question."""

    load: float
    """Bringing the person's index up to date."""

    search: float
    """Searching and ranking."""

    total: float
    """Everything."""


TokensReport = TypedDict('TokensReport', {'in': int, 'out': int})


class TurnReport(TypedDict):
    """A turn with its place in the log."""

    attachments: NotRequired[list[Attachment]]
    """What came with it."""

    conversation: str
    """Its conversation."""

    recorded_at: str
    """When it was written down."""

    replaced: bool
    """Whether a later telling has replaced it."""

    role: str
    """The part that the speaker plays."""

    said_at: NotRequired[str | None]
    """When; `null` when it is not known."""

    session: str
    """Its sitting."""

    speaker: str
    """Who said it."""

    text: str
    """The words, verbatim."""

    turn: str
    """Its id within its conversation."""

    version: int
    """1 for the first telling, 2 for the first changed one, and so on."""


class UsedEntry(TypedDict):
    """An entry of the profile that a model was shown."""

    about: str
    """Who it is true of."""

    kind: EntryKind
    """What it is."""

    topic: str
    """What it is about."""

    value: str
    """The value that holds."""


class Withheld(TypedDict):
    """What a rule kept from a prompt."""

    entries: int
    """Entries of the profile that fit it."""

    rule: str
    """The name of the rule."""

    turns: int
    """Turns that were found, or are the conversation's last, and fit it."""


class ProfileEntry(ProfileVersion):
    """What is known of one thing."""

    about: str
    """Who said it of themselves."""

    confidence: float
    """How far it is trusted, 0 to 1: .8 for what was said once, .9 for twice, and so on; 1 for what the person
    confirmed."""

    history: list[ProfileVersion]
    """The values before it, oldest first."""

    kind: EntryKind
    """What it is."""

    role: Role
    """In which role they spoke."""

    topic: str
    """What it is about: `home`, `favourite tea`, or the thing that is liked."""
