//! The elementwise parts of a BERT layer on slices of `f32`: bias and GELU, residual and layer norm, attention within
//! each text.
//!
//! They are plain loops that the compiler turns into vector instructions; `pulp` compiles each for the instruction
//! sets it knows and picks one at run time, so that a portable build is fast too. Nothing here allocates per element,
//! and no text sees another: the texts of a batch lie one after another without padding.

use std::array::from_fn;
use std::marker::PhantomData;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

/// Sums are kept in this many independent parts, because the compiler must not reorder a sum of floats by itself.
pub(crate) const LANES: usize = 16;

/// How a sum of floats is taken, on which its last digits hang.
pub(crate) trait Summation {
    /// `sum` and the product of the two others.
    fn with_product(sum: f32, a: f32, b: f32) -> f32;

    /// All parts in one.
    fn of_parts(parts: [f32; LANES]) -> f32;
}

/// Each product is rounded, and parts are taken from the first to the last.
pub(crate) struct OneByOne;

impl Summation for OneByOne {
    #[inline(always)]
    fn with_product(sum: f32, a: f32, b: f32) -> f32 {
        sum + a * b
    }

    #[inline(always)]
    fn of_parts(parts: [f32; LANES]) -> f32 {
        parts.iter().sum()
    }
}

/// A product is rounded with its sum where `S` has the instruction, and parts are taken half with half.
struct ByHalves<S>(PhantomData<S>);

impl<S: Simd> Summation for ByHalves<S> {
    #[inline(always)]
    fn with_product(sum: f32, a: f32, b: f32) -> f32 {
        // A processor without the instruction would call a function for it.
        if S::IS_SCALAR { sum + a * b } else { a.mul_add(b, sum) }
    }

    #[inline(always)]
    fn of_parts(parts: [f32; LANES]) -> f32 {
        halved(parts, |a, b| a + b)
    }
}

/// The parts taken together, each time one half with the other: the fewest steps that wait for one another.
#[inline(always)]
fn halved(mut parts: [f32; LANES], both: impl Fn(f32, f32) -> f32) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        let (first, second) = parts.split_at_mut(half);
        for (a, b) in first.iter_mut().zip(second) {
            *a = both(*a, *b);
        }
        half /= 2;
    }
    parts[0]
}

/// Adds `bias` to each row of `rows` and applies GELU, in the erf form that BERT was trained with.
pub(super) fn bias_gelu(rows: &mut [f32], bias: &[f32]) {
    Arch::new().dispatch(BiasGelu { rows, bias });
}

struct BiasGelu<'a> {
    rows: &'a mut [f32],
    bias: &'a [f32],
}

impl WithSimd for BiasGelu<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for row in self.rows.chunks_exact_mut(self.bias.len().max(1)) {
            for (x, b) in row.iter_mut().zip(self.bias) {
                let v = *x + b;
                *x = 0.5 * v * (1.0 + erf(v * std::f32::consts::FRAC_1_SQRT_2));
            }
        }
    }
}

/// Scale and shift of a layer norm.
#[derive(Debug)]
pub(super) struct Norm {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
    pub(super) eps: f32,
}

/// Adds `bias` and `residual` to each row of `rows`, then brings it to mean 0 and variance 1, scaled and shifted.
pub(super) fn add_norm(rows: &mut [f32], bias: &[f32], residual: &[f32], norm: &Norm) {
    Arch::new().dispatch(AddNorm { rows, bias, residual, norm });
}

struct AddNorm<'a> {
    rows: &'a mut [f32],
    bias: &'a [f32],
    residual: &'a [f32],
    norm: &'a Norm,
}

impl WithSimd for AddNorm<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let width = self.bias.len().max(1);
        for (row, residual) in self.rows.chunks_exact_mut(width).zip(self.residual.chunks_exact(width)) {
            for ((x, b), r) in row.iter_mut().zip(self.bias).zip(residual) {
                *x += b + r;
            }
            normalise::<ByHalves<S>>(row, self.norm);
        }
    }
}

/// Layer norm of each row in place.
pub(super) fn norm(rows: &mut [f32], norm: &Norm) {
    for row in rows.chunks_exact_mut(norm.scale.len().max(1)) {
        normalise::<OneByOne>(row, norm);
    }
}

