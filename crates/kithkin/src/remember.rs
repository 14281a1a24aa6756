//! Writing utterances down as they are said: one by one, or several in one transaction.

use kithkin_core::{
    Attachment, ConversationId, EventTime, Outcome, PersonTurns, Role, SessionId, StoredTurn, Turn, TurnId,
};
use kithkin_engine::{Consent, Correction};
use serde::Serialize;

use crate::consent::CONSENTS;
use crate::correct::CORRECTIONS;
use crate::person::admitted;
use crate::{Error, Now, Person};

/// The kinds of attachments by which a turn is the person's own word on their data. They are written by [`Person::consent`] and
/// [`Person::correct`] alone; from elsewhere they come back with an export of our own only.
const DECLARED: [&str; 2] = [Consent::KIND, Correction::KIND];

/// Something to remember.
#[derive(Debug, Clone)]
pub struct Remember {
    /// The words.
    pub text: String,
    /// What came with them.
    pub attachments: Vec<Attachment>,
    /// Who said them; by default the person, and of another role, its name.
    pub speaker: Option<String>,
    /// The part that the speaker plays; by default a human's.
    pub role: Role,
    /// In which conversation; by default `notes`.
    pub conversation: Option<ConversationId>,
    /// In which sitting; by default the day on which it was said: utterances come one by one, and nothing says where a
    /// conversation pauses.
    pub session: Option<SessionId>,
    /// The name of the turn within its conversation; by default it follows from content and time. With a name of the
    /// caller's, the same words said now once more are a duplicate.
    pub id: Option<TurnId>,
    /// When; by default now.
    pub at: Now,
}

impl Remember {
    /// Words of the person, said now.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            attachments: Vec::new(),
            speaker: None,
            role: Role::User,
            conversation: None,
            session: None,
            id: None,
            at: Now::Clock,
        }
    }
}

/// What became of a turn that was remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Remembered {
    /// Its id.
    pub turn: String,
    /// Its conversation.
    pub conversation: String,
    /// When it was said.
    pub said_at: String,
    /// Whether it was stored already, with the same words at the same time.
    pub duplicate: bool,
}

