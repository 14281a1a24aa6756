//! A new unit where the words change: the valleys in how alike neighbouring blocks of turns are.
//!
//! Source: Hearst, *TextTiling: Segmenting Text into Multi-paragraph Subtopic Passages* (1997), section 5: the cosine of
//! the words in the blocks on both sides of a gap, smoothed; the depth of each valley; and a cutoff in standard
//! deviations from the mean depth. There the gaps lie between pseudo-sentences of 20 words, here between turns, because
//! a unit of memory is made of whole turns. The defaults were learned with those of `semantic-tiling`, on the same data.
//! Needs nothing; costs a few additions a word.

use kithkin_core::{ChatError, MemoryKind};
use serde::Deserialize;

use super::content::ContentWords;
use super::valleys::{bottoms, depths, moments, smoothed};
use super::{Segment, Span, between};
use crate::chat::Chat;
use crate::method::Strategy;
use crate::observe::Sitting;

/// Parameters of `texttiling`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TextTiling {
    /// Turns in a block; 1 to 64, default 4.
    block: usize,
    /// Gaps on either side over which the curve is averaged; 0 to 16, default 0.
    smoothing: usize,
    /// How far above the mean depth the cutoff lies, in standard deviations; -4 to 4, default 0.75. Hearst has -1 for many
    /// units and -0.5 for few; between single turns the curve is rougher, and has many shallow valleys.
    deviations: f32,
}

impl Default for TextTiling {
    fn default() -> Self {
        Self { block: 4, smoothing: 0, deviations: 0.75 }
    }
}

impl Strategy for TextTiling {
    fn check(&self) -> Result<(), String> {
        if !(1..=64).contains(&self.block) {
            return Err(format!("block is {}; it must lie within 1 and 64", self.block));
        }
        if self.smoothing > 16 {
            return Err(format!("smoothing is {}; it must lie within 0 and 16", self.smoothing));
        }
        if !(-4.0..=4.0).contains(&self.deviations) {
            return Err(format!("deviations is {}; it must lie within -4 and 4", self.deviations));
        }
        Ok(())
    }
}

impl Segment for TextTiling {
    fn kind(&self) -> MemoryKind {
        MemoryKind::Segment
    }

    fn spans(&self, sitting: &Sitting, _chat: &Chat<'_>) -> Result<Vec<Span>, ChatError> {
        let curve = smoothed(&ContentWords::of(sitting).cohesion(self.block), self.smoothing);
        let depths = depths(&curve);
        let (mean, deviation) = moments(&depths);
        let cutoff = mean + self.deviations * deviation;
        let deep = bottoms(&curve).filter(|gap| depths.get(*gap).is_some_and(|depth| *depth > 0.0 && *depth >= cutoff));
        let starts: Vec<usize> = deep.map(|gap| gap + 1).collect();
        Ok(between(&starts, sitting.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::shown;
    use super::*;

    fn check(texts: &[&str], expect: &str) {
        // Blocks no longer than the topics are.
        let tiling = TextTiling { block: 3, smoothing: 0, deviations: 0.0 };
        assert_eq!(shown(&tiling.spans(&Sitting::of(texts), &Chat::new(None)).unwrap()), expect, "{texts:?}");
    }

    #[test]
    fn units_end_where_their_words_do() {
        let cat = ["the cat sleeps", "our cat purrs", "a cat purrs and sleeps"];
        let train = ["the train leaves", "was the train late", "the late train leaves"];
        check(&[cat, train].concat(), "0..3 3..6");
        check(&[train, cat, train].concat(), "0..3 3..6 6..9");
        check(&["我们的猫在睡觉", "猫在睡觉吗", "我们的火车很晚", "火车晚点了"], "0..2 2..4");
        check(&["", "?!", "…", "of the"], "0..4");
        check(&["same words"; 5], "0..5");
    }
}
