//! ChatGPT account exports: `conversations.json`, an array of conversations (or one), each a tree of messages.
//!
//! Read are `conversation_id` or `id`, `title`, `create_time`, `current_node` and `mapping`; of a message its node's
//! id, `author.role`, `create_time`, `content` and the attached files. The path that the person sees is imported, see
//! [`super::thread`]. Only what the person and the assistant say to each other counts: hidden messages, calls of tools
//! and their output, thoughts, and stored instructions are passed over. The text of a voice message is its transcript.
//! A message without a time has the day on which its conversation began.

use kithkin_core::{Attachment, InvalidTurn, Role};
use serde_json::Value;

use super::Format;
use super::fields::{Fields, kind};
use super::intake::{Intake, Stop};
use super::stream::Scanner;
use super::thread::{Node, Said, Thread};

/// Kinds of content that the person does not see as something said.
const UNSAID: &[&str] = &[
    "app_pairing_content",
    "citable_code_output",
    "code",
    "computer_output",
    "execution_output",
    "model_editable_context",
    "reasoning_recap",
    "sonic_webpage",
    "super_widget",
    "system_error",
    "system_message",
    "tether_browsing_code",
    "tether_browsing_display",
    "tether_quote",
    "thoughts",
    "user_editable_context",
];

pub(super) fn read(intake: &mut Intake<'_>, scanner: &mut Scanner<'_>) -> Result<(), Stop> {
    let person = intake.person(Format::ChatGpt)?;
    let names = ["conversation_id", "id", "title", "create_time", "current_node"];
    let mut number = 0;
    super::each_element(scanner, |scanner| {
        number += 1;
        let label = format!("conversation {number}");
        intake.object(scanner, &label, &names, false, |intake, scanner, ahead| {
            let mut thread = match describe(Fields(ahead), &label) {
                Ok(thread) if intake.wants(thread.id) => thread,
                Ok(_) => return Ok(scanner.skip()?),
                Err(why) => {
                    scanner.skip()?;
                    return intake.reject(&label, why);
                }
            };
            if collect(scanner, &mut thread)? {
                thread.emit(intake, &person)
            } else {
                intake.reject(&thread.label, "there is no `mapping` object with the messages in it")
            }
        })
    })
}

fn describe<'a>(ahead: Fields<'a>, label: &str) -> Result<Thread<'a>, String> {
    let id = ahead.text("conversation_id")?.map_or_else(|| ahead.need("id"), Ok)?;
    let title = ahead.text("title")?.unwrap_or_default();
    Ok(Thread {
        label: format!("{label} {title:?}"),
        id,
        created: ahead.time("create_time")?,
        current: ahead.text("current_node")?,
        nodes: Vec::new(),
        beyond: 0,
    })
}

/// Reads the tree; `false` if there is none.
fn collect(scanner: &mut Scanner<'_>, thread: &mut Thread<'_>) -> Result<bool, Stop> {
    let mut found = false;
    scanner.enter(b'{')?;
    let mut first = true;
    while let Some(key) = scanner.key(&mut first)? {
        if key != "mapping" || scanner.peek()? != Some(b'{') {
            scanner.skip()?;
            continue;
        }
        found = true;
        scanner.enter(b'{')?;
        let mut first = true;
        while let Some(id) = scanner.key(&mut first)? {
            thread.push(node(id, scanner.json()?));
        }
    }
    Ok(found)
}

fn node(id: String, value: Result<Value, String>) -> Node {
    let read = value.and_then(|value| {
        let fields = Fields::of(&value)?;
        let children = fields.array("children")?.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        Ok((fields.text("parent")?.map(str::to_owned), children, said(fields)))
    });
    match read {
        Ok((parent, children, said)) => Node { id, parent, children, said },
        Err(why) => Node { id, parent: None, children: Vec::new(), said: Err(why) },
    }
}

fn said(node: Fields<'_>) -> Result<Option<Said>, String> {
    let Some(message) = node.object("message")? else { return Ok(None) };
    let author = message.object("author")?.ok_or("there is no `author`; it should hold the role")?;
    let role: Role = author.need("role")?.parse().map_err(|error: InvalidTurn| error.to_string())?;
    let mut said = Said { role, said_at: None, text: String::new(), attachments: Vec::new(), losses: Vec::new() };
    let metadata = message.object("metadata")?;
    let flag = metadata.and_then(|m| m.get("is_visually_hidden_from_conversation"));
    // What is addressed to anything but everyone is a call of a tool.
    let to_tool = message.text("recipient")?.is_some_and(|recipient| recipient != "all");
    let hidden = to_tool || flag.and_then(Value::as_bool) == Some(true);
    let (Some(content), Role::User | Role::Assistant, false) = (message.object("content")?, role, hidden) else {
        return Ok(Some(said));
    };
    match content.text("content_type")?.unwrap_or("text") {
        "text" | "multimodal_text" => {}
        unsaid if UNSAID.contains(&unsaid) => return Ok(Some(said)),
        other => return Err(format!("the content type {other:?} is not known; text was expected")),
    }
    said.said_at = message.time("create_time")?;
    said.text = parts(content, &mut said.attachments)?;
    if let Some(metadata) = metadata {
        files(metadata, &mut said.attachments)?;
    }
    Ok(Some(said))
}

/// The text of the parts, joined by line breaks; pictures and sound become attachments.
fn parts(content: Fields<'_>, attachments: &mut Vec<Attachment>) -> Result<String, String> {
    let mut text = Vec::new();
    for part in content.array("parts")? {
        match part {
            Value::Null => {}
            Value::String(plain) => text.push(plain.as_str()),
            Value::Object(fields) => {
                let part = Fields(fields);
                let kind = part.text("content_type")?.unwrap_or_default();
                if kind == "audio_transcription" {
                    text.extend(part.text("text")?);
                } else {
                    let reference = part.text("asset_pointer")?.map(str::to_owned);
                    let kind = kind.split('_').next().filter(|kind| matches!(*kind, "image" | "audio" | "video"));
                    // Voice with video is the only other pointer; its words stand in the transcript beside it.
                    let kind = kind.unwrap_or("video").to_owned();
                    attachments.push(Attachment { kind, caption: None, reference });
                }
            }
            other => return Err(format!("a part of `content` is {}; text or an object was expected", kind(other))),
        }
    }
    text.retain(|part| !part.is_empty());
    Ok(text.join("\n"))
}

/// Files by name; pictures stand among the parts already.
fn files(metadata: Fields<'_>, attachments: &mut Vec<Attachment>) -> Result<(), String> {
    for file in metadata.array("attachments")? {
        let file = Fields::of(file).map_err(|why| format!("an attachment: {why}"))?;
        let mime = file.text("mimeType")?.map_or_else(|| file.text("mime_type"), |mime| Ok(Some(mime)))?;
        if !mime.is_some_and(|mime| mime.starts_with("image/")) {
            let reference = file.text("name")?.map(str::to_owned);
            attachments.push(Attachment { kind: "file".to_owned(), caption: None, reference });
        }
    }
    Ok(())
}
