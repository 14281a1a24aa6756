//! A critic names the faults of a draft, and the draft is written again without them.
//!
//! The critic is the same chat model with other instructions. It is shown what the writer was shown of the person, and it
//! answers with a list of faults; an empty list, or one that cannot be read, ends the loop. With `knockout` a third
//! question decides which draft stays, asked in both orders, so that a liking for the first or the second decides
//! nothing: the new draft stays only where both answers name it.
//!
//! Sources: the self-critic of Zhao et al., *Do LLMs Recognize Your Preferences?* (PrefEval, 2025), section 4.1, which is
//! one round; Maram et al., *Iterative Critique-Refine Framework for Enhancing LLM Personalization* (PerFine, 2025),
//! section 3, whose critic speaks of tone, vocabulary, structure and topic, and whose knockout keeps the stronger draft.
//!
//! Needs a chat model; costs two calls a round, with `knockout` four, and the prompt each time.

use kithkin_core::{ChatError, ChatMessage, ChatReply, ChatRequest, ChatRole};
use serde::Deserialize;
use serde_json::json;

use super::{Refine, Refined, Revision};
use crate::chat::{Chat, Prompt, Sentences, answer, quote};
use crate::method::Strategy;
use crate::respond::{Asked, Brief};

/// What the critic is asked for: at most eight faults from one look.
const CRITIQUE: Sentences = Sentences {
    prompt: Prompt::new(&[include_str!("../../../prompts/critique.1.md")]),
    key: "faults",
    most: 8,
    max_tokens: TOKENS,
};
/// Those for the writer.
const REVISE: Prompt = Prompt::new(&[include_str!("../../../prompts/revise.1.md")]);
/// Those for the choice between two drafts.
const STRONGER: Prompt = Prompt::new(&[include_str!("../../../prompts/stronger.1.md")]);

/// What the critic may say at most, in tokens.
const TOKENS: u32 = 400;

/// Parameters of `critique`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Critique {
    /// How often a draft is looked at; 1 (default) to 5.
    rounds: usize,
    /// Whether a new draft has to be better than the one before; by default it only has to be there.
    knockout: bool,
}

impl Default for Critique {
    fn default() -> Self {
        Self { rounds: 1, knockout: false }
    }
}

impl Strategy for Critique {
    fn check(&self) -> Result<(), String> {
        if (1..=5).contains(&self.rounds) {
            return Ok(());
        }
        Err(format!("rounds is {}; it must lie within 1 and 5", self.rounds))
    }
}

impl Refine for Critique {
    fn refine(
        &self,
        brief: &Brief<'_>,
        asked: &Asked,
        draft: ChatReply,
        chat: &Chat<'_>,
    ) -> Result<Refined, ChatError> {
        let mut refined = Refined { reply: draft, revisions: Vec::new() };
        if asked.before.is_empty() {
            return Ok(refined);
        }
        for _ in 0..self.rounds {
            let faults = faults(brief, asked, &refined.reply.text, chat)?;
            if faults.is_empty() {
                break;
            }
            let revised = revised(asked, &refined.reply.text, &faults, chat)?;
            let better = match revised {
                Some(new) if self.knockout => {
                    stronger(brief, asked, &refined.reply.text, &new.text, chat)?.then_some(new)
                }
                revised => revised,
            };
            let kept = better.is_some();
            refined.revisions.push(Revision { faults, kept });
            match better {
                Some(new) => refined.reply = new,
                None => break,
            }
        }
        Ok(refined)
    }
}

/// What is known of the person, and the message, as data. `None` where the message is too long to be quoted as a whole.
fn shown(brief: &Brief<'_>, asked: &Asked) -> Option<String> {
    Some(asked.before.clone() + &quote::whole("message", brief.message)?)
}

/// The faults of a draft: none where the answer cannot be read.
fn faults(brief: &Brief<'_>, asked: &Asked, draft: &str, chat: &Chat<'_>) -> Result<Vec<String>, ChatError> {
    let data = shown(brief, asked).zip(quote::whole("draft", draft));
    let Some((shown, draft)) = data else { return Ok(Vec::new()) };
    chat.sentences(&CRITIQUE, shown + &draft)
}

/// The draft, written again; `None` where the model refuses or has nothing to say.
fn revised(asked: &Asked, draft: &str, faults: &[String], chat: &Chat<'_>) -> Result<Option<ChatReply>, ChatError> {
    let instructions = REVISE.text(REVISE.latest());
    let mut messages = asked.request.messages.clone();
    messages.push(ChatMessage::new(ChatRole::Assistant, draft));
    messages.push(ChatMessage::new(ChatRole::User, format!("{instructions}\n\n{}", json!({ "faults": faults }))));
    let request = ChatRequest { messages, ..asked.request.clone() };
    Ok(chat.reply(&request)?.filter(|reply| !reply.text.trim().is_empty()))
}

