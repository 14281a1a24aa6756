//! A matrix of unit vectors that is searched whole: 8-bit copies for the scan, the originals for exact scores.
//!
//! A row is a unit's number; rows may come in any order and may be missing. There is no index over the vectors: one
//! person's matrix is read faster than a graph would be maintained, and nothing is ever missed.

use super::simd::{Block, Kernel, LANES};

/// Rows scored between two reads of their scales; the integers in between stay in the first cache.
const STRIDE: usize = 256;

/// The vectors of one person in one vector space. A row takes 5 bytes a dimension and 4 more.
#[derive(Debug, Clone)]
pub(crate) struct Vectors {
    dims: usize,
    kernel: Kernel,
    /// Row after row, each padded with zeros to whole blocks.
    quantised: Vec<Block>,
    /// What one step of a row's integers is worth. NaN marks a missing row, and makes its scores NaN by arithmetic.
    scales: Vec<f32>,
    originals: Vec<f32>,
    present: usize,
}

impl Vectors {
    /// An empty matrix of vectors of length `dims`, with room for so many rows.
    pub(crate) fn new(dims: usize, rows: usize) -> Self {
        Self {
            dims,
            kernel: Kernel::best(),
            quantised: Vec::with_capacity(rows * dims.div_ceil(LANES)),
            scales: Vec::with_capacity(rows),
            originals: Vec::with_capacity(rows * dims),
            present: 0,
        }
    }

    /// Puts a vector in its row, in place of what was there; the rows before it that are not yet there are missing ones.
    /// A vector of another length, or with a value that is not finite, is refused: the row stays as it was and the
    /// answer is `false`. Cost: about 0.5 µs at 384 dimensions; memory grows to the highest row.
    pub(crate) fn set(&mut self, row: u32, vector: &[f32]) -> bool {
        if vector.len() != self.dims || !vector.iter().all(|v| v.is_finite()) {
            return false;
        }
        let row = row as usize;
        if row >= self.scales.len() {
            self.scales.resize(row + 1, f32::NAN);
            self.quantised.resize((row + 1) * self.blocks(), Block::ZERO);
            self.originals.resize(row * self.dims, 0.0);
            self.originals.extend_from_slice(vector);
        } else if let Some(original) = self.originals.get_mut(row * self.dims..(row + 1) * self.dims) {
            original.copy_from_slice(vector);
        }
        let width = self.blocks();
        let blocks = self.quantised.get_mut(row * width..(row + 1) * width);
        let (Some(scale), Some(blocks)) = (self.scales.get_mut(row), blocks) else { return false };
        self.present += usize::from(scale.is_nan());
        *scale = quantise(vector, blocks);
        true
    }

    /// Takes a row out and overwrites it. Nothing happens to a missing row.
    pub(crate) fn remove(&mut self, row: u32) {
        if !self.has(row) {
            return;
        }
        let (row, width, dims) = (row as usize, self.blocks(), self.dims);
        self.present -= 1;
        if let Some(scale) = self.scales.get_mut(row) {
            *scale = f32::NAN;
        }
        if let Some(blocks) = self.quantised.get_mut(row * width..(row + 1) * width) {
            blocks.fill(Block::ZERO);
        }
        if let Some(original) = self.originals.get_mut(row * dims..(row + 1) * dims) {
            original.fill(0.0);
        }
    }

    /// Whether the row has a vector.
    pub(crate) fn has(&self, row: u32) -> bool {
        self.scales.get(row as usize).is_some_and(|scale| !scale.is_nan())
    }

    /// How many rows have a vector.
    pub(crate) fn present(&self) -> usize {
        self.present
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.quantised.capacity() * size_of::<Block>() + (self.scales.capacity() + self.originals.capacity()) * 4
    }

    /// Writes the approximate dot product of the query with each row: `out[row]`, NaN for a missing row. A query of
    /// another length makes all of them NaN.
    ///
    /// With d dimensions, largest values m(x), m(q) and lengths |x|, |q|, the error is at most
    /// r·m(x)·|q| + r·m(q)·(|x| + r·m(x)), where r = √d / 254. For unit vectors of 384 dimensions with values up to 0.2
    /// that is 0.032; the usual error is below 0.001, as roundings cancel.
    ///
    /// Cost: one read of the 8-bit copies, 0.13 ms for 10,000 rows of 384, 1.4 ms for 100,000.
    pub(crate) fn scan(&self, query: &[f32], out: &mut [f32]) {
        let width = self.blocks();
        if query.len() != self.dims || width == 0 {
            out.fill(f32::NAN);
            return;
        }
        let mut blocks = vec![Block::ZERO; width];
        let step = quantise(query, &mut blocks);
        let known = self.scales.len().min(out.len());
        let (scored, beyond) = out.split_at_mut(known);
        beyond.fill(f32::NAN);
        let mut dots = [0; STRIDE];
        let strides = scored.chunks_mut(STRIDE).zip(self.scales.chunks(STRIDE));
        for ((out, scales), rows) in strides.zip(self.quantised.chunks(STRIDE * width)) {
            self.kernel.dots(rows, &blocks, &mut dots);
            for ((out, scale), dot) in out.iter_mut().zip(scales).zip(dots) {
                *out = dot as f32 * (scale * step);
            }
        }
    }

