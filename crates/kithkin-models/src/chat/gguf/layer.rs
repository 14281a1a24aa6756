//! What lies between the products of a llama layer: RMS norm, rotary positions, attention over the cache, SwiGLU.
//!
//! Plain loops on slices of `f32`, compiled by `pulp` for the processor at hand, as those of BERT are. Query heads share
//! the keys and values of their group (grouped-query attention; Ainslie et al. 2023, arXiv:2305.13245, section 2.2).

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::cache::HeadCache;
use crate::bert::lanes::{LANES, OneByOne, combine, exp, softmax, sum_of};

/// Root-mean-square norm of each row of `rows`, times `scale`.
pub(super) fn rms_norm(rows: &[f32], scale: &[f32], eps: f32) -> Vec<f32> {
    let mut out = rows.to_vec();
    Arch::new().dispatch(RmsNorm { rows: &mut out, scale, eps });
    out
}

struct RmsNorm<'a> {
    rows: &'a mut [f32],
    scale: &'a [f32],
    eps: f32,
}

impl WithSimd for RmsNorm<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for row in self.rows.chunks_exact_mut(self.scale.len().max(1)) {
            let mean = sum_of::<OneByOne>(row, |x| x * x) / row.len() as f32;
            let factor = 1.0 / (mean + self.eps).sqrt();
            for (x, scale) in row.iter_mut().zip(self.scale) {
                *x *= factor * scale;
            }
        }
    }
}

/// `silu(gate) * up`, for rows that hold `gate` and then, from `up` on, as many numbers of `up`.
pub(super) fn swiglu(rows: &[f32], row: usize, up: usize, width: usize) -> Vec<f32> {
    let mut out = vec![0.0; rows.len() / row.max(1) * width];
    Arch::new().dispatch(SwiGlu { rows, row, up, width, out: &mut out });
    out
}

struct SwiGlu<'a> {
    rows: &'a [f32],
    row: usize,
    up: usize,
    width: usize,
    out: &'a mut [f32],
}

impl WithSimd for SwiGlu<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self.rows.chunks_exact(self.row.max(1));
        for (row, out) in rows.zip(self.out.chunks_exact_mut(self.width.max(1))) {
            let (gate, up) = (&row[..self.width], &row[self.up..self.up + self.width]);
            for ((out, gate), up) in out.iter_mut().zip(gate).zip(up) {
                let small = exp(-gate.abs());
                let part = if *gate < 0.0 { small } else { 1.0 };
                *out = gate * part / (1.0 + small) * up;
            }
        }
    }
}

/// Rotary positions (Su et al. 2021, arXiv:2104.09864, section 3.2.2): each pair of neighbouring numbers of a head is
/// turned by an angle that grows with the position.
#[derive(Debug)]
pub(super) struct Rotary {
    /// The angle that a position adds to each pair.
    pub(super) steps: Vec<f64>,
}

impl Rotary {
    /// Cosine and sine of each pair at a position.
    pub(super) fn at(&self, position: usize) -> Vec<(f32, f32)> {
        let turn = |step: &f64| {
            let (sin, cos) = (position as f64 * step).sin_cos();
            (cos as f32, sin as f32)
        };
        self.steps.iter().map(turn).collect()
    }
}

/// Turns each head of a row; numbers of a head beyond the pairs stay.
pub(super) fn rotate(row: &mut [f32], width: usize, turns: &[(f32, f32)]) {
    for head in row.chunks_exact_mut(width) {
        for (pair, (cos, sin)) in head.as_chunks_mut::<2>().0.iter_mut().zip(turns) {
            let [a, b] = *pair;
            *pair = [a * cos - b * sin, a * sin + b * cos];
        }
    }
}

/// The shape of an attention layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heads {
    pub(super) queries: usize,
    /// Heads of keys and values; divides `queries`.
    pub(super) cached: usize,
    pub(super) width: usize,
}

/// Scaled dot-product attention of each token over the cached tokens up to itself; its own are in the cache already.
///
/// A row of `rows` begins with the query of a token; the first token stands at `first` in the cache.
pub(super) fn attend(rows: &[f32], row: usize, first: usize, heads: Heads, cache: &[HeadCache]) -> Vec<f32> {
    /// A head over fewer tokens than this is not worth waking a thread.
    const TOKENS: usize = 1024;
    let mut out = vec![0.0; rows.len() / row.max(1) * heads.queries * heads.width];
    let at_once = TOKENS.div_ceil(first + 1);
    out.par_chunks_mut(heads.width).enumerate().with_min_len(at_once).for_each(|(i, out)| {
        let (token, head) = (i / heads.queries, i % heads.queries);
        let query = &rows[token * row + head * heads.width..][..heads.width];
        let cache = &cache[head / (heads.queries / heads.cached)];
        Arch::new().dispatch(Attend { query, cache, tokens: first + token + 1, out });
    });
    out
}

