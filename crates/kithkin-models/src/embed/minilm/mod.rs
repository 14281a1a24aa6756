//! all-MiniLM-L6-v2: a BERT of 6 layers, the mean of its tokens at unit length, 384 dimensions, 256 tokens.
//!
//! Needs `config.json`, `tokenizer.json` and `model.safetensors`. Reads any BERT of that form; what a name stands for
//! is the registry's business. Cost: about 21 million floating-point operations a token, so 3 to 6 ms a turn of a
//! conversation on one core with AVX-512. A text runs on one thread; many texts share the threads of the pool.

mod bert;
mod lanes;
mod product;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use kithkin_core::{EmbedError, Embedder, Embeddings};
use rayon::prelude::*;
use serde_json::Value;
use tokenizers::Tokenizer;

use self::bert::{Bert, Layer, Linear};
use self::lanes::{Heads, Norm};
use self::product::panels;
use super::weights::{Folder, Tensors, head};

const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";
const WEIGHTS: &str = "model.safetensors";

/// The window that the model was trained with, in tokens.
const WINDOW: usize = 256;

/// The tokens that run together. Fewer read the weights more often than they need; more leave the processor's cache.
const BATCH_TOKENS: RangeInclusive<usize> = 64..=512;

/// A BERT sentence encoder in memory.
#[derive(Debug)]
pub(super) struct MiniLm {
    name: String,
    tokenizer: Tokenizer,
    bert: Bert,
}

impl MiniLm {
    /// Loads the model in `folder`.
    pub(super) fn load(folder: &Folder<'_>) -> Result<Self, EmbedError> {
        let (bert, tokenizer) = rayon::join(|| load_bert(folder), || folder.tokenizer(TOKENIZER, Some(WINDOW)));
        let model = Self { name: folder.model.to_owned(), tokenizer: tokenizer?, bert: bert? };
        if model.token_ids("")?.is_empty() {
            return Err(folder.unusable(TOKENIZER, "it adds no special tokens, which BERT needs"));
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
        let ids: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
        let parts = batches(&ids, rayon::current_num_threads())
            .into_par_iter()
            .map(|batch| self.bert.embed(batch).map_err(|e| self.failed(&e)))
            .collect::<Result<Vec<_>, _>>()?;
        let data = parts.concat();
        if data.iter().any(|x| !x.is_finite()) {
            return Err(self.failed(&"a vector is not finite; the weights may be damaged"));
        }
        Ok(Embeddings { dims: self.dims(), data })
    }
}

/// Runs of texts that one thread embeds together: an equal share for each thread, within [`BATCH_TOKENS`]. A text that
/// is longer is a run of its own.
fn batches<'a>(texts: &'a [&'a [u32]], threads: usize) -> Vec<&'a [&'a [u32]]> {
    let all: usize = texts.iter().map(|t| t.len()).sum();
    let most = all.div_ceil(threads.max(1)).clamp(*BATCH_TOKENS.start(), *BATCH_TOKENS.end());
    let (mut batches, mut rest) = (Vec::new(), texts);
    while !rest.is_empty() {
        let mut tokens = 0;
        let fitting = rest.iter().take_while(|t| {
            tokens += t.len();
            tokens <= most
        });
        let (batch, others) = rest.split_at(fitting.count().max(1));
        batches.push(batch);
        rest = others;
    }
    batches
}

fn load_bert(folder: &Folder<'_>) -> Result<Bert, EmbedError> {
    let config: Value =
        serde_json::from_slice(&folder.read(CONFIG)?).map_err(|e| folder.unusable(CONFIG, &format!("no JSON: {e}")))?;
    let whole = |key: &str| {
        let value = config.get(key).and_then(Value::as_u64).and_then(|v| usize::try_from(v).ok()).filter(|v| *v > 0);
        value.ok_or_else(|| folder.unusable(CONFIG, &format!("no whole number {key}")))
    };
    if config.get("hidden_act").and_then(Value::as_str) != Some("gelu") {
        return Err(folder.unusable(CONFIG, "hidden_act is not gelu"));
    }
    let Some(eps) = config.get("layer_norm_eps").and_then(Value::as_f64) else {
        return Err(folder.unusable(CONFIG, "no number layer_norm_eps"));
    };
    let (width, count) = (whole("hidden_size")?, whole("num_attention_heads")?);
    if !width.is_multiple_of(count) {
        return Err(folder.unusable(CONFIG, "hidden_size is no multiple of num_attention_heads"));
    }
    let bytes = folder.read(WEIGHTS)?;
    let tensors = folder.tensors(WEIGHTS, &bytes)?;
    let parts = Parts { folder, tensors, width, wide: whole("intermediate_size")?, eps: eps as f32 };
    let layers = (0..whole("num_hidden_layers")?).into_par_iter().map(|i| parts.layer(i)).collect::<Result<_, _>>()?;
    Ok(Bert {
        words: parts.tensors.rows("embeddings.word_embeddings.weight", width)?,
        positions: parts.positions()?,
        norm: parts.norm("embeddings.LayerNorm")?,
        heads: Heads { count, width: width / count },
        layers,
    })
}

/// The file's tensors, put together as the forward pass wants them.
struct Parts<'a> {
    folder: &'a Folder<'a>,
    tensors: Tensors<'a>,
    width: usize,
    wide: usize,
    eps: f32,
}

impl Parts<'_> {
    fn positions(&self) -> Result<Vec<f32>, EmbedError> {
        let mut positions = self.tensors.rows("embeddings.position_embeddings.weight", self.width)?;
        if positions.len() < WINDOW * self.width {
            return Err(self.folder.unusable(WEIGHTS, &format!("fewer than {WINDOW} positions")));
        }
        positions.truncate(WINDOW * self.width);
        let types = self.tensors.rows("embeddings.token_type_embeddings.weight", self.width)?;
        for row in positions.chunks_exact_mut(self.width) {
            row.iter_mut().zip(&types).for_each(|(p, t)| *p += t);
        }
        Ok(positions)
    }

    fn norm(&self, name: &str) -> Result<Norm, EmbedError> {
        let vector = |part: &str| self.tensors.shaped(&format!("{name}.{part}"), &[self.width]);
        Ok(Norm { scale: vector("weight")?, shift: vector("bias")?, eps: self.eps })
    }

    fn layer(&self, index: usize) -> Result<Layer, EmbedError> {
        let (width, wide) = (self.width, self.wide);
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        let qkv = ["query", "key", "value"].map(|part| name(&format!("attention.self.{part}")));
        Ok(Layer {
            qkv: self.linear(&qkv, width, width)?,
            attended: self.linear(&[name("attention.output.dense")], width, width)?,
            attended_norm: self.norm(&name("attention.output.LayerNorm"))?,
            widen: self.linear(&[name("intermediate.dense")], width, wide)?,
            narrow: self.linear(&[name("output.dense")], wide, width)?,
            narrow_norm: self.norm(&name("output.LayerNorm"))?,
        })
    }

    /// Linear maps over the same input, side by side.
    fn linear(&self, names: &[String], inputs: usize, outputs: usize) -> Result<Linear, EmbedError> {
        let (mut map, mut bias) = (Vec::with_capacity(names.len() * outputs * inputs), Vec::new());
        for name in names {
            map.extend(self.tensors.shaped(&format!("{name}.weight"), &[outputs, inputs])?);
            bias.extend(self.tensors.shaped(&format!("{name}.bias"), &[outputs])?);
        }
        let weight = panels(&map, inputs).map_err(|e| self.folder.unusable(WEIGHTS, &e.to_string()))?;
        Ok(Linear { weight, bias })
    }
}
