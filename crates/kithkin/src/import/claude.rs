//! Claude account exports: `conversations.json`, an array of conversations (or one) with their messages.
//!
//! Read are `uuid`, `name`, `created_at`, `current_leaf_message_uuid` and `chat_messages`; of a message `uuid`,
//! `parent_message_uuid`, `sender`, `created_at`, the text blocks of `content` (else `text`), `attachments` with their
//! extracted text as caption, and the names of `files`. Where messages name their parents, the path that the person
//! sees is imported, see [`super::thread`]; where they do not, all are, in the order of the file. Thoughts and calls of
//! tools are no text blocks and are left out. A message without a time has the day on which its conversation began.

use kithkin_core::{Attachment, InvalidTurn, MAX_TURN_BYTES};
use serde_json::Value;

use super::Format;
use super::fields::Fields;
use super::intake::{Intake, Stop};
use super::stream::Scanner;
use super::thread::{Node, Said, Thread};

/// What a message without a predecessor names as its parent.
const NO_PARENT: &str = "00000000-0000-4000-8000-000000000000";

pub(super) fn read(intake: &mut Intake<'_>, scanner: &mut Scanner<'_>) -> Result<(), Stop> {
    let person = intake.person(Format::Claude)?;
    let names = ["uuid", "name", "created_at", "current_leaf_message_uuid"];
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
            if collect(intake, scanner, &mut thread)? {
                chain(&mut thread.nodes);
                thread.emit(intake, &person)
            } else {
                intake.reject(&thread.label, "there is no `chat_messages` array with the messages in it")
            }
        })
    })
}

fn describe<'a>(ahead: Fields<'a>, label: &str) -> Result<Thread<'a>, String> {
    let title = ahead.text("name")?.unwrap_or_default();
    Ok(Thread {
        label: format!("{label} {title:?}"),
        id: ahead.need("uuid")?,
        created: ahead.time("created_at")?,
        current: ahead.text("current_leaf_message_uuid")?,
        nodes: Vec::new(),
        beyond: 0,
    })
}

/// Reads the messages; `false` if there are none. A message without a name cannot be placed and is rejected here.
fn collect(intake: &mut Intake<'_>, scanner: &mut Scanner<'_>, thread: &mut Thread<'_>) -> Result<bool, Stop> {
    let mut found = false;
    scanner.enter(b'{')?;
    let mut first = true;
    while let Some(key) = scanner.key(&mut first)? {
        if key != "chat_messages" || scanner.peek()? != Some(b'[') {
            scanner.skip()?;
            continue;
        }
        found = true;
        scanner.enter(b'[')?;
        let (mut number, mut first) = (0, true);
        while scanner.item(&mut first)? {
            number += 1;
            match scanner.json()?.and_then(|value| node(&value)) {
                Ok(node) => thread.push(node),
                Err(why) => intake.reject(format_args!("{}, message {number}", thread.label), why)?,
            }
        }
    }
    Ok(found)
}

/// Exports before 2025 name no parents: each message then follows the one before it.
fn chain(nodes: &mut [Node]) {
    if nodes.iter().any(|node| node.parent.is_some()) {
        nodes.iter_mut().for_each(|node| node.parent = node.parent.take().filter(|parent| parent != NO_PARENT));
        return;
    }
    let mut before: Option<String> = None;
    for node in nodes {
        node.parent = before.replace(node.id.clone());
    }
}

fn node(value: &Value) -> Result<Node, String> {
    let fields = Fields::of(value)?;
    let parent = fields.text("parent_message_uuid")?.map(str::to_owned);
    Ok(Node { id: fields.need("uuid")?.to_owned(), parent, children: Vec::new(), said: said(fields).map(Some) })
}

fn said(message: Fields<'_>) -> Result<Said, String> {
    let mut said = Said {
        role: message.need("sender")?.parse().map_err(|error: InvalidTurn| error.to_string())?,
        said_at: message.time("created_at")?,
        text: text(message)?,
        attachments: Vec::new(),
        losses: Vec::new(),
    };
    let mut bytes = said.text.len();
    for file in message.array("attachments")? {
        let file = Fields::of(file).map_err(|why| format!("an attachment: {why}"))?;
        let reference = file.text("file_name")?.filter(|name| !name.is_empty()).map(str::to_owned);
        let mut caption = file.text("extracted_content")?.filter(|text| !text.is_empty());
        bytes += caption.map_or(0, str::len) + reference.as_deref().map_or(0, str::len);
        if let Some(long) = caption.filter(|_| bytes > MAX_TURN_BYTES) {
            bytes -= long.len();
            said.losses.push(format!(
                "the text of the attachment {:?} makes the turn longer than {MAX_TURN_BYTES} bytes; the turn was kept \
                 without it",
                reference.as_deref().unwrap_or_default()
            ));
            caption = None;
        }
        said.attachments.push(Attachment { kind: "file".to_owned(), caption: caption.map(str::to_owned), reference });
    }
    for file in message.array("files")? {
        let file = Fields::of(file).map_err(|why| format!("a file: {why}"))?;
        let kind = if file.text("file_kind")? == Some("image") { "image" } else { "file" };
        let reference = file.text("file_name")?.map(str::to_owned);
        said.attachments.push(Attachment { kind: kind.to_owned(), caption: None, reference });
    }
    Ok(said)
}

/// The text blocks; `text` of the message, which also holds notes on what it cannot show, only where there are none.
fn text(message: Fields<'_>) -> Result<String, String> {
    let blocks = message.array("content")?;
    if blocks.is_empty() {
        return Ok(message.text("text")?.unwrap_or_default().to_owned());
    }
    let mut text = Vec::new();
    for block in blocks {
        let block = Fields::of(block).map_err(|why| format!("a block of `content`: {why}"))?;
        if block.text("type")? == Some("text") {
            text.extend(block.text("text")?.filter(|text| !text.is_empty()));
        }
    }
    Ok(text.join("\n"))
}
