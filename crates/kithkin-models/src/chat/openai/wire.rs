//! The form of requests and replies, and of the events of a stream. It opens no connection.

use std::time::Duration;

use kithkin_core::{ChatReply, ChatRequest, ChatUsage};
use serde::Deserialize;
use serde_json::{Value, json};
use ureq::http::HeaderMap;

/// How much of an endpoint's own words an error shows, in characters.
const SHOWN: usize = 300;

/// The body of a request.
pub(super) fn body(model: &str, request: &ChatRequest, schema: Option<&Value>, stream: bool) -> String {
    let mut body = json!({
        "model": model,
        "messages": request.messages,
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "stream": stream,
    });
    if let Some(body) = body.as_object_mut() {
        if stream {
            body.insert("stream_options".into(), json!({ "include_usage": true }));
        }
        if let Some(schema) = schema {
            let schema = json!({ "name": "answer", "strict": true, "schema": schema });
            body.insert("response_format".into(), json!({ "type": "json_schema", "json_schema": schema }));
        }
    }
    body.to_string()
}

/// How long the endpoint asks to wait, in whole seconds.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get("retry-after")?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// Whether an error is about the form that was asked for.
pub(super) fn is_about_schema(said: &str) -> bool {
    said.contains("response_format") || said.contains("json_schema")
}

/// The endpoint's own words in the body of an error: `{"error": {"message": …}}` as most have it, or the body itself.
pub(super) fn message(body: &str) -> String {
    let parsed: Option<Value> = serde_json::from_str(body).ok();
    let found = parsed.as_ref().and_then(|value| {
        let error = value.get("error").unwrap_or(value);
        error.get("message").or(error.get("detail")).unwrap_or(error).as_str()
    });
    let text = found.unwrap_or(body).split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return "without a word".to_owned();
    }
    text.chars().take(SHOWN).collect()
}

/// What a whole answer is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A reply.
    Reply(ChatReply),
    /// The endpoint held the reply back, and says why.
    Withheld(String),
}

#[derive(Deserialize)]
struct Answer {
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<ChatUsage>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default, alias = "delta")]
    message: Said,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize, Default)]
struct Said {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
}

/// Reads a whole answer.
pub(super) fn reply(body: &str) -> Result<Heard, String> {
    let answer: Answer = serde_json::from_str(body).map_err(|e| format!("{e}; it begins: {}", message(body)))?;
    let choice = answer.choices.into_iter().next().ok_or("it has no choices")?;
    let end = choice.finish_reason.as_deref();
    if let Some(why) = choice.message.refusal.filter(|why| !why.is_empty()) {
        return Ok(Heard::Withheld(why));
    }
    if end == Some("content_filter") {
        return Ok(Heard::Withheld("its provider's filter held the reply back".to_owned()));
    }
    let text = choice.message.content.ok_or("it has no content")?;
    Ok(Heard::Reply(ChatReply { text, cut: end == Some("length"), usage: answer.usage }))
}

/// A line of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Neither words nor an end: an empty line, a comment.
    Nothing,
    /// A piece of the reply; `end` says why it is the last one.
    Piece { text: String, end: Option<String>, usage: Option<ChatUsage> },
    /// The endpoint failed while it answered.
    Failed(String),
    /// The end.
    Done,
}

/// Reads a line of a stream of server-sent events.
pub(super) fn event(line: &str) -> Result<Event, String> {
    let Some(data) = line.strip_prefix("data:").map(str::trim) else { return Ok(Event::Nothing) };
    if data == "[DONE]" {
        return Ok(Event::Done);
    }
    let value: Value = serde_json::from_str(data).map_err(|e| format!("{e}; the event begins: {}", message(data)))?;
    if value.get("error").is_some_and(|error| !error.is_null()) {
        return Ok(Event::Failed(message(data)));
    }
    let answer: Answer =
        serde_json::from_value(value).map_err(|e| format!("{e}; the event begins: {}", message(data)))?;
    let choice = answer.choices.into_iter().next();
    let (said, end) = choice.map_or((Said::default(), None), |choice| (choice.message, choice.finish_reason));
    Ok(Event::Piece { text: said.content.unwrap_or_default(), end, usage: answer.usage })
}

#[cfg(test)]
mod tests {
    use kithkin_core::{ChatMessage, ChatRole};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_body() {
        let messages = vec![ChatMessage::new(ChatRole::System, "Be brief."), ChatMessage::new(ChatRole::User, "Hi 🦊")];
        let request =
            ChatRequest { messages, max_tokens: 9, temperature: 0.5, schema: Some(json!({"type": "object"})) };
        insta::assert_snapshot!(format!(
            "{}\n{}",
            body("m", &request, request.schema.as_ref(), false),
            body("m", &request, None, true)
        ));
    }

    #[test]
    fn answers_are_read() {
        let check = |body: &str, expect: &str| {
            let got = match reply(body) {
                Ok(Heard::Reply(reply)) => format!("{reply:?}"),
                Ok(Heard::Withheld(why)) => format!("withheld: {why}"),
                Err(why) => format!("error: {why}"),
            };
            assert!(got.contains(expect), "{got}");
        };
        let usage = "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}";
        check(&format!("{{\"choices\":[{{\"message\":{{\"content\":\"hi\"}}}}],{usage}}}"), "completion_tokens: 2");
        check("{\"choices\":[{\"message\":{\"content\":\"h\"},\"finish_reason\":\"length\"}]}", "cut: true");
        check("{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"no\"}}]}", "withheld: no");
        check("{\"choices\":[{\"message\":{},\"finish_reason\":\"content_filter\"}]}", "withheld: its provider");
        check("{\"choices\":[]}", "error: it has no choices");
        check("{\"choices\":[{\"message\":{}}]}", "error: it has no content");
        check("<html>busy</html>", "it begins: <html>busy</html>");
    }

    #[test]
    fn events_are_read() {
        let check = |line: &str, expect: &str| {
            let got = format!("{:?}", event(line));
            assert!(got.contains(expect), "{line}: {got}");
        };
        check("", "Nothing");
        check(": ping", "Nothing");
        check("event: x", "Nothing");
        check("data: [DONE]", "Done");
        check("data:{\"choices\":[{\"delta\":{\"content\":\"猫\"}}]}", "text: \"猫\", end: None");
        check("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}", "end: Some(\"stop\")");
        check("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}", "prompt_tokens: 1");
        check("data: {\"error\":{\"message\":\"overloaded\"}}", "Failed(\"overloaded\")");
        check("data: {\"choi", "Err(");
    }

    #[test]
    fn an_error_is_told_in_the_endpoints_words() {
        let check = |body: &str, expect: &str| assert_eq!(message(body), expect);
        check("{\"error\":{\"message\":\"no\\nsuch model\"}}", "no such model");
        check("{\"error\":\"no\"}", "no");
        check("{\"detail\":\"no\"}", "no");
        check("Bad Gateway", "Bad Gateway");
        check("", "without a word");
        assert_eq!(message(&"x".repeat(1000)).len(), SHOWN);
    }

    proptest! {
        #[test]
        fn no_line_and_no_body_panics(text in "\\PC{0,60}") {
            let _ = (event(&text), event(&format!("data: {text}")), reply(&text), message(&text));
        }
    }
}
