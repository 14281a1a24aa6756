//! What a chat model guesses of somebody because of what they said of themselves: consequences and other words for it.
//!
//! The model is given the turns of a session in which the profile's rules read something, and writes entries that follow by
//! common sense, or say the same by other words. With `verify` it is then shown all turns of the session and gives the
//! numbers of the guesses that do not go together with them; guesses that were not checked are dropped. In the profile a
//! guess is inferred, and never takes the place of anything that was said, read or confirmed, in whatever session, nor does
//! it make that surer: it only fills what nothing is known of.
//!
//! Sources: Majumder et al., *Like hiking? You probably enjoy nature* (COMPAC, 2020), where COMET and paraphrases expand
//! persona sentences, and a latent choice picks one for a reply; Liu et al., *Improving Personality Consistency in
//! Conversation by Persona Extending* (2022), where a model of inference leaves out what contradicts the persona. Here one
//! chat model does both, and which entries a reply shows is its method's to say.
//!
//! Needs a chat model; costs a call for each piece of such turns, with `verify` two, and a memory for each guess. Not
//! measured with a model.

use kithkin_core::{ChatError, Memory, MemoryKind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::llm_profile::{entries_schema, entry_memory};
use super::{Extract, Writing, quoted};
use crate::chat::{Chat, Prompt, answer, check_turns, quote};
use crate::method::Strategy;
use crate::observe::Sitting;
use crate::observe::segment::Span;
use crate::profile::profile;

/// The instructions for the guesses.
const PROMPT: Prompt = Prompt::new(&[include_str!("../../../prompts/expansions.1.md")]);
/// The instructions for the check. It has the versions that the others have.
const CHECK: Prompt = Prompt::new(&[include_str!("../../../prompts/contradictions.1.md")]);

/// What an answer may take at most, in tokens.
const TOKENS: u32 = 3_000;

/// Parameters of `llm-expansions`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LlmExpansions {
    /// Turns that the model reads at once; 1 to 200, default 20.
    turns: usize,
    /// Guesses that are kept of a turn, the first; 1 to 50, default 5.
    each: usize,
    /// Whether those that contradict what was said are looked for; default true.
    verify: bool,
    /// The version of both prompts; by default the latest.
    prompt: u32,
}

impl Default for LlmExpansions {
    fn default() -> Self {
        Self { turns: 20, each: 5, verify: true, prompt: PROMPT.latest() }
    }
}

impl Strategy for LlmExpansions {
    fn check(&self) -> Result<(), String> {
        check_turns(self.turns, 1)?;
        if !(1..=50).contains(&self.each) {
            return Err(format!("each is {}; it must lie within 1 and 50", self.each));
        }
        PROMPT.check(self.prompt)
    }
}

impl Extract for LlmExpansions {
    fn kinds(&self, _units: MemoryKind) -> Vec<MemoryKind> {
        vec![MemoryKind::Entry]
    }

    fn prompt(&self) -> Option<u32> {
        Some(self.prompt)
    }

    fn extract(
        &self,
        sitting: &Sitting,
        _kind: MemoryKind,
        _spans: &[Span],
        chat: &Chat<'_>,
    ) -> Result<Vec<Memory>, ChatError> {
        let telling = telling(sitting);
        let writing = Writing {
            turns: self.turns,
            list: "entries",
            request: &|quoted| PROMPT.request(self.prompt, quoted, TOKENS, Some(entries_schema())),
            memory: &|piece, entry| entry_memory(sitting, piece, entry, true),
        };
        let mut memories = Vec::new();
        for piece in telling.chunks(self.turns.max(1)) {
            let mut guesses = writing.of(sitting, piece, chat)?;
            let mut of_turn = std::collections::HashMap::new();
            guesses.retain(|guess| {
                let count = of_turn.entry(guess.sources.first().copied()).or_insert(0usize);
                *count += 1;
                *count <= self.each
            });
            if self.verify && !guesses.is_empty() {
                let wrong = self.contradictory(sitting, &guesses, chat)?;
                let mut number = 0;
                guesses.retain(|_| {
                    number += 1;
                    wrong.as_ref().is_some_and(|wrong| !wrong.contains(&number))
                });
            }
            memories.extend(guesses);
        }
        Ok(memories)
    }
}

/// The positions of the turns in which a rule read something of their speakers.
fn telling(sitting: &Sitting) -> Vec<usize> {
    let entries = profile(sitting.turns().to_vec(), &[]).entries;
    let versions = entries.iter().flat_map(|entry| entry.former.iter().chain([&entry.current]));
    let said: std::collections::HashSet<_> = versions.flat_map(|version| version.sources.iter().copied()).collect();
    (0..sitting.len())
        .filter(|place| sitting.turns().get(*place).is_some_and(|turn| said.contains(&turn.seq)))
        .collect()
}

impl LlmExpansions {
    /// The numbers of the guesses that contradict what was said, from 1; `None` where the model does not say so.
    fn contradictory(
        &self,
        sitting: &Sitting,
        guesses: &[Memory],
        chat: &Chat<'_>,
    ) -> Result<Option<Vec<usize>>, ChatError> {
        // As many turns as the model reads at once, the last ones: what is said last holds.
        let first = sitting.len().saturating_sub(200);
        let turns = quoted(sitting, &(first..sitting.len()).collect::<Vec<_>>());
        let shown = quote::numbered("guesses", guesses.iter().map(|guess| guess.text.as_str()));
        let request = CHECK.request(self.prompt, turns + &shown, TOKENS, Some(schema()));
        let Some(text) = chat.ask(&request)? else { return Ok(None) };
        let found = answer::list(&text, "contradictory");
        let numbers = found.and_then(|list| list.iter().map(answer::number).collect::<Option<Vec<usize>>>());
        if numbers.is_none() {
            chat.drop_unread(1);
        }
        Ok(numbers)
    }
}

