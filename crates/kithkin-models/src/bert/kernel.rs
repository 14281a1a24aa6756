//! The product of rows with a panel of weights, by the widest instructions of the processor: 16-bit numbers with weights of
//! 8 bits, and floats with floats of 32 or 16 bits.
//!
//! All kernels give the same integers, bit for bit; sums of floats differ in their last bits, as all sums of floats do. Which
//! one runs is chosen when the program runs, so one binary serves every machine; where there is none, the caller has another
//! way. It knows nothing of scales. This file is `unsafe` to call what the processor was found to have, and to load from slices.
#![cfg_attr(target_arch = "x86_64", allow(unsafe_code))]

use half::f16;

/// How many outputs a panel has: four registers of AVX-512.
pub(super) const PANEL: usize = 64;

/// The weights of a panel for one input: one number an output, or two of 8 bits, for a pair of inputs.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Step<T>(pub(super) [T; PANEL]);

/// How many rows are taken at once: their sums fill the registers.
const TOGETHER: usize = 6;

/// One sum an output.
pub(super) type Sums<T> = [T; PANEL];

/// A way to compute products that this processor can run. Only [`Kernel::available`] makes one: holding a kernel proves
/// that its instructions exist.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kernel(Instructions);

#[derive(Debug, Clone, Copy)]
enum Instructions {
    /// 16 products at a time.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 32 products at a time, multiplied and summed by one instruction.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
}

