//! Tiles of 32 rows by 32 columns, of 4 or 8 bits a weight, and what a tile adds to a product.
//!
//! The 32 rows of a column lie side by side, so that a step runs over 32 rows without a sum across lanes. The loops are
//! plain; whoever calls them compiles them for the processor at hand. Sums of whole numbers are exact.

use std::array;

use half::f16;
use pulp::{Arch, Simd, WithSimd};

/// How many rows a tile has.
pub(super) const ROWS: usize = 32;
/// How many columns share a scale, in every format that is kept.
pub(super) const BLOCK: usize = 32;

/// 32 rows by 32 columns of 4-bit numbers; the weight is `number * scale + floor`.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(super) struct Four {
    /// For each pair of columns, the numbers of each row: the first column's low, the second's high.
    pairs: [[u8; ROWS]; BLOCK / 2],
    /// The bits of each row's `f16`.
    scales: [u16; ROWS],
    floors: [u16; ROWS],
}

/// The same of 8 bits; the weight is `number * scale`.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(super) struct Eight {
    columns: [[i8; ROWS]; BLOCK],
    scales: [u16; ROWS],
}

/// Rows of `f32`, rounded to 8 bits.
#[derive(Debug)]
pub(super) struct Input {
    /// As wide as the products want them.
    numbers: Vec<i16>,
    scales: Vec<f32>,
    /// The sum of each block's rounded values.
    sums: Vec<f32>,
    pub(super) columns: usize,
}

impl Input {
    /// Rounds rows of whole blocks.
    pub(super) fn new(rows: &[f32], columns: usize) -> Self {
        let blocks = rows.len() / BLOCK;
        let (mut numbers, mut scales, mut sums) = (vec![0; rows.len()], vec![0.0; blocks], vec![0.0; blocks]);
        Arch::new().dispatch(Round { rows, numbers: &mut numbers, scales: &mut scales, sums: &mut sums });
        Self { numbers, scales, sums, columns }
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.numbers.len() / self.columns.max(1)
    }
}

struct Round<'a> {
    rows: &'a [f32],
    numbers: &'a mut [i16],
    scales: &'a mut [f32],
    sums: &'a mut [f32],
}

impl WithSimd for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let blocks = self.rows.as_chunks::<BLOCK>().0.iter().zip(self.numbers.as_chunks_mut::<BLOCK>().0);
        for ((values, numbers), (scale, sum)) in blocks.zip(self.scales.iter_mut().zip(self.sums)) {
            let top = values.iter().fold(0.0_f32, |top, x| if x.abs() > top { x.abs() } else { top });
            *scale = top / 127.0;
            let factor = if top > 0.0 { 127.0 / top } else { 0.0 };
            let mut whole = 0_i32;
            for (number, x) in numbers.iter_mut().zip(values) {
                *number = (x * factor).round_ties_even() as i16;
                whole += i32::from(*number);
            }
            *sum = *scale * whole as f32;
        }
    }
}

