//! The stage `extract`: which memories are made of a session and its units.

mod expanded;
mod fragments;
mod keyphrases;
mod llm_expansions;
mod llm_facts;
mod llm_guided;
mod llm_induced;
mod llm_keys;
mod llm_profile;
mod llm_summary;
mod llm_topics;
mod own_statements;
mod span;
mod summary;

use std::fmt::Debug;
use std::ops::Range;

use kithkin_core::{ChatError, ChatRequest, Memory, MemoryKind};
use serde::Deserialize;
use serde_json::Value;

use super::Sitting;
use super::segment::Span;
use crate::chat::{Chat, answer, quote};
use crate::method::strategies;

/// Makes memories.
pub(crate) trait Extract: Debug + Send + Sync {
    /// What it makes; `units` is what the segmenter's units are.
    fn kinds(&self, units: MemoryKind) -> Vec<MemoryKind>;

    /// The version of the prompt that it puts to a chat model; `None` where it asks none.
    fn prompt(&self) -> Option<u32> {
        None
    }

    /// The memories of a session with these units. Each MUST list the turns it came from, the one that it stands for
    /// first, and no other turns.
    ///
    /// # Errors
    /// The chat model failed: nothing is derived from the session then.
    fn extract(
        &self,
        sitting: &Sitting,
        kind: MemoryKind,
        spans: &[Span],
        chat: &Chat<'_>,
    ) -> Result<Vec<Memory>, ChatError>;
}

strategies! { "observe.extract", Extract:
    "expanded" => expanded::Expanded,
    "fragments" => fragments::Fragments,
    "keyphrases" => keyphrases::Keyphrases,
    "llm-expansions" => llm_expansions::LlmExpansions,
    "llm-facts" => llm_facts::LlmFacts,
    "llm-guided" => llm_guided::LlmGuided,
    "llm-induced" => llm_induced::LlmInduced,
    "llm-keys" => llm_keys::LlmKeys,
    "llm-profile" => llm_profile::LlmProfile,
    "llm-summary" => llm_summary::LlmSummary,
    "llm-topics" => llm_topics::LlmTopics,
    "own-statements" => own_statements::OwnStatements,
    "span" => span::WholeSpan,
    "summary" => summary::Summary,
}

/// What a memory is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Of {
    /// The whole session.
    #[default]
    Session,
    /// Each unit of the segmenter.
    Unit,
}

impl Of {
    /// The positions of the turns of each.
    fn ranges(self, sitting: &Sitting, spans: &[Span]) -> Vec<Range<usize>> {
        match self {
            Self::Session => std::iter::once(0..sitting.len()).collect(),
            Self::Unit => spans.iter().map(|span| span.covers.clone()).collect(),
        }
    }
}

/// The turns at these positions as a prompt shows them: a turn's number is its position, counted from 1.
fn quoted(sitting: &Sitting, positions: &[usize]) -> String {
    quote::turns(positions.iter().filter_map(|position| Some((position + 1, sitting.turns().get(*position)?))))
}

/// How a chat model is asked for a list, and what an element of it becomes.
struct Writing<'a> {
    /// Turns that it reads at once.
    turns: usize,
    /// The name of the list.
    list: &'a str,
    /// The request for a piece that is quoted.
    request: &'a dyn Fn(String) -> ChatRequest,
    /// The memory of an element that was made of these positions; `None` where it cannot be read.
    memory: &'a dyn Fn(&[usize], &Value) -> Option<Memory>,
}

impl Writing<'_> {
    /// What a chat model writes down of the turns at these positions, piece by piece. Answers, and elements, that cannot be
    /// read are counted.
    fn of(&self, sitting: &Sitting, places: &[usize], chat: &Chat<'_>) -> Result<Vec<Memory>, ChatError> {
        let mut memories = Vec::new();
        for piece in places.chunks(self.turns.max(1)) {
            let Some(text) = chat.ask(&(self.request)(quoted(sitting, piece)))? else { continue };
            let Some(elements) = answer::list(&text, self.list) else {
                chat.drop_unread(1);
                continue;
            };
            let before = memories.len();
            memories.extend(elements.iter().filter_map(|element| (self.memory)(piece, element)));
            chat.drop_unread(elements.len() - (memories.len() - before));
        }
        Ok(memories)
    }
}

/// The positions of a piece that an element names by the numbers under `turns`, in its order, each once; `None` without
/// such a list.
fn named_turns(piece: &[usize], element: &Value) -> Option<Vec<usize>> {
    let mut places: Vec<usize> = Vec::new();
    for number in element.get("turns")?.as_array()?.iter().filter_map(answer::number) {
        let place = number.checked_sub(1).filter(|place| piece.contains(place) && !places.contains(place));
        places.extend(place);
    }
    Some(places)
}

/// A memory of some turns of a session, given by their positions; the first is the one that it stands for, and gives the
/// time. `None` without a position that exists.
pub(crate) fn memory_of(
    sitting: &Sitting,
    kind: MemoryKind,
    text: String,
    positions: impl IntoIterator<Item = usize>,
) -> Option<Memory> {
    let turns: Vec<_> = positions.into_iter().filter_map(|i| sitting.turns().get(i)).collect();
    let said_at = turns.first()?.turn.said_at;
    Some(Memory { kind, text, sources: turns.iter().map(|t| t.seq).collect(), said_at })
}
