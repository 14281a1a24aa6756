//! What each speaker states, sentence by sentence: facts, events and opinions, with the time that they speak of.
//!
//! A sentence that is no question and has two content words is an opinion where it says what somebody likes or thinks, an
//! event where it says that something happened, or when, and a fact where it says what is ([`cues`]). It keeps its words
//! and its language; the speaker comes before it, since a statement without its subject is none, and a time that it
//! speaks of comes behind it, resolved against the turn's own date.
//!
//! Source: the three categories of Kim et al., *Pre-Storage Reasoning for Episodic Memory* (2025), section 3.1. Needs
//! nothing; costs a memory for about each statement.

mod cues;

use kithkin_core::{ChatError, EventTime, Memory, MemoryKind};
use serde::Deserialize;

use super::{Extract, memory_of};
use crate::chat::Chat;
use crate::method::Strategy;
use crate::observe::Sitting;
use crate::observe::segment::Span;
use crate::observe::sentences::{Sentence, SessionWords};
use crate::recall::plan::time_expression;

/// Parameters of `fragments`: none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Fragments {}

impl Strategy for Fragments {}

impl Extract for Fragments {
    fn kinds(&self, _units: MemoryKind) -> Vec<MemoryKind> {
        vec![MemoryKind::Fact, MemoryKind::Event, MemoryKind::Opinion]
    }

    fn extract(
        &self,
        sitting: &Sitting,
        _kind: MemoryKind,
        _spans: &[Span],
        _chat: &Chat<'_>,
    ) -> Result<Vec<Memory>, ChatError> {
        let sentences = SessionWords::of(sitting).sentences(sitting, 0..sitting.len());
        let made = sentences.iter().filter_map(|sentence| {
            let turn = &sitting.turns().get(sentence.turn)?.turn;
            let time = turn.said_at.and_then(|at| spoken_of(sentence.text, at));
            let kind = kind_of(sentence, time.is_some())?;
            let when = time.map_or_else(String::new, |time| format!(" ({time})"));
            memory_of(sitting, kind, format!("{}: {}{when}", turn.speaker, sentence.text), [sentence.turn])
        });
        Ok(made.collect())
    }
}

fn kind_of(sentence: &Sentence<'_>, speaks_of_a_time: bool) -> Option<MemoryKind> {
    let content = sentence.tokens.iter().filter(|token| !token.function).count();
    if content < 2 || sentence.text.ends_with(['?', '？']) {
        return None;
    }
    let text = sentence.text.to_lowercase();
    if cues::is_opinion(&text) {
        Some(MemoryKind::Opinion)
    } else if speaks_of_a_time || cues::is_event(&text) {
        Some(MemoryKind::Event)
    } else if cues::is_fact(&text) {
        Some(MemoryKind::Fact)
    } else {
        None
    }
}

/// The days that a sentence speaks of, such as `2023-05-07`, or `2023-05-01/2023-05-07` for several.
pub(super) fn spoken_of(sentence: &str, said_at: EventTime) -> Option<String> {
    let mention = time_expression::find(sentence, said_at).into_iter().next()?;
    let day = |millis| Some(EventTime::from_millis(millis).ok()?.civil().date());
    let (from, to) = (day(mention.from)?, day(mention.to)?);
    // "Since" and "before" are open at one end, and say no day.
    if from.year() == 1 || to.year() == 9999 {
        return None;
    }
    Some(if from == to { from.to_string() } else { format!("{from}/{to}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_apart() {
        let check = |text: &str, expect: &[(MemoryKind, &str)]| {
            let made = Fragments::default()
                .extract(&Sitting::of(&[text]), MemoryKind::Session, &[], &Chat::new(None))
                .unwrap();
            let found: Vec<(MemoryKind, &str)> = made.iter().map(|m| (m.kind, m.text.as_str())).collect();
            assert_eq!(found, expect, "{text}");
        };
        use MemoryKind::{Event, Fact, Opinion};
        check("I love hiking. And you?", &[(Opinion, "Ann: I love hiking.")]);
        check("My sister is a nurse in Oslo!", &[(Fact, "Ann: My sister is a nurse in Oslo!")]);
        check("We adopted a dog yesterday.", &[(Event, "Ann: We adopted a dog yesterday. (2023-11-13)")]);
        check("We visited Rome in 2019.", &[(Event, "Ann: We visited Rome in 2019. (2019-01-01/2019-12-31)")]);
        check("Wow! Nice one.", &[]);
        check("Did you like the museum in Oslo?", &[]);
        check("Ich mag keine roten Oliven.", &[(Opinion, "Ann: Ich mag keine roten Oliven.")]);
        check("我喜欢爬山。", &[(Opinion, "Ann: 我喜欢爬山。")]);
    }
}
