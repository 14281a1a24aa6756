//! A linear map over rows: its weights as floats or rounded to integers, and what is added to each row of the product.

use super::digits::{Digits, MOST_INPUTS, Rows};
use super::eight_bits::EightBits;
use super::floats::Floats;
use super::fp16::{Fp16, Twice};
use super::kernel::{Kernel, Step, Sums};
use super::tiles::{OfWeight, Tiles};

/// How the weights of the linear maps are kept. Everything between the maps is computed in floats of 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precision {
    /// As the file has them.
    Float,
    /// In two bytes each where the processor has instructions for it: as integers of 16 bits where it has tiles (AMX), else as
    /// floats of 16 bits that are multiplied as such (AVX-512 FP16), or widened (x86-64 with AVX2 or AVX-512); on others as the
    /// file has them.
    Half,
    /// Rounded to 8 bits where the processor has instructions for it (x86-64 with AVX2, better with AVX-512 VNNI, best with
    /// tiles); on others as floats, which are faster there.
    EightBits,
}

/// A linear map.
#[derive(Debug)]
pub(super) struct Linear {
    weights: Weights,
    pub(super) bias: Vec<f32>,
}

/// What a product works in; the next one works in the same.
#[derive(Default)]
pub(super) struct Room {
    /// The rows, as floats of 16 bits.
    pub(super) numbers: Vec<Twice>,
    /// For each row its sums in a panel.
    pub(super) sums: Vec<Sums<f32>>,
    /// The rows, rounded to integers.
    pub(super) rounded: Vec<[i16; 2]>,
    /// The rows, in digits of 8 bits.
    pub(super) digits: Rows,
    /// A panel, as floats of 32 bits.
    pub(super) wide: Vec<Step<f32>>,
}

#[derive(Debug)]
enum Weights {
    Floats(Floats),
    EightBits(EightBits),
    Digits(Digits),
}

impl Linear {
    /// A map of row-major (outputs, inputs), with one number an output to add.
    pub(super) fn new(map: &[f32], inputs: usize, bias: Vec<f32>, precision: Precision) -> Self {
        let tiles = Tiles::available().filter(|_| inputs <= MOST_INPUTS);
        let weights = match (precision, tiles, Kernel::best()) {
            (Precision::EightBits, Some(tiles), _) => Weights::Digits(Digits::new(tiles, map, inputs, OfWeight::One)),
            (Precision::Half, Some(tiles), _) => Weights::Digits(Digits::new(tiles, map, inputs, OfWeight::Two)),
            (Precision::EightBits, _, Some(kernel)) => Weights::EightBits(EightBits::new(kernel, map, inputs)),
            (Precision::Half, _, Some(kernel)) => {
                Weights::Floats(Floats::halves(kernel, Fp16::available(), map, inputs))
            }
            (_, _, kernel) => Weights::Floats(Floats::new(kernel, map, inputs)),
        };
        Self { weights, bias }
    }

