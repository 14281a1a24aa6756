//! A cross-encoder: a BERT that reads query and text as one sequence, and one number that a linear map makes of it.
//!
//! Source: Nogueira and Cho, *Passage Re-ranking with BERT* (2019), in the form that `transformers` calls
//! `BertForSequenceClassification` with one label: `[CLS] query [SEP] text [SEP]`, the first row through the pooler (a
//! linear map and tanh), the classifier on top. The number is the classifier's own, without a sigmoid, which would change
//! no order. Pairs are cut as `sentence-transformers` cuts them: tokens of the longer of the two go first, until the pair
//! fits into the window, which has as many tokens as there are positions.
//!
//! Needs `config.json`, `tokenizer.json` and `model.safetensors`. Costs what an embedding of query and text together
//! does, for each text anew. Held to the numbers of `transformers` on made-up weights (`tests/cross_encoder.rs`); how well
//! a model of real weights ranks has not been measured here.

use kithkin_core::{RerankError, Reranker};
use rayon::prelude::*;
use tokenizers::{Encoding, Tokenizer};

use crate::bert::{self, Bert, CONFIG, Config, NoEmbedding, Precision, TOKENIZER, Text, WEIGHTS, batches};
use crate::weights::{FileError, Folder, Tensors, head};

/// A BERT cross-encoder in memory.
#[derive(Debug)]
pub(super) struct CrossEncoder {
    name: String,
    tokenizer: Tokenizer,
    bert: Bert,
    pooler: Affine,
    classifier: Affine,
}

/// A linear map of one vector: a row of weights for each output, and what is added.
#[derive(Debug)]
struct Affine {
    rows: Vec<f32>,
    bias: Vec<f32>,
}

impl CrossEncoder {
    /// Loads the model in `folder`.
    pub(super) fn load(folder: &Folder<'_>) -> Result<Self, RerankError> {
        let config = Config::read(folder)?;
        for (key, only) in [("model_type", "bert"), ("position_embedding_type", "absolute")] {
            if let Some(other) = config.text(key).filter(|value| *value != only) {
                return Err(folder.unusable(CONFIG, &format!("{key} is {other}, not {only}")).into());
            }
        }
        let bytes = folder.read(WEIGHTS)?;
        let tensors = folder.tensors(WEIGHTS, &bytes)?;
        let width = config.width();
        one_label(folder, &tensors, width)?;
        let window = tensors.shape("bert.embeddings.position_embeddings.weight")?.first().copied().unwrap_or(0);
        let load = || bert::load(folder, &config, &tensors, "bert.", window, 2, Precision::Float);
        let (bert, tokenizer) = rayon::join(load, || folder.tokenizer(TOKENIZER, Some(window)));
        let model = Self {
            name: folder.model.to_owned(),
            tokenizer: tokenizer?,
            bert: bert?,
            pooler: Affine::load(&tensors, "bert.pooler.dense", width, width)?,
            classifier: Affine::load(&tensors, "classifier", width, 1)?,
        };
        if model.encoded("", "")?.is_empty() {
            return Err(folder.unusable(TOKENIZER, "it adds no special tokens to a pair, which BERT needs").into());
        }
        let (known, embedded) = (model.tokenizer.get_vocab_size(true), model.bert.tokens());
        if known > embedded {
            let why = format!("it has {known} tokens, and {WEIGHTS} only {embedded}; they belong to different models");
            return Err(folder.unusable(TOKENIZER, &why).into());
        }
        Ok(model)
    }

    fn encoded(&self, query: &str, text: &str) -> Result<Encoding, RerankError> {
        self.tokenizer.encode_fast((query, head(text)), true).map_err(|e| self.failed(&*e))
    }

    /// The classifier's number for each text.
    fn classified(&self, texts: &[Text<'_>]) -> Result<Vec<f32>, NoEmbedding> {
        let (rows, bounds) = self.bert.rows(texts)?;
        let dims = self.bert.dims();
        let number = |first: usize| {
            let mut pooled = self.pooler.of(&rows[first * dims..(first + 1) * dims]);
            pooled.iter_mut().for_each(|x| *x = x.tanh());
            self.classifier.of(&pooled)
        };
        Ok(bounds.iter().flat_map(|text| number(text.start)).collect())
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> RerankError {
        RerankError::Failed { model: self.name.clone(), message: error.to_string() }
    }
}

impl Reranker for CrossEncoder {
    fn model(&self) -> &str {
        &self.name
    }

    fn score(&self, query: &str, texts: &[&str]) -> Result<Vec<f32>, RerankError> {
        let query = head(query);
        let encoded = texts.par_iter().map(|text| self.encoded(query, text)).collect::<Result<Vec<_>, _>>()?;
        let texts: Vec<Text<'_>> =
            encoded.iter().map(|pair| Text { ids: pair.get_ids(), segments: pair.get_type_ids() }).collect();
        let parts = batches(&texts, rayon::current_num_threads())
            .into_par_iter()
            .map(|batch| self.classified(batch).map_err(|e| self.failed(&e)))
            .collect::<Result<Vec<_>, _>>()?;
        let scores = parts.concat();
        if scores.iter().any(|score| !score.is_finite()) {
            return Err(self.failed(&"a score is not finite; the weights may be damaged"));
        }
        Ok(scores)
    }
}

impl Affine {
    fn load(tensors: &Tensors<'_>, name: &str, inputs: usize, outputs: usize) -> Result<Self, FileError> {
        Ok(Self {
            rows: tensors.shaped(&format!("{name}.weight"), &[outputs, inputs])?,
            bias: tensors.shaped(&format!("{name}.bias"), &[outputs])?,
        })
    }

    fn of(&self, vector: &[f32]) -> Vec<f32> {
        let rows = self.rows.chunks_exact(vector.len().max(1)).zip(&self.bias);
        rows.map(|(row, bias)| row.iter().zip(vector).map(|(w, x)| w * x).sum::<f32>() + bias).collect()
    }
}

/// Refuses a classifier that tells several labels apart: which of them means relevant, its files do not say.
fn one_label(folder: &Folder<'_>, tensors: &Tensors<'_>, width: usize) -> Result<(), FileError> {
    match tensors.shape("classifier.weight")?.as_slice() {
        [labels, inputs] if *labels > 1 && *inputs == width => {
            Err(folder.unusable(WEIGHTS, &format!("its classifier has {labels} labels, not one")))
        }
        _ => Ok(()),
    }
}
