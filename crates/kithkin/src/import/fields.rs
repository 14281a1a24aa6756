//! Fields of a JSON object, read with errors that name the field, what it is and what it should be.
//!
//! A field that is null counts as absent; where the difference matters, a format looks itself.

use kithkin_core::EventTime;
use serde_json::{Map, Value};

/// From here on a number is taken for milliseconds, below for seconds: as seconds it lies in the year 5138.
const MILLIS_FROM: f64 = 1e11;

/// See the module.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// The fields of `value`, which should be an object.
    pub(super) fn of(value: &'a Value) -> Result<Self, String> {
        value.as_object().map(Self).ok_or_else(|| format!("it is {}; an object was expected", kind(value)))
    }

    /// The field, unless it is absent or null.
    pub(super) fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A field that holds text.
    pub(super) fn text(self, name: &str) -> Result<Option<&'a str>, String> {
        self.typed(name, "text", Value::as_str)
    }

    /// A field that holds text and has to be there.
    pub(super) fn need(self, name: &str) -> Result<&'a str, String> {
        self.text(name)?.ok_or_else(|| format!("there is no `{name}`; add it as text"))
    }

    /// The items of an array, none if it is absent.
    pub(super) fn array(self, name: &str) -> Result<&'a [Value], String> {
        Ok(self.typed(name, "an array", Value::as_array)?.map_or(&[], Vec::as_slice))
    }

    /// The fields of an object within this one.
    pub(super) fn object(self, name: &str) -> Result<Option<Self>, String> {
        Ok(self.typed(name, "an object", Value::as_object)?.map(Self))
    }

    /// A time: text in the forms of [`EventTime`], or a number of seconds or milliseconds since 1970.
    pub(super) fn time(self, name: &str) -> Result<Option<EventTime>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let read = match (value.as_str(), value.as_f64()) {
            (Some(text), _) => text.parse(),
            // The cast saturates, and a time that far off is refused.
            (_, Some(n)) if n.abs() < MILLIS_FROM => EventTime::from_millis((n * 1000.0).round() as i64),
            (_, Some(n)) => EventTime::from_millis(n.round() as i64),
            _ => return Err(format!("`{name}` is {}; a time as text or as a number was expected", kind(value))),
        };
        read.map(Some).map_err(|error| format!("`{name}`: {error}"))
    }

    fn typed<T>(self, name: &str, wanted: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| format!("`{name}` is {}; {wanted} was expected", kind(value)))
    }
}

/// What a value is, for a message.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times() {
        let check = |value: Value, expect: &str| {
            let object = json!({ "t": value });
            let got = Fields::of(&object).unwrap().time("t");
            let got = got.map_or_else(|why| why, |time| time.map_or("none".to_owned(), |time| time.to_string()));
            assert!(got.starts_with(expect), "{value}: {got}");
        };
        check(json!(null), "none");
        check(json!(1_700_000_000), "2023-11-14T22:13:20Z");
        check(json!(1_700_000_000.25), "2023-11-14T22:13:20.25Z");
        check(json!(1_700_000_000_250_i64), "2023-11-14T22:13:20.25Z");
        check(json!("2023-11-14T22:13:20.123456+00:00"), "2023-11-14T22:13:20.123456Z");
        check(json!("soon"), "`t`: \"soon\" is not a time");
        check(json!(1e300), "`t`: \"9223372036854775807 ms since 1970\" lies outside");
        check(json!([]), "`t` is an array; a time as text or as a number was expected");
    }
}
