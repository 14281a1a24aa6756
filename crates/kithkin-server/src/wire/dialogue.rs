//! The bodies of chat APIs, as far as a memory has to read them. All that it does not read stays as it came, to the byte.

use std::collections::BTreeMap;

use kithkin::{Attachment, Role, Said};
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::problem::Problem;

/// Which of the two chat APIs a request speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Chat completions: `messages`.
    Chat,
    /// Responses: `instructions` and `input`.
    Responses,
}

impl Dialect {
    /// The path below the base of the upstream.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Chat => "/chat/completions",
            Self::Responses => "/responses",
        }
    }

    /// The field with the messages.
    fn field(self) -> &'static str {
        match self {
            Self::Chat => "messages",
            Self::Responses => "input",
        }
    }
}

type Fields = BTreeMap<String, Box<RawValue>>;

/// The body of a request.
#[derive(Debug)]
pub(crate) struct ChatBody {
    dialect: Dialect,
    fields: Fields,
}

/// A message, as far as it is read.
#[derive(Debug, Deserialize)]
struct Message {
    role: Option<String>,
    name: Option<String>,
    #[serde(default)]
    content: Value,
}

impl ChatBody {
    /// Reads a body.
    pub(crate) fn parse(dialect: Dialect, bytes: &[u8]) -> Result<Self, Problem> {
        Ok(Self { dialect, fields: crate::extract::parsed(bytes)? })
    }

    fn read<T: for<'a> Deserialize<'a>>(&self, name: &str) -> Option<T> {
        self.fields.get(name).and_then(|raw| serde_json::from_str(raw.get()).ok())
    }

    /// The name of the model that is asked.
    pub(crate) fn model(&self) -> String {
        self.read("model").unwrap_or_default()
    }

    /// Whom the client says that it asks for.
    pub(crate) fn user(&self) -> Option<String> {
        self.read::<String>("user").filter(|user| !user.is_empty())
    }

    /// Whether the answer is to come piece by piece.
    pub(crate) fn streams(&self) -> bool {
        self.read("stream").unwrap_or(false)
    }

    /// A number among the fields.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.read(name)
    }

    /// Whether a field asks for something: it is there, and is not nothing, `false`, or plain text.
    pub(crate) fn asks(&self, name: &str) -> bool {
        let nothing = [Value::Null, Value::Bool(false), json!([]), json!({ "type": "text" })];
        self.read::<Value>(name).is_some_and(|value| !nothing.contains(&value))
    }

    /// The messages as they came; none where the field is of another form, which is the upstream's to refuse.
    fn messages(&self) -> Vec<Box<RawValue>> {
        self.read(self.dialect.field()).unwrap_or_default()
    }

    /// What was said, in order.
    pub(crate) fn said(&self) -> Vec<Said> {
        let one = |text: String| vec![Said { role: Role::User, speaker: None, text, attachments: Vec::new() }];
        match self.read::<String>(self.dialect.field()).filter(|_| self.dialect == Dialect::Responses) {
            Some(text) => one(text),
            None => self.messages().iter().filter_map(|raw| said(raw)).collect(),
        }
    }

    /// The body with a block in its instructions: behind those of the application, or alone.
    pub(crate) fn with_block(mut self, block: &str) -> Result<Vec<u8>, serde_json::Error> {
        match self.dialect {
            Dialect::Responses => {
                let own = self.read::<String>("instructions").filter(|own| !own.is_empty());
                let text = own.map_or_else(|| block.to_owned(), |own| format!("{own}\n\n{block}"));
                self.fields.insert("instructions".to_owned(), to_raw_value(&text)?);
            }
            Dialect::Chat => {
                let mut messages = self.messages();
                let is_first = |raw: &RawValue| {
                    let role = serde_json::from_str::<Message>(raw.get()).ok().and_then(|message| message.role);
                    matches!(role.as_deref(), Some("system" | "developer"))
                };
                match messages.first_mut().filter(|first| is_first(first)) {
                    Some(first) => *first = extended(first, block)?,
                    None => messages.insert(0, to_raw_value(&json!({ "role": "system", "content": block }))?),
                }
                self.fields.insert("messages".to_owned(), to_raw_value(&messages)?);
            }
        }
        serde_json::to_vec(&self.fields)
    }
}

/// The message with the block behind its words.
fn extended(message: &RawValue, block: &str) -> Result<Box<RawValue>, serde_json::Error> {
    let mut fields: Fields = serde_json::from_str(message.get())?;
    let content = fields.get("content").map_or(Ok(Value::Null), |raw| serde_json::from_str(raw.get()))?;
    let content = match content {
        Value::Array(mut parts) => {
            parts.push(json!({ "type": "text", "text": block }));
            Value::Array(parts)
        }
        Value::String(own) if !own.is_empty() => Value::String(format!("{own}\n\n{block}")),
        _ => Value::String(block.to_owned()),
    };
    fields.insert("content".to_owned(), to_raw_value(&content)?);
    to_raw_value(&fields)
}

