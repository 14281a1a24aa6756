//! Embedders and cross-encoders that run in process, and chat models.
//!
//! [`MODELS`] lists the embedders; [`find`] gives one by name and [`ModelSpec::open`] loads its weights from a folder that
//! the caller names. [`open_cross_encoder`] loads one from a folder. [`ChatSource`] names a chat model and opens it. This
//! crate reads the files and asks the endpoint that the caller names, and nothing else. Getting weights is the
//! work of `make weights`.

mod bert;
mod chat;
mod embed;
mod rerank;
mod weights;

pub use chat::{CHAT_MODELS, ChatKey, ChatSource, ChatSpec, NoKey, OpenAiEndpoint, UnknownChat};
pub use embed::{MODELS, ModelFile, ModelSpec, Status, UnknownModel, embedder_names, find, open_embedder, verify};
pub use rerank::open_cross_encoder;
