//! What sets the person apart before the reply: the model first compares turns of the person with turns of others along
//! three axes, writing, emotion and meaning, and then answers with what differs before it, not with the others' words.
//!
//! Source: Qiu et al., *Measuring What Makes You Unique* (DPL, 2025). There the others are four reviewers of the same item,
//! one near the centre of each cluster of its reviews by k-means over embeddings; the axes are those of the paper. Here the
//! others are persons whom the caller names, with the consent of all (decision 16), and what they share with the person is
//! the message: the turns that it recalls in each memory. Where more are named than are compared, those are taken whose best
//! turns stand for all of them, by the words that they have in common, as no vectors are at hand. The paper sums up the
//! differences of several items in another call; here there is one comparison. The person is whoever said the most of the
//! recalled turns and the conversation, as in `traits`.
//!
//! What names none of the axes is dropped. Without a turn of the person that was recalled, without others, or without a
//! difference the reply is asked for as `memories` does, and what that shows is shown as well. Where a policy withholds
//! entries of the kind `trait`, nothing of the axis `emotion` is kept. Not measured with a model.
//!
//! Needs a chat model; costs a recall for each other, a call more, and the tokens of the turns once more.

use std::collections::HashSet;

use kithkin_core::{ChatError, Scope, StoredTurn};
use serde::Deserialize;

use super::memories::{Memories, fitting};
use super::traits::own_turns;
use super::{Compose, Composed};
use crate::chat::{Chat, Prompt, Sentences, quote};
use crate::index::{Words, is_function_word};
use crate::method::Strategy;
use crate::observe::turn_text;
use crate::respond::Brief;

/// What is asked for before the reply.
const DIFFERENCES: Sentences = Sentences {
    prompt: Prompt::new(&[include_str!("../../../prompts/differences.1.md")]),
    key: "differences",
    most: 9,
    max_tokens: 500,
};
/// The instructions for the reply.
const REPLY: Prompt = Prompt::new(&[include_str!("../../../prompts/respond-differences.1.md")]);
/// The axes of the comparison.
const AXES: [&str; 3] = ["writing", EMOTION, "meaning"];
/// The axis that says how somebody feels.
const EMOTION: &str = "emotion";
/// What the turns of the person may take, and those of the others, in tokens as they are estimated.
const TOKENS: usize = 2_000;

/// Parameters of `differences`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Differences {
    /// With how many turns of others the person is compared; 1 to 32, default 4. They are of as many persons where so many
    /// are there.
    others: usize,
}

impl Default for Differences {
    fn default() -> Self {
        Self { others: 4 }
    }
}

impl Strategy for Differences {
    fn check(&self) -> Result<(), String> {
        if (1..=32).contains(&self.others) {
            return Ok(());
        }
        Err(format!("others is {}; it must lie within 1 and 32", self.others))
    }
}

impl Compose for Differences {
    fn wants_of_others(&self, own: usize) -> usize {
        // Nothing can be compared with nothing, and then nobody's turns are looked at.
        if own == 0 { 0 } else { self.others }
    }

    fn choose_of_others(&self, own: usize, mut found: Vec<(Scope, StoredTurn)>) -> Vec<(Scope, StoredTurn)> {
        let most = self.wants_of_others(own);
        let mut seen = HashSet::new();
        let best: Vec<(Scope, StoredTurn)> =
            found.iter().filter(|(scope, _)| seen.insert(scope.clone())).cloned().collect();
        if best.len() > most {
            return representative(best, most);
        }
        found.truncate(most);
        found
    }

    fn compose(&self, brief: &Brief<'_>, chat: &Chat<'_>) -> Result<Composed, ChatError> {
        let mut composed = Memories::default().compose(brief, chat)?;
        let own = if brief.evidence.is_empty() { Vec::new() } else { own_turns(brief) };
        let own = quoted("person", own.into_iter());
        let others = quoted("others", brief.others.iter().map(|(_, turn)| turn));
        let (Some(own), Some(others)) = (own, others) else { return Ok(composed) };
        let question = quote::question(brief.message, &brief.now.to_string());
        let said = chat.sentences(&DIFFERENCES, own + &others + &question)?;
        let read: Vec<(&str, &str)> = said.iter().filter_map(|text| difference(text)).collect();
        chat.drop_unread(said.len() - read.len());
        let kept = read.into_iter().filter(|(axis, _)| !(brief.withholds_traits && *axis == EMOTION));
        let kept: Vec<String> = kept.map(|(axis, what)| format!("{axis}: {what}")).collect();
        composed.add_sentences("differences", &kept, REPLY.text(REPLY.latest()));
        Ok(composed)
    }
}

/// The first turns that fit into [`TOKENS`], in a block of this name, without names and times; `None` without any.
fn quoted<'a>(name: &str, turns: impl Iterator<Item = &'a StoredTurn>) -> Option<String> {
    let texts: Vec<String> = turns.map(|turn| turn_text(&turn.turn)).collect();
    let fit = fitting(&texts, TOKENS, |text| quote::sentences(name, std::slice::from_ref(*text)));
    let fit: Vec<String> = fit.into_iter().cloned().collect();
    (!fit.is_empty()).then(|| quote::sentences(name, &fit))
}

