//! Reading a model's files: bytes, tokenizer, tensors. Every error names the file and what to do.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use half::f16;
use kithkin_core::EmbedError;
use safetensors::{Dtype, SafeTensors};
use tokenizers::{Tokenizer, TruncationParams};

/// A text is cut at this many bytes after its leading white space, before it is tokenised. It bounds what a text can
/// cost: a tokenizer would otherwise read a text of 1 MB to the end, to use its first 256 tokens. Only words of more
/// than a hundred letters, or white space within the text, could make fewer tokens of so many bytes; the rest is then
/// not read.
const TEXT_BYTES: usize = 8192;

/// The folder with the files of one model.
#[derive(Debug)]
pub(super) struct Folder<'a> {
    pub(super) model: &'a str,
    pub(super) path: PathBuf,
}

impl<'a> Folder<'a> {
    /// The folder of `model` among all models' folders.
    pub(super) fn new(model: &'a str, models_dir: &Path) -> Self {
        Self { model, path: models_dir.join(model) }
    }

    /// A whole file.
    pub(super) fn read(&self, file: &str) -> Result<Vec<u8>, EmbedError> {
        let path = self.path.join(file);
        let (model, shown) = (self.model, path.display());
        std::fs::read(&path).map_err(|e| match e.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => EmbedError::Missing {
                message: format!("the weights of {model} are missing: no {shown}; run `make weights MODEL={model}`"),
            },
            _ => EmbedError::Unusable { message: format!("{shown} cannot be read: {e}") },
        })
    }

    /// A tokenizer that cuts at `window` tokens, if there is a window, and never pads.
    pub(super) fn tokenizer(&self, file: &str, window: Option<usize>) -> Result<Tokenizer, EmbedError> {
        let mut tokenizer =
            Tokenizer::from_bytes(self.read(file)?).map_err(|e| self.unusable(file, &format!("no tokenizer: {e}")))?;
        tokenizer.with_padding(None);
        let cut = window.map(|max_length| TruncationParams { max_length, ..TruncationParams::default() });
        tokenizer.with_truncation(cut).map_err(|e| self.unusable(file, &e.to_string()))?;
        Ok(tokenizer)
    }

    /// The tensors in the bytes of a file.
    pub(super) fn tensors<'b>(&'b self, file: &'b str, bytes: &'b [u8]) -> Result<Tensors<'b>, EmbedError> {
        let inner = SafeTensors::deserialize(bytes)
            .map_err(|e| self.unusable(file, &format!("truncated, or no safetensors file ({e})")))?;
        Ok(Tensors { folder: self, file, inner })
    }

    /// The error for a file whose content does not fit.
    pub(super) fn unusable(&self, file: &str, why: &str) -> EmbedError {
        let (path, model) = (self.path.join(file), self.model);
        EmbedError::Unusable {
            message: format!(
                "{} cannot be used: {why}; delete it and run `make weights MODEL={model}`",
                path.display()
            ),
        }
    }
}

/// The tensors of one file.
#[derive(Debug)]
pub(super) struct Tensors<'a> {
    folder: &'a Folder<'a>,
    file: &'a str,
    inner: SafeTensors<'a>,
}

impl Tensors<'_> {
    /// The rows of a matrix, given the length of a row.
    pub(super) fn rows(&self, name: &str, width: usize) -> Result<Vec<f32>, EmbedError> {
        let tensor = self.inner.tensor(name).map_err(|_| self.bad(&format!("no tensor {name}")))?;
        match tensor.shape() {
            [_, w] if *w == width => self.values(name),
            shape => Err(self.bad(&format!("{name} has the shape {shape:?}, not (any, {width})"))),
        }
    }

    /// A tensor of exactly this shape.
    pub(super) fn shaped(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, EmbedError> {
        let tensor = self.inner.tensor(name).map_err(|_| self.bad(&format!("no tensor {name}")))?;
        if tensor.shape() != shape {
            return Err(self.bad(&format!("{name} has the shape {:?}, not {shape:?}", tensor.shape())));
        }
        self.values(name)
    }

    fn values(&self, name: &str) -> Result<Vec<f32>, EmbedError> {
        let tensor = self.inner.tensor(name).map_err(|_| self.bad(&format!("no tensor {name}")))?;
        let bytes = tensor.data();
        match tensor.dtype() {
            Dtype::F32 => Ok(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()),
            Dtype::F16 => Ok(bytes.as_chunks().0.iter().map(|b| f16::from_le_bytes(*b).to_f32()).collect()),
            other => Err(self.bad(&format!("{name} holds {other:?}, not F32 or F16"))),
        }
    }

    fn bad(&self, why: &str) -> EmbedError {
        self.folder.unusable(self.file, why)
    }
}

/// The part of a text that is tokenised.
pub(super) fn head(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text.floor_char_boundary(TEXT_BYTES)]
}

/// Brings a vector to length 1. A vector of length 0 becomes the first axis, so that every text has a direction.
pub(super) fn to_unit_length(vector: &mut [f32]) {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    } else if let Some(first) = vector.first_mut() {
        *first = 1.0;
    }
}
