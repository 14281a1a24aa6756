//! Response selection with a persona that is learned: is the true reply the first of 20, by what is recalled of the
//! speaker's other dialogues?
//!
//! Several dialogues of XPersona have the same persona; the one whom it describes is taken for one person in all of them. A
//! reply of theirs is looked for, and the method recalls, for what was said right before it, their turns in the other
//! dialogues. The [`KNOWN`] best are aspects of the selection, as the sentences of a persona are in `persona-selection`,
//! whose bank of replies and candidates this is; no candidate is of another dialogue of the same person. What selects is the
//! same for all methods: `p5-selection`, or `bm25` where no embedder is loaded.
//!
//! Three rows beside the methods say what there is to gain: nothing is known ([`NOTHING`]), all turns of the other dialogues
//! are ([`EVERYTHING`]), the persona is given ([`GIVEN`]). They are measured in each run.

use std::collections::HashMap;
use std::sync::Arc;

use kithkin::{Embedder, Kithkin, Method, Now, Recall, Role, Scope};

use super::persona_selection::{candidates, observe, selection, session, too_few};
use super::xpersona::{Dialogue, Item, SILENCE, read};
use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::draw::Draw;
use crate::memo::Memo;
use crate::persons::{Persons, Said};
use crate::{LabError, Measured, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "persona-history",
    datasets: &["xpersona"],
    strategies: &[],
    about: "is the true reply first among 20, by what is recalled of the speaker's other dialogues?",
    headline: &["hits@1", "mrr", "known"],
    run,
};

/// The row where nothing is known of the speaker.
pub(crate) const NOTHING: &str = "nothing-known";
/// The row where all that the speaker says in the other dialogues is known.
pub(crate) const EVERYTHING: &str = "all-own-turns";
/// The row where the persona is given.
pub(crate) const GIVEN: &str = "given-persona";

/// Turns of the speaker that are known when the reply is selected.
const KNOWN: usize = 5;
/// Turns that are recalled, among which those are looked for.
const RECALLED: usize = 60;
/// Examples of a file, where no limit is given.
const EXAMPLES: usize = 1000;
/// Where the drawing of distractors starts.
const SEED: u64 = 1;
/// The speakers of a history, as they are stored.
const SPEAKERS: [&str; 2] = ["S1", "S2"];

/// A reply that is looked for.
struct Example<'a> {
    /// What was said before, the last first.
    context: Vec<&'a str>,
    persona: &'a [String],
    /// The person whose turns in the other dialogues are the history, and what they say there.
    history: Scope,
    own: Vec<&'a str>,
    /// The numbers of the candidates in the bank, the true one first.
    candidates: Vec<usize>,
}

/// The replies of a file.
struct Bank<'a> {
    language: &'static str,
    scope: Scope,
    examples: Vec<Example<'a>>,
}

/// What is known of the speaker when a reply is selected.
enum Known<'a> {
    Nothing,
    Everything,
    Given,
    By(&'a Method),
}

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("xpersona", &setup.data);
    let items = read(&mut data, &setup.items)?;
    let embedder = setup.embedder.as_ref().map(|inner| Arc::new(Memo::new(Arc::clone(inner))) as Arc<dyn Embedder>);
    let setup = Setup { embedder, ..setup.clone() };
    let (mut persons, mut histories) = (Persons::new(&setup)?, Persons::new(&setup)?);
    let mut banks = Vec::new();
    for item in &items {
        banks.push(bank(&mut persons, &mut histories, item, &data, setup.limit.unwrap_or(EXAMPLES))?);
    }
    let selector = Kithkin::method(if setup.embedder.is_some() { "p5-selection" } else { "bm25" })?;
    persons.build(&selector, &setup)?;
    let bench = Bench { persons, histories, selector, banks };
    let mut rows = Vec::new();
    for (name, known) in [(NOTHING, Known::Nothing), (EVERYTHING, Known::Everything), (GIVEN, Known::Given)] {
        rows.push(bench.measure(name, &known, 0.0, &setup)?);
    }
    let mut bench = bench;
    for method in &setup.methods {
        let built = bench.histories.build(method, &setup)?;
        rows.push(bench.measure(method.about().id.as_str(), &Known::By(method), built, &setup)?);
    }
    Ok(Table { task: TASK.name.to_owned(), data: data.source(items.len()), rows })
}

