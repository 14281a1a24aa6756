//! Whatever the bytes are: no panic, no endless loop, and an answer that names what to do.

use std::io::{Cursor, Write};
use std::ops::ControlFlow;

use super::super::{FORMATS, Format, ImportError, ImportOptions, Item, archive, read, read_stream};
use super::{assert_lines, for_ann, options, run, samples, show};
use proptest::prelude::*;

fn check_error(bytes: &[u8], options: &ImportOptions, expect: &str) {
    let error = run(bytes, options).1.unwrap_err().to_string();
    assert!(error.contains(expect), "{error}");
}

#[test]
fn files_that_cannot_be_used() {
    check_error(b"", &options(), "log.json is empty");
    check_error(b"\xef\xbb\xbf \n", &options(), "log.json is empty");
    check_error(b"Dear diary", &options(), "it begins with \"Dear diary\"");
    check_error(b"{\"a\": 1}", &options(), "name one of them with --format: locomo, longmemeval, openai");
    check_error(b"PK\x03\x04", &options(), "cannot be read from a pipe");
    check_error(samples::CHATGPT.as_bytes(), &options(), "name the person with --person");
    check_error(samples::OPENAI_ARRAY.as_bytes(), &options(), "name the person with --person");
    let other = ImportOptions { select: Some("x".into()), ..options() };
    check_error(samples::LOCOMO.as_bytes(), &other, "no conversation \"x\" to select; it has: talk-1, talk-2");
    check_error(b"{\"kithkin_export\":3}", &options(), "newer Kithkin");
    let utf16 = |mark: &[u8], order: fn(u16) -> [u8; 2]| {
        let units = samples::LOCOMO.encode_utf16().flat_map(order);
        mark.iter().copied().chain(units).collect::<Vec<u8>>()
    };
    check_error(&utf16(b"\xff\xfe", u16::to_le_bytes), &options(), "at byte 0; convert it with `iconv -f UTF-16 -t");
    check_error(&utf16(b"", u16::to_le_bytes), &options(), "at byte 1; convert it with `iconv -f UTF-16LE -t UTF-8`");
    check_error(&utf16(b"", u16::to_be_bytes), &options(), "at byte 0; convert it with `iconv -f UTF-16BE -t UTF-8`");
}

#[test]
fn a_format_that_the_content_contradicts_is_given_up() {
    for (sample, asked) in [(samples::LOCOMO, "chatgpt"), (samples::CLAUDE, "jsonl"), (samples::JSONL, "openai")] {
        let asked: Format = asked.parse().unwrap();
        let given = ImportOptions { format: Some(asked), ..for_ann() };
        let (items, done) = run(sample.as_bytes(), &given);
        assert!(items.len() <= 20 && items.iter().all(|item| item.starts_with("! ")), "{items:#?}");
        assert!(matches!(done, Err(ImportError::WrongFormat { asked: a, .. }) if a == asked), "{done:?}");
    }
}

#[test]
fn a_wrong_byte_stops_a_document_and_spoils_one_line() {
    let broken = |sample: &str, at: &str| {
        let at = sample.find(at).unwrap();
        let mut bytes = sample.as_bytes().to_vec();
        bytes[at] = 0xe9;
        (bytes, at)
    };
    let (document, at) = broken(samples::OPENAI_ARRAY, "Four");
    let (items, done) = run(&document, &for_ann());
    assert_eq!(items.len(), 3, "{items:#?}");
    assert!(matches!(done, Err(ImportError::Encoding { at: a, .. }) if a == at as u64), "{done:?}");

    let (lines, _) = broken(samples::JSONL, "no time");
    let (items, done) = run(&lines, &for_ann());
    assert!(items[3].contains("log.json line 5: byte 11 of the line is not UTF-8"), "{}", items[3]);
    assert_eq!((items.len(), done.is_ok()), (12, true));
}

#[test]
fn what_is_whole_before_a_cut_is_read() {
    let check = |sample: &str, cut: &str, expect: &[&str]| {
        let at = sample.find(cut).unwrap();
        let (items, done) = run(&sample.as_bytes()[..at], &for_ann());
        assert_lines(&items, expect);
        done.unwrap();
    };
    check(
        samples::OPENAI_ARRAY,
        "\"  \"",
        &["ann|log#1|…|One", "ann|log#1|…|Two", "! log.json line 4 column 31: the file ends early, inside a value; …"],
    );
    check(
        samples::LONGMEMEVAL,
        "\"Other\"",
        &["…|Hi", "…|Hello", "! …", "…|Hi", "…|Hello", "! log.json line 9 column 34: the file ends early…"],
    );
    check(
        samples::CHATGPT,
        "\"title\": \"Orphan\"",
        &["…A dog?…", "…\ndog", "…", "! …", "! …", "…|Round", "! …early, …"],
    );
    check(samples::CLAUDE, "\"e2\"", &["! …uuid…", "…", "…Rome", "…Thanks", "! …early, …"]);
}

