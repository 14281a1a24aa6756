//! A prompt-ready block of what is remembered: quoted, dated, cited, within a token budget.

use kithkin_core::{ChatError, ChatUsage, Disclosure, Purpose, Seq, Spent};
use kithkin_engine::{EngineError, Entry, Routed, Withheld, estimated_tokens};
use serde::Serialize;

use crate::quote::{CLOSE, OPEN, in_marks, quoted};
use crate::reports::EvidenceReport;
use crate::{Error, Person, Recall, UsedEntry};

/// Turns that are considered for a block. A block of 1,500 tokens rarely holds more than 40.
const CONSIDERED: usize = 64;

/// What part of a block the profile may take: one in so many tokens.
const PROFILE_SHARE: usize = 4;

/// A turn that the block quotes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Citation {
    /// The turn's id within its conversation.
    pub turn: String,
    /// Its conversation.
    pub conversation: String,
}

/// A reply that the policy gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RoutedReport {
    /// The rule.
    pub rule: String,
    /// The words.
    pub reply: String,
}

/// A block for a prompt.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Context {
    /// The block; empty when nothing is known of the person and nothing that is remembered answers the message, so that
    /// the prompt is as it would be without a memory.
    pub text: String,
    /// An estimate of its tokens: a quarter of the bytes of Latin text, one for each character beyond it.
    pub tokens: usize,
    /// The turns that it quotes, in its order.
    pub citations: Vec<Citation>,
    /// What of the profile it says.
    pub profile: Vec<UsedEntry>,
    /// What the policy kept from the block, by rule. Where the person or the policy has closed the purpose `reply`, the block
    /// is empty and this says so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
    /// The reply that the policy gives to the message; then nothing was recalled, and no model should be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routed: Option<RoutedReport>,
    /// How many of the found turns did not fit.
    pub left_out: usize,
    /// How likely the evidence can answer, 0 to 1.
    pub answerable: f32,
    /// Whether recall abstained.
    pub abstain: bool,
    /// The method that ran.
    pub method: String,
    /// The turns that are quoted, and those behind the entries of the profile.
    #[serde(skip)]
    pub(crate) given: Vec<Seq>,
}

impl Person<'_> {
    /// The block for a message, of at most `tokens` tokens: what is known of the person, in a quarter of them at most, and
    /// the best turns that fit, in the order of time. It is a part of a reply that others ask for: without consent to that it
    /// is empty.
    ///
    /// # Errors
    /// As [`Person::recall`].
    pub fn context(&self, message: &Recall, tokens: usize) -> Result<Context, Error> {
        let mut context = Context::default();
        let policy = self.kithkin().engine.policy();
        let (method, now) = self.resolve(message)?;
        if let Some(Routed { rule, reply }) = policy.route(&message.question) {
            context.routed = Some(RoutedReport { rule: rule.to_owned(), reply: reply.to_owned() });
            return Ok(Context { abstain: true, method: method.about().id.to_string(), ..context });
        }
        // A recall whose method asks a chat model checks for itself; here it is the block that reaches a prompt.
        match self.kithkin().engine.consented(self.scope(), Purpose::Reply) {
            Err(EngineError::Chat(ChatError::NoConsent { .. })) => {
                context.withheld = vec![Withheld { rule: "no consent to reply".to_owned(), turns: 0, entries: 0 }];
                return Ok(Context { abstain: true, method: method.about().id.to_string(), ..context });
            }
            consented => consented?,
        }
        let found = self.found(&Recall { limit: CONSIDERED, ..message.clone() }, &method, now)?;
        let mut evidence: Vec<(Seq, EvidenceReport)> =
            found.evidence.into_iter().map(|evidence| (evidence.turn.seq, crate::person::evidence(evidence))).collect();
        policy.keep_turns(Purpose::Reply, &mut evidence, |(_, evidence)| line(evidence), &mut context.withheld);
        context.answerable = found.answerable;
        context.abstain = found.abstain;
        context.method = method.about().id.to_string();
        let mut used = estimated_tokens(OPEN) + estimated_tokens(CLOSE);
        let mut known: Vec<String> = Vec::new();
        for entry in self.known_of_persons(Purpose::Reply, now, &method, &mut context.withheld)? {
            let line = known_line(&entry);
            let cost = estimated_tokens(&line);
            if used + cost > tokens / PROFILE_SHARE {
                break;
            }
            used += cost;
            known.push(line);
            context.given.extend(&entry.current.sources);
            context.profile.push(UsedEntry::of(&entry));
        }
        let mut chosen: Vec<(&EvidenceReport, String)> = Vec::new();
        for (seq, evidence) in evidence.iter().filter(|_| !found.abstain) {
            let line = line(evidence);
            let cost = estimated_tokens(&line);
            if used + cost <= tokens {
                used += cost;
                chosen.push((evidence, line));
                context.given.push(*seq);
            } else {
                context.left_out += 1;
            }
        }
        if chosen.is_empty() && known.is_empty() {
            return Ok(context);
        }
        chosen.sort_by(|(a, _), (b, _)| a.said_at.cmp(&b.said_at));
        let lines: Vec<&str> = known.iter().chain(chosen.iter().map(|(_, line)| line)).map(String::as_str).collect();
        context.text = format!("{OPEN}\n{}\n{CLOSE}", lines.join("\n"));
        context.tokens = used;
        context.citations = chosen
            .iter()
            .map(|(e, _)| Citation { turn: e.turn.clone(), conversation: e.conversation.clone() })
            .collect();
        Ok(context)
    }
}