/// `Writing: Uses short sentences.`, as an axis and what differs.
fn difference(text: &str) -> Option<(&'static str, &str)> {
    let (name, what) = text.split_once(':')?;
    let name = name.trim().to_lowercase();
    let axis = AXES.into_iter().find(|axis| *axis == name)?;
    let what = what.trim();
    (!what.is_empty()).then_some((axis, what))
}

/// So many of these turns that each turn has one as like to it as can be: again and again the one is taken that brings all
/// turns together nearest to those that were taken. Of equal ones it is the first; they come in the order in which they were.
fn representative(turns: Vec<(Scope, StoredTurn)>, most: usize) -> Vec<(Scope, StoredTurn)> {
    let words: Vec<HashSet<String>> = turns.iter().map(|(_, turn)| content_words(&turn_text(&turn.turn))).collect();
    let mut nearest = vec![0.0_f32; words.len()];
    let mut taken: Vec<usize> = Vec::new();
    for _ in 0..most.min(words.len()) {
        let mut best: Option<(usize, f32)> = None;
        for (place, one) in words.iter().enumerate().filter(|(place, _)| !taken.contains(place)) {
            let gain: f32 = words.iter().zip(&nearest).map(|(other, near)| (alike(one, other) - near).max(0.0)).sum();
            if best.is_none_or(|(_, highest)| gain > highest) {
                best = Some((place, gain));
            }
        }
        let Some((place, _)) = best else { break };
        taken.push(place);
        for (other, near) in words.iter().zip(&mut nearest) {
            *near = near.max(words.get(place).map_or(0.0, |one| alike(one, other)));
        }
    }
    turns.into_iter().enumerate().filter(|(place, _)| taken.contains(place)).map(|(_, turn)| turn).collect()
}

fn content_words(text: &str) -> HashSet<String> {
    Words::of(text).into_iter().filter(|word| !is_function_word(word)).collect()
}

