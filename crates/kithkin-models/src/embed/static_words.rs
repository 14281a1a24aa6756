//! Static embeddings: the mean of one fixed vector a token, at unit length. No layers, so a text costs its
//! tokenisation.
//!
//! Needs WordLlama's tokenizer and its file of one matrix, and follows its steps: no special tokens, the plain mean,
//! unit length at the end; only the first 8 KiB of a text count. Useful where speed counts for
//! more than meaning in context; word order plays no part.

use kithkin_core::{EmbedError, Embedder, Embeddings};
use rayon::prelude::*;
use tokenizers::Tokenizer;

use super::to_unit_length;
use crate::weights::{Folder, head};

const TOKENIZER: &str = "l2_supercat_tokenizer_config.json";
const WEIGHTS: &str = "l2_supercat_256.safetensors";

/// One vector a token of the vocabulary.
#[derive(Debug)]
pub(super) struct StaticWords {
    name: String,
    tokenizer: Tokenizer,
    dims: usize,
    rows: Vec<f32>,
}

impl StaticWords {
    /// Loads the model in `folder`, whose vectors have `dims` numbers.
    pub(super) fn load(folder: &Folder<'_>, dims: usize) -> Result<Self, EmbedError> {
        let rows = || {
            let bytes = folder.read(WEIGHTS)?;
            folder.tensors(WEIGHTS, &bytes)?.rows("embedding.weight", dims)
        };
        let (rows, tokenizer) = rayon::join(rows, || folder.tokenizer(TOKENIZER, None));
        Ok(Self { name: folder.model.to_owned(), tokenizer: tokenizer?, dims, rows: rows? })
    }

    fn embed_into(&self, text: &str, vector: &mut [f32]) -> Result<(), EmbedError> {
        let encoding = self
            .tokenizer
            .encode_fast(head(text), false)
            .map_err(|e| EmbedError::Failed { model: self.name.clone(), message: e.to_string() })?;
        for id in encoding.get_ids() {
            let row = self.rows.chunks_exact(self.dims).nth(*id as usize).unwrap_or(&[]);
            vector.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
        to_unit_length(vector);
        Ok(())
    }
}

impl Embedder for StaticWords {
    fn model(&self) -> &str {
        &self.name
    }

    fn dims(&self) -> usize {
        self.dims
    }

    fn embed(&self, texts: &[&str]) -> Result<Embeddings, EmbedError> {
        let mut data = vec![0.0; texts.len() * self.dims];
        let rows = data.par_chunks_exact_mut(self.dims);
        rows.zip(texts).try_for_each(|(vector, text)| self.embed_into(text, vector))?;
        Ok(Embeddings { dims: self.dims, data })
    }
}

#[cfg(test)]
mod tests {
    use half::f16;
    use kithkin_core::Blame;
    use safetensors::tensor::{Dtype, TensorView};
    use serde_json::json;

    use super::*;

    /// A model of three words, two dimensions, stored in 16 bits; the third vector is zero.
    fn load(width: usize) -> Result<StaticWords, EmbedError> {
        let dir = tempfile::tempdir().unwrap();
        let folder = super::super::folder("tiny", dir.path());
        std::fs::create_dir(&folder.path).unwrap();
        let tokenizer = json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
            "pre_tokenizer": { "type": "Whitespace" }, "post_processor": null, "decoder": null,
            "model": { "type": "WordLevel", "vocab": { "east": 0, "north": 1, "?": 2 }, "unk_token": "?" },
        });
        std::fs::write(folder.path.join(TOKENIZER), tokenizer.to_string()).unwrap();
        let bytes: Vec<u8> =
            [2.0, 0.0, 0.0, 1.0, 0.0, 0.0].iter().flat_map(|x| f16::from_f32(*x).to_le_bytes()).collect();
        let matrix = TensorView::new(Dtype::F16, vec![6 / width, width], &bytes).unwrap();
        let file = safetensors::serialize([("embedding.weight", matrix)], None).unwrap();
        std::fs::write(folder.path.join(WEIGHTS), file).unwrap();
        StaticWords::load(&folder, 2)
    }

    #[test]
    fn a_vector_is_the_mean_of_its_tokens_at_unit_length() {
        let model = load(2).unwrap();
        let fifth = 5.0_f32.sqrt();
        let check = |text: &str, right: [f32; 2]| {
            let found = model.embed(&["north", text]).unwrap();
            assert!(found.data[2..].iter().zip(right).all(|(x, y)| (x - y).abs() < 1e-6), "{text:?}: {:?}", found.data);
        };
        check("east", [1.0, 0.0]);
        check("north east", [2.0 / fifth, 1.0 / fifth]);
        check("north west east", [2.0 / fifth, 1.0 / fifth]);
        check("", [1.0, 0.0]);
        check("west", [1.0, 0.0]);
        check(&"north ".repeat(200_000), [0.0, 1.0]);
    }

    #[test]
    fn another_width_is_another_model() {
        let error = load(3).unwrap_err();
        assert_eq!(error.blame(), Blame::Model);
        assert!(error.to_string().contains("not (any, 2)"), "{error}");
    }
}
