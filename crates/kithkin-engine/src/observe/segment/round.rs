//! What one speaker says and what the other answers: the rounds of a session.
//!
//! A round begins where the speaker who began the session speaks again after another did, which in a chat with an
//! assistant is each turn of the user; so a round keeps together what either says in several turns. Source: the value
//! granularity "round" of Wu et al., *LongMemEval* (2024), section 5.2. Needs nothing; costs one memory a round.

use kithkin_core::{ChatError, MemoryKind};
use serde::Deserialize;

use super::{Segment, Span, between};
use crate::chat::Chat;
use crate::method::Strategy;
use crate::observe::Sitting;

/// Parameters of `round`: none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Round {}

impl Strategy for Round {}

impl Segment for Round {
    fn kind(&self) -> MemoryKind {
        MemoryKind::Round
    }

    fn spans(&self, sitting: &Sitting, _chat: &Chat<'_>) -> Result<Vec<Span>, ChatError> {
        let speaker = |i: usize| sitting.turns().get(i).map(|t| (t.turn.speaker.as_str(), t.turn.role));
        let opener = speaker(0);
        let starts: Vec<usize> =
            (1..sitting.len()).filter(|i| speaker(*i) == opener && speaker(*i - 1) != opener).collect();
        Ok(between(&starts, sitting.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::shown;
    use super::*;

    #[test]
    fn a_round_begins_where_the_opener_speaks_again() {
        let check = |texts: &[&str], expect: &str| {
            assert_eq!(shown(&Round::default().spans(&Sitting::of(texts), &Chat::new(None)).unwrap()), expect);
        };
        check(&[], "");
        check(&["hi"], "0..1");
        check(&["hi", "hello", "how are you", "fine", "good"], "0..2 2..4 4..5");
    }
}
