//! Records as they are given to the store below, and back: which of their fields are encrypted, and to what they are bound.
//!
//! Encrypted are words, names of speakers, attachments, questions and vectors. Names of persons, conversations, sessions
//! and turns, roles, kinds, places, times and counts stay as they are, since the store below works by them; so do bindings
//! and disclosures, which have no word of a person.

use std::fmt::Display;

use base64ct::{Base64Unpadded, Encoding};
use kithkin_core::{
    Attachment, DerivationId, DerivedSession, Feedback, Memory, QuestionVector, Records, Scope, StoreError,
    StoredFeedback, StoredMemory, StoredTurn, Turn, UnitId, VectorSpace,
};

use super::cipher::{Cipher, KeyId, Standing, Unreadable, key_of};
use super::keyring::Keyring;
use crate::record;

/// What of a turn is encrypted, as JSON.
type Content<'a> = (&'a str, &'a str, &'a [Attachment]);
type ContentRead = (String, String, Vec<Attachment>);

/// To what the content of a turn is bound. Its place is not known before the store below gives it one.
fn of_turn(scope: &Scope, turn: &Turn) -> Standing {
    let said_at = turn.said_at.map(|time| time.to_string()).unwrap_or_default();
    Standing::new(scope, "turn")
        .text(turn.conversation.as_str())
        .text(turn.session.as_str())
        .text(turn.id.as_str())
        .text(turn.role.as_str())
        .text(&said_at)
}

fn of_memory(scope: &Scope, derivation: &DerivationId, memory: &Memory) -> Standing {
    let said_at = memory.said_at.map(|time| time.to_string()).unwrap_or_default();
    let stands = Standing::new(scope, "memory").text(&derivation.0).text(memory.kind.as_str()).text(&said_at);
    memory.sources.iter().fold(stands, |stands, seq| stands.number(seq.0))
}

fn of_feedback(scope: &Scope, kind: &str, feedback: &Feedback) -> Standing {
    let stands = Standing::new(scope, kind)
        .number(feedback.asked_at.cast_unsigned())
        .number(feedback.recorded_at.cast_unsigned());
    feedback.shown.iter().fold(stands, |stands, one| stands.number(one.seq.0).number(u64::from(one.useful)))
}

fn of_vector(scope: &Scope, space: &VectorSpace, unit: UnitId) -> Standing {
    let (kind, id) = record::unit_key(unit);
    Standing::new(scope, "vector").text(&space.0).number(kind.cast_unsigned()).number(id)
}

impl Cipher {
    fn seal_text(&self, stands: &Standing, text: &[u8]) -> Result<String, String> {
        let sealed = self.seal(stands, text).map_err(said)?;
        Ok(Base64Unpadded::encode_string(&sealed))
    }

    /// A vector of other numbers, whose bytes are the ciphertext. Vectors are only ever moved, which keeps every bit.
    fn seal_vector(&self, stands: &Standing, vector: &[f32], bytes: &mut Vec<u8>) -> Result<Vec<f32>, String> {
        record::write_vector(vector, bytes);
        let mut sealed = Vec::new();
        record::read_vector(&self.seal(stands, bytes).map_err(said)?, &mut sealed)?;
        Ok(sealed)
    }

    pub(super) fn turn(&self, scope: &Scope, turn: &Turn) -> Result<Turn, String> {
        let content: Content<'_> = (&turn.speaker, &turn.text, &turn.attachments);
        let plain = serde_json::to_vec(&content).map_err(said)?;
        let text = self.seal_text(&of_turn(scope, turn), &plain)?;
        let Turn { conversation, session, id, role, said_at, .. } = turn;
        let (conversation, session, id) = (conversation.clone(), session.clone(), id.clone());
        let (speaker, attachments) = (String::new(), Vec::new());
        Ok(Turn { conversation, session, id, speaker, role: *role, said_at: *said_at, text, attachments })
    }

