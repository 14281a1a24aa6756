//! A llama decoder: from token ids to the scores of the next token.
//!
//! Needs the tensors of the llama architecture as GGUF names them; rotary positions are in the pairwise order that such
//! files have. It reads the metadata of the plain form: no experts, no biases, no stretched positions but those that
//! come as `rope_freqs`; anything else is an error, since it would give wrong words rather than none. Cost: one pass
//! over all weights a token, which is what a reply waits for; the tokens of a prompt share a pass by fours.

use std::collections::HashSet;

use kithkin_core::ChatError;

use super::cache::Cache;
use super::file::{GgufFile, why};
use super::layer::{Heads, Rotary, attend, rms_norm, rotate, swiglu};
use super::matrix::Matrix;
use super::tile::{Input, ROWS};
use crate::bert::lanes::LANES;

/// The tokens of a prompt that run together: more leave the processor's cache.
const BATCH: usize = 128;
/// The rows whose scores are held at once.
const SCORED: usize = 16;

/// The weights.
#[derive(Debug)]
pub(super) struct Model {
    /// One row a token of the vocabulary.
    embeddings: Matrix,
    layers: Vec<Layer>,
    norm: Vec<f32>,
    /// Where the file has an output head of its own; else it is the embeddings.
    head: Option<Matrix>,
    shape: Shape,
    rotary: Rotary,
}

#[derive(Debug)]
struct Layer {
    norm: Vec<f32>,
    /// Query, key and value, one after another.
    qkv: Matrix,
    attended: Matrix,
    wide_norm: Vec<f32>,
    /// Gate and up, one after another.
    widen: Matrix,
    narrow: Matrix,
}

/// The sizes of a model.
#[derive(Debug, Clone, Copy)]
struct Shape {
    layers: usize,
    dims: usize,
    wide: usize,
    heads: Heads,
    vocabulary: usize,
    window: usize,
    eps: f32,
}

impl Shape {
    fn read(file: &GgufFile, vocabulary: usize) -> Result<Self, ChatError> {
        let dims = file.number("llama.embedding_length")?;
        let queries = file.number("llama.attention.head_count")?;
        let cached = file.number_or("llama.attention.head_count_kv", queries)?;
        if queries == 0 || cached == 0 || !queries.is_multiple_of(cached) {
            return Err(file.bad(&format!("{queries} heads cannot share {cached} heads of keys")));
        }
        let width = file.number_or("llama.attention.key_length", dims / queries)?;
        if width == 0 || !width.is_multiple_of(LANES) || file.number_or("llama.attention.value_length", width)? != width
        {
            return Err(file.bad(&format!("heads of {width} numbers cannot run; they must be multiples of {LANES}")));
        }
        let shape = Self {
            layers: file.number("llama.block_count")?,
            dims,
            wide: file.number("llama.feed_forward_length")?,
            heads: Heads { queries, cached, width },
            vocabulary,
            window: file.number("llama.context_length")?,
            eps: file.real_or("llama.attention.layer_norm_rms_epsilon", 1e-5)?,
        };
        if file.number_or("llama.expert_count", 0)? != 0 {
            return Err(file.bad("it is a mixture of experts, which cannot run"));
        }
        match file.value("llama.rope.scaling.type").map(|value| value.to_string()) {
            None => Ok(shape),
            Some(Ok(kind)) if kind == "none" => Ok(shape),
            Some(_) => Err(file.bad("its positions are stretched (llama.rope.scaling.type), which cannot run")),
        }
    }
}