#[test]
fn a_broken_item_spoils_no_other() {
    let check = |from: &str, to: &str, expect: &[&str]| {
        let (items, done) = run(samples::CLAUDE.replacen(from, to, 1).as_bytes(), &for_ann());
        assert_lines(&items, expect);
        done.unwrap();
    };
    // A value that is no JSON costs its message.
    check("\"Thanks\"", "Thanks", &["! …message 3: not valid JSON at line 7 column…", "! …", "…", "…", "…New", "…Yes"]);
    // A missing comma between messages costs the conversation.
    check(
        "\"Thanks\"},",
        "\"Thanks\"}",
        &["! log.json: conversation 1: not valid JSON at line 8 column 5: `,` or `]` was expected…", "…New", "…Yes"],
    );
}

#[test]
fn zip_archives() {
    let archive = |files: &[(&str, &str)]| {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap()
    };
    let run = |mut zip: Cursor<Vec<u8>>| {
        let mut items = Vec::new();
        let mut sink = |item: Item| {
            items.push(show(&item));
            ControlFlow::Continue(())
        };
        let done = archive::read("export.zip", &mut zip, &for_ann(), &mut sink);
        (items, done)
    };
    let one = r#"[{"uuid":"1","created_at":"2024-03-01","chat_messages":[{"uuid":"a","sender":"human","text":"A"}]}]"#;
    let two = r#"[{"uuid":"2","created_at":"2024-03-01","chat_messages":[{"sender":"human","text":"B"}]}]"#;
    let files = [("u/users.json", "[]"), ("u/conversations-001.json", two), ("u/conversations-000.json", one)];
    let (items, done) = run(archive(&files));
    assert_lines(&items, &["ann|1|2024-03-01|a|…|A", "! u/conversations-001.json: conversation 1 \"\", message 1: …"]);
    assert_eq!(done.unwrap().format, Format::Claude);

    let error = run(archive(&[("photos/a.png", "x")])).1.unwrap_err().to_string();
    assert!(error.contains("it holds no conversations.json, only: photos/a.png"), "{error}");
    let mut cut = archive(&files);
    cut.get_mut().truncate(200);
    assert!(matches!(run(cut).1, Err(ImportError::Archive { .. })));

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("any name");
    std::fs::write(&path, archive(&files).into_inner()).unwrap();
    let mut count = 0;
    let mut sink = |_| {
        count += 1;
        ControlFlow::Continue(())
    };
    read(&path, &for_ann(), &mut sink).unwrap();
    assert_eq!(count, 2);
    let absent = read(&dir.path().join("absent"), &for_ann(), &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(absent.blame(), kithkin_core::Blame::Missing);
}

#[test]
fn an_archive_unpacks_to_a_bounded_size() {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let deflated = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for name in ["conversations-0.json", "conversations-1.json"] {
        zip.start_file(name, deflated).unwrap();
        zip.write_all(b"[{\"uuid\":\"1\",\"created_at\":\"2024-03-01\",\"chat_messages\":[").unwrap();
        for _ in 0..40 {
            zip.write_all(&vec![b' '; 1 << 20]).unwrap();
        }
        zip.write_all(b"]}]").unwrap();
    }
    let mut zip = zip.finish().unwrap();
    // Either file alone would be small enough.
    let error = archive::read("a.zip", &mut zip, &for_ann(), &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(
        error.to_string().starts_with("conversations-1.json cannot be read: what it unpacks to is more"),
        "{error}"
    );
}

#[test]
fn the_receiver_may_end_it() {
    for sample in samples::ALL {
        let mut count = 0;
        let mut source = sample.as_bytes();
        let mut sink = |_| {
            count += 1;
            ControlFlow::Break(())
        };
        read_stream("x", &mut source, &for_ann(), &mut sink).unwrap();
        assert_eq!(count, 1);
    }
}

/// No file gives more items than it has bytes; a loop without end would.
fn survives(bytes: &[u8], format: Option<Format>) {
    let mut items = 0;
    let mut source = bytes;
    let given = ImportOptions { format, ..for_ann() };
    let _ = read_stream("x", &mut source, &given, &mut |item| {
        items += 1;
        assert!(items <= bytes.len(), "{item:?}");
        if let Item::Turn { turn, .. } = item {
            assert_eq!(turn.validate(), Ok(()));
        }
        ControlFlow::Continue(())
    });
}

fn any_format() -> impl Strategy<Value = Option<Format>> {
    (0..=FORMATS.len()).prop_map(|index| FORMATS.get(index).map(|entry| entry.format))
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300), format in any_format()) {
        survives(&bytes, format);
    }

    #[test]
    fn any_json_is_survived(text in "[\\[\\]{}:, \\\\\"a1-]{0,60}", format in any_format()) {
        survives(text.as_bytes(), format);
    }

    #[test]
    fn a_sample_with_any_change_is_survived(
        sample in prop::sample::select(&samples::ALL[..]),
        format in any_format(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..6, any::<u8>()), 1..6),
    ) {
        let mut bytes = sample.as_bytes().to_vec();
        for (at, change, byte) in changes {
            let at = at.index(bytes.len());
            match change {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, *b"{}[]\",:\\n".get(usize::from(byte) % 9).unwrap()),
                2 => { bytes.remove(at); }
                3 => bytes.truncate(at.max(1)),
                4 => { bytes.drain(at..(at + usize::from(byte)).min(bytes.len())); }
                _ => { let copy = bytes[at..(at + usize::from(byte)).min(bytes.len())].to_vec(); bytes.splice(at..at, copy); }
            }
            if bytes.is_empty() { break; }
        }
        survives(&bytes, format);
        survives(&bytes, None);
    }
}
