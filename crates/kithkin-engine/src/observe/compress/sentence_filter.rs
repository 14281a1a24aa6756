//! Leaves out the sentences that tell little.
//!
//! Sentences without a content word, or with too small a share of them, and those that only greet, thank, agree or
//! applaud ([`pleasantries`]) go first. Of the others those go that tell least, for as long as the
//! rest keeps the given share of what all of them tell: the rarities of their content words among the sentences of the
//! session, added up. The sentence that tells most always stays.
//!
//! Source: the sentences of Li et al., *Compressing Context to Enhance Inference Efficiency of Large Language Models*
//! (Selective Context, 2023), section 3, with rarity in the place of a language model, as a denoising in the sense of Pan
//! et al. (2025). Needs nothing; costs two passes over the session, and a sort of the sentences of each text.

use kithkin_core::ChatError;
use serde::Deserialize;

use super::pieces::{joined, sentences, slice};
use super::rarity::{Rarity, Weighed};
use super::{Compress, check_share, pleasantries};
use crate::chat::Chat;
use crate::method::Strategy;
use crate::observe::Sitting;

/// Parameters of `sentence-filter`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SentenceFilter {
    /// The share of what the sentences tell that is kept; 0 (the sentence that tells most) to 1 (all that tell anything),
    /// default 1.
    keep: f32,
    /// The least share of content words in a sentence that is kept; 0 to 1, default 0.15.
    content: f32,
}

impl Default for SentenceFilter {
    fn default() -> Self {
        Self { keep: 1.0, content: 0.15 }
    }
}

impl Strategy for SentenceFilter {
    fn check(&self) -> Result<(), String> {
        check_share("keep", self.keep)?;
        check_share("content", self.content)
    }
}

impl Compress for SentenceFilter {
    fn compress(&self, sitting: &Sitting, texts: &[&str], _chat: &Chat<'_>) -> Result<Vec<String>, ChatError> {
        let mut rarity = Rarity::of(sitting);
        Ok(texts.iter().map(|text| self.filtered(text, &mut rarity)).collect())
    }
}

impl SentenceFilter {
    fn filtered(&self, text: &str, rarity: &mut Rarity) -> String {
        let ranges = sentences(text);
        let mut told = Vec::with_capacity(ranges.len());
        // What the sentence that tells most would tell if pleasantries counted: it stays where nothing else would.
        let mut most = (None, -1.0);
        for (place, range) in ranges.iter().enumerate() {
            let sentence = slice(text, range);
            let words = rarity.read(sentence);
            let information: f32 = words.iter().map(|word| word.information()).sum();
            if !words.is_empty() && information > most.1 {
                most = (Some(place), information);
            }
            let little = self.tells_little(&words) || pleasantries::is_one(sentence, &words);
            told.push(if little { 0.0 } else { information });
        }
        let kept = self.kept(&told);
        let stays = |place| kept.get(place) == Some(&true) || most.0 == Some(place) && !kept.contains(&true);
        let left = joined(text, &ranges, stays);
        if left.is_empty() { text.to_owned() } else { left }
    }

    fn tells_little(&self, words: &[Weighed]) -> bool {
        let content = words.iter().filter(|word| !word.function).count();
        content == 0 || (content as f32) < self.content * words.len() as f32
    }

    /// Which sentences are kept of those that tell so much; none of those that tell nothing.
    fn kept(&self, told: &[f32]) -> Vec<bool> {
        let spare = told.iter().sum::<f32>() * (1.0 - self.keep);
        let mut order: Vec<usize> = (0..told.len()).collect();
        // Of equals the later goes first, so that what is said first stays.
        order.sort_by(|a, b| told[*a].total_cmp(&told[*b]).then(b.cmp(a)));
        let last = order.last().copied();
        let mut kept = vec![true; told.len()];
        let mut gone = 0.0;
        for place in order {
            gone += told[place];
            let telling = told[place] > 0.0;
            if telling && (gone > spare || last == Some(place)) {
                break;
            }
            kept[place] = false;
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_little_is_left_out() {
        let check = |keep: f32, texts: &[&str], expect: &[&str]| {
            let filter = SentenceFilter { keep, ..SentenceFilter::default() };
            let made = filter.compress(&Sitting::of(texts), texts, &Chat::new(None)).unwrap();
            assert_eq!(made, expect, "{keep}");
        };
        let texts = [
            "Hey Ann! Good to see you! I adopted a dog from the shelter. He is big.\nWow, that's great! What is it?",
            "Thanks!",
            "🦊",
        ];
        let all = "Hey Ann! I adopted a dog from the shelter. He is big.";
        check(1.0, &texts, &[all, "Thanks!", "🦊"]);
        check(0.7, &texts, &["Hey Ann! I adopted a dog from the shelter.", "Thanks!", "🦊"]);
        check(0.0, &texts, &["I adopted a dog from the shelter.", "Thanks!", "🦊"]);
        check(1.0, &["你好！我昨天在上海买了一只猫。太好了！谢谢你。"], &["我昨天在上海买了一只猫。"]);
        check(1.0, &["Hallo! Danke, gut. Ich war gestern in Ulm."], &["Ich war gestern in Ulm."]);
        check(1.0, &[""], &[""]);
    }
}
