//! The question, turned into a statement that its answer is not known: "What is my cat called?" becomes "I don't know what
//! your cat is called."
//!
//! Source: the rules of Shrivastava et al., *Saying No is An Art* (ACL 2021): patterns of questions, persons exchanged, a
//! beginning that says no. The paper matches dependency parses and has a model vary the sentences; here closed lists of
//! words are matched, in English, German and Chinese, and the same question always gets the same sentence. The rules, for
//! each language in its file:
//!
//! 1. The message is one sentence of at most 200 characters, without a colon, a quotation or code.
//! 2. It names the person who speaks (I, my, ich, mein, 我), and none of the words that ask for advice or ability
//!    (should, can, best, soll, kann, 应该, 怎么) or for a reason (why, warum, 为什么).
//! 3. Frames are taken off: "Can you tell me", "Do you remember", "Weißt du noch", 你还记得. What is left is the question.
//! 4. The verb goes where a subordinate clause has it, and `do` and `did` go into the verb.
//! 5. Persons are exchanged: I and you, my and your, ich and du, 我 and 你.
//!
//! What no rule reads is left to the model. A sentence that is wrong is worse than none, so questions in the present that
//! a person asks as often of the world as of themselves ("Where do I find …") are read only with verbs of a closed list
//! (live, work, like …), and those about something at hand ("Is my code right?") not at all.
//!
//! Needs nothing; costs a look at the message.

use serde::Deserialize;

use super::{Fallback, chinese, english, german};
use crate::method::Strategy;

/// The longest message that is read, in characters.
const LONGEST: usize = 200;

/// Parameters of `rewritten`: none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rewritten {}

impl Strategy for Rewritten {}

