//! Whose fault an error is.
//!
//! Each crate has its own error enum; all of them answer `blame()`, from which the command line takes its exit code and
//! a server its status. This file holds no error of its own.

use std::fmt;

/// Who can mend an error, which decides what a caller does about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The input is wrong: the message says what, where, and what would be right.
    User,
    /// A model, a dataset or a service is not there: the message names the command that gets it.
    Missing,
    /// The request contradicts what is stored, or another writer was faster.
    Conflict,
    /// The store failed: disk full, read-only, damaged, too new.
    Store,
    /// A model failed while it ran.
    Model,
    /// A bug in Kithkin.
    Internal,
}

impl fmt::Display for Blame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Missing => "missing",
            Self::Conflict => "conflict",
            Self::Store => "store",
            Self::Model => "model",
            Self::Internal => "internal",
        })
    }
}
