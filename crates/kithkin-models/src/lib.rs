//! Embedders that run in process, and chat models.
//!
//! [`MODELS`] lists the embedders; [`find`] gives one by name and [`ModelSpec::open`] loads its weights from a folder that
//! the caller names. [`ChatSource`] names a chat model and opens it. This crate reads the files that the caller names and
//! nothing else: no environment, no network, no clock. Getting the weights is the work of `make weights`.

mod chat;
mod embed;

pub use chat::{ChatSource, UnknownChat};
pub use embed::{MODELS, ModelFile, ModelSpec, Status, UnknownModel, embedder_names, find, open_embedder, verify};
