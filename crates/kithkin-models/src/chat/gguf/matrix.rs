//! Matrices of 4 or 8 bits a weight, and their product with rows of `f32`.
//!
//! candle's own dot product for Q4_1 is not vectorised, and its others hand each product to threads that spin, which
//! starves on a machine with other work. So the weights are laid out anew, in tiles; `pulp` compiles the products for the
//! instruction sets it knows and picks one at run time.
//!
//! Q4_0, Q4_1 and Q8_0 keep their exact values. Every other kind is rounded to Q8_0 when it is loaded: the error of a
//! weight is at most 1/254 of the largest among its 32. The input is rounded to 8 bits likewise, as llama.cpp does.

use std::array;

use candle_core::Device;
use candle_core::quantized::{GgmlDType, QTensor};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::tile::{BLOCK, Eight, Four, Input, ROWS};

/// How many inputs run together, so that a tile is unpacked once for all.
const TOGETHER: usize = 4;
/// Fewer tiles than this a thread are not worth waking one.
const TILES_A_THREAD: usize = 128;

/// 32 rows of a matrix, a tile for each 32 columns.
#[derive(Debug)]
enum Band {
    Four(Vec<Four>),
    Eight(Vec<Eight>),
}

/// A matrix of (outputs, inputs); its outputs are padded to whole tiles.
#[derive(Debug)]
pub(super) struct Matrix {
    bands: Vec<Band>,
    columns: usize,
}

impl Matrix {
    /// Lays out a tensor of two dimensions whose inputs are whole blocks.
    pub(super) fn new(tensor: &QTensor) -> candle_core::Result<Self> {
        let (rows, columns) = tensor.shape().dims2()?;
        if columns == 0 || !columns.is_multiple_of(BLOCK) {
            candle_core::bail!("{columns} inputs are not blocks of {BLOCK}");
        }
        let blocks = columns / BLOCK;
        let bands = 0..rows.div_ceil(ROWS);
        let bands = match tensor.dtype() {
            GgmlDType::Q4_0 | GgmlDType::Q4_1 => {
                let data = tensor.data()?;
                let size = tensor.dtype().type_size();
                let block = |row: usize, i: usize| data.get((row * blocks + i) * size..).and_then(|b| b.get(..size));
                bands
                    .map(|band| Band::Four((0..blocks).map(|i| Four::new(|row| block(band * ROWS + row, i))).collect()))
                    .collect()
            }
            kind => {
                let rounded;
                let tensor = if kind == GgmlDType::Q8_0 {
                    tensor
                } else {
                    rounded = QTensor::quantize(&tensor.dequantize(&Device::Cpu)?, GgmlDType::Q8_0)?;
                    &rounded
                };
                let data = tensor.data()?;
                let size = GgmlDType::Q8_0.type_size();
                let block = |row: usize, i: usize| data.get((row * blocks + i) * size..).and_then(|b| b.get(..size));
                bands
                    .map(|band| {
                        Band::Eight((0..blocks).map(|i| Eight::new(|row| block(band * ROWS + row, i))).collect())
                    })
                    .collect()
            }
        };
        Ok(Self { bands, columns })
    }

    /// One matrix of several with the same inputs; the outputs of each begin at a whole tile.
    pub(super) fn stacked(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut stack = Self { bands: Vec::new(), columns: 0 };
        for mut part in parts {
            stack.columns = part.columns;
            stack.bands.append(&mut part.bands);
        }
        stack
    }

    /// How many outputs there are, with those that pad the last tile.
    pub(super) fn outputs(&self) -> usize {
        self.bands.len() * ROWS
    }

    /// The product with each row of the input, one row of outputs each.
    pub(super) fn product(&self, input: &Input) -> Vec<f32> {
        let outputs = self.outputs();
        let mut out = vec![0.0; input.rows() * outputs];
        if input.rows() == 1 {
            let a_thread = TILES_A_THREAD.div_ceil(self.columns / BLOCK);
            out.par_chunks_mut(ROWS).zip(&self.bands).with_min_len(a_thread).for_each(|(out, band)| {
                Arch::new().dispatch(Bands::<1> { bands: std::slice::from_ref(band), input, first: 0, out });
            });
        } else {
            out.par_chunks_mut(outputs * TOGETHER).enumerate().for_each(|(i, out)| {
                let (bands, first) = (&self.bands[..], i * TOGETHER);
                if out.len() == outputs * TOGETHER {
                    return Arch::new().dispatch(Bands::<TOGETHER> { bands, input, first, out });
                }
                for (i, out) in out.chunks_exact_mut(outputs).enumerate() {
                    Arch::new().dispatch(Bands::<1> { bands, input, first: first + i, out });
                }
            });
        }
        out
    }