/// Observes the replies of a file, and for each of its examples the other dialogues of the speaker.
fn bank<'a>(
    persons: &mut Persons,
    histories: &mut Persons,
    item: &'a Item,
    data: &Data,
    limit: usize,
) -> Result<Bank<'a>, LabError> {
    let (scope, number) = observe(persons, item)?;
    let others = others(&item.dialogues);
    let replies: Vec<(usize, usize, usize)> = item
        .dialogues
        .iter()
        .enumerate()
        .flat_map(|(d, dialogue)| dialogue.dialogue.iter().enumerate().map(move |(at, pair)| (d, at, &pair[1])))
        .map(|(d, at, reply)| (d, at, number.get(reply.as_str()).copied().unwrap_or_default()))
        .collect();
    let places: Vec<_> = replies.iter().filter(|(d, ..)| !others[*d].is_empty()).collect();
    let chosen = limit.min(places.len());
    let mut draw = Draw::new(SEED);
    let mut known: HashMap<usize, Scope> = HashMap::new();
    let mut examples = Vec::new();
    for &&(d, at, reply) in (0..chosen).filter_map(|i| places.get(i * places.len() / chosen)) {
        let lends = |other: usize| other != d && !others[d].contains(&other);
        let candidates =
            candidates(&mut draw, &replies, reply, &lends).ok_or_else(|| data.wrong(&item.name, too_few(d)))?;
        let told: Vec<&Dialogue> = others[d].iter().filter_map(|other| item.dialogues.get(*other)).collect();
        let history = match known.get(&d) {
            Some(scope) => scope.clone(),
            None => history(histories, &format!("{}/{d}", item.name), &told)?,
        };
        known.insert(d, history.clone());
        let dialogue = &item.dialogues[d];
        let said = dialogue.dialogue.iter().flatten().take(2 * at + 1).map(String::as_str);
        let mut context: Vec<&str> = said.collect();
        context.reverse();
        let own = told.iter().flat_map(|dialogue| dialogue.dialogue.iter().map(|pair| pair[1].as_str())).collect();
        examples.push(Example { context, persona: &dialogue.persona, history, own, candidates });
    }
    Ok(Bank { language: item.language, scope, examples })
}

/// Of each dialogue the others with the same persona, in whatever order its sentences stand.
fn others(dialogues: &[Dialogue]) -> Vec<Vec<usize>> {
    let sorted = |dialogue: &Dialogue| {
        let mut persona = dialogue.persona.clone();
        persona.retain(|sentence| !sentence.trim().is_empty());
        persona.sort_unstable();
        persona
    };
    let personas: Vec<Vec<String>> = dialogues.iter().map(sorted).collect();
    let mut of: HashMap<&[String], Vec<usize>> = HashMap::new();
    for (d, persona) in personas.iter().enumerate().filter(|(_, persona)| !persona.is_empty()) {
        of.entry(persona.as_slice()).or_default().push(d);
    }
    let others = |(d, persona): (usize, &Vec<String>)| {
        let same = of.get(persona.as_slice()).map(Vec::as_slice).unwrap_or_default();
        same.iter().copied().filter(|other| *other != d).collect()
    };
    personas.iter().enumerate().map(others).collect()
}

/// Observes dialogues as a person's history, each a session.
fn history(histories: &mut Persons, name: &str, told: &[&Dialogue]) -> Result<Scope, LabError> {
    let mut said = Vec::new();
    let ids: Vec<(String, String, usize, &str)> = told
        .iter()
        .enumerate()
        .flat_map(|(d, dialogue)| dialogue.dialogue.iter().flatten().enumerate().map(move |(at, text)| (d, at, text)))
        .filter(|(.., text)| *text != SILENCE)
        .map(|(d, at, text)| (format!("{d}-{at}"), format!("d{d}"), at % 2, text.as_str()))
        .collect();
    for (id, session, speaker, text) in &ids {
        said.push(Said { id, session, speaker: SPEAKERS[*speaker], role: Role::User, at: None, text });
    }
    histories.observe(name, &said)
}

/// What the rows are measured with.
struct Bench<'a> {
    persons: Persons,
    histories: Persons,
    selector: Method,
    banks: Vec<Bank<'a>>,
}

