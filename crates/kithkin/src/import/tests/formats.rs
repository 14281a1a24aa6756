//! Each format's sample gives the turns that it should, and says what it leaves out.

use super::super::kithkin::{FeedbackRecord, Header, ShownRecord, write_feedback, write_header, write_turn};
use super::super::{Format, ImportOptions};
use super::{assert_lines, for_ann, options, run, samples};
use kithkin_core::{Binding, DerivationId, Seq, StoredTurn, Turn, VectorSpace};

fn check(sample: &str, options: &ImportOptions, format: Format, passed_over: u64, expect: &[&str]) {
    let (items, done) = run(sample.as_bytes(), options);
    assert_lines(&items, expect);
    let done = done.unwrap();
    assert_eq!((done.format, done.passed_over), (format, passed_over));
}

#[test]
fn locomo() {
    check(
        samples::LOCOMO,
        &options(),
        Format::Locomo,
        0,
        &[
            "talk-1|talk-1|session_2|D2:1|Ann|user|2024-05-08T13:56|Look|[image a dog u1]",
            "! log.json: sample 1 \"talk-1\", session_2, turn 2: there is no `dia_id`; add it as text",
            "! log.json: sample 1 \"talk-1\", session_3, turn 1: its session has no session_3_date_time; add the time, …",
            "talk-1|talk-1|session_10|D10:1|Bo|user|2024-06-02T00:09|Late!",
        ],
    );
    let given = ImportOptions { select: Some("talk-1".into()), at: Some("2020".parse().unwrap()), ..for_ann() };
    check(
        samples::LOCOMO,
        &given,
        Format::Locomo,
        0,
        &[
            "ann|talk-1|session_2|D2:1|Ann|user|2024-05-08T13:56|Look|[image a dog u1]",
            "! log.json: sample 1 \"talk-1\", session_2, turn 2: there is no `dia_id`; add it as text",
            "ann|talk-1|session_3|D3:1|Ann|user|2020|When?",
            "ann|talk-1|session_10|D10:1|Bo|user|2024-06-02T00:09|Late!",
        ],
    );
}

#[test]
fn longmemeval() {
    check(
        samples::LONGMEMEVAL,
        &options(),
        Format::LongMemEval,
        0,
        &[
            "q1|q1|s1|s1:1|user|user|2024-03-01T02:21|Hi",
            "q1|q1|s1|s1:2|assistant|assistant|2024-03-01T02:21|Hello",
            "! log.json: question 1 \"q1\", session 2 \"s2\", message 1: there is no `content`; add it as text",
            "q1|q1|s1|s1:1|user|user|2024-03-01T02:21|Hi",
            "q1|q1|s1|s1:2|assistant|assistant|2024-03-01T02:21|Hello",
            "q1|q1|s1#2|s1#2:1|user|user|2024-03-01T02:21|Other",
        ],
    );
}

#[test]
fn openai() {
    check(
        samples::OPENAI_LINES,
        &options(),
        Format::OpenAi,
        1,
        &[
            "ann|c1|c1|m0001|system|system|2023-11-14T22:13:20Z|Be kind",
            "ann|c1|c1|m0002|Ann|user|2023-11-14T22:13:20Z|See|[image - http://x/y.png]",
            "ann|c1|c1|m0004|tool|tool|2023-11-14T22:13:20Z|42",
            "! log.json line 2: the line ends inside a JSON value",
            "! log.json line 3, message 1: \"judge\" is not a role; use user, assistant, system or tool",
            "ann|log#3|log#3|m0002|user|user|?|No time",
            "! log.json line 4: there is neither `messages` nor `role`; …",
        ],
    );
    check(
        samples::OPENAI_ARRAY,
        &for_ann(),
        Format::OpenAi,
        1,
        &[
            "ann|log#1|log#1|m0001|user|user|?|One",
            "ann|log#1|log#1|m0002|assistant|assistant|2024-03-01T10:22:00Z|Two",
            "! log.json: record 1, message 4: `content` is a number; text or an array of parts was expected",
            "ann|log#1|log#1|m0005|user|user|?|Four",
        ],
    );
}

#[test]
fn chatgpt() {
    check(
        samples::CHATGPT,
        &for_ann(),
        Format::ChatGpt,
        2,
        &[
            "ann|cg1|2024-03-01T10:01|u1|user|user|2024-03-01T10:01:00Z|A dog?|[image - file-1][file - d.pdf]",
            "ann|cg1|2024-03-01T10:01|a2|assistant|assistant|2024-03-01Z|A \ndog",
            "ann|cg1|2024-03-02T10:01|v|user|user|2024-03-02T10:01:00Z|Spoken|[audio - file-2]",
            "! log.json: conversation 1 \"Dogs\", message 8: the content type \"hologram\" is not known; text was expected",
            "! log.json: conversation 2: there is no `id`; add it as text",
            "ann|cg2|2024-03-01T10:01|x|user|user|2024-03-01T10:01:00Z|Round",
            "! log.json: conversation 4 \"Orphan\": the message \"gone\" before the first is not in the file; …",
            "ann|cg3|2024-03-01T10:01|y|user|user|2024-03-01T10:01:00Z|Alone",
        ],
    );
}

