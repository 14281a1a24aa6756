//! The stores: held to one contract, compared with each other, and each put through what only it can suffer.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails the test")]

mod canaries;
#[cfg(feature = "postgres")]
mod cluster;
mod conformance;
mod encrypted;
#[cfg(feature = "postgres")]
mod encrypted_database;
mod files;
mod master_key;
mod model;
mod old;
mod operations;
#[cfg(feature = "postgres")]
mod postgres;
