//! What can go wrong in the lab.

use kithkin::Blame;

/// Why a task could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// No such task, dataset or row.
    #[error("there is no {what} {name:?}; there are {}", known.join(", "))]
    Unknown {
        /// Task, dataset, row or item.
        what: &'static str,
        /// The name given.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The data is not where it was said to be.
    #[error("the data of {dataset} is not at {path} ({why}); get it from {source_page} and pass its path with --data")]
    NoData {
        /// The dataset.
        dataset: String,
        /// Where it was looked for.
        path: String,
        /// What the system said.
        why: String,
        /// Where its authors publish it.
        source_page: String,
    },
    /// The data has another form than the task reads.
    #[error("{path}: {why}")]
    Data {
        /// The file.
        path: String,
        /// Which item, and what is wrong with it.
        why: String,
    },
    /// A report cannot be written.
    #[error("{path} cannot be written ({why}); name another folder with --out")]
    Unwritable {
        /// The file or folder.
        path: String,
        /// What the system said.
        why: String,
    },
    /// A bug.
    #[error("internal error: {what}; please report it")]
    Internal {
        /// What went wrong.
        what: String,
    },
    /// A declaration of the lab's own is wrong.
    #[error("{file}: {why}")]
    Declaration {
        /// The file.
        file: String,
        /// What is wrong.
        why: String,
    },
    /// The facade failed.
    #[error(transparent)]
    Kithkin(#[from] kithkin::Error),
}

impl LabError {
    /// Who can mend it.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Unknown { .. } | Self::Data { .. } | Self::Unwritable { .. } => Blame::User,
            Self::NoData { .. } => Blame::Missing,
            Self::Declaration { .. } | Self::Internal { .. } => Blame::Internal,
            Self::Kithkin(e) => e.blame(),
        }
    }
}
