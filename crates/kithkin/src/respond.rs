//! Replies: recall, ask the chat model, and remember both what was said and what was answered.
//!
//! What the person says is durable before the model is asked, so that a model that fails loses nothing. It is recalled
//! for before it is stored: otherwise the question would find itself.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use kithkin_core::{ChatMessage, ConversationId, PersonId, Purpose, Role};
use kithkin_engine::{
    Card, EngineError, Entry, EntryKind, Gated, Method, Recalled, Replied, Revision, Routed, Withheld,
};
use serde::Serialize;

use crate::ground::{Ground, conversation, recall, turns};
use crate::{Error, EvidenceReport, Now, Person};

/// Something that a person says and that is to be answered.
#[derive(Debug, Clone)]
pub struct Respond {
    /// The words.
    pub message: String,
    /// The present: the time at which the message is said. Nothing said after it is seen.
    pub now: Now,
    /// The conversation that it belongs to; by default `chat`. Its last turns go to the model as they are.
    pub conversation: Option<ConversationId>,
    /// How to recall and to compose; by default the method that the person is bound to, else `hybrid`.
    pub method: Option<Method>,
    /// Who says it: a speaker of the person's conversations, where it is not the person. By default it is the person. With a
    /// method that makes a difference of it (`mqdialog`), what was said with them comes first.
    pub asker: Option<String>,
    /// Others of the same tenant whose turns may stand in where the person has said little (`pgraphrag`), or are compared with
    /// the person's (`dpl`), with a method that does so; by default none. The policy has to open `compare`, and the person has
    /// to have consented to it; of those who have not, nothing is shown.
    pub neighbours: Vec<PersonId>,
    /// As whom the model replies. What the card's `knows_until` does not let the character know is not recalled.
    pub card: Option<Card>,
    /// Whether the reply is to talk the person into something; by default it is not. That is a purpose of its own, closed
    /// unless the policy opens it and the person has consented, and the reply ends in a sentence that says so.
    pub persuade: bool,
    /// At most so many turns of the conversation go to the model; 20 by default.
    pub history: usize,
    /// At most so many tokens come back; 800 by default.
    pub max_tokens: u32,
    /// How freely the model chooses among likely words, 0 to 2; 0.3 by default.
    pub temperature: f64,
    /// Whether message and reply are remembered; by default they are.
    pub remember: bool,
    /// Whether each recalled turn comes with the whole tree of its score.
    pub explain: bool,
}

impl Respond {
    /// A message with the defaults.
    pub fn new(message: impl Into<String>, now: Now) -> Self {
        Self {
            message: message.into(),
            now,
            conversation: None,
            method: None,
            asker: None,
            neighbours: Vec::new(),
            card: None,
            persuade: false,
            history: 20,
            max_tokens: 800,
            temperature: 0.3,
            remember: true,
            explain: false,
        }
    }
}

impl Respond {
    /// What the model is asked for.
    pub(crate) fn purpose(&self) -> Purpose {
        if self.persuade { Purpose::Persuade } else { Purpose::Reply }
    }
}

/// What a reply cost, as the model counts; 0 where it does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TokensReport {
    /// Tokens that it read.
    #[serde(rename = "in")]
    pub read: u64,
    /// Tokens that it said.
    #[serde(rename = "out")]
    pub said: u64,
}

/// An entry of the profile that a model was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct UsedEntry {
    /// Who it is true of.
    pub about: String,
    /// What it is.
    pub kind: EntryKind,
    /// What it is about.
    pub topic: String,
    /// The value that holds.
    pub value: String,
}

