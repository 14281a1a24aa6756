//! Several drafts are drawn and measured, and the one with the best weighted measures is heard.
//!
//! Source: See et al., *What makes a good conversation?* (NAACL 2019), section 4: repetition, specificity, relatedness to
//! the other's last words, and whether it asks. The paper steers them while the model decodes; here they choose among
//! whole drafts, which needs no access to the model. What is measured, each 0 to 1:
//!
//! - `repetition`: the share of the draft's pairs of words that stand earlier in it, or in a turn of the conversation
//!   (the paper has internal, external and partner repetition of one and two words apart).
//! - `specificity`: the mean of 1 - ln c / ln R over its words, where c of the R texts at hand (the recalled turns and
//!   those of the conversation) have the word. That is the paper's normalised inverse document frequency, with the
//!   person's texts for a corpus; a word that none of them has counts as one of a single text, and a function word as one
//!   of all. A short draft is not favoured: it is a mean.
//! - `relatedness`: the cosine of the sets of content words of the draft and the message (the paper compares sentence
//!   vectors).
//! - `questions`: 1 where it has a question mark, else 0, as in the paper.
//!
//! The drafts differ by temperature as well, since a model in this process gives the same request the same answer: from
//! that of the reply in equal steps to `hottest`. Of equal ones the first stays. Not measured with a model, and the
//! weights are not tuned.
//!
//! Needs a chat model; costs `samples` - 1 more calls.

use std::collections::{HashMap, HashSet};

use kithkin_core::{ChatError, ChatReply, ChatRequest};
use serde::Deserialize;

use super::{Refine, Refined};
use crate::chat::Chat;
use crate::index::{Words, is_function_word};
use crate::method::Strategy;
use crate::respond::{Asked, Brief};

/// Parameters of `dials`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Dials {
    /// How many drafts are drawn, the first included; 2 to 16, default 4.
    samples: usize,
    /// The temperature of the last of them, 0 to 2; default 1.
    hottest: f64,
    /// How much each measure counts, -100 to 100; by default -1 for repetition, and 0 for the others.
    repetition: f64,
    specificity: f64,
    relatedness: f64,
    questions: f64,
}

impl Default for Dials {
    fn default() -> Self {
        Self { samples: 4, hottest: 1.0, repetition: -1.0, specificity: 0.0, relatedness: 0.0, questions: 0.0 }
    }
}

impl Strategy for Dials {
    fn check(&self) -> Result<(), String> {
        if !(2..=16).contains(&self.samples) {
            return Err(format!("samples is {}; it must lie within 2 and 16", self.samples));
        }
        if !(0.0..=2.0).contains(&self.hottest) {
            return Err(format!("hottest is {}; it must lie within 0 and 2", self.hottest));
        }
        let dials = [
            ("repetition", self.repetition),
            ("specificity", self.specificity),
            ("relatedness", self.relatedness),
            ("questions", self.questions),
        ];
        match dials.into_iter().find(|(_, weight)| !(-100.0..=100.0).contains(weight)) {
            Some((name, weight)) => Err(format!("{name} is {weight}; it must lie within -100 and 100")),
            None => Ok(()),
        }
    }
}

impl Refine for Dials {
    fn refine(
        &self,
        brief: &Brief<'_>,
        asked: &Asked,
        draft: ChatReply,
        chat: &Chat<'_>,
    ) -> Result<Refined, ChatError> {
        if asked.before.is_empty() {
            return Ok(Refined { reply: draft, revisions: Vec::new() });
        }
        let texts = Texts::of(brief);
        let mut best = (self.score(texts.measured(&draft.text)), draft);
        for sample in 1..self.samples {
            let share = sample as f64 / (self.samples - 1) as f64;
            let temperature = brief.temperature + (self.hottest - brief.temperature) * share;
            let request = ChatRequest { temperature, ..asked.request.clone() };
            let drawn = chat.reply(&request)?.filter(|reply| !reply.text.trim().is_empty());
            let Some(drawn) = drawn else { continue };
            let score = self.score(texts.measured(&drawn.text));
            // A draft that says nothing is none.
            if score > best.0 || best.1.text.trim().is_empty() {
                best = (score, drawn);
            }
        }
        Ok(Refined { reply: best.1, revisions: Vec::new() })
    }
}

impl Dials {
    fn score(&self, measured: Measured) -> f64 {
        self.repetition * measured.repetition
            + self.specificity * measured.specificity
            + self.relatedness * measured.relatedness
            + self.questions * measured.questions
    }
}

