//! A toy embedder for tests of mechanics: texts that share letters are near each other.

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
        let mut data = Vec::new();
        for text in texts {
            let mut row = [0.1f32; 26];
            for letter in text.bytes().filter(u8::is_ascii_lowercase) {
                row[usize::from(letter - b'a')] += 1.0;
            }
            let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            data.extend(row.map(|x| x / norm));
        }
        Ok(Embeddings { dims: 26, data })
    }
}