impl Four {
    /// From the blocks of 32 rows: `f16` scale, for Q4_1 `f16` floor, then 16 bytes: number i low and i + 16 high.
    pub(super) fn new<'a>(block: impl Fn(usize) -> Option<&'a [u8]>) -> Self {
        let mut tile = Self { pairs: [[0; ROWS]; BLOCK / 2], scales: [0; ROWS], floors: [0; ROWS] };
        for row in 0..ROWS {
            let Some((head, numbers)) = block(row).and_then(|b| b.split_last_chunk::<{ BLOCK / 2 }>()) else {
                continue;
            };
            let (scale, floor) = match head {
                [a, b, c, d] => (u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d])),
                // Q4_0 counts from -8; times 8 is exact in an f16 that is no giant.
                [a, b] => {
                    let scale = f16::from_le_bytes([*a, *b]);
                    (scale.to_bits(), f16::from_f32(scale.to_f32() * -8.0).to_bits())
                }
                _ => continue,
            };
            (tile.scales[row], tile.floors[row]) = (scale, floor);
            let number = |i: usize| if i < BLOCK / 2 { numbers[i] & 15 } else { numbers[i - BLOCK / 2] >> 4 };
            for (i, pair) in tile.pairs.iter_mut().enumerate() {
                pair[row] = number(2 * i) | number(2 * i + 1) << 4;
            }
        }
        tile
    }

    /// The weights of a row.
    pub(super) fn row(&self, row: usize) -> [f32; BLOCK] {
        let (scale, floor) = (to_f32(self.scales[row]), to_f32(self.floors[row]));
        array::from_fn(|i| f32::from(self.pairs[i / 2][row] >> (i % 2 * 4) & 15) * scale + floor)
    }

    /// Adds the tile's share to the sums; `at` are the blocks of the input.
    #[inline(always)]
    pub(super) fn add<const N: usize>(&self, input: &Input, at: [usize; N], sums: &mut [[f32; ROWS]; N]) {
        let numbers: [&[i16; BLOCK]; N] = array::from_fn(|n| &input.numbers.as_chunks().0[at[n]]);
        let mut whole = [[0_i32; ROWS]; N];
        // 16 products of at most 15 times 127 fit in 16 bits.
        for half in 0..2 {
            let mut part = [[0_i16; ROWS]; N];
            for (i, pair) in self.pairs[half * BLOCK / 4..(half + 1) * BLOCK / 4].iter().enumerate() {
                let column = half * BLOCK / 2 + 2 * i;
                for n in 0..N {
                    let (x, y) = (numbers[n][column], numbers[n][column + 1]);
                    for (part, pair) in part[n].iter_mut().zip(pair) {
                        let (a, b) = (i16::from(pair & 15), i16::from(pair >> 4));
                        *part = part.wrapping_add(a.wrapping_mul(x)).wrapping_add(b.wrapping_mul(y));
                    }
                }
            }
            for n in 0..N {
                for (whole, part) in whole[n].iter_mut().zip(&part[n]) {
                    *whole = whole.wrapping_add(i32::from(*part));
                }
            }
        }
        for n in 0..N {
            let (scale, sum) = (input.scales[at[n]], input.sums[at[n]]);
            for (i, total) in sums[n].iter_mut().enumerate() {
                *total += whole[n][i] as f32 * (to_f32(self.scales[i]) * scale) + to_f32(self.floors[i]) * sum;
            }
        }
    }
}

impl Eight {
    /// From the blocks of 32 rows: `f16` scale, then 32 numbers.
    pub(super) fn new<'a>(block: impl Fn(usize) -> Option<&'a [u8]>) -> Self {
        let mut tile = Self { columns: [[0; ROWS]; BLOCK], scales: [0; ROWS] };
        for row in 0..ROWS {
            let Some(([a, b], numbers)) = block(row).and_then(|b| b.split_first_chunk::<2>()) else { continue };
            tile.scales[row] = u16::from_le_bytes([*a, *b]);
            for (column, number) in tile.columns.iter_mut().zip(numbers) {
                column[row] = number.cast_signed();
            }
        }
        tile
    }

    /// The weights of a row.
    pub(super) fn row(&self, row: usize) -> [f32; BLOCK] {
        let scale = to_f32(self.scales[row]);
        array::from_fn(|i| f32::from(self.columns[i][row]) * scale)
    }

    /// As [`Four::add`].
    #[inline(always)]
    pub(super) fn add<const N: usize>(&self, input: &Input, at: [usize; N], sums: &mut [[f32; ROWS]; N]) {
        let numbers: [&[i16; BLOCK]; N] = array::from_fn(|n| &input.numbers.as_chunks().0[at[n]]);
        let mut whole = [[0_i32; ROWS]; N];
        for (i, [first, second]) in self.columns.as_chunks().0.iter().enumerate() {
            for n in 0..N {
                let (x, y) = (numbers[n][2 * i], numbers[n][2 * i + 1]);
                for (whole, (a, b)) in whole[n].iter_mut().zip(first.iter().zip(second)) {
                    // Both products fit in 16 bits, and so does their sum: the inputs stay within 127.
                    let pair = i16::from(*a).wrapping_mul(x).wrapping_add(i16::from(*b).wrapping_mul(y));
                    *whole = whole.wrapping_add(i32::from(pair));
                }
            }
        }
        for n in 0..N {
            let scale = input.scales[at[n]];
            for (i, total) in sums[n].iter_mut().enumerate() {
                *total += whole[n][i] as f32 * (to_f32(self.scales[i]) * scale);
            }
        }
    }
}

/// The value of a finite `f16`, in steps that the compiler can vectorise.
#[inline(always)]
fn to_f32(bits: u16) -> f32 {
    /// 2 to the 112: the difference of the two formats' biases.
    const BIAS: f32 = f32::from_bits(0x7780_0000);
    let magnitude = f32::from_bits(u32::from(bits & 0x7fff) << 13) * BIAS;
    f32::from_bits(magnitude.to_bits() | u32::from(bits & 0x8000) << 16)
}
