//! The lines of a file of any length, one at a time, none longer than the limit.
//!
//! Lines are bytes: whoever reads them decides what a line with a wrong encoding means.

use std::io::{self, BufRead, BufReader, Read};

use super::stream::MAX_ELEMENT;

/// See the module.
pub(super) struct Lines<'r> {
    inner: BufReader<&'r mut dyn Read>,
    number: u64,
    buffer: Vec<u8>,
}

/// A line with its number, from 1.
pub(super) struct Line<'a> {
    pub(super) number: u64,
    /// The text without the line break, or why it cannot be had.
    pub(super) text: Result<&'a str, String>,
}

impl<'r> Lines<'r> {
    pub(super) fn new(inner: &'r mut dyn Read) -> Self {
        Self { inner: BufReader::with_capacity(64 << 10, inner), number: 0, buffer: Vec::new() }
    }

    /// The next line that is not blank.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let whole = loop {
            let Some(whole) = self.take()? else { return Ok(None) };
            if !whole || !self.buffer.trim_ascii().is_empty() {
                break whole;
            }
        };
        let text = if whole {
            std::str::from_utf8(&self.buffer).map_err(|error| {
                let at = error.valid_up_to() + 1;
                format!("byte {at} of the line is not UTF-8; write the file in UTF-8, see `iconv -t UTF-8`")
            })
        } else {
            Err(format!("the line is longer than {} MiB; split it", MAX_ELEMENT >> 20))
        };
        Ok(Some(Line { number: self.number, text }))
    }

    /// Reads a line into the buffer; `false` if it is too long and was passed over, `None` at the end.
    fn take(&mut self) -> io::Result<Option<bool>> {
        self.buffer.clear();
        let mut whole = true;
        let mut any = false;
        loop {
            let chunk = match self.inner.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if chunk.is_empty() {
                self.number += u64::from(any);
                return Ok(any.then_some(whole));
            }
            any = true;
            let end = chunk.iter().position(|&b| b == b'\n');
            let (text, used) = match end {
                Some(end) => (chunk.get(..end).unwrap_or_default(), end + 1),
                None => (chunk, chunk.len()),
            };
            if self.buffer.len() + text.len() > MAX_ELEMENT {
                whole = false;
                self.buffer = Vec::new();
            }
            if whole {
                self.buffer.extend_from_slice(text);
            }
            self.inner.consume(used);
            if end.is_some() {
                self.number += 1;
                return Ok(Some(whole));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_count_and_are_passed_over() {
        let mut source: &[u8] = b"a\r\n\n  \nb\xff\nc";
        let mut lines = Lines::new(&mut source);
        let mut seen = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            seen.push((line.number, line.text.map(str::to_owned).map_err(|why| why[..8].to_owned())));
        }
        assert_eq!(seen, [(1, Ok("a\r".into())), (4, Err("byte 2 o".into())), (5, Ok("c".into()))]);
    }

    #[test]
    fn a_line_without_end_is_refused_and_does_not_fill_the_memory() {
        let long = (MAX_ELEMENT as u64) * 3;
        let mut source = io::repeat(b'x').take(long).chain(&b"\nnext"[..]);
        let mut lines = Lines::new(&mut source);
        assert!(lines.next().unwrap().unwrap().text.unwrap_err().contains("64 MiB"));
        assert!(lines.buffer.capacity() <= MAX_ELEMENT);
        assert_eq!(lines.next().unwrap().unwrap().text, Ok("next"));
        assert!(lines.next().unwrap().is_none());
    }
}
