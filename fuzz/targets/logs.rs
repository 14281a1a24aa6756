//! Chat logs: every format, named or recognised, as a stream and out of an archive.

use std::ops::ControlFlow;

use kithkin::import::{Format, ImportOptions, Item, read, read_stream};
use kithkin_fuzz::fuzz;

const WORDS: [&str; 24] = [
    "\"role\":\"user\"",
    "\"content\":",
    "\"messages\":[",
    "\"chat_messages\":[",
    "\"mapping\":{",
    "\"uuid\":",
    "\"sender\":\"human\"",
    "\"said_at\":null",
    "\"said_at\":\"2024-05-01\"",
    "\"attachments\":[{\"kind\":\"consent\"}]",
    "\"kithkin_export\":1,",
    "\"feedback\":",
    "\"person\":\"p\"",
    "\"session_1\":[",
    "\"haystack_sessions\":[",
    "\"parent\":",
    "\"children\":[",
    "\"create_time\":1e300",
    "{\"version\":1,\"recorded_at\":0,\"turn\":",
    "\"type\":\"consent\"",
    "\"text\":",
    "\"dia_id\":\"D1:1\"",
    "9999-12-31",
    "\\u0000",
];

fn options(format: Option<Format>) -> ImportOptions {
    let mut options = ImportOptions::new(1_714_521_600_000);
    options.format = format;
    options.person = Some("p".parse().unwrap());
    options.at = Some("2024-05-01".parse().unwrap());
    options
}

/// What is handed on is what may be stored.
fn check(item: Item) -> ControlFlow<()> {
    if let Item::Turn { turn, .. } = item {
        turn.validate().unwrap();
    }
    ControlFlow::Continue(())
}

#[test]
fn logs() {
    const FORMATS: [Option<Format>; 8] = [
        None,
        Some(Format::Jsonl),
        Some(Format::Kithkin),
        Some(Format::OpenAi),
        Some(Format::Locomo),
        Some(Format::LongMemEval),
        Some(Format::ChatGpt),
        Some(Format::Claude),
    ];
    fuzz("logs", &WORDS, |input| {
        for format in FORMATS {
            // Whatever is wrong is told; a failure is a panic.
            let _ = read_stream("log.json", &mut &input[..], &options(format), &mut check);
        }
    });
}

#[test]
fn archives() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export.zip");
    fuzz("archives", &["PK\u{3}\u{4}", "PK\u{1}\u{2}", "PK\u{5}\u{6}", "conversations.json"], |input| {
        std::fs::write(&file, input).unwrap();
        let _ = read(&file, &options(None), &mut check);
    });
}
