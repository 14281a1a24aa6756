//! Leaves out the words that a language model saw coming.
//!
//! What a word tells is its self-information: minus the logarithm of the probability that the model gives it after all
//! that stands before it in the text, summed over the tokens of the word. Of each text the given share of words is kept,
//! those that tell most, in their order. A piece between spaces is kept or left out as a whole; in scripts without spaces
//! a clause is, by the mean of its characters.
//!
//! Source: Li et al., *Compressing Context to Enhance Inference Efficiency of Large Language Models* (Selective Context,
//! 2023), section 3, equations 2 and 3, with words as its lexical units; as the denoising of Pan et al. (2025), who keep
//! 0.75. Needs a chat model that tells how likely words are, which one in this process does; costs a pass of it over each
//! text, and generates nothing. A text that the model refuses stays as it is.

use kithkin_core::{ChatError, TokenLikelihood};
use serde::Deserialize;

use super::pieces::{pieces, slice};
use super::share::{Told, shortened};
use super::{Compress, check_share};
use crate::chat::Chat;
use crate::index::{Kind, Words};
use crate::method::Strategy;
use crate::observe::Sitting;

/// Parameters of `self-information`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SelfInformation {
    /// The share of words that is kept; 0 (the piece that tells most) to 1 (all), default 0.5.
    keep: f32,
}

impl Default for SelfInformation {
    fn default() -> Self {
        Self { keep: 0.5 }
    }
}

impl Strategy for SelfInformation {
    fn check(&self) -> Result<(), String> {
        check_share("keep", self.keep)
    }
}

impl Compress for SelfInformation {
    fn asks(&self) -> bool {
        true
    }

    fn compress(&self, _sitting: &Sitting, texts: &[&str], chat: &Chat<'_>) -> Result<Vec<String>, ChatError> {
        texts.iter().map(|text| self.compressed(text, chat)).collect()
    }
}

impl SelfInformation {
    fn compressed(&self, text: &str, chat: &Chat<'_>) -> Result<String, ChatError> {
        if text.is_empty() {
            return Ok(String::new());
        }
        let Some(tokens) = chat.likelihoods(text)? else { return Ok(text.to_owned()) };
        let ranges = pieces(text, &(0..text.len()));
        let mut informations = Informations { tokens: &tokens, end: 0 };
        let told: Vec<Told> = ranges
            .iter()
            .map(|range| {
                let information = informations.upto(range.end);
                let (words, grams) = words(slice(text, range));
                Told { words, information: information / if grams { words.max(1) as f32 } else { 1.0 }, rarity: 0.0 }
            })
            .collect();
        Ok(shortened(text, &ranges, &told, self.keep))
    }
}

/// How many words a piece has, and whether they are pairs of characters of a script without spaces.
fn words(piece: &str) -> (usize, bool) {
    let mut words = Words::default();
    words.read(piece);
    let grams = words.iter().any(|(_, kind)| kind == Kind::Gram);
    (words.iter().len(), grams)
}

/// The information of a text, taken from its beginning to its end.
struct Informations<'a> {
    tokens: &'a [TokenLikelihood],
    /// Where the tokens that were taken end in the text.
    end: usize,
}

impl Informations<'_> {
    /// That of the tokens that were not taken yet and end at this place or before it. White space before a word is part of
    /// the word's token in most vocabularies, so a token counts where it ends.
    fn upto(&mut self, place: usize) -> f32 {
        let mut sum = 0.0;
        while let Some((token, rest)) =
            self.tokens.split_first().filter(|(t, _)| self.end.saturating_add(t.bytes) <= place)
        {
            self.end += token.bytes;
            self.tokens = rest;
            sum -= token.ln;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Scripted;

    #[test]
    fn what_was_seen_coming_is_left_out() {
        let check = |keep: f32, text: &str, tokens: &[&str], expect: &str, unread: u64| {
            let model = Scripted::new(tokens.iter().copied());
            let chat = Chat::new(Some(&model));
            let made = SelfInformation { keep }.compress(&Sitting::of(&[text]), &[text], &chat).unwrap();
            assert_eq!((made, chat.unread()), (vec![expect.to_owned()], unread), "{keep}");
        };
        let text = "I moved to Oslo.\nWow, nice!";
        // A word of several tokens tells as much as they do together.
        let tokens = [
            "I -2",
            " moved -4.5",
            " to -0.1",
            " Os -3",
            "lo -2.5",
            ". -0.2",
            "\nWow -4",
            ", -0.1",
            " nice -2.5",
            "! -1",
        ];
        check(1.0, text, &tokens, text, 0);
        check(0.5, text, &tokens, "moved Oslo.\nWow,", 0);
        check(0.0, text, &tokens, "Oslo.", 0);
        check(0.5, text, &["refuse"], text, 1);
        check(0.5, "", &[], "", 0);
        check(0.5, "… !", &["… -9", " ! -9"], "… !", 0);
        // A clause does not win by its length.
        check(0.1, "你好，我搬到奥斯陆了。", &["你好， -5", "我搬到奥斯陆了。 -12"], "你好，", 0);
    }

    #[test]
    fn a_model_that_does_not_tell_is_an_error() {
        let error = SelfInformation::default().compress(&Sitting::of(&["a"]), &["a"], &Chat::new(None)).unwrap_err();
        assert!(matches!(error, ChatError::Missing { .. }), "{error}");
    }
}
