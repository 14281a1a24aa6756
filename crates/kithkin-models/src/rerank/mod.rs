//! The rerankers: so far cross-encoders, from a folder that the caller names. `make weights` gets none, as none is published
//! as a package.

mod cross_encoder;

use std::path::Path;

use kithkin_core::{RerankError, Reranker};

use self::cross_encoder::CrossEncoder;
use crate::weights::{FileError, Folder};

/// What to do about a folder that is no cross-encoder.
const WANTED: &str = "name a folder with the config.json, tokenizer.json and model.safetensors of a BERT cross-encoder of \
                      one label, such as cross-encoder/ms-marco-MiniLM-L-6-v2";

/// Loads the cross-encoder in a folder: `config.json`, `tokenizer.json` and `model.safetensors` of a
/// `BertForSequenceClassification` with one label, as `transformers` and `sentence-transformers` save it. It is called
/// what the folder is called. Hashes are not known, so a number that was changed goes unnoticed.
///
/// # Errors
/// [`RerankError::Missing`] names the first file that is not there; [`RerankError::Unusable`] the file that is damaged or
/// of another form of model.
pub fn open_cross_encoder(folder: &Path) -> Result<Box<dyn Reranker>, RerankError> {
    // A folder such as `.` has its name elsewhere.
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = whole.file_name().map_or_else(|| "cross-encoder".to_owned(), |name| name.to_string_lossy().into_owned());
    let folder =
        Folder { model: &name, path: folder.to_owned(), if_missing: WANTED.to_owned(), if_unusable: WANTED.to_owned() };
    Ok(Box::new(CrossEncoder::load(&folder)?))
}

impl From<FileError> for RerankError {
    fn from(e: FileError) -> Self {
        match e {
            FileError::Missing { message } => Self::Missing { message },
            FileError::Unusable { message } => Self::Unusable { message },
        }
    }
}
