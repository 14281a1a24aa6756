//! The matrix product of a layer, on the thread that asks for it.
//!
//! candle's own product hands each multiplication to a pool of threads and waits, 24 times a text. For a query, whose
//! matrices have a dozen rows, that costs more than the second processor gives; for many texts, threads that each take
//! whole batches need no waiting at all. So this operation calls candle's kernels (`gemm`) without threads.

use candle_core::{CpuStorage, CustomOp2, Device, Layout, Result, Shape, Tensor, bail};

use super::forward::floats;

/// `a · b` for a contiguous matrix `a` and the [`panels`] of `b`.
pub(super) struct Product;

impl CustomOp2 for Product {
    fn name(&self) -> &'static str {
        "product"
    }

    fn cpu_fwd(&self, a: &CpuStorage, a_is: &Layout, b: &CpuStorage, b_is: &Layout) -> Result<(CpuStorage, Shape)> {
        let ([rows, inner], [panels, other, width]) = (a_is.dims(), b_is.dims()) else {
            bail!("not matrix and panels")
        };
        if inner != other {
            bail!("a product of {inner} columns with {other} rows");
        }
        let (a, b, columns) = (floats(a, a_is)?, floats(b, b_is)?, panels * width);
        let mut out = vec![0.0_f32; rows * columns];
        for (i, panel) in b.chunks_exact(inner * width).enumerate() {
            multiply(a, *rows, *inner, panel, *width, &mut out, columns, i * width);
        }
        Ok((CpuStorage::F32(out), (*rows, columns).into()))
    }
}

/// The widest panel: what the kernels for AVX-512 take at once. Such a panel is read from end to end, at the speed of
/// memory; of a plain matrix they would read a few numbers from each row, with a new page for each.
const PANEL: usize = 64;

/// A linear map of row-major (outputs, inputs) as panels: (panels, inputs, outputs of one panel).
pub(super) fn panels(map: &[f32], inputs: usize) -> Result<Tensor> {
    let outputs = map.len() / inputs.max(1);
    let width = (1..=PANEL).rev().find(|w| outputs.is_multiple_of(*w)).unwrap_or(1);
    let mut panels = vec![0.0; map.len()];
    for (panel, rows) in panels.chunks_exact_mut(width * inputs).zip(map.chunks_exact(width * inputs)) {
        for (i, step) in panel.chunks_exact_mut(width).enumerate() {
            for (to, row) in step.iter_mut().zip(rows.chunks_exact(inputs)) {
                *to = row[i];
            }
        }
    }
    Tensor::from_vec(panels, (outputs / width, inputs, width), &Device::Cpu)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_of_panels_is_the_product() {
        // Outputs that make one panel, several, and panels of one column.
        for (rows, inputs, outputs) in [(1, 8, 24), (14, 384, 192), (5, 16, 67), (0, 8, 8)] {
            let value = |i: usize| (i * 7919 % 1009) as f32 / 1009.0 - 0.5;
            let map: Vec<f32> = (0..outputs * inputs).map(value).collect();
            let a: Vec<f32> = (0..rows * inputs).map(|i| value(i + 3)).collect();
            let tensor = Tensor::from_vec(a.clone(), (rows, inputs), &Device::Cpu).unwrap();
            let out = tensor.apply_op2_no_bwd(&panels(&map, inputs).unwrap(), &Product).unwrap();
            assert_eq!(out.dims(), [rows, outputs]);
            for (i, row) in out.to_vec2::<f32>().unwrap().iter().enumerate() {
                for (j, found) in row.iter().enumerate() {
                    let pairs = a[i * inputs..(i + 1) * inputs].iter().zip(&map[j * inputs..(j + 1) * inputs]);
                    let right: f32 = pairs.map(|(x, y)| x * y).sum();
                    assert!((found - right).abs() < 1e-4, "({rows}, {inputs}, {outputs}) at {i}, {j}");
                }
            }
        }
        let wrong = Tensor::zeros((2, 3), candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(wrong.apply_op2_no_bwd(&panels(&[0.0; 16], 4).unwrap(), &Product).is_err());
    }
}
