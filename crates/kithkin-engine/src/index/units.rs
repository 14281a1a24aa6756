//! The memories of one kind, searched like turns; each leads to the turns it came from.

use std::collections::HashMap;

use kithkin_core::{MemoryId, MemoryKind, StoredMemory};

use super::analysis::Vocabulary;
use super::cues::Cues;
use super::language::Language;
use super::lexical::Lexical;
use super::vectors::Vectors;
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
    /// Of statements only.
    cues: Vec<Cues>,
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
        if matches!(stored.memory.kind, MemoryKind::Fact | MemoryKind::Event | MemoryKind::Opinion) {
            self.cues.push(Cues::of(&stored.memory.text));
        }
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

    /// What a statement says about how things were and are; nothing for other kinds of memories.
    pub(crate) fn cues(&self, row: u32) -> Cues {
        self.cues.get(row as usize).copied().unwrap_or_default()
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        let vectors = self.vectors.as_ref().map_or(0, Vectors::bytes);
        self.lexical.bytes()
            + vectors
            + self.docs.len() * size_of::<Doc>()
            + self.ends.len() * 24
            + self.cues.len() * size_of::<Cues>()
    }
}