#[inline(always)]
fn normalise<A: Summation>(row: &mut [f32], norm: &Norm) {
    let n = row.len() as f32;
    let mean = sum_of::<A>(row, |x| x) / n;
    let variance = sum_of::<A>(row, |x| (x - mean) * (x - mean)) / n;
    let factor = 1.0 / (variance + norm.eps).sqrt();
    for ((x, scale), shift) in row.iter_mut().zip(&norm.scale).zip(&norm.shift) {
        *x = (*x - mean) * factor * scale + shift;
    }
}

#[inline(always)]
pub(crate) fn sum_of<A: Summation>(row: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut parts = [0.0; LANES];
    let chunks = row.chunks_exact(LANES);
    let rest: f32 = chunks.remainder().iter().map(|x| f(*x)).sum();
    for chunk in chunks {
        for (part, x) in parts.iter_mut().zip(chunk) {
            *part += f(*x);
        }
    }
    A::of_parts(parts) + rest
}

#[inline(always)]
pub(super) fn max_of(row: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut parts = [f32::NEG_INFINITY; LANES];
    let chunks = row.chunks_exact(LANES);
    let rest = chunks.remainder().iter().fold(f32::NEG_INFINITY, |top, x| top.max(f(*x)));
    for chunk in chunks {
        for (part, x) in parts.iter_mut().zip(chunk) {
            let x = f(*x);
            *part = if *part > x { *part } else { x };
        }
    }
    halved(parts, |a, b| if a > b { a } else { b }).max(rest)
}

/// The shape of an attention layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heads {
    pub(super) count: usize,
    /// The width of one head.
    pub(super) width: usize,
}

/// Scaled dot-product attention of each token over the tokens of its own text.
///
/// A row of `qkv` holds query, key and value of a token, each as wide as all heads together; `bias` belongs to it. A
/// row of `out` is as wide as all heads together. `texts` are the rows of each text.
pub(super) fn attend(qkv: &[f32], bias: &[f32], heads: Heads, texts: &[Range<usize>], out: &mut [f32]) {
    Arch::new().dispatch(Attend { qkv, bias, heads, texts, out });
}

struct Attend<'a> {
    qkv: &'a [f32],
    bias: &'a [f32],
    heads: Heads,
    texts: &'a [Range<usize>],
    out: &'a mut [f32],
}

impl WithSimd for Attend<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let all = self.heads.count * self.heads.width;
        let longest = self.texts.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
        let mut space = HeadSpace::new(self.heads.width, longest);
        for text in self.texts {
            let qkv = &self.qkv[text.start * 3 * all..text.end * 3 * all];
            let out = &mut self.out[text.start * all..text.end * all];
            for head in 0..self.heads.count {
                space.attend::<ByHalves<S>>(qkv, self.bias, head * self.heads.width, out);
            }
        }
    }
}

/// How many tokens of a text attend at once: what each waits for, the next ones do meanwhile.
const TOGETHER: usize = 4;

/// What one head works on, for one text at a time. Rows are padded to whole lanes with zeros.
struct HeadSpace {
    width: usize,
    /// One row a component, one column a token, so that a step of the product runs over all tokens.
    keys: Vec<f32>,
    /// One row a token.
    values: Vec<f32>,
    /// One row each of the tokens that attend at once.
    queries: Vec<f32>,
    weights: Vec<f32>,
    contexts: Vec<f32>,
}

impl HeadSpace {
    fn new(width: usize, longest: usize) -> Self {
        let (padded, tokens) = (width.next_multiple_of(LANES), longest.next_multiple_of(LANES));
        Self {
            width,
            keys: vec![0.0; width * tokens],
            values: vec![0.0; longest * padded],
            queries: vec![0.0; TOGETHER * width],
            weights: vec![0.0; TOGETHER * tokens],
            contexts: vec![0.0; TOGETHER * padded],
        }
    }

