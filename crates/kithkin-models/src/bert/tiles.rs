//! Products of integers of 8 bits by the processor's tiles (AMX): one instruction multiplies sixteen rows with the weights of
//! sixteen outputs, 64 inputs long, and adds the products to 256 sums of 32 bits.
//!
//! Rust has no stable functions for these instructions, so they stand here as assembly, each block of which begins with empty
//! sums and ends when they are written down. How floats became integers it does not know. This file is `unsafe` to call what
//! the processor was found to have, and to read and write where pointers say.
#![cfg_attr(target_arch = "x86_64", allow(unsafe_code))]
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "no other processor has tiles"))]

/// How many inputs a tile has.
pub(super) const INPUTS: usize = 64;

/// How many rows a tile of rows has, and how many outputs one of weights.
pub(super) const LINES: usize = 16;

/// What a register of tiles holds: of sixteen rows the numbers for 64 inputs, one row after the other; or of weights, for one
/// group of four inputs after the other, the four numbers of each of sixteen outputs.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Tile(pub(super) [i8; INPUTS * LINES]);

impl Tile {
    pub(super) const ZERO: Self = Self([0; INPUTS * LINES]);
}

/// Of sixteen rows the sums for each of sixteen outputs.
type Sums = [[i32; LINES]; LINES];

/// The sums of the rows' upper digits with the weights' upper ones; and those of the rows' lower digits with the weights' upper
/// ones and, where weights have two, of the rows' upper digits with the weights' lower ones.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct ByDigit {
    upper: Sums,
    middle: Sums,
}

impl ByDigit {
    const ZERO: Self = Self { upper: [[0; LINES]; LINES], middle: [[0; LINES]; LINES] };
}

/// How many digits a weight has, each in a tile of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfWeight {
    /// 8 bits.
    One,
    /// 16 bits.
    Two,
}

impl OfWeight {
    /// The same as a number.
    pub(super) fn digits(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// What is multiplied.
#[derive(Debug, Clone, Copy)]
pub(super) struct Factors<'a> {
    /// For each sixteen rows, for each 64 inputs: the tile of the upper digits and that of the lower.
    pub(super) rows: &'a [Tile],
    /// For each sixteen outputs, for each 64 inputs: the tile of the upper digits and, if they have two, that of the lower.
    pub(super) weights: &'a [Tile],
    /// How often 64 inputs there are.
    pub(super) steps: usize,
    pub(super) of_weight: OfWeight,
}

/// What becomes of the sums.
#[derive(Debug)]
pub(super) struct Product<'a> {
    /// How much a step of each row is.
    pub(super) of_rows: &'a [f32],
    /// How much a step of each output's weights is, padded to whole tiles.
    pub(super) of_outputs: &'a [[f32; LINES]],
    /// How many outputs there are.
    pub(super) outputs: usize,
    /// One row after the other.
    pub(super) numbers: &'a mut [f32],
}

/// Proves that the processor has tiles and that the system lets this process use them; only [`Tiles::available`] makes one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tiles(());

impl Tiles {
    /// Where the processor and the system have them. Asks the system, which may say no, the first time.
    pub(super) fn available() -> Option<Self> {
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        {
            static FOUND: std::sync::LazyLock<bool> = std::sync::LazyLock::new(x86::ask);
            FOUND.then_some(Self(()))
        }
        #[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
        None
    }

    /// Writes the products of all rows and all outputs.
    pub(super) fn products(self, factors: Factors<'_>, product: Product<'_>) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: there is such a proof only where the instructions were found and allowed.
        unsafe {
            x86::products(factors, product);
        }
        #[cfg(not(target_arch = "x86_64"))]
        unreachable!("{factors:?} {product:?}");
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::asm;
    use std::arch::x86_64::*;

    use super::{ByDigit, Factors, INPUTS, LINES, OfWeight, Product, Tile};

    /// Whether the processor has tiles of integers and AVX-512, and the system saves them for this process from now on.
    #[cfg(target_os = "linux")]
    pub(super) fn ask() -> bool {
        // `arch_prctl`, "request permission for a component of the extended state", and the data of tiles (Linux,
        // Documentation/arch/x86/xstate.rst).
        let (call, request, data): (i64, u64, u64) = (158, 0x1023, 18);
        let (tile, int8) = (1 << 24, 1 << 25);
        let found = is_x86_feature_detected!("avx512bw") && __cpuid_count(7, 0).edx & (tile | int8) == tile | int8;
        if !found {
            return false;
        }
        let mut answer = call;
        // SAFETY: the call takes two numbers and touches no memory; the instruction overwrites these two registers alone.
        unsafe {
            asm!("syscall", inout("rax") answer, in("rdi") request, in("rsi") data, out("rcx") _, out("r11") _,
                options(nostack));
        }
        answer == 0
    }

