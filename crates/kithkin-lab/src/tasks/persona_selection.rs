//! Response selection: is the true reply the first of 20, by the dialogue so far and by what is known of a speaker?
//!
//! The replies of a language are the turns of one person, each in a session of its own: a bank of replies. An example is a
//! recall within the sessions of its 20 candidates. The last utterance is the question, the earlier ones are aspects of
//! falling weight, and so are the sentences of the persona. Where a persona is withheld, all else is the same.
//!
//! A dialogue describes one of its two speakers, so there are four settings: the described speaker's replies without the
//! persona (`none`) and with it (`own`), and the other one's replies without it (`partner-none`) and with it (`partner`).
//! The data has no dialogue with both personas.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use kithkin::{Aspect, ConversationId, Embedder, Method, Now, Recall, Role, Scope, SessionId, SessionRef};

use super::xpersona::{Item, read};
use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::draw::Draw;
use crate::memo::Memo;
use crate::persons::{CONVERSATION, Persons, Said};
use crate::table::Means;
use crate::{LabError, Measured, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "persona-selection",
    datasets: &["xpersona"],
    strategies: &[],
    about: "is the true reply first among 20, by the dialogue so far and by what is known of a speaker?",
    headline: &["hits@1", "mrr"],
    run,
};

/// Candidates of an example: the true reply and 19 of other dialogues.
pub(super) const CANDIDATES: usize = 20;
/// Examples of a language and speaker, where no limit is given.
const EXAMPLES: usize = 1000;
/// Utterances before the last one that are looked at, and how much each counts of the one after it.
const EARLIER: usize = 4;
const FADING: f32 = 0.4;
/// Where the drawing of distractors starts.
const SEED: u64 = 1;

/// Whose reply is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaker {
    /// The one of whom nothing is known.
    Other = 0,
    /// The one whom the persona describes.
    Described = 1,
}

/// A reply that is looked for.
struct Example<'a> {
    speaker: Speaker,
    /// What was said before, the last first.
    context: Vec<&'a str>,
    persona: &'a [String],
    /// The numbers of the candidates in the bank, the true one first.
    candidates: Vec<usize>,
}

/// The replies of an item, observed as a person, with what is asked about them.
struct Bank<'a> {
    language: &'static str,
    scope: Scope,
    examples: Vec<Example<'a>>,
}

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("xpersona", &setup.data);
    let items = read(&mut data, &setup.items)?;
    let embedder = setup.embedder.as_ref().map(|inner| Arc::new(Memo::new(Arc::clone(inner))) as Arc<dyn Embedder>);
    let setup = Setup { embedder, ..setup.clone() };
    let mut persons = Persons::new(&setup)?;
    let banks = items.iter().map(|item| bank(&mut persons, item, &data, setup.limit)).collect::<Result<Vec<_>, _>>()?;
    let mut rows = Vec::new();
    for method in &setup.methods {
        let built = persons.build(method, &setup)?;
        rows.push(measure(&persons, method, &banks, built, &setup)?);
    }
    Ok(Table { task: TASK.name.to_owned(), data: data.source(items.len()), rows })
}

/// Observes the replies of an item, each text once, and makes its examples.
fn bank<'a>(persons: &mut Persons, item: &'a Item, data: &Data, limit: Option<usize>) -> Result<Bank<'a>, LabError> {
    let (scope, number) = observe(persons, item)?;
    let mut examples = Vec::new();
    for speaker in [Speaker::Described, Speaker::Other] {
        examples.extend(
            of_speaker(item, &number, speaker, limit.unwrap_or(EXAMPLES)).map_err(|why| data.wrong(&item.name, why))?,
        );
    }
    Ok(Bank { language: item.language, scope, examples })
}

/// Observes the utterances of an item, each text once, and numbers them.
pub(super) fn observe<'a>(persons: &mut Persons, item: &'a Item) -> Result<(Scope, HashMap<&'a str, usize>), LabError> {
    let mut number: HashMap<&str, usize> = HashMap::new();
    let mut texts: Vec<&str> = Vec::new();
    for text in item.dialogues.iter().flat_map(|d| d.dialogue.iter().flatten()) {
        number.entry(text).or_insert_with(|| {
            texts.push(text);
            texts.len() - 1
        });
    }
    let ids: Vec<String> = (0..texts.len()).map(session).collect();
    let said = ids.iter().zip(&texts).map(|(id, text)| {
        // A name that no reply holds: names of speakers are left out of what is looked up.
        Said { id, session: id, speaker: "S1", role: Role::User, at: None, text }
    });
    let scope = persons.observe(&item.name, &said.collect::<Vec<_>>())?;
    Ok((scope, number))
}

