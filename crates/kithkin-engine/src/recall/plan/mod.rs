//! What a question asks: its words, whom it names, and which time it means.
//!
//! [`Asked`] reads the question itself; [`Question`] looks its words up in a person's index. The vector is made in
//! between, outside of any lock.

mod speakers;
pub(crate) mod time_expression;

pub(crate) use speakers::Speaker;

use kithkin_core::{EventTime, Millis};

use crate::index::{PersonIndex, QueryTerm};
use time_expression::TimeMention;

/// A question, read.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The question without the names of speakers: what is embedded and looked up. A name says who spoke, and would
    /// otherwise draw in every turn that greets by name.
    pub(crate) text: String,
    /// The speakers that it names, as (name, role) of the index.
    speakers: Vec<Speaker>,
    /// The times that it means.
    mentions: Vec<TimeMention>,
    /// The present.
    now: EventTime,
}

impl Asked {
    /// Reads a question to a person whose history has these speakers.
    pub(crate) fn new(question: &str, now: EventTime, speakers: &[Speaker]) -> Self {
        let named = speakers::named(question, speakers);
        // A question that is nothing but names is looked up as it is.
        let text = if named.rest.trim().is_empty() { question.to_owned() } else { named.rest };
        Self { text, speakers: named.speakers, mentions: time_expression::find(question, now), now }
    }
}

/// A question, looked up in a person's index.
#[derive(Debug)]
pub(crate) struct Question {
    /// Its words that are no function words; all of them when there are no others.
    pub(crate) terms: Vec<QueryTerm>,
    /// Its vector, when the method compares embeddings.
    pub(crate) vector: Option<Vec<f32>>,
    /// For each speaker of the index, whether the question is about that one; empty when it names none, or all.
    pub(crate) about: Vec<bool>,
    /// The times that it means.
    pub(crate) mentions: Vec<TimeMention>,
    /// The last moment of the present: nothing that is searched was said after it.
    pub(crate) now: Millis,
}

impl Question {
    /// Looks the words and the speakers up.
    pub(crate) fn new(asked: Asked, vector: Option<Vec<f32>>, index: &PersonIndex) -> Self {
        let about: Vec<bool> = index.speakers().iter().map(|s| asked.speakers.contains(s)).collect();
        let some_but_not_all = about.contains(&true) && about.contains(&false);
        Self {
            terms: index.query_terms(&asked.text),
            vector,
            about: if some_but_not_all { about } else { Vec::new() },
            mentions: asked.mentions,
            now: asked.now.end(),
        }
    }
}
