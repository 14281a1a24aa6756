//! What a question asks: its words, whom it names, and which time it means.
//!
//! [`Asked`] reads the question itself; [`Question`] looks its words up in a person's index. The vector is made in
//! between, outside of any lock.

mod speakers;
pub(crate) mod time_expression;

pub(crate) use speakers::Speaker;

use kithkin_core::{Embeddings, EventTime, Millis, SessionRef};

use super::Aspect;
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
    /// Further queries, also without names.
    aspects: Vec<Aspect>,
}

impl Asked {
    /// Reads a question to a person whose history has these speakers.
    pub(crate) fn new(question: &str, now: EventTime, speakers: &[Speaker]) -> Self {
        let (text, speakers) = without_names(question, speakers);
        Self { text, speakers, mentions: time_expression::find(question, now), now, aspects: Vec::new() }
    }

    /// Adds further queries. Whom they name and which time they mean is passed over: that is the question's to say.
    pub(crate) fn with_aspects(mut self, aspects: &[Aspect], speakers: &[Speaker]) -> Self {
        let nameless =
            |aspect: &Aspect| Aspect { text: without_names(&aspect.text, speakers).0, weight: aspect.weight };
        self.aspects = aspects.iter().map(nameless).collect();
        self
    }

    /// What is embedded: the question, then the aspects.
    pub(crate) fn texts(&self) -> Vec<&str> {
        std::iter::once(&self.text).chain(self.aspects.iter().map(|aspect| &aspect.text)).map(String::as_str).collect()
    }
}

/// The text without the names of speakers, and who was named. A text that is nothing but names stays as it is.
fn without_names(text: &str, speakers: &[Speaker]) -> (String, Vec<Speaker>) {
    let named = speakers::named(text, speakers);
    (if named.rest.trim().is_empty() { text.to_owned() } else { named.rest }, named.speakers)
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
    /// Further queries.
    pub(crate) aspects: Vec<Facet>,
    /// For each session of the index, whether its turns may come back; all may when empty.
    within: Vec<bool>,
}

/// An aspect, looked up.
#[derive(Debug)]
pub(crate) struct Facet {
    /// Its text without the names of speakers.
    pub(crate) text: String,
    /// How much it counts beside the question.
    pub(crate) weight: f32,
    /// The question that it is to a retriever: one about nobody and no time.
    pub(crate) question: Question,
}

impl Question {
    /// Looks the words and the speakers up. `vectors` belong to [`Asked::texts`].
    pub(crate) fn new(asked: Asked, vectors: Option<&Embeddings>, index: &PersonIndex) -> Self {
        let about: Vec<bool> = index.speakers().iter().map(|s| asked.speakers.contains(s)).collect();
        let some_but_not_all = about.contains(&true) && about.contains(&false);
        let now = asked.now.end();
        let mut rows = vectors.map(Embeddings::rows);
        let mut looked_up = |text: &str| {
            let vector = rows.as_mut().and_then(Iterator::next).map(<[f32]>::to_vec);
            Self { vector, ..Self::of_words(index.query_terms(text), now) }
        };
        let question = looked_up(&asked.text);
        let aspects = asked.aspects.into_iter().map(|Aspect { text, weight }| {
            let question = looked_up(&text);
            Facet { text, weight, question }
        });
        let aspects = aspects.collect();
        let about = if some_but_not_all { about } else { Vec::new() };
        Self { about, mentions: asked.mentions, aspects, ..question }
    }

    fn of_words(terms: Vec<QueryTerm>, now: Millis) -> Self {
        let (about, mentions, aspects, within) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { terms, vector: None, about, mentions, now, aspects, within }
    }

    /// Lets only turns of these sittings come back; of all when there are none.
    pub(crate) fn within(mut self, sessions: &[SessionRef], index: &PersonIndex) -> Self {
        if !sessions.is_empty() {
            self.within = vec![false; index.sessions()];
            for session in sessions.iter().filter_map(|name| index.session_number(name)) {
                if let Some(within) = self.within.get_mut(session as usize) {
                    *within = true;
                }
            }
        }
        self
    }

    /// Whether turns of the session may come back.
    pub(crate) fn admits(&self, session: u32) -> bool {
        self.within.is_empty() || self.within.get(session as usize) == Some(&true)
    }
}