    /// The exact dot product of the query with one row. Cost: about 0.03 µs at 384 dimensions.
    pub(crate) fn exact(&self, row: u32, query: &[f32]) -> Option<f32> {
        self.original(row).filter(|_| query.len() == self.dims).map(|vector| dot(vector, query))
    }

    /// The vector of a row as it was set.
    pub(crate) fn original(&self, row: u32) -> Option<&[f32]> {
        let at = row as usize;
        self.originals.get(at * self.dims..(at + 1) * self.dims).filter(|_| self.has(row))
    }

    /// Adds `weight` times the row to `sum`, which grows from empty to the length of a vector; a missing row adds nothing.
    pub(crate) fn add_to(&self, row: u32, weight: f32, sum: &mut Vec<f32>) {
        if let Some(vector) = self.original(row) {
            sum.resize(self.dims, 0.0);
            sum.iter_mut().zip(vector).for_each(|(s, v)| *s += weight * v);
        }
    }

    /// Replaces the scores of some rows in the output of [`Vectors::scan`] by exact ones.
    pub(crate) fn rescore(&self, query: &[f32], rows: &[u32], out: &mut [f32]) {
        for &row in rows {
            if let (Some(exact), Some(out)) = (self.exact(row, query), out.get_mut(row as usize)) {
                *out = exact;
            }
        }
    }

    fn blocks(&self) -> usize {
        self.dims.div_ceil(LANES)
    }
}

/// Writes the vector as integers from −127 to 127; gives what one step is worth.
fn quantise(vector: &[f32], blocks: &mut [Block]) -> f32 {
    let largest = vector.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
    let steps = if largest > 0.0 { 127.0 / largest } else { 0.0 };
    for (chunk, block) in vector.chunks(LANES).zip(blocks) {
        for (value, integer) in chunk.iter().zip(&mut block.0) {
            // Casts cut, hence the half. A subnormal maximum makes `steps` infinite: the clamp holds, and NaN casts to 0.
            let exact = (value * steps).clamp(-127.0, 127.0);
            *integer = (exact + 0.5_f32.copysign(exact)) as i8;
        }
    }
    largest / 127.0
}

/// The length of a vector.
pub(super) fn norm(vector: &[f32]) -> f32 {
    dot(vector, vector).sqrt()
}

/// Sixteen sums side by side, which the compiler turns into vector instructions.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 16];
    let (a, b) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unit(mut v: Vec<f32>) -> Vec<f32> {
        let norm = v.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-6);
        v.iter_mut().for_each(|x| *x /= norm);
        v
    }

    fn largest(v: &[f32]) -> f32 {
        v.iter().fold(0.0, |m, x| m.max(x.abs()))
    }

    proptest! {
        #[test]
        fn scores_stay_within_the_bound_and_missing_rows_are_nan(
            dims in 1..200_usize,
            seed in prop::collection::vec(-1.0..1.0_f32, 200 * 5),
            spike in 0..200_usize,
            rows in prop::collection::vec(0..600_u32, 1..8),
            gone in 0..600_u32,
        ) {
            let mut cut = seed.chunks_exact(200).map(|v| unit(v[..dims].to_vec()));
            let mut query = cut.next().unwrap();
            query[spike % dims] += 2.0;
            let query = unit(query);
            let pool: Vec<Vec<f32>> = cut.collect();
            let mut vectors = Vectors::new(dims, 3);
            for &row in &rows {
                prop_assert!(vectors.set(row, &pool[row as usize % pool.len()]));
            }
            vectors.remove(gone);
            let mut out = vec![0.0; 700];
            vectors.scan(&query, &mut out);
            for row in 0..700_u32 {
                let held = rows.contains(&row) && row != gone;
                prop_assert_eq!(vectors.has(row), held);
                let Some(exact) = vectors.exact(row, &query) else {
                    prop_assert!(!held && out[row as usize].is_nan());
                    continue;
                };
                let x = &pool[row as usize % pool.len()];
                let truth: f64 = x.iter().zip(&query).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                prop_assert!((f64::from(exact) - truth).abs() < 1e-5);
                let r = (dims as f32).sqrt() / 254.0;
                let bound = r * largest(x) + r * largest(&query) * (1.0 + r * largest(x));
                prop_assert!((out[row as usize] - exact).abs() <= bound + 1e-5);
                vectors.rescore(&query, &[row, 9999], &mut out);
                prop_assert_eq!(out[row as usize], exact);
            }
            let held = (0..700).filter(|row| vectors.has(*row)).count();
            prop_assert_eq!(vectors.present(), held);
        }
    }

    #[test]
    fn what_is_no_vector_is_refused() {
        let mut vectors = Vectors::new(2, 0);
        let mut check = |v: &[f32], expect| assert_eq!(vectors.set(0, v), expect, "{v:?}");
        check(&[1.0], false);
        check(&[f32::NAN, 0.0], false);
        check(&[0.0, 0.0], true);
        check(&[f32::MIN_POSITIVE / 8.0, 0.0], true);
        let mut out = [0.0; 2];
        vectors.scan(&[1.0], &mut out);
        assert!(out.iter().all(|x| x.is_nan()));
        vectors.scan(&[1.0, 0.0], &mut out);
        assert!(out[0].abs() < 1e-6 && out[1].is_nan());
    }
}
