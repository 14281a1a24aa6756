//! Reading the weights of a BERT, as `transformers` saves them, for the forward pass.

use rayon::prelude::*;
use serde_json::Value;

use super::forward::{Bert, Layer};
use super::lanes::{Heads, Norm};
use super::linear::{Linear, Precision};
use crate::weights::{FileError, Folder, Tensors};

/// The file that says what shape the model has.
pub(crate) const CONFIG: &str = "config.json";
/// The file of the tokenizer.
pub(crate) const TOKENIZER: &str = "tokenizer.json";
/// The file of the tensors.
pub(crate) const WEIGHTS: &str = "model.safetensors";

/// What `config.json` says.
#[derive(Debug)]
pub(crate) struct Config {
    width: usize,
    wide: usize,
    heads: usize,
    layers: usize,
    eps: f32,
    json: Value,
}

impl Config {
    /// Reads the file of the folder.
    pub(crate) fn read(folder: &Folder<'_>) -> Result<Self, FileError> {
        let json: Value = serde_json::from_slice(&folder.read(CONFIG)?)
            .map_err(|e| folder.unusable(CONFIG, &format!("no JSON: {e}")))?;
        let whole = |key: &str| {
            let value = json.get(key).and_then(Value::as_u64).and_then(|v| usize::try_from(v).ok()).filter(|v| *v > 0);
            value.ok_or_else(|| folder.unusable(CONFIG, &format!("no whole number {key}")))
        };
        if json.get("hidden_act").and_then(Value::as_str) != Some("gelu") {
            return Err(folder.unusable(CONFIG, "hidden_act is not gelu"));
        }
        let Some(eps) = json.get("layer_norm_eps").and_then(Value::as_f64) else {
            return Err(folder.unusable(CONFIG, "no number layer_norm_eps"));
        };
        let (width, heads) = (whole("hidden_size")?, whole("num_attention_heads")?);
        if !width.is_multiple_of(heads) {
            return Err(folder.unusable(CONFIG, "hidden_size is no multiple of num_attention_heads"));
        }
        let (wide, layers) = (whole("intermediate_size")?, whole("num_hidden_layers")?);
        Ok(Self { width, wide, heads, layers, eps: eps as f32, json })
    }

    /// The length of a row.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// A text of the file.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.json.get(key).and_then(Value::as_str)
    }
}

/// Puts the encoder together from tensors whose names begin with `prefix`: for texts of at most `window` tokens, of so
/// many segments.
pub(crate) fn load(
    folder: &Folder<'_>,
    config: &Config,
    tensors: &Tensors<'_>,
    prefix: &str,
    window: usize,
    segments: usize,
    precision: Precision,
) -> Result<Bert, FileError> {
    let parts = Parts { folder, config, tensors, prefix, precision };
    let layers = (0..config.layers).into_par_iter().map(|i| parts.layer(i)).collect::<Result<_, _>>()?;
    Ok(Bert {
        words: parts.rows("embeddings.word_embeddings.weight")?,
        positions: parts.positions(window, segments)?,
        norm: parts.norm("embeddings.LayerNorm")?,
        heads: Heads { count: config.heads, width: config.width / config.heads },
        layers,
    })
}

/// The file's tensors, put together as the forward pass wants them.
struct Parts<'a> {
    folder: &'a Folder<'a>,
    config: &'a Config,
    tensors: &'a Tensors<'a>,
    prefix: &'a str,
    precision: Precision,
}

impl Parts<'_> {
    fn rows(&self, name: &str) -> Result<Vec<f32>, FileError> {
        self.tensors.rows(&format!("{}{name}", self.prefix), self.config.width)
    }

    fn positions(&self, window: usize, segments: usize) -> Result<Vec<Vec<f32>>, FileError> {
        let width = self.config.width;
        let mut positions = self.rows("embeddings.position_embeddings.weight")?;
        if positions.len() < window * width {
            return Err(self.folder.unusable(WEIGHTS, &format!("fewer than {window} positions")));
        }
        positions.truncate(window * width);
        let types = self.rows("embeddings.token_type_embeddings.weight")?;
        let types: Vec<&[f32]> = types.chunks_exact(width).take(segments).collect();
        if types.len() < segments {
            return Err(self.folder.unusable(WEIGHTS, &format!("fewer than {segments} token types")));
        }
        let of_type = |of: &&[f32]| {
            let mut positions = positions.clone();
            for row in positions.chunks_exact_mut(width) {
                row.iter_mut().zip(*of).for_each(|(p, t)| *p += t);
            }
            positions
        };
        Ok(types.iter().map(of_type).collect())
    }

    fn norm(&self, name: &str) -> Result<Norm, FileError> {
        let vector = |part: &str| self.tensors.shaped(&format!("{}{name}.{part}", self.prefix), &[self.config.width]);
        Ok(Norm { scale: vector("weight")?, shift: vector("bias")?, eps: self.config.eps })
    }

    fn layer(&self, index: usize) -> Result<Layer, FileError> {
        let (width, wide) = (self.config.width, self.config.wide);
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
    fn linear(&self, names: &[String], inputs: usize, outputs: usize) -> Result<Linear, FileError> {
        let (mut map, mut bias) = (Vec::with_capacity(names.len() * outputs * inputs), Vec::new());
        for name in names {
            let name = format!("{}{name}", self.prefix);
            map.extend(self.tensors.shaped(&format!("{name}.weight"), &[outputs, inputs])?);
            bias.extend(self.tensors.shaped(&format!("{name}.bias"), &[outputs])?);
        }
        if map.iter().any(|weight| !weight.is_finite()) {
            let why = format!("a weight of {} is not a finite number", names.join(", "));
            return Err(self.folder.unusable(WEIGHTS, &why));
        }
        Ok(Linear::new(&map, inputs, bias, self.precision))
    }
}