/// A block that was given to a model outside of this process.
#[derive(Debug)]
pub struct Given(kithkin_core::StoredDisclosure);

impl Person<'_> {
    /// Notes that a block is about to be given to the named model, before it is. Nothing is noted of an empty block, nor of
    /// a person who is not there.
    ///
    /// # Errors
    /// The store failed.
    pub fn disclose(&self, context: &Context, model: &str) -> Result<Option<Given>, Error> {
        if context.given.is_empty() {
            return Ok(None);
        }
        let mut turns = context.given.clone();
        turns.sort_unstable();
        turns.dedup();
        let at = self.kithkin().clock.now();
        let spent = Spent { calls: 1, read: context.tokens as u64, said: 0 };
        let disclosure = Disclosure { at, purpose: Purpose::Reply, model: model.to_owned(), turns, spent };
        let number = self.kithkin().engine.store().put_disclosure(self.scope(), &disclosure)?;
        Ok(number.map(|number| Given(kithkin_core::StoredDisclosure { number, disclosure })))
    }

    /// Writes down what the model took for its answer, as it counts.
    ///
    /// # Errors
    /// The store failed.
    pub fn answered(&self, given: Given, usage: ChatUsage) -> Result<(), Error> {
        let Given(mut noted) = given;
        noted.disclosure.spent = Spent { calls: 1, read: usage.prompt_tokens, said: usage.completion_tokens };
        Ok(self.kithkin().engine.store().end_disclosure(self.scope(), &noted)?)
    }
}

/// `known of Ann: home: Oslo, since 2023-05-08`, always one line.
fn known_line(entry: &Entry) -> String {
    let Entry { about, topic, current, .. } = entry;
    let part =
        |label: &str, text: Option<&str>| text.map_or_else(String::new, |text| format!(", {label} {}", quoted(text)));
    let (when, why) = (part("when", current.context.as_deref()), part("because", current.because.as_deref()));
    let since = current.from.map_or_else(String::new, |at| format!(", since {at}"));
    format!("known of {}: {}: {}{when}{why}{since}", quoted(about), quoted(topic), quoted(&current.value))
}

/// `[D1:3] 2023-05-08T13:56 Ann: "I went there yesterday."`, always one line.
fn line(evidence: &EvidenceReport) -> String {
    let captions: String =
        evidence.attachments.iter().filter_map(|a| a.caption.as_deref()).map(|c| format!(" ({})", quoted(c))).collect();
    format!(
        "[{}] {} {}: {}{captions}",
        quoted(&evidence.turn),
        evidence.said_at.as_deref().unwrap_or("undated"),
        quoted(&evidence.speaker),
        in_marks(&evidence.text)
    )
}
