//! Questions about an explanation: why a message was answered with what it was.
//!
//! The recall is done again at the time of the message, which gives the same turns with the same scores as long as nothing of
//! them was erased, so that no explanation has to be kept.

use std::collections::BTreeMap;

use kithkin_core::Explanation;
use kithkin_engine::{Brief, EngineError, Why, Withheld};
use serde::Serialize;

use crate::{Error, EvidenceReport, Person, Respond, RoutedReport};

/// What a question about an explanation is answered with.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ExplainReport {
    /// The chat model's answer, made from the explanation alone; `None` where there is no chat model or it refuses, and the
    /// scores have to speak for themselves.
    pub answer: Option<String>,
    /// The turns that a model would be shown for the message, each with the whole tree of its score.
    pub shown: Vec<EvidenceReport>,
    /// What the policy keeps from the model, by rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
    /// The reply that the policy gives to the question or the message; then nothing was recalled and no model was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routed: Option<RoutedReport>,
    /// The models that ran.
    pub models: BTreeMap<String, String>,
}

impl Person<'_> {
    /// Answers a question about what a message is answered with: which turns, in which order, and why. `what` is the message
    /// as it was answered, at a time before it was said; otherwise it finds itself. Nothing is remembered. It is a part of a
    /// reply, and needs the consent to that.
    ///
    /// # Errors
    /// An empty message or question, a method that cannot run here, no consent, or a model that failed.
    pub fn explain(&self, what: &Respond, question: &str) -> Result<ExplainReport, Error> {
        if what.message.trim().is_empty() || question.trim().is_empty() {
            return Err(EngineError::EmptyQuestion.into());
        }
        let engine = &self.kithkin().engine;
        let (mut shown, mut models) = (Vec::new(), BTreeMap::new());
        let policy = engine.policy();
        if let Some(routed) = policy.route(question).or_else(|| policy.route(&what.message)) {
            let routed = Some(RoutedReport { rule: routed.rule.to_owned(), reply: routed.reply.to_owned() });
            return Ok(ExplainReport { answer: None, shown, withheld: Vec::new(), routed, models });
        }
        engine.consented(self.scope(), what.purpose())?;
        let what = Respond { explain: true, ..what.clone() };
        let mut ground = self.ground(&what, what.purpose())?;
        let recalled = self.recalled(&what, &mut ground)?;
        let evidence = crate::ground::turns(&recalled);
        let brief = ground.brief(&what, &evidence);
        let asked = engine.asked(self.scope(), &ground.method, &brief)?;
        let scores: Vec<Explanation> = recalled.evidence.iter().map(|one| one.why.clone()).take(asked.shown).collect();
        models.extend(self.models(&ground.method));
        let mut answer = None;
        if let Some(model) = self.kithkin().chat_name() {
            let brief = Brief {
                evidence: evidence.get(..asked.shown).unwrap_or_default(),
                profile: brief.profile.get(..asked.profile_shown).unwrap_or_default(),
                history: &[],
                summaries: &[],
                ..brief
            };
            let why = Why { scores: &scores, withheld: &ground.withheld };
            answer = engine.explain(self.scope(), &brief, why, question)?;
            models.insert("chat".to_owned(), model.to_owned());
        }
        shown.extend(recalled.evidence.into_iter().take(asked.shown).map(crate::person::evidence));
        Ok(ExplainReport { answer, shown, withheld: ground.withheld, routed: None, models })
    }
}
