//! One person's memory, ready to be searched: words, vectors, and who said what when.
//!
//! The person is the shard: everything of one person is in memory and searched exactly, and nothing of another person is
//! in reach. [`PersonIndex`] loads from a store and keeps itself up to date with it.

mod analysis;
mod language;
mod lessons;
mod lexical;
mod names;
mod person;
mod pooled;
mod simd;
mod stopwords;
mod turns;
mod units;
mod vectors;
mod windows;
mod words;

pub(crate) use analysis::{QueryTerm, TermId, Token, Vocabulary};
pub(crate) use language::{Language, detect};
pub(crate) use lessons::Lesson;
pub(crate) use lexical::{Bm25, Lexical};
pub(crate) use person::{Contents, PersonIndex};
pub(crate) use stopwords::is_function_word;
pub(crate) use units::Units;
pub(crate) use vectors::{Vectors, dot};
pub(crate) use windows::{Reach, WindowScratch, Windows};
pub(crate) use words::{Kind, Words, cue_words};

/// Buffers of a recall, used again for the next one.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// For the pooled frequencies of a term.
    pub(crate) windows: WindowScratch,
    /// For one number a turn or memory.
    pub(crate) numbers: Vec<f32>,
    /// How many turns, memories and topics a retriever has compared; all turns where it does not say.
    pub(crate) compared: Option<usize>,
}
