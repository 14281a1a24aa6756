//! The memories of one kind, searched like turns; each leads to the turns it came from.

use std::collections::HashMap;

use kithkin_core::{MemoryId, StoredMemory};

use super::analysis::Vocabulary;
use super::language::Language;
use super::lexical::Lexical;
use super::vectors::Vectors;
use crate::change::Frame;
use crate::recall::Doc;

/// The memories of one kind that one person has under one derivation.
#[derive(Default)]
pub(crate) struct Units {
    lexical: Lexical,
    vectors: Option<Vectors>,
    /// The turns of all memories, one memory after another.
    docs: Vec<Doc>,
    /// Where the turns of a memory end in `docs`.
    ends: Vec<usize>,
    rows: HashMap<MemoryId, u32>,
    ids: Vec<MemoryId>,
    /// What of each bears on whether an earlier one still holds; of kinds that state something, where it was asked for.
    frames: Vec<Frame>,
}

impl Units {
    /// Adds a memory that came from these turns, the one that it stands for first.
    pub(super) fn push(
        &mut self,
        stored: &StoredMemory,
        docs: &[Doc],
        vocabulary: &mut Vocabulary,
        language: Option<Language>,
    ) {
        let mut tokens = Vec::new();
        vocabulary.read(&stored.memory.text, language, &mut tokens);
        let row = self.lexical.push(tokens.iter().map(|token| token.term));
        self.docs.extend_from_slice(docs);
        self.ends.push(self.docs.len());
        self.rows.insert(stored.id, row);
        self.ids.push(stored.id);
    }

    /// Keeps what of the memory that was added last bears on whether an earlier one still holds.
    pub(super) fn push_frame(&mut self, frame: Frame) {
        self.frames.push(frame);
    }

    /// Keeps the vector of a memory, if the memory is one of these.
    pub(super) fn set_vector(&mut self, id: MemoryId, vector: &[f32]) {
        if let Some(row) = self.rows.get(&id) {
            let rows = self.ends.len();
            self.vectors.get_or_insert_with(|| Vectors::new(vector.len(), rows)).set(*row, vector);
        }
    }

    /// How many memories there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Their words.
    pub(crate) fn lexical(&self) -> &Lexical {
        &self.lexical
    }

    /// Their vectors.
    pub(crate) fn vectors(&self) -> Option<&Vectors> {
        self.vectors.as_ref()
    }

    /// The turns that a memory came from, the one that it stands for first.
    pub(crate) fn docs(&self, row: u32) -> &[Doc] {
        let row = row as usize;
        let from = row.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        let range = from.zip(self.ends.get(row).copied());
        range.and_then(|(from, to)| self.docs.get(from..to)).unwrap_or_default()
    }

    /// The number of a memory in the store.
    pub(crate) fn id(&self, row: u32) -> Option<MemoryId> {
        self.ids.get(row as usize).copied()
    }

    /// What of a statement bears on whether an earlier one still holds; `None` for kinds that state nothing,
    /// and where it was not asked for.
    pub(crate) fn frame(&self, row: u32) -> Option<&Frame> {
        self.frames.get(row as usize)
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        let frames: usize = self.frames.iter().map(|frame| size_of::<Frame>() + frame.bytes()).sum();
        let vectors = self.vectors.as_ref().map_or(0, Vectors::bytes);
        self.lexical.bytes() + vectors + self.docs.len() * size_of::<Doc>() + frames + self.ends.len() * 32
    }
}