impl Person<'_> {
    /// Writes turns down; they are durable when the call returns, and are found by their words at once. Blocks of
    /// recalled memories are cut out of the texts. Gives how many turns were new.
    ///
    /// # Errors
    /// A turn that is not valid, is dated in the future, or would consent or correct in the person's name
    /// ([`Person::consent`] and [`Person::correct`] are for that): then nothing is written.
    pub fn observe(&self, turns: Vec<Turn>) -> Result<u64, Error> {
        let outcomes = self.append(turns)?;
        Ok(outcomes.iter().filter(|outcome| !outcome.is_duplicate()).count() as u64)
    }

    /// The same, with what became of each.
    pub(crate) fn append(&self, turns: Vec<Turn>) -> Result<Vec<Outcome>, Error> {
        turns.iter().try_for_each(|turn| self.only_said(turn))?;
        self.declare(turns)
    }

    /// Refuses a turn from outside that speaks in the person's name: one that carries what makes a turn a consent or a
    /// correction, and one that would take the place of such a turn.
    pub(crate) fn only_said(&self, turn: &Turn) -> Result<(), Error> {
        if let Some(kind) = declared(turn) {
            return Err(Error::Declared { turn: turn.key().to_string(), kind });
        }
        // Only these conversations have such turns: others need no look into the log.
        if matches!(turn.conversation.as_str(), CONSENTS | CORRECTIONS) {
            let tellings = self.kithkin().engine.store().tellings(self.scope(), &turn.id)?;
            let own = |told: &StoredTurn| told.turn.conversation == turn.conversation && declared(&told.turn).is_some();
            if tellings.iter().any(own) {
                return Err(Error::Retold { turn: turn.key().to_string() });
            }
        }
        Ok(())
    }

    /// Writes down turns that may be the person's own word on their data: consents and corrections.
    pub(crate) fn declare(&self, turns: Vec<Turn>) -> Result<Vec<Outcome>, Error> {
        let now = self.kithkin().clock.now();
        let turns = turns.into_iter().map(|turn| admitted(turn, now)).collect::<Result<Vec<_>, _>>()?;
        if turns.is_empty() {
            return Ok(Vec::new());
        }
        let batch = [PersonTurns { scope: self.scope().clone(), turns }];
        let appended = self.kithkin().engine.store().append(&batch, now)?;
        Ok(appended.into_iter().flat_map(|person| person.outcomes).collect())
    }

    /// Writes one utterance down. Its id comes from its content and time, so that a call that is repeated after a
    /// failure stores nothing twice.
    ///
    /// # Errors
    /// As [`Person::observe`].
    pub fn remember(&self, what: &Remember) -> Result<Remembered, Error> {
        self.remember_all(std::slice::from_ref(what))?.pop().ok_or(Error::OnlyRecalled)
    }

    /// Writes utterances down, all or none, and says what became of each.
    ///
    /// # Errors
    /// As [`Person::observe`].
    pub fn remember_all(&self, what: &[Remember]) -> Result<Vec<Remembered>, Error> {
        let now = self.moment(Now::Clock)?;
        let turns = what.iter().map(|one| self.turn_of(one, now)).collect::<Result<Vec<_>, _>>()?;
        let report = |turn: &Turn| Remembered {
            turn: turn.id.to_string(),
            conversation: turn.conversation.to_string(),
            said_at: turn.said_at.map_or_else(String::new, |at| at.to_string()),
            duplicate: false,
        };
        let mut reports: Vec<Remembered> = turns.iter().map(report).collect();
        for (report, outcome) in reports.iter_mut().zip(self.append(turns)?) {
            report.duplicate = outcome.is_duplicate();
        }
        Ok(reports)
    }

    fn turn_of(&self, what: &Remember, now: EventTime) -> Result<Turn, Error> {
        let conversation = what.conversation.clone().map_or_else(|| ConversationId::new("notes"), Ok)?;
        let speaker = what.speaker.clone().unwrap_or_else(|| match what.role {
            Role::User => self.scope().person.to_string(),
            role => role.as_str().to_owned(),
        });
        let said_at = match what.at {
            Now::At(at) => at,
            Now::Clock => now,
        };
        let turn = Turn {
            attachments: what.attachments.clone(),
            ..self.utterance(&what.text, speaker, what.role, &conversation, said_at)?
        };
        let turn = what.session.clone().map_or(turn.clone(), |session| Turn { session, ..turn });
        let Some(id) = what.id.clone() else { return Self::named(turn) };
        let turn = Turn { id, ..turn };
        if what.at == Now::Clock
            && let Some(told) = self.told_before(&turn)?
        {
            return Ok(told);
        }
        Ok(turn)
    }

    /// The current telling of the turn, where it says the same but for the time.
    fn told_before(&self, turn: &Turn) -> Result<Option<Turn>, Error> {
        let tellings = self.kithkin().engine.store().tellings(self.scope(), &turn.id)?;
        let last = tellings.into_iter().rfind(|told| told.turn.conversation == turn.conversation);
        let same = |told: &StoredTurn| {
            let told = &told.turn;
            told.text == turn.text && told.speaker == turn.speaker && told.attachments == turn.attachments
        };
        Ok(last.filter(same).map(|told| told.turn))
    }

    /// Writes one utterance of a conversation down.
    pub(crate) fn say(
        &self,
        text: &str,
        speaker: String,
        role: Role,
        conversation: &ConversationId,
        said_at: EventTime,
    ) -> Result<Remembered, Error> {
        self.remember(&Remember {
            speaker: Some(speaker),
            role,
            conversation: Some(conversation.clone()),
            at: Now::At(said_at),
            ..Remember::new(text)
        })
    }

    /// One utterance of a conversation, without a name.
    pub(crate) fn utterance(
        &self,
        text: &str,
        speaker: String,
        role: Role,
        conversation: &ConversationId,
        said_at: EventTime,
    ) -> Result<Turn, Error> {
        Ok(Turn {
            id: TurnId::new("unnamed")?,
            session: SessionId::new(said_at.civil().date().to_string())?,
            speaker,
            role,
            said_at: Some(said_at),
            text: text.to_owned(),
            attachments: Vec::new(),
            conversation: conversation.clone(),
        })
    }

    /// The turn with a name that follows from its content, so that the same one said twice is one.
    pub(crate) fn named(turn: Turn) -> Result<Turn, Error> {
        Ok(Turn { id: TurnId::new(format!("n-{}", turn.content_hash()))?, ..turn })
    }
}

/// Which of the kinds that speak in the person's name the turn carries.
fn declared(turn: &Turn) -> Option<&'static str> {
    DECLARED.into_iter().find(|kind| turn.attachments.iter().any(|attachment| attachment.kind == *kind))
}
