//! Stored columns as what they mean, and back: what both SQL stores share. No SQL is here.
//!
//! What cannot be read back is said in words; the caller knows which record it was.

use half::f16;
use half::slice::HalfFloatSliceExt;
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

/// Stands before the numbers of a vector in floats of 16 bits, and makes its length odd; before those of 32 bits stands nothing.
const HALVES: u8 = 16;

/// How many numbers are turned into others at once.
const AT_ONCE: usize = 64;

/// Writes a vector into `bytes`: little-endian `f32`.
pub(crate) fn write_vector(vector: &[f32], bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.extend(vector.iter().flat_map(|x| x.to_le_bytes()));
}

/// The same in half of the bytes where each number is a float of 16 bits as well. It is read back bit for bit either way.
pub(crate) fn write_vector_short(vector: &[f32], bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.push(HALVES);
    let (mut halves, mut back) = ([f16::ZERO; AT_ONCE], [0.0; AT_ONCE]);
    for numbers in vector.chunks(AT_ONCE) {
        let (halves, back) = (&mut halves[..numbers.len()], &mut back[..numbers.len()]);
        halves.convert_from_f32_slice(numbers);
        halves.convert_to_f32_slice(back);
        if numbers.iter().zip(back).any(|(number, back)| number.to_bits() != back.to_bits()) {
            return write_vector(vector, bytes);
        }
        bytes.extend(halves.iter().flat_map(|half| half.to_le_bytes()));
    }
}

/// Reads a vector back into `vector`, however it was written.
pub(crate) fn read_vector(bytes: &[u8], vector: &mut Vec<f32>) -> Result<(), &'static str> {
    vector.clear();
    if let ([HALVES, numbers @ ..], true) = (bytes, bytes.len() % 2 == 1) {
        vector.resize(numbers.len() / 2, 0.0);
        let mut halves = [f16::ZERO; AT_ONCE];
        for (out, numbers) in vector.chunks_mut(AT_ONCE).zip(numbers.as_chunks::<2>().0.chunks(AT_ONCE)) {
            halves.iter_mut().zip(numbers).for_each(|(half, number)| *half = f16::from_le_bytes(*number));
            halves[..out.len()].convert_to_f32_slice(out);
        }
        return Ok(());
    }
    let (numbers, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err("it is not as long as numbers of 16 or 32 bits are");
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(vector: &[f32], length: usize) {
        let (mut bytes, mut read) = (vec![7; 3], vec![7.0; 3]);
        write_vector_short(vector, &mut bytes);
        assert_eq!(bytes.len(), length, "{vector:?}");
        read_vector(&bytes, &mut read).unwrap();
        let bits = |vector: &[f32]| vector.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&read), bits(vector));
    }

    #[test]
    fn a_vector_takes_half_of_the_bytes_where_they_bring_it_back() {
        check(&[], 1);
        check(&[1.0, -0.5, 0.0, -0.0, 65504.0, f32::INFINITY, f32::from_bits(0x3380_0000)], 15);
        check(&[0.25; AT_ONCE + 1], 2 * (AT_ONCE + 1) + 1);
        for other in [0.1, 65520.0, 1e-9, f32::from_bits(0x7fc0_0001)] {
            let mut vector = vec![0.25; AT_ONCE + 1];
            vector.push(other);
            check(&vector, 4 * (AT_ONCE + 2));
        }
    }

    proptest! {
        #[test]
        fn vectors_are_read_back_bit_for_bit(bits in prop::collection::vec(any::<u32>(), 0..200), halves: bool) {
            let of = |bits: u32| if halves { f16::from_bits(bits as u16).to_f32() } else { f32::from_bits(bits) };
            let vector: Vec<f32> = bits.into_iter().map(of).collect();
            let short = vector.iter().all(|x| f16::from_f32(*x).to_f32().to_bits() == x.to_bits());
            check(&vector, if short { 2 * vector.len() + 1 } else { 4 * vector.len() });
        }

        #[test]
        fn bytes_are_a_vector_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut vector = Vec::new();
            let read = read_vector(&bytes, &mut vector);
            let fits = bytes.len() % 4 == 0 || bytes.len() % 2 == 1 && bytes.first() == Some(&HALVES);
            prop_assert_eq!(read.is_ok(), fits);
        }
    }
}
