//! From a question to evidence: plan, retrieve, fuse, rerank, sessions, answer, rescore, filter.
//!
//! A person's turns are numbered (`Doc`) in their index. Each retriever gives every turn a number in a dense array;
//! `fuse` makes one array of them, `rerank` changes it, the best of it is the evidence, `sessions` ranks the sittings,
//! and `answer` says whether the evidence can answer at all. No array element is allocated for on its own, and nothing
//! here touches a store or a model, but for `rescore` and `filter`, which run afterwards and show texts to a model: the
//! question's vector comes in with the [`Question`].

pub(crate) mod answer;
mod aspects;
pub(crate) mod filter;
pub(crate) mod fuse;
pub(crate) mod plan;
pub(crate) mod rerank;
pub(crate) mod rescore;
pub(crate) mod retrieve;
pub(crate) mod sessions;

mod run;
mod top;

pub(crate) use answer::Answer;
pub(crate) use aspects::check_question;
pub use aspects::{Aspect, MAX_ASPECTS, MAX_QUESTION_BYTES};
pub(crate) use filter::Filter;
pub(crate) use fuse::Fuse;
pub(crate) use plan::{Asked, Question};
pub(crate) use rerank::Rerank;
pub(crate) use rescore::Rescore;
pub(crate) use retrieve::Retrieve;
use run::known;
pub(crate) use run::run;
pub(crate) use sessions::Sessions;
pub(crate) use top::{Top, best_live};

use kithkin_core::{Explanation, Seq, SessionRef};

use crate::index::PersonIndex;

/// A turn's number in its person's index.
pub(crate) type Doc = u32;

/// What every stage may look at.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// The person's index.
    pub(crate) index: &'a PersonIndex,
    /// The question, analysed.
    pub(crate) question: &'a Question,
}

/// What a retriever's numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignalKind {
    /// Matches of words.
    Words,
    /// Cosines of embeddings.
    Cosine,
    /// A place in an order.
    Order,
}

/// What one retriever found.
pub(crate) struct Signal {
    /// What its numbers are.
    pub(crate) kind: SignalKind,
    /// The retriever, for explanations.
    pub(crate) name: String,
    /// The highest number that one word of the question, in units of its rarity, can give.
    pub(crate) ceiling: f32,
    /// A number for each turn: 0 where it found nothing, NaN where it cannot know.
    pub(crate) scores: Vec<f32>,
    /// How many turns, memories and topics were compared with the question.
    pub(crate) compared: usize,
}

/// A turn that was found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hit {
    /// Its place in the log.
    pub seq: Seq,
    /// Its score: comparable within one recall only.
    pub score: f32,
    /// How the score came about.
    pub why: Explanation,
}

/// A sitting that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionHit {
    /// The sitting.
    pub session: SessionRef,
    /// Its score: comparable within one recall only.
    pub score: f32,
}

/// What a recall found in the index, before the texts are read from the store.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    /// The best turns, best first.
    pub hits: Vec<Hit>,
    /// The best sittings, best first.
    pub sessions: Vec<SessionHit>,
    /// How many turns, memories and topics were compared with the question, added up over the retrievers.
    pub compared: usize,
    /// How likely the evidence can answer the question, 0 to 1.
    pub answerable: f32,
    /// How that number came about; only when an explanation was asked for.
    pub answerable_why: Option<Explanation>,
}