    /// The shapes of the registers of tiles, as the processor reads them; they are let go when this is dropped.
    struct Shapes;

    impl Shapes {
        /// # Safety
        /// The processor has tiles, and the system lets them be used.
        unsafe fn set() -> Self {
            #[repr(C, align(64))]
            struct Config([u8; 64]);
            let mut config = Config([0; 64]);
            config.0[0] = 1;
            for register in 0..8 {
                config.0[16 + register * 2] = INPUTS as u8;
                config.0[48 + register] = LINES as u8;
            }
            // SAFETY: 64 bytes are read; no register that the compiler knows is written.
            unsafe { asm!("ldtilecfg [{}]", in(reg) &raw const config, options(nostack, readonly)) };
            Self
        }
    }

    impl Drop for Shapes {
        fn drop(&mut self) {
            // SAFETY: shapes were set, so that there is such an instruction.
            unsafe { asm!("tilerelease", options(nostack, nomem)) };
        }
    }

    /// # Safety
    /// The processor has tiles and AVX-512, and the system lets them be used.
    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) unsafe fn products(factors: Factors<'_>, mut product: Product<'_>) {
        let Factors { rows, weights, steps, of_weight } = factors;
        if steps == 0 {
            return;
        }
        assert!(rows.len().is_multiple_of(2 * steps), "two tiles for each step, for each sixteen rows");
        // SAFETY: as the caller says.
        let _shapes = unsafe { Shapes::set() };
        let mut sums = [ByDigit::ZERO; 2];
        // Twice sixteen rows of a few hundred inputs stay in the first cache while all weights go by.
        for (pair, both) in rows.chunks(2 * 2 * steps).enumerate() {
            let (first, second) = both.split_at(2 * steps);
            for (panel, weights) in weights.chunks_exact(steps * of_weight.digits()).enumerate() {
                // SAFETY: the shapes are set; there are two tiles of rows a step, and one of weights, or two.
                unsafe {
                    match (second.is_empty(), of_weight) {
                        (true, OfWeight::One) => one_by_one(first, first, weights, &mut sums, steps),
                        (true, OfWeight::Two) => one_by_two(first, first, weights, &mut sums, steps),
                        (false, OfWeight::One) => two_by_one(first, second, weights, &mut sums, steps),
                        (false, OfWeight::Two) => two_by_two(first, second, weights, &mut sums, steps),
                    }
                }
                let some = if second.is_empty() { &sums[..1] } else { &sums };
                some.iter().enumerate().for_each(|(n, sums)| write(sums, of_weight, 2 * pair + n, panel, &mut product));
            }
        }
    }

    /// Writes what the sums stand for, of the block with this number among the rows, and among the outputs.
    #[target_feature(enable = "avx512f,avx512bw")]
    fn write(sums: &ByDigit, of_weight: OfWeight, block: usize, panel: usize, product: &mut Product<'_>) {
        let width = LINES.min(product.outputs - panel * LINES);
        let mask = u16::MAX >> (LINES - width);
        // SAFETY: sixteen floats are read.
        let of_outputs = unsafe { _mm512_loadu_ps(product.of_outputs[panel].as_ptr()) };
        let of_rows = product.of_rows.iter().enumerate().skip(block * LINES);
        for ((row, of_row), (upper, middle)) in of_rows.zip(sums.upper.iter().zip(&sums.middle)) {
            let step = _mm512_mul_ps(_mm512_set1_ps(*of_row), of_outputs);
            // SAFETY: sixteen integers are read.
            let upper = unsafe { _mm512_loadu_si512(upper.as_ptr().cast()) };
            // SAFETY: as above.
            let middle = unsafe { _mm512_loadu_si512(middle.as_ptr().cast()) };
            let numbers = match of_weight {
                OfWeight::One => {
                    let sum = _mm512_add_epi32(_mm512_slli_epi32::<8>(upper), middle);
                    _mm512_mul_ps(_mm512_cvtepi32_ps(sum), step)
                }
                OfWeight::Two => {
                    let upper = _mm512_cvtepi32_ps(upper);
                    let sum = _mm512_fmadd_ps(upper, _mm512_set1_ps(256.0), _mm512_cvtepi32_ps(middle));
                    _mm512_mul_ps(sum, _mm512_mul_ps(step, _mm512_set1_ps(256.0)))
                }
            };
            let at = row * product.outputs + panel * LINES;
            let to = &mut product.numbers[at..at + width];
            // SAFETY: as many numbers are written as the slice has.
            unsafe { _mm512_mask_storeu_ps(to.as_mut_ptr(), mask, numbers) };
        }
    }

    /// Loads a register from `offset` bytes behind a pointer; 64 bytes lie between two rows of a tile.
    macro_rules! load {
        ($register:literal, $from:literal, $offset:literal) => {
            concat!("tileloadd ", $register, ", [{", $from, "} + {stride}*1 + ", $offset, "]\n")
        };
    }

    /// Adds the products of a tile of rows and one of weights.
    macro_rules! add {
        ($sums:literal, $rows:literal, $weights:literal) => {
            concat!("tdpbssd ", $sums, ", ", $rows, ", ", $weights, "\n")
        };
    }

    /// Has the second cache ask for a tile that lies so far ahead; by itself the processor stops at the end of each page.
    macro_rules! ask_ahead {
        ($($offset:literal)*) => {
            concat!($("prefetcht1 [{weights} + ", $offset, "]\n"),*)
        };
    }

    macro_rules! first_ahead {
        () => {
            ask_ahead!(8192 8256 8320 8384 8448 8512 8576 8640 8704 8768 8832 8896 8960 9024 9088 9152)
        };
    }

    macro_rules! second_ahead {
        () => {
            ask_ahead!(9216 9280 9344 9408 9472 9536 9600 9664 9728 9792 9856 9920 9984 10048 10112 10176)
        };
    }

    /// The products of one step, for rows of which `$rows` is the pointer.
    macro_rules! one_digit {
        ($rows:literal, $upper:literal, $middle:literal) => {
            concat!(
                load!("tmm4", $rows, "0"),
                load!("tmm5", $rows, "1024"),
                add!($upper, "tmm4", "tmm6"),
                add!($middle, "tmm5", "tmm6")
            )
        };
    }

    macro_rules! two_digits {
        ($rows:literal, $upper:literal, $middle:literal) => {
            concat!(one_digit!($rows, $upper, $middle), add!($middle, "tmm4", "tmm7"))
        };
    }

    /// A function that gives the sums of sixteen rows, or of twice sixteen, with one panel of weights.
    macro_rules! block {
        ($name:ident, $bytes:literal, $weights:expr, $first:expr, $second:expr) => {
            /// # Safety
            /// The shapes are set; `first` and `second` have two tiles for each of the steps, and `weights` one or two.
            unsafe fn $name(first: &[Tile], second: &[Tile], weights: &[Tile], sums: &mut [ByDigit; 2], steps: usize) {
                // SAFETY: what is read lies in the slices, as the caller says, and of what is written there are four tiles;
                // to ask ahead reads nothing.
                unsafe {
                    asm!(
                        "tilezero tmm0",
                        "tilezero tmm1",
                        "tilezero tmm2",
                        "tilezero tmm3",
                        "2:",
                        $weights,
                        $first,
                        $second,
                        concat!("add {weights}, ", $bytes),
                        "add {first}, 2048",
                        "add {second}, 2048",
                        "dec {steps}",
                        "jnz 2b",
                        "tilestored [{sums} + {stride}*1], tmm0",
                        "tilestored [{sums} + {stride}*1 + 1024], tmm1",
                        "tilestored [{sums} + {stride}*1 + 2048], tmm2",
                        "tilestored [{sums} + {stride}*1 + 3072], tmm3",
                        weights = inout(reg) weights.as_ptr() => _,
                        first = inout(reg) first.as_ptr() => _,
                        second = inout(reg) second.as_ptr() => _,
                        steps = inout(reg) steps => _,
                        sums = in(reg) sums.as_mut_ptr(),
                        stride = in(reg) 64_usize,
                        out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                        out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                        options(nostack),
                    );
                }
            }
        };
    }

    block!(
        one_by_one,
        "1024",
        concat!(load!("tmm6", "weights", "0"), first_ahead!()),
        one_digit!("first", "tmm0", "tmm1"),
        ""
    );
    block!(
        one_by_two,
        "2048",
        concat!(load!("tmm6", "weights", "0"), first_ahead!(), load!("tmm7", "weights", "1024"), second_ahead!()),
        two_digits!("first", "tmm0", "tmm1"),
        ""
    );
    block!(
        two_by_one,
        "1024",
        concat!(load!("tmm6", "weights", "0"), first_ahead!()),
        one_digit!("first", "tmm0", "tmm1"),
        one_digit!("second", "tmm2", "tmm3")
    );
    block!(
        two_by_two,
        "2048",
        concat!(load!("tmm6", "weights", "0"), first_ahead!(), load!("tmm7", "weights", "1024"), second_ahead!()),
        two_digits!("first", "tmm0", "tmm1"),
        two_digits!("second", "tmm2", "tmm3")
    );
}
