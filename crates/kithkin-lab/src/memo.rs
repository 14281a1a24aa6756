//! An embedder that embeds each text once.
//!
//! A task that asks about the same texts many times, for each setting and method, puts it in front of the real one. Times
//! of a recall are then those of the search alone. It forgets nothing, so a run pays a vector for each distinct text.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kithkin::{EmbedError, Embedder, Embeddings};

/// Texts embedded together.
const BATCH: usize = 256;

/// The vectors of all texts seen, in front of an embedder.
#[derive(Debug)]
pub(crate) struct Memo {
    inner: Arc<dyn Embedder>,
    known: Mutex<HashMap<String, Vec<f32>>>,
}

impl Memo {
    /// Knows nothing yet.
    pub(crate) fn new(inner: Arc<dyn Embedder>) -> Self {
        Self { inner, known: Mutex::default() }
    }
}

impl Embedder for Memo {
    fn model(&self) -> &str {
        self.inner.model()
    }

    fn dims(&self) -> usize {
        self.inner.dims()
    }

    fn embed(&self, texts: &[&str]) -> Result<Embeddings, EmbedError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new: Vec<&str> = texts.iter().copied().filter(|text| !known.contains_key(*text)).collect();
        new.sort_unstable();
        new.dedup();
        for batch in new.chunks(BATCH) {
            let vectors = self.inner.embed(batch)?;
            known.extend(batch.iter().zip(vectors.rows()).map(|(text, row)| ((*text).to_owned(), row.to_vec())));
        }
        let rows = texts.iter().filter_map(|text| known.get(*text));
        Ok(Embeddings { dims: self.dims(), data: rows.flatten().copied().collect() })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Gives the length of each text, and counts the texts.
    #[derive(Debug, Default)]
    struct Lengths(AtomicUsize);

    impl Embedder for Lengths {
        fn model(&self) -> &str {
            "lengths"
        }

        fn dims(&self) -> usize {
            1
        }

        fn embed(&self, texts: &[&str]) -> Result<Embeddings, EmbedError> {
            self.0.fetch_add(texts.len(), Ordering::Relaxed);
            Ok(Embeddings { dims: 1, data: texts.iter().map(|text| text.len() as f32).collect() })
        }
    }

    #[test]
    fn a_text_is_embedded_once_and_rows_stay_in_order() {
        let lengths = Arc::new(Lengths::default());
        let memo = Memo::new(Arc::clone(&lengths) as Arc<dyn Embedder>);
        let check = |texts: &[&str], expect: &[f32], embedded: usize| {
            assert_eq!(memo.embed(texts).unwrap().data, expect);
            assert_eq!(lengths.0.load(Ordering::Relaxed), embedded);
        };
        check(&["bb", "a", "bb"], &[2.0, 1.0, 2.0], 2);
        check(&["a", "ccc"], &[1.0, 3.0], 3);
        check(&[], &[], 3);
    }
}
