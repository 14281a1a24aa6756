//! The tasks: a dataset with a question put to it and a metric.

mod locomo_recall;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kithkin::{Embedder, Method};

use crate::{LabError, Table};

/// What a task runs with.
pub struct Setup<'a> {
    /// The data: a file in the dataset's published form.
    pub data: PathBuf,
    /// One row each.
    pub methods: Vec<Method>,
    /// The embedder that methods share, if one is loaded.
    pub embedder: Option<Arc<dyn Embedder>>,
    /// Only items with these ids; all when empty.
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
    /// The dataset that it reads.
    pub dataset: &'static str,
    /// What it measures, in a sentence.
    pub about: &'static str,
    run: fn(&Setup<'_>) -> Result<Table, LabError>,
}

/// All tasks.
pub const TASKS: &[TaskSpec] = &[TaskSpec {
    name: locomo_recall::NAME,
    dataset: "locomo",
    about: "are the turns that a question's answer rests on among the first k?",
    run: locomo_recall::run,
}];

/// Runs a task.
///
/// # Errors
/// An unknown task, data that is missing or of another form, or a method that cannot run.
pub fn run(task: &str, setup: &Setup<'_>) -> Result<Table, LabError> {
    let Some(spec) = TASKS.iter().find(|spec| spec.name == task) else {
        let known = TASKS.iter().map(|spec| spec.name.to_owned()).collect();
        return Err(LabError::Unknown { what: "task", name: task.to_owned(), known });
    };
    (spec.run)(setup)
}

/// Reads a data file, with an error that says where the data is to be had.
pub(crate) fn read_data(dataset: &str, path: &Path) -> Result<Vec<u8>, LabError> {
    std::fs::read(path).map_err(|e| LabError::NoData {
        dataset: dataset.to_owned(),
        path: path.display().to_string(),
        why: e.to_string(),
        source_page: crate::datasets::find(dataset).map(|d| d.source).unwrap_or_default(),
    })
}
