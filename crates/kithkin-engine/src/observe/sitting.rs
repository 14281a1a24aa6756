//! A session as the observe stages see it.
//!
//! Everything that is derived from a session depends on its own turns alone, so that what is stored after any order of
//! observing and erasing equals what a rebuild would make.

use std::collections::HashMap;

use kithkin_core::{Seq, StoredTurn};

use super::{current_in_order, turn_text};

/// A session: its current turns in the order in which they were said.
#[derive(Debug)]
pub(crate) struct Sitting {
    turns: Vec<StoredTurn>,
    texts: Vec<String>,
    vectors: Vec<Option<Vec<f32>>>,
}

impl Sitting {
    /// A session of these tellings; `vectors` has those of turns, as far as the stages need them.
    pub(crate) fn new(told: Vec<StoredTurn>, vectors: &mut HashMap<Seq, Vec<f32>>) -> Self {
        let turns = current_in_order(told);
        let texts = turns.iter().map(|t| turn_text(&t.turn)).collect();
        let vectors = turns.iter().map(|t| vectors.remove(&t.seq)).collect();
        Self { turns, texts, vectors }
    }

    /// How many turns there are.
    pub(crate) fn len(&self) -> usize {
        self.turns.len()
    }

    /// The turns.
    pub(crate) fn turns(&self) -> &[StoredTurn] {
        &self.turns
    }

    /// What of each turn is searched: text and captions.
    pub(crate) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The vector of a turn, of unit length; `None` where a strategy did not ask for vectors, or the turn has none.
    pub(crate) fn vector(&self, turn: usize) -> Option<&[f32]> {
        self.vectors.get(turn)?.as_deref()
    }
}

#[cfg(test)]
impl Sitting {
    /// A session of two speakers in turn, one turn a minute, for the tests of strategies.
    pub(crate) fn of(texts: &[&str]) -> Self {
        Self::with_vectors(texts, Vec::new())
    }

    /// The same with vectors.
    pub(crate) fn with_vectors(texts: &[&str], vectors: Vec<Vec<f32>>) -> Self {
        let minute = |i: usize| kithkin_core::EventTime::from_millis(1_700_000_000_000 + i as i64 * 60_000).ok();
        let turn = |(i, text): (usize, &&str)| StoredTurn {
            seq: Seq(i as u64 + 1),
            version: 1,
            supersedes: None,
            recorded_at: 0,
            turn: kithkin_core::Turn {
                conversation: kithkin_core::ConversationId::new("c").unwrap(),
                session: kithkin_core::SessionId::new("s").unwrap(),
                id: kithkin_core::TurnId::new(format!("t{i}")).unwrap(),
                speaker: if i % 2 == 0 { "Ann" } else { "Bo" }.to_owned(),
                role: kithkin_core::Role::User,
                said_at: minute(i),
                text: (*text).to_owned(),
                attachments: Vec::new(),
            },
        };
        let mut vectors = (1..).map(Seq).zip(vectors).collect();
        Self::new(texts.iter().enumerate().map(turn).collect(), &mut vectors)
    }
}
