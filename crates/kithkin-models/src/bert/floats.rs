//! A linear map whose weights are floats of 32 or 16 bits, on the thread that asks for it. Weights of 16 are half of the memory to
//! read, which is what a single text waits for; the rows are rounded to 16 as well where the processor multiplies such numbers
//! (`fp16.rs`), and elsewhere all is computed in 32.
//!
//! Where this processor has no kernel of `kernel.rs`, the product is that of the crate `gemm`, which candle stands on, called
//! without its threads: a pool that is woken and waited for 24 times a text costs a query more than the second processor gives,
//! and for many texts, threads that each take whole batches need no waiting at all.

use half::f16;

use super::fp16::{ADDED, Fp16, Twice};
use super::kernel::{Kernel, PANEL, Step, Sums};
use super::linear::Room;

/// As many rows take the weights as they are kept; for more it is quicker to widen them once.
const FEW: usize = 18;

/// The weights, in panels of [`PANEL`] outputs, padded to whole panels. A panel is read from end to end, at the speed of memory;
/// of a plain matrix a kernel would read a few numbers from each row, with a new page for each.
#[derive(Debug)]
pub(super) struct Floats {
    panels: Panels,
    inputs: usize,
    outputs: usize,
}

/// For each panel, its weights for one input after the other.
#[derive(Debug)]
enum Panels {
    /// Rounded to 11 binary digits: a text's vector turns by a cosine of .999999, and by .99999 where the rows are rounded too.
    Halves(Kernel, Option<Narrow>, Vec<Step<f16>>),
    /// As they came.
    Singles(Option<Kernel>, Vec<Step<f32>>),
}

/// How rows are multiplied in 16 bits.
#[derive(Debug)]
struct Narrow {
    fp16: Fp16,
    /// The largest number that a row may have for no sum of products to leave the range of 16 bits.
    largest: f32,
}

impl Floats {
    /// Lays out a map of row-major (outputs, inputs).
    pub(super) fn new(kernel: Option<Kernel>, map: &[f32], inputs: usize) -> Self {
        Self::of(map, inputs, Panels::Singles(kernel, laid_out(map, inputs, 0.0, |weight| weight)))
    }

    /// The same, with the weights rounded to 16 bits unless one of them is beyond their range.
    pub(super) fn halves(kernel: Kernel, fp16: Option<Fp16>, map: &[f32], inputs: usize) -> Self {
        let largest = f32::from(f16::MAX);
        if !map.iter().all(|weight| (-largest..=largest).contains(weight)) {
            return Self::new(Some(kernel), map, inputs);
        }
        let narrow = fp16.map(|fp16| Narrow::new(fp16, map, inputs));
        Self::of(map, inputs, Panels::Halves(kernel, narrow, laid_out(map, inputs, f16::ZERO, f16::from_f32)))
    }

    fn of(map: &[f32], inputs: usize, panels: Panels) -> Self {
        Self { panels, inputs, outputs: map.len() / inputs.max(1) }
    }

    /// The product with each row, written over `out`.
    pub(super) fn product(&self, rows: &[f32], out: &mut Vec<f32>, room: &mut Room) {
        let count = rows.len() / self.inputs.max(1);
        out.resize(count * self.outputs, 0.0);
        let panel_of = |first: usize| first / PANEL * self.inputs..(first / PANEL + 1) * self.inputs;
        let Room { numbers, sums, wide, .. } = room;
        let narrow = match &self.panels {
            Panels::Halves(_, Some(narrow), _) => narrow.rows(rows, numbers),
            _ => None,
        };
        for first in (0..self.outputs).step_by(PANEL) {
            let width = PANEL.min(self.outputs - first);
            let mut done = |row: usize, sums: &Sums<f32>| {
                let at = row * self.outputs + first;
                out[at..at + width].copy_from_slice(&sums[..width]);
            };
            match &self.panels {
                Panels::Halves(kernel, _, steps) => match narrow {
                    Some(fp16) => {
                        fp16.products(numbers, &steps[panel_of(first)], sums);
                        sums.iter().enumerate().for_each(|(row, sums)| done(row, sums));
                    }
                    None if count <= FEW => kernel.halves(rows, &steps[panel_of(first)], done),
                    None => {
                        kernel.widen(&steps[panel_of(first)], wide);
                        kernel.floats(rows, wide, done);
                    }
                },
                Panels::Singles(Some(kernel), steps) => kernel.floats(rows, &steps[panel_of(first)], done),
                Panels::Singles(None, steps) => {
                    multiply(rows, count, &steps[panel_of(first)], out, self.outputs, first, width);
                }
            }
        }
    }
}

impl Narrow {
    fn new(fp16: Fp16, map: &[f32], inputs: usize) -> Self {
        let rows = map.chunks_exact(inputs.max(1)).flat_map(|row| row.chunks(ADDED));
        let most = rows.map(|added| added.iter().map(|weight| weight.abs()).sum()).fold(1.0, f32::max);
        // A tenth is left for what is rounded.
        Self { fp16, largest: f32::from(f16::MAX) * 0.9 / most }
    }

    /// Writes the rows over `numbers` in 16 bits; nothing where one of them is too large for it.
    fn rows(&self, rows: &[f32], numbers: &mut Vec<Twice>) -> Option<Fp16> {
        (self.fp16.narrow(rows, numbers) <= self.largest).then_some(self.fp16)
    }
}

fn laid_out<T: Copy>(map: &[f32], inputs: usize, zero: T, kept: impl Fn(f32) -> T) -> Vec<Step<T>> {
    let outputs = map.len() / inputs.max(1);
    let mut steps = vec![Step([zero; PANEL]); outputs.div_ceil(PANEL) * inputs];
    for (output, row) in map.chunks_exact(inputs.max(1)).enumerate() {
        let first = output / PANEL * inputs;
        for (step, weight) in steps[first..].iter_mut().zip(row) {
            step.0[output % PANEL] = kept(*weight);
        }
    }
    steps
}

/// Writes the product of `rows`, `count` of them, and one panel to so many columns of `out` from `first` on. `rows` is row-major,
/// `count` × the panel's inputs, and so is `out`, `count` × `columns`.
#[allow(unsafe_code)]
fn multiply(
    rows: &[f32],
    count: usize,
    panel: &[Step<f32>],
    out: &mut [f32],
    columns: usize,
    first: usize,
    width: usize,
) {
    let inner = panel.len();
    let fits = rows.len() == count * inner && out.len() == count * columns;
    assert!(fits && width <= PANEL && first + width <= columns, "the shapes are those of the slices");
    // SAFETY: row i, column j of each matrix is at i times its width plus j, for `out` after `first`; with what was
    // just checked, every such place lies within its slice. `out` is not shared with the others.
    unsafe {
        gemm::gemm(
            count,
            width,
            inner,
            out[first..].as_mut_ptr(),
            1,
            columns as isize,
            false,
            rows.as_ptr(),
            1,
            inner as isize,
            panel.as_ptr().cast::<f32>(),
            1,
            PANEL as isize,
            0.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
