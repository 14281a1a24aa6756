//! What a store takes and gives: turns with their places, what was derived of them, what is to be erased, and counts.
//! What a store promises of them stands in its trait.

use crate::{
    ConversationId, DerivationId, Memory, MemoryId, MethodId, Millis, PersonId, Scope, Seq, SessionId,
    StoredDisclosure, StoredFeedback, StoredTurn, Turn, TurnKey, VectorSpace,
};

/// The turns of one person within a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonTurns {
    /// Whose turns.
    pub scope: Scope,
    /// The turns in the order in which they were said.
    pub turns: Vec<Turn>,
}

/// What became of one turn of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is new and has this place.
    New(Seq),
    /// The log has it already, with the same content.
    Duplicate(Seq),
    /// The log had another telling of it; this one is now the current version.
    Changed {
        /// The place of the new version.
        seq: Seq,
        /// The place of the version that it replaces.
        supersedes: Seq,
    },
}

impl Outcome {
    /// Whether nothing was written.
    pub fn is_duplicate(self) -> bool {
        matches!(self, Self::Duplicate(_))
    }
}

/// What became of one person's turns, in the order of the batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Whose turns.
    pub scope: Scope,
    /// One outcome a turn.
    pub outcomes: Vec<Outcome>,
}

/// Counters by which a cache sees that a person's data moved on. Cheap to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pulse {
    /// Grows with every write of any kind.
    pub version: u64,
    /// Grows when something was erased or replaced: what was loaded before is stale as a whole.
    pub epoch: u64,
    /// The highest place given out; 0 for an empty log.
    pub last_seq: u64,
}

/// One person in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonSummary {
    /// The person.
    pub person: PersonId,
    /// Conversations with at least one turn.
    pub conversations: u64,
    /// Sessions with at least one turn.
    pub sessions: u64,
    /// Turns, of replaced ones only the current version.
    pub turns: u64,
    /// When the first and the last dated turn was said.
    pub span: Option<(Millis, Millis)>,
}

/// A sitting of a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionRef {
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its id within the conversation.
    pub session: SessionId,
}

/// What a vector belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitId {
    /// A turn.
    Turn(Seq),
    /// A memory.
    Memory(MemoryId),
}

/// A memory with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMemory {
    /// Its number within the person.
    pub id: MemoryId,
    /// What was derived.
    pub memory: Memory,
}

/// What was derived from one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DerivedSession {
    /// By which derivation.
    pub derivation: DerivationId,
    /// From which session.
    pub session: SessionRef,
    /// Up to which place of the log it was seen; `None` where it lost a turn or a memory and has to be derived again.
    pub upto: Option<Seq>,
    /// What came of it, in order of number; nothing where that is nothing.
    pub memories: Vec<StoredMemory>,
}

/// Records of a person that come from another store and keep their numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Records {
    /// Turns, in order of place.
    pub turns: Vec<StoredTurn>,
    /// Feedback, in order of number.
    pub feedback: Vec<StoredFeedback>,
    /// Disclosures, in order of number.
    pub disclosures: Vec<StoredDisclosure>,
    /// What was derived from sessions, each once for a derivation.
    pub derived: Vec<DerivedSession>,
    /// The person's counters end no lower than these.
    pub pulse: Pulse,
}

/// How large a store's files are, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compacted {
    /// Before.
    pub before: u64,
    /// After.
    pub after: u64,
}

/// How many vectors of a space a person has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VectorCount {
    /// The space.
    pub space: VectorSpace,
    /// Vectors of turns.
    pub turns: u64,
    /// Vectors of memories.
    pub memories: u64,
}

/// What a person's data is derived with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The method.
    pub method: MethodId,
    /// The whole preset as it was bound, as JSON: a later change of the preset is seen.
    pub spec: String,
    /// What its observe stages derive.
    pub derivation: DerivationId,
}

/// What to erase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erasure {
    /// These turns, with all their versions.
    Turns(Vec<TurnKey>),
    /// A sitting.
    Session(SessionRef),
    /// A conversation.
    Conversation(ConversationId),
    /// What was kept for long enough.
    Aged(Aged),
    /// All of the person, the person's name included.
    Person,
}

/// What of a person was kept for long enough, and all that came from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aged {
    /// These turns, with all their versions.
    pub turns: Vec<TurnKey>,
    /// Feedback that was recorded before this; with the least time, none.
    pub feedback_before: Millis,
    /// Disclosures that were made before this; with the least time, none.
    pub disclosures_before: Millis,
}

/// An erasure that was decided upon by a reading of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Of whom.
    pub scope: Scope,
    /// What is to go.
    pub what: Erasure,
    /// The last turn that was read: one that came later may be another telling of what is named.
    pub upto: Seq,
}

/// What was erased, or would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erased {
    /// Turns, counting every version.
    pub turns: u64,
    /// Memories that had one of them among their sources.
    pub memories: u64,
    /// Vectors of both.
    pub vectors: u64,
    /// Feedback in which one of the turns was shown, since its question may speak of what is erased, or that was to go itself.
    pub feedback: u64,
    /// Disclosures that were to go themselves, or with the person.
    pub disclosures: u64,
}

impl Erased {
    /// Whether that is nothing.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// How a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreHealth {
    /// Which engine, and where, such as `sqlite file memory.db`.
    pub place: String,
    /// The schema version.
    pub schema: u32,
    /// What the engine's own check found wrong; empty when sound.
    pub problems: Vec<String>,
}

/// Which keyring has the keys of what a store holds. It says nothing of the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyringId(pub [u8; 16]);