impl Kernel {
    /// The kernels that this processor can run, slowest first.
    pub(super) fn available() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let found = [
            (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c"))
                .then_some(Self(Instructions::Avx2)),
            (is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vnni"))
                .then_some(Self(Instructions::Avx512Vnni)),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let found: [Option<Self>; 0] = [];
        found.into_iter().flatten()
    }

    /// The fastest of them, if there is any.
    pub(super) fn best() -> Option<Self> {
        Self::available().last()
    }

    /// Calls `done` with the number of each row and its sums. A row has two numbers for each step of the panel. The sums
    /// must fit 32 bits.
    pub(super) fn integers(self, rows: &[[i16; 2]], panel: &[Step<[i8; 2]>], done: impl FnMut(usize, &Sums<i32>)) {
        if panel.is_empty() {
            return;
        }
        match self.0 {
            // SAFETY: such a kernel exists only where `available` found AVX2.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { x86::integers_avx2(rows, panel, done) },
            // SAFETY: such a kernel exists only where `available` found AVX-512 BW, which has F in it, and VNNI.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512Vnni => unsafe { x86::integers_avx512_vnni(rows, panel, done) },
        }
    }

    /// The same of floats: a row has one for each step of the panel.
    pub(super) fn floats(self, rows: &[f32], panel: &[Step<f32>], done: impl FnMut(usize, &Sums<f32>)) {
        if panel.is_empty() {
            return;
        }
        match self.0 {
            // SAFETY: such a kernel exists only where `available` found AVX2 and FMA.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { x86::floats_avx2(rows, panel, done) },
            // SAFETY: such a kernel exists only where `available` found AVX-512 BW, which has F in it.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512Vnni => unsafe { x86::floats_avx512(rows, panel, done) },
        }
    }

    /// The same with weights of 16 bits, which are widened each time that they are read.
    pub(super) fn halves(self, rows: &[f32], panel: &[Step<f16>], done: impl FnMut(usize, &Sums<f32>)) {
        if panel.is_empty() {
            return;
        }
        match self.0 {
            // SAFETY: such a kernel exists only where `available` found AVX2, FMA and F16C.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { x86::halves_avx2(rows, panel, done) },
            // SAFETY: such a kernel exists only where `available` found AVX-512 BW, which has F in it.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512Vnni => unsafe { x86::halves_avx512(rows, panel, done) },
        }
    }

    /// Writes the floats that the weights stand for over `wide`.
    pub(super) fn widen(self, panel: &[Step<f16>], wide: &mut Vec<Step<f32>>) {
        match self.0 {
            // SAFETY: such a kernel exists only where `available` found AVX2 and F16C.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { x86::widen_avx2(panel, wide) },
            // SAFETY: such a kernel exists only where `available` found AVX-512 BW, which has F in it.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512Vnni => unsafe { x86::widen_avx512(panel, wide) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    use std::arch::x86_64::*;
    use std::array::from_fn;

    use half::f16;

    use super::{PANEL, Step, Sums, TOGETHER};

    /// How many bytes ahead the second cache is asked for weights. A text waits for them, and by itself the processor stops at
    /// the end of each page of 4 KiB.
    const AHEAD: usize = 8192;

    /// Has the step loaded that lies so far ahead of this one; there need be none.
    #[inline]
    #[target_feature(enable = "sse")]
    pub(in crate::bert) fn ask_ahead<T>(step: &Step<T>) {
        let step = std::ptr::from_ref(step).cast::<i8>();
        for line in 0..size_of::<Step<T>>() / 64 {
            _mm_prefetch::<_MM_HINT_T1>(step.wrapping_add(AHEAD + line * 64));
        }
    }

    /// Takes the rows by six and what is left together, so that `done` is inlined once, into code for these instructions.
    macro_rules! products {
        ($name:ident, $sums:ident, $row:ty, $weight:ty, $sum:ty, $features:literal) => {
            #[target_feature(enable = $features)]
            pub(super) fn $name(rows: &[$row], panel: &[Step<$weight>], mut done: impl FnMut(usize, &Sums<$sum>)) {
                let mut sums = [[<$sum>::default(); PANEL]; TOGETHER];
                for (i, rows) in rows.chunks(TOGETHER * panel.len()).enumerate() {
                    let count = rows.len() / panel.len();
                    match count {
                        1 => $sums::<1>(rows, panel, &mut sums),
                        2 => $sums::<2>(rows, panel, &mut sums),
                        3 => $sums::<3>(rows, panel, &mut sums),
                        4 => $sums::<4>(rows, panel, &mut sums),
                        5 => $sums::<5>(rows, panel, &mut sums),
                        _ => $sums::<TOGETHER>(rows, panel, &mut sums),
                    }
                    sums[..count].iter().enumerate().for_each(|(n, sums)| done(i * TOGETHER + n, sums));
                }
            }
        };
    }

    products!(integers_avx512_vnni, int_sums_avx512_vnni, [i16; 2], [i8; 2], i32, "avx512f,avx512bw,avx512vnni");
    products!(integers_avx2, int_sums_avx2, [i16; 2], [i8; 2], i32, "avx2");
    products!(floats_avx512, float_sums_avx512, f32, f32, f32, "avx512f");
    products!(floats_avx2, float_sums_avx2, f32, f32, f32, "avx2,fma");
    products!(halves_avx512, half_sums_avx512, f32, f16, f32, "avx512f");
    products!(halves_avx2, half_sums_avx2, f32, f16, f32, "avx2,fma,f16c");

    /// The registers of AVX-512 that a panel's sums take.
    const REGISTERS: usize = PANEL / 16;

    /// The outputs whose sums fit the sixteen registers of AVX2.
    const PART: usize = 16;

    /// Both numbers of a pair, as the 32 bits that the instructions take.
    #[inline(always)]
    fn bits([x, y]: [i16; 2]) -> i32 {
        (i32::from(x) & 0xFFFF) | (i32::from(y) << 16)
    }

    /// The numbers of each of `N` rows.
    #[inline(always)]
    fn of_each<T, const N: usize>(rows: &[T], steps: usize) -> [&[T]; N] {
        from_fn(|n| &rows[n * steps..(n + 1) * steps])
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    fn int_sums_avx512_vnni<const N: usize>(
        rows: &[[i16; 2]],
        panel: &[Step<[i8; 2]>],
        out: &mut [Sums<i32>; TOGETHER],
    ) {
        let rows = of_each::<_, N>(rows, panel.len());
        let mut sums = [[_mm512_setzero_si512(); REGISTERS]; N];
        for (i, step) in panel.iter().enumerate() {
            ask_ahead(step);
            let step = std::ptr::from_ref(step).cast::<__m256i>();
            // SAFETY: a step has 128 bytes, four times 32, and is aligned to 64.
            let load = |j| unsafe { _mm256_load_si256(step.add(j)) };
            let weights: [__m512i; REGISTERS] = from_fn(|j| _mm512_cvtepi8_epi16(load(j)));
            for (sums, row) in sums.iter_mut().zip(rows) {
                let x = _mm512_set1_epi32(bits(row[i]));
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = _mm512_dpwssd_epi32(*sum, x, weights);
                }
            }
        }
        for (out, sums) in out.iter_mut().zip(sums) {
            // SAFETY: both are 64 integers of 32 bits.
            *out = unsafe { std::mem::transmute::<[__m512i; REGISTERS], Sums<i32>>(sums) };
        }
    }

    #[target_feature(enable = "avx2")]
    fn int_sums_avx2<const N: usize>(rows: &[[i16; 2]], panel: &[Step<[i8; 2]>], out: &mut [Sums<i32>; TOGETHER]) {
        let rows = of_each::<_, N>(rows, panel.len());
        for part in 0..PANEL / PART {
            let mut sums = [[_mm256_setzero_si256(); 2]; N];
            for (i, step) in panel.iter().enumerate() {
                if part == 0 {
                    ask_ahead(step);
                }
                let step = step.0[part * PART..(part + 1) * PART].as_ptr().cast::<__m128i>();
                // SAFETY: this part of a step has 32 bytes, two times 16.
                let load = |j| unsafe { _mm_loadu_si128(step.add(j)) };
                let weights: [__m256i; 2] = from_fn(|j| _mm256_cvtepi8_epi16(load(j)));
                for (sums, row) in sums.iter_mut().zip(rows) {
                    let x = _mm256_set1_epi32(bits(row[i]));
                    for (sum, weights) in sums.iter_mut().zip(weights) {
                        *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(x, weights));
                    }
                }
            }
            for (out, sums) in out.iter_mut().zip(sums) {
                // SAFETY: both are 16 integers of 32 bits.
                let sums = unsafe { std::mem::transmute::<[__m256i; 2], [i32; PART]>(sums) };
                out[part * PART..(part + 1) * PART].copy_from_slice(&sums);
            }
        }
    }

    /// The sixteen weights from one on.
    ///
    /// # Safety
    /// So many lie behind the pointer, aligned to 64 bytes.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn sixteen_floats(weights: *const f32) -> __m512 {
        // SAFETY: as the caller says.
        unsafe { _mm512_load_ps(weights) }
    }

    /// The same of 16 bits.
    ///
    /// # Safety
    /// So many lie behind the pointer, aligned to 32 bytes.
    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn sixteen_halves(weights: *const f16) -> __m512 {
        // SAFETY: as the caller says.
        _mm512_cvtph_ps(unsafe { _mm256_load_si256(weights.cast()) })
    }

    /// The eight weights from one on.
    ///
    /// # Safety
    /// So many lie behind the pointer, aligned to 32 bytes.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn eight_floats(weights: *const f32) -> __m256 {
        // SAFETY: as the caller says.
        unsafe { _mm256_load_ps(weights) }
    }

    /// The same of 16 bits.
    ///
    /// # Safety
    /// So many lie behind the pointer, aligned to 16 bytes.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn eight_halves(weights: *const f16) -> __m256 {
        // SAFETY: as the caller says.
        _mm256_cvtph_ps(unsafe { _mm_load_si128(weights.cast()) })
    }

