//! Datasets, tasks and metrics: tables of methods, measured.
//!
//! A task puts the questions of a dataset to a method and scores what comes back ([`run`]). A reproduction row says what
//! a method reached before, and [`reproduce()`] checks that it still does. The lab uses the public facade only: where it
//! would need a private hook, the facade lacks something.

mod board;
mod data;
pub mod datasets;
mod draw;
mod error;
mod items;
mod memo;
mod metrics;
mod persons;
mod report;
mod reproduce;
mod table;
mod tasks;

pub use error::LabError;
pub use report::write_report;
pub use reproduce::{Check, LoadChat, LoadEmbedder, Row, Verdict, reproduce, rows};
pub use table::{Measured, QueryMillis, Source, Table};
pub use tasks::{Setup, TASKS, TaskSpec, asks_chat, find as task, run};