impl Fallback for Rewritten {
    fn unknown(&self, message: &str) -> Option<String> {
        let message = message.trim();
        let is_mark = |c: char| matches!(c, '?' | '？' | '.' | '!' | '。' | '！' | '…');
        let core = message.trim_end_matches(|c: char| is_mark(c) || c.is_whitespace());
        let more =
            |c: char| is_mark(c) || c.is_control() || matches!(c, ':' | '：' | ';' | '；' | '`' | '"' | '“' | '„');
        if core.is_empty() || core.chars().nth(LONGEST).is_some() || core.contains(more) {
            return None;
        }
        if core.contains(['我', '咱']) {
            return chinese::unknown(core, message.ends_with(['?', '？']));
        }
        let words: Vec<String> =
            core.replace('’', "'").split_whitespace().map(|word| word.trim_matches(',').to_owned()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
        english::unknown(&words).or_else(|| german::unknown(&words))
    }
}

/// Whether two words are one, whatever their case.
pub(super) fn is(word: &str, other: &str) -> bool {
    word.to_lowercase() == other
}

/// Whether the list, in lower case, has a word.
pub(super) fn listed(word: &str, list: &[&str]) -> bool {
    let word = word.to_lowercase();
    list.contains(&word.as_str())
}

/// What is left of the words behind the first of these frames that they begin with, each in lower case; `None` where they
/// begin with none.
pub(super) fn behind<'a, 'b>(words: &'a [&'b str], frames: &[&str]) -> Option<&'a [&'b str]> {
    frames.iter().find_map(|frame| {
        let mut frame = frame.split(' ').peekable();
        let matched = words.iter().take_while(|word| frame.next_if(|expect| is(word, expect)).is_some()).count();
        frame.peek().is_none().then(|| words.get(matched..))?
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(message: &str, expect: &str) {
        assert_eq!(Rewritten::default().unknown(message).unwrap_or_default(), expect, "{message}");
    }

    #[test]
    fn english_questions() {
        check("What is my cat called?", "I don't know what your cat is called.");
        check("What's my sister's name?", "I don't know what your sister's name is.");
        check("what is the name of my dentist", "I don't know what the name of your dentist is.");
        check("Where do I live?", "I don't know where you live.");
        check("Where does my sister live now?", "I don't know where your sister lives now.");
        check("Where did I go on holiday in May?", "I don't know where you went on holiday in May.");
        check("Which city did I move to?", "I don't know which city you moved to.");
        check("How many children do I have?", "I don't know how many children you have.");
        check("How old is my brother?", "I don't know how old your brother is.");
        check("When was I born?", "I don't know when you were born.");
        check("Am I allergic to nuts?", "I don't know whether you are allergic to nuts.");
        check("Did I tell you about Anna?", "I don't know whether you told me about Anna.");
        check("Have I ever been to Oslo?", "I don't know whether you have ever been to Oslo.");
        check("What did you recommend to me?", "I don't know what I recommended to you.");
        check("What did we talk about last time?", "I don't know what we talked about last time.");
        check("Who gave me the blue book?", "I don't know who gave you the blue book.");
        check("Can you tell me what my cat is called?", "I don't know what your cat is called.");
        check("Hey, do you remember where I live?", "I don't know where you live.");
        check("Do you remember my cat's name?", "I don't know your cat's name.");
        check("Please remind me when my appointment is.", "I don't know when your appointment is.");
        check("When did my parents stop smoking?", "I don't know when your parents stopped smoking.");
        check("When did I last see my doctor?", "I don't know when you last saw your doctor.");
        check("What did my boss say about me?", "I don't know what your boss said about you.");
    }

    #[test]
    fn german_questions() {
        check("Wie heißt meine Katze?", "Ich weiß nicht, wie deine Katze heißt.");
        check("Wo wohne ich?", "Ich weiß nicht, wo du wohnst.");
        check("Wie alt ist mein Bruder?", "Ich weiß nicht, wie alt dein Bruder ist.");
        check("Wie viele Kinder habe ich eigentlich?", "Ich weiß nicht, wie viele Kinder du hast.");
        check("Wann habe ich dir von Anna erzählt?", "Ich weiß nicht, wann du mir von Anna erzählt hast.");
        check("Was hast du mir empfohlen?", "Ich weiß nicht, was ich dir empfohlen habe.");
        check("Bin ich gegen Nüsse allergisch?", "Ich weiß nicht, ob du gegen Nüsse allergisch bist.");
        check("Weißt du noch, wie meine Katze heißt?", "Ich weiß nicht, wie deine Katze heißt.");
        check("Kannst du mir sagen, wo ich wohne?", "Ich weiß nicht, wo du wohnst.");
        check("Wer hat mir das Buch gegeben?", "Ich weiß nicht, wer dir das Buch gegeben hat.");
        check("Worüber haben wir gesprochen?", "Ich weiß nicht, worüber wir gesprochen haben.");
        check("Was ist der Name meiner Katze?", "Ich weiß nicht, was der Name deiner Katze ist.");
    }

    #[test]
    fn chinese_questions() {
        check("我的猫叫什么名字？", "我不知道你的猫叫什么名字。");
        check("我住在哪里?", "我不知道你住在哪里。");
        check("你还记得我的生日是哪天吗？", "我不知道你的生日是哪天。");
        check("请问我有几个孩子呢？", "我不知道你有几个孩子。");
        check("我对坚果过敏吗？", "我不知道你是否对坚果过敏。");
        check("我有没有告诉你我妹妹的名字？", "我不知道你有没有告诉我你妹妹的名字。");
        check("我们上次聊了什么？", "我不知道我们上次聊了什么。");
        check("你能告诉我我在哪里工作吗？", "我不知道你在哪里工作。");
    }

    #[test]
    fn what_does_not_ask_for_something_remembered_is_left_alone() {
        let others = [
            "What should I cook tonight?",
            "What is the capital of Norway?",
            "How do I boil an egg?",
            "Why is my cat sneezing?",
            "Where do I find a good dentist?",
            "Is my code right?",
            "What is wrong with my code: x = 1?",
            "What is my best move here?",
            "Can you tell me what to give my sister?",
            "I moved to Oslo.",
            "My cat is called Miso.",
            "What is my name? And where do I live?",
            "What's your name?",
            "What's the name of the hotel I stayed at in Rome?",
            "Didn't I tell you?",
            "Was soll ich kochen?",
            "Wie koche ich Eier?",
            "Warum niest meine Katze?",
            "Wo finde ich einen Zahnarzt?",
            "Ich wohne in Oslo.",
            "Wissen Sie noch, wie meine Katze heißt?",
            "我应该吃什么？",
            "我今天吃什么？",
            "我的猫为什么打喷嚏？",
            "我怎么去机场？",
            "我搬到奥斯陆了。",
            "我几天前搬到奥斯陆了。",
            "我什么都不想吃",
            "",
            "?",
            "my",
            "what is my",
            "did i",
            "wie ist mein",
            "我",
            "我吗",
        ];
        others.into_iter().for_each(|message| check(message, ""));
        check(&format!("What is my {}cat called?", "very ".repeat(60)), "");
    }

    proptest! {
        #[test]
        fn any_message_gets_one_sentence_or_none(
            words in prop::collection::vec(
                prop_oneof![
                    Just("what".to_owned()), Just("is".to_owned()), Just("my".to_owned()), Just("did".to_owned()),
                    Just("I".to_owned()), Just("you".to_owned()), Just("Wie".to_owned()), Just("ich".to_owned()),
                    Just("habe".to_owned()), Just("meine".to_owned()), Just("我".to_owned()), Just("什么".to_owned()),
                    Just("do you know".to_owned()), "\\PC{0,6}"
                ], 0..9),
        ) {
            if let Some(sentence) = Rewritten::default().unknown(&words.join(" ")) {
                let beginning = ["I don't know ", "Ich weiß nicht, ", "我不知道"].iter().find_map(|b| sentence.strip_prefix(b));
                prop_assert!(beginning.is_some_and(|rest| rest.chars().count() > 1), "{}", sentence);
                prop_assert!(sentence.ends_with(['.', '。']));
            }
        }
    }
}
