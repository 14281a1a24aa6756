//! The forward pass of BERT: from token ids to one vector of unit length a text.
//!
//! Over candle's tensors; the matrix products are in `product`, what lies between them in `lanes`. It is written out
//! here because candle-transformers compiles some hundred models for the sake of one, and because the texts of a batch
//! are laid one after another without padding, which those models cannot do: then no work is spent on padding, no mask
//! is needed, and a text cannot depend on its neighbours. It only infers: no dropout, no gradient.

use std::ops::Range;

use candle_core::{CpuStorage, CustomOp1, Device, InplaceOp1, InplaceOp2, Layout, Result, Shape, Tensor, bail};

use super::lanes::{self, Heads, Norm};
use super::product::Product;
use crate::embed::weights::to_unit_length;

/// The weights of a BERT encoder.
#[derive(Debug)]
pub(super) struct Bert {
    /// One row a token of the vocabulary.
    pub(super) words: Vec<f32>,
    /// One row a position, with the type embedding of the first segment added.
    pub(super) positions: Vec<f32>,
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
    /// The length of a vector.
    pub(super) fn dims(&self) -> usize {
        self.norm.scale.len()
    }

    /// Embeds texts, each given by its token ids: the mean of its tokens, at unit length. A text has at least one token
    /// and at most as many as there are positions; ids beyond the vocabulary are an error.
    pub(super) fn embed(&self, texts: &[&[u32]]) -> Result<Vec<f32>> {
        let dims = self.dims();
        let mut bounds = Vec::with_capacity(texts.len());
        let mut start = 0;
        for text in texts {
            bounds.push(start..start + text.len());
            start += text.len();
        }
        let mut x = Tensor::from_vec(self.look_up(texts)?, (start, dims), &Device::Cpu)?;
        for layer in &self.layers {
            x = layer.forward(&x, self.heads, &bounds)?;
        }
        let rows = x.flatten_all()?.to_vec1::<f32>()?;
        let mut vectors = vec![0.0; texts.len() * dims];
        for (vector, text) in vectors.chunks_exact_mut(dims).zip(&bounds) {
            for row in rows[text.start * dims..text.end * dims].chunks_exact(dims) {
                vector.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
            to_unit_length(vector);
        }
        Ok(vectors)
    }

    /// The embeddings of the tokens, before the first layer.
    fn look_up(&self, texts: &[&[u32]]) -> Result<Vec<f32>> {
        let dims = self.dims();
        let mut rows = Vec::with_capacity(texts.iter().map(|t| t.len() * dims).sum());
        for text in texts {
            for (id, position) in text.iter().zip(self.positions.chunks_exact(dims)) {
                let at = *id as usize * dims;
                let Some(word) = self.words.get(at..at + dims) else { bail!("no embedding for the token {id}") };
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
