//! The service as a client sees it: through its router, and over sockets where the connection itself matters.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod description;
mod harness;
mod keys;
mod pages;
mod poison;
mod proxy;
mod resistance;
mod rest;
