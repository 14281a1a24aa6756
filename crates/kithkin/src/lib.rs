//! Memory and personalisation between an application and any language model.
//!
//! [`Kithkin`] opens a store; [`Kithkin::person`] gives the handle of one person, which observes turns, recalls the ones
//! that answer a question, and forgets. Everything runs in process and offline.
//!
//! ```no_run
//! use kithkin::{Kithkin, Now, Recall, Remember, Scope};
//!
//! let kithkin = Kithkin::open("memory.db")?.embedder("all-MiniLM-L6-v2", "models")?.start();
//! let ann = kithkin.person(&Scope::new("default".parse()?, "ann".parse()?));
//! ann.remember(&Remember::new("I moved to Oslo last week."))?;
//! let report = ann.recall(&Recall::new("Where do I live?", Now::Clock))?;
//! for evidence in &report.evidence {
//!     println!("{} {}", evidence.said_at.as_deref().unwrap_or("undated"), evidence.text);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This crate is the only library interface that is promised. What it returns is plain data whose JSON form is the one
//! that the command line prints.

mod audit;
mod clock;
mod consent;
mod context;
mod correct;
mod dialogue;
mod doctor;
mod encryption;
mod error;
mod explain;
mod explore;
mod export;
mod feedback;
mod fields;
mod follow_up;
mod forget;
mod ground;
mod handle;
pub mod import;
mod ingest;
mod jobs;
mod location;
mod memories;
mod opened;
mod person;
mod profile;
mod quote;
mod receipt;
mod receipts;
mod remember;
mod reports;
mod respond;
mod retention;
mod storage;

pub use audit::AuditReport;
pub use consent::ConsentReport;
pub use context::{Citation, Context, Given, RoutedReport};
pub use correct::{Change, Correct, CorrectReport};
pub use dialogue::{Dialogue, Followed, Said};
pub use doctor::{Doctor, Finding, Repair};
pub use encryption::{Encryption, key_from_command, key_from_file};
pub use error::Error;
pub use explain::ExplainReport;
pub use explore::ExploreReport;
pub use feedback::{Feedback, FeedbackReport};
pub use follow_up::FollowUpReport;
pub use forget::Forget;
pub use handle::{Builder, Kithkin, load_chat, load_embedder, load_reranker};
pub use ingest::{ImportReport, Ingest, OnStep, Rejection, Step};
pub use jobs::{DisclosureReport, EstimateReport, JobReport};
pub use kithkin_core::{
    Attachment, Blame, ChatError, ChatMessage, ChatModel, ChatReply, ChatRequest, ChatRole, ChatUsage, Clock,
    ConversationId, EmbedError, Embedder, Embeddings, EventTime, Explanation, InvalidId, InvalidTime, InvalidTurn,
    MemoryKind, Millis, PersonId, Precision, Purpose, RerankError, Reranker, Role, Scope, Seq, SessionId, SessionRef,
    Spent, StoreError, TenantId, TokenLikelihood, Turn, TurnId, TurnKey, UnknownPurpose,
};
pub use kithkin_engine::ask;
pub use kithkin_engine::method::{About, Paper, SpecError, Status};
pub use kithkin_engine::{
    Aspect, BigFive, Budget, CHAT_ADVICE, Card, CardError, Derived, EngineError, EntryKind, Gated, Intensity, Method,
    Need, NoBudget, Policy, PolicyError, Price, Progress, Reason, Revision, Solution, Style, SubTask, Traits, Usage,
    Withheld, Work, estimated_tokens,
};
pub use kithkin_models::{
    CHAT_MODELS, ChatKey, ChatSource, ChatSpec, MODELS, ModelSpec, NoKey, OpenAiEndpoint, Status as WeightStatus,
    UnknownChat,
};
pub use kithkin_store::MasterKey;
pub use location::Location;
pub use memories::MemoryReport;
pub use person::{Now, Person, Recall};
pub use profile::{ProfileEntry, ProfileReport, ProfileTrait, ProfileVersion, RejectedEntry};
pub use receipt::{ErasedTurn, Receipt};
pub use remember::{Remember, Remembered};
pub use reports::{
    AspectReport, EvidenceReport, FilterReport, ForgetReport, PartialReport, PersonReport, RecallReport, RescoreReport,
    SessionReport, TimingsReport, TurnReport,
};
pub use respond::{PromptReport, Respond, RespondReport, TokensReport, UsedEntry};
pub use retention::{Kept, Retain, Retention, RetentionReport, RoleOfNoTurns};
pub use storage::{
    BackupReport, ChainReport, CompactReport, CopyReport, Damage, ErasureReport, FreePages, OnPassed, Passed, Refusal,
    Selection, StoredPerson, Unreadable, VerifyReport, free_pages,
};
