//! A linear map whose weights and rows are rounded to integers that are multiplied digit by digit, of 8 bits each, by the
//! processor's tiles (`tiles.rs`).
//!
//! Weights have 16 bits, two digits, or 8, one; each output's are rounded to steps of the largest among them, each row's numbers
//! to steps of its own largest. Rows have two digits. Of four products of digits, that of the two lower is left out: it is a
//! 65,536th of that of the upper, and as often positive as negative, since digits go from -128 to 127. Sums of integers do not
//! depend on their order, so that a row's product never depends on the rows beside it.

use super::linear::Room;
use super::rounding::{MOST_OF_ONE, MOST_OF_TWO, most, round_rows};
use super::tiles::{Factors, INPUTS, LINES, OfWeight, Product, Tile, Tiles};

/// Of more inputs a sum of products could leave 32 bits: the middle one has two products of digits for each.
pub(super) const MOST_INPUTS: usize = i32::MAX as usize / (2 * 128 * 127);

/// The weights, in tiles; inputs are padded to whole tiles, and so are outputs.
#[derive(Debug)]
pub(super) struct Digits {
    tiles: Tiles,
    weights: Vec<Tile>,
    of_weight: OfWeight,
    /// The size of a step of each output's weights, padded as they are.
    scales: Vec<[f32; LINES]>,
    inputs: usize,
    outputs: usize,
}

/// The rows of a product, in digits.
#[derive(Default)]
pub(super) struct Rows {
    rounded: Vec<i16>,
    tiles: Vec<Tile>,
}

impl Digits {
    /// Rounds a map of row-major (outputs, inputs), of at most [`MOST_INPUTS`], to weights of so many digits.
    pub(super) fn new(tiles: Tiles, map: &[f32], inputs: usize, of_weight: OfWeight) -> Self {
        let outputs = map.len() / inputs.max(1);
        let (panels, steps) = (outputs.div_ceil(LINES), inputs.div_ceil(INPUTS));
        let most = match of_weight {
            OfWeight::One => MOST_OF_ONE,
            OfWeight::Two => MOST_OF_TWO,
        };
        let mut rounded = vec![0; map.len()];
        let mut scales = round_rows(map, inputs, most, &mut rounded);
        scales.resize(panels * LINES, 0.0);
        let mut weights = vec![Tile::ZERO; panels * steps * of_weight.digits()];
        for (output, row) in rounded.chunks_exact(inputs.max(1)).enumerate() {
            for (input, weight) in row.iter().enumerate() {
                let at = (output / LINES * steps + input / INPUTS) * of_weight.digits();
                let place = input % INPUTS / 4 * INPUTS + output % LINES * 4 + input % 4;
                let (upper, lower) = digits(*weight);
                match of_weight {
                    // A number of one digit is its lower one.
                    OfWeight::One => weights[at].0[place] = lower,
                    OfWeight::Two => (weights[at].0[place], weights[at + 1].0[place]) = (upper, lower),
                }
            }
        }
        Self { tiles, weights, of_weight, scales: scales.as_chunks().0.to_vec(), inputs, outputs }
    }

    /// The product with each row, written over `out`.
    pub(super) fn product(&self, rows: &[f32], out: &mut Vec<f32>, room: &mut Room) {
        let Rows { rounded, tiles } = &mut room.digits;
        let count = rows.len() / self.inputs.max(1);
        rounded.resize(rows.len(), 0);
        let most = match self.of_weight {
            OfWeight::One => most(self.inputs),
            OfWeight::Two => MOST_OF_TWO,
        };
        let of_rows = round_rows(rows, self.inputs, most, rounded);
        lay_out(rounded, self.inputs, tiles);
        out.resize(count * self.outputs, 0.0);
        let steps = self.inputs.div_ceil(INPUTS);
        let factors = Factors { rows: tiles, weights: &self.weights, steps, of_weight: self.of_weight };
        let product = Product { of_rows: &of_rows, of_outputs: &self.scales, outputs: self.outputs, numbers: out };
        self.tiles.products(factors, product);
    }
}

/// The two digits of a number, each from -128 to 127.
#[inline(always)]
fn digits(number: i16) -> (i8, i8) {
    let lower = number as i8;
    ((number.wrapping_sub(i16::from(lower)) >> 8) as i8, lower)
}

/// Writes the digits of the rows over `tiles`: for each sixteen rows, for each 64 inputs, a tile of the upper and one of the lower.
fn lay_out(rounded: &[i16], inputs: usize, tiles: &mut Vec<Tile>) {
    let steps = inputs.div_ceil(INPUTS);
    let count = rounded.len() / inputs.max(1);
    tiles.clear();
    tiles.resize(count.div_ceil(LINES) * steps * 2, Tile::ZERO);
    for (row, numbers) in rounded.chunks_exact(inputs.max(1)).enumerate() {
        let at = row / LINES * steps * 2;
        for (numbers, [upper, lower]) in numbers.chunks(INPUTS).zip(tiles[at..].as_chunks_mut().0) {
            let line = row % LINES * INPUTS;
            let lines = upper.0[line..line + INPUTS].iter_mut().zip(&mut lower.0[line..line + INPUTS]);
            for (number, (upper, lower)) in numbers.iter().zip(lines) {
                (*upper, *lower) = digits(*number);
            }
        }
    }
}
