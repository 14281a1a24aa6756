//! Embedders that run in process.
//!
//! [`MODELS`] lists them; [`find`] gives one by name and [`ModelSpec::open`] loads its weights from a folder that the
//! caller names. This crate reads files in that folder and nothing else: no environment, no network, no clock. Getting
//! the weights is the work of `make weights`.

mod embed;

pub use embed::{MODELS, ModelFile, ModelSpec, Status, UnknownModel, embedder_names, find, open_embedder, verify};
