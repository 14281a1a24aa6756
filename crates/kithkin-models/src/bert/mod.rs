//! BERT, as the embedder and the cross-encoder share it: the files, the forward pass, and how texts share the threads.
//!
//! Cost: two operations a weight and token, about 21 million for the 6 layers of MiniLM. A text runs on one thread; many
//! texts share the threads of the pool.

mod digits;
mod eight_bits;
mod floats;
mod forward;
mod fp16;
mod kernel;
pub(crate) mod lanes;
mod linear;
mod load;
mod rounding;
mod tiles;

pub(crate) use forward::{Bert, NoEmbedding};
pub(crate) use linear::Precision;
pub(crate) use load::{CONFIG, Config, TOKENIZER, WEIGHTS, load};

use std::ops::RangeInclusive;

/// The tokens that run together. Fewer read the weights more often than they need; more leave the processor's cache.
const BATCH_TOKENS: RangeInclusive<usize> = 64..=128;

/// A text as BERT takes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    /// Its tokens.
    pub(crate) ids: &'a [u32],
    /// The segment of each token, 0 or 1; tokens that are not listed are of the first.
    pub(crate) segments: &'a [u32],
}

/// Runs of texts that one thread takes together: an equal share for each thread, within [`BATCH_TOKENS`]. A text that is
/// longer is a run of its own.
pub(crate) fn batches<'a>(texts: &'a [Text<'a>], threads: usize) -> Vec<&'a [Text<'a>]> {
    let all: usize = texts.iter().map(|t| t.ids.len()).sum();
    let most = all.div_ceil(threads.max(1)).clamp(*BATCH_TOKENS.start(), *BATCH_TOKENS.end());
    let (mut batches, mut rest) = (Vec::new(), texts);
    while !rest.is_empty() {
        let mut tokens = 0;
        let fitting = rest.iter().take_while(|t| {
            tokens += t.ids.len();
            tokens <= most
        });
        let (batch, others) = rest.split_at(fitting.count().max(1));
        batches.push(batch);
        rest = others;
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_share_the_tokens_between_the_threads() {
        let text = Text { ids: &[0; 40], segments: &[] };
        let check = |texts: usize, threads: usize, right: &[usize]| {
            let texts = vec![text; texts];
            let sizes: Vec<usize> = batches(&texts, threads).iter().map(|b| b.len()).collect();
            assert_eq!(sizes, right, "{} texts on {threads} threads", texts.len());
        };
        check(0, 2, &[]);
        check(1, 2, &[1]);
        check(2, 8, &[1, 1]);
        check(6, 2, &[3, 3]);
        check(8, 1, &[3, 3, 2]);
    }
}
