//! The stores: held to one contract, compared with each other, and each put through what only it can suffer.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails the test")]

mod canaries;
#[cfg(feature = "postgres")]
mod certificates;
#[cfg(feature = "postgres")]
mod cluster;
mod conformance;
#[cfg(feature = "postgres")]
mod distribution;
mod encrypted;
#[cfg(feature = "postgres")]
mod encrypted_database;
mod files;
#[cfg(feature = "postgres")]
mod limits;
mod master_key;
mod model;
mod old;
mod operations;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "postgres")]
mod queries;