struct Attend<'a> {
    query: &'a [f32],
    cache: &'a HeadCache,
    tokens: usize,
    out: &'a mut [f32],
}

impl WithSimd for Attend<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let width = self.query.len();
        let scale = 1.0 / (width as f32).sqrt();
        let mut weights = vec![f32::NEG_INFINITY; self.tokens.next_multiple_of(LANES)];
        for (weight, key) in weights[..self.tokens].iter_mut().zip(self.cache.keys.chunks_exact(width)) {
            *weight = dot(self.query, key) * scale;
        }
        softmax::<OneByOne>(&mut weights);
        combine::<OneByOne, 1>([&weights[..self.tokens]], &self.cache.values[..self.tokens * width], self.out);
    }
}

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut parts = [0.0; LANES];
    for (a, b) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
        for ((part, x), y) in parts.iter_mut().zip(a).zip(b) {
            *part += x * y;
        }
    }
    parts.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_those_of_the_textbook() {
        let wave = |i: usize| ((i * 37 % 101) as f32 / 25.0 - 2.0).sin() * 3.0;
        let rows: Vec<f32> = (0..64).map(wave).collect();
        let near = |a: f32, b: f64| assert!((f64::from(a) - b).abs() < 1e-5, "{a} is not {b}");
        let scale: Vec<f32> = (0..32).map(|i| wave(i + 5)).collect();
        for (i, found) in rms_norm(&rows, &scale, 1e-5).into_iter().enumerate() {
            let row = &rows[i / 32 * 32..][..32];
            let mean = row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / 32.0;
            near(found, f64::from(rows[i]) / (mean + 1e-5).sqrt() * f64::from(scale[i % 32]));
        }
        for (i, found) in swiglu(&rows, 32, 16, 10).into_iter().enumerate() {
            let (gate, up) = (f64::from(rows[i / 10 * 32 + i % 10]), f64::from(rows[i / 10 * 32 + 16 + i % 10]));
            near(found, gate / (1.0 + (-gate).exp()) * up);
        }
    }

    #[test]
    fn turning_depends_on_the_distance_alone() {
        let rotary = Rotary { steps: vec![1.0, 0.1] };
        let turned = |position: usize, row: [f32; 4]| {
            let mut row = row;
            rotate(&mut row, 4, &rotary.at(position));
            row
        };
        let product = |a: usize, b: usize| -> f32 {
            let (a, b) = (turned(a, [0.3, -1.0, 2.0, 0.7]), turned(b, [1.0, 0.2, -0.4, 0.9]));
            a.iter().zip(b).map(|(a, b)| a * b).sum()
        };
        assert!((product(3, 1) - product(1003, 1001)).abs() < 1e-4);
        assert!((product(3, 1) - product(4, 1)).abs() > 1e-2);
        assert_eq!(turned(0, [1.0, 2.0, 3.0, 4.0]), [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn a_token_sees_those_before_it_through_the_head_of_its_group() {
        let (heads, row, tokens) = (Heads { queries: 4, cached: 2, width: 16 }, 70, 19);
        let wave = |i: usize| ((i * 37 % 101) as f32 / 50.0 - 1.0).sin();
        let rows: Vec<f32> = (0..2 * row).map(wave).collect();
        let cache: Vec<HeadCache> = (0..2)
            .map(|h| HeadCache {
                keys: (0..tokens * 16).map(|i| wave(i + h * 7)).collect(),
                values: (0..tokens * 16).map(|i| wave(i * 3 + h * 11)).collect(),
            })
            .collect();
        let found = attend(&rows, row, tokens - 2, heads, &cache);
        for (i, found) in found.iter().enumerate() {
            let (token, head, column) = (i / 64, i / 16 % 4, i % 16);
            let (query, cache) = (&rows[token * row + head * 16..][..16], &cache[head / 2]);
            let score = |j: usize| {
                let pairs = query.iter().zip(&cache.keys[j * 16..(j + 1) * 16]);
                (pairs.map(|(a, b)| f64::from(a * b)).sum::<f64>() / 4.0).exp()
            };
            let seen = 0..tokens - 1 + token;
            let sum: f64 = seen.clone().map(score).sum();
            let right = seen.map(|j| score(j) * f64::from(cache.values[j * 16 + column])).sum::<f64>() / sum;
            assert!((f64::from(*found) - right).abs() < 1e-5, "{i}: {found} is not {right}");
        }
    }
}