    /// The product with each row, written over `out`; the bias is left to what comes after, which goes over the rows
    /// anyway.
    pub(super) fn product(&self, rows: &[f32], out: &mut Vec<f32>, room: &mut Room) {
        match &self.weights {
            Weights::Floats(weights) => weights.product(rows, out, room),
            Weights::EightBits(weights) => weights.product(rows, out, room),
            Weights::Digits(weights) => weights.product(rows, out, room),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fp16;
    use super::*;

    fn value(i: usize) -> f32 {
        (i * 7919 % 1009) as f32 / 1009.0 - 0.5
    }

    fn exact(map: &[f32], rows: &[f32], inputs: usize) -> Vec<f32> {
        let dot = |row: &[f32], of: &[f32]| row.iter().zip(of).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum::<f64>();
        let outputs = |row| map.chunks_exact(inputs).map(move |of| dot(row, of) as f32);
        rows.chunks_exact(inputs).flat_map(outputs).collect()
    }

    /// Outputs that make one panel, several, and parts of one; inputs that are odd; rows that fill the registers and not.
    const SHAPES: [(usize, usize, usize); 7] =
        [(1, 8, 24), (14, 384, 192), (5, 16, 67), (0, 8, 8), (13, 7, 64), (7, 1536, 65), (40, 385, 130)];

    /// Holds what `made` gives to the product with the weights that `kept` gives.
    fn check_floats(made: impl Fn(&[f32], usize) -> Floats, scale: f32, kept: impl Fn(f32) -> f32) {
        for (rows, inputs, outputs) in SHAPES {
            let mut map: Vec<f32> = (0..outputs * inputs).map(|i| value(i) * scale).collect();
            let a: Vec<f32> = (0..rows * inputs).map(|i| value(i + 3)).collect();
            let mut out = vec![7.0; 3];
            made(&map, inputs).product(&a, &mut out, &mut Room::default());
            map.iter_mut().for_each(|weight| *weight = kept(*weight));
            let right = exact(&map, &a, inputs);
            assert_eq!(out.len(), right.len());
            let far = out.iter().zip(&right).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
            // The sums come to a hundred, and each of so many additions may be off by half of the last place.
            let most = (4e-7 * inputs as f32 + 1e-5) * scale;
            assert!(far <= most, "({rows}, {inputs}, {outputs}) times {scale}: {far} is more than {most}");
        }
    }

    #[test]
    fn a_product_of_floats_is_the_product() {
        for kernel in Kernel::available().map(Some).chain([None]) {
            check_floats(|map, inputs| Floats::new(kernel, map, inputs), 1.0, |weight| weight);
        }
    }

    #[test]
    fn a_product_of_halves_is_that_of_the_rounded_weights() {
        for kernel in Kernel::available() {
            let halves = |map: &[f32], inputs| Floats::halves(kernel, None, map, inputs);
            check_floats(halves, 1.0, |weight| half::f16::from_f32(weight).to_f32());
            // Beyond the range of 16 bits nothing is rounded.
            check_floats(halves, 200_000.0, |weight| weight);
        }
    }

    /// What the roundings of sums in 16 bits can come to, each to one part in 2,048, beside the product of what was rounded.
    fn most_lost(rows: &[f32], map: &[f32], inputs: usize) -> Vec<f32> {
        let partial = |row: &[f32], of: &[f32]| {
            let sums = row.iter().zip(of).scan(0.0_f32, |sum, (x, w)| {
                *sum += x * w;
                Some(sum.abs())
            });
            sums.sum::<f32>() / 2048.0 * 1.01 + 1e-5
        };
        let of_output = |row: &[f32], of: &[f32]| -> f32 {
            row.chunks(fp16::ADDED).zip(of.chunks(fp16::ADDED)).map(|(row, of)| partial(row, of)).sum()
        };
        let outputs = |row| map.chunks_exact(inputs).map(move |of| of_output(row, of));
        rows.chunks_exact(inputs).flat_map(outputs).collect()
    }

    #[test]
    fn a_product_in_16_bits_is_as_near_as_they_are() {
        let Some(kernel) = Kernel::best() else { return };
        let Some(fp16) = Fp16::available() else { return };
        let rounded =
            |numbers: Vec<f32>| -> Vec<f32> { numbers.into_iter().map(|x| half::f16::from_f32(x).to_f32()).collect() };
        // As many rows as are taken at once, fewer, more, and numbers that are beyond the range of 16 bits or would leave it.
        let shapes = SHAPES.iter().copied().chain([(12, 64, 64), (25, 33, 64), (3, 384, 64)]);
        for ((rows, inputs, outputs), (of_rows, of_map)) in
            shapes.flat_map(|shape| [(1.0, 1.0), (40.0, 9.0), (1e5, 1.0), (3e4, 3e4)].map(|scales| (shape, scales)))
        {
            let map: Vec<f32> = (0..outputs * inputs).map(|i| value(i) * of_map).collect();
            let a: Vec<f32> = (0..rows * inputs).map(|i| value(i + 3) * of_rows).collect();
            let mut out = vec![7.0; 3];
            Floats::halves(kernel, Some(fp16), &map, inputs).product(&a, &mut out, &mut Room::default());
            let map = rounded(map);
            // Beyond the range the rows are as they were, and what is lost is that of 32 bits.
            let a = if of_rows < 1e4 { rounded(a) } else { a };
            let right = exact(&map, &a, inputs);
            assert_eq!(out.len(), right.len());
            for ((x, right), most) in out.iter().zip(right).zip(most_lost(&a, &map, inputs)) {
                assert!(
                    (x - right).abs() <= most,
                    "({rows}, {inputs}, {outputs}) times {of_rows} and {of_map}: {x}, {right}"
                );
            }
        }
    }

    #[test]
    fn a_row_does_not_depend_on_the_rows_beside_it() {
        let Some(kernel) = Kernel::best() else { return };
        let (inputs, outputs) = (96, 70);
        let map: Vec<f32> = (0..outputs * inputs).map(value).collect();
        let a: Vec<f32> = (0..40 * inputs).map(|i| value(i + 3)).collect();
        let maps = [
            Floats::new(Some(kernel), &map, inputs),
            Floats::halves(kernel, None, &map, inputs),
            Floats::halves(kernel, Fp16::available(), &map, inputs),
        ];
        let digits = Tiles::available().map(|tiles| Digits::new(tiles, &map, inputs, OfWeight::Two));
        let maps = maps.into_iter().map(Weights::Floats).chain(digits.map(Weights::Digits));
        for weights in maps {
            let map = Linear { weights, bias: Vec::new() };
            let of = |rows: usize| {
                let mut out = Vec::new();
                map.product(&a[..rows * inputs], &mut out, &mut Room::default());
                out
            };
            let all = of(40);
            (1..40).for_each(|rows| assert_eq!(of(rows), all[..rows * outputs], "{rows} rows"));
        }
    }

    #[test]
    fn a_product_of_eight_bits_is_as_near_as_its_steps() {
        for ((rows, inputs, outputs), kernel) in SHAPES.iter().flat_map(|s| Kernel::available().map(move |k| (*s, k))) {
            let map: Vec<f32> = (0..outputs * inputs).map(value).collect();
            let a: Vec<f32> = (0..rows * inputs).map(|i| value(i + 3)).collect();
            let mut out = vec![7.0; 3];
            let weights = EightBits::new(kernel, &map, inputs);
            weights.product(&a, &mut out, &mut Room::default());
            let right = exact(&map, &a, inputs);
            assert_eq!(out.len(), right.len());
            // For each weight half a step of 127, times at most 0.5; the steps of a row are too small to count.
            let most = 0.5 / 127.0 * 0.5 * 0.5 * inputs as f32 + 1e-4;
            let far = out.iter().zip(&right).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
            assert!(far <= most, "{kernel:?} ({rows}, {inputs}, {outputs}): {far} is more than {most}");
        }
    }

    #[test]
    fn a_product_of_two_digits_is_as_near_as_they_are() {
        let Some(tiles) = Tiles::available() else { return };
        let shapes = SHAPES.iter().copied().chain([(16, 64, 16), (17, 63, 17), (32, 64, 33), (33, 128, 64)]);
        for ((rows, inputs, outputs), scale) in shapes.flat_map(|shape| [1e-6, 1.0, 200_000.0].map(|s| (shape, s))) {
            let map: Vec<f32> = (0..outputs * inputs).map(|i| value(i) * scale).collect();
            let a: Vec<f32> = (0..rows * inputs).map(|i| value(i + 3) * scale).collect();
            let mut out = vec![7.0; 3];
            Digits::new(tiles, &map, inputs, OfWeight::Two).product(&a, &mut out, &mut Room::default());
            let right = exact(&map, &a, inputs);
            assert_eq!(out.len(), right.len());
            // Each input loses half a step of its weight and of its row, and the product of two lower digits.
            let step = 0.5 / 32_639.0 * scale;
            let most = inputs as f32 * (step * 0.5 * scale + 128.0 * 128.0 * step * step * 1.02);
            let far = out.iter().zip(&right).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
            assert!(far <= most, "({rows}, {inputs}, {outputs}) times {scale}: {far} is more than {most}");
            // What is lost is as often too much as too little.
            let mean = out.iter().zip(&right).map(|(x, y)| f64::from(x - y)).sum::<f64>() / out.len().max(1) as f64;
            assert!(mean.abs() <= f64::from(most) / 20.0, "({rows}, {inputs}, {outputs}) times {scale}: {mean}");
        }
    }

    #[test]
    fn all_kernels_give_the_same_numbers() {
        let (inputs, outputs, rows) = (386, 130, 11);
        let map: Vec<f32> = (0..outputs * inputs).map(value).collect();
        let a: Vec<f32> = (0..rows * inputs).map(|i| value(i + 3) * 40.0).collect();
        let of = |kernel| {
            let mut out = Vec::new();
            EightBits::new(kernel, &map, inputs).product(&a, &mut out, &mut Room::default());
            out
        };
        let mut all: Vec<Vec<f32>> = Kernel::available().map(of).collect();
        all.extend(Tiles::available().map(|tiles| {
            let mut out = Vec::new();
            Digits::new(tiles, &map, inputs, OfWeight::One).product(&a, &mut out, &mut Room::default());
            out
        }));
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn the_largest_sums_fit() {
        for (kernel, inputs) in Kernel::available().flat_map(|k| [(k, 384), (k, 1536), (k, 4095)]) {
            for sign in [1.0, -1.0] {
                let mut out = Vec::new();
                EightBits::new(kernel, &vec![3.0; inputs * 2], inputs).product(
                    &vec![sign * 5.0; inputs],
                    &mut out,
                    &mut Room::default(),
                );
                let right = sign * 15.0 * inputs as f32;
                assert!(out.iter().all(|x| (x / right - 1.0).abs() < 1e-3), "{kernel:?} {inputs}: {out:?}");
            }
        }
    }

    #[test]
    fn rows_and_weights_of_nothing_give_nothing() {
        for kernel in Kernel::available() {
            let mut out = Vec::new();
            EightBits::new(kernel, &[0.0; 16], 8).product(&[0.0; 24], &mut out, &mut Room::default());
            assert_eq!(out, [0.0; 6], "{kernel:?}");
        }
    }
}
