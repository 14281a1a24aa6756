//! Reading a model's files: bytes, tokenizer, tensors. Every error names the file and what to do.

use std::io::ErrorKind;
use std::path::PathBuf;

use half::f16;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use tokenizers::{PostProcessor, Tokenizer, TruncationParams};

/// A text is cut at this many bytes after its leading white space, before it is tokenised. It bounds what a text can
/// cost: a tokenizer would otherwise read a text of 1 MB to the end, to use its first few hundred tokens. Only words of
/// more than a hundred letters, or white space within the text, could make fewer tokens of so many bytes; the rest is
/// then not read.
const TEXT_BYTES: usize = 8192;

/// Why a model's file cannot be used. The message names the file and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) enum FileError {
    /// It is not there.
    Missing { message: String },
    /// It is there, but damaged or of another model.
    Unusable { message: String },
}

/// The folder with the files of one model.
#[derive(Debug)]
pub(crate) struct Folder<'a> {
    /// What the model is called.
    pub(crate) model: &'a str,
    pub(crate) path: PathBuf,
    /// What to do about a file that is not there.
    pub(crate) if_missing: String,
    /// What to do about a file that cannot be used.
    pub(crate) if_unusable: String,
}

impl Folder<'_> {
    /// A whole file.
    pub(crate) fn read(&self, file: &str) -> Result<Vec<u8>, FileError> {
        let path = self.path.join(file);
        let (model, shown) = (self.model, path.display());
        std::fs::read(&path).map_err(|e| match e.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => FileError::Missing {
                message: format!("the weights of {model} are missing: no {shown}; {}", self.if_missing),
            },
            _ => FileError::Unusable { message: format!("{shown} cannot be read: {e}") },
        })
    }

    /// A tokenizer that cuts at `window` tokens, if there is a window, and never pads. Of a pair the longer text is cut
    /// until both are of one length, then both.
    pub(crate) fn tokenizer(&self, file: &str, window: Option<usize>) -> Result<Tokenizer, FileError> {
        let no_tokenizer = |e: serde_json::Error| self.unusable(file, &format!("no tokenizer: {e}"));
        let mut described: Value = serde_json::from_slice(&self.read(file)?).map_err(no_tokenizer)?;
        // Nothing is decoded with it, and the library panics at a decoder that it cannot read.
        if let Some(decoder) = described.get_mut("decoder") {
            *decoder = Value::Null;
        }
        let mut tokenizer: Tokenizer = serde_json::from_value(described).map_err(no_tokenizer)?;
        tokenizer.with_padding(None);
        // The tokenizer takes the special tokens off the window without looking whether there are so many.
        let added = tokenizer.get_post_processor().map_or(0, |p| p.added_tokens(false).max(p.added_tokens(true)));
        if let Some(window) = window.filter(|window| *window <= added) {
            return Err(self.unusable(file, &format!("it adds {added} tokens, and the window has {window}")));
        }
        let cut = window.map(|max_length| TruncationParams { max_length, ..TruncationParams::default() });
        tokenizer.with_truncation(cut).map_err(|e| self.unusable(file, &e.to_string()))?;
        Ok(tokenizer)
    }

    /// The tensors in the bytes of a file.
    pub(crate) fn tensors<'b>(&'b self, file: &'b str, bytes: &'b [u8]) -> Result<Tensors<'b>, FileError> {
        let inner = SafeTensors::deserialize(bytes)
            .map_err(|e| self.unusable(file, &format!("truncated, or no safetensors file ({e})")))?;
        Ok(Tensors { folder: self, file, inner })
    }

    /// The error for a file whose content does not fit.
    pub(crate) fn unusable(&self, file: &str, why: &str) -> FileError {
        let path = self.path.join(file);
        FileError::Unusable { message: format!("{} cannot be used: {why}; {}", path.display(), self.if_unusable) }
    }
}

/// The tensors of one file.
#[derive(Debug)]
pub(crate) struct Tensors<'a> {
    folder: &'a Folder<'a>,
    file: &'a str,
    inner: SafeTensors<'a>,
}

impl Tensors<'_> {
    /// The shape of a tensor.
    pub(crate) fn shape(&self, name: &str) -> Result<Vec<usize>, FileError> {
        Ok(self.inner.tensor(name).map_err(|_| self.bad(&format!("no tensor {name}")))?.shape().to_vec())
    }

    /// The rows of a matrix, given the length of a row.
    pub(crate) fn rows(&self, name: &str, width: usize) -> Result<Vec<f32>, FileError> {
        let tensor = self.inner.tensor(name).map_err(|_| self.bad(&format!("no tensor {name}")))?;
        match tensor.shape() {
            [_, w] if *w == width => self.values(name),
            shape => Err(self.bad(&format!("{name} has the shape {shape:?}, not (any, {width})"))),
        }
    }

    /// A tensor of exactly this shape.
    pub(crate) fn shaped(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, FileError> {
        let tensor = self.inner.tensor(name).map_err(|_| self.bad(&format!("no tensor {name}")))?;
        if tensor.shape() != shape {
            return Err(self.bad(&format!("{name} has the shape {:?}, not {shape:?}", tensor.shape())));
        }
        self.values(name)
    }

    fn values(&self, name: &str) -> Result<Vec<f32>, FileError> {
        let tensor = self.inner.tensor(name).map_err(|_| self.bad(&format!("no tensor {name}")))?;
        let bytes = tensor.data();
        match tensor.dtype() {
            Dtype::F32 => Ok(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()),
            Dtype::F16 => Ok(bytes.as_chunks().0.iter().map(|b| f16::from_le_bytes(*b).to_f32()).collect()),
            other => Err(self.bad(&format!("{name} holds {other:?}, not F32 or F16"))),
        }
    }

    fn bad(&self, why: &str) -> FileError {
        self.folder.unusable(self.file, why)
    }
}

/// The part of a text that is tokenised.
pub(crate) fn head(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text.floor_char_boundary(TEXT_BYTES)]
}
