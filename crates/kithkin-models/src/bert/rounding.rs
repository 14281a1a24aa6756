//! Rounding of rows of floats to integers: each row to steps of its own largest number, and how many steps there may be.
//!
//! What is done with the integers, and how their sums become floats again, is the business of the linear maps.

use pulp::{Arch, Simd, WithSimd};

use super::lanes::{ROUND, max_of};

/// The largest number of one digit of 8 bits.
pub(super) const MOST_OF_ONE: i16 = 127;

/// The largest number of two digits, 127 and 127: in the next one the upper digit would be 128.
pub(super) const MOST_OF_TWO: i16 = 127 * 256 + 127;

/// To how many steps a row of so many inputs is rounded where weights have one digit, so that no sum leaves 32 bits, and each
/// step is a number of two digits.
pub(super) fn most(inputs: usize) -> i16 {
    let fitting = i32::MAX as usize / (MOST_OF_ONE as usize * inputs.max(1));
    i16::try_from(fitting).map_or(MOST_OF_TWO, |fitting| fitting.min(MOST_OF_TWO))
}

/// Rounds each row of so many `inputs` to `most` steps of its largest number, either side of 0, and gives the size of each
/// row's step. A row of `out` is as long, or longer; what is over stays as it is.
pub(super) fn round_rows(rows: &[f32], inputs: usize, most: i16, out: &mut [i16]) -> Vec<f32> {
    Arch::new().dispatch(RoundRows { rows, inputs, most, out })
}

struct RoundRows<'a> {
    rows: &'a [f32],
    inputs: usize,
    most: i16,
    out: &'a mut [i16],
}

impl WithSimd for RoundRows<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<f32> {
        let rows = self.rows.chunks_exact(self.inputs.max(1));
        let width = self.out.len() / rows.len().max(1);
        let mut scales = Vec::with_capacity(rows.len());
        for (row, out) in rows.zip(self.out.chunks_exact_mut(width.max(1))) {
            let most = f32::from(self.most);
            let top = max_of(row, f32::abs);
            let factor = if top > 0.0 { most / top } else { 0.0 };
            for (to, x) in out.iter_mut().zip(row) {
                *to = (x * factor + ROUND).to_bits().wrapping_sub(ROUND.to_bits()) as i16;
            }
            scales.push(top / most);
        }
        scales
    }
}