/// What a draft is like, each 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Measured {
    repetition: f64,
    specificity: f64,
    relatedness: f64,
    questions: f64,
}

/// What drafts are held against.
struct Texts {
    /// The pairs of words of the conversation.
    pairs: HashSet<(String, String)>,
    /// In how many of the texts at hand each word stands.
    counts: HashMap<String, usize>,
    /// How many texts there are.
    texts: usize,
    /// The content words of the message.
    message: HashSet<String>,
}

impl Texts {
    fn of(brief: &Brief<'_>) -> Self {
        let said: Vec<Vec<String>> = brief.history.iter().map(|turn| Words::of(&turn.turn.text)).collect();
        let pairs = said.iter().flat_map(|words| pairs_of(words)).collect();
        let recalled = brief.evidence.iter().map(|turn| Words::of(&turn.turn.text));
        let all: Vec<HashSet<String>> = said.iter().cloned().chain(recalled).map(HashSet::from_iter).collect();
        let mut counts = HashMap::new();
        for word in all.iter().flatten() {
            *counts.entry(word.clone()).or_default() += 1;
        }
        Self { pairs, counts, texts: all.len(), message: content(&Words::of(brief.message)) }
    }

    fn measured(&self, draft: &str) -> Measured {
        let words = Words::of(draft);
        let mut seen: HashSet<(String, String)> = HashSet::new();
        let drawn: Vec<(String, String)> = pairs_of(&words).collect();
        let repeated = drawn.iter().filter(|pair| self.pairs.contains(pair) || !seen.insert((*pair).clone())).count();
        let content = content(&words);
        let shared = content.intersection(&self.message).count();
        let sizes = (content.len() * self.message.len()) as f64;
        Measured {
            repetition: share(repeated as f64, drawn.len() as f64),
            specificity: share(words.iter().map(|word| self.rarity(word)).sum(), words.len() as f64),
            relatedness: share(shared as f64, sizes.sqrt()),
            questions: f64::from(u8::from(draft.contains(['?', '？']))),
        }
    }

    /// 1 for a word of at most one text, 0 for one of all and for function words.
    fn rarity(&self, word: &str) -> f64 {
        let count = self.counts.get(word).copied().unwrap_or(1);
        if is_function_word(word) {
            return 0.0;
        }
        // Of one text nothing is rarer than anything else.
        if self.texts < 2 { 1.0 } else { 1.0 - (count as f64).ln() / (self.texts as f64).ln() }
    }
}

/// A part of a whole; nothing of nothing.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn content(words: &[String]) -> HashSet<String> {
    words.iter().filter(|word| !is_function_word(word)).cloned().collect()
}

