//! Embedders that run in process, and chat models.
//!
//! [`MODELS`] lists the embedders; [`find`] gives one by name and [`ModelSpec::open`] loads its weights from a folder that
//! the caller names. [`ChatSource`] names a chat model and opens it. This crate reads the files that the caller names, asks the endpoint that
//! the caller names, and nothing else. Getting the weights is the work of `make weights`.

mod chat;
mod embed;

pub use chat::{ChatKey, ChatSource, NoKey, OpenAiEndpoint, UnknownChat};
pub use embed::{MODELS, ModelFile, ModelSpec, Status, UnknownModel, embedder_names, find, open_embedder, verify};
