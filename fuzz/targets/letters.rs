//! An embedder without weights: texts that share letters are near each other.

use kithkin::{EmbedError, Embedder, Embeddings};

/// Counts letters.
#[derive(Debug)]
pub(crate) struct Letters;

impl Embedder for Letters {
    fn model(&self) -> &str {
        "letters"
    }

    fn dims(&self) -> usize {
        26
    }

    fn embed(&self, texts: &[&str]) -> Result<Embeddings, EmbedError> {
        let row = |text: &str| {
            let mut row = [0.1_f32; 26];
            text.bytes().filter(u8::is_ascii_lowercase).for_each(|letter| row[usize::from(letter - b'a')] += 1.0);
            let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            row.map(|x| x / norm)
        };
        Ok(Embeddings { dims: 26, data: texts.iter().flat_map(|text| row(text)).collect() })
    }
}
