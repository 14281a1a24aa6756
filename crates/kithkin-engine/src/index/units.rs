//! The memories of a derivation, searched like turns; each stands for a turn.

use std::collections::HashMap;

use kithkin_core::{MemoryId, Seq, StoredMemory};

use super::analysis::Vocabulary;
use super::language::Language;
use super::lexical::Lexical;
use super::vectors::Vectors;
use crate::recall::Doc;

/// The memories of one person under one derivation.
#[derive(Default)]
pub(crate) struct Units {
    lexical: Lexical,
    vectors: Option<Vectors>,
    stands_for: Vec<Doc>,
    rows: HashMap<MemoryId, u32>,
}

impl Units {
    /// Adds a memory if all its sources can be seen; `doc_of` gives the number of a turn that can.
    pub(super) fn push(
        &mut self,
        stored: &StoredMemory,
        vocabulary: &mut Vocabulary,
        language: Option<Language>,
        doc_of: impl Fn(Seq) -> Option<Doc>,
    ) {
        let docs: Option<Vec<Doc>> = stored.memory.sources.iter().map(|seq| doc_of(*seq)).collect();
        let Some(&stands_for) = docs.as_ref().and_then(|docs| docs.first()) else { return };
        let mut tokens = Vec::new();
        vocabulary.read(&stored.memory.text, language, &mut tokens);
        let row = self.lexical.push(tokens.iter().map(|token| token.term));
        self.stands_for.push(stands_for);
        self.rows.insert(stored.id, row);
    }

    /// Keeps the vector of a memory.
    pub(super) fn set_vector(&mut self, id: MemoryId, vector: &[f32]) {
        if let Some(row) = self.rows.get(&id) {
            self.vectors.get_or_insert_with(|| Vectors::new(vector.len())).set(*row, vector);
        }
    }

    /// How many memories there are.
    pub(crate) fn len(&self) -> usize {
        self.stands_for.len()
    }

    /// Their words.
    pub(crate) fn lexical(&self) -> &Lexical {
        &self.lexical
    }

    /// Their vectors.
    pub(crate) fn vectors(&self) -> Option<&Vectors> {
        self.vectors.as_ref()
    }

    /// The turn that a memory stands for.
    pub(crate) fn stands_for(&self, row: u32) -> Option<Doc> {
        self.stands_for.get(row as usize).copied()
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.lexical.bytes() + self.vectors.as_ref().map_or(0, Vectors::bytes) + self.stands_for.len() * 24
    }
}