impl UsedEntry {
    pub(crate) fn of(entry: &Entry) -> Self {
        let Entry { about, kind, topic, current, .. } = entry;
        Self { about: about.clone(), kind: *kind, topic: topic.clone(), value: current.value.clone() }
    }
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RespondReport {
    /// The words; `[k]` stands behind what rests on the `k`th turn of `shown`.
    pub reply: String,
    /// The ids of the turns that the reply names, each once, in the order in which it names them.
    pub citations: Vec<String>,
    /// Their numbers in the reply.
    pub cited: Vec<usize>,
    /// Whether no turn that is remembered answers the message, so that the model was shown none; with no profile either,
    /// it was asked as without a memory.
    pub abstained: bool,
    /// Numbers that the model cited and that lead to no turn. They were taken out of the reply.
    pub invented: Vec<u64>,
    /// Answers of the chat model before the reply, such as notes, or pieces of them, that could not be read.
    pub unread: u64,
    /// Whether a rule of the method said that the answer is not known; then the model was not asked for the reply.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fallback: bool,
    /// Whether the reply broke off before its end.
    pub cut: bool,
    /// Where the method looks at a draft again: what it found wrong, and whether the draft was written anew.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<Revision>,
    /// The turns that the model was shown, best first.
    pub shown: Vec<EvidenceReport>,
    /// How many more were found and did not fit.
    pub left_out: usize,
    /// What of the profile the model was shown.
    pub profile_used: Vec<UsedEntry>,
    /// Where the method has a gate and something is known of the person: whether it was worth showing, and why. Where it was
    /// not, the model was asked as without a memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gated>,
    /// What the policy kept from the model, by rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
    /// Whether the reply was asked for to persuade, and ends in a sentence that says so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub persuades: bool,
    /// The rule of the policy that gave the reply; then nothing was recalled and no model was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routed: Option<String>,
    /// What it cost.
    pub tokens: TokensReport,
    /// The method that ran.
    pub method: String,
    /// The models that ran.
    pub models: BTreeMap<String, String>,
    /// The ids under which message and reply are remembered; nothing where they are not.
    pub remembered: Vec<String>,
}

/// What a chat model would be asked for a reply.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PromptReport {
    /// The messages, whole; none where the model would not be asked.
    pub messages: Vec<ChatMessage>,
    /// That the answer is not known, as a rule of the method says it: the reply, for which the model would not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// Whether no turn that is remembered answers the message, so that the model would be shown none.
    pub abstained: bool,
    /// The turns that it shows, best first.
    pub shown: Vec<EvidenceReport>,
    /// How many more were found and did not fit.
    pub left_out: usize,
    /// What of the profile it shows.
    pub profile_used: Vec<UsedEntry>,
    /// Where the method has a gate and something is known of the person: whether it is worth showing, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gated>,
    /// What the policy keeps from the model, by rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
    /// The method that ran.
    pub method: String,
    /// The models that ran.
    pub models: BTreeMap<String, String>,
}

