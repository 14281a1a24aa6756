//! What reads input from outside, each on hostile input: it may refuse it, and may do nothing worse. CONTRIBUTING.md says how a
//! target is added.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a target fails by panicking")]

mod files;
mod letters;
mod logs;
mod memory;
mod models;
mod texts;
mod wire;