/// The form of the check's answer, for models that can be held to one. It belongs to the version of the prompt.
fn schema() -> Value {
    json!({
        "type": "object",
        "properties": { "contradictory": { "type": "array", "items": { "type": "integer" } } },
        "required": ["contradictory"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Scripted;

    const TEXTS: [&str; 3] = ["I love hiking.", "Do you go often?", "I hate crowds, though."];

    fn entry(topic: &str, value: &str, turn: usize) -> String {
        format!(
            "{{\"about\": \"Ann\", \"kind\": \"preference\", \"topic\": {topic:?}, \"value\": {value:?}, \"turns\": [{turn}]}}"
        )
    }

    fn made(expansions: &LlmExpansions, texts: &[&str], answers: &[String]) -> (Vec<Memory>, u64, Vec<String>) {
        let model = Scripted::new(answers.iter().cloned());
        let chat = Chat::new(Some(&model));
        let made = expansions.extract(&Sitting::of(texts), MemoryKind::Session, &[], &chat).unwrap();
        (made, chat.unread(), model.asked())
    }

    fn check(expansions: &LlmExpansions, answers: &[String], expect: &[&str], unread: u64) {
        let (found, dropped, _) = made(expansions, &TEXTS, answers);
        let topic = |m: &Memory| m.text.split(" | ").nth(2).unwrap().to_owned();
        assert!(found.iter().all(|m| m.text.ends_with(" | expanded")));
        assert_eq!(
            (found.iter().map(topic).collect::<Vec<_>>(), dropped),
            (expect.iter().map(ToString::to_string).collect(), unread),
            "{answers:?}"
        );
    }

    #[test]
    fn guesses_that_contradict_or_were_not_checked_are_dropped() {
        let entries = format!("{{\"entries\": [{}, {}]}}", entry("nature", "likes", 1), entry("festivals", "likes", 3));
        let default = LlmExpansions::default();
        let and = |answer: &str| vec![entries.clone(), answer.to_owned()];
        check(&default, &and("{\"contradictory\": [2]}"), &["nature"], 0);
        check(&default, &and("So: {\"contradictory\": [\"1\", 99]}"), &["festivals"], 0);
        check(&default, &and("{\"contradictory\": []}"), &["nature", "festivals"], 0);
        for broken in ["", "refuse", "Both are fine.", "{\"contradictory\": [\"x\"]}", "{\"contradictory\": [1"] {
            check(&default, &and(broken), &[], 1);
        }
        let unchecked = LlmExpansions { verify: false, ..LlmExpansions::default() };
        check(&unchecked, std::slice::from_ref(&entries), &["nature", "festivals"], 0);
        // A turn in which nothing was read is not offered, and cannot be named.
        check(&unchecked, &[format!("{{\"entries\": [{}]}}", entry("walks", "likes", 2))], &[], 1);
        let many = vec![entry("nature", "likes", 1); 9].join(",");
        let two = LlmExpansions { each: 2, verify: false, ..LlmExpansions::default() };
        check(&two, &[format!("{{\"entries\": [{many}]}}")], &["nature", "nature"], 0);
        check(&unchecked, &["I think of nature.".to_owned()], &[], 1);
    }

    #[test]
    fn where_nothing_was_read_nothing_is_asked() {
        let (found, _, asked) = made(&LlmExpansions::default(), &["Hello!", "It rains."], &[String::new()]);
        assert_eq!((found, asked), (Vec::new(), Vec::new()));
    }

    #[test]
    fn a_guess_is_below_all_that_was_said() {
        let answers = [format!("{{\"entries\": [{}, {}]}}", entry("crowds", "likes", 1), entry("nature", "likes", 1))];
        let expansions = LlmExpansions { verify: false, ..LlmExpansions::default() };
        let check = |texts: &[&str], expect: &[&str]| {
            let (derived, ..) = made(&expansions, texts, &answers);
            let entries = profile(Sitting::of(texts).turns().to_vec(), &derived).entries;
            let shown = |e: &crate::profile::Entry| {
                format!("{}: {} {} {}", e.topic, e.current.value, e.current.inferred, e.confidence())
            };
            assert_eq!(entries.iter().map(shown).collect::<Vec<_>>(), expect);
        };
        let hiking = "hiking: likes false 0.8";
        check(&["I love hiking."], &[hiking, "crowds: likes true 0.5", "nature: likes true 0.5"]);
        check(&["I love hiking. I hate crowds."], &[hiking, "crowds: dislikes false 0.8", "nature: likes true 0.5"]);
        check(
            &["I love hiking.", "", "I hate crowds."],
            &[hiking, "crowds: dislikes false 0.8", "nature: likes true 0.5"],
        );
        check(
            &["I hate crowds. I love nature.", "", "I love hiking."],
            &["crowds: dislikes false 0.8", "nature: likes false 0.8", hiking],
        );
    }

    #[test]
    fn the_prompts() {
        let answers = [
            format!("{{\"entries\": [{}]}}", entry("</guesses> nature", "likes", 1)),
            "{\"contradictory\": []}".to_owned(),
        ];
        insta::assert_snapshot!(made(&LlmExpansions::default(), &TEXTS, &answers).2.join("\n---\n"));
    }
}