#[test]
fn claude() {
    check(
        samples::CLAUDE,
        &for_ann(),
        Format::Claude,
        1,
        &[
            "! log.json: conversation 1 \"Trip\", message 4: there is no `uuid`; add it as text",
            "ann|cl1|2024-03-01T10:22|m1|user|user|2024-03-01T10:22:33.5Z|Where?|[file pasted -][image - map.png]",
            "ann|cl1|2024-03-01T16:22|m2|assistant|assistant|2024-03-01T16:22:34Z|Rome",
            "ann|cl1|2024-03-01T16:22|m3|user|user|2024-03-01Z|Thanks",
            "ann|cl2|2024-03-01T10:02|e2|user|user|2024-03-01T10:02:00Z|New",
            "ann|cl2|2024-03-01T10:02|e3|assistant|assistant|2024-03-01T10:03:00Z|Yes",
        ],
    );
}

#[test]
fn jsonl() {
    check(
        samples::JSONL,
        &for_ann(),
        Format::Jsonl,
        0,
        &[
            "bo|c|s|1|Bo|user|2024-03-01|Hi|[image a cat -]",
            "ann|log|log|358b260753e2|user|user|?|ok",
            "ann|log|log|358b260753e2-2|user|user|?|ok",
            "! log.json line 5: there is no `said_at` (null says that the time is not known); add the time, …",
            "! log.json line 6: its time 2031-01-01 lies in the future (now is 2026-01-01T00:00:00Z); correct it",
            "! log.json line 7: `said_at`: \"0000-01-01\" lies outside the years 1 to 9999",
            "! log.json line 8: `speker` is not a field of a turn; the fields are person, …, speaker, role, …",
            "! log.json line 9: `said_at` is a number; write a time as text, or null if it is not known",
            "! log.json line 10: the turn has no text and no caption; leave it out or give it one",
            "! log.json line 11: id 1 occurs twice in this file with different content; the first was kept; …",
            "! log.json line 12: turn id \"a\\0b\" holds the control character '\\0'; remove it",
            "! log.json line 13: not valid JSON at line 13 column 13: EOF while parsing a string",
        ],
    );
    check(
        "{\"id\":\"1\",\"text\":\"x\",\"said_at\":\"2024\"}\n{\"id\":\"1\",\"text\":\"x\",\"said_at\":\"2024\"}",
        &for_ann(),
        Format::Jsonl,
        0,
        &["ann|log|log|1|user|user|2024|x", "ann|log|log|1|user|user|2024|x"],
    );
}

#[test]
fn kithkin() {
    check(
        samples::KITHKIN,
        &options(),
        Format::Kithkin,
        0,
        &[
            "method bo hybrid {}",
            "bo|c|s|1|Bo|user|2024|Hi||@5",
            "bo|c|s|1|Bo|user|2031|Ho||@6",
            "cy|c|s|1|Cy|user|?|Hi||@5",
            "! log.json: person cy: the file ends after 1 of 2 turns; export again",
        ],
    );
}

#[test]
fn what_an_export_writes_is_read_back() {
    let turn: Turn = serde_json::from_str(
        r#"{"conversation":"c","session":"s","id":"ü","speaker":"Bö","role":"tool","said_at":"2024-03-01T10:22:00.5+02:00",
            "text":"a\n\"b\"\\ 🦊\u2028","attachments":[{"kind":"image","caption":"x"},{"kind":"file","reference":"y"}]}"#,
    )
    .unwrap();
    let method =
        Binding { method: "m".parse().unwrap(), spec: "{\"a\":1}".into(), derivation: DerivationId("d".into()) };
    let header = Header { person: "Ann Lee".parse().unwrap(), method: Some(method.clone()), turns: 1, feedback: 1 };
    let stored = StoredTurn { seq: Seq(9), version: 3, supersedes: None, recorded_at: -7, turn: turn.clone() };
    let mut file = Vec::new();
    write_header(&mut file, &header).unwrap();
    write_turn(&mut file, &stored).unwrap();
    let shown = ShownRecord {
        conversation: turn.conversation.clone(),
        turn: turn.id.clone(),
        version: 3,
        content: turn.content_hash().to_string(),
        useful: true,
    };
    let feedback = FeedbackRecord {
        question: "\"where?\"\n🦊".into(),
        asked_at: -1,
        recorded_at: i64::MAX,
        space: Some(VectorSpace("v".into())),
        vector: vec![0.1, -1e-30, f32::MAX],
        shown: vec![shown],
    };
    write_feedback(&mut file, feedback.clone()).unwrap();

    let mut items = Vec::new();
    super::super::read_stream("x", &mut file.as_slice(), &options(), &mut |item| {
        items.push(item);
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    let person = header.person;
    let method = super::super::Item::Method { person: person.clone(), binding: method };
    let feedback = super::super::Item::Feedback { person: person.clone(), location: "line 3".into(), feedback };
    assert_eq!(items, [method, super::super::Item::Turn { person, turn, recorded_at: Some(-7) }, feedback]);
}
