//! Whether the next turn of somebody who helps should ask, or advise.
//!
//! Source: Chen et al., *BianQue: Balancing the Questioning and Suggestion Ability of Health LLMs with Multi-turn Health
//! Conversations Polished by ChatGPT* (2023), which trains a model to go through a chain of questions before it suggests
//! anything. Here the decision is a logistic function of four facts about the conversation; its weights were fitted on the
//! English supporters of ESConv (the dev file; the lab's task `ask-or-advise` measures it on the test file), and are as they
//! are for other languages. It says nothing about what to ask or to suggest.
//!
//! Needs nothing and costs nothing.

use std::sync::LazyLock;

use crate::phrases::Phrases;

/// Questions beyond so many say no more.
const QUESTIONS: usize = 8;
/// The weights: of the share that is known, of the questions as a share of [`QUESTIONS`], of a wish for advice, of a last
/// answer that evaded, and of nothing. Fitted with an L2 penalty of 1.
const WEIGHTS: [f64; 5] = [3.20, 0.42, 1.25, -0.51, -2.84];

/// What is known of a conversation before the next turn.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TalkState {
    /// The share of what has to be known for advice that is known: 0 to 1.
    pub known: f64,
    /// How many questions were put already.
    pub questions: usize,
    /// Whether the person asked for advice outright; see [`wants_advice`].
    pub wants_advice: bool,
    /// Whether the last answer passed the question over; see [`super::evades`].
    pub evaded: bool,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextTurn {
    /// Ask for what is not known yet.
    Ask,
    /// Say what is suggested.
    Advise,
}

impl TalkState {
    /// How likely it is time for advice rather than for a question, 0 to 1. A share outside of 0 to 1 counts as the nearer
    /// end, and one that is no number as 0.
    pub fn advice_likelihood(&self) -> f64 {
        let known = if self.known.is_nan() { 0.0 } else { self.known.clamp(0.0, 1.0) };
        let questions = self.questions.min(QUESTIONS) as f64 / QUESTIONS as f64;
        let flag = |is: bool| f64::from(u8::from(is));
        let facts = [known, questions, flag(self.wants_advice), flag(self.evaded), 1.0];
        let sum: f64 = facts.iter().zip(WEIGHTS).map(|(fact, weight)| fact * weight).sum();
        1.0 / (1.0 + (-sum).exp())
    }

    /// The likelier of both.
    pub fn next_turn(&self) -> NextTurn {
        if self.advice_likelihood() > 0.5 { NextTurn::Advise } else { NextTurn::Ask }
    }
}

static WANTS_ADVICE: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(&[
        "any advice",
        "any suggestion",
        "any suggestions",
        "any idea",
        "any ideas",
        "any tips",
        "some advice",
        "need advice",
        "your advice",
        "advise me",
        "you suggest",
        "you recommend",
        "you think i should",
        "do you think",
        "what should i",
        "what can i",
        "what could i",
        "what would you",
        "what do i do",
        "what to do",
        "what else",
        "how do i",
        "how can i",
        "how should i",
        "how could i",
        "how do you",
        "how to",
        "should i",
        "can you help",
        "could you help",
        "help me",
        "not sure what",
        "not sure how",
        "don't know what",
        "don't know how",
        "what you would do",
        "was soll ich",
        "was kann ich",
        "was könnte ich",
        "was würdest du",
        "was mache ich",
        "was tun",
        "was rätst du",
        "rätst du mir",
        "deinen rat",
        "einen rat",
        "einen tipp",
        "tipps",
        "empfiehlst du",
        "wie kann ich",
        "wie soll ich",
        "soll ich",
        "hilf mir",
        "kannst du mir helfen",
        "weiß nicht was ich",
        "weiß nicht wie ich",
        "怎么办",
        "该怎么",
        "怎么做",
        "怎么才能",
        "建议",
        "有什么办法",
        "有没有办法",
        "帮帮我",
        "我该不该",
        "我应该",
        "要不要",
        "如何",
    ])
});

/// Whether a message asks for advice outright, in English, German or Chinese: a closed list.
pub fn wants_advice(message: &str) -> bool {
    WANTS_ADVICE.fit(message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn questions_come_first_and_advice_when_enough_is_known() {
        let check = |known: f64, questions: usize, wants_advice: bool, evaded: bool, expect: NextTurn| {
            let state = TalkState { known, questions, wants_advice, evaded };
            assert_eq!(state.next_turn(), expect, "{state:?}");
        };
        check(0.0, 0, false, false, NextTurn::Ask);
        check(0.0, 0, true, false, NextTurn::Ask);
        check(0.6, 2, false, false, NextTurn::Ask);
        check(0.6, 2, true, false, NextTurn::Advise);
        check(0.6, 2, true, true, NextTurn::Ask);
        check(1.0, 0, false, false, NextTurn::Advise);
        check(f64::NAN, 0, false, false, NextTurn::Ask);
        check(9.0, 0, false, false, NextTurn::Advise);
    }

    #[test]
    fn a_wish_for_advice_is_read() {
        let check = |message: &str, expect: bool| assert_eq!(wants_advice(message), expect, "{message}");
        check("I don’t know what to do.", true);
        check("Was soll ich nur machen?", true);
        check("我该怎么办？", true);
        check("It rained all day.", false);
        check("今天下雨了", false);
        check("", false);
    }

    proptest! {
        #[test]
        fn more_that_is_known_never_speaks_against_advice(known in 0.0f64..1.0, more in 0.0f64..1.0, questions in 0usize..20, flags: (bool, bool)) {
            let state = TalkState { known, questions, wants_advice: flags.0, evaded: flags.1 };
            let later = TalkState { known: known + more, questions: questions + 1, ..state };
            prop_assert!((0.0..=1.0).contains(&state.advice_likelihood()));
            prop_assert!(later.advice_likelihood() >= state.advice_likelihood());
        }
    }
}
