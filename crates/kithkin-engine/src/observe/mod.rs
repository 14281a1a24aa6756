//! From turns to what is searched: which text of a turn counts, memories of a session, vectors.
//!
//! All of it is derived from the log and can be made again at any time. Nothing here writes a turn.

pub(crate) mod compress;
mod derive;
mod embed;
pub(crate) mod extract;
mod mend;
pub(crate) mod segment;
pub(crate) mod sentences;
mod sitting;
mod space;

pub(crate) use compress::Compress;
pub use derive::Derived;
pub use derive::Estimate;
pub(crate) use derive::{Models, derive_stale, estimate};
pub(crate) use embed::{Missing, embed_missing};
pub(crate) use extract::Extract;
pub(crate) use segment::Segment;
pub(crate) use sitting::Sitting;
pub(crate) use space::Space;

use kithkin_core::{Embedder, StoredTurn, Turn, VectorSpace};

/// What is being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Memories, session by session.
    Sessions,
    /// Vectors of turns and memories.
    Vectors,
}

/// How far a long piece of work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is counted.
    pub work: Work,
    /// Units done in this run.
    pub done: u64,
    /// Units that this run set out to do.
    pub of: u64,
}

/// The version of [`turn_text`]: part of the vector space, so that vectors of another form are never compared.
const EMBEDDED_FORM: &str = "text-caption/1";

/// The space of the vectors that this engine makes with `embedder`.
pub(crate) fn vector_space(embedder: &dyn Embedder) -> VectorSpace {
    VectorSpace(format!("{}+{EMBEDDED_FORM}", embedder.model()))
}

/// What of a turn is searched, by words and by embedding: the text and the captions, without the speaker's name, which is
/// no topic.
pub(crate) fn turn_text(turn: &Turn) -> String {
    let mut text = turn.text.clone();
    for caption in turn.captions() {
        text.push(' ');
        text.push_str(caption);
    }
    text
}

/// The current versions among `turns`, in the order in which they were said.
pub(crate) fn current_in_order(mut turns: Vec<StoredTurn>) -> Vec<StoredTurn> {
    let replaced: std::collections::HashSet<_> = turns.iter().filter_map(|t| t.supersedes).collect();
    turns.retain(|t| !replaced.contains(&t.seq));
    // A turn of unknown time stays where it was told, after the last dated one before it.
    let mut last = i64::MIN;
    let mut keyed: Vec<(i64, StoredTurn)> = turns
        .into_iter()
        .map(|turn| {
            last = turn.turn.said_at.map_or(last, |t| t.start());
            (last, turn)
        })
        .collect();
    keyed.sort_by_key(|(start, turn)| (*start, turn.seq));
    keyed.into_iter().map(|(_, turn)| turn).collect()
}
