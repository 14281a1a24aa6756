//! What Python gives, as values that cannot be wrong inside.

use std::path::PathBuf;
use std::str::FromStr;

use kithkin::{Aspect, Attachment, EventTime, Kithkin, Method, Now, Respond};
use pyo3::prelude::*;
use pythonize::depythonize;

use crate::failure::{input, raised};

/// A time: a string as the command line takes it, or a `date` or `datetime`, which say themselves in that form.
#[derive(Debug)]
pub(crate) struct Moment(String);

impl<'py> FromPyObject<'_, 'py> for Moment {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        match given.extract::<String>() {
            Ok(text) => Ok(Self(text)),
            Err(_) => Ok(Self(given.call_method0("isoformat")?.extract()?)),
        }
    }
}

impl Moment {
    pub(crate) fn at(&self, py: Python<'_>) -> PyResult<EventTime> {
        parsed(py, &self.0)
    }
}

/// The time that is given, or the clock's.
pub(crate) fn now(py: Python<'_>, at: Option<&Moment>) -> PyResult<Now> {
    at.map_or(Ok(Now::Clock), |at| at.at(py).map(Now::At))
}

/// A text in one of the forms of the facade, such as an id.
pub(crate) fn parsed<T: FromStr<Err: ToString>>(py: Python<'_>, text: &str) -> PyResult<T> {
    text.parse().map_err(|e: T::Err| input(py, e))
}

/// The same where it is given.
pub(crate) fn optional<T: FromStr<Err: ToString>>(py: Python<'_>, text: Option<&str>) -> PyResult<Option<T>> {
    text.map(|text| parsed(py, text)).transpose()
}

/// The same of several.
pub(crate) fn all<T: FromStr<Err: ToString>>(py: Python<'_>, texts: &[String]) -> PyResult<Vec<T>> {
    texts.iter().map(|text| parsed(py, text)).collect()
}

/// A method: a name, or the path of a file that ends in `.toml`.
pub(crate) fn method(py: Python<'_>, name: Option<&str>) -> PyResult<Option<Method>> {
    let Some(name) = name else { return Ok(None) };
    if !name.ends_with(".toml") {
        return Kithkin::method(name).map(Some).map_err(|e| raised(py, &e));
    }
    let text =
        std::fs::read_to_string(name).map_err(|e| input(py, format!("the method {name} cannot be read: {e}")))?;
    Method::parse(name, &text).map(Some).map_err(|e| input(py, e))
}

/// Something that came with a turn: a dictionary with `kind` and, where there are, `caption` and `reference`.
#[derive(Debug)]
pub(crate) struct Attached(Result<Attachment, String>);

impl<'py> FromPyObject<'_, 'py> for Attached {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(depythonize(&given).map_err(|e| format!("an attachment cannot be read: {e}"))))
    }
}

impl Attached {
    pub(crate) fn attachment(self, py: Python<'_>) -> PyResult<Attachment> {
        self.0.map_err(|why| input(py, why))
    }
}

/// A further query: its words, or its words and its weight.
#[derive(Debug, FromPyObject)]
pub(crate) enum Query {
    #[pyo3(transparent)]
    Words(String),
    #[pyo3(transparent)]
    Weighted((String, f32)),
}

impl From<Query> for Aspect {
    fn from(query: Query) -> Self {
        let (text, weight) = match query {
            Query::Words(text) => (text, 1.0),
            Query::Weighted(weighted) => weighted,
        };
        Self { text, weight }
    }
}

/// How a reply is to come about; what is left out has the default of the facade.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Manner {
    message: String,
    conversation: Option<String>,
    now: Option<Moment>,
    method: Option<String>,
    asker: Option<String>,
    neighbours: Vec<String>,
    card: Option<PathBuf>,
    persuade: bool,
    history: Option<usize>,
    max_tokens: Option<u32>,
    temperature: Option<f64>,
    remember: bool,
    explain: bool,
}

impl Manner {
    pub(crate) fn respond(self, py: Python<'_>) -> PyResult<Respond> {
        let card = match &self.card {
            None => None,
            Some(file) => {
                let shown = file.display().to_string();
                let unread = |e| input(py, format!("the card {shown} cannot be read: {e}"));
                let text = std::fs::read_to_string(file).map_err(unread)?;
                Some(kithkin::Card::parse(&shown, &text).map_err(|e| input(py, e))?)
            }
        };
        let plain = Respond::new(self.message, now(py, self.now.as_ref())?);
        Ok(Respond {
            conversation: optional(py, self.conversation.as_deref())?,
            method: method(py, self.method.as_deref())?,
            asker: self.asker,
            neighbours: all(py, &self.neighbours)?,
            card,
            persuade: self.persuade,
            history: self.history.unwrap_or(plain.history),
            max_tokens: self.max_tokens.unwrap_or(plain.max_tokens),
            temperature: self.temperature.unwrap_or(plain.temperature),
            remember: self.remember,
            explain: self.explain,
            ..plain
        })
    }
}
