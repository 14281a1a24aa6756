//! Keeps a share of the words of a text: those pieces that tell most, in their order.

use std::ops::Range;

use super::pieces::joined;

/// What a piece of a text tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Told {
    /// How many words it has.
    pub(super) words: usize,
    /// How much it tells.
    pub(super) information: f32,
    /// What ranks pieces that tell equally much.
    pub(super) rarity: f32,
}

/// What is left of a text when of its words a share is kept, at least the piece that tells most. A text without words has
/// nothing to choose by and stays as it is.
pub(super) fn shortened(text: &str, pieces: &[Range<usize>], told: &[Told], keep: f32) -> String {
    let kept = kept(told, keep);
    if kept.contains(&true) { joined(text, pieces, |place| kept.get(place) == Some(&true)) } else { text.to_owned() }
}

/// Which pieces are kept; none where there are no words.
fn kept(told: &[Told], keep: f32) -> Vec<bool> {
    let all: usize = told.iter().map(|piece| piece.words).sum();
    let wanted = ((all as f32 * keep).ceil() as usize).max(1);
    let mut order: Vec<(usize, &Told)> = told.iter().enumerate().filter(|(_, piece)| piece.words > 0).collect();
    // The sort is stable: of equals the first is kept.
    order.sort_by(|(_, a), (_, b)| b.information.total_cmp(&a.information).then(b.rarity.total_cmp(&a.rarity)));
    let mut kept = vec![false; told.len()];
    let mut count = 0;
    for (place, piece) in order {
        if count >= wanted {
            break;
        }
        count += piece.words;
        kept[place] = true;
    }
    kept
}