impl Person<'_> {
    /// Answers a message. `heard` gets the reply piece by piece, as the model says it: with markers that are not checked
    /// yet. It ends the reply with [`ControlFlow::Break`]; what was said so far is the reply then.
    ///
    /// # Errors
    /// An empty message or no chat model: then nothing is remembered. A method that cannot run here, no consent to what the
    /// reply is for, or a model that failed: the message is remembered all the same.
    pub fn respond(
        &self,
        what: &Respond,
        heard: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<RespondReport, Error> {
        if what.message.trim().is_empty() {
            return Err(EngineError::EmptyQuestion.into());
        }
        if let Some(routed) = self.kithkin().engine.policy().route(&what.message) {
            return self.routed(what, routed, heard);
        }
        if self.kithkin().engine.chat().is_none() {
            return Err(EngineError::NoReplyModel.into());
        }
        let mut ground = self.ground(what, what.purpose())?;
        let consented = self.kithkin().engine.consented(self.scope(), what.purpose()).map_err(Error::from);
        let recalled = consented.and_then(|()| self.recalled(what, &mut ground));
        let mut remembered = Vec::new();
        if what.remember {
            let speaker = what.asker.clone().unwrap_or_else(|| self.scope().person.to_string());
            remembered.push(self.say(&what.message, speaker, Role::User, &ground.conversation, ground.now.time)?.turn);
        }
        let recalled = recalled?;
        let evidence = turns(&recalled);
        let replied =
            self.kithkin().engine.respond(self.scope(), &ground.method, &ground.brief(what, &evidence), heard)?;
        if what.remember && !replied.plain.is_empty() {
            let (speaker, said_at) = ("assistant".to_owned(), self.moment(what.now)?);
            remembered.push(self.say(&replied.plain, speaker, Role::Assistant, &ground.conversation, said_at)?.turn);
        }
        Ok(self.replied(ground, recalled, replied, remembered))
    }

    /// The reply that the policy gives, remembered as any other.
    fn routed(
        &self,
        what: &Respond,
        routed: Routed<'_>,
        heard: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<RespondReport, Error> {
        let (method, now) = self.resolve(&recall(what))?;
        let conversation = conversation(what)?;
        let mut remembered = Vec::new();
        if what.remember {
            let speaker = what.asker.clone().unwrap_or_else(|| self.scope().person.to_string());
            for (words, speaker, role) in
                [(what.message.as_str(), speaker, Role::User), (routed.reply, "assistant".to_owned(), Role::Assistant)]
            {
                remembered.push(self.say(words, speaker, role, &conversation, now.time)?.turn);
            }
        }
        let _ = heard(routed.reply);
        Ok(RespondReport {
            reply: routed.reply.to_owned(),
            citations: Vec::new(),
            cited: Vec::new(),
            abstained: true,
            invented: Vec::new(),
            unread: 0,
            fallback: false,
            cut: false,
            revisions: Vec::new(),
            shown: Vec::new(),
            left_out: 0,
            profile_used: Vec::new(),
            gate: None,
            withheld: Vec::new(),
            persuades: false,
            routed: Some(routed.rule.to_owned()),
            tokens: TokensReport::default(),
            method: method.about().id.to_string(),
            models: BTreeMap::new(),
            remembered,
        })
    }

    /// What the chat model would be asked for a reply: everything of the person that would reach it. Nothing is remembered,
    /// and the model is not asked, but where the method asks it for something before, such as notes.
    ///
    /// # Errors
    /// An empty message, a method that cannot run here, or no consent to what it is for.
    pub fn prompt(&self, what: &Respond) -> Result<PromptReport, Error> {
        if what.message.trim().is_empty() {
            return Err(EngineError::EmptyQuestion.into());
        }
        self.kithkin().engine.consented(self.scope(), what.purpose())?;
        let mut ground = self.ground(what, what.purpose())?;
        let recalled = self.recalled(what, &mut ground)?;
        let evidence = turns(&recalled);
        let asked = self.kithkin().engine.asked(self.scope(), &ground.method, &ground.brief(what, &evidence))?;
        let found = recalled.evidence.len();
        let shown: Vec<EvidenceReport> =
            recalled.evidence.into_iter().take(asked.shown).map(crate::person::evidence).collect();
        Ok(PromptReport {
            messages: if asked.unknown.is_some() { Vec::new() } else { asked.request.messages },
            fallback: asked.unknown,
            abstained: found == 0,
            left_out: found - shown.len(),
            shown,
            profile_used: ground.profile.iter().take(asked.profile_shown).map(UsedEntry::of).collect(),
            gate: asked.gated,
            withheld: ground.withheld,
            method: ground.method.about().id.to_string(),
            models: self.models(&ground.method),
        })
    }

    fn replied(&self, ground: Ground, recalled: Recalled, replied: Replied, remembered: Vec<String>) -> RespondReport {
        let Ground { method, purpose, profile, withheld, .. } = ground;
        let gate = replied.gated;
        let mut models = self.models(&method);
        models.extend(self.kithkin().chat_name().map(|model| ("chat".to_owned(), model.to_owned())));
        let found = recalled.evidence.len();
        let shown: Vec<EvidenceReport> =
            recalled.evidence.into_iter().take(replied.shown).map(crate::person::evidence).collect();
        let usage = replied.usage;
        RespondReport {
            citations: replied.cited.iter().filter_map(|place| Some(shown.get(*place)?.turn.clone())).collect(),
            cited: replied.cited.iter().map(|place| place + 1).collect(),
            reply: replied.text,
            abstained: found == 0,
            invented: replied.invented,
            unread: replied.unread,
            fallback: replied.fallback,
            cut: replied.cut,
            revisions: replied.revisions,
            left_out: found - shown.len(),
            shown,
            profile_used: profile.iter().take(replied.profile_shown).map(UsedEntry::of).collect(),
            gate,
            withheld,
            persuades: purpose == Purpose::Persuade && !replied.fallback,
            routed: None,
            tokens: usage.map_or_else(TokensReport::default, |usage| TokensReport {
                read: usage.prompt_tokens,
                said: usage.completion_tokens,
            }),
            method: method.about().id.to_string(),
            models,
            remembered,
        }
    }
}