    macro_rules! float_sums_of_sixteen {
        ($name:ident, $weight:ty, $load:ident) => {
            #[target_feature(enable = "avx512f")]
            fn $name<const N: usize>(rows: &[f32], panel: &[Step<$weight>], out: &mut [Sums<f32>; TOGETHER]) {
                let rows = of_each::<_, N>(rows, panel.len());
                let mut sums = [[_mm512_setzero_ps(); REGISTERS]; N];
                for (i, step) in panel.iter().enumerate() {
                    ask_ahead(step);
                    // SAFETY: a step has 64 weights, four times 16, and is aligned to 64 bytes.
                    let load = |j| unsafe { $load(step.0.as_ptr().add(j * 16)) };
                    let weights: [__m512; REGISTERS] = from_fn(load);
                    for (sums, row) in sums.iter_mut().zip(rows) {
                        let x = _mm512_set1_ps(row[i]);
                        for (sum, weights) in sums.iter_mut().zip(weights) {
                            *sum = _mm512_fmadd_ps(x, weights, *sum);
                        }
                    }
                }
                for (out, sums) in out.iter_mut().zip(sums) {
                    // SAFETY: both are 64 floats of 32 bits.
                    *out = unsafe { std::mem::transmute::<[__m512; REGISTERS], Sums<f32>>(sums) };
                }
            }
        };
    }

