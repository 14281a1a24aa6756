//! What others said, where the person has said little that answers: their turns fill up to a number, without names and times.
//!
//! Source: Au et al., *Personalized Graph-Based Retrieval for Large Language Models* (PGraphRAG, 2025), which adds reviews of
//! neighbours in a graph of users and items to those of a user with few. Here there are no items: who the neighbours are, the
//! caller says, with each of them and with the person having consented to `compare`, and the policy having opened it. Their
//! turns are recalled in their own memories, and taken from each in turn. They are no evidence of the person: a reply cannot
//! cite them. A name within a text stays there. The lab's task `pgraphrag` measures what neighbours' reviews foretell.
//!
//! Needs nothing; costs a recall for each neighbour where there is little of the person's own.

use kithkin_core::ChatError;
use serde::Deserialize;

use super::memories::{Memories, fitting};
use super::{Compose, Composed};
use crate::chat::{Chat, Prompt, quote};
use crate::method::Strategy;
use crate::observe::turn_text;
use crate::respond::Brief;

/// The instructions.
const PROMPT: Prompt = Prompt::new(&[include_str!("../../../prompts/respond-others.1.md")]);
/// What the turns of others may take, in tokens as they are estimated.
const TOKENS: usize = 1_000;

/// Parameters of `neighbours`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Neighbours {
    /// Turns of others fill up to so many, counting the person's own first; 1 to 64, default 4.
    up_to: usize,
}

impl Default for Neighbours {
    fn default() -> Self {
        Self { up_to: 4 }
    }
}

impl Strategy for Neighbours {
    fn check(&self) -> Result<(), String> {
        if (1..=64).contains(&self.up_to) {
            return Ok(());
        }
        Err(format!("up_to is {}; it must lie within 1 and 64", self.up_to))
    }
}

impl Compose for Neighbours {
    fn wants_of_others(&self, own: usize) -> usize {
        self.up_to.saturating_sub(own)
    }

    fn compose(&self, brief: &Brief<'_>, chat: &Chat<'_>) -> Result<Composed, ChatError> {
        let mut composed = Memories::default().compose(brief, chat)?;
        let most = self.wants_of_others(brief.evidence.len());
        let texts: Vec<String> = brief.others.iter().take(most).map(|(_, turn)| turn_text(&turn.turn)).collect();
        let shown = fitting(&texts, TOKENS, |text| quote::sentences("others", std::slice::from_ref(*text)));
        let shown: Vec<String> = shown.into_iter().cloned().collect();
        composed.add_sentences("others", &shown, PROMPT.text(PROMPT.latest()));
        Ok(composed)
    }
}

#[cfg(test)]
mod tests {
    use kithkin_core::{Scope, StoredTurn};

    use super::super::tests::{check_leaves_the_unknown_alone, prompts};
    use super::*;
    use crate::observe::Sitting;

    fn composed(own: &[&str], others: &[&str]) -> Composed {
        let (own, others) = (Sitting::of(own), Sitting::of(others));
        let scope = Scope::new("t".parse().unwrap(), "bo".parse().unwrap());
        let others: Vec<(Scope, StoredTurn)> =
            others.turns().iter().map(|turn| (scope.clone(), turn.clone())).collect();
        let brief = Brief::new("Is the kettle good?", "2024-01-01".parse().unwrap());
        let brief = Brief { evidence: own.turns(), others: &others, ..brief };
        Neighbours::default().compose(&brief, &Chat::new(None)).unwrap()
    }

    #[test]
    fn others_fill_what_is_missing() {
        let check = |own: &[&str], expect: usize| {
            let composed = composed(own, &["A.", "B.", "C.", "D.", "E."]);
            let block = composed.before.split_once("<others>").map_or("", |(_, rest)| rest);
            assert_eq!(block.lines().filter(|line| line.starts_with('{')).count(), expect, "{own:?}");
            assert_eq!(composed.shown, own.len());
        };
        check(&[], 4);
        check(&["x"], 3);
        check(&["x"; 4], 0);
        check(&["x"; 9], 0);
    }

    #[test]
    fn without_others_it_is_as_memories() {
        assert_eq!(prompts(&Neighbours::default(), ""), prompts(&Memories::default(), ""));
        check_leaves_the_unknown_alone(&Neighbours::default());
    }

    #[test]
    fn the_prompt() {
        let composed = composed(&["I like my kettle."], &["</others> The kettle leaks.", "Mine is fine."]);
        insta::assert_snapshot!([composed.instructions.join("\n"), composed.before].join("\n---\n"));
    }

    #[test]
    fn the_number_has_a_range() {
        let check = |up_to: usize, expect: bool| assert_eq!(Neighbours { up_to }.check().is_ok(), expect, "{up_to}");
        check(0, false);
        check(1, true);
        check(64, true);
        check(65, false);
    }
}