/// At most `limit` examples of a speaker, evenly spread over the dialogues.
fn of_speaker<'a>(
    item: &'a Item,
    number: &HashMap<&str, usize>,
    speaker: Speaker,
    limit: usize,
) -> Result<Vec<Example<'a>>, String> {
    let replies = item.dialogues.iter().enumerate().flat_map(|(d, dialogue)| {
        let numbered = dialogue.dialogue.iter().map(|pair| number.get(pair[speaker as usize].as_str()).copied());
        numbered.enumerate().map(move |(at, reply)| (d, at, reply.unwrap_or_default()))
    });
    let replies: Vec<(usize, usize, usize)> = replies.collect();
    // Nothing was said before the first speaker's first words.
    let places: Vec<_> = replies.iter().filter(|(_, at, _)| speaker == Speaker::Described || *at > 0).collect();
    let chosen = limit.min(places.len());
    let mut draw = Draw::new(SEED);
    let mut examples = Vec::new();
    for &&(d, at, reply) in (0..chosen).filter_map(|i| places.get(i * places.len() / chosen)) {
        let dialogue = &item.dialogues[d];
        let candidates = candidates(&mut draw, &replies, reply, &|other| other != d).ok_or_else(|| too_few(d))?;
        let said = dialogue.dialogue.iter().flatten().take(2 * at + speaker as usize);
        let mut context: Vec<&str> = said.map(String::as_str).collect();
        context.reverse();
        examples.push(Example { speaker, context, persona: &dialogue.persona, candidates });
    }
    Ok(examples)
}

pub(super) fn too_few(dialogue: usize) -> String {
    format!("dialogue {}: the other dialogues have too few replies for {CANDIDATES} candidates", dialogue + 1)
}

/// The reply and distractors of the dialogues that lend them, no two with the same words; `None` where there are too few.
/// The replies come with their dialogue and their place in it.
pub(super) fn candidates(
    draw: &mut Draw,
    replies: &[(usize, usize, usize)],
    reply: usize,
    lends: &dyn Fn(usize) -> bool,
) -> Option<Vec<usize>> {
    let others: HashSet<usize> = replies.iter().filter(|(d, ..)| lends(*d)).map(|(.., r)| *r).collect();
    if others.len() - usize::from(others.contains(&reply)) < CANDIDATES - 1 {
        return None;
    }
    let mut candidates = vec![reply];
    while candidates.len() < CANDIDATES {
        let (d, _, other) = replies[draw.below(replies.len())];
        if lends(d) && !candidates.contains(&other) {
            candidates.push(other);
        }
    }
    Some(candidates)
}

/// The session of a reply in the bank.
pub(super) fn session(reply: usize) -> String {
    format!("r{reply}")
}