    float_sums_of_sixteen!(float_sums_avx512, f32, sixteen_floats);
    float_sums_of_sixteen!(half_sums_avx512, f16, sixteen_halves);

    macro_rules! float_sums_of_eight {
        ($name:ident, $weight:ty, $load:ident, $features:literal) => {
            #[target_feature(enable = $features)]
            fn $name<const N: usize>(rows: &[f32], panel: &[Step<$weight>], out: &mut [Sums<f32>; TOGETHER]) {
                let rows = of_each::<_, N>(rows, panel.len());
                for part in 0..PANEL / PART {
                    let mut sums = [[_mm256_setzero_ps(); 2]; N];
                    for (i, step) in panel.iter().enumerate() {
                        if part == 0 {
                            ask_ahead(step);
                        }
                        let step = step.0[part * PART..(part + 1) * PART].as_ptr();
                        // SAFETY: this part of a step has 16 weights, two times 8, and is aligned to 32 bytes.
                        let weights: [__m256; 2] = from_fn(|j| unsafe { $load(step.add(j * 8)) });
                        for (sums, row) in sums.iter_mut().zip(rows) {
                            let x = _mm256_set1_ps(row[i]);
                            for (sum, weights) in sums.iter_mut().zip(weights) {
                                *sum = _mm256_fmadd_ps(x, weights, *sum);
                            }
                        }
                    }
                    for (out, sums) in out.iter_mut().zip(sums) {
                        // SAFETY: both are 16 floats of 32 bits.
                        let sums = unsafe { std::mem::transmute::<[__m256; 2], [f32; PART]>(sums) };
                        out[part * PART..(part + 1) * PART].copy_from_slice(&sums);
                    }
                }
            }
        };
    }

    float_sums_of_eight!(float_sums_avx2, f32, eight_floats, "avx2,fma");
    float_sums_of_eight!(half_sums_avx2, f16, eight_halves, "avx2,fma,f16c");

    #[target_feature(enable = "avx512f")]
    pub(super) fn widen_avx512(panel: &[Step<f16>], wide: &mut Vec<Step<f32>>) {
        wide.clear();
        wide.extend(panel.iter().map(|step| {
            ask_ahead(step);
            // SAFETY: a step has 64 weights, four times 16, and is aligned to 64 bytes.
            let floats: [__m512; REGISTERS] = from_fn(|j| unsafe { sixteen_halves(step.0.as_ptr().add(j * 16)) });
            // SAFETY: both are 64 floats of 32 bits.
            Step(unsafe { std::mem::transmute::<[__m512; REGISTERS], [f32; PANEL]>(floats) })
        }));
    }

    #[target_feature(enable = "avx2,f16c")]
    pub(super) fn widen_avx2(panel: &[Step<f16>], wide: &mut Vec<Step<f32>>) {
        wide.clear();
        wide.extend(panel.iter().map(|step| {
            ask_ahead(step);
            // SAFETY: a step has 64 weights, eight times 8, and is aligned to 64 bytes.
            let floats: [__m256; PANEL / 8] = from_fn(|j| unsafe { eight_halves(step.0.as_ptr().add(j * 8)) });
            // SAFETY: both are 64 floats of 32 bits.
            Step(unsafe { std::mem::transmute::<[__m256; PANEL / 8], [f32; PANEL]>(floats) })
        }));
    }
}
