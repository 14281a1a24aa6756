//! What a file is, by its first bytes and the keys of its first object. File names count for nothing.

use super::archive::MAGIC;
use super::stream::{Fault, Scanner};
use super::{Format, ImportError};

/// How many lines are tried when the file as a whole says nothing: a broken first line should not hide the rest.
const LINES: usize = 20;

/// Refuses what is no UTF-8 text; gives how many bytes of a byte order mark to pass over.
pub(super) fn check_start(name: &str, head: &[u8]) -> Result<usize, ImportError> {
    let encoding = |at: u64, found: &str, from| {
        Err(ImportError::Encoding { name: name.to_owned(), at, found: found.to_owned(), from })
    };
    if head.starts_with(MAGIC) {
        let why = "it cannot be read from a pipe; give its path".to_owned();
        return Err(ImportError::Archive { name: name.to_owned(), why });
    }
    // JSON begins with two ASCII characters, so NUL bytes beside them show the wider encodings without their mark.
    match head {
        [0xff, 0xfe, 0, 0, ..] | [_, 0, 0, 0, ..] => encoding(0, "UTF-32", "UTF-32LE"),
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, _, ..] => encoding(0, "UTF-32", "UTF-32BE"),
        [0xff, 0xfe, ..] => encoding(0, "a UTF-16 mark", "UTF-16"),
        [0xfe, 0xff, ..] => encoding(0, "a UTF-16 mark", "UTF-16"),
        [first, 0, ..] if *first != 0 => encoding(1, "UTF-16 (a NUL)", "UTF-16LE"),
        [0, second, ..] if *second != 0 => encoding(0, "UTF-16 (a NUL)", "UTF-16BE"),
        _ => {
            let mark = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
            let blank = head.get(mark..).unwrap_or_default().trim_ascii().is_empty();
            // White space beyond the head is some other file's beginning only in theory.
            if blank { Err(ImportError::Empty { name: name.to_owned() }) } else { Ok(mark) }
        }
    }
}

/// The format of a file that begins with `head`, or what was seen instead.
pub(super) fn recognise(head: &[u8]) -> Result<Format, String> {
    let shape = shape(head);
    if let Some(format) = shape.format() {
        return Ok(format);
    }
    let lines = head.split(|&b| b == b'\n').take(LINES);
    let line = lines.map(self::shape).filter(|shape| !shape.array).find_map(|shape| shape.format());
    line.ok_or_else(|| shape.describe(head))
}

/// Whether the first line is a whole JSON value with more behind it, so that the file can be read a line at a time.
pub(super) fn is_line_by_line(head: &[u8]) -> bool {
    let head = head.trim_ascii_start();
    let Some(end) = head.iter().position(|&b| b == b'\n') else { return false };
    let (first, rest) = head.split_at(end);
    !rest.trim_ascii().is_empty() && serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok()
}

/// The first object and what stands around it.
#[derive(Debug, Default)]
struct Shape {
    array: bool,
    keys: Vec<String>,
    /// The key `conversation` holds an object.
    nested: bool,
}

impl Shape {
    fn format(&self) -> Option<Format> {
        let has = |key: &str| self.keys.iter().any(|k| k == key);
        let rules = [
            (has("kithkin_export"), Format::Kithkin),
            (has("haystack_sessions") || has("haystack_session_ids"), Format::LongMemEval),
            (has("mapping") || has("current_node"), Format::ChatGpt),
            (has("chat_messages"), Format::Claude),
            (has("messages"), Format::OpenAi),
            (has("sample_id") || (has("conversation") && self.nested), Format::Locomo),
            (has("text") && !self.array, Format::Jsonl),
            (has("role") && (has("content") || has("tool_calls")), Format::OpenAi),
        ];
        rules.into_iter().find(|(fits, _)| *fits).map(|(_, format)| format)
    }

    fn describe(&self, head: &[u8]) -> String {
        let within = if self.array { "an array of objects" } else { "an object" };
        if !self.keys.is_empty() {
            let keys = self.keys.iter().take(10).map(|key| format!("{key:.40}")).collect::<Vec<_>>().join(", ");
            return format!("it holds {within} with the keys {keys}");
        }
        let start: String = String::from_utf8_lossy(head).trim_start().chars().take(40).collect();
        format!("it begins with {start:?}, which is no chat log in JSON")
    }
}

fn shape(mut head: &[u8]) -> Shape {
    let mut shape = Shape::default();
    // The head may end anywhere, so what was seen up to there has to do.
    let _ = look(&mut Scanner::new(&mut head, 0, 1), &mut shape);
    shape
}

fn look(scanner: &mut Scanner<'_>, shape: &mut Shape) -> Result<(), Fault> {
    while scanner.peek()? == Some(b'[') {
        shape.array = true;
        scanner.enter(b'[')?;
    }
    scanner.enter(b'{')?;
    let mut first = true;
    while let Some(key) = scanner.key(&mut first)? {
        let object = scanner.peek()? == Some(b'{');
        shape.nested |= object && key == "conversation";
        shape.keys.push(key);
        scanner.skip()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_from_a_document() {
        let check = |head: &str, expect: bool| assert_eq!(is_line_by_line(head.as_bytes()), expect, "{head:?}");
        check("{\"a\":1}\n{\"b\"", true);
        check("\n{\"a\":1}\n\n{}", true);
        check("[{\"messages\":[]}]\n", false);
        check("{\"a\":1}", false);
        check("[\n{\"a\":1}]", false);
        check("", false);
    }

    #[test]
    fn formats_by_content() {
        let check = |head: &str, expect: Result<Format, &str>| {
            let got = recognise(head.as_bytes());
            assert_eq!(got.as_ref().map_err(String::as_str), expect.as_ref().map_err(|saw| *saw), "{head}");
        };
        check(r#"[{"qa":[], "conversation":{"speaker_a":"A", "sess"#, Ok(Format::Locomo));
        check(r#"{"sample_id":"s"}"#, Ok(Format::Locomo));
        check(r#"[{"question_id":"q","haystack_dates":[],"haystack_sessions":[["#, Ok(Format::LongMemEval));
        check(r#"[{"title":"t","mapping":{"a":"#, Ok(Format::ChatGpt));
        check(r#"[{"uuid":"u","name":"n","chat_messages":["#, Ok(Format::Claude));
        check(r#"[{"role":"user","content":"x"}]"#, Ok(Format::OpenAi));
        check(r#"[[{"role":"user","content":"x"}]]"#, Ok(Format::OpenAi));
        check(r#"{"messages":["#, Ok(Format::OpenAi));
        check("{\"conversation\":\"c\",\"text\":\"x\"}\n{", Ok(Format::Jsonl));
        check("# a comment\n{\"text\":\"x\"}\n", Ok(Format::Jsonl));
        check(r#"{"kithkin_export":1}"#, Ok(Format::Kithkin));
        check(r#"[{"text":"x"}]"#, Err("it holds an array of objects with the keys text"));
        check(r#"{"a":1,"b":2}"#, Err("it holds an object with the keys a, b"));
        check("Hello there", Err("it begins with \"Hello there\", which is no chat log in JSON"));
    }
}