impl Model {
    /// Loads the weights for a vocabulary of so many tokens.
    pub(super) fn load(file: &GgufFile, vocabulary: usize) -> Result<Self, ChatError> {
        let shape = Shape::read(file, vocabulary)?;
        let (dims, width) = (shape.dims, shape.heads.width);
        let mut seen = HashSet::new();
        let mut vector = |name: String, length: usize| {
            let values = file.vector(&name, length)?;
            seen.insert(name);
            Ok::<_, ChatError>(values)
        };
        let mut norms = Vec::new();
        for i in 0..shape.layers.min(file.tensor_names().count()) {
            norms.push((
                vector(format!("blk.{i}.attn_norm.weight"), dims)?,
                vector(format!("blk.{i}.ffn_norm.weight"), dims)?,
            ));
        }
        let norm = vector("output_norm.weight".to_owned(), dims)?;
        let factors = file.tensor_names().any(|name| name == "rope_freqs.weight");
        let turned = file.number_or("llama.rope.dimension_count", width)?;
        if turned > width || !turned.is_multiple_of(2) {
            return Err(file.bad(&format!("{turned} of {width} numbers of a head cannot be turned in pairs")));
        }
        let factors = if factors { Some(vector("rope_freqs.weight".to_owned(), turned / 2)?) } else { None };
        let mut matrix = |name: String, rows: usize, columns: usize| {
            let made = file.tensor(&name, &[rows, columns])?;
            let made = Matrix::new(&made).map_err(|e| file.bad(&format!("{name} cannot be used ({})", why(&e))))?;
            seen.insert(name);
            Ok::<_, ChatError>(made)
        };
        let embeddings = matrix("token_embd.weight".to_owned(), vocabulary, dims)?;
        let own_head = file.tensor_names().any(|name| name == "output.weight");
        let head = if own_head { Some(matrix("output.weight".to_owned(), vocabulary, dims)?) } else { None };
        let mut layers = Vec::new();
        for (i, (norm, wide_norm)) in norms.into_iter().enumerate() {
            let mut matrix = |name: &str, rows, columns| matrix(format!("blk.{i}.{name}.weight"), rows, columns);
            let (queries, cached) = (shape.heads.queries * width, shape.heads.cached * width);
            let qkv =
                [matrix("attn_q", queries, dims)?, matrix("attn_k", cached, dims)?, matrix("attn_v", cached, dims)?];
            let attended = matrix("attn_output", dims, queries)?;
            let widen = [matrix("ffn_gate", shape.wide, dims)?, matrix("ffn_up", shape.wide, dims)?];
            let narrow = matrix("ffn_down", dims, shape.wide)?;
            let (qkv, widen) = (Matrix::stacked(qkv), Matrix::stacked(widen));
            layers.push(Layer { norm, qkv, attended, wide_norm, widen, narrow });
        }
        if let Some(name) = file.tensor_names().find(|name| !seen.contains(*name)) {
            return Err(file.bad(&format!("it has a tensor {name}, which the plain form of the architecture has not")));
        }
        let base = f64::from(file.real_or("llama.rope.freq_base", 10_000.0)?);
        let step = |i: usize| {
            let factor = factors.as_ref().map_or(1.0, |f| f64::from(f[i]));
            base.powf(-2.0 * i as f64 / turned as f64) / factor
        };
        let rotary = Rotary { steps: (0..turned / 2).map(step).collect() };
        Ok(Self { embeddings, layers, norm, head, shape, rotary })
    }

    /// The longest sequence that it was trained for, in tokens.
    pub(super) fn window(&self) -> usize {
        self.shape.window
    }

    /// A cache that nothing was read into.
    pub(super) fn cache(&self) -> Cache {
        Cache::new(self.shape.layers, self.shape.heads.cached, self.shape.heads.width)
    }

    /// Reads the tokens after those in the cache, and gives a score for each token of the vocabulary to come next. There
    /// must be a token.
    pub(super) fn read(&self, tokens: &[u32], cache: &mut Cache) -> Vec<f32> {
        // From within the pool, handing out work costs least.
        rayon::scope(|_| {
            let rows = self.last_batch(tokens, cache);
            let last = rows.get(rows.len().saturating_sub(self.shape.dims)..).unwrap_or_default();
            let mut scores = self.scores(last);
            scores.truncate(self.shape.vocabulary);
            scores
        })
    }

    /// Reads the tokens after those in the cache, and asks for no score.
    pub(super) fn read_only(&self, tokens: &[u32], cache: &mut Cache) {
        rayon::scope(|_| {
            self.last_batch(tokens, cache);
        });
    }

    /// Reads the tokens; gives the rows of the last batch of them.
    fn last_batch(&self, tokens: &[u32], cache: &mut Cache) -> Vec<f32> {
        let mut rows = Vec::new();
        for batch in tokens.chunks(BATCH) {
            rows = self.batch(batch, cache);
        }
        rows
    }

