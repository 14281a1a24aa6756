//! The service: REST under `/v1` for the whole facade, a proxy that gives any OpenAI-compatible client a memory, the Model
//! Context Protocol, and pages for a browser.
//!
//! [`app`] is a router over a [`Service`]; [`serve()`] runs it until it is told to stop. Persons' data is read and written on
//! threads of their own through the facade alone: nothing here knows a store, an index or a model from inside. TLS is left to
//! a proxy in front.

#![allow(clippy::redundant_closure_for_method_calls, reason = "a method of a person by its name has one lifetime only")]

mod access;
mod background;
mod condition;
mod extract;
mod keys;
mod mcp;
mod metrics;
mod pages;
mod problem;
mod proxy;
mod routes;
mod serve;
mod service;
mod unread;
mod wire;

pub use keys::{Key, KeyError, Keys, NewKey, RightName, add_key, read_keys, remove_key};
pub use mcp::serve_stdio;
pub use proxy::{Endpoint, NoUpstream, Upstream};
pub use routes::{app, openapi};
pub use serve::{Limits, serve};
pub use service::{Service, Settings};
