//! The forward pass of BERT: from token ids to one row a token.
//!
//! Over candle's tensors; the matrix products are in `product`, what lies between them in `lanes`. It is written out
//! here because candle-transformers compiles some hundred models for the sake of one, and because the texts of a batch
//! are laid one after another without padding, which those models cannot do: then no work is spent on padding, no mask
//! is needed, and a text cannot depend on its neighbours. It only infers: no dropout, no gradient. What becomes of the
//! rows is the business of the model that asks.

use std::iter::repeat;
use std::ops::Range;

use candle_core::{CpuStorage, CustomOp1, Device, InplaceOp1, InplaceOp2, Layout, Result, Shape, Tensor, bail};

use super::Text;
use super::lanes::{self, Heads, Norm};
use super::product::Product;

/// The weights of a BERT encoder.
#[derive(Debug)]
pub(crate) struct Bert {
    /// One row a token of the vocabulary.
    pub(super) words: Vec<f32>,
    /// For each segment that a token may be of, one row a position, with the segment's embedding added.
    pub(super) positions: Vec<Vec<f32>>,
    pub(super) norm: Norm,
    pub(super) heads: Heads,
    pub(super) layers: Vec<Layer>,
}

/// One encoder layer.
#[derive(Debug)]
pub(super) struct Layer {
    /// Query, key and value side by side, so that one product makes all three.
    pub(super) qkv: Linear,
    pub(super) attended: Linear,
    pub(super) attended_norm: Norm,
    pub(super) widen: Linear,
    pub(super) narrow: Linear,
    pub(super) narrow_norm: Norm,
}

/// A linear map: its weights as panels, and what is added to each row of the product.
#[derive(Debug)]
pub(super) struct Linear {
    pub(super) weight: Tensor,
    pub(super) bias: Vec<f32>,
}

impl Bert {
    /// The length of a row.
    pub(crate) fn dims(&self) -> usize {
        self.norm.scale.len()
    }

    /// How many tokens have an embedding.
    pub(crate) fn tokens(&self) -> usize {
        self.words.len() / self.dims().max(1)
    }

    /// The last layer's rows, one a token, and which of them are whose. A text has at least one token and at most as many
    /// as there are positions; ids beyond the vocabulary are an error.
    pub(crate) fn rows(&self, texts: &[Text<'_>]) -> Result<(Vec<f32>, Vec<Range<usize>>)> {
        let mut bounds = Vec::with_capacity(texts.len());
        let mut start = 0;
        for text in texts {
            bounds.push(start..start + text.ids.len());
            start += text.ids.len();
        }
        let mut x = Tensor::from_vec(self.look_up(texts)?, (start, self.dims()), &Device::Cpu)?;
        for layer in &self.layers {
            x = layer.forward(&x, self.heads, &bounds)?;
        }
        Ok((x.flatten_all()?.to_vec1::<f32>()?, bounds))
    }

    /// The embeddings of the tokens, before the first layer.
    fn look_up(&self, texts: &[Text<'_>]) -> Result<Vec<f32>> {
        let dims = self.dims();
        let mut rows = Vec::with_capacity(texts.iter().map(|t| t.ids.len() * dims).sum());
        for text in texts {
            let segments = text.segments.iter().copied().chain(repeat(0));
            for (place, (id, segment)) in text.ids.iter().zip(segments).enumerate() {
                let at = *id as usize * dims;
                let Some(word) = self.words.get(at..at + dims) else { bail!("no embedding for the token {id}") };
                let positions = self.positions.get(segment as usize);
                let Some(position) = positions.and_then(|rows| rows.get(place * dims..(place + 1) * dims)) else {
                    bail!("no embedding for the place {place} in the segment {segment}")
                };
                rows.extend(word.iter().zip(position).map(|(w, p)| w + p));
            }
        }
        lanes::norm(&mut rows, &self.norm);
        Ok(rows)
    }
}

impl Layer {
    fn forward(&self, x: &Tensor, heads: Heads, texts: &[Range<usize>]) -> Result<Tensor> {
        let qkv = x.apply_op2_no_bwd(&self.qkv.weight, &Product)?;
        let context = qkv.apply_op1_no_bwd(&Attention { bias: &self.qkv.bias, heads, texts })?;
        let attended = context.apply_op2_no_bwd(&self.attended.weight, &Product)?;
        attended.inplace_op2(x, &AddNorm { bias: &self.attended.bias, norm: &self.attended_norm })?;
        let wide = attended.apply_op2_no_bwd(&self.widen.weight, &Product)?;
        wide.inplace_op1(&BiasGelu { bias: &self.widen.bias })?;
        let out = wide.apply_op2_no_bwd(&self.narrow.weight, &Product)?;
        out.inplace_op2(&attended, &AddNorm { bias: &self.narrow.bias, norm: &self.narrow_norm })?;
        Ok(out)
    }
}

/// The values of a tensor that is contiguous from its start, as the results of a product are.
pub(super) fn floats<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => bail!("a tensor that is not contiguous"),
    }
}

fn floats_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match (layout.contiguous_offsets(), storage) {
        (Some((start, end)), CpuStorage::F32(values)) => Ok(&mut values[start..end]),
        _ => bail!("a tensor that is not contiguous or not of f32"),
    }
}

struct Attention<'a> {
    bias: &'a [f32],
    heads: Heads,
    texts: &'a [Range<usize>],
}

impl CustomOp1 for Attention<'_> {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let rows = layout.dims().first().copied().unwrap_or(0);
        let width = self.heads.count * self.heads.width;
        let mut out = vec![0.0; rows * width];
        lanes::attend(floats(storage, layout)?, self.bias, self.heads, self.texts, &mut out);
        Ok((CpuStorage::F32(out), (rows, width).into()))
    }
}

struct AddNorm<'a> {
    bias: &'a [f32],
    norm: &'a Norm,
}

impl InplaceOp2 for AddNorm<'_> {
    fn name(&self) -> &'static str {
        "add-norm"
    }

    fn cpu_fwd(&self, rows: &mut CpuStorage, layout: &Layout, residual: &CpuStorage, other: &Layout) -> Result<()> {
        lanes::add_norm(floats_mut(rows, layout)?, self.bias, floats(residual, other)?, self.norm);
        Ok(())
    }
}

struct BiasGelu<'a> {
    bias: &'a [f32],
}

impl InplaceOp1 for BiasGelu<'_> {
    fn name(&self) -> &'static str {
        "bias-gelu"
    }

    fn cpu_fwd(&self, rows: &mut CpuStorage, layout: &Layout) -> Result<()> {
        lanes::bias_gelu(floats_mut(rows, layout)?, self.bias);
        Ok(())
    }
}
