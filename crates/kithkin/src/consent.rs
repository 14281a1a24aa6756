//! What a person says of the purposes that what they said may be used for, and what that comes to under the policy.
//!
//! A consent is a turn of the conversation `consent`, so that it is durable, is exported, and can be forgotten; then it is as
//! if it had never been said.

use kithkin_core::{ConversationId, EventTime, Purpose, Role};
use kithkin_engine::Consent;
use serde::Serialize;

use crate::{Error, Now, Person};

/// The conversation of a person's consents.
pub(crate) const CONSENTS: &str = "consent";

/// How a purpose stands with a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ConsentReport {
    /// The purpose.
    pub purpose: Purpose,
    /// Whether what is known of the person may be used for it: policy and person both have to allow it.
    pub open: bool,
    /// Whether the policy opens it.
    pub policy: bool,
    /// Whether the person allows it, by their word or by default.
    pub person: bool,
    /// When they said so; `null` where they have said nothing of it.
    pub since: Option<String>,
}

impl Person<'_> {
    /// How each purpose stands.
    ///
    /// # Errors
    /// The store failed.
    pub fn consents(&self) -> Result<Vec<ConsentReport>, Error> {
        let engine = &self.kithkin().engine;
        let consents = engine.consents(self.scope())?;
        let report = |purpose| {
            let (policy, person) = (engine.policy().opens(purpose), consents.allow(purpose));
            let since = consents.said(purpose).and_then(|(_, at)| at).map(|at| at.to_string());
            ConsentReport { purpose, open: policy && person, policy, person, since }
        };
        Ok(Purpose::ALL.into_iter().map(report).collect())
    }

    /// Writes down that the person gives, or withdraws, their consent to a purpose. It is durable when the call returns, and
    /// nothing of that purpose that begins later reaches a model. A person who has said nothing yet may say it, too.
    ///
    /// # Errors
    /// The store failed.
    pub fn consent(&self, purpose: Purpose, given: bool) -> Result<Vec<ConsentReport>, Error> {
        let said = self.kithkin().engine.consents(self.scope())?.said(purpose);
        if said.is_none_or(|(before, _)| before != given) {
            let now = self.moment(Now::Clock)?;
            // What is said later counts as later, also where the clock stands still or was set back.
            let after = said.and_then(|(_, at)| at).map(|at| EventTime::from_millis(at.end().saturating_add(1)));
            let at = match after.transpose()? {
                Some(after) if after.start() > now.start() => after,
                _ => now,
            };
            let (consent, speaker) = (Consent { purpose, given }, self.scope().person.to_string());
            let conversation = ConversationId::new(CONSENTS)?;
            let mut turn = self.utterance(&consent.text(), speaker, Role::User, &conversation, at)?;
            turn.attachments.push(consent.attachment());
            self.declare(vec![Self::named(turn)?])?;
        }
        self.consents()
    }
}