impl Bench<'_> {
    fn measure(&self, name: &str, known: &Known<'_>, built: f64, setup: &Setup<'_>) -> Result<Measured, LabError> {
        let of: u64 = self.banks.iter().map(|bank| bank.examples.len() as u64).sum();
        let mut board = Board::default();
        let mut done = 0;
        for bank in &self.banks {
            for example in &bank.examples {
                let own = match known {
                    Known::Nothing => Vec::new(),
                    Known::Everything => example.own.iter().map(|text| (*text).to_owned()).collect(),
                    Known::Given => example.persona.to_vec(),
                    Known::By(method) => self.recalled(example, method, &mut board)?,
                };
                let recall = selection(&example.context, own.iter().map(String::as_str), &example.candidates)?;
                let recall = Recall { method: Some(self.selector.clone()), ..recall };
                let report = self.persons.person(&bank.scope).recall(&recall)?;
                let truth = session(example.candidates[0]);
                let rank = report.evidence.iter().position(|e| e.turn == truth).map(|place| place + 1);
                let scores = [
                    ("hits@1".to_owned(), f64::from(u8::from(rank == Some(1)))),
                    ("mrr".to_owned(), rank.map_or(0.0, |rank| 1.0 / rank as f64)),
                    ("known".to_owned(), own.len() as f64),
                ];
                board.question(&[bank.language], &scores);
                done += 1;
                (setup.progress)(name, done, of);
            }
        }
        Ok(board.row(name, built))
    }

    /// The turns of the speaker that the method recalls for what was said last.
    fn recalled(&self, example: &Example<'_>, method: &Method, board: &mut Board) -> Result<Vec<String>, LabError> {
        let last = example.context.first().copied().filter(|text| *text != SILENCE && !text.trim().is_empty());
        // Nothing was said before the first words: the turns are recalled for a greeting.
        let question = last.unwrap_or("hello");
        let recall = Recall { method: Some(method.clone()), limit: RECALLED, ..Recall::new(question, Now::Clock) };
        let report = self.histories.ask(&example.history, &recall, board)?;
        let own = report.evidence.into_iter().filter(|e| e.speaker == SPEAKERS[1]);
        Ok(own.map(|e| e.text).take(KNOWN).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::persona_selection::CANDIDATES;
    use super::*;

    /// Dialogues of two exchanges; the personas are named by letters.
    fn item(personas: &[&[&str]]) -> Item {
        let dialogue = |(d, persona): (usize, &&[&str])| Dialogue {
            persona: persona.iter().map(ToString::to_string).collect(),
            dialogue: (0..2).map(|at| [format!("question {d} {at} ?"), format!("reply {d} {at} .")]).collect(),
        };
        let dialogues = personas.iter().enumerate().map(dialogue).collect();
        Item { language: "en", name: "en-test".to_owned(), dialogues }
    }

    #[test]
    fn dialogues_of_one_persona_are_one_persons() {
        let check = |personas: &[&[&str]], expect: &[&[usize]]| assert_eq!(others(&item(personas).dialogues), expect);
        check(&[&["a", "b"], &["c"], &["b", "a", ""], &["a"]], &[&[2], &[], &[0], &[]]);
        check(&[&["", " "], &[""]], &[&[], &[]]);
    }

    #[test]
    fn no_candidate_is_another_dialogue_of_the_same_person() {
        let mut personas: Vec<Vec<String>> = (0..22).map(|d| vec![format!("i am {d}")]).collect();
        personas[5] = personas[0].clone();
        let personas: Vec<Vec<&str>> = personas.iter().map(|p| p.iter().map(String::as_str).collect()).collect();
        let item = item(&personas.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let data = Data::new("xpersona", std::path::Path::new("none"));
        let setup = Setup {
            data: "none".into(),
            methods: Vec::new(),
            embedder: None,
            chat: None,
            reranker: None,
            items: Vec::new(),
            limit: None,
            progress: &|_, _, _| (),
        };
        let (mut persons, mut histories) = (Persons::new(&setup).unwrap(), Persons::new(&setup).unwrap());
        let bank = bank(&mut persons, &mut histories, &item, &data, 1000).unwrap();
        assert_eq!(bank.examples.len(), 4, "the replies of the two dialogues that share a persona");
        let (_, number) = observe(&mut persons, &item).unwrap();
        let dialogue = |reply: &usize| {
            let text = number.iter().find(|(_, n)| *n == reply).map(|(text, _)| *text).unwrap();
            text.split(' ').nth(1).map(str::to_owned).unwrap()
        };
        for example in &bank.examples {
            let own: Vec<String> = example.candidates.iter().map(dialogue).collect();
            assert_eq!(own.len(), CANDIDATES);
            assert!(matches!(own[0].as_str(), "0" | "5"));
            assert!(own[1..].iter().all(|other| !matches!(other.as_str(), "0" | "5")), "{own:?}");
            let mine = &own[0];
            assert!(
                example.own.iter().all(|text| text.split(' ').nth(1) != Some(mine)),
                "its own dialogue is no history"
            );
        }
    }
}
