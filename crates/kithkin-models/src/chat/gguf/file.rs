//! Reading a GGUF file: its metadata and its tensors, by candle's reader. Every error names the file and what to do.
//!
//! What a value means is the business of those who ask for it. A tensor's shape is checked before it is read, so that a
//! damaged header costs no memory.

use std::cell::RefCell;
use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use candle_core::Device;
use candle_core::quantized::QTensor;
use candle_core::quantized::gguf_file::{Content, Value};
use kithkin_core::ChatError;

/// The only architecture whose forward pass is written here.
const ARCHITECTURE: &str = "llama";

/// An open GGUF file of the llama architecture.
#[derive(Debug)]
pub(super) struct GgufFile {
    path: PathBuf,
    content: Content,
    reader: RefCell<BufReader<File>>,
}

impl GgufFile {
    /// Reads the header. No tensor is read yet.
    pub(super) fn open(path: &Path) -> Result<Self, ChatError> {
        let shown = path.display();
        let file = File::open(path).map_err(|e| match e.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => ChatError::Missing {
                message: format!(
                    "the chat model is missing: no {shown}; name a GGUF file, or run `make weights \
                     MODEL=SmolLM2-135M-Instruct` for a small one"
                ),
            },
            _ => ChatError::Unusable { message: format!("{shown} cannot be read: {e}") },
        })?;
        let mut reader = BufReader::new(file);
        // The reader divides by the alignment that the file states, even by 0.
        let content = catch_unwind(AssertUnwindSafe(|| Content::read(&mut reader)));
        let content = match content {
            Ok(Ok(content)) => content,
            Ok(Err(e)) => return Err(unusable(path, &format!("truncated, or no GGUF file ({})", why(&e)))),
            Err(_) => return Err(unusable(path, "its header is damaged")),
        };
        let file = Self { path: path.to_owned(), content, reader: RefCell::new(reader) };
        match file.text("general.architecture")? {
            ARCHITECTURE => Ok(file),
            other => Err(file.bad(&format!("its architecture is {other}, and only {ARCHITECTURE} can run"))),
        }
    }

    /// The error for a file whose content does not fit.
    pub(super) fn bad(&self, why: &str) -> ChatError {
        unusable(&self.path, why)
    }

    /// A value that may be missing.
    pub(super) fn value(&self, key: &str) -> Option<&Value> {
        self.content.metadata.get(key)
    }

    fn needed(&self, key: &str) -> Result<&Value, ChatError> {
        self.value(key).ok_or_else(|| self.bad(&format!("it has no {key}")))
    }

    /// A text that must be there.
    pub(super) fn text(&self, key: &str) -> Result<&str, ChatError> {
        let value = self.needed(key)?;
        value.to_string().map(String::as_str).map_err(|_| self.bad(&format!("{key} is no text")))
    }

    /// A whole number that must be there, at most 2^31.
    pub(super) fn number(&self, key: &str) -> Result<usize, ChatError> {
        self.needed(key).and_then(|value| self.to_number(key, value))
    }

    /// A whole number, or what stands for it where the file does not say.
    pub(super) fn number_or(&self, key: &str, default: usize) -> Result<usize, ChatError> {
        self.value(key).map_or(Ok(default), |value| self.to_number(key, value))
    }

    fn to_number(&self, key: &str, value: &Value) -> Result<usize, ChatError> {
        let number = match value {
            Value::I32(number) => u64::try_from(*number).ok(),
            Value::I64(number) => u64::try_from(*number).ok(),
            value => value.to_u64().ok(),
        };
        let fits = number.filter(|n| *n <= 1 << 31).and_then(|n| usize::try_from(n).ok());
        fits.ok_or_else(|| self.bad(&format!("{key} is no whole number up to 2^31")))
    }

    /// A finite number, or what stands for it where the file does not say.
    pub(super) fn real_or(&self, key: &str, default: f32) -> Result<f32, ChatError> {
        let value = self.value(key).map_or(Ok(default), Value::to_f32);
        let value = value.ok().filter(|x| x.is_finite());
        value.ok_or_else(|| self.bad(&format!("{key} is no finite number")))
    }

    /// A list of texts that must be there.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<&str>, ChatError> {
        let values = self.needed(key)?.to_vec();
        let texts = values.and_then(|values| values.iter().map(|v| v.to_string().map(String::as_str)).collect());
        texts.map_err(|_| self.bad(&format!("{key} is no list of texts")))
    }

    /// The names of all tensors.
    pub(super) fn tensor_names(&self) -> impl Iterator<Item = &str> {
        self.content.tensor_infos.keys().map(String::as_str)
    }

    /// A tensor of exactly this shape, outputs before inputs.
    pub(super) fn tensor(&self, name: &str, shape: &[usize]) -> Result<QTensor, ChatError> {
        let Some(info) = self.content.tensor_infos.get(name) else {
            return Err(self.bad(&format!("it has no tensor {name}")));
        };
        if info.shape.dims() != shape {
            return Err(self.bad(&format!("{name} has the shape {:?}, not {shape:?}", info.shape.dims())));
        }
        let read = info.read(&mut *self.reader.borrow_mut(), self.content.tensor_data_offset, &Device::Cpu);
        read.map_err(|e| {
            self.bad(&format!("{name} cannot be read, perhaps because the file is truncated ({})", why(&e)))
        })
    }

    /// The numbers of a vector.
    pub(super) fn vector(&self, name: &str, length: usize) -> Result<Vec<f32>, ChatError> {
        let values = self.tensor(name, &[length])?.dequantize(&Device::Cpu).and_then(|t| t.to_vec1::<f32>());
        values.map_err(|e| self.bad(&format!("{name} cannot be read ({})", why(&e))))
    }
}

/// What candle says went wrong, without the call stack that it may add.
pub(super) fn why(error: &candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

fn unusable(path: &Path, why: &str) -> ChatError {
    let message = format!("{} cannot be used: {why}; name another GGUF file, or get this one again", path.display());
    ChatError::Unusable { message }
}