    pub(super) fn memory(&self, scope: &Scope, derivation: &DerivationId, memory: &Memory) -> Result<Memory, String> {
        let text = self.seal_text(&of_memory(scope, derivation, memory), memory.text.as_bytes())?;
        Ok(Memory { kind: memory.kind, text, sources: memory.sources.clone(), said_at: memory.said_at })
    }

    pub(super) fn derived(&self, scope: &Scope, derived: &DerivedSession) -> Result<DerivedSession, String> {
        let memory = |one: &StoredMemory| {
            Ok(StoredMemory { id: one.id, memory: self.memory(scope, &derived.derivation, &one.memory)? })
        };
        let memories = derived.memories.iter().map(memory).collect::<Result<_, String>>()?;
        let (derivation, session) = (derived.derivation.clone(), derived.session.clone());
        Ok(DerivedSession { derivation, session, upto: derived.upto, memories })
    }

    pub(super) fn feedback(&self, scope: &Scope, feedback: &Feedback) -> Result<Feedback, String> {
        let question = self.seal_text(&of_feedback(scope, "question", feedback), feedback.question.as_bytes())?;
        let vector = match &feedback.vector {
            None => None,
            Some(QuestionVector { space, vector }) => {
                let stands = of_feedback(scope, "question vector", feedback).text(&space.0);
                let vector = self.seal_vector(&stands, vector, &mut Vec::new())?;
                Some(QuestionVector { space: space.clone(), vector })
            }
        };
        let Feedback { asked_at, recorded_at, shown, .. } = feedback;
        Ok(Feedback { question, vector, asked_at: *asked_at, recorded_at: *recorded_at, shown: shown.clone() })
    }

    pub(super) fn records(&self, scope: &Scope, records: &Records) -> Result<Records, String> {
        let turn = |one: &StoredTurn| Ok(StoredTurn { turn: self.turn(scope, &one.turn)?, ..one.clone() });
        let given = |one: &StoredFeedback| {
            Ok(StoredFeedback { number: one.number, feedback: self.feedback(scope, &one.feedback)? })
        };
        Ok(Records {
            turns: records.turns.iter().map(turn).collect::<Result<_, String>>()?,
            feedback: records.feedback.iter().map(given).collect::<Result<_, String>>()?,
            disclosures: records.disclosures.clone(),
            derived: records.derived.iter().map(|one| self.derived(scope, one)).collect::<Result<_, _>>()?,
            pulse: records.pulse,
        })
    }

    pub(super) fn vectors(
        &self,
        scope: &Scope,
        space: &VectorSpace,
        rows: &[(UnitId, &[f32])],
    ) -> Result<Vec<(UnitId, Vec<f32>)>, String> {
        let mut bytes = Vec::new();
        let seal = |(unit, vector): &(UnitId, &[f32])| {
            Ok((*unit, self.seal_vector(&of_vector(scope, space, *unit), vector, &mut bytes)?))
        };
        rows.iter().map(seal).collect()
    }
}