    /// Runs the head whose part of a row starts at `first`, for the tokens of one text.
    #[inline(always)]
    fn attend<A: Summation>(&mut self, qkv: &[f32], bias: &[f32], first: usize, out: &mut [f32]) {
        let all = bias.len() / 3;
        let n = qkv.len() / bias.len().max(1);
        let tokens = n.next_multiple_of(LANES);
        let part = |of: usize| of * all + first..of * all + first + self.width;
        let padded = self.contexts.len() / TOGETHER;
        let keys = &mut self.keys[..self.width * tokens];
        let values = self.values[..n * padded].chunks_exact_mut(padded.max(1));
        for (i, (row, value)) in qkv.chunks_exact(bias.len()).zip(values).enumerate() {
            for (column, (x, b)) in keys.chunks_exact_mut(tokens).zip(row[part(1)].iter().zip(&bias[part(1)])) {
                column[i] = x + b;
            }
            add(value, &row[part(2)], &bias[part(2)]);
        }
        let (many, few) = qkv.split_at(n / TOGETHER * TOGETHER * bias.len());
        let (out_of_many, out_of_few) = out.split_at_mut(n / TOGETHER * TOGETHER * all);
        let pairs = many.chunks_exact(TOGETHER * bias.len()).zip(out_of_many.chunks_exact_mut(TOGETHER * all));
        pairs.for_each(|(rows, out)| self.look::<A, TOGETHER>(rows, bias, first, n, out));
        let pairs = few.chunks_exact(bias.len()).zip(out_of_few.chunks_exact_mut(all));
        pairs.for_each(|(row, out)| self.look::<A, 1>(row, bias, first, n, out));
    }

    /// Has `N` tokens attend to all `n`, whose keys and values are there.
    #[inline(always)]
    fn look<A: Summation, const N: usize>(
        &mut self,
        rows: &[f32],
        bias: &[f32],
        first: usize,
        n: usize,
        out: &mut [f32],
    ) {
        let (width, tokens, padded) = (self.width, n.next_multiple_of(LANES), self.contexts.len() / TOGETHER);
        let scale = 1.0 / (width as f32).sqrt();
        for (query, row) in self.queries.chunks_exact_mut(width).zip(rows.chunks_exact(bias.len())) {
            add(query, &row[first..first + width], &bias[first..first + width]);
            query.iter_mut().for_each(|x| *x *= scale);
        }
        let queries: [&[f32]; N] = from_fn(|i| &self.queries[i * width..(i + 1) * width]);
        let weights = &mut self.weights[..N * tokens];
        combine::<A, N>(queries, &self.keys[..width * tokens], weights);
        for weights in weights.chunks_exact_mut(tokens) {
            weights[n..].fill(f32::NEG_INFINITY);
            softmax::<A>(weights);
        }
        let weights: [&[f32]; N] = from_fn(|i| &weights[i * tokens..i * tokens + n]);
        combine::<A, N>(weights, &self.values[..n * padded], &mut self.contexts[..N * padded]);
        for (out, context) in out.chunks_exact_mut(bias.len() / 3).zip(self.contexts.chunks_exact(padded)) {
            out[first..first + width].copy_from_slice(&context[..width]);
        }
    }
}

#[inline(always)]
fn add(to: &mut [f32], a: &[f32], b: &[f32]) {
    for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
        *to = a + b;
    }
}

/// For each list of `factors` the sum of `rows`, each times its factor. `out` has a row for each list, as wide as the rows and
/// whole lanes wide; a part of each stays in a register over all rows.
#[inline(always)]
pub(crate) fn combine<A: Summation, const N: usize>(factors: [&[f32]; N], rows: &[f32], out: &mut [f32]) {
    let width = out.len() / N;
    for at in (0..width).step_by(LANES) {
        let mut sums = [[0.0; LANES]; N];
        for (k, row) in rows.chunks_exact(width).enumerate() {
            let part = &row[at..at + LANES];
            for (sum, factors) in sums.iter_mut().zip(factors) {
                let factor = factors[k];
                for (sum, x) in sum.iter_mut().zip(part) {
                    *sum = A::with_product(*sum, factor, *x);
                }
            }
        }
        for (out, sum) in out.chunks_exact_mut(width).zip(sums) {
            out[at..at + LANES].copy_from_slice(&sum);
        }
    }
}

/// Softmax of a row of whole lanes.
#[inline(always)]
pub(crate) fn softmax<A: Summation>(row: &mut [f32]) {
    let top = max_of(row, |x| x);
    for x in row.iter_mut() {
        *x = exp(*x - top);
    }
    let factor = 1.0 / sum_of::<A>(row, |x| x);
    for x in row {
        *x *= factor;
    }
}

