//! The words of an answer that passes by, piece by piece or whole. What cannot be read is passed over: the client has it all
//! the same.

use kithkin::ChatUsage;
use serde_json::Value;

use crate::wire::Dialect;

/// The longest answer that is remembered, in bytes; what comes after it is not.
const LONGEST: usize = 1 << 20;
/// The longest answer that is read whole, in bytes.
const LARGEST: usize = 16 << 20;

/// An answer, as far as it was heard.
#[derive(Debug)]
pub(crate) struct Heard {
    dialect: Dialect,
    /// Whether it comes as server-sent events.
    events: bool,
    /// The line, or the body, that is not at its end.
    rest: Vec<u8>,
    text: String,
    usage: Option<ChatUsage>,
}

impl Heard {
    pub(crate) fn new(dialect: Dialect, events: bool) -> Self {
        Self { dialect, events, rest: Vec::new(), text: String::new(), usage: None }
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.rest.len() + bytes.len() > LARGEST {
            return;
        }
        self.rest.extend_from_slice(bytes);
        if !self.events {
            return;
        }
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { return };
        let next = self.rest.split_off(end + 1);
        for line in std::mem::replace(&mut self.rest, next).split(|byte| *byte == b'\n') {
            self.line(line);
        }
    }

    fn line(&mut self, line: &[u8]) {
        let Some(data) = line.strip_prefix(b"data:") else { return };
        let Ok(event) = serde_json::from_slice::<Value>(data) else { return };
        let piece = match self.dialect {
            Dialect::Chat => {
                self.count(&event["usage"]);
                event["choices"].as_array().and_then(|choices| {
                    // Of several answers, the first is the one that is shown.
                    let first = choices.iter().find(|choice| choice["index"].as_u64().unwrap_or(0) == 0)?;
                    first["delta"]["content"].as_str()
                })
            }
            Dialect::Responses => {
                self.count(&event["response"]["usage"]);
                event["delta"].as_str().filter(|_| event["type"] == "response.output_text.delta")
            }
        };
        if let Some(piece) = piece.filter(|piece| self.text.len() + piece.len() <= LONGEST) {
            self.text.push_str(piece);
        }
    }

    fn count(&mut self, usage: &Value) {
        let number = |names: [&str; 2]| names.iter().find_map(|name| usage[*name].as_u64());
        if let (Some(prompt_tokens), Some(completion_tokens)) =
            (number(["prompt_tokens", "input_tokens"]), number(["completion_tokens", "output_tokens"]))
        {
            self.usage = Some(ChatUsage { prompt_tokens, completion_tokens });
        }
    }

    /// The words, and what they took.
    pub(crate) fn end(mut self) -> (String, Option<ChatUsage>) {
        if self.events {
            let rest = std::mem::take(&mut self.rest);
            self.line(&rest);
        } else if let Ok(body) = serde_json::from_slice::<Value>(&std::mem::take(&mut self.rest)) {
            self.count(&body["usage"]);
            self.text = match self.dialect {
                Dialect::Chat => body["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned(),
                Dialect::Responses => output(&body),
            };
        }
        (self.text, self.usage)
    }
}

/// The words of a response's messages.
fn output(body: &Value) -> String {
    let items = body["output"].as_array().into_iter().flatten();
    let parts = items.filter(|item| item["type"] == "message").flat_map(|item| item["content"].as_array());
    parts.flatten().filter_map(|part| part["text"].as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(dialect: Dialect, events: bool, answer: &str, expect: &str) {
        for size in [1, 2, 7, answer.len().max(1)] {
            let mut heard = Heard::new(dialect, events);
            answer.as_bytes().chunks(size).for_each(|bytes| heard.push(bytes));
            assert_eq!(heard.end().0, expect, "in pieces of {size} bytes");
        }
    }

    #[test]
    fn answers_are_heard_however_they_are_cut() {
        let stream = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\r\n\r\n\
                      : a comment\n\n\
                      data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"other\"}}]}\n\n\
                      data: {\"choices\":[{\"delta\":{\"content\":\"Grüße, \"}}]}\n\n\
                      data:{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"安娜 🦊\"}}]}\n\n\
                      data: {broken\n\ndata: [DONE]\n\n";
        check(Dialect::Chat, true, stream, "Grüße, 安娜 🦊");
        check(Dialect::Chat, true, "data: {\"choices\":[{\"delta\":{\"content\":\"cut\"}}]}", "cut");
        check(Dialect::Chat, false, "{\"choices\":[{\"message\":{\"content\":\"whole\"}}]}", "whole");
        check(Dialect::Chat, false, "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[]}}]}", "");
        check(Dialect::Chat, false, "<html>", "");
        let stream = "event: response.output_text.delta\n\
                      data: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\n\
                      data: {\"type\":\"response.function_call_arguments.delta\",\"delta\":\"{}\"}\n\n\
                      data: {\"type\":\"response.output_text.delta\",\"delta\":\"b\"}\n\n";
        check(Dialect::Responses, true, stream, "ab");
        let whole = "{\"output\":[{\"type\":\"reasoning\"},{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"ab\"}]}]}";
        check(Dialect::Responses, false, whole, "ab");
    }

    #[test]
    fn what_it_took_is_counted() {
        let mut heard = Heard::new(Dialect::Chat, true);
        heard.push(b"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n");
        assert_eq!(heard.end().1, Some(ChatUsage { prompt_tokens: 7, completion_tokens: 2 }));
    }
}
