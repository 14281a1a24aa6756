//! all-MiniLM-L6-v2: a BERT of 6 layers, the mean of its tokens at unit length, 384 dimensions, 256 tokens.
//!
//! Needs `config.json`, `tokenizer.json` and `model.safetensors`. Reads any BERT of that form; what a name stands for
//! is the registry's business. Cost: 3 to 6 ms a turn of a conversation on one core with AVX-512.

#[cfg(test)]
mod tests;

use kithkin_core::{EmbedError, Embedder, Embeddings};
use rayon::prelude::*;
use tokenizers::Tokenizer;

use super::to_unit_length;
use crate::bert::{self, Bert, Config, NoEmbedding, Precision, TOKENIZER, Text, WEIGHTS, batches};
use crate::weights::{FileError, Folder, head};

/// The window that the model was trained with, in tokens.
const WINDOW: usize = 256;

/// A BERT sentence encoder in memory.
#[derive(Debug)]
pub(super) struct MiniLm {
    name: String,
    tokenizer: Tokenizer,
    bert: Bert,
}

impl MiniLm {
    /// Loads the model in `folder`, under a name that tells its precision.
    pub(super) fn load(name: &str, folder: &Folder<'_>, precision: Precision) -> Result<Self, EmbedError> {
        let bert = || load_bert(folder, precision);
        let (bert, tokenizer) = rayon::join(bert, || folder.tokenizer(TOKENIZER, Some(WINDOW)));
        let model = Self { name: name.to_owned(), tokenizer: tokenizer?, bert: bert? };
        if model.token_ids("")?.is_empty() {
            return Err(folder.unusable(TOKENIZER, "it adds no special tokens, which BERT needs").into());
        }
        Ok(model)
    }

    fn token_ids(&self, text: &str) -> Result<Vec<u32>, EmbedError> {
        let encoding = self.tokenizer.encode_fast(head(text), true).map_err(|e| self.failed(&*e))?;
        Ok(encoding.get_ids().to_vec())
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> EmbedError {
        EmbedError::Failed { model: self.name.clone(), message: error.to_string() }
    }
}

impl Embedder for MiniLm {
    fn model(&self) -> &str {
        &self.name
    }

    fn dims(&self) -> usize {
        self.bert.dims()
    }

    fn embed(&self, texts: &[&str]) -> Result<Embeddings, EmbedError> {
        let ids = texts.par_iter().map(|t| self.token_ids(t)).collect::<Result<Vec<_>, _>>()?;
        let texts: Vec<Text<'_>> = ids.iter().map(|ids| Text { ids, segments: &[] }).collect();
        let parts = batches(&texts, rayon::current_num_threads())
            .into_par_iter()
            .map(|batch| means(&self.bert, batch).map_err(|e| self.failed(&e)))
            .collect::<Result<Vec<_>, _>>()?;
        let data = parts.concat();
        if data.iter().any(|x| !x.is_finite()) {
            return Err(self.failed(&"a vector is not finite; the weights may be damaged"));
        }
        Ok(Embeddings { dims: self.dims(), data })
    }
}

/// The mean of each text's rows, at unit length.
fn means(bert: &Bert, texts: &[Text<'_>]) -> Result<Vec<f32>, NoEmbedding> {
    let dims = bert.dims();
    let (rows, bounds) = bert.rows(texts)?;
    let mut vectors = vec![0.0; texts.len() * dims];
    for (vector, text) in vectors.chunks_exact_mut(dims).zip(&bounds) {
        for row in rows[text.start * dims..text.end * dims].chunks_exact(dims) {
            vector.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
        to_unit_length(vector);
    }
    Ok(vectors)
}

fn load_bert(folder: &Folder<'_>, precision: Precision) -> Result<Bert, FileError> {
    let config = Config::read(folder)?;
    let bytes = folder.read(WEIGHTS)?;
    bert::load(folder, &config, &folder.tensors(WEIGHTS, &bytes)?, "", WINDOW, 1, precision)
}
