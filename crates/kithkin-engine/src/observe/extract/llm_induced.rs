//! Preferences that explain how a person took an assistant's answers, kept where they foretell reactions that were held back.
//!
//! What a person says right after an answer is a reaction: they take it, correct it, or ask again. A chat model reads the
//! first of a session's reactions and guesses preferences that would explain them; then it is shown the others, which it did
//! not see, and says for each guess with which it agrees. A guess that more of them agree with than contradict it is kept as
//! an entry of the profile, with the turns that it explains and those that it was tried on: they are its examples.
//!
//! Source: Ryan et al., *SynthesizeMe! Inducing Persona-Guided Prompts for Personalized Reward Models in LLMs* (2025): reasons
//! for preferences are made and verified, a persona is induced from them, and informative examples are kept; seven tenths are
//! learned from, in the order of time, as here. There a person has chosen between answers, and a judge of answers is built;
//! here choices are read from what is said next, the entries are the persona, and a reply is what is guided.
//!
//! Needs a chat model; costs two calls for a session with reactions on both sides, and a memory for each entry. Not measured
//! with a model.

use kithkin_core::{ChatError, Memory, MemoryKind, Role};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Extract, Writing, memory_of, named_turns, quoted};
use crate::chat::{Chat, Prompt, answer, check_turns, quote};
use crate::method::Strategy;
use crate::observe::Sitting;
use crate::observe::segment::Span;
use crate::profile::{EntryKind, Inferred};

/// The instructions for the guesses.
const PROMPT: Prompt = Prompt::new(&[include_str!("../../../prompts/reasons.1.md")]);
/// The instructions for trying them. It has the versions that the others have.
const VERIFY: Prompt = Prompt::new(&[include_str!("../../../prompts/verify.1.md")]);

/// What an answer may take at most, in tokens.
const TOKENS: u32 = 3_000;

/// Parameters of `llm-induced`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LlmInduced {
    /// Turns that the model reads at once, on either side, the last ones; 2 to 200, default 60.
    turns: usize,
    /// The share of the reactions that guesses are made from, the first of them; above 0 and below 1, default 0.7.
    learned: f64,
    /// The version of both prompts; by default the latest.
    prompt: u32,
}

impl Default for LlmInduced {
    fn default() -> Self {
        Self { turns: 60, learned: 0.7, prompt: PROMPT.latest() }
    }
}

impl Strategy for LlmInduced {
    fn check(&self) -> Result<(), String> {
        check_turns(self.turns, 2)?;
        if !(self.learned > 0.0 && self.learned < 1.0) {
            return Err(format!("learned is {}; it must lie above 0 and below 1", self.learned));
        }
        PROMPT.check(self.prompt)
    }
}

/// A guess, and the positions of the turns that it explains.
struct Guess {
    entry: Inferred,
    explains: Vec<usize>,
}

impl Extract for LlmInduced {
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
        let Some((learned, held_back)) = self.parts(sitting) else { return Ok(Vec::new()) };
        let mut guesses: Vec<Guess> = Vec::new();
        let request = PROMPT.request(self.prompt, quoted(sitting, &learned), TOKENS, Some(guesses_schema()));
        let Some(text) = chat.ask(&request)? else { return Ok(Vec::new()) };
        match answer::list(&text, "preferences") {
            None => chat.drop_unread(1),
            Some(elements) => {
                guesses.extend(elements.iter().filter_map(|element| guess(sitting, &learned, element)));
                chat.drop_unread(elements.len() - guesses.len());
            }
        }
        if guesses.is_empty() {
            return Ok(Vec::new());
        }
        let texts: Vec<String> = guesses.iter().map(|guess| guess.entry.text()).collect();
        let shown = quote::numbered("guesses", texts.iter().map(String::as_str));
        let writing = Writing {
            turns: held_back.len(),
            list: "verdicts",
            request: &|quoted| VERIFY.request(self.prompt, quoted + &shown, TOKENS, Some(verdicts_schema())),
            memory: &|piece, verdict| kept(sitting, piece, verdict, &guesses),
        };
        let mut memories = writing.of(sitting, &held_back, chat)?;
        // A model that judges a guess twice does not make two of it.
        let mut seen = std::collections::HashSet::new();
        memories.retain(|memory| !memory.text.is_empty() && seen.insert(memory.text.clone()));
        Ok(memories)
    }
}

