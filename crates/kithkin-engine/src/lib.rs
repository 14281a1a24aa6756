//! Indexing, retrieval and ranking within the memory of one person.
//!
//! [`Engine`] answers a question from the log of one person: it keeps that person's index in memory, brings it up to
//! date with the store before each recall, and runs the stages of a [`Method`] over it. [`method`] reads presets.
//!
//! The engine does no I/O of its own: no files, no environment, no sockets, no clock, no random numbers. Store, embedder,
//! chat model, reranker and clock are handed in as the traits of `kithkin-core`.

mod as_of;
pub mod ask;
mod cache;
mod change;
mod chat;
mod engine;
mod error;
mod guard;
mod index;
pub mod method;
mod observe;
mod phrases;
mod profile;
mod recall;
mod respond;

pub use as_of::AsOf;
pub use ask::FollowUps;
pub use change::{Ended, Held, Reason};
pub use chat::{Budget, NoBudget, Price, estimated_tokens};
pub use engine::{
    Engine, Evidence, Filtered, Judged, Lacking, Partial, RecallRequest, Recalled, Rescored, Timings, Usage,
};
pub use error::{CHAT_ADVICE, EngineError};
pub use guard::{Consent, Consents, Policy, PolicyError, Routed, Withheld, shown_text};
pub use method::Method;
pub use observe::{Derived, Estimate, Progress, Work};
pub use profile::{
    BigFive, Correction, Entry, EntryKind, Profile, Rejected, Style, TraitEstimate, UnknownEntryKind, Verdict, Version,
    corrections_left_alone, profile, styles, traits,
};
pub use recall::{Aspect, MAX_ASPECTS, MAX_QUESTION_BYTES, SessionHit};
pub use respond::{
    Asked, Brief, Card, CardError, Explored, Gated, Intensity, Need, Replied, Revision, Scored, Solution, SubTask,
    Traits, Why,
};

use std::ops::ControlFlow;

/// Told of each step of a long piece of work; [`ControlFlow::Break`] stops it, keeping what was done.
pub type Stop<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;
