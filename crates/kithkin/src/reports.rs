//! What calls return, as plain data. The JSON form of each is stable and held by snapshot tests.

use kithkin_core::{Attachment, Explanation, StoredTurn};
use serde::Serialize;

use crate::Receipt;

/// A turn that answers a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EvidenceReport {
    /// The turn's id within its conversation.
    pub turn: String,
    /// Its conversation.
    pub conversation: String,
    /// Its sitting.
    pub session: String,
    /// Who said it.
    pub speaker: String,
    /// When, in the precision that is known; `null` when it is not known.
    pub said_at: Option<String>,
    /// The words, verbatim.
    pub text: String,
    /// What came with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The score: comparable within one recall only.
    pub score: f32,
    /// How the score came about.
    pub why: Explanation,
}

/// A sitting that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SessionReport {
    /// Its conversation.
    pub conversation: String,
    /// Its id.
    pub session: String,
    /// The score: comparable within one recall only.
    pub score: f32,
}

/// Some turns have no vector yet and were searched by their words alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PartialReport {
    /// Turns that have a vector.
    pub vectors: u64,
    /// Turns that there are.
    pub turns: u64,
}

/// What a reranker made of the best turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RescoreReport {
    /// Turns that it was to read, the best of the search.
    pub candidates: usize,
    /// Turns that it came to before its deadline, the first of them. They are in its order; all others follow in that of
    /// the search.
    pub scored: usize,
}

/// What a chat model made of the best turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FilterReport {
    /// Turns that it looked at.
    pub candidates: usize,
    /// Turns that it called relevant; all where its answer could not be read.
    pub relevant: usize,
    /// Whether its answer could be read.
    pub readable: bool,
}

/// How long the steps took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TimingsReport {
    /// Embedding the question.
    pub embed: f64,
    /// Bringing the person's index up to date.
    pub load: f64,
    /// Searching and ranking.
    pub search: f64,
    /// Everything.
    pub total: f64,
}

/// A further query of a recall.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AspectReport {
    /// Its words.
    pub text: String,
    /// How much it counted beside the question.
    pub weight: f32,
}

/// What a recall found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RecallReport {
    /// The question.
    pub query: String,
    /// The further queries that were asked with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aspects: Vec<AspectReport>,
    /// The present that the question was asked in.
    pub now: String,
    /// The method that ran.
    pub method: String,
    /// The models that ran, by their part: `embedder`, `reranker`, `chat`.
    pub models: std::collections::BTreeMap<String, String>,
    /// How likely the evidence can answer the question, 0 to 1.
    pub answerable: f32,
    /// Whether it is better to say that it is not known.
    pub abstain: bool,
    /// Set while vectors are still being made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<PartialReport>,
    /// Set where the method lets a reranker order the best turns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rescore: Option<RescoreReport>,
    /// Set where the method lets a chat model choose among the best turns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<FilterReport>,
    /// The best turns, best first.
    pub evidence: Vec<EvidenceReport>,
    /// The best sittings, best first.
    pub sessions: Vec<SessionReport>,
    /// How many turns, memories and topics were compared with the question, added up over the method's retrievers.
    pub compared: usize,
    /// How `answerable` came about; only when an explanation was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answerable_why: Option<Explanation>,
    /// How long it took.
    pub timings_ms: TimingsReport,
}

/// What was forgotten, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ForgetReport {
    /// Turns, counting every version.
    pub turns: u64,
    /// Memories that came from them.
    pub memories: u64,
    /// Vectors of both.
    pub vectors: u64,
    /// Feedback on recalls that had shown them.
    pub feedback: u64,
    /// Whether it was only counted.
    pub dry_run: bool,
    /// By which it can be looked at later whether all of it is gone; only where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
}

/// One person in a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PersonReport {
    /// The person.
    pub person: String,
    /// Conversations with at least one turn.
    pub conversations: u64,
    /// Sittings with at least one turn.
    pub sessions: u64,
    /// Turns, of changed ones only the current version.
    pub turns: u64,
    /// When the first dated turn was said.
    pub first: Option<String>,
    /// When the last dated turn was said.
    pub last: Option<String>,
}

/// A turn with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TurnReport {
    /// Its id within its conversation.
    pub turn: String,
    /// Its conversation.
    pub conversation: String,
    /// Its sitting.
    pub session: String,
    /// Who said it.
    pub speaker: String,
    /// The part that the speaker plays.
    pub role: &'static str,
    /// When; `null` when it is not known.
    pub said_at: Option<String>,
    /// When it was written down.
    pub recorded_at: String,
    /// 1 for the first telling, 2 for the first changed one, and so on.
    pub version: u32,
    /// Whether a later telling has replaced it.
    pub replaced: bool,
    /// The words, verbatim.
    pub text: String,
    /// What came with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

impl TurnReport {
    pub(crate) fn new(stored: StoredTurn, replaced: bool) -> Self {
        let turn = stored.turn;
        Self {
            turn: turn.id.to_string(),
            conversation: turn.conversation.to_string(),
            session: turn.session.to_string(),
            speaker: turn.speaker,
            role: turn.role.as_str(),
            said_at: turn.said_at.map(|t| t.to_string()),
            recorded_at: instant(stored.recorded_at),
            version: stored.version,
            replaced,
            text: turn.text,
            attachments: turn.attachments,
        }
    }
}

/// An instant as text; one outside the calendar as its number.
pub(crate) fn instant(millis: kithkin_core::Millis) -> String {
    kithkin_core::EventTime::from_millis(millis).map_or_else(|_| millis.to_string(), |t| t.to_string())
}
