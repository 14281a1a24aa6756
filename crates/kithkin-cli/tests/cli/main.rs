//! The real binary in a temporary folder: what a user types, sees, and can break.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it skipped"
)]

mod bad_input;
mod chat;
mod config;
mod consent;
mod disk;
mod doctor;
mod encryption;
mod endpoint;
mod erasure;
mod export;
mod feedback;
mod harness;
mod hostile;
mod jobs;
mod lab;
mod node;
mod postgres;
mod processes;
mod profile;
mod recall;
mod remedies;
mod rerank;
mod respond;
mod serve;
mod shapes;
mod shell;
mod store;
mod weights;

#[allow(dead_code, reason = "the tests of the store use all of it")]
#[path = "../../../kithkin-store/tests/stores/cluster.rs"]
mod cluster;
#[path = "../../../kithkin-models/tests/tiny/mod.rs"]
mod tiny;
