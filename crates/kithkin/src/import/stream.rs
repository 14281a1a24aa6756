//! A pull scanner over JSON text of any length: it walks arrays and objects and hands out one value at a time.
//!
//! The scanner only finds where values begin and end; `serde_json` reads them. So a broken value spoils nothing but
//! itself, and no more than one value, or one stretch of look-ahead, is held in memory. It does not recover from an
//! error between values: a missing comma ends the reading of what holds it.

use std::io::{self, Read};

use serde_json::{Map, Value};

use super::parse::{Place, parse};

/// The longest value, line or look-ahead that is held in memory, in bytes: 64 MiB.
pub(super) const MAX_ELEMENT: usize = 64 << 20;

/// How many messages of one conversation are held at once, where their order shows only at its end.
pub(super) const MAX_MESSAGES: usize = 1 << 19;

/// How much is read at once.
const CHUNK: usize = 64 << 10;

/// Why the scanner cannot go on.
#[derive(Debug)]
pub(super) enum Fault {
    /// The source failed.
    Io(io::Error),
    /// A byte that is no UTF-8, at this position in the file.
    Encoding { at: u64, byte: u8 },
    /// The text ends inside a value.
    EndsEarly(Place),
    /// No JSON.
    Syntax(Place, String),
    /// More than [`MAX_ELEMENT`] would have to be held. It never leaves the scanner.
    TooLarge,
}

/// What a look-ahead saw of the value that comes next.
#[derive(Debug)]
pub(super) struct Ahead {
    /// The keys of the object; those that were not asked for stand with null.
    pub(super) fields: Map<String, Value>,
    /// How far the value reaches.
    pub(super) extent: Extent,
}

/// How far a value reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// To this byte of the file.
    Whole(u64),
    /// Beyond [`MAX_ELEMENT`].
    TooLarge,
    /// Beyond the end of the file, or to a byte that cannot be read.
    Broken,
}

#[derive(Debug, Clone, Copy)]
struct Hold {
    at: u64,
    place: Place,
}

/// See the module.
pub(super) struct Scanner<'r> {
    inner: &'r mut dyn Read,
    /// What was read and is still needed. Behind `valid` lie at most the first bytes of an unfinished character.
    buffer: Vec<u8>,
    valid: usize,
    position: usize,
    /// The byte of the file that `buffer` begins with.
    base: u64,
    /// Bytes from here on are kept, so that the scanner can go back to them.
    hold: Option<Hold>,
    /// The place of `buffer[counted]`.
    place: Place,
    counted: usize,
    ended: bool,
    invalid: Option<(u64, u8)>,
}

impl<'r> Scanner<'r> {
    /// A scanner of `inner`, whose first byte is byte `base` of the file and stands at the start of `line`.
    pub(super) fn new(inner: &'r mut dyn Read, base: u64, line: u64) -> Self {
        Self {
            inner,
            buffer: Vec::new(),
            valid: 0,
            position: 0,
            base,
            hold: None,
            place: Place { line, column: 1 },
            counted: 0,
            ended: false,
            invalid: None,
        }
    }

    /// Where the scanner stands.
    pub(super) fn place(&mut self) -> Place {
        self.count_to(self.position);
        self.place
    }