/// Whether the second draft is the better one, in whichever order they are shown.
fn stronger(brief: &Brief<'_>, asked: &Asked, first: &str, second: &str, chat: &Chat<'_>) -> Result<bool, ChatError> {
    for (one, other, better) in [(first, second, 2), (second, first, 1)] {
        let drafts = quote::whole("first", one).zip(quote::whole("second", other));
        let Some((shown, (one, other))) = shown(brief, asked).zip(drafts) else { return Ok(false) };
        let schema = json!({
            "type": "object",
            "properties": { "better": { "enum": [1, 2] } },
            "required": ["better"],
            "additionalProperties": false,
        });
        let request = STRONGER.request(STRONGER.latest(), shown + &one + &other, TOKENS, Some(schema));
        let Some(text) = chat.ask(&request)? else { return Ok(false) };
        // The object as a whole stands for a list that it does not have.
        let named = answer::list(&text, "").unwrap_or_default();
        match named.iter().find_map(|object| answer::number(object.get("better")?)) {
            Some(number) if number == better => {}
            Some(_) => return Ok(false),
            None => {
                chat.drop_unread(1);
                return Ok(false);
            }
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Scripted;
    use crate::respond::refine::tests::asked;

    /// The reply, the faults that were found and whether the new draft was kept, how often the model was asked, and how
    /// much could not be read.
    fn check(critique: &Critique, before: &str, answers: &[&str], expect: (&str, &[(&str, bool)], usize, u64)) {
        let model = Scripted::new(answers.iter().copied());
        let chat = Chat::new(Some(&model));
        let brief = Brief::new("Where shall I eat?", "2024-01-01".parse().unwrap());
        let draft = ChatReply::whole("At the Grill.");
        let refined = critique.refine(&brief, &asked(before), draft, &chat).unwrap();
        let revisions: Vec<(String, bool)> = refined.revisions.iter().map(|r| (r.faults.join("|"), r.kept)).collect();
        let found: Vec<(&str, bool)> = revisions.iter().map(|(faults, kept)| (faults.as_str(), *kept)).collect();
        let found = (refined.reply.text.as_str(), found.as_slice(), model.asked().len(), chat.unread());
        assert_eq!(found, expect, "{answers:?}");
    }

    const KNOWN: &str = "<profile>\n{\"value\":\"eats no meat\"}\n</profile>\n";
    const FAULT: &str = "{\"faults\": [\"It  has meat.\", 7, \" \"]}";
    const NONE: &str = "{\"faults\": []}";

    #[test]
    fn a_draft_with_faults_is_written_again() {
        let once = Critique::default();
        check(&once, KNOWN, &[FAULT, "At the Leaf."], ("At the Leaf.", &[("It has meat.", true)], 2, 2));
        check(&once, KNOWN, &[NONE], ("At the Grill.", &[], 1, 0));
        // What cannot be read, or is refused, leaves the draft.
        check(&once, KNOWN, &["It is fine."], ("At the Grill.", &[], 1, 1));
        check(&once, KNOWN, &["refuse"], ("At the Grill.", &[], 1, 1));
        check(&once, KNOWN, &[FAULT, " "], ("At the Grill.", &[("It has meat.", false)], 2, 2));
        check(&once, KNOWN, &[FAULT, "refuse"], ("At the Grill.", &[("It has meat.", false)], 2, 3));
        // Of a person of whom nothing is known there is nothing to check.
        check(&once, "", &[FAULT], ("At the Grill.", &[], 0, 0));
    }

    #[test]
    fn it_ends_where_no_fault_is_left_or_the_rounds_are_over() {
        let thrice = Critique { rounds: 3, knockout: false };
        let (a, b) = (("It has meat.", true), ("It is far.", true));
        let far = "{\"faults\": [\"It is far.\"]}";
        check(&thrice, KNOWN, &[FAULT, "At A.", far, "At B.", NONE], ("At B.", &[a, b], 5, 2));
        check(&thrice, KNOWN, &[FAULT, "At A.", far, "At B.", far, "At C.", far], ("At C.", &[a, b, b], 6, 2));
    }

    #[test]
    fn with_knockout_a_new_draft_has_to_win_in_both_orders() {
        let knockout = Critique { rounds: 1, knockout: true };
        let (second, first) = ("{\"better\": 2}", "{\"better\": \"1\"}");
        let fault = "{\"faults\": [\"It has meat.\"]}";
        check(&knockout, KNOWN, &[fault, "At A.", second, first], ("At A.", &[("It has meat.", true)], 4, 0));
        check(&knockout, KNOWN, &[fault, "At A.", second, second], ("At the Grill.", &[("It has meat.", false)], 4, 0));
        check(&knockout, KNOWN, &[fault, "At A.", first], ("At the Grill.", &[("It has meat.", false)], 3, 0));
        check(&knockout, KNOWN, &[fault, "At A.", "A!"], ("At the Grill.", &[("It has meat.", false)], 3, 1));
    }

    #[test]
    fn the_prompts() {
        let model = Scripted::new(["{\"faults\": [\"</draft> It has meat.\"]}", "At A.", "{\"better\": 2}", "no"]);
        let chat = Chat::new(Some(&model));
        let brief = Brief::new("Where shall I eat </message>?", "2024-01-01".parse().unwrap());
        let critique = Critique { rounds: 1, knockout: true };
        critique.refine(&brief, &asked(KNOWN), ChatReply::whole("At the <Grill>."), &chat).unwrap();
        insta::assert_snapshot!(model.asked().join("\n---\n"));
    }
}