fn pairs_of(words: &[String]) -> impl Iterator<Item = (String, String)> {
    words.iter().zip(words.iter().skip(1)).map(|(one, other)| (one.clone(), other.clone()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chat::Scripted;
    use crate::method::Strategy as _;
    use crate::observe::Sitting;
    use crate::respond::refine::tests::asked;

    const EVIDENCE: [&str; 4] = ["boats lie still", "boats lie low", "boats sail", "bread rises"];
    const HISTORY: [&str; 1] = ["old boats creak"];

    /// The plain draft, and one for each dial that differs from it in that measure alone.
    const PLAIN: &str = "boats drift bread";
    const REPEATS: &str = "boats drift bread boats drift bread";
    const SPECIFIC: &str = "zinc drift bread";
    const RELATED: &str = "boats drift harbour";
    const ASKS: &str = "boats drift bread?";

    /// Where a dial is.
    type Dial = fn(&mut Dials) -> &mut f64;

    fn with_brief<T>(ask: impl FnOnce(&Brief<'_>) -> T) -> T {
        let (evidence, history) = (Sitting::of(&EVIDENCE), Sitting::of(&HISTORY));
        let brief = Brief::new("the harbour?", "2024-01-01".parse().unwrap());
        ask(&Brief { evidence: evidence.turns(), history: history.turns(), ..brief })
    }

    /// What is heard of these drafts, and at which temperatures they were asked for.
    fn heard(dials: &Dials, before: &str, drafts: &[&str]) -> (String, Vec<f64>) {
        let model = Scripted::new(drafts.iter().skip(1).copied());
        let chat = Chat::new(Some(&model));
        let refined =
            with_brief(|brief| dials.refine(brief, &asked(before), ChatReply::whole(drafts[0]), &chat).unwrap());
        (refined.reply.text, model.temperatures())
    }

    #[test]
    fn each_dial_moves_its_measure_and_leaves_the_others() {
        let measure = |draft: &str| with_brief(|brief| Texts::of(brief).measured(draft));
        let plain = measure(PLAIN);
        let fields = |m: Measured| [m.repetition, m.specificity, m.relatedness, m.questions];
        let none = Dials { repetition: 0.0, ..Dials::default() };
        let dials: [(&str, Dial); 4] = [
            (REPEATS, |dials| &mut dials.repetition),
            (SPECIFIC, |dials| &mut dials.specificity),
            (RELATED, |dials| &mut dials.relatedness),
            (ASKS, |dials| &mut dials.questions),
        ];
        for (place, (draft, dial)) in dials.into_iter().enumerate() {
            for (other, (found, expect)) in fields(measure(draft)).into_iter().zip(fields(plain)).enumerate() {
                let moved = (found - expect).abs() > 1e-9;
                assert_eq!((moved, found > expect + 1e-9), (other == place, other == place), "{draft}: {other}");
            }
            let all = [PLAIN, REPEATS, SPECIFIC, RELATED, ASKS];
            let mut turned = Dials { samples: 5, ..none.clone() };
            *dial(&mut turned) = 1.0;
            assert_eq!(heard(&turned, "x", &all).0, draft);
            *dial(&mut turned) = -1.0;
            assert_eq!(heard(&turned, "x", &[draft, PLAIN, PLAIN, PLAIN, PLAIN]).0, PLAIN);
        }
    }

    #[test]
    fn the_measures() {
        let check = |draft: &str, expect: [f64; 4]| {
            let m = with_brief(|brief| Texts::of(brief).measured(draft));
            let found = [m.repetition, m.specificity, m.relatedness, m.questions];
            assert!(found.iter().zip(expect).all(|(a, b)| (a - b).abs() < 1e-6), "{draft}: {found:?}");
        };
        check("", [0.0; 4]);
        check("the of", [0.0; 4]);
        // Four of five texts have boats: 1 - ln 4 / ln 5.
        check("boats", [0.0, 0.138_646_9, 0.0, 0.0]);
        check("harbour", [0.0, 1.0, 1.0, 0.0]);
        check("harbour zinc?", [0.0, 1.0, 0.5_f64.sqrt(), 1.0]);
        // "old boats" was said in the conversation, "boats lie" only in what was recalled.
        check("old boats lie", [0.5, (1.0 + 0.138_646_9 + 0.569_323_4) / 3.0, 0.0, 0.0]);
        check("港？", [0.0, 1.0, 0.0, 1.0]);
    }

    #[test]
    fn drafts_are_drawn_ever_more_freely_and_broken_ones_passed_over() {
        let dials = Dials { samples: 4, hottest: 1.2, questions: 1.0, ..Dials::default() };
        let (reply, temperatures) = heard(&dials, "x", &[PLAIN, "refuse", " ", ASKS]);
        assert_eq!(reply, ASKS);
        assert!(temperatures.iter().zip([0.6, 0.9, 1.2]).all(|(a, b)| (a - b).abs() < 1e-9), "{temperatures:?}");
        assert_eq!(heard(&dials, "x", &[" ", PLAIN, "", ""]).0, PLAIN);
        assert_eq!(heard(&dials, "x", &[PLAIN, "refuse", "refuse", "refuse"]).0, PLAIN);
        // Of a person of whom nothing is shown the first draft is heard, and no other drawn.
        assert_eq!(heard(&dials, "", &[PLAIN, ASKS]), (PLAIN.to_owned(), Vec::new()));
    }

    #[test]
    fn the_parameters_have_ranges() {
        let check = |dials: Dials, expect: &str| assert_eq!(dials.check().err().unwrap_or_default(), expect);
        check(Dials::default(), "");
        check(Dials { samples: 1, ..Dials::default() }, "samples is 1; it must lie within 2 and 16");
        check(Dials { hottest: 2.1, ..Dials::default() }, "hottest is 2.1; it must lie within 0 and 2");
        let nan = Dials { relatedness: f64::NAN, ..Dials::default() };
        check(nan, "relatedness is NaN; it must lie within -100 and 100");
    }

    proptest! {
        #[test]
        fn measures_lie_within_0_and_1(draft in "(boats|old|harbour|the|[?猫 ]|\\PC){0,30}") {
            let m = with_brief(|brief| Texts::of(brief).measured(&draft));
            for measure in [m.repetition, m.specificity, m.relatedness, m.questions] {
                prop_assert!((0.0..=1.0 + 1e-9).contains(&measure), "{:?}", m);
            }
        }
    }
}