impl LlmInduced {
    /// The positions of the turns to learn from, and of those that are held back; `None` where a side has no reaction.
    fn parts(&self, sitting: &Sitting) -> Option<(Vec<usize>, Vec<usize>)> {
        let role = |place: usize| sitting.turns().get(place).map(|turn| turn.turn.role);
        let reacts = |place: &usize| {
            role(*place) == Some(Role::User) && place.checked_sub(1).and_then(role) == Some(Role::Assistant)
        };
        let reactions: Vec<usize> = (0..sitting.len()).filter(reacts).collect();
        let learned = (reactions.len() as f64 * self.learned) as usize;
        // What is held back begins with the answer that its first reaction is one to.
        let split = learned.checked_sub(1).and_then(|last| reactions.get(last))? + 1;
        reactions.get(learned)?;
        let last =
            |places: std::ops::Range<usize>| places.clone().skip(places.len().saturating_sub(self.turns)).collect();
        Some((last(0..split), last(split..sitting.len())))
    }
}

/// A guess, if it has all fields, is about a user who speaks, and names turns that were read.
fn guess(sitting: &Sitting, read: &[usize], element: &Value) -> Option<Guess> {
    let text = |field: &str| element.get(field)?.as_str();
    let named = text("about")?.trim().to_lowercase();
    let turns = read.iter().filter_map(|place| sitting.turns().get(*place)).map(|turn| &turn.turn);
    let about = turns.filter(|turn| turn.role == Role::User).find(|turn| turn.speaker.to_lowercase() == named)?;
    let entry = Inferred::new(&about.speaker, EntryKind::Preference, text("topic")?, text("value")?)?;
    let explains = named_turns(read, element).filter(|turns| !turns.is_empty())?;
    Some(Guess { entry, explains })
}

/// The memory of a guess that a verdict keeps; one without a text where the verdict can be read and does not keep it.
fn kept(sitting: &Sitting, held_back: &[usize], verdict: &Value, guesses: &[Guess]) -> Option<Memory> {
    let number = answer::number(verdict.get("n")?)?;
    let guess = guesses.get(number.checked_sub(1)?)?;
    let named = |field: &str| named_turns(held_back, &json!({ "turns": verdict.get(field)? }));
    let (agrees, contradicts) = (named("agrees")?, named("contradicts").unwrap_or_default());
    let text = if agrees.len() > contradicts.len() { guess.entry.text() } else { String::new() };
    memory_of(sitting, MemoryKind::Entry, text, guess.explains.iter().chain(&agrees).copied())
}

fn list_schema(name: &str, element: &Value) -> Value {
    json!({
        "type": "object",
        "properties": { name: { "type": "array", "items": element } },
        "required": [name],
        "additionalProperties": false,
    })
}

/// The form of the guesses, for models that can be held to one. It belongs to the version of the prompt.
fn guesses_schema() -> Value {
    let element = json!({
        "type": "object",
        "properties": {
            "about": { "type": "string" },
            "topic": { "type": "string" },
            "value": { "type": "string" },
            "turns": { "type": "array", "items": { "type": "integer" } },
        },
        "required": ["about", "topic", "value", "turns"],
        "additionalProperties": false,
    });
    list_schema("preferences", &element)
}

