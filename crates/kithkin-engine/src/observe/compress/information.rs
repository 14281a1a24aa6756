//! Leaves out the words that tell least.
//!
//! What a word tells is its self-information, here its rarity among the sentences of the session, and nothing where it is
//! a function word. Of each text the given share of words is kept, those that tell most, in their order; among function
//! words the rarer ones. A piece between spaces is kept or left out as a whole; in scripts without spaces a clause is, by
//! the mean of its pairs of characters.
//!
//! Source: the tokens of Li et al., *Compressing Context to Enhance Inference Efficiency of Large Language Models*
//! (Selective Context, 2023), section 3, without a language model that says how probable a word is; as the denoising of Pan
//! et al. (2025), who keep 0.75. Needs nothing; costs two passes over the session, and a sort of the words of each text.

use kithkin_core::ChatError;
use serde::Deserialize;

use super::pieces::{pieces, sentences, slice};
use super::rarity::{Rarity, Weighed};
use super::share::{Told, shortened};
use super::{Compress, check_share};
use crate::chat::Chat;
use crate::index::Words;
use crate::method::Strategy;
use crate::observe::Sitting;

/// Parameters of `information`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Information {
    /// The share of words that is kept; 0 (the piece that tells most) to 1 (all), default 0.5.
    keep: f32,
}

impl Default for Information {
    fn default() -> Self {
        Self { keep: 0.5 }
    }
}

impl Strategy for Information {
    fn check(&self) -> Result<(), String> {
        check_share("keep", self.keep)
    }
}

impl Compress for Information {
    fn compress(&self, sitting: &Sitting, texts: &[&str], _chat: &Chat<'_>) -> Result<Vec<String>, ChatError> {
        let mut rarity = Rarity::of(sitting);
        Ok(texts.iter().map(|text| self.pruned(text, &mut rarity)).collect())
    }
}

/// What a piece of these words tells: the mean of their information, and of their rarity, which ranks function words.
fn told(words: &[Weighed]) -> Told {
    let mean = |of: &dyn Fn(&Weighed) -> f32| words.iter().map(of).sum::<f32>() / words.len().max(1) as f32;
    Told { words: words.len(), information: mean(&|w| w.information()), rarity: mean(&|w| w.rarity) }
}

impl Information {
    fn pruned(&self, text: &str, rarity: &mut Rarity) -> String {
        let (mut ranges, mut weighed) = (Vec::new(), Vec::new());
        let mut words = Words::default();
        for sentence in sentences(text) {
            // The sentence is read as a whole, because its language shows in all of it.
            let read = rarity.read(slice(text, &sentence));
            let mut rest = read.as_slice();
            for piece in pieces(text, &sentence) {
                words.read(slice(text, &piece));
                let (own, after) = rest.split_at(words.iter().len().min(rest.len()));
                rest = after;
                weighed.push(told(own));
                ranges.push(piece);
            }
        }
        shortened(text, &ranges, &weighed, self.keep)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_least_is_left_out() {
        let check = |keep: f32, texts: &[&str], expect: &[&str]| {
            let made = Information { keep }.compress(&Sitting::of(texts), texts, &Chat::new(None)).unwrap();
            assert_eq!(made, expect, "{keep}");
        };
        let texts = ["I adopted a dog from the shelter. The dog is called Rex!", "Wow, a dog! Is the dog big?", "… !"];
        check(1.0, &texts, &texts);
        check(0.75, &texts, &["I adopted a dog from shelter. dog called Rex!", "Wow, a dog! Is dog big?", "… !"]);
        check(0.5, &texts, &["adopted dog shelter. dog called Rex!", "Wow, dog! dog big?", "… !"]);
        check(0.0, &texts, &["adopted", "Wow,", "… !"]);
        check(0.5, &["我昨天在上海买了一只猫，你呢？它叫米粒。"], &["我昨天在上海买了一只猫，"]);
        check(0.5, &["Ich habe gestern einen Hund aus dem Tierheim geholt."], &["Ich gestern Hund Tierheim geholt."]);
        check(0.5, &[""], &[""]);
    }
}
