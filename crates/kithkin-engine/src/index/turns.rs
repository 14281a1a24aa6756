//! Who said what when: the facts about turns that ranking looks at, a few bytes each. Facts of one kind lie together, so that a
//! pass over one kind reads nothing else.

use std::collections::HashMap;

use kithkin_core::{Millis, Role, Seq, SessionRef, StoredTurn};

use super::windows::Links;
use crate::recall::Doc;
use crate::recall::plan::Speaker;

/// The turns of one person, numbered in the order of the log.
#[derive(Default)]
pub(super) struct Turns {
    facts: Facts,
    doc_of: HashMap<Seq, Doc>,
    sessions: Vec<Session>,
    session_of: HashMap<SessionRef, u32>,
    speakers: Vec<Speaker>,
    links: Links,
    latest: Millis,
}

/// One entry a turn in each list.
#[derive(Default)]
struct Facts {
    seqs: Vec<Seq>,
    /// When it was said; of an undated turn, when it was recorded.
    at: Vec<Millis>,
    dated: Vec<bool>,
    live: Vec<bool>,
    sessions: Vec<u32>,
    speakers: Vec<u32>,
    question_shares: Vec<f32>,
}

struct Session {
    name: SessionRef,
    /// The session's live turns in the order in which they were said.
    order: Vec<(Millis, Seq, Doc)>,
}

impl Turns {
    /// Adds a turn and gives its number; places must ascend.
    pub(super) fn push(&mut self, stored: &StoredTurn) -> Doc {
        let doc = self.len() as Doc;
        let at = stored.seen_at();
        let session = self.session(stored);
        let speaker = self.speaker(&stored.turn.speaker, stored.turn.role);
        let facts = &mut self.facts;
        facts.seqs.push(stored.seq);
        facts.at.push(at);
        facts.dated.push(stored.turn.said_at.is_some());
        facts.live.push(true);
        facts.sessions.push(session);
        facts.speakers.push(speaker);
        facts.question_shares.push(question_share(&stored.turn.text));
        self.doc_of.insert(stored.seq, doc);
        self.latest = if doc == 0 { at } else { self.latest.max(at) };
        let (mut before, mut after) = (None, None);
        if let Some(session) = self.sessions.get_mut(session as usize) {
            let key = (at, stored.seq, doc);
            let place = session.order.partition_point(|other| *other < key);
            before = place.checked_sub(1).and_then(|p| session.order.get(p)).map(|(_, _, doc)| *doc);
            after = session.order.get(place).map(|(_, _, doc)| *doc);
            session.order.insert(place, key);
        }
        self.links.push(before, after);
        doc
    }

    /// Takes a replaced turn out of its session; its number stays.
    pub(super) fn remove(&mut self, seq: Seq) -> Option<Doc> {
        let doc = self.doc_of.remove(&seq)?;
        *self.facts.live.get_mut(doc as usize)? = false;
        let session = self.sessions.get_mut(*self.facts.sessions.get(doc as usize)? as usize)?;
        session.order.retain(|(_, _, other)| *other != doc);
        self.links.remove(doc);
        Some(doc)
    }

    fn session(&mut self, stored: &StoredTurn) -> u32 {
        let (conversation, session) = (&stored.turn.conversation, &stored.turn.session);
        // Most turns follow one of their session: then no name is made to look it up.
        let last = self.facts.sessions.last().copied();
        let same = |name: &SessionRef| name.conversation == *conversation && name.session == *session;
        if let Some(last) = last.filter(|last| self.session_name(*last).is_some_and(same)) {
            return last;
        }
        let name = SessionRef { conversation: conversation.clone(), session: session.clone() };
        if let Some(session) = self.session_of.get(&name) {
            return *session;
        }
        let session = self.sessions.len() as u32;
        self.session_of.insert(name.clone(), session);
        self.sessions.push(Session { name, order: Vec::new() });
        session
    }

    fn speaker(&mut self, name: &str, role: Role) -> u32 {
        let known = self.speakers.iter().position(|s| s.name == name && s.role == role);
        known.unwrap_or_else(|| {
            self.speakers.push(Speaker { name: name.to_owned(), role });
            self.speakers.len() - 1
        }) as u32
    }

    /// How many numbers were given.
    pub(super) fn len(&self) -> usize {
        self.facts.seqs.len()
    }

    /// Turns that were not replaced.
    pub(super) fn live(&self) -> usize {
        self.doc_of.len()
    }

    /// The last moment at which a turn was said.
    pub(super) fn latest(&self) -> Millis {
        self.latest
    }

    pub(super) fn doc(&self, seq: Seq) -> Option<Doc> {
        self.doc_of.get(&seq).copied()
    }

    pub(super) fn is_live(&self, doc: Doc) -> bool {
        self.lives().get(doc as usize) == Some(&true)
    }

    /// Whether each turn was not replaced.
    pub(super) fn lives(&self) -> &[bool] {
        &self.facts.live
    }

    pub(super) fn seq(&self, doc: Doc) -> Seq {
        self.facts.seqs.get(doc as usize).copied().unwrap_or(Seq(0))
    }

    pub(super) fn at(&self, doc: Doc) -> Millis {
        self.facts.at.get(doc as usize).copied().unwrap_or(Millis::MIN)
    }

    pub(super) fn dated(&self, doc: Doc) -> Option<Millis> {
        self.facts.dated.get(doc as usize).filter(|dated| **dated).map(|_| self.at(doc))
    }

    /// The number of each turn's session.
    pub(super) fn session_numbers(&self) -> &[u32] {
        &self.facts.sessions
    }

    /// The number of each turn's speaker.
    pub(super) fn speaker_numbers(&self) -> &[u32] {
        &self.facts.speakers
    }

    /// The share of each turn that is a question.
    pub(super) fn question_shares(&self) -> &[f32] {
        &self.facts.question_shares
    }

    pub(super) fn sessions(&self) -> usize {
        self.sessions.len()
    }

    pub(super) fn session_name(&self, session: u32) -> Option<&SessionRef> {
        self.sessions.get(session as usize).map(|s| &s.name)
    }

    pub(super) fn session_of(&self, name: &SessionRef) -> Option<u32> {
        self.session_of.get(name).copied()
    }

    pub(super) fn speakers(&self) -> &[Speaker] {
        &self.speakers
    }

    pub(super) fn links(&self) -> &Links {
        &self.links
    }

    /// Bytes on the heap, near enough for a cache.
    pub(super) fn bytes(&self) -> usize {
        const FACTS: usize = size_of::<(Seq, Millis)>() + size_of::<[bool; 2]>() + size_of::<(u32, u32, f32)>();
        self.facts.seqs.capacity() * FACTS + self.len() * 48 + self.links.bytes() + self.sessions.len() * 160
    }
}

/// The share of the text, by characters, that stands in sentences that end in a question mark.
fn question_share(text: &str) -> f32 {
    let (mut all, mut asked, mut sentence) = (0usize, 0usize, 0usize);
    for c in text.chars() {
        all += 1;
        sentence += 1;
        match c {
            '?' | '？' => {
                asked += sentence;
                sentence = 0;
            }
            '.' | '!' | '…' | '。' | '！' => sentence = 0,
            _ => {}
        }
    }
    asked as f32 / all.max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_questions() {
        let check = |text: &str, expect: f32| assert!((question_share(text) - expect).abs() < 0.01, "{text:?}");
        check("Who?", 1.0);
        check("I do. You?", 0.5);
        check("I do.", 0.0);
        check("你呢？", 1.0);
        check("", 0.0);
    }
}