fn measure(
    persons: &Persons,
    method: &Method,
    banks: &[Bank<'_>],
    built: f64,
    setup: &Setup<'_>,
) -> Result<Measured, LabError> {
    let of: u64 = banks.iter().map(|bank| bank.examples.len() as u64).sum();
    let mut board = Board::default();
    let mut by_setting = Means::default();
    let mut done = 0;
    for bank in banks {
        for example in &bank.examples {
            for (setting, knows) in example.settings() {
                let recall = Recall { method: Some(method.clone()), ..example.recall(knows)? };
                let report = persons.ask(&bank.scope, &recall, &mut board)?;
                let truth = session(example.candidates[0]);
                let rank = report.evidence.iter().position(|e| e.turn == truth).map(|place| place + 1);
                let hit = f64::from(u8::from(rank == Some(1)));
                let scores = [("hits@1", hit), ("mrr", rank.map_or(0.0, |rank| 1.0 / rank as f64))];
                board.question(
                    &[setting, &format!("{} {setting}", bank.language)],
                    &scores.map(|(name, value)| (name.to_owned(), value)),
                );
                for (name, value) in scores {
                    by_setting.add(&format!("{}_{setting}_{name}", bank.language), value);
                }
            }
            done += 1;
            (setup.progress)(method.about().id.as_str(), done, of);
        }
    }
    for (name, value) in by_setting.values() {
        board.set(&name, Some(value));
    }
    Ok(board.row(method.about().id.as_str(), built))
}

impl Example<'_> {
    /// The settings that the example is asked in, and whether the persona is known in each.
    fn settings(&self) -> [(&'static str, bool); 2] {
        match self.speaker {
            Speaker::Described => [("none", false), ("own", true)],
            Speaker::Other => [("partner-none", false), ("partner", true)],
        }
    }

    fn recall(&self, knows_persona: bool) -> Result<Recall, kithkin::Error> {
        let known = self.persona.iter().filter(|_| knows_persona).map(String::as_str);
        selection(&self.context, known, &self.candidates)
    }
}

/// The recall that ranks candidates by what was said before, the last first, and by what is known of their speaker.
pub(super) fn selection<'a>(
    context: &[&str],
    known: impl IntoIterator<Item = &'a str>,
    candidates: &[usize],
) -> Result<Recall, kithkin::Error> {
    let (last, earlier) = context.split_first().map_or(("", &[][..]), |(last, earlier)| (*last, earlier));
    let weights = (1..=EARLIER as i32).map(|before| FADING.powi(before));
    let said = earlier.iter().zip(weights).map(|(text, weight)| Aspect { text: (*text).to_owned(), weight });
    let known = known.into_iter().map(Aspect::new);
    let conversation = ConversationId::new(CONVERSATION)?;
    let within = candidates
        .iter()
        .map(|reply| Ok(SessionRef { conversation: conversation.clone(), session: SessionId::new(session(*reply))? }));
    Ok(Recall {
        aspects: said.chain(known).filter(|aspect| !aspect.text.trim().is_empty()).collect(),
        within: within.collect::<Result<_, kithkin::Error>>()?,
        limit: CANDIDATES,
        ..Recall::new(last, Now::Clock)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::xpersona::Dialogue;

    /// Dialogues of two exchanges, each with words of its own.
    fn item(dialogues: usize) -> Item {
        let dialogue = |d: usize| Dialogue {
            persona: if d == 0 { Vec::new() } else { vec![format!("i like {d} .")] },
            dialogue: (0..2).map(|at| [format!("question {d} {at} ?"), format!("reply {d} {at} .")]).collect(),
        };
        Item { language: "en", name: "en-test".to_owned(), dialogues: (0..dialogues).map(dialogue).collect() }
    }

    fn numbers(item: &Item) -> HashMap<&str, usize> {
        let texts = item.dialogues.iter().flat_map(|d| d.dialogue.iter().flatten().map(String::as_str));
        texts.zip(0..).collect()
    }

    #[test]
    fn examples_are_spread_over_the_dialogues_and_drawn_the_same_each_time() {
        let many = item(20);
        let known = numbers(&many);
        let examples = |speaker, limit| of_speaker(&many, &known, speaker, limit).unwrap();
        let drawn = |limit| examples(Speaker::Described, limit).into_iter().map(|e| e.candidates).collect::<Vec<_>>();
        assert_eq!(drawn(40), drawn(40));
        assert_eq!((drawn(40).len(), drawn(1000).len(), drawn(3).len()), (40, 40, 3));
        assert_eq!(examples(Speaker::Other, 1000).len(), 20, "nothing is before the first words");
        for example in examples(Speaker::Described, 40).iter().chain(&examples(Speaker::Other, 40)) {
            let of = |number: usize| known.iter().find(|(_, n)| **n == number).map(|(text, _)| *text).unwrap();
            let own: Vec<&str> = example.candidates.iter().map(|c| of(*c)).collect();
            let dialogue = |text: &str| text.split(' ').nth(1).map(str::to_owned);
            assert_eq!(dialogue(own[0]), dialogue(example.context[0]));
            assert!(own[1..].iter().all(|other| dialogue(other) != dialogue(own[0])), "{own:?}");
            assert!(own.iter().all(|text| text.starts_with("reply") == (example.speaker == Speaker::Described)));
            assert_eq!(own.iter().collect::<HashSet<_>>().len(), CANDIDATES);
        }
        let few = item(10);
        assert!(of_speaker(&few, &numbers(&few), Speaker::Described, 1).is_err());
    }

    #[test]
    fn without_a_persona_it_is_the_plain_selection() {
        let item = item(20);
        let numbers = numbers(&item);
        let examples = of_speaker(&item, &numbers, Speaker::Described, 40).unwrap();
        let aspects = |example: &Example<'_>, knows| example.recall(knows).unwrap().aspects;
        let check = |at: usize, more: usize| {
            let (without, with) = (aspects(&examples[at], false), aspects(&examples[at], true));
            assert_eq!((&with[..without.len()], with.len()), (&without[..], without.len() + more));
        };
        check(1, 0);
        check(3, 1);
    }
}
