//! What is known of the person, and the recalled turns, as quoted data before the person's words, each within a budget of
//! tokens.
//!
//! They stand in the person's message and not among the instructions: what somebody once said has no more authority than
//! what they say now, and the messages before it stay as they were, so that a model that keeps them read need not read
//! them again. Needs nothing; costs the tokens of the turns.

use kithkin_core::{ChatError, Memory, StoredTurn};
use serde::Deserialize;

use super::{Compose, Composed};
use crate::chat::{Chat, Prompt, estimated_tokens, quote};
use crate::method::Strategy;
use crate::respond::Brief;

/// The instructions.
const PROMPT: Prompt = Prompt::new(&[include_str!("../../../prompts/respond-memories.1.md")]);

/// The instructions for the profile.
const PROFILE: Prompt = Prompt::new(&[include_str!("../../../prompts/respond-profile.1.md")]);

/// The instructions for summaries.
const SUMMARIES: Prompt = Prompt::new(&[include_str!("../../../prompts/respond-summaries.1.md")]);

/// The reminder: Zhao et al., *Do LLMs Recognize Your Preferences?* (PrefEval, 2025), section 4.1.
const REMINDER: Prompt = Prompt::new(&[include_str!("../../../prompts/respond-reminder.1.md")]);

/// Parameters of `memories`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Memories {
    /// What the turns may take, in tokens as they are estimated without a tokenizer; 0 to 100,000, default 1,500. With 0
    /// they are left out.
    tokens: usize,
    /// What the profile may take; 0 to 100,000, default 400. With 0 it is left out.
    profile_tokens: usize,
    /// What summaries of sessions may take, the latest first; 0 (default) to 100,000. With more than 0 the method has to
    /// derive them. Source: Richardson et al., *Integrating Summarization and Retrieval* (2023).
    summary_tokens: usize,
    /// Whether the model is reminded of what is known right before the person's words; by default it is not.
    reminder: bool,
    /// The version of the prompt for turns; by default the latest.
    prompt: u32,
    /// The version of the prompt for the profile; by default the latest.
    profile_prompt: u32,
}

impl Default for Memories {
    fn default() -> Self {
        Self {
            tokens: 1_500,
            profile_tokens: 400,
            summary_tokens: 0,
            reminder: false,
            prompt: PROMPT.latest(),
            profile_prompt: PROFILE.latest(),
        }
    }
}

impl Strategy for Memories {
    fn check(&self) -> Result<(), String> {
        for (name, tokens) in
            [("tokens", self.tokens), ("profile_tokens", self.profile_tokens), ("summary_tokens", self.summary_tokens)]
        {
            if tokens > 100_000 {
                return Err(format!("{name} is {tokens}; it must lie within 0 and 100000"));
            }
        }
        PROMPT.check(self.prompt)?;
        PROFILE.check(self.profile_prompt).map_err(|why| format!("profile_{why}"))
    }
}

impl Compose for Memories {
    fn shows_summaries(&self) -> bool {
        self.summary_tokens > 0
    }

    fn compose(&self, brief: &Brief<'_>, _chat: &Chat<'_>) -> Result<Composed, ChatError> {
        let mut composed = self.profile(brief);
        let one = |summary: &&Memory| quote::sentences("summaries", std::slice::from_ref(&summary.text));
        let summaries = fitting(brief.summaries, self.summary_tokens, one);
        if !summaries.is_empty() {
            composed.summaries_shown = summaries.len();
            let summaries: Vec<String> = summaries.into_iter().map(|summary| summary.text.clone()).collect();
            composed.instructions.push(SUMMARIES.text(SUMMARIES.latest()));
            composed.before += &quote::sentences("summaries", &summaries);
        }
        let shown = fitting(brief.evidence, self.tokens, |turn| quote::turns([(1, *turn)]));
        if !shown.is_empty() {
            composed.instructions.push(PROMPT.text(self.prompt));
            composed.shown = shown.len();
            // A reader follows the order of time; the numbers are those of the ranks.
            let mut told: Vec<(usize, &StoredTurn)> = (1..).zip(shown).collect();
            told.sort_by_key(|(_, turn)| (turn.seen_at(), turn.seq));
            composed.before += &quote::turns(told);
        }
        present(&mut composed, brief);
        if self.reminder && !composed.before.is_empty() {
            composed.before += &format!("{}\n\n", REMINDER.text(REMINDER.latest()));
        }
        Ok(composed)
    }
}

impl Memories {
    /// What is known of the person, and nothing else.
    pub(super) fn profile(&self, brief: &Brief<'_>) -> Composed {
        let mut composed = Composed::default();
        let profile = fitting(brief.profile, self.profile_tokens, |entry| quote::profile([*entry]));
        if !profile.is_empty() {
            composed.instructions.push(PROFILE.text(self.profile_prompt));
            composed.profile_shown = profile.len();
            composed.before += &quote::profile(profile);
        }
        composed
    }
}

/// Adds the present time, where there is something that it bears on.
pub(super) fn present(composed: &mut Composed, brief: &Brief<'_>) {
    if !composed.before.is_empty() {
        composed.before += &format!("It is {}.\n\n", brief.now);
    }
}

/// The first items that fit into so many tokens as they are quoted.
pub(super) fn fitting<T>(items: &[T], tokens: usize, quoted: impl Fn(&&T) -> String) -> Vec<&T> {
    let mut left = tokens;
    let fits = |item: &&T| {
        let cost = estimated_tokens(&quoted(item));
        let fits = cost <= left;
        left = left.saturating_sub(cost);
        fits
    };
    items.iter().take_while(fits).collect()
}
