//! The words and the traits of Kithkin.
//!
//! Every other crate speaks in these types: who a piece of data belongs to ([`Scope`]), what was said ([`Turn`]),
//! what was derived from it ([`Memory`]), and how a score came about ([`Explanation`]). The traits [`Store`],
//! [`Embedder`], [`Reranker`], [`ChatModel`] and [`Clock`] are what the engine needs from the outside; it gets them as
//! arguments and never reaches out itself.
//!
//! This crate does no I/O: no files, no SQL, no HTTP, no clock, no tensors.

mod blame;
mod chain;
mod chat;
mod clock;
mod disclosure;
mod embedder;
mod explanation;
mod feedback;
mod ids;
mod memory;
mod records;
mod reranker;
mod scope;
mod store;
mod store_error;
mod time;
mod turn;

pub use blame::Blame;
pub use chain::ChainEntry;
pub use chat::{ChatError, ChatMessage, ChatModel, ChatReply, ChatRequest, ChatRole, ChatUsage, TokenLikelihood};
pub use clock::Clock;
pub use disclosure::{Disclosure, Purpose, Spent, StoredDisclosure, UnknownPurpose};
pub use embedder::{EmbedError, Embedder, Embeddings, VectorSpace};
pub use explanation::Explanation;
pub use feedback::{Feedback, QuestionVector, Shown, StoredFeedback};
pub use ids::{ConversationId, InvalidId, MethodId, PersonId, SessionId, TenantId, TurnId};
pub use memory::{DerivationId, Memory, MemoryId, MemoryKind};
pub use records::{
    Aged, Appended, Binding, Compacted, Decided, DerivedSession, Erased, Erasure, KeyringId, Outcome, PersonSummary,
    PersonTurns, Pulse, Records, SessionRef, StoreHealth, StoredMemory, UnitId, VectorCount,
};
pub use reranker::{RerankError, Reranker};
pub use scope::Scope;
pub use store::{Noted, ReceiptHash, ReceiptHashOf, Store, Visit, VisitVector};
pub use store_error::StoreError;
pub use time::{EventTime, InvalidTime, Millis, Precision};
pub use turn::{
    Attachment, ContentHash, InvalidTurn, MAX_ATTACHMENTS, MAX_TURN_BYTES, Role, Seq, StoredTurn, Turn, TurnKey,
};
