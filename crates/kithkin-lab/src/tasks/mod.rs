//! The tasks: a dataset with a question put to it and a metric.

mod ask_or_advise;
mod asking;
mod cts;
mod guard;
mod ikat_ptkb;
mod interview;
mod locomo_feedback;
mod locomo_recall;
mod longmemeval_recall;
mod memorybank;
mod persona_history;
mod persona_selection;
mod personabench;
mod personachat_profile;
mod personalens;
mod personamem;
mod pgraphrag;
mod prefeval;
mod psyplay;
mod segmentation;
mod traits;
mod xpersona;

use std::path::PathBuf;
use std::sync::Arc;

use kithkin::{ChatModel, Embedder, Method, Reranker};

use crate::{LabError, Table};

/// What a task runs with.
#[derive(Clone)]
pub struct Setup<'a> {
    /// The data: a file or folder in the dataset's published form.
    pub data: PathBuf,
    /// One row each.
    pub methods: Vec<Method>,
    /// The embedder that methods share, if one is loaded.
    pub embedder: Option<Arc<dyn Embedder>>,
    /// The chat model that methods share, if one is loaded.
    pub chat: Option<Arc<dyn ChatModel>>,
    /// The reranker that methods share, if one is loaded.
    pub reranker: Option<Arc<dyn Reranker>>,
    /// Only items with these ids, or where a task says so with these beginnings (`community_0/*`); all when empty.
    pub items: Vec<String>,
    /// At most so many questions of each item.
    pub limit: Option<usize>,
    /// Told what is going on, for a progress line: the work, how much is done, and of how much.
    pub progress: &'a dyn Fn(&str, u64, u64),
}

impl std::fmt::Debug for Setup<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup").field("data", &self.data).field("methods", &self.methods).finish_non_exhaustive()
    }
}

/// A task in the list.
#[derive(Debug, Clone, Copy)]
pub struct TaskSpec {
    /// Its name.
    pub name: &'static str,
    /// The datasets that it reads; which one, the data's form says.
    pub datasets: &'static [&'static str],
    /// What its rows are, where the task compares something else than methods; it runs all of them, and
    /// [`Setup::methods`] is empty. Empty where it measures methods.
    pub strategies: &'static [&'static str],
    /// What it measures, in a sentence.
    pub about: &'static str,
    /// The metrics of the printed table, the principal one first; the JSON has every one.
    pub headline: &'static [&'static str],
    run: fn(&Setup<'_>) -> Result<Table, LabError>,
}

/// All tasks.
pub const TASKS: &[TaskSpec] = &[
    locomo_recall::TASK,
    locomo_feedback::TASK,
    longmemeval_recall::TASK,
    personabench::TASK,
    memorybank::TASK,
    ikat_ptkb::TASK,
    prefeval::find::TASK,
    prefeval::choice::TASK,
    prefeval::gate::TASK,
    persona_selection::TASK,
    persona_history::TASK,
    personachat_profile::TASK,
    personamem::TASK,
    personalens::TASK,
    pgraphrag::TASK,
    segmentation::TASK,
    asking::TASK,
    interview::TASK,
    ask_or_advise::TASK,
    guard::TASK,
    psyplay::TASK,
    traits::TASK,
    cts::TASK,
];

/// Rows that a task makes beside those of methods, of which a reproduction row may speak: the task and the row's name.
const OWN_ROWS: &[(&str, &str)] = &[
    (personamem::TASK.name, personamem::PROFILE),
    (personalens::TASK.name, personalens::MENTIONED),
    (personalens::TASK.name, personalens::MOST_MENTIONED),
    (personalens::TASK.name, personalens::MOST_COMMON),
    (personalens::TASK.name, personalens::PROFILE),
    (persona_history::TASK.name, persona_history::NOTHING),
    (persona_history::TASK.name, persona_history::EVERYTHING),
    (persona_history::TASK.name, persona_history::GIVEN),
    (pgraphrag::TASK.name, pgraphrag::RANDOM),
    (pgraphrag::TASK.name, pgraphrag::MEAN),
    (pgraphrag::TASK.name, pgraphrag::NEIGHBOUR_MEAN),
];

/// Whether the task makes this row without a method.
pub(crate) fn makes(task: &str, row: &str) -> bool {
    OWN_ROWS.contains(&(task, row)) || find(task).is_ok_and(|task| task.strategies.contains(&row))
}

/// Whether the task asks a chat model, where there is one, even for methods that need none.
pub fn asks_chat(task: &str) -> bool {
    [guard::TASK.name, prefeval::choice::TASK.name, psyplay::TASK.name].contains(&task)
}

/// Runs a task.
///
/// # Errors
/// An unknown task, data that is missing or of another form, or a method that cannot run.
pub fn run(task: &str, setup: &Setup<'_>) -> Result<Table, LabError> {
    (find(task)?.run)(setup)
}

/// The task of this name.
///
/// # Errors
/// An unknown name, with those there are.
pub fn find(task: &str) -> Result<&'static TaskSpec, LabError> {
    TASKS.iter().find(|spec| spec.name == task).ok_or_else(|| {
        let known = TASKS.iter().map(|spec| spec.name.to_owned()).collect();
        LabError::Unknown { what: "task", name: task.to_owned(), known }
    })
}
