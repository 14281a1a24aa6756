//! Hashes of records, field by field. What is hashed is not decided here.

/// Fields one after another, of which none can be taken for a part of its neighbour.
pub(crate) struct Fields(blake3::Hasher);

impl Fields {
    /// Begins; the context names what is hashed and in which form, and no two are alike.
    pub(crate) fn new(context: &str) -> Self {
        Self(blake3::Hasher::new_derive_key(context))
    }

    /// Begins with a key, which only those have who may guess at what was hashed.
    pub(crate) fn keyed(key: &[u8; 32]) -> Self {
        Self(blake3::Hasher::new_keyed(key))
    }

    pub(crate) fn hash(&self) -> blake3::Hash {
        self.0.finalize()
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
        self
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.0.update(&number.to_le_bytes());
        self
    }

    /// A value that may not be there.
    pub(crate) fn maybe<T>(&mut self, value: Option<T>, add: impl FnOnce(&mut Self, T)) -> &mut Self {
        self.number(u64::from(value.is_some()));
        if let Some(value) = value {
            add(self, value);
        }
        self
    }
}
