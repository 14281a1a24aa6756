//! Embedders and cross-encoders that run in process, and chat models.
//!
//! [`MODELS`] lists the embedders; [`find`] gives one by name and [`ModelSpec::open`] loads its weights from a folder that
//! the caller names. [`open_cross_encoder`] loads one from a folder. [`ChatSource`] names a chat model and opens it. This
//! crate reads the files that the caller names and nothing else: no environment, no network, no clock. Getting the weights
//! of embedders is the work of `make weights`.

mod bert;
mod chat;
mod embed;
mod rerank;
mod weights;

pub use chat::{ChatSource, UnknownChat};
pub use embed::{MODELS, ModelFile, ModelSpec, Status, UnknownModel, embedder_names, find, open_embedder, verify};
pub use rerank::open_cross_encoder;