    /// The weights of one output.
    pub(super) fn row(&self, row: usize) -> Option<Vec<f32>> {
        let (band, row) = (self.bands.get(row / ROWS)?, row % ROWS);
        Some(match band {
            Band::Four(tiles) => tiles.iter().flat_map(|tile| tile.row(row)).collect(),
            Band::Eight(tiles) => tiles.iter().flat_map(|tile| tile.row(row)).collect(),
        })
    }
}

/// The product of some bands with `N` rows of the input, from `first` on. `out` holds those rows' outputs.
struct Bands<'a, const N: usize> {
    bands: &'a [Band],
    input: &'a Input,
    first: usize,
    out: &'a mut [f32],
}

impl<const N: usize> WithSimd for Bands<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (outputs, blocks) = (self.bands.len() * ROWS, self.input.columns / BLOCK);
        for (b, band) in self.bands.iter().enumerate() {
            let mut sums = [[0.0; ROWS]; N];
            let at = |i: usize| array::from_fn(|n| (self.first + n) * blocks + i);
            match band {
                Band::Four(tiles) => {
                    tiles.iter().enumerate().for_each(|(i, tile)| tile.add(self.input, at(i), &mut sums));
                }
                Band::Eight(tiles) => {
                    tiles.iter().enumerate().for_each(|(i, tile)| tile.add(self.input, at(i), &mut sums));
                }
            }
            for (sums, out) in sums.iter().zip(self.out.chunks_exact_mut(outputs)) {
                out[b * ROWS..(b + 1) * ROWS].copy_from_slice(sums);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Tensor;

    use super::*;

    #[test]
    fn a_product_is_that_of_the_stored_weights() {
        let wave = |i: usize| ((i * 7919 % 1009) as f32 / 1009.0 - 0.5) * 3.0;
        // Half a step of 127, and what the scale loses as an f16.
        const LOSS: f32 = 1.0 / 254.0 + 1.0 / 2048.0;
        // How far the kept weights may be from those of the file, as a part of the largest.
        let kinds = [
            (GgmlDType::Q4_0, 0.0),
            (GgmlDType::Q4_1, 0.0),
            (GgmlDType::Q8_0, 0.0),
            (GgmlDType::Q5_1, LOSS),
            (GgmlDType::F16, LOSS),
            (GgmlDType::F32, LOSS),
        ];
        for ((kind, loss), (rows, columns)) in kinds.into_iter().flat_map(|kind| [(kind, (64, 96)), (kind, (40, 32))]) {
            let map: Vec<f32> = (0..rows * columns).map(wave).collect();
            let stored = Tensor::from_vec(map, (rows, columns), &Device::Cpu).unwrap();
            let stored = QTensor::quantize(&stored, kind).unwrap();
            let matrix = Matrix::new(&stored).unwrap();
            let stored = stored.dequantize(&Device::Cpu).unwrap().to_vec2::<f32>().unwrap();
            for (i, right) in stored.iter().enumerate() {
                let most = right.iter().fold(0.0_f32, |top, x| top.max(x.abs())) * loss + 1e-6;
                let found = matrix.row(i).unwrap();
                assert!(found.iter().zip(right).all(|(a, b)| (a - b).abs() <= most), "{kind:?}, row {i}");
            }
            // Five inputs: four together, and one alone.
            let inputs: Vec<f32> = (0..5 * columns).map(|i| wave(i + 13)).collect();
            let found = matrix.product(&Input::new(&inputs, columns));
            assert_eq!((matrix.outputs(), found.len()), (64, 5 * 64));
            for (i, input) in inputs.chunks_exact(columns).enumerate() {
                assert_eq!(
                    matrix.product(&Input::new(input, columns)),
                    found[i * 64..(i + 1) * 64],
                    "{kind:?}, input {i}"
                );
                for j in 0..rows {
                    let pairs = input.iter().zip(matrix.row(j).unwrap());
                    let right: f32 = pairs.map(|(x, w)| x * w).sum();
                    // Each of the input's numbers is off by at most 1/254 of the largest.
                    let most = 1.5 / 254.0 * 1.6 * columns as f32;
                    assert!((found[i * 64 + j] - right).abs() < most / 4.0, "{kind:?} at {i}, {j}");
                }
            }
        }
    }

    #[test]
    fn extreme_numbers_do_not_overflow() {
        let map = Tensor::full(1.0_f32, (32, 32), &Device::Cpu).unwrap();
        for kind in [GgmlDType::Q4_0, GgmlDType::Q8_0] {
            let matrix = Matrix::new(&QTensor::quantize(&map, kind).unwrap()).unwrap();
            for sign in [1.0, -1.0] {
                let found = matrix.product(&Input::new(&[sign * 100.0; 32], 32));
                assert!(found.iter().all(|x| (x - sign * 3200.0).abs() < 5.0), "{kind:?}: {found:?}");
            }
        }
        let odd = QTensor::quantize(&Tensor::full(1.0_f32, (4, 8), &Device::Cpu).unwrap(), GgmlDType::F32).unwrap();
        assert!(Matrix::new(&odd).is_err());
    }
}