/// A message in words; `None` for what is none, such as the call of a tool.
fn said(raw: &RawValue) -> Option<Said> {
    let message: Message = serde_json::from_str(raw.get()).ok()?;
    let role: Role = message.role?.parse().ok()?;
    let (text, attachments) = match message.content {
        Value::String(text) => (text, Vec::new()),
        Value::Array(parts) => spoken(&parts),
        _ => return None,
    };
    Some(Said { role, speaker: message.name.filter(|name| !name.trim().is_empty()), text, attachments })
}

/// The words of a message in parts, and what else it has. The bytes of an image are not kept, nor is an address that holds them.
fn spoken(parts: &[Value]) -> (String, Vec<Attachment>) {
    let (mut texts, mut attachments) = (Vec::new(), Vec::new());
    for part in parts {
        let kind = part["type"].as_str().unwrap_or_default();
        if let Some(text) = part["text"].as_str() {
            texts.push(text);
        } else if kind.contains("image") {
            let address = part["image_url"]["url"].as_str().or_else(|| part["image_url"].as_str());
            let reference = address.filter(|address| !address.starts_with("data:")).map(str::to_owned);
            attachments.push(Attachment { kind: "image".to_owned(), caption: None, reference });
        } else if kind.contains("audio") {
            let caption = part["input_audio"]["transcript"].as_str().map(str::to_owned);
            attachments.push(Attachment { kind: "audio".to_owned(), caption, reference: None });
        } else if kind.contains("file") {
            let reference = part["file"]["filename"].as_str().or_else(|| part["filename"].as_str()).map(str::to_owned);
            attachments.push(Attachment { kind: "file".to_owned(), caption: None, reference });
        }
    }
    (texts.join("\n"), attachments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(dialect: Dialect, value: &Value) -> ChatBody {
        ChatBody::parse(dialect, value.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn what_is_not_read_stays_as_it_came() {
        let text = r#"{"model":"m","seed":12345678901234567890123,"x":1.10,"messages":[{"role":"user","content":"hi","y":0.30}]}"#;
        let sent = ChatBody::parse(Dialect::Chat, text.as_bytes()).unwrap().with_block("B").unwrap();
        let sent = String::from_utf8(sent).unwrap();
        for kept in ["12345678901234567890123", "1.10", r#"{"role":"user","content":"hi","y":0.30}"#] {
            assert!(sent.contains(kept), "{sent}");
        }
    }

    #[test]
    fn the_block_stands_in_the_instructions() {
        let check = |messages: Value, expect: Value| {
            let sent = body(Dialect::Chat, &json!({ "messages": messages })).with_block("B").unwrap();
            assert_eq!(serde_json::from_slice::<Value>(&sent).unwrap()["messages"], expect);
        };
        let user = json!({ "role": "user", "content": "hi" });
        check(json!([user]), json!([{ "role": "system", "content": "B" }, user]));
        check(
            json!([{ "role": "system", "content": "Be kind." }, user]),
            json!([{ "role": "system", "content": "Be kind.\n\nB" }, user]),
        );
        check(
            json!([{ "role": "developer", "content": [{ "type": "text", "text": "Be kind." }] }, user]),
            json!([{ "role": "developer", "content": [
                { "type": "text", "text": "Be kind." }, { "type": "text", "text": "B" }
            ] }, user]),
        );
        let sent = body(Dialect::Responses, &json!({ "input": "hi", "instructions": "Be kind." })).with_block("B");
        assert_eq!(
            serde_json::from_slice::<Value>(&sent.unwrap()).unwrap(),
            json!({ "input": "hi", "instructions": "Be kind.\n\nB" })
        );
    }

    #[test]
    fn what_is_said_is_told_from_what_is_not() {
        let said = body(
            Dialect::Chat,
            &json!({ "messages": [
                { "role": "system", "content": "Be kind." },
                { "role": "user", "name": "Ann", "content": [
                    { "type": "text", "text": "Look" },
                    { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAA" } },
                    { "type": "image_url", "image_url": { "url": "https://example.org/a.png" } }
                ] },
                { "role": "assistant", "content": null, "tool_calls": [{ "id": "1" }] },
                { "role": "tool", "tool_call_id": "1", "content": "42" },
                { "role": "nobody", "content": "x" },
                7
            ] }),
        )
        .said();
        let roles: Vec<Role> = said.iter().map(|said| said.role).collect();
        assert_eq!(roles, [Role::System, Role::User, Role::Tool]);
        assert_eq!((said[1].text.as_str(), said[1].speaker.as_deref()), ("Look", Some("Ann")));
        let references: Vec<_> = said[1].attachments.iter().map(|a| a.reference.as_deref()).collect();
        assert_eq!(references, [None, Some("https://example.org/a.png")]);
        assert_eq!(body(Dialect::Responses, &json!({ "input": "hi" })).said()[0].text, "hi");
        assert!(body(Dialect::Chat, &json!({ "messages": "hi" })).said().is_empty());
    }
}