/// Adding it to a number of less than 22 bits leaves the nearest whole number in the low bits.
pub(super) const ROUND: f32 = 12_582_912.0;

/// e to the x, for x <= 0, within 2 units of the last place; below -87 it gives about 1e-38.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = if x > -87.0 { x } else { -87.0 };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let mut p = 1.987_569_1e-4;
    for c in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_6e-1, 0.5] {
        p = p * r + c;
    }
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    (p * r * r + r + 1.0) * f32::from_bits(exponent)
}

/// The error function within 4e-7, as a quotient of polynomials that is exact to `f32` up to where erf reaches 1.
#[inline(always)]
fn erf(x: f32) -> f32 {
    let x = if x > 4.0 { 4.0 } else { x };
    let x = if x < -4.0 { -4.0 } else { x };
    let s = x * x;
    let mut p = -2.726_142_3e-10;
    for c in [2.770_681_4e-8, -2.101_024e-6, -5.692_506_4e-5, -7.349_906_6e-4, -2.954_6e-3, -1.609_603_3e-2] {
        p = p * s + c;
    }
    let mut q = -1.456_607_2e-5;
    for c in [-2.133_740_6e-4, -1.682_827e-3, -7.373_329_4e-3, -1.426_473_9e-2] {
        q = q * s + c;
    }
    x * p / q
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The integral of the bell curve by small steps, as far as `f64` is exact enough for `f32`.
    fn erf_by_steps(x: f64) -> f64 {
        let steps = 20_000;
        let h = x / f64::from(steps);
        let bell = |i: i32| (-(f64::from(i) * h + h / 2.0).powi(2)).exp();
        (0..steps).map(bell).sum::<f64>() * h * 2.0 / std::f64::consts::PI.sqrt()
    }

    #[test]
    fn the_fast_functions_are_exact_to_the_last_places() {
        for i in -500..=500 {
            let x = i as f32 / 100.0;
            let (found, right) = (f64::from(erf(x)), erf_by_steps(f64::from(x)));
            assert!((found - right).abs() < 4e-7, "erf({x}) = {found}, not {right}");
        }
        for i in 0..=8600 {
            let x = i as f32 / -100.0;
            let (found, right) = (f64::from(exp(x)), f64::from(x).exp());
            assert!((found / right - 1.0).abs() < 3e-7, "exp({x}) = {found}, not {right}");
        }
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn attention_is_the_textbook_sum_within_each_text() {
        // Widths below, at and above a lane; lengths likewise; an empty text between others.
        for (width, lengths) in [(4, vec![3, 0, 1]), (16, vec![16, 2]), (20, vec![33, 17])] {
            let heads = Heads { count: 2, width };
            let all = 2 * width;
            let total: usize = lengths.iter().sum();
            let wave = |i: usize| ((i * 37 % 101) as f32 / 50.0 - 1.0).sin();
            let qkv: Vec<f32> = (0..total * 3 * all).map(wave).collect();
            let bias: Vec<f32> = (0..3 * all).map(|i| wave(i + 7) / 4.0).collect();
            let mut texts = Vec::new();
            for n in lengths {
                let start = texts.last().map_or(0, |t: &Range<usize>| t.end);
                texts.push(start..start + n);
            }
            let mut out = vec![0.0; total * all];
            attend(&qkv, &bias, heads, &texts, &mut out);
            let at = |token: usize, part: usize, i: usize| {
                f64::from(qkv[token * 3 * all + part * all + i] + bias[part * all + i])
            };
            for text in &texts {
                for (i, c) in text.clone().flat_map(|i| (0..all).map(move |c| (i, c))) {
                    let head = c / width * width..(c / width + 1) * width;
                    let score = |j: usize| head.clone().map(|d| at(i, 0, d) * at(j, 1, d)).sum::<f64>();
                    let weight = |j: usize| (score(j) / (width as f64).sqrt()).exp();
                    let sum: f64 = text.clone().map(weight).sum();
                    let right = text.clone().map(|j| weight(j) * at(j, 2, c)).sum::<f64>() / sum;
                    let found = f64::from(out[i * all + c]);
                    assert!((found - right).abs() < 1e-5, "token {i}, column {c}: {found}, not {right}");
                }
            }
        }
    }
}
