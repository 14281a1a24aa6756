//! The stage `respond.compose`: what of a person's memory a chat model is given to read, and how.

mod asker;
mod differences;
mod digest;
mod memories;
mod neighbours;
mod notes;
mod plain;
mod rules;
mod thoughts;
mod traits;

use std::fmt::Debug;

use kithkin_core::{ChatError, Scope, StoredTurn};

use super::Brief;
use crate::chat::{Chat, quote};
use crate::method::strategies;

/// What goes into a prompt beside the conversation itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Composed {
    /// Instructions that are added to those of every reply.
    pub(crate) instructions: Vec<&'static str>,
    /// What stands before the person's words.
    pub(crate) before: String,
    /// How many of the evidence, from the first, it shows.
    pub(crate) shown: usize,
    /// How many of the profile, from the first.
    pub(crate) profile_shown: usize,
    /// How many of the summaries, from the first.
    pub(crate) summaries_shown: usize,
}

impl Composed {
    /// Adds sentences that were made for this message, in a block of this name, right before the person's words;
    /// nothing where there are none.
    pub(super) fn add_sentences(&mut self, name: &str, sentences: &[String], instructions: &'static str) {
        if !sentences.is_empty() {
            self.instructions.push(instructions);
            self.before += &format!("{}\n", quote::sentences(name, sentences));
        }
    }
}

/// Composes a prompt.
pub(crate) trait Compose: Debug + Send + Sync {
    /// Whether it shows summaries of sessions, which the method has to derive then.
    fn shows_summaries(&self) -> bool {
        false
    }

    /// Whether it makes a difference who asks: then turns of theirs are recalled beside those of all, and come first.
    fn knows_the_asker(&self) -> bool {
        false
    }

    /// How many turns of others are wanted beside so many that were recalled of the person; 0 where none are.
    fn wants_of_others(&self, _own: usize) -> usize {
        0
    }

    /// Which turns of others the model is given, at most [`Compose::wants_of_others`]. Those that were found come with whose
    /// they are: of each other the best first, and the best of all others before the second of any.
    fn choose_of_others(&self, own: usize, mut found: Vec<(Scope, StoredTurn)>) -> Vec<(Scope, StoredTurn)> {
        found.truncate(self.wants_of_others(own));
        found
    }

    /// What is added for this message. Where there is neither evidence nor a profile nor a summary it MUST add nothing:
    /// without a memory, a reply is asked for exactly as one without Kithkin would be.
    ///
    /// # Errors
    /// A strategy that asks the chat model first: the model failed.
    fn compose(&self, brief: &Brief<'_>, chat: &Chat<'_>) -> Result<Composed, ChatError>;
}

strategies! { "respond.compose", Compose:
    "asker" => asker::Asker,
    "differences" => differences::Differences,
    "digest" => digest::Digest,
    "memories" => memories::Memories,
    "neighbours" => neighbours::Neighbours,
    "notes" => notes::Notes,
    "plain" => plain::Plain,
    "rules" => rules::Rules,
    "thoughts" => thoughts::Thoughts,
    "traits" => traits::FiveTraits,
}

#[cfg(test)]
mod tests {
    use kithkin_core::Role;
    use proptest::prelude::*;

    use super::*;
    use crate::chat::Scripted;
    use crate::observe::Sitting;
    use crate::profile::profile;

    /// What is composed of the model's answer, and what it was asked; for a person with a memory or one without.
    pub(super) fn composed(compose: &dyn Compose, answer: &str, known: bool) -> (Composed, Vec<String>) {
        let (model, sitting) =
            (Scripted::new([answer]), Sitting::of(&["I adopted a cat.", "What is it called?", "Miso."]));
        let profile = profile(Sitting::of(&["I love tea when it rains."]).turns().to_vec(), &[]).entries;
        let mut history = Sitting::of(&["Hello!", "Hello, Ann."]).turns().to_vec();
        history[1].turn.role = Role::Assistant;
        let mut brief =
            Brief { history: &history, ..Brief::new("Is it called </turns>?", "2024-01-01".parse().unwrap()) };
        if known {
            brief = Brief { evidence: sitting.turns(), profile: &profile, ..brief };
        }
        let composed = compose.compose(&brief, &Chat::new(Some(&model))).unwrap();
        (composed, model.asked())
    }

    /// What the model is asked before the reply, what is added to the instructions, and what stands before the message.
    pub(super) fn prompts(compose: &dyn Compose, answer: &str) -> String {
        let (composed, asked) = composed(compose, answer, true);
        [asked.concat(), composed.instructions.join("\n"), composed.before].join("\n---\n")
    }

    /// Where nothing is known of a person nothing is asked and nothing is added.
    pub(super) fn check_leaves_the_unknown_alone(compose: &dyn Compose) {
        for answer in ["fail", "{\"summary\": \"x\", \"rules\": [\"x\"], \"thoughts\": [\"x\"]}"] {
            let (composed, asked) = composed(compose, answer, false);
            assert_eq!((composed, asked.len()), (Composed::default(), 0));
        }
    }

    /// What must hold for a strategy that shows what `memories` shows, and before the message the sentences of the list
    /// `key` that it asks for first.
    pub(super) fn check_asks_first(compose: &dyn Compose, key: &str) {
        let shown = composed(&memories::Memories::default(), "", true).0;
        let check = |answer: &str, expect: &[&str]| {
            let (composed, asked) = composed(compose, answer, true);
            let added = composed.before.strip_prefix(&shown.before).unwrap();
            let found: Vec<String> = added
                .lines()
                .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
                .map(|line| line["text"].as_str().unwrap().to_owned())
                .collect();
            assert_eq!(found, expect, "{answer}");
            assert_eq!(added.is_empty(), expect.is_empty(), "{answer}");
            assert_eq!(composed.instructions.len(), shown.instructions.len() + usize::from(!expect.is_empty()));
            assert_eq!((composed.shown, asked.len()), (shown.shown, 1));
        };
        check(&format!("{{\"{key}\": [\"One.\", \"Two\\n words.\"]}}"), &["One.", "Two words."]);
        check(&format!("Here: ```{{\"{key}\": [7, \" \", null, \"One.\", {{}}]}}```"), &["One."]);
        let many = vec!["\"x\""; 40].join(",");
        check(&format!("{{\"{key}\": [{many}]}}"), &["x"; 8]);
        let broken = [format!("{{\"{key}\": [\"One.\", \"T"), format!("{{\"{key}\": \"One.\"}}")];
        let none = ["", "refuse", "I think of a cat.", "{\"other\": [\"x\"]}", "[\"One.\"]"];
        none.into_iter().chain(broken.iter().map(String::as_str)).for_each(|answer| check(answer, &[]));
        check_leaves_the_unknown_alone(compose);
    }

    proptest! {
        #[test]
        fn no_answer_leaves_its_block(answer in "(\\PC|</(thoughts|rules|digest|turns)>|\n|\"|\\\\){0,30}") {
            let said = serde_json::json!({"thoughts": [answer], "rules": [answer], "summary": answer, "words": [answer]});
            for strategy in ["thoughts", "rules", "digest"] {
                let table = toml::Table::from_iter([("strategy".to_owned(), strategy.into())]);
                let (composed, _) = composed(&*parse(table).unwrap(), &said.to_string(), true);
                let closing = composed.before.lines().filter(|line| line.starts_with("</")).count();
                let opening = composed.before.lines().filter(|line| line.starts_with('<')).count() - closing;
                prop_assert_eq!(opening, closing);
                prop_assert_eq!(composed.before.matches('<').count(), opening + closing);
            }
        }
    }
}
