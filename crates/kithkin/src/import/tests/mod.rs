//! Tests of the importers over handmade files.

mod formats;
mod robustness;
mod samples;

use std::ops::ControlFlow;

use kithkin_core::{Attachment, Millis};

use super::{ImportError, ImportOptions, Imported, Item, read_stream};

/// 2026-01-01.
const NOW: Millis = 1_767_225_600_000;

fn options() -> ImportOptions {
    ImportOptions::new(NOW)
}

fn for_ann() -> ImportOptions {
    ImportOptions { person: Some("ann".parse().unwrap()), ..options() }
}

/// Reads `bytes` as the file `log.json`; each item as a line, see [`show`].
fn run(bytes: &[u8], options: &ImportOptions) -> (Vec<String>, Result<Imported, ImportError>) {
    let mut items = Vec::new();
    let mut source = bytes;
    let done = read_stream("log.json", &mut source, options, &mut |item| {
        items.push(show(&item));
        ControlFlow::Continue(())
    });
    (items, done)
}

/// `person|conversation|session|id|speaker|role|said_at|text|attachments`, or `! location: why`.
fn show(item: &Item) -> String {
    match item {
        Item::Turn { person, turn, recorded_at } => {
            let time = turn.said_at.map_or("?".to_owned(), |time| time.to_string());
            let recorded = recorded_at.map_or(String::new(), |at| format!("@{at}"));
            let attached = turn.attachments.iter().map(|Attachment { kind, caption, reference }| {
                format!("[{kind} {} {}]", caption.as_deref().unwrap_or("-"), reference.as_deref().unwrap_or("-"))
            });
            let attached: String = attached.collect();
            let fields = [
                person.as_str(),
                turn.conversation.as_str(),
                turn.session.as_str(),
                turn.id.as_str(),
                &turn.speaker,
                turn.role.as_str(),
                &time,
                &turn.text,
                &attached,
                &recorded,
            ];
            fields.join("|").trim_end_matches('|').to_owned()
        }
        Item::Method { person, binding } => format!("method {person} {} {}", binding.method, binding.spec),
        Item::Feedback { person, location, feedback } => {
            let shown: Vec<_> = feedback.shown.iter().map(|s| (s.turn.as_str(), s.useful)).collect();
            format!("feedback {person} {location} {} {shown:?}", feedback.question)
        }
        Item::Rejected { location, why } => format!("! {location}: {why}"),
    }
}

/// Every line matches its expectation, in which `…` stands for anything.
fn assert_lines(got: &[String], expect: &[&str]) {
    let fits = |got: &str, expect: &str| {
        let mut rest = got;
        let mut parts = expect.split('…');
        let start = parts.next().and_then(|start| rest.strip_prefix(start));
        rest = start.unwrap_or_default();
        let all = parts.clone().all(|part| rest.split_once(part).map(|(_, after)| rest = after).is_some());
        start.is_some() && all && (rest.is_empty() || parts.next_back() == Some(""))
    };
    let all = got.len() == expect.len() && got.iter().zip(expect).all(|(got, expect)| fits(got, expect));
    assert!(all, "got:\n{}\n\nexpected:\n{}", got.join("\n"), expect.join("\n"));
}