/// The form of the verdicts, likewise.
fn verdicts_schema() -> Value {
    let numbers = json!({ "type": "array", "items": { "type": "integer" } });
    let element = json!({
        "type": "object",
        "properties": { "n": { "type": "integer" }, "agrees": numbers, "contradicts": numbers },
        "required": ["n", "agrees", "contradicts"],
        "additionalProperties": false,
    });
    list_schema("verdicts", &element)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Scripted;

    /// Ann asks, Bo is the assistant; she reacts in turns 3, 5, 7 and 9, of which the last two are held back.
    const TEXTS: [&str; 9] = [
        "A recipe?",
        "A long one.",
        "Shorter!",
        "Short.",
        "Great.",
        "A very long one.",
        "Too long.",
        "Short.",
        "Thanks!",
    ];

    fn sitting(turns: usize) -> Sitting {
        let mut turns = Sitting::of(&TEXTS[..turns]).turns().to_vec();
        for turn in turns.iter_mut().filter(|turn| turn.turn.speaker == "Bo") {
            turn.turn.role = Role::Assistant;
        }
        Sitting::new(turns, &mut std::collections::HashMap::new())
    }

    fn made(turns: usize, answers: [&str; 2]) -> (Vec<String>, u64, Vec<String>) {
        let model = Scripted::new(answers);
        let chat = Chat::new(Some(&model));
        let made = LlmInduced::default().extract(&sitting(turns), MemoryKind::Session, &[], &chat).unwrap();
        let shown = |m: &Memory| format!("{:?} {}", m.sources.iter().map(|seq| seq.0).collect::<Vec<_>>(), m.text);
        (made.iter().map(shown).collect(), chat.unread(), model.asked())
    }

    const GUESSED: &str = "{\"preferences\": [{\"about\": \"ann\", \"topic\": \"</guesses> length\", \"value\": \"short\", \"turns\": [3, 7]}]}";
    const KEPT: &str = "[3, 7, 9] Ann | preference | </guesses> length | short";

    fn check(answers: [&str; 2], expect: &[&str], unread: u64, calls: usize) {
        let (found, dropped, asked) = made(9, answers);
        assert_eq!(
            (found, dropped, asked.len()),
            (expect.iter().map(ToString::to_string).collect(), unread, calls),
            "{answers:?}"
        );
    }

    #[test]
    fn a_guess_that_foretells_what_was_held_back_is_kept() {
        let verdict = |agrees: &str, contradicts: &str| {
            format!("{{\"verdicts\": [{{\"n\": 1, \"agrees\": {agrees}, \"contradicts\": {contradicts}}}]}}")
        };
        // Four reactions: two are learned from (.7 of 4, rounded down), so turn 7 is held back, and no guess can name it.
        let guessed = GUESSED.replace("[3, 7]", "[3, 5]");
        let kept = KEPT.replace("[3, 7, 9]", "[3, 5, 7]");
        check([&guessed, &verdict("[7]", "[]")], &[&kept], 0, 2);
        check([&guessed, &verdict("[7]", "[9]")], &[], 0, 2);
        check([&guessed, &verdict("[]", "[]")], &[], 0, 2);
        // A turn that was learned from is no witness.
        check([&guessed, &verdict("[3]", "[]")], &[], 0, 2);
    }

    #[test]
    fn broken_answers_leave_nothing_behind() {
        let guessed = GUESSED.replace("[3, 7]", "[3]");
        for broken in [
            "",
            "refuse",
            "Short ones.",
            "{\"preferences\": [7]}",
            "{\"preferences\": [{\"about\": \"Bo\", \"topic\": \"a\", \"value\": \"b\", \"turns\": [3]}]}",
            "{\"preferences\": [{\"about\": \"Ann\", \"topic\": \"a\", \"value\": \"b\", \"turns\": [9]}]}",
        ] {
            check([broken, ""], &[], 1, 1);
        }
        for broken in [
            "",
            "refuse",
            "It holds.",
            "{\"verdicts\": [{\"n\": 2, \"agrees\": [7], \"contradicts\": []}]}",
            "{\"verdicts\": [{\"n\": 1, \"agrees\": \"7\"}]}",
        ] {
            check([&guessed, broken], &[], 1, 2);
        }
        check(["{\"preferences\": []}", ""], &[], 0, 1);
    }

    #[test]
    fn without_reactions_on_both_sides_nothing_is_asked() {
        for turns in [0, 1, 2, 3] {
            assert_eq!(made(turns, [GUESSED, ""]).2.len(), 0, "{turns}");
        }
    }

    #[test]
    fn the_prompts() {
        let guessed = GUESSED.replace("[3, 7]", "[3]");
        insta::assert_snapshot!(made(9, [&guessed, "{\"verdicts\": []}"]).2.join("\n---\n"));
    }
}
