//! Products of rows with a panel of weights where both are floats of 16 bits, by the instructions of AVX-512 FP16, which multiply
//! twice as many of them at once as floats of 32 bits.
//!
//! 32 products are added up in 16 bits, and their sum to one of 32: what is lost is the last of 11 binary digits in a few of
//! them. Whether that is near enough, and whether the sums stay within the range of 16 bits, the caller knows. This file is
//! `unsafe` to call what the processor was found to have, and to load from slices.
#![cfg_attr(target_arch = "x86_64", allow(unsafe_code))]

use half::f16;

use super::kernel::{Step, Sums};

/// How many products are added up in 16 bits. To add up fewer would bring the sums nearer, and cost time: each sum is widened and
/// added to one of 32 bits.
pub(super) const ADDED: usize = 32;

/// How many rows are taken at once: their sums fill the registers.
const TOGETHER: usize = 12;

/// The bits of a row's number, twice: the instruction that repeats 32 bits is quicker than that for 16.
pub(super) type Twice = u32;

/// Proves that the processor has the instructions; only [`Fp16::available`] makes one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fp16(());

impl Fp16 {
    /// Where the processor has the instructions.
    pub(super) fn available() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let found = is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512fp16");
        #[cfg(not(target_arch = "x86_64"))]
        let found = false;
        found.then_some(Self(()))
    }

    /// Writes the rows' numbers, rounded, over `numbers`; gives the largest of them without its sign.
    pub(super) fn narrow(self, rows: &[f32], numbers: &mut Vec<Twice>) -> f32 {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: there is such a proof only where the instructions were found.
        return unsafe { x86::narrow(rows, numbers) };
        #[cfg(not(target_arch = "x86_64"))]
        unreachable!("{rows:?} {numbers:?}");
    }

    /// Writes each row's sums over `sums`. A row has a number for each step of the panel.
    pub(super) fn products(self, rows: &[Twice], panel: &[Step<f16>], sums: &mut Vec<Sums<f32>>) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: there is such a proof only where the instructions were found.
        unsafe {
            x86::products(rows, panel, sums);
        }
        #[cfg(not(target_arch = "x86_64"))]
        unreachable!("{rows:?} {panel:?} {sums:?}");
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::array::from_fn;

    use half::f16;

    use super::super::kernel::{PANEL, Step, Sums, x86::ask_ahead};
    use super::{ADDED, TOGETHER, Twice};

    /// The registers that a panel's sums of 16 bits take.
    const REGISTERS: usize = PANEL / 32;

    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn narrow(rows: &[f32], numbers: &mut Vec<Twice>) -> f32 {
        numbers.resize(rows.len(), 0);
        let mut largest = _mm512_setzero_ps();
        let (whole, rest) = rows.as_chunks::<16>();
        let (twice, last) = numbers.as_chunks_mut::<16>();
        for (sixteen, numbers) in whole.iter().zip(twice) {
            // SAFETY: sixteen floats are read.
            let floats = unsafe { _mm512_loadu_ps(sixteen.as_ptr()) };
            largest = _mm512_max_ps(_mm512_abs_ps(floats), largest);
            let bits = _mm512_cvtepu16_epi32(_mm512_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(floats));
            let bits = _mm512_or_si512(bits, _mm512_slli_epi32::<16>(bits));
            // SAFETY: both are 512 bits.
            *numbers = unsafe { std::mem::transmute::<__m512i, [Twice; 16]>(bits) };
        }
        for (float, number) in rest.iter().zip(last) {
            *number = Twice::from(f16::from_f32(*float).to_bits()) * 0x1_0001;
        }
        rest.iter().fold(_mm512_reduce_max_ps(largest), |largest, float| largest.max(float.abs()))
    }

    /// Some steps of the panel after others, so that they stay in the first cache for all rows. Rows are shared out evenly, at most
    /// [`TOGETHER`] at once: of a single row each product would wait for the one before.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512fp16")]
    pub(super) fn products(rows: &[Twice], panel: &[Step<f16>], sums: &mut Vec<Sums<f32>>) {
        let inputs = panel.len().max(1);
        let count = rows.len() / inputs;
        sums.clear();
        sums.resize(count, [0.0; PANEL]);
        let share = count.div_ceil(count.div_ceil(TOGETHER).max(1)).max(1);
        for (n, steps) in panel.chunks(ADDED).enumerate() {
            for (rows, sums) in rows.chunks(share * inputs).zip(sums.chunks_mut(share)) {
                let rows = Rows { numbers: rows, inputs, first: n * ADDED };
                match sums.len() {
                    1 => add_up::<1>(rows, steps, sums),
                    2 => add_up::<2>(rows, steps, sums),
                    3 => add_up::<3>(rows, steps, sums),
                    4 => add_up::<4>(rows, steps, sums),
                    5 => add_up::<5>(rows, steps, sums),
                    6 => add_up::<6>(rows, steps, sums),
                    7 => add_up::<7>(rows, steps, sums),
                    8 => add_up::<8>(rows, steps, sums),
                    9 => add_up::<9>(rows, steps, sums),
                    10 => add_up::<10>(rows, steps, sums),
                    11 => add_up::<11>(rows, steps, sums),
                    _ => add_up::<TOGETHER>(rows, steps, sums),
                }
            }
        }
    }

    /// Rows of so many inputs, from the input on that the steps begin with.
    #[derive(Clone, Copy)]
    struct Rows<'a> {
        numbers: &'a [Twice],
        inputs: usize,
        first: usize,
    }

    /// Adds what these steps give for each of `N` rows to their sums.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512fp16")]
    fn add_up<const N: usize>(rows: Rows<'_>, steps: &[Step<f16>], sums: &mut [Sums<f32>]) {
        let Rows { numbers, inputs, first } = rows;
        assert!(numbers.len() == N * inputs && first + steps.len() <= inputs, "a number for each step, in each row");
        // SAFETY: as was just checked, each row has its numbers from `first` on.
        unsafe { add_products::<N>(from_fn(|row| numbers.as_ptr().add(row * inputs + first)), steps, sums) };
    }

    /// Inlined, the sums of 32 bits would be kept in the registers that those of 16 need.
    ///
    /// # Safety
    /// Behind each pointer lie as many numbers as there are steps.
    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512fp16")]
    unsafe fn add_products<const N: usize>(rows: [*const Twice; N], steps: &[Step<f16>], out: &mut [Sums<f32>]) {
        let mut sums = [[_mm512_setzero_ph(); REGISTERS]; N];
        for (i, step) in steps.iter().enumerate() {
            ask_ahead(step);
            // SAFETY: a step has 64 weights, two times 32, and is aligned to 64 bytes.
            let load = |j| _mm512_castsi512_ph(unsafe { _mm512_load_si512(step.0.as_ptr().add(j * 32).cast()) });
            let weights: [__m512h; REGISTERS] = from_fn(load);
            for (sums, row) in sums.iter_mut().zip(rows) {
                // SAFETY: there are as many numbers as steps.
                let x = unsafe { *row.add(i) }.cast_signed();
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = _mm512_fmadd_ph(_mm512_castsi512_ph(_mm512_set1_epi32(x)), weights, *sum);
                }
            }
        }
        for (out, sums) in out.iter_mut().zip(sums) {
            for (out, sum) in out.chunks_exact_mut(32).zip(sums) {
                add(out, sum);
            }
        }
    }

    /// Adds 32 sums to as many floats.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512fp16")]
    fn add(out: &mut [f32], sum: __m512h) {
        let bits = _mm512_castph_si512(sum);
        let halves = [_mm512_castsi512_si256(bits), _mm512_extracti64x4_epi64::<1>(bits)];
        for (out, half) in out.as_chunks_mut::<16>().0.iter_mut().zip(halves) {
            // SAFETY: sixteen floats are read, and written.
            let before = unsafe { _mm512_loadu_ps(out.as_ptr()) };
            // SAFETY: as above.
            unsafe { _mm512_storeu_ps(out.as_mut_ptr(), _mm512_add_ps(before, _mm512_cvtph_ps(half))) };
        }
    }
}
