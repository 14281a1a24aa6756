//! A linear map whose weights have 8 bits: a quarter of the memory to read, which is what a single text waits for.
//!
//! Each output's weights are rounded to 127 steps of the largest among them (symmetric, per channel, as Jacob et al.,
//! arXiv 1712.05877, section 3); each row that comes in is rounded to as many steps as the sums can hold, up to 32,639
//! of its own largest number. The rounding of the rows is beyond notice; that of the weights turns a text's vector by a
//! cosine of .9994 in the mean (decision 22). Rows of 8 bits would leave .9963.

use super::kernel::{Kernel, PANEL, Step};
use super::linear::Room;
use super::rounding::{MOST_OF_ONE, most, round_rows};

/// The weights, in panels of [`PANEL`] outputs; inputs are padded to pairs, outputs to whole panels.
#[derive(Debug)]
pub(super) struct EightBits {
    kernel: Kernel,
    steps: Vec<Step<[i8; 2]>>,
    /// The size of a step of each output's weights, padded as they are.
    scales: Vec<f32>,
    inputs: usize,
    outputs: usize,
}

impl EightBits {
    /// Rounds a map of row-major (outputs, inputs).
    pub(super) fn new(kernel: Kernel, map: &[f32], inputs: usize) -> Self {
        let outputs = map.len() / inputs.max(1);
        let panels = outputs.div_ceil(PANEL);
        let mut rounded = vec![0; map.len()];
        let mut scales = round_rows(map, inputs, MOST_OF_ONE, &mut rounded);
        scales.resize(panels * PANEL, 0.0);
        let mut steps = vec![Step([[0; 2]; PANEL]); panels * inputs.div_ceil(2)];
        for (output, row) in rounded.chunks_exact(inputs.max(1)).enumerate() {
            let first = output / PANEL * inputs.div_ceil(2);
            for (i, weight) in row.iter().enumerate() {
                // It has at most MOST_OF_ONE steps.
                steps[first + i / 2].0[output % PANEL][i % 2] = *weight as i8;
            }
        }
        Self { kernel, steps, scales, inputs, outputs }
    }

    /// The product with each row, written over `out`.
    pub(super) fn product(&self, rows: &[f32], out: &mut Vec<f32>, room: &mut Room) {
        let count = rows.len() / self.inputs.max(1);
        let steps = self.inputs.div_ceil(2);
        let rounded = &mut room.rounded;
        // Of an odd number of inputs the last pair is half empty.
        rounded.clear();
        rounded.resize(count * steps, [0; 2]);
        let scales = round_rows(rows, self.inputs, most(self.inputs), rounded.as_flattened_mut());
        out.resize(count * self.outputs, 0.0);
        let panels = self.steps.chunks_exact(steps.max(1)).zip(self.scales.as_chunks::<PANEL>().0);
        for (i, (panel, of_outputs)) in panels.enumerate() {
            let width = PANEL.min(self.outputs - i * PANEL);
            self.kernel.integers(rounded, panel, |row, sums| {
                let at = row * self.outputs + i * PANEL;
                let scale = scales[row];
                let sums = sums.iter().zip(of_outputs).map(|(sum, of_output)| *sum as f32 * (scale * of_output));
                out[at..at + width].iter_mut().zip(sums).for_each(|(to, sum)| *to = sum);
            });
        }
    }
}
