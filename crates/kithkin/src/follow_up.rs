//! What to ask a person before their message is answered.

use std::collections::BTreeMap;

use kithkin_core::Purpose;
use kithkin_engine::ask::FollowUp;
use kithkin_engine::{EngineError, FollowUps, Withheld};
use serde::Serialize;

use crate::{Error, Person, Respond, RoutedReport};

/// Questions to put to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FollowUpReport {
    /// The questions, best first.
    pub questions: Vec<FollowUp>,
    /// How many were proposed, before those that are alike were joined.
    pub proposed: usize,
    /// Answers of the chat model, or pieces of them, that could not be read.
    pub unread: u64,
    /// What the policy kept from the model, by rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
    /// The reply that the policy gives to the message; then no model was asked, and there are no questions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routed: Option<RoutedReport>,
    /// The models that ran.
    pub models: BTreeMap<String, String>,
}

impl Person<'_> {
    /// What to ask before this message is answered, at most so many questions: a chat model looks in several ways at the
    /// message and at what is recalled and known of the person. Nothing is remembered.
    ///
    /// # Errors
    /// An empty message, no chat model, no consent to be asked, a method that cannot run here, or a model that failed.
    pub fn follow_up_questions(&self, what: &Respond, most: usize) -> Result<FollowUpReport, Error> {
        if what.message.trim().is_empty() {
            return Err(EngineError::EmptyQuestion.into());
        }
        let engine = &self.kithkin().engine;
        if let Some(routed) = engine.policy().route(&what.message) {
            let routed = RoutedReport { rule: routed.rule.to_owned(), reply: routed.reply.to_owned() };
            return Ok(FollowUpReport {
                questions: Vec::new(),
                proposed: 0,
                unread: 0,
                withheld: Vec::new(),
                routed: Some(routed),
                models: BTreeMap::new(),
            });
        }
        if engine.chat().is_none() {
            return Err(EngineError::NoReplyModel.into());
        }
        engine.consented(self.scope(), Purpose::Ask)?;
        let mut ground = self.ground(what, Purpose::Ask)?;
        let evidence = crate::ground::turns(&self.recalled(what, &mut ground)?);
        let FollowUps { questions, proposed, unread } =
            engine.follow_up(self.scope(), &ground.brief(what, &evidence), most)?;
        let mut models = self.models(&ground.method);
        models.extend(self.kithkin().chat_name().map(|model| ("chat".to_owned(), model.to_owned())));
        Ok(FollowUpReport { questions, proposed, unread, withheld: ground.withheld, routed: None, models })
    }
}
