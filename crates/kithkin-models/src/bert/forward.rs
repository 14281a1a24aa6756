//! The forward pass of BERT: from token ids to one row a token.
//!
//! The linear maps are in `linear`, what lies between them in `lanes`. It is written out here because
//! candle-transformers compiles some hundred models for the sake of one, and because the texts of a batch are laid one
//! after another without padding, which those models cannot do: then no work is spent on padding, no mask is needed,
//! and a text cannot depend on its neighbours. It only infers: no dropout, no gradient. What becomes of the rows is the
//! business of the model that asks.

use std::iter::repeat;
use std::ops::Range;

use super::Text;
use super::lanes::{self, Heads, Norm};
use super::linear::{Linear, Room};

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

/// A text that the weights have no embedding for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoEmbedding {
    /// An id beyond the vocabulary.
    #[error("no embedding for the token {0}")]
    Token(u32),
    /// More tokens than there are positions, or a segment too many.
    #[error("no embedding for the place {place} in the segment {segment}")]
    Place { place: usize, segment: u32 },
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
    pub(crate) fn rows(&self, texts: &[Text<'_>]) -> Result<(Vec<f32>, Vec<Range<usize>>), NoEmbedding> {
        let mut bounds = Vec::with_capacity(texts.len());
        let mut start = 0;
        for text in texts {
            bounds.push(start..start + text.ids.len());
            start += text.ids.len();
        }
        let mut x = self.look_up(texts)?;
        let mut space = Space::default();
        for layer in &self.layers {
            layer.forward(&mut x, self.heads, &bounds, &mut space);
        }
        Ok((x, bounds))
    }

    /// The embeddings of the tokens, before the first layer.
    fn look_up(&self, texts: &[Text<'_>]) -> Result<Vec<f32>, NoEmbedding> {
        let dims = self.dims();
        let mut rows = Vec::with_capacity(texts.iter().map(|t| t.ids.len() * dims).sum());
        for text in texts {
            let segments = text.segments.iter().copied().chain(repeat(0));
            for (place, (id, segment)) in text.ids.iter().zip(segments).enumerate() {
                let at = *id as usize * dims;
                let word = self.words.get(at..at + dims).ok_or(NoEmbedding::Token(*id))?;
                let positions = self.positions.get(segment as usize);
                let position = positions.and_then(|rows| rows.get(place * dims..(place + 1) * dims));
                let position = position.ok_or(NoEmbedding::Place { place, segment })?;
                rows.extend(word.iter().zip(position).map(|(w, p)| w + p));
            }
        }
        lanes::norm(&mut rows, &self.norm);
        Ok(rows)
    }
}

impl Layer {
    /// Takes the rows `x` through the layer, in place.
    fn forward(&self, x: &mut Vec<f32>, heads: Heads, texts: &[Range<usize>], space: &mut Space) {
        let Space { wide, context, attended, room } = space;
        self.qkv.product(x, wide, room);
        context.resize(x.len(), 0.0);
        lanes::attend(wide, &self.qkv.bias, heads, texts, context);
        self.attended.product(context, attended, room);
        lanes::add_norm(attended, &self.attended.bias, x, &self.attended_norm);
        self.widen.product(attended, wide, room);
        lanes::bias_gelu(wide, &self.widen.bias);
        self.narrow.product(wide, x, room);
        lanes::add_norm(x, &self.narrow.bias, attended, &self.narrow_norm);
    }
}

/// What a layer works in; the next one works in the same.
#[derive(Default)]
struct Space {
    wide: Vec<f32>,
    context: Vec<f32>,
    attended: Vec<f32>,
    room: Room,
}
