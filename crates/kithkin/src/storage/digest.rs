//! What is true of a person as a hash that every kind of store gives alike: the log of turns with places and versions, the
//! feedback, the disclosures and the binding. What is derived is not in it.

use kithkin_core::{Binding, Pulse, Scope, Store, StoreError, StoredDisclosure, StoredFeedback, StoredTurn};

use super::pages;
use crate::fields::Fields;

/// Names the form of what is hashed: another form is another context.
pub(super) const CONTEXT: &str = "kithkin 2026 person 1";

/// The hashes of a person, each of a part, with how many records are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest {
    pub(super) log: Part,
    pub(super) feedback: Part,
    pub(super) disclosures: Part,
    pub(super) binding: blake3::Hash,
}

/// The hash of so many records, and the number of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) hash: blake3::Hash,
    pub(super) records: u64,
    pub(super) last: u64,
}

impl Digest {
    /// That of a person as of a pulse of theirs.
    pub(super) fn of(store: &dyn Store, scope: &Scope, upto: Pulse) -> Result<Self, StoreError> {
        Ok(Self {
            log: log(store, scope, upto.last_seq)?,
            feedback: feedback(store, scope, upto.version)?,
            disclosures: disclosures(&pages::disclosures(store, scope)?),
            binding: binding(store.binding(scope)?.as_ref()),
        })
    }

    /// All parts as one.
    pub(super) fn whole(&self) -> blake3::Hash {
        let parts = [self.log.hash, self.feedback.hash, self.disclosures.hash, self.binding];
        let mut fields = Fields::new(CONTEXT);
        for hash in parts {
            fields.bytes(hash.as_bytes());
        }
        fields.hash()
    }
}

/// Of the turns up to a place.
pub(super) fn log(store: &dyn Store, scope: &Scope, upto: u64) -> Result<Part, StoreError> {
    sum(|after| pages::turns(store, scope, after, upto), |turn| turn.seq.0, turn)
}

/// Of the feedback up to a number.
pub(super) fn feedback(store: &dyn Store, scope: &Scope, upto: u64) -> Result<Part, StoreError> {
    sum(|after| pages::feedback(store, scope, after, upto), |one| one.number, given)
}

pub(super) fn disclosures(all: &[StoredDisclosure]) -> Part {
    let mut fields = Fields::new(CONTEXT);
    for one in all {
        noted(&mut fields, one);
    }
    Part { hash: fields.hash(), records: all.len() as u64, last: all.last().map_or(0, |one| one.number) }
}

pub(super) fn binding(binding: Option<&Binding>) -> blake3::Hash {
    let mut fields = Fields::new(CONTEXT);
    if let Some(Binding { method, spec, derivation }) = binding {
        fields.text(method.as_str()).text(spec).text(&derivation.0);
    }
    fields.hash()
}

/// Hashes page after page.
fn sum<T>(
    page: impl Fn(u64) -> Result<Vec<T>, StoreError>,
    number: impl Fn(&T) -> u64,
    add: impl Fn(&mut Fields, &T),
) -> Result<Part, StoreError> {
    let (mut fields, mut records, mut last) = (Fields::new(CONTEXT), 0, 0);
    loop {
        let page = page(last)?;
        let Some(end) = page.last() else { return Ok(Part { hash: fields.hash(), records, last }) };
        last = number(end);
        records += page.len() as u64;
        page.iter().for_each(|record| add(&mut fields, record));
    }
}

fn turn(fields: &mut Fields, stored: &StoredTurn) {
    let StoredTurn { seq, version, supersedes, recorded_at, turn } = stored;
    fields.number(seq.0).number(u64::from(*version)).number(supersedes.map_or(0, |seq| seq.0));
    fields.number(recorded_at.cast_unsigned());
    fields.text(turn.conversation.as_str()).text(turn.session.as_str()).text(turn.id.as_str());
    fields.text(&turn.speaker).text(turn.role.as_str());
    fields.maybe(turn.said_at.map(|time| time.to_string()), |fields, time| {
        fields.text(&time);
    });
    fields.text(&turn.text).number(turn.attachments.len() as u64);
    for attachment in &turn.attachments {
        fields.text(&attachment.kind);
        for part in [&attachment.caption, &attachment.reference] {
            fields.maybe(part.as_deref(), |fields, text| {
                fields.text(text);
            });
        }
    }
}

fn given(fields: &mut Fields, stored: &StoredFeedback) {
    let given = &stored.feedback;
    fields.number(stored.number).text(&given.question);
    fields.maybe(given.vector.as_ref(), |fields, question| {
        fields.text(&question.space.0).number(question.vector.len() as u64);
        for x in &question.vector {
            fields.number(u64::from(x.to_bits()));
        }
    });
    fields.number(given.asked_at.cast_unsigned()).number(given.recorded_at.cast_unsigned());
    fields.number(given.shown.len() as u64);
    for shown in &given.shown {
        fields.number(shown.seq.0).number(u64::from(shown.useful));
    }
}

fn noted(fields: &mut Fields, stored: &StoredDisclosure) {
    let noted = &stored.disclosure;
    fields.number(stored.number).number(noted.at.cast_unsigned());
    fields.text(noted.purpose.as_str()).text(&noted.model).number(noted.turns.len() as u64);
    for seq in &noted.turns {
        fields.number(seq.0);
    }
    fields.number(noted.spent.calls).number(noted.spent.read).number(noted.spent.said);
}