/// Reads what a [`Cipher`] encrypted of a person. It keeps the keys that it has looked up, and is meant for one call.
pub(super) struct Reader<'a> {
    scope: &'a Scope,
    keyring: &'a Keyring,
    /// Where the store is, for errors.
    place: &'a str,
    ciphers: Vec<Cipher>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(scope: &'a Scope, keyring: &'a Keyring, place: &'a str) -> Self {
        Self { scope, keyring, place, ciphers: Vec::new() }
    }

    fn cipher(&mut self, id: KeyId) -> Result<Option<&Cipher>, StoreError> {
        if !self.ciphers.iter().any(|cipher| cipher.id() == id) {
            self.ciphers.extend(self.keyring.cipher(self.scope, id, self.place)?);
        }
        Ok(self.ciphers.iter().find(|cipher| cipher.id() == id))
    }

    fn damaged(&self, what: &dyn Fn() -> String, why: &dyn Display) -> StoreError {
        let what = format!("{} of {}", what(), self.scope);
        StoreError::Damaged { place: self.place.to_owned(), what, why: why.to_string() }
    }

    fn open(&mut self, what: &dyn Fn() -> String, stands: &Standing, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let id = key_of(sealed).map_err(|why| self.damaged(what, &why))?;
        let opened = self.cipher(id)?.map(|cipher| cipher.open(stands, sealed));
        opened.unwrap_or(Err(Unreadable::Changed)).map_err(|why| self.damaged(what, &why))
    }

    fn open_text(&mut self, what: &dyn Fn() -> String, stands: &Standing, text: &str) -> Result<Vec<u8>, StoreError> {
        let sealed = Base64Unpadded::decode_vec(text).map_err(|_| self.damaged(what, &"it is not encrypted"))?;
        self.open(what, stands, &sealed)
    }

    fn open_words(&mut self, what: &dyn Fn() -> String, stands: &Standing, text: &str) -> Result<String, StoreError> {
        let plain = self.open_text(what, stands, text)?;
        String::from_utf8(plain).map_err(|why| self.damaged(what, &why))
    }

    fn open_vector(
        &mut self,
        what: &dyn Fn() -> String,
        stands: &Standing,
        vector: &[f32],
        read: &mut Vec<f32>,
    ) -> Result<(), StoreError> {
        let mut sealed = Vec::new();
        record::write_vector(vector, &mut sealed);
        let plain = self.open(what, stands, &sealed)?;
        record::read_vector(&plain, read).map_err(|why| self.damaged(what, &why))
    }

    pub(super) fn turn(&mut self, stored: StoredTurn) -> Result<StoredTurn, StoreError> {
        let what = || format!("turn {}", stored.seq);
        let plain = self.open_text(&what, &of_turn(self.scope, &stored.turn), &stored.turn.text)?;
        let content: ContentRead = serde_json::from_slice(&plain).map_err(|why| self.damaged(&what, &why))?;
        let (speaker, text, attachments) = content;
        Ok(StoredTurn { turn: Turn { speaker, text, attachments, ..stored.turn }, ..stored })
    }

    pub(super) fn memory(
        &mut self,
        derivation: &DerivationId,
        stored: StoredMemory,
    ) -> Result<StoredMemory, StoreError> {
        let what = || format!("memory {}", stored.id.0);
        let stands = of_memory(self.scope, derivation, &stored.memory);
        let text = self.open_words(&what, &stands, &stored.memory.text)?;
        Ok(StoredMemory { id: stored.id, memory: Memory { text, ..stored.memory } })
    }

    pub(super) fn derived(&mut self, derived: DerivedSession) -> Result<DerivedSession, StoreError> {
        let DerivedSession { derivation, session, upto, memories } = derived;
        let memories = memories.into_iter().map(|one| self.memory(&derivation, one)).collect::<Result<_, _>>()?;
        Ok(DerivedSession { derivation, session, upto, memories })
    }

    pub(super) fn feedback(&mut self, stored: StoredFeedback) -> Result<StoredFeedback, StoreError> {
        let StoredFeedback { number, feedback } = stored;
        let what = || format!("feedback {number}");
        let question = self.open_words(&what, &of_feedback(self.scope, "question", &feedback), &feedback.question)?;
        let vector = match &feedback.vector {
            None => None,
            Some(QuestionVector { space, vector }) => {
                let stands = of_feedback(self.scope, "question vector", &feedback).text(&space.0);
                let mut read = Vec::new();
                self.open_vector(&what, &stands, vector, &mut read)?;
                Some(QuestionVector { space: space.clone(), vector: read })
            }
        };
        Ok(StoredFeedback { number, feedback: Feedback { question, vector, ..feedback } })
    }

    /// Reads a vector into `read`.
    pub(super) fn vector(
        &mut self,
        space: &VectorSpace,
        unit: UnitId,
        vector: &[f32],
        read: &mut Vec<f32>,
    ) -> Result<(), StoreError> {
        self.open_vector(&|| record::unit_name(unit), &of_vector(self.scope, space, unit), vector, read)
    }
}

fn said(why: impl Display) -> String {
    why.to_string()
}
