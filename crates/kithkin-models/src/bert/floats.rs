//! A linear map whose weights are floats, on the thread that asks for it.
//!
//! Where this processor has no kernel of `kernel.rs`, the product is that of the crate `gemm`, which candle stands on, called
//! without its threads: a pool that is woken and waited for 24 times a text costs a query more than the second processor gives,
//! and for many texts, threads that each take whole batches need no waiting at all.

use super::kernel::{Kernel, PANEL, Step};

/// The weights, in panels of [`PANEL`] outputs, padded to whole panels. A panel is read from end to end, at the speed of memory;
/// of a plain matrix a kernel would read a few numbers from each row, with a new page for each.
#[derive(Debug)]
pub(super) struct Floats {
    kernel: Option<Kernel>,
    /// For each panel, its weights for one input after the other.
    steps: Vec<Step<f32>>,
    inputs: usize,
    outputs: usize,
}

impl Floats {
    /// Lays out a map of row-major (outputs, inputs).
    pub(super) fn new(kernel: Option<Kernel>, map: &[f32], inputs: usize) -> Self {
        let outputs = map.len() / inputs.max(1);
        let mut steps = vec![Step([0.0; PANEL]); outputs.div_ceil(PANEL) * inputs];
        for (output, row) in map.chunks_exact(inputs.max(1)).enumerate() {
            let first = output / PANEL * inputs;
            for (step, weight) in steps[first..].iter_mut().zip(row) {
                step.0[output % PANEL] = *weight;
            }
        }
        Self { kernel, steps, inputs, outputs }
    }

    /// The product with each row, written over `out`.
    pub(super) fn product(&self, rows: &[f32], out: &mut Vec<f32>) {
        let count = rows.len() / self.inputs.max(1);
        out.resize(count * self.outputs, 0.0);
        for (i, panel) in self.steps.chunks_exact(self.inputs.max(1)).enumerate() {
            let first = i * PANEL;
            let width = PANEL.min(self.outputs - first);
            match self.kernel {
                Some(kernel) => kernel.floats(rows, panel, |row, sums| {
                    let at = row * self.outputs + first;
                    out[at..at + width].copy_from_slice(&sums[..width]);
                }),
                None => multiply(rows, count, panel, out, self.outputs, first, width),
            }
        }
    }
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
