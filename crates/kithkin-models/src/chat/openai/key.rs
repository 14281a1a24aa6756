//! The key of an endpoint, kept out of everything that is printed.

use std::fmt;

/// A key. It is shown nowhere: its debug form hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct ChatKey(String);

/// A text that cannot be a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is one line of visible ASCII characters, and not empty")]
pub struct NoKey;

impl ChatKey {
    /// A key as it stands in an environment variable or a file: white space around it does not count.
    ///
    /// # Errors
    /// It is empty, or has characters that no header may have.
    pub fn new(text: &str) -> Result<Self, NoKey> {
        let text = text.trim();
        if text.is_empty() || !text.chars().all(|c| c.is_ascii_graphic()) {
            return Err(NoKey);
        }
        Ok(Self(text.to_owned()))
    }

    /// The key itself, for the header that carries it and for nothing else.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// The text with the key in it made unreadable.
    pub(super) fn hidden_in(&self, text: &str) -> String {
        text.replace(&self.0, "…")
    }
}

impl fmt::Debug for ChatKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChatKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_line_and_is_not_shown() {
        let check = |text: &str, good: bool| assert_eq!(ChatKey::new(text).is_ok(), good, "{text:?}");
        check(" sk-abc\n", true);
        for bad in ["", "  ", "a b", "a\nb", "ключ"] {
            check(bad, false);
        }
        let key = ChatKey::new("sk-abc").unwrap();
        assert_eq!(format!("{key:?} {}", key.hidden_in("bad key: sk-abc")), "ChatKey(…) bad key: …");
    }
}
