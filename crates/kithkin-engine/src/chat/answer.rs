//! Reads the JSON in a model's answer: with prose around it, cut short, or not there at all.

use serde_json::{Map, Value};

/// The elements of the list `key` of an object somewhere in the answer. Where there is none, as in an answer that was cut
/// short or left the outer object out, the objects that are whole. `None` without either: then nothing was answered.
pub(crate) fn list(answer: &str, key: &str) -> Option<Vec<Value>> {
    let mut objects = Vec::new();
    let mut rest = answer;
    while let Some(start) = rest.find('{') {
        let text = &rest[start..];
        // Nothing but a quotation mark or a brace can follow a brace, so a brace that opens no object costs little. One
        // that opens an object that never ends costs a look at the rest, but only as often as objects can be nested.
        let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Map<String, Value>>();
        let read = match stream.next() {
            Some(Ok(mut object)) => {
                if let Some(Value::Array(items)) = object.get_mut(key) {
                    return Some(std::mem::take(items));
                }
                objects.push(Value::Object(object));
                stream.byte_offset()
            }
            _ => 1,
        };
        rest = &text[read..];
    }
    if objects.is_empty() { None } else { Some(objects) }
}

/// A number of a turn: an integer, or text that is one.
pub(crate) fn number(value: &Value) -> Option<usize> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|n| n.try_into().ok()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_readable_is_read() {
        let check = |answer: &str, expect: Option<&str>| {
            let found = list(answer, "a").map(|items| Value::Array(items).to_string());
            assert_eq!(found.as_deref(), expect, "{answer}");
        };
        check("{\"a\": [1, {\"b\": 2}]}", Some("[1,{\"b\":2}]"));
        check("Sure! Here it is:\n```json\n{\"a\": []}\n```\nAnything else?", Some("[]"));
        check("{\"thought\": \"x {y\"} {\"a\": [1]}", Some("[1]"));
        check("[{\"b\": 1}, {\"b\": 2}]", Some("[{\"b\":1},{\"b\":2}]"));
        check("{\"b\": 1}\n{\"b\": 2}", Some("[{\"b\":1},{\"b\":2}]"));
        check("{\"a\": [{\"b\": 1}, {\"b\": 2}, {\"b", Some("[{\"b\":1},{\"b\":2}]"));
        check("{\"a\": [1, 2", None);
        check("{\"a\": {\"b\": 1}}", Some("[{\"a\":{\"b\":1}}]"));
        check("", None);
        check("[]", None);
        check("No idea {at all}, sorry.", None);
    }

    #[test]
    fn numbers_may_be_text() {
        let check = |json: &str, expect| assert_eq!(number(&serde_json::from_str(json).unwrap()), expect, "{json}");
        check("3", Some(3));
        check("\" 3 \"", Some(3));
        check("-1", None);
        check("3.5", None);
        check("99999999999999999999999", None);
        check("[3]", None);
    }

    proptest! {
        #[test]
        fn any_answer_is_read_without_a_panic(answer in "(\\PC|[\\[\\]{}\":,a0-9\n]){0,200}") {
            list(&answer, "a");
        }
    }
}
