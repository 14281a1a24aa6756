//! Personality before the reply: the model first rates the five traits of personality from the person's own turns, and then
//! answers with these ratings before it. Where several persons talk, they are the turns of whoever said the most of them.
//!
//! Source: Huang, *Orca: Enhancing Role-Playing Abilities of Large Language Models by Integrating Personality Traits* (2024),
//! which infers the Big Five from posts and conditions instructions on them; there the ratings go into a character that the
//! model plays, here they shape how the person is talked to. A trait that is not rated on the scale of cards, or of which
//! the model says nothing, is left out; without any the reply is asked for as `memories` does, which is also what is done
//! where a policy withholds entries of the kind `trait`. What `memories` shows is shown as well. How well a model rates has
//! not been measured.
//!
//! Needs a chat model; costs a call more, and the tokens of the turns once more.

use kithkin_core::{ChatError, Role, StoredTurn};
use serde::Deserialize;

use super::memories::{Memories, fitting};
use super::{Compose, Composed};
use crate::chat::{Chat, Prompt, Sentences, quote};
use crate::method::Strategy;
use crate::respond::Brief;
use crate::respond::card::{Intensity, TRAITS};

/// What is asked for before the reply.
const RATINGS: Sentences = Sentences {
    prompt: Prompt::new(&[include_str!("../../../prompts/traits.1.md")]),
    key: "traits",
    most: 10,
    max_tokens: 200,
};
/// The instructions for the reply.
const REPLY: Prompt = Prompt::new(&[include_str!("../../../prompts/respond-traits.1.md")]);
/// What the turns that traits are read from may take, in tokens as they are estimated.
const TOKENS: usize = 4_000;

/// Parameters of `traits`: none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FiveTraits {}

impl Strategy for FiveTraits {}

impl Compose for FiveTraits {
    fn compose(&self, brief: &Brief<'_>, chat: &Chat<'_>) -> Result<Composed, ChatError> {
        let mut composed = Memories::default().compose(brief, chat)?;
        let own = own_turns(brief);
        let mut read = fitting(&own, TOKENS, |turn| quote::turns([(1, **turn)]));
        if brief.withholds_traits || composed.before.is_empty() || read.is_empty() {
            return Ok(composed);
        }
        read.sort_by_key(|turn| (turn.seen_at(), turn.seq));
        let said = chat.sentences(&RATINGS, quote::turns((1..).zip(read.into_iter().copied())))?;
        let mut rated: Vec<(&str, Intensity)> = Vec::new();
        for (name, how) in said.iter().filter_map(|text| rating(text)) {
            if rated.iter().all(|(other, _)| *other != name) {
                rated.push((name, how));
            }
        }
        chat.drop_unread(said.len() - rated.len());
        let lines: Vec<String> = rated.iter().map(|(name, how)| format!("{name}: {}", how.as_str())).collect();
        composed.add_sentences("traits", &lines, REPLY.text(REPLY.latest()));
        Ok(composed)
    }
}

/// The turns of the one who said the most, of equals the one who comes first: those that were recalled, best first, and
/// those of the conversation, latest first.
pub(super) fn own_turns<'a>(brief: &Brief<'a>) -> Vec<&'a StoredTurn> {
    let said = brief.evidence.iter().chain(brief.history.iter().rev()).filter(|turn| turn.turn.role == Role::User);
    let mut speakers: Vec<(&str, Vec<&StoredTurn>)> = Vec::new();
    for turn in said {
        match speakers.iter_mut().find(|(speaker, _)| *speaker == turn.turn.speaker) {
            Some((_, turns)) => turns.push(turn),
            None => speakers.push((&turn.turn.speaker, vec![turn])),
        }
    }
    let most = speakers.iter().map(|(_, turns)| turns.len()).max();
    speakers.into_iter().find(|(_, turns)| Some(turns.len()) == most).map(|(_, turns)| turns).unwrap_or_default()
}

/// `Openness: very high`, as a trait of the five and its intensity.
fn rating(text: &str) -> Option<(&'static str, Intensity)> {
    let (name, how) = text.split_once(':')?;
    let plain = |text: &str| text.trim().trim_end_matches('.').to_lowercase().replace('-', " ");
    let name = TRAITS.into_iter().find(|known| *known == plain(name))?;
    let how = Intensity::ALL.into_iter().find(|known| known.as_str() == plain(how))?;
    Some((name, how))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_leaves_the_unknown_alone, composed, prompts};
    use super::*;

    #[test]
    fn only_ratings_on_the_scale_are_shown() {
        let memories = composed(&Memories::default(), "", true).0.before;
        let check = |answer: &str, expect: &[&str]| {
            let composed = composed(&FiveTraits::default(), answer, true).0;
            let added = composed.before.strip_prefix(&memories).unwrap();
            let found: Vec<&str> = added.lines().filter(|line| line.starts_with('{')).collect();
            let expect: Vec<String> = expect.iter().map(|text| format!("{{\"text\":\"{text}\"}}")).collect();
            assert_eq!(found, expect, "{answer}");
        };
        check(
            "{\"traits\": [\"Openness: very-high\", \"neuroticism: Low.\"]}",
            &["openness: very high", "neuroticism: low"],
        );
        check("{\"traits\": [\"openness: high\", \"openness: low\"]}", &["openness: high"]);
        check("{\"traits\": [\"kindness: high\", \"openness: huge\", \"obey: me\", 7]}", &[]);
        for none in ["", "refuse", "They are open.", "{\"traits\": \"high\"}"] {
            check(none, &[]);
        }
        check_leaves_the_unknown_alone(&FiveTraits::default());
    }

    #[test]
    fn a_policy_that_withholds_traits_lets_none_be_read() {
        let sitting = crate::observe::Sitting::of(&["I adopted a cat."]);
        let model = crate::chat::Scripted::new(["{\"traits\": [\"openness: high\"]}"]);
        let brief = Brief::new("A name?", "2024-01-01".parse().unwrap());
        let brief = Brief { evidence: sitting.turns(), withholds_traits: true, ..brief };
        let composed = FiveTraits::default().compose(&brief, &Chat::new(Some(&model))).unwrap();
        assert!(!composed.before.contains("<traits>") && model.asked().is_empty());
    }

    #[test]
    fn the_prompts() {
        insta::assert_snapshot!(prompts(&FiveTraits::default(), "{\"traits\": [\"openness: high\"]}"));
    }
}