    /// Reads the tokens after those in the cache; `seen` gets for each, in order, the scores of the tokens to come next.
    pub(super) fn read_each(&self, tokens: &[u32], cache: &mut Cache, seen: &mut (dyn FnMut(&[f32]) + Send)) {
        let head = self.head.as_ref().unwrap_or(&self.embeddings);
        rayon::scope(|_| {
            for batch in tokens.chunks(BATCH) {
                let rows = self.batch(batch, cache);
                // The scores of some rows at a time, because each is as long as the vocabulary.
                for rows in rows.chunks(SCORED * self.shape.dims) {
                    for scores in self.scores(rows).chunks(head.outputs()) {
                        seen(scores.get(..self.shape.vocabulary).unwrap_or(scores));
                    }
                }
            }
        });
    }

    /// The scores of the next token for each of these rows, padded to the outputs of the head.
    fn scores(&self, rows: &[f32]) -> Vec<f32> {
        let head = self.head.as_ref().unwrap_or(&self.embeddings);
        head.product(&Input::new(&rms_norm(rows, &self.norm, self.shape.eps), self.shape.dims))
    }

    /// Reads a batch; gives the rows of its tokens after the last layer.
    fn batch(&self, tokens: &[u32], cache: &mut Cache) -> Vec<f32> {
        let dims = self.shape.dims;
        let row = |token: &u32| self.embeddings.row(*token as usize).unwrap_or_else(|| vec![0.0; dims]);
        let mut rows: Vec<f32> = tokens.iter().flat_map(row).collect();
        let turns: Vec<_> = (cache.len()..).take(tokens.len()).map(|position| self.rotary.at(position)).collect();
        for i in 0..self.layers.len() {
            self.layer(i, &mut rows, &turns, cache);
        }
        cache.read(tokens);
        rows
    }

    fn layer(&self, i: usize, rows: &mut [f32], turns: &[Vec<(f32, f32)>], cache: &mut Cache) {
        let (layer, shape, heads) = (&self.layers[i], self.shape, self.shape.heads);
        let first = cache.len();
        let cache = cache.layer(i);
        let input = Input::new(&rms_norm(rows, &layer.norm, shape.eps), shape.dims);
        let mut qkv = layer.qkv.product(&input);
        // Each part begins at a whole tile.
        let keys = (heads.queries * heads.width).next_multiple_of(ROWS);
        let cached = heads.cached * heads.width;
        let values = keys + cached.next_multiple_of(ROWS);
        for (row, turns) in qkv.chunks_exact_mut(layer.qkv.outputs()).zip(turns) {
            rotate(&mut row[..heads.queries * heads.width], heads.width, turns);
            rotate(&mut row[keys..keys + cached], heads.width, turns);
            let new = row[keys..keys + cached].chunks_exact(heads.width).zip(row[values..].chunks_exact(heads.width));
            for (head, (key, value)) in cache.iter_mut().zip(new) {
                head.keys.extend_from_slice(key);
                head.values.extend_from_slice(value);
            }
        }
        let attended = attend(&qkv, layer.qkv.outputs(), first, heads, cache);
        let attended = Input::new(&attended, heads.queries * heads.width);
        add(rows, &layer.attended.product(&attended), shape.dims, layer.attended.outputs());
        let input = Input::new(&rms_norm(rows, &layer.wide_norm, shape.eps), shape.dims);
        let wide = layer.widen.product(&input);
        let wide = swiglu(&wide, layer.widen.outputs(), shape.wide.next_multiple_of(ROWS), shape.wide);
        add(rows, &layer.narrow.product(&Input::new(&wide, shape.wide)), shape.dims, layer.narrow.outputs());
    }
}

/// Adds to each row of `dims` numbers the first of a row of `outputs`.
fn add(rows: &mut [f32], more: &[f32], dims: usize, outputs: usize) {
    for (row, more) in rows.chunks_exact_mut(dims).zip(more.chunks_exact(outputs)) {
        row.iter_mut().zip(more).for_each(|(x, y)| *x += y);
    }
}
