//! LoCoMo: does recall get better at other questions when it is told which of the turns that it showed were of use?
//!
//! Each conversation is imported as a person of its own through the facade, as in `locomo-recall`, whose gold and present
//! it takes. Every second question is held out; the others give feedback, a quarter of them in each round: the ten turns
//! that are found are shown, and those among the question's evidence are marked useful. Before the first round and after
//! each, the held-out questions of the same conversation are asked: `round_0` to `round_4` are their recall at 10.
//!
//! Questions are dealt out by their place in the file, so that each part has all categories. Questions of category 5 are
//! often other questions with another name, which feedback on these may help; the categories are also listed apart.

use std::sync::Arc;

use kithkin::import::Format;
use kithkin::{ConversationId, Embedder, Feedback, Method, Recall, RecallReport, TurnId, TurnKey};

use super::locomo_recall::{Asked, Conversation, Item, conversation};
use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::items::chosen;
use crate::memo::Memo;
use crate::metrics::recall_at;
use crate::persons::Persons;
use crate::{LabError, Measured, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "locomo-feedback",
    datasets: &["locomo"],
    strategies: &[],
    about: "are the turns that other questions rest on found better after rounds of feedback?",
    headline: &["round_0", "round_1", "round_2", "round_3", "round_4", "raised", "lowered"],
    run,
};

/// Rounds of feedback.
const ROUNDS: usize = 4;
/// Turns shown, and the cutoff of recall.
const SHOWN: usize = 10;

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("locomo", &setup.data);
    let items: Vec<Item> = chosen(data.json("")?, &setup.items, |item: &Item| &item.sample_id)?;
    let embedder = setup.embedder.as_ref().map(|inner| Arc::new(Memo::new(Arc::clone(inner))) as Arc<dyn Embedder>);
    let setup = &Setup { embedder, ..setup.clone() };
    let mut rows = Vec::new();
    for method in &setup.methods {
        // Feedback stays with a person, so each method meets persons of its own.
        let mut persons = Persons::new(setup)?;
        persons.import(&setup.data, Format::Locomo)?;
        let conversations =
            items.iter().map(|item| conversation(&mut persons, item, setup.limit)).collect::<Result<Vec<_>, _>>()?;
        let built = persons.build(method, setup)?;
        rows.push(measure(&persons, method, &conversations, built, setup)?);
    }
    Ok(Table { task: TASK.name.to_owned(), data: data.source(items.len()), rows })
}

fn measure(
    persons: &Persons,
    method: &Method,
    conversations: &[Conversation],
    built: f64,
    setup: &Setup<'_>,
) -> Result<Measured, LabError> {
    let mut board = Board::default();
    for (done, conversation) in (0..).zip(conversations) {
        (setup.progress)(method.about().id.as_str(), done, conversations.len() as u64);
        let (held_out, teaching) = halves(&conversation.questions);
        let mut recalls = vec![Vec::new(); held_out.len()];
        for round in 0..=ROUNDS {
            for (question, recalls) in held_out.iter().zip(&mut recalls) {
                let report = persons.ask(&conversation.scope, &recall(question, method, conversation), &mut board)?;
                let found: Vec<String> = report.evidence.into_iter().map(|e| e.turn).collect();
                recalls.push(recall_at(&found, &question.turns, SHOWN).mean);
            }
            for question in teaching.iter().skip(round).step_by(ROUNDS).filter(|_| round < ROUNDS) {
                teach(persons, question, method, conversation)?;
            }
        }
        for (question, recalls) in held_out.iter().zip(&recalls) {
            board.question(&[&question.category.to_string()], &scores(recalls));
        }
        board.skip("evidence does not resolve", conversation.unresolved);
        board.skip("gave feedback", teaching.len());
    }
    Ok(board.row(method.about().id.as_str(), built))
}

/// Every second question, and the others.
fn halves(questions: &[Asked]) -> (Vec<&Asked>, Vec<&Asked>) {
    (questions.iter().step_by(2).collect(), questions.iter().skip(1).step_by(2).collect())
}

fn recall(question: &Asked, method: &Method, conversation: &Conversation) -> Recall {
    Recall { limit: SHOWN, method: Some(method.clone()), ..Recall::new(&question.text, conversation.now) }
}

/// Asks, and says which of the turns that were found are evidence.
fn teach(persons: &Persons, question: &Asked, method: &Method, conversation: &Conversation) -> Result<(), LabError> {
    let person = persons.person(&conversation.scope);
    let shown = keys(&person.recall(&recall(question, method, conversation))?)?;
    if shown.is_empty() {
        return Ok(());
    }
    let useful = shown.iter().filter(|key| question.turns.contains(key.turn.as_str())).cloned().collect();
    person.feedback(&Feedback { question: question.text.clone(), now: conversation.now, shown, useful })?;
    Ok(())
}

fn keys(report: &RecallReport) -> Result<Vec<TurnKey>, kithkin::Error> {
    let key = |e: &kithkin::EvidenceReport| {
        Ok(TurnKey { conversation: ConversationId::new(&e.conversation)?, turn: TurnId::new(&e.turn)? })
    };
    report.evidence.iter().map(key).collect()
}

/// The recall of a question after each round, and whether the last is above or below the first.
fn scores(recalls: &[f64]) -> Vec<(String, f64)> {
    let mut scores: Vec<(String, f64)> =
        recalls.iter().enumerate().map(|(round, recall)| (format!("round_{round}"), *recall)).collect();
    if let (Some(first), Some(last)) = (recalls.first(), recalls.last()) {
        scores.push(("raised".to_owned(), f64::from(u8::from(last > first))));
        scores.push(("lowered".to_owned(), f64::from(u8::from(last < first))));
    }
    scores
}
