//! Texts that end a reply, found across pieces: what may still become one is held back until it is clear.

/// The texts, and what is held back.
#[derive(Debug)]
pub(super) struct StopTexts<'a> {
    texts: Vec<&'a str>,
    held: String,
    stopped: bool,
}

impl<'a> StopTexts<'a> {
    /// None of the texts is empty.
    pub(super) fn new(texts: Vec<&'a str>) -> Self {
        Self { texts, held: String::new(), stopped: false }
    }

    /// Takes a piece; gives what is certain to come before any of the texts, and whether one was found. Nothing comes
    /// after one.
    pub(super) fn push(&mut self, piece: &str) -> (String, bool) {
        if self.stopped {
            return (String::new(), true);
        }
        self.held.push_str(piece);
        if let Some(at) = self.texts.iter().filter_map(|text| self.held.find(text)).min() {
            self.stopped = true;
            let certain = self.held[..at].to_owned();
            self.held.clear();
            return (certain, true);
        }
        let may_begin = |at: &usize| self.texts.iter().any(|text| text.starts_with(&self.held[*at..]));
        let from = self.held.char_indices().map(|(at, _)| at).find(may_begin).unwrap_or(self.held.len());
        let rest = self.held.split_off(from);
        (std::mem::replace(&mut self.held, rest), false)
    }

    /// Forgets what is held back.
    pub(super) fn clear(&mut self) {
        self.held.clear();
    }

    /// What is held back at the end.
    pub(super) fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_found_across_pieces_and_its_beginning_is_held_back() {
        let mut stops = StopTexts::new(vec!["<|end|>"]);
        assert_eq!(stops.push("a<b"), ("a<b".to_owned(), false));
        assert_eq!(stops.push("<"), (String::new(), false));
        assert_eq!(stops.push("|e"), (String::new(), false));
        assert_eq!(stops.push("x <|en"), ("<|ex ".to_owned(), false));
        assert_eq!(stops.push("d|> more"), (String::new(), true));
        assert_eq!((stops.push("more"), stops.finish()), ((String::new(), true), String::new()));
    }

    proptest! {
        #[test]
        fn any_pieces_give_what_comes_before_the_first_text(text in "[ab<>é]{0,30}", size in 1_usize..5) {
            let texts = vec!["<b>", "aab", "é<"];
            let mut stops = StopTexts::new(texts.clone());
            let letters: Vec<char> = text.chars().collect();
            let mut found: String = letters.chunks(size).map(|piece| stops.push(&piece.iter().collect::<String>()).0).collect();
            found += &stops.finish();
            let end = texts.iter().filter_map(|stop| text.find(stop)).min().unwrap_or(text.len());
            // Of texts that overlap, the one that is whole first ends the reply.
            prop_assert!(text.starts_with(&found) && found.len() >= end, "{found:?} of {text:?}");
            prop_assert!(texts.iter().all(|stop| !found.contains(stop)), "{found:?}");
        }
    }
}
