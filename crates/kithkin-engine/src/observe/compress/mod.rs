//! The stage `compress`: what is left of a memory's text before it is stored and embedded.
//!
//! It takes noise away and adds nothing. Only the text changes: kind, sources and time of a memory stay, and the turns are
//! found as they were said. What is left depends on the memory and its session alone, like all that is stored.
//!
//! Source: Pan et al., *On Memory Construction and Retrieval for Personalized Conversational Agents* (2025), section 3.2,
//! which runs units through LLMLingua-2 at a rate of 0.75 before they are searched.

mod information;
mod llm;
mod pieces;
mod pleasantries;
mod rarity;
mod self_information;
mod sentence_filter;
mod share;

use std::fmt::Debug;

use kithkin_core::ChatError;

use super::Sitting;
use crate::chat::Chat;
use crate::method::strategies;

/// Shortens texts.
pub(crate) trait Compress: Debug + Send + Sync {
    /// The version of the prompt that it puts to a chat model; `None` where it asks none.
    fn prompt(&self) -> Option<u32> {
        None
    }

    /// Whether it needs a chat model.
    fn asks(&self) -> bool {
        self.prompt().is_some()
    }

    /// What is left of each of the texts of one session, in their order. It MUST say nothing that a text does not say, be
    /// no longer, and be empty only where the text is.
    ///
    /// # Errors
    /// The chat model failed: nothing is derived from the session then.
    fn compress(&self, sitting: &Sitting, texts: &[&str], chat: &Chat<'_>) -> Result<Vec<String>, ChatError>;
}

strategies! { "observe.compress", Compress:
    "information" => information::Information,
    "llm" => llm::LlmCompress,
    "self-information" => self_information::SelfInformation,
    "sentence-filter" => sentence_filter::SentenceFilter,
}

/// Refuses a share to keep that is no share.
fn check_share(name: &str, share: f32) -> Result<(), String> {
    if (0.0..=1.0).contains(&share) {
        return Ok(());
    }
    Err(format!("{name} is {share}; it must lie within 0 and 1"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chat::Scripted;
    use crate::index::Words;

    fn words(text: &str) -> Vec<String> {
        Words::of(text)
    }

    /// Whether what is left of a text is what the stage promises: no longer, not empty, and the words of the text in
    /// their order.
    pub(super) fn holds(text: &str, left: &str) -> Result<(), TestCaseError> {
        prop_assert!(left.len() <= text.len(), "{text:?} {left:?}");
        prop_assert_eq!(left.trim().is_empty(), text.trim().is_empty(), "{:?} {:?}", text, left);
        let mut said = words(text).into_iter();
        let all_said = words(left).iter().all(|word| said.any(|other| other == *word));
        prop_assert!(all_said, "{text:?} {left:?}");
        Ok(())
    }

    /// Every strategy with its defaults, and those that have it with a low share to keep.
    fn registered() -> impl Iterator<Item = Box<dyn Compress>> {
        let of = |text: String| parse(text.parse().unwrap());
        NAMES.iter().flat_map(move |name| {
            let plain = of(format!("strategy = \"{name}\"")).unwrap();
            std::iter::once(plain).chain(of(format!("strategy = \"{name}\"\nkeep = 0.3")).ok())
        })
    }

    proptest! {
        #[test]
        fn every_strategy_leaves_words_of_the_text_in_their_order(
            texts in prop::collection::vec(
                prop_oneof![
                    "((the|cat|Thanks|it's|shelter|2023|no)[ .!?\n,]{1,2}){0,12}",
                    "[我的猫火车很晚？。，！a ]{0,20}",
                    "(\\PC|[ \n\u{301}\u{200d}.]){0,30}",
                    any::<String>(),
                ],
                0..6,
            ),
        ) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let sitting = Sitting::of(&texts);
            for strategy in registered() {
                let model = Scripted::new(["the cat 我的猫", "no shelter"]);
                let compress = || strategy.compress(&sitting, &texts, &Chat::new(Some(&model))).unwrap();
                let left = compress();
                prop_assert_eq!(left.len(), texts.len());
                for (text, left) in texts.iter().zip(&left) {
                    holds(text, left)?;
                }
            }
        }
    }
}
