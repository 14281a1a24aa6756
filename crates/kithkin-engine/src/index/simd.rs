//! Dot products of 8-bit integers, with the widest instructions that the processor has.
//!
//! All kernels give the same integers, bit for bit: they differ in speed only. The instructions are chosen when the
//! program runs, so one binary serves every machine. Other processors than x86-64 run the portable kernel, which
//! compilers vectorise. This is the only file of the crate with `unsafe` code; it knows nothing of scales and rows.
#![allow(unsafe_code)]

/// How many integers a [`Block`] holds: one AVX-512 register.
pub(crate) const LANES: usize = 64;

/// A piece of a row. The alignment keeps every load within one cache line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, align(64))]
pub(crate) struct Block(pub(crate) [i8; LANES]);

impl Block {
    /// All zeros: what rows are padded with.
    pub(crate) const ZERO: Self = Self([0; LANES]);
}

/// A way to compute dot products that this processor can run.
///
/// The field is private so that only [`Kernel::available`] makes one: holding a kernel proves that its instructions exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kernel(Instructions);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instructions {
    /// Plain Rust.
    Portable,
    /// 32 integers at a time.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 64 integers at a time, multiplied and summed by one instruction.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
}

const PORTABLE: Kernel = Kernel(Instructions::Portable);

impl Kernel {
    /// The kernels that this processor can run, slowest first. The answer is cached by the standard library: a few
    /// nanoseconds.
    pub(crate) fn available() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let wide = [
            is_x86_feature_detected!("avx2").then_some(Self(Instructions::Avx2)),
            (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni"))
                .then_some(Self(Instructions::Avx512Vnni)),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let wide: [Option<Self>; 0] = [];
        std::iter::once(PORTABLE).chain(wide.into_iter().flatten())
    }

    /// The fastest of them.
    pub(crate) fn best() -> Self {
        Self::available().last().unwrap_or(PORTABLE)
    }

    /// Writes the dot product of the query with each row; a row is as many blocks as the query. No integer may be −128.
    /// Sums are exact up to 133,000 integers a row. Cost: bound by memory, about 27 GB/s with AVX-512 (57 GB/s from the second cache).
    pub(crate) fn dots(self, rows: &[Block], query: &[Block], out: &mut [i32]) {
        if query.is_empty() {
            out.fill(0);
            return;
        }
        match self.0 {
            Instructions::Portable => dots_portable(rows, query, out),
            // SAFETY: such a kernel exists only where `available` found AVX2.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { x86::dots_avx2(rows, query, out) },
            // SAFETY: such a kernel exists only where `available` found AVX-512 F and VNNI.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512Vnni => unsafe { x86::dots_avx512_vnni(rows, query, out) },
        }
    }
}

fn dots_portable(rows: &[Block], query: &[Block], out: &mut [i32]) {
    for (row, out) in rows.chunks_exact(query.len()).zip(out) {
        *out = row.iter().zip(query).map(|(a, b)| dot_block(a, b)).sum();
    }
}

fn dot_block(a: &Block, b: &Block) -> i32 {
    a.0.iter().zip(&b.0).map(|(&a, &b)| i32::from(i16::from(a) * i16::from(b))).sum()
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Block;

    /// How many bytes ahead the second cache is asked for. By itself the processor stops at the end of each page of 4 KiB, and
    /// of what no cache holds reads a quarter less; of what one holds, asking costs nothing that can be measured.
    const AHEAD: usize = 8192;

    /// Has the block loaded that lies so far ahead of this one; there need be none.
    #[inline]
    #[target_feature(enable = "sse")]
    fn ask_ahead(block: &Block) {
        _mm_prefetch::<_MM_HINT_T1>(block.0.as_ptr().wrapping_add(AHEAD));
    }

    /// `maddubs` multiplies unsigned by signed, so the sign of the row moves over to the query; without −128 two products
    /// stay below 2¹⁵ and nothing saturates.
    #[target_feature(enable = "avx2")]
    pub(super) fn dots_avx2(rows: &[Block], query: &[Block], out: &mut [i32]) {
        let ones = _mm256_set1_epi16(1);
        for (row, out) in rows.chunks_exact(query.len()).zip(out) {
            let mut sum = _mm256_setzero_si256();
            for (a, b) in row.iter().zip(query) {
                ask_ahead(a);
                let (a, b) = (a.0.as_ptr().cast::<__m256i>(), b.0.as_ptr().cast::<__m256i>());
                for half in 0..2 {
                    // SAFETY: a block is 64 bytes, aligned to 64: two aligned halves of 32 bytes.
                    let (a, b) = unsafe { (_mm256_load_si256(a.add(half)), _mm256_load_si256(b.add(half))) };
                    let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(a), _mm256_sign_epi8(b, a));
                    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, ones));
                }
            }
            let four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
            let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b01_00_11_10>(four));
            let one = _mm_add_epi32(two, _mm_shuffle_epi32::<0b10_11_00_01>(two));
            *out = _mm_cvtsi128_si32(one);
        }
    }

    /// `dpbusd` multiplies unsigned by signed, so 128 is added to the row (its top bit flips) and 128 · Σ query is taken
    /// off again, which is the same for all rows.
    #[target_feature(enable = "avx512f,avx512vnni")]
    pub(super) fn dots_avx512_vnni(rows: &[Block], query: &[Block], out: &mut [i32]) {
        let flip = _mm512_set1_epi8(i8::MIN);
        let excess = 128 * query.iter().flat_map(|b| b.0).map(i32::from).sum::<i32>();
        for (row, out) in rows.chunks_exact(query.len()).zip(out) {
            let mut sum = _mm512_setzero_si512();
            for (a, b) in row.iter().zip(query) {
                ask_ahead(a);
                // SAFETY: a block is 64 bytes, aligned to 64.
                let (a, b) =
                    unsafe { (_mm512_load_si512(a.0.as_ptr().cast()), _mm512_load_si512(b.0.as_ptr().cast())) };
                sum = _mm512_dpbusd_epi32(sum, _mm512_xor_si512(a, flip), b);
            }
            *out = _mm512_reduce_add_epi32(sum).wrapping_sub(excess);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn blocks(values: &[i8]) -> Vec<Block> {
        values.chunks_exact(LANES).map(|chunk| Block(chunk.try_into().unwrap())).collect()
    }

    proptest! {
        #[test]
        fn every_kernel_gives_the_integers_of_plain_arithmetic(
            values in prop::collection::vec(prop_oneof![-127..=127_i8, Just(-127_i8), Just(127_i8)], LANES * 12),
            width in 1..=4_usize,
        ) {
            let (query, rows) = values.split_at(width * LANES);
            let rows = &rows[..rows.len() / query.len() * query.len()];
            let dot = |row: &[i8]| row.iter().zip(query).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum::<i32>();
            let expect: Vec<i32> = rows.chunks_exact(query.len()).map(dot).collect();
            for kernel in Kernel::available() {
                let mut out = vec![0; expect.len()];
                kernel.dots(&blocks(rows), &blocks(query), &mut out);
                prop_assert_eq!(&out, &expect, "{:?}", kernel);
            }
        }
    }
}
