//! An embedder that a program brings: what it gives is checked, and brought to the length of 1, before the engine sees it.
//!
//! It runs in the thread that remembers or recalls, under the interpreter's lock.

use kithkin::{EmbedError, Embedder, Embeddings};
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;

use crate::failure::input;

/// Which embedder a memory is opened with.
#[derive(Debug, FromPyObject)]
pub(crate) enum Chosen {
    /// One of the product's, by name.
    Named(String),
    /// An object of the program's own.
    Own(Py<PyAny>),
}

/// An object with `model`, `dims` and `embed`.
#[derive(Debug)]
pub(crate) struct OwnEmbedder {
    object: Py<PyAny>,
    model: String,
    dims: usize,
}

impl OwnEmbedder {
    pub(crate) fn new(py: Python<'_>, object: &Py<PyAny>) -> PyResult<Self> {
        let lacks = |e: PyErr| input(py, format!("an embedder is a name, or has model, dims and embed: {e}"));
        let bound = object.bind(py);
        let model: String = bound.getattr("model").and_then(|name| name.extract()).map_err(lacks)?;
        let dims: usize = bound.getattr("dims").and_then(|dims| dims.extract()).map_err(lacks)?;
        bound.getattr("embed").map_err(lacks)?;
        if model.is_empty() || dims == 0 {
            return Err(input(py, "the model of an embedder has a name, and its dims are at least 1"));
        }
        Ok(Self { object: object.clone_ref(py), model, dims })
    }

    fn failed(&self, message: impl ToString) -> EmbedError {
        EmbedError::Failed { model: self.model.clone(), message: message.to_string() }
    }

    /// The rows at the length of 1, or what is wrong with them.
    fn checked(&self, mut data: Vec<f32>, texts: usize) -> Result<Embeddings, EmbedError> {
        if data.len() != texts * self.dims {
            let (found, dims) = (data.len(), self.dims);
            return Err(self.failed(format!("{found} numbers for {texts} texts of {dims} dimensions")));
        }
        for (number, row) in data.chunks_exact_mut(self.dims).enumerate() {
            let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            if !length.is_normal() {
                return Err(self.failed(format!("the vector of text {number} has the length {length}")));
            }
            // What has the length of 1 already, to within rounding, is kept bit by bit.
            if (length - 1.0).abs() > 1e-5 {
                row.iter_mut().for_each(|x| *x /= length);
            }
        }
        Ok(Embeddings { dims: self.dims, data })
    }
}

impl Embedder for OwnEmbedder {
    fn model(&self) -> &str {
        &self.model
    }

    fn dims(&self) -> usize {
        self.dims
    }

    fn embed(&self, texts: &[&str]) -> Result<Embeddings, EmbedError> {
        let data = Python::attach(|py| numbers(&self.object.bind(py).call_method1("embed", (texts.to_vec(),))?));
        self.checked(data.map_err(|e| self.failed(e))?, texts.len())
    }
}

/// The numbers of a matrix, row by row: those of a buffer of 32-bit floats in one step.
fn numbers(matrix: &Bound<'_, PyAny>) -> PyResult<Vec<f32>> {
    if let Ok(buffer) = PyBuffer::<f32>::get(matrix) {
        return buffer.to_vec(matrix.py());
    }
    let mut data = Vec::new();
    for row in matrix.try_iter()? {
        for number in row?.try_iter()? {
            data.push(number?.extract()?);
        }
    }
    Ok(data)
}
