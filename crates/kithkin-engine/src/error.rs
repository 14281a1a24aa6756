//! What can go wrong in the engine.

use kithkin_core::{Blame, ChatError, EmbedError, MethodId, RerankError, Scope, StoreError, VectorSpace};

/// How a chat model is named.
pub const CHAT_ADVICE: &str = "name one with --chat-url URL --chat-model NAME, such as --chat-url http://localhost:11434/v1, or with --chat gguf:FILE or recorded:FILE";

/// Why the engine could not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// There is no such person in the store.
    #[error("there is no person {scope}; `kithkin persons --tenant {}` lists those there are", scope.tenant)]
    NoPerson {
        /// The person.
        scope: Scope,
    },
    /// The method does not exist.
    #[error("there is no method {name:?}{}; `kithkin methods` lists them", near_text(near))]
    UnknownMethod {
        /// The name that was given.
        name: String,
        /// Names like it.
        near: Vec<String>,
    },
    /// A preset does not say what it should.
    #[error(transparent)]
    Spec(#[from] crate::method::SpecError),
    /// The method compares embeddings, and no embedder is configured.
    #[error(
        "the method {method} needs an embedder and none is configured; name one with --embedder, or use --method bm25"
    )]
    NoEmbedder {
        /// The method.
        method: MethodId,
    },
    /// The method asks a chat model, and none is configured.
    #[error(
        "the method {method} needs a chat model and none is configured; {CHAT_ADVICE}, or use a method that needs none \
         (`kithkin methods` lists them)"
    )]
    NoChatModel {
        /// The method.
        method: MethodId,
    },
    /// A reply is asked for, and no chat model is configured.
    #[error("a reply needs a chat model and none is configured; {CHAT_ADVICE}")]
    NoReplyModel,
    /// The method lets a reranker order the best turns, and none is configured.
    #[error(
        "the method {method} needs a reranker and none is configured; name the folder of a cross-encoder with --reranker, \
         or use a method that needs none (`kithkin methods` lists them)"
    )]
    NoReranker {
        /// The method.
        method: MethodId,
    },
    /// All vectors of the person were made by another embedder.
    #[error(
        "the vectors of {scope} were made by {stored}, and the embedder in use makes {configured}; \
         run `kithkin reembed`, or name the other embedder with --embedder"
    )]
    OtherEmbedder {
        /// The person.
        scope: Scope,
        /// The space of the stored vectors.
        stored: VectorSpace,
        /// The space of the embedder in use.
        configured: VectorSpace,
    },
    /// The method searches memories that were never derived for the person.
    #[error("{scope} has no memories for the method {method}; run `kithkin rebuild --person {} --method {method}`", scope.person)]
    NotDerived {
        /// The person.
        scope: Scope,
        /// The method.
        method: MethodId,
    },
    /// The question has no words.
    #[error("the question is empty; ask something")]
    EmptyQuestion,
    /// The question is longer than [`MAX_QUESTION_BYTES`](crate::MAX_QUESTION_BYTES).
    #[error(
        "the question is {bytes} bytes long; at most {} are allowed: ask for less, or remember the text and ask about it",
        crate::MAX_QUESTION_BYTES
    )]
    QuestionTooLong {
        /// Its length.
        bytes: usize,
    },
    /// More further queries than [`MAX_ASPECTS`](crate::MAX_ASPECTS).
    #[error(
        "the question has {count} aspects; at most {} are allowed: leave out those that matter least",
        crate::MAX_ASPECTS
    )]
    TooManyAspects {
        /// How many there are.
        count: usize,
    },
    /// A further query cannot be used.
    #[error("aspect {number} {why}")]
    Aspect {
        /// Which one, from 1.
        number: usize,
        /// What is wrong, and what would be right.
        why: String,
    },
    /// The work was stopped by the caller; what was done is kept.
    #[error("stopped; what was done so far is kept, run it again to go on")]
    Stopped,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The embedder failed.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// The chat model failed.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// The reranker failed.
    #[error(transparent)]
    Rerank(#[from] RerankError),
    /// A bug: an invariant of the engine does not hold.
    #[error("internal error: {what}; please report it")]
    Internal {
        /// The invariant.
        what: String,
    },
}

impl EngineError {
    /// Who can mend it.
    pub fn blame(&self) -> Blame {
        match self {
            Self::NoPerson { .. }
            | Self::UnknownMethod { .. }
            | Self::Spec(_)
            | Self::EmptyQuestion
            | Self::QuestionTooLong { .. }
            | Self::TooManyAspects { .. }
            | Self::Aspect { .. } => Blame::User,
            Self::NoEmbedder { .. }
            | Self::NoChatModel { .. }
            | Self::NoReplyModel
            | Self::NoReranker { .. }
            | Self::NotDerived { .. } => Blame::Missing,
            Self::OtherEmbedder { .. } | Self::Stopped => Blame::Conflict,
            Self::Store(e) => e.blame(),
            Self::Embed(e) => e.blame(),
            Self::Chat(e) => e.blame(),
            Self::Rerank(e) => e.blame(),
            Self::Internal { .. } => Blame::Internal,
        }
    }
}

/// `; did you mean x or y?`, or nothing.
pub(crate) fn near_text(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) }
}

/// The names that a mistyped one may stand for, best first, at most three.
pub(crate) fn near<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let lower = name.to_lowercase();
    let mut scored: Vec<(f64, &str)> = names
        .into_iter()
        .map(|known| {
            let prefix = known.starts_with(&lower) || lower.starts_with(known);
            (strsim::jaro_winkler(&lower, known).max(if prefix { 0.9 } else { 0.0 }), known)
        })
        .filter(|(likeness, _)| *likeness > 0.75)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(3).map(|(_, known)| known.to_owned()).collect()
}