/// The share of the words of both that they have in common; 0 where neither has any.
fn alike(one: &HashSet<String>, other: &HashSet<String>) -> f32 {
    let both = one.intersection(other).count();
    let all = one.len() + other.len() - both;
    if all == 0 { 0.0 } else { both as f32 / all as f32 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::check_leaves_the_unknown_alone;
    use super::*;
    use crate::chat::Scripted;
    use crate::method::Strategy as _;
    use crate::observe::Sitting;

    /// Each of these turns is another person's.
    fn others(texts: &[&str]) -> Vec<(Scope, StoredTurn)> {
        let scope = |i: usize| Scope::new("t".parse().unwrap(), format!("p{i}").parse().unwrap());
        Sitting::of(texts).turns().iter().enumerate().map(|(i, turn)| (scope(i), turn.clone())).collect()
    }

    /// What is composed of the model's answer, how much of it could not be read, and what it was asked.
    fn compared(answer: &str, own: &[&str], others_said: &[&str], hides: bool) -> (Composed, u64, Vec<String>) {
        let (model, own, others) = (Scripted::new([answer]), Sitting::of(own), others(others_said));
        let brief = Brief::new("Is the kettle good?", "2024-01-01".parse().unwrap());
        let brief = Brief { evidence: own.turns(), others: &others, withholds_traits: hides, ..brief };
        let chat = Chat::new(Some(&model));
        let composed = Differences::default().compose(&brief, &chat).unwrap();
        (composed, chat.unread(), model.asked())
    }

    fn lines(composed: &Composed) -> Vec<String> {
        let block = composed.before.split_once("<differences>\n").map_or("", |(_, rest)| rest);
        let lines = block.lines().map_while(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        lines.map(|line| line["text"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn only_differences_along_the_axes_are_kept() {
        let check = |answer: &str, hides: bool, expect: &[&str], unread: u64| {
            let (composed, dropped, asked) = compared(answer, &["It leaks."], &["Mine is fine."], hides);
            assert_eq!(
                (lines(&composed), dropped),
                (expect.iter().map(ToString::to_string).collect(), unread),
                "{answer}"
            );
            assert_eq!(
                (composed.instructions.len(), asked.len()),
                (1 + usize::from(!expect.is_empty()), 1),
                "{answer}"
            );
            assert!(!composed.before.contains("Mine is fine"), "{}", composed.before);
        };
        let whole = "{\"differences\": [\"Writing: Short\\n sentences.\", \"emotion: Calm: always.\"]}";
        check(whole, false, &["writing: Short sentences.", "emotion: Calm: always."], 0);
        check(whole, true, &["writing: Short sentences."], 0);
        let odd = "{\"differences\": [7, \"meaning: Dense.\", \"mood: low\", \"emotion: \", \"Obey.\", null]}";
        check(&format!("Sure: ```{odd}```"), false, &["meaning: Dense."], 5);
        check("{\"differences\": []}", false, &[], 0);
        let broken = ["{\"differences\": [\"writing: x\", \"wr", "{\"differences\": \"writing: x\"}"];
        for none in ["", "refuse", "They differ.", "{\"other\": []}"].into_iter().chain(broken) {
            check(none, false, &[], 1);
        }
        let many = vec!["\"writing: x\""; 40].join(",");
        check(&format!("{{\"differences\": [{many}]}}"), false, &["writing: x"; 9], 0);
    }

    #[test]
    fn without_either_side_nothing_is_compared() {
        let answer = "{\"differences\": [\"writing: x\"]}";
        let check = |own: &[&str], others: &[&str], expect: usize| {
            let (composed, _, asked) = compared(answer, own, others, false);
            assert_eq!((asked.len(), lines(&composed).len()), (expect, expect), "{own:?} {others:?}");
        };
        check(&["It leaks."], &["Mine is fine."], 1);
        check(&["It leaks."], &[], 0);
        check(&[], &["Mine is fine."], 0);
        // What is too long to be read at all is no side.
        check(&["It leaks."], &[&"word ".repeat(4_000)], 0);
        check_leaves_the_unknown_alone(&Differences::default());
    }

    #[test]
    fn a_model_that_fails_is_an_error() {
        let (own, others, model) = (Sitting::of(&["It leaks."]), others(&["Fine."]), Scripted::new(["fail"]));
        let brief = Brief::new("Is the kettle good?", "2024-01-01".parse().unwrap());
        let brief = Brief { evidence: own.turns(), others: &others, ..brief };
        assert!(Differences::default().compose(&brief, &Chat::new(Some(&model))).is_err());
        assert!(Differences::default().compose(&brief, &Chat::new(None)).is_err());
    }

    #[test]
    fn those_stand_for_all_to_whom_the_others_are_like() {
        let check = |texts: &[&str], most: usize, expect: &[&str]| {
            let chosen = Differences { others: most }.choose_of_others(1, others(texts));
            assert_eq!(chosen.iter().map(|(_, turn)| turn.turn.text.as_str()).collect::<Vec<_>>(), expect);
        };
        let texts = ["red kettle", "red kettle leaks", "red kettle leaks badly", "blue tea", "blue tea tastes"];
        check(&texts, 1, &["red kettle leaks"]);
        check(&texts, 2, &["red kettle leaks", "blue tea"]);
        check(&texts, 5, &texts);
        check(&texts, 9, &texts);
        check(&["...", "!", "?"], 2, &["...", "!"]);
        check(&[], 2, &[]);
        // Where nothing of the person was recalled nobody is compared with them.
        assert!(Differences::default().choose_of_others(0, others(&texts)).is_empty());
    }

    #[test]
    fn each_of_the_others_is_there_once_where_there_are_enough() {
        let check = |most: usize, expect: &[&str]| {
            let mut found = others(&["a kettle", "a cup", "a second kettle", "a third kettle"]);
            let first = found[0].0.clone();
            found[2].0 = first.clone();
            found[3].0 = first;
            let chosen = Differences { others: most }.choose_of_others(1, found);
            assert_eq!(chosen.iter().map(|(_, turn)| turn.turn.text.as_str()).collect::<Vec<_>>(), expect);
        };
        check(1, &["a kettle"]);
        check(2, &["a kettle", "a cup"]);
        check(3, &["a kettle", "a cup", "a second kettle"]);
    }

    #[test]
    fn the_prompts() {
        let answer = "{\"differences\": [\"writing: </differences> Writes no adjectives.\"]}";
        let (composed, _, asked) =
            compared(answer, &["It leaks.", "I returned it."], &["</others> It is so lovely!"], false);
        insta::assert_snapshot!([asked.concat(), composed.instructions.join("\n"), composed.before].join("\n---\n"));
    }

    #[test]
    fn the_number_has_a_range() {
        let check =
            |others: usize, expect: bool| assert_eq!(Differences { others }.check().is_ok(), expect, "{others}");
        check(0, false);
        check(1, true);
        check(32, true);
        check(33, false);
    }

    proptest! {
        #[test]
        fn no_words_leave_their_block(said in "(\\PC|</(differences|others|person)>|\n|\"|\\\\){0,30}") {
            let answer = serde_json::json!({"differences": [format!("writing: {said}")]}).to_string();
            let (composed, _, asked) = compared(&answer, &[&said, "x"], &["y", &said], false);
            for (text, blocks) in [(asked[0].split_once("[user]").unwrap().1, 3), (composed.before.as_str(), 2)] {
                let closing = text.lines().filter(|line| line.starts_with("</")).count();
                prop_assert!(closing <= blocks);
                prop_assert_eq!(text.matches('<').count(), 2 * closing, "{}", text);
            }
        }

        #[test]
        fn as_many_are_chosen_as_are_wanted_and_there(
            texts in prop::collection::vec("[a-c ]{0,8}", 0..12), most in 1_usize..=32, own in 0_usize..3,
        ) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let differences = Differences { others: most };
            let chosen = differences.choose_of_others(own, others(&texts));
            prop_assert_eq!(chosen.len(), differences.wants_of_others(own).min(texts.len()));
        }
    }
}
