//! The receipt of an erasure: by which whoever asked for it can later look whether all of it is gone.
//!
//! It holds no word and no name. What was erased is in it as hashes with a key that is in the receipt alone, since short
//! texts could be guessed from hashes that anyone can make; the store keeps the hash of the receipt and not the key. Whoever
//! has the receipt can still try guesses: it belongs to the one who asked.

use kithkin_core::{Erased, Erasure, Millis, PersonId, Scope, StoredTurn, TenantId, Turn};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::fields::Fields;
use crate::reports::instant;

/// The form of receipts that this version writes and reads.
const FORM: u32 = 1;
const CONTEXT: &str = "kithkin 2026 receipt 1";

/// The receipt of an erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Receipt {
    /// The form of the receipt: 1.
    pub form: u32,
    /// The tenant.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub tenant: TenantId,
    /// The number of its entry in the tenant's chain of erasures.
    pub entry: u64,
    /// When it was erased.
    pub at: String,
    /// The same in milliseconds since 1970.
    pub at_millis: i64,
    /// The key of the hashes: 32 random bytes, as all hashes in hexadecimal.
    pub key: String,
    /// The hash of the person's name.
    pub person: String,
    /// What was named: `turns`, `session`, `conversation` or `person`.
    pub what: String,
    /// Turns, counting every version.
    pub turns: u64,
    /// Memories that came from them.
    pub memories: u64,
    /// Vectors of both.
    pub vectors: u64,
    /// Feedback on recalls that had shown them; and with turns that were kept for long enough, feedback that was so too.
    pub feedback: u64,
    /// The last place of the person's log then: what has a higher one was told later, whatever a clock says.
    pub last: u64,
    /// The turns, in the order of the log.
    pub erased: Vec<ErasedTurn>,
}

/// A telling of a turn that was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ErasedTurn {
    /// Its place in the person's log, which no other turn is given.
    pub place: u64,
    /// The hash of its conversation and id.
    pub id: String,
    /// The hash of its words.
    pub text: String,
}

impl Receipt {
    /// Of what is about to be erased of a log that ends at the place `last`, with a new key; counts and entry are still open.
    pub(crate) fn of(
        scope: &Scope,
        what: &Erasure,
        turns: &[&StoredTurn],
        last: u64,
        at: Millis,
    ) -> Result<Self, Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|e| Error::NoRandom { why: e.to_string() })?;
        let erased = |stored: &&StoredTurn| ErasedTurn {
            place: stored.seq.0,
            id: hash_of_id(&key, &stored.turn),
            text: hash_of_text(&key, &stored.turn.text),
        };
        let what = match what {
            Erasure::Turns(_) | Erasure::Aged(_) => "turns",
            Erasure::Session(_) => "session",
            Erasure::Conversation(_) => "conversation",
            Erasure::Person => "person",
        };
        Ok(Self {
            form: FORM,
            tenant: scope.tenant.clone(),
            entry: 0,
            at: instant(at),
            at_millis: at,
            key: blake3::Hash::from_bytes(key).to_hex().to_string(),
            person: hash_of_person(&key, &scope.person),
            what: what.to_owned(),
            turns: 0,
            memories: 0,
            vectors: 0,
            feedback: 0,
            last,
            erased: turns.iter().map(erased).collect(),
        })
    }

    /// Notes what was erased, and its number in the chain; gives its hash.
    pub(crate) fn note(&mut self, erased: &Erased, entry: u64) -> [u8; 32] {
        (self.turns, self.memories) = (erased.turns, erased.memories);
        (self.vectors, self.feedback, self.entry) = (erased.vectors, erased.feedback, entry);
        self.hash()
    }

    /// Reads a receipt; `path` is its name in errors.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(path: &str, json: &str) -> Result<Self, Error> {
        let wrong = |why: String| Error::NoReceipt { path: path.to_owned(), why };
        let receipt: Self = serde_json::from_str(json).map_err(|e| wrong(e.to_string()))?;
        if receipt.form != FORM {
            return Err(wrong(format!("its form is {}, this version knows {FORM}", receipt.form)));
        }
        receipt.key().map_err(|e| wrong(format!("its key: {e}")))?;
        Ok(receipt)
    }

    /// The key of the hashes.
    pub(crate) fn key(&self) -> Result<[u8; 32], blake3::HexError> {
        Ok(*blake3::Hash::from_hex(&self.key)?.as_bytes())
    }

    /// What the chain keeps of it.
    pub(crate) fn hash(&self) -> [u8; 32] {
        let mut fields = Fields::new(CONTEXT);
        fields.number(u64::from(self.form)).text(self.tenant.as_str()).number(self.entry);
        fields.text(&self.at).number(self.at_millis.cast_unsigned()).text(&self.key);
        fields.text(&self.person).text(&self.what);
        let counts = [self.turns, self.memories, self.vectors, self.feedback, self.last, self.erased.len() as u64];
        for count in counts {
            fields.number(count);
        }
        for turn in &self.erased {
            fields.number(turn.place).text(&turn.id).text(&turn.text);
        }
        *fields.hash().as_bytes()
    }
}

pub(crate) fn hash_of_person(key: &[u8; 32], person: &PersonId) -> String {
    Fields::keyed(key).text("person").text(person.as_str()).hash().to_hex().to_string()
}

pub(crate) fn hash_of_id(key: &[u8; 32], turn: &Turn) -> String {
    Fields::keyed(key).text("id").text(turn.conversation.as_str()).text(turn.id.as_str()).hash().to_hex().to_string()
}

pub(crate) fn hash_of_text(key: &[u8; 32], text: &str) -> String {
    Fields::keyed(key).text("text").text(text).hash().to_hex().to_string()
}
