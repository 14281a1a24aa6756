//! A linear map whose weights are floats, on the thread that asks for it.
//!
//! The product is that of the crate `gemm`, which candle stands on, called without its threads: a pool that is woken
//! and waited for 24 times a text costs a query more than the second processor gives, and for many texts, threads that
//! each take whole batches need no waiting at all.

/// The weights as panels: of (panels, inputs, outputs of one panel).
#[derive(Debug)]
pub(super) struct Floats {
    panels: Vec<f32>,
    inputs: usize,
    /// The outputs of one panel.
    width: usize,
    outputs: usize,
}

/// The widest panel: what the kernels for AVX-512 take at once. Such a panel is read from end to end, at the speed of
/// memory; of a plain matrix they would read a few numbers from each row, with a new page for each.
const PANEL: usize = 64;

impl Floats {
    /// Lays out a map of row-major (outputs, inputs).
    pub(super) fn new(map: &[f32], inputs: usize) -> Self {
        let outputs = map.len() / inputs.max(1);
        let width = (1..=PANEL).rev().find(|w| outputs.is_multiple_of(*w)).unwrap_or(1);
        let mut panels = vec![0.0; map.len()];
        let rows = map.chunks_exact((width * inputs).max(1));
        for (panel, rows) in panels.chunks_exact_mut((width * inputs).max(1)).zip(rows) {
            for (i, step) in panel.chunks_exact_mut(width).enumerate() {
                for (to, row) in step.iter_mut().zip(rows.chunks_exact(inputs)) {
                    *to = row[i];
                }
            }
        }
        Self { panels, inputs, width, outputs }
    }

    /// The product with each row, written over `out`.
    pub(super) fn product(&self, rows: &[f32], out: &mut Vec<f32>) {
        let count = rows.len() / self.inputs.max(1);
        out.resize(count * self.outputs, 0.0);
        for (i, panel) in self.panels.chunks_exact((self.inputs * self.width).max(1)).enumerate() {
            multiply(rows, count, self.inputs, panel, self.width, out, self.outputs, i * self.width);
        }
    }
}

/// Writes the product of `a` and one panel to the columns of `out` from `first` on. All are row-major: `a` is `rows` ×
/// `inner`, the panel `inner` × `width`, `out` `rows` × `columns`.
#[allow(unsafe_code, clippy::too_many_arguments)]
fn multiply(
    a: &[f32],
    rows: usize,
    inner: usize,
    panel: &[f32],
    width: usize,
    out: &mut [f32],
    columns: usize,
    first: usize,
) {
    let fits = a.len() == rows * inner && panel.len() == inner * width && out.len() == rows * columns;
    assert!(fits && first + width <= columns, "the shapes are those of the slices");
    // SAFETY: row i, column j of each matrix is at i times its width plus j, for `out` after `first`; with what was
    // just checked, every such place lies within its slice. `out` is not shared with the others.
    unsafe {
        gemm::gemm(
            rows,
            width,
            inner,
            out[first..].as_mut_ptr(),
            1,
            columns as isize,
            false,
            a.as_ptr(),
            1,
            inner as isize,
            panel.as_ptr(),
            1,
            width as isize,
            0.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
