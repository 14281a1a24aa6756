//! Stored columns as what they mean, and back: what both SQL stores share. No SQL is here.
//!
//! What cannot be read back is said in words; the caller knows which record it was.

use kithkin_core::{
    Attachment, ConversationId, Disclosure, Feedback, Memory, MemoryId, Millis, Purpose, QuestionVector, Seq,
    SessionId, Shown, Spent, StoredDisclosure, StoredFeedback, StoredMemory, StoredTurn, Turn, TurnId, UnitId,
    VectorSpace,
};

/// A turn's columns.
pub(crate) struct TurnRecord {
    pub(crate) seq: u64,
    pub(crate) version: u32,
    pub(crate) supersedes: Option<u64>,
    pub(crate) recorded_at: Millis,
    pub(crate) conversation: String,
    pub(crate) session: String,
    pub(crate) turn: String,
    pub(crate) speaker: String,
    pub(crate) role: String,
    pub(crate) said_at: Option<String>,
    pub(crate) attachments: Option<String>,
    pub(crate) text: String,
    /// What the content was when it was stored.
    pub(crate) hash: [u8; 16],
}

impl TurnRecord {
    /// The turn; an error says which column is not what it was.
    pub(crate) fn read(self) -> Result<StoredTurn, String> {
        let attachments = match &self.attachments {
            None => Vec::new(),
            Some(json) => serde_json::from_str(json).map_err(said)?,
        };
        let turn = Turn {
            conversation: ConversationId::new(self.conversation).map_err(said)?,
            session: SessionId::new(self.session).map_err(said)?,
            id: TurnId::new(self.turn).map_err(said)?,
            speaker: self.speaker,
            role: self.role.parse().map_err(said)?,
            said_at: self.said_at.map(|time| time.parse()).transpose().map_err(said)?,
            text: self.text,
            attachments,
        };
        if turn.content_hash().0 != self.hash {
            return Err("its content is not what was stored".to_owned());
        }
        Ok(StoredTurn {
            seq: Seq(self.seq),
            version: self.version,
            supersedes: self.supersedes.map(Seq),
            recorded_at: self.recorded_at,
            turn,
        })
    }
}

/// Attachments as they are kept: JSON, nothing where there are none.
pub(crate) fn attachments(attachments: &[Attachment]) -> Result<Option<String>, String> {
    match attachments {
        [] => Ok(None),
        some => serde_json::to_string(some).map(Some).map_err(said),
    }
}

/// A memory of these columns.
pub(crate) fn memory(
    id: u64,
    kind: &str,
    said_at: Option<&str>,
    sources: Vec<Seq>,
    text: String,
) -> Result<StoredMemory, String> {
    let kind = kind.parse().map_err(|kind| format!("{kind:?} is no kind of memory"))?;
    let said_at = said_at.map(str::parse).transpose().map_err(said)?;
    Ok(StoredMemory { id: MemoryId(id), memory: Memory { kind, text, sources, said_at } })
}

/// Feedback's columns.
pub(crate) struct FeedbackRecord {
    pub(crate) number: u64,
    pub(crate) asked_at: Millis,
    pub(crate) recorded_at: Millis,
    pub(crate) shown: String,
    pub(crate) space: Option<String>,
    pub(crate) vector: Option<Vec<u8>>,
    pub(crate) question: String,
}

impl FeedbackRecord {
    /// The turn; an error says which column is not what it was.
    pub(crate) fn read(self) -> Result<StoredFeedback, String> {
        let vector = match self.space.zip(self.vector) {
            Some((space, bytes)) => {
                let mut vector = Vec::new();
                read_vector(&bytes, &mut vector).map_err(|why| format!("the vector: {why}"))?;
                Some(QuestionVector { space: VectorSpace(space), vector })
            }
            None => None,
        };
        let (asked_at, recorded_at) = (self.asked_at, self.recorded_at);
        let feedback = Feedback { question: self.question, vector, asked_at, recorded_at, shown: shown(&self.shown)? };
        Ok(StoredFeedback { number: self.number, feedback })
    }
}

/// The turns that feedback showed.
pub(crate) fn shown(json: &str) -> Result<Vec<Shown>, String> {
    serde_json::from_str(json).map_err(said)
}

/// A disclosure of these columns.
pub(crate) fn disclosure(
    number: u64,
    at: Millis,
    purpose: &str,
    model: String,
    spent: Spent,
    turns: &str,
) -> Result<StoredDisclosure, String> {
    let purpose = purpose.parse::<Purpose>().map_err(said)?;
    let turns = serde_json::from_str(turns).map_err(said)?;
    Ok(StoredDisclosure { number, disclosure: Disclosure { at, purpose, model, turns, spent } })
}

/// Writes a vector as it is kept into `bytes`: little-endian `f32`.
pub(crate) fn write_vector(vector: &[f32], bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.extend(vector.iter().flat_map(|x| x.to_le_bytes()));
}

/// Reads a vector back into `vector`.
pub(crate) fn read_vector(bytes: &[u8], vector: &mut Vec<f32>) -> Result<(), &'static str> {
    let (numbers, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err("its length is no multiple of 4 bytes");
    }
    vector.clear();
    vector.extend(numbers.iter().map(|number| f32::from_le_bytes(*number)));
    Ok(())
}

/// How a unit is kept: its kind and its number.
pub(crate) fn unit_key(unit: UnitId) -> (i64, u64) {
    match unit {
        UnitId::Turn(seq) => (0, seq.0),
        UnitId::Memory(id) => (1, id.0),
    }
}

/// The unit of a kind and a number.
pub(crate) fn unit(kind: i64, id: u64) -> UnitId {
    if kind == 0 { UnitId::Turn(Seq(id)) } else { UnitId::Memory(MemoryId(id)) }
}

/// A vector's unit, for errors.
pub(crate) fn unit_name(unit: UnitId) -> String {
    match unit {
        UnitId::Turn(seq) => format!("the vector of turn {seq}"),
        UnitId::Memory(id) => format!("the vector of memory {}", id.0),
    }
}

fn said(why: impl std::fmt::Display) -> String {
    why.to_string()
}