    /// The next byte that is not white space, without taking it; `None` at the end.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, Fault> {
        while let Some(byte) = self.byte()? {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Ok(Some(byte));
            }
            self.position += 1;
        }
        Ok(None)
    }

    /// Takes the bracket that opens an array or an object.
    pub(super) fn enter(&mut self, open: u8) -> Result<(), Fault> {
        match self.peek()? {
            Some(byte) if byte == open => {
                self.position += 1;
                Ok(())
            }
            found => Err(self.unexpected(&format!("`{}`", char::from(open)), found)),
        }
    }

    /// Moves to the next item of the array that was entered; `false` after its end. `first` MUST be true before the
    /// first item and is cleared. The item MUST be taken before the next call.
    pub(super) fn item(&mut self, first: &mut bool) -> Result<bool, Fault> {
        self.next(b']', first)
    }

    /// Moves to the next value of the object that was entered and gives its key, as [`Scanner::item`] does for arrays.
    pub(super) fn key(&mut self, first: &mut bool) -> Result<Option<String>, Fault> {
        if !self.next(b'}', first)? {
            return Ok(None);
        }
        let place = match self.peek()? {
            Some(b'"') => self.place(),
            found => return Err(self.unexpected("a key in quotes", found)),
        };
        let key = match self.json()? {
            Ok(Value::String(key)) => key,
            Ok(_) => return Err(Fault::Syntax(place, "a key is text in quotes".to_owned())),
            Err(why) => return Err(Fault::Syntax(place, why)),
        };
        match self.peek()? {
            Some(b':') => self.position += 1,
            found => return Err(self.unexpected("`:` after the key", found)),
        }
        Ok(Some(key))
    }

    /// Takes the next value. The inner error says why that one value cannot be read; the scanner stands behind it.
    pub(super) fn json(&mut self) -> Result<Result<Value, String>, Fault> {
        self.peek()?;
        let outer = self.hold;
        let start = self.mark();
        if outer.is_none() {
            self.hold = Some(start);
        }
        let extent = self.pass();
        self.hold = outer;
        match extent {
            Ok(()) => {}
            // Inside a look-ahead the whole look-ahead is too large, which its caller sees to.
            Err(Fault::TooLarge) if outer.is_none() => {
                self.rewind(start);
                self.skip()?;
                let limit = MAX_ELEMENT >> 20;
                return Ok(Err(format!("the value at {} is larger than {limit} MiB; split it", start.place)));
            }
            Err(fault) => return Err(fault),
        }
        let from = usize::try_from(start.at - self.base).unwrap_or(usize::MAX);
        let bytes = self.buffer.get(from..self.position).unwrap_or_default();
        Ok(parse(bytes).map_err(|refused| refused.at(start.place)))
    }

    /// Passes over the next value, however large it is.
    pub(super) fn skip(&mut self) -> Result<(), Fault> {
        self.pass()
    }

    /// Looks at the object that comes next, without moving: the values of the keys in `wanted` as far as they can be
    /// seen within [`MAX_ELEMENT`] bytes, and how far the object reaches. Only a failing source is an error.
    pub(super) fn look_ahead(&mut self, wanted: &[&str]) -> Result<Ahead, Fault> {
        self.peek()?;
        let start = self.mark();
        self.hold = Some(start);
        let extent = match self.pass() {
            Ok(()) => Extent::Whole(self.base + self.position as u64),
            Err(Fault::TooLarge) => Extent::TooLarge,
            Err(Fault::Io(error)) => return Err(Fault::Io(error)),
            Err(_) => Extent::Broken,
        };
        self.rewind(start);
        let mut fields = Map::new();
        // What is wrong with the object is told when it is read.
        let _ = self.collect(wanted, &mut fields);
        self.rewind(start);
        self.hold = None;
        Ok(Ahead { fields, extent })
    }

    /// Moves forward to the end of a value that a look-ahead saw whole.
    pub(super) fn jump(&mut self, end: u64) -> Result<(), Fault> {
        while self.base + (self.position as u64) < end {
            let missing = usize::try_from(end - self.base).unwrap_or(usize::MAX);
            self.position = missing.min(self.valid);
            if self.position < missing && !self.refill()? {
                return Ok(());
            }
        }
        Ok(())
    }

    fn collect(&mut self, wanted: &[&str], fields: &mut Map<String, Value>) -> Result<(), Fault> {
        self.enter(b'{')?;
        let mut first = true;
        while let Some(key) = self.key(&mut first)? {
            if wanted.contains(&key.as_str()) {
                let value = self.json()?.unwrap_or_default();
                fields.insert(key, value);
            } else {
                fields.insert(key, Value::Null);
                self.skip()?;
            }
        }
        Ok(())
    }

    fn next(&mut self, close: u8, first: &mut bool) -> Result<bool, Fault> {
        let was_first = std::mem::take(first);
        match self.peek()? {
            Some(byte) if byte == close => {
                self.position += 1;
                Ok(false)
            }
            Some(b',') if !was_first => {
                self.position += 1;
                Ok(true)
            }
            Some(_) if was_first => Ok(true),
            found => Err(self.unexpected(&format!("`,` or `{}`", char::from(close)), found)),
        }
    }

    /// Passes over one value by counting brackets; it takes at least one byte or fails.
    fn pass(&mut self) -> Result<(), Fault> {
        match self.peek()? {
            Some(b'{' | b'[' | b'"') => self.pass_nested(),
            Some(byte) if byte == b'-' || byte.is_ascii_alphanumeric() => {
                while self.byte()?.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.')) {
                    self.position += 1;
                }
                Ok(())
            }
            found => Err(self.unexpected("a value", found)),
        }
    }

    fn pass_nested(&mut self) -> Result<(), Fault> {
        let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
        loop {
            let chunk = self.buffer.get(self.position..self.valid).unwrap_or_default();
            let end = chunk.iter().position(|&byte| {
                if in_text {
                    in_text = escaped || byte != b'"';
                    escaped = !escaped && byte == b'\\';
                    return !in_text && depth == 0;
                }
                match byte {
                    b'"' => in_text = true,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth = depth.saturating_sub(1),
                    _ => return false,
                }
                !in_text && depth == 0
            });
            if let Some(end) = end {
                self.position += end + 1;
                return Ok(());
            }
            self.position = self.valid;
            if !self.refill()? {
                return Err(Fault::EndsEarly(self.place()));
            }
        }
    }

    fn byte(&mut self) -> Result<Option<u8>, Fault> {
        if self.position >= self.valid && !self.refill()? {
            return Ok(None);
        }
        Ok(self.buffer.get(self.position).copied())
    }

    /// Reads on until at least one more whole character is there; `false` at the end.
    fn refill(&mut self) -> Result<bool, Fault> {
        self.compact();
        if self.hold.is_some() && self.buffer.len() > MAX_ELEMENT {
            return Err(Fault::TooLarge);
        }
        let before = self.valid;
        while self.valid == before {
            if let Some((at, byte)) = self.invalid {
                return Err(Fault::Encoding { at, byte });
            }
            if self.ended {
                return Ok(false);
            }
            self.fill()?;
            self.validate();
        }
        Ok(true)
    }

    fn fill(&mut self) -> Result<(), Fault> {
        let length = self.buffer.len();
        self.buffer.resize(length + CHUNK, 0);
        let read = loop {
            match self.inner.read(self.buffer.get_mut(length..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer.truncate(length + *read.as_ref().unwrap_or(&0));
        self.ended = read.map_err(Fault::Io)? == 0;
        Ok(())
    }

    fn validate(&mut self) {
        let new = self.buffer.get(self.valid..).unwrap_or_default();
        let Err(error) = std::str::from_utf8(new) else {
            self.valid = self.buffer.len();
            return;
        };
        self.valid += error.valid_up_to();
        if error.error_len().is_some() {
            let byte = self.buffer.get(self.valid).copied().unwrap_or_default();
            self.invalid = Some((self.base + self.valid as u64, byte));
        }
    }

    /// Drops what was read and is no longer needed.
    fn compact(&mut self) {
        let held = self.hold.map(|hold| usize::try_from(hold.at - self.base).unwrap_or(0));
        let keep = held.map_or(self.position, |held| held.min(self.position));
        self.count_to(keep);
        self.buffer.drain(..keep);
        self.base += keep as u64;
        self.position -= keep;
        self.valid -= keep;
        self.counted -= keep;
    }

    fn mark(&mut self) -> Hold {
        Hold { place: self.place(), at: self.base + self.position as u64 }
    }

    fn rewind(&mut self, to: Hold) {
        self.position = usize::try_from(to.at - self.base).unwrap_or(0);
        self.counted = self.position;
        self.place = to.place;
    }

    /// Moves the counted place forward to `index`. It stays where it is if it is beyond already.
    fn count_to(&mut self, index: usize) {
        let Some(bytes) = self.buffer.get(self.counted..index) else { return };
        let lines = bytes.iter().filter(|&&b| b == b'\n').count() as u64;
        let tail = bytes.iter().rev().take_while(|&&b| b != b'\n').count() as u64;
        self.place.column = if lines > 0 { tail + 1 } else { self.place.column + tail };
        self.place.line += lines;
        self.counted = index;
    }

    fn unexpected(&mut self, wanted: &str, found: Option<u8>) -> Fault {
        let place = self.place();
        match found {
            None => Fault::EndsEarly(place),
            Some(_) => {
                let rest = self.buffer.get(self.position..self.valid).unwrap_or_default();
                let found = String::from_utf8_lossy(rest).chars().next().unwrap_or_default();
                Fault::Syntax(place, format!("{wanted} was expected, found {found:?}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time, so that every border falls inside a value once.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(self.0.len()).min(out.len());
            out[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn items(text: &[u8], step: usize) -> Vec<String> {
        let mut source = Trickle(text, step);
        let mut scanner = Scanner::new(&mut source, 0, 1);
        let mut seen = Vec::new();
        let mut walk = || -> Result<(), Fault> {
            scanner.enter(b'[')?;
            let mut first = true;
            while scanner.item(&mut first)? {
                seen.push(scanner.json()?.map_or_else(|why| why, |value| value.to_string()));
            }
            Ok(())
        };
        if let Err(fault) = walk() {
            seen.push(format!("{fault:?}"));
        }
        seen
    }

    fn check(text: &str, expect: &[&str]) {
        for step in [1, 2, 3, 1000] {
            assert_eq!(items(text.as_bytes(), step), expect, "{text} by {step}");
        }
    }

    #[test]
    fn values_one_by_one() {
        check("[]", &[]);
        check(r#" [1, "a]\"\\", {"b":[{}]} , null]"#, &["1", r#""a]\"\\""#, r#"{"b":[{}]}"#, "null"]);
        check(r#"["ü😀"]"#, &[r#""ü😀""#]);
        check("[1,\n [2", &["1", "EndsEarly(Place { line: 2, column: 4 })"]);
        check("[1 2]", &["1", r#"Syntax(Place { line: 1, column: 4 }, "`,` or `]` was expected, found '2'")"#]);
        check("[1,]", &["1", r#"Syntax(Place { line: 1, column: 4 }, "a value was expected, found ']'")"#]);
        check("[\n  {\"a\": tru},\n  2]", &["not valid JSON at line 2 column 12: expected ident", "2"]);
    }

    #[test]
    fn a_wrong_byte_is_named_by_its_position() {
        let seen = items(b"[1, \"a\xe9\"]", 4);
        assert_eq!(seen, ["1", "Encoding { at: 6, byte: 233 }"]);
    }

    #[test]
    fn a_look_ahead_sees_and_does_not_move() {
        for step in [1, 5, 1000] {
            let mut source = Trickle(b" {\"x\": [1, 2],\n \"id\": 7} 8", step);
            let mut scanner = Scanner::new(&mut source, 0, 1);
            let ahead = scanner.look_ahead(&["id"]).unwrap();
            assert_eq!(Value::Object(ahead.fields).to_string(), r#"{"id":7,"x":null}"#);
            assert_eq!(ahead.extent, Extent::Whole(24));
            assert_eq!(scanner.place(), Place { line: 1, column: 2 });
            scanner.enter(b'{').unwrap();
            scanner.jump(24).unwrap();
            assert_eq!(scanner.json().unwrap(), Ok(Value::from(8)));
            assert_eq!(scanner.peek().unwrap(), None);
        }
    }

    #[test]
    fn a_value_without_end_is_refused_and_does_not_fill_the_memory() {
        let long = io::repeat(b'x').take(MAX_ELEMENT as u64 + 1);
        let mut source = (&b"[1,\n \""[..]).chain(long).chain(&b"\", 2]"[..]);
        let mut scanner = Scanner::new(&mut source, 0, 1);
        scanner.enter(b'[').unwrap();
        let mut seen = Vec::new();
        let mut first = true;
        while scanner.item(&mut first).unwrap() {
            seen.push(scanner.json().unwrap().map_or_else(|why| why, |value| value.to_string()));
        }
        assert_eq!(seen, ["1", "the value at line 2 column 2 is larger than 64 MiB; split it", "2"]);
    }
}
