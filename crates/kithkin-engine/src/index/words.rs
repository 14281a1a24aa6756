//! Cuts a text into words and, where a script has no spaces, into pairs of characters.
//!
//! Words end where Unicode says (UAX 29), and further at every sign and apostrophe within. They come in lower case, with
//! full-width letters and digits as ASCII and without combining accents. English endings after an apostrophe ("'s",
//! "n't", "'ll") are dropped. No stemming, no list of words, no guess of a language.

use std::borrow::Cow;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// The longest word in bytes; what is longer counts by its start. Encoded files are no words, and stemmers are not linear.
const MAX_WORD: usize = 64;

/// The words of one text, in order. The buffers are used again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    text: String,
    words: Vec<(Range<usize>, Kind)>,
}

/// What a word is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters, perhaps with digits among them.
    Word,
    /// It begins with a digit.
    Number,
    /// Characters of a script without spaces: two that stand side by side, or one that stands alone. A run of n characters
    /// gives n − 1 pairs.
    Gram,
}

impl Words {
    /// Reads a text in place of the former one. Cost: about 5 ns a byte, 50 ns a character in scripts without spaces.
    pub(crate) fn read(&mut self, text: &str) {
        self.text.clear();
        self.words.clear();
        // White space always ends a word, so each piece between can take its own path.
        for piece in text.split_ascii_whitespace() {
            if piece.is_ascii() {
                self.read_ascii(piece);
            } else {
                self.read_unicode(piece);
            }
        }
    }

    /// The words of a text by themselves, where no buffer is at hand to be used again.
    pub(crate) fn of(text: &str) -> Vec<String> {
        let mut words = Self::default();
        words.read(text);
        words.iter().map(|(word, _)| word.to_owned()).collect()
    }

    /// The words with their kinds.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Kind)> {
        self.words.iter().map(|(range, kind)| (self.text.get(range.clone()).unwrap_or_default(), *kind))
    }

    /// Runs of letters and digits; an apostrophe joins only where letters stand on both sides.
    fn read_ascii(&mut self, piece: &str) {
        let start = self.text.len();
        // Most pieces are one word between signs, for which nothing need be cut.
        let inner = piece.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if inner.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            self.text.extend(inner.bytes().map(|byte| char::from(byte.to_ascii_lowercase())));
            if !inner.is_empty() {
                self.words.push((start..start + inner.len().min(MAX_WORD), kind_of(inner)));
            }
            return;
        }
        let mut last = b' ';
        let mut bytes = piece.bytes().peekable();
        while let Some(byte) = bytes.next() {
            let joins =
                byte == b'\'' && last.is_ascii_alphabetic() && bytes.peek().is_some_and(u8::is_ascii_alphabetic);
            self.text.push(if byte.is_ascii_alphanumeric() {
                char::from(byte.to_ascii_lowercase())
            } else if joins {
                '\''
            } else {
                ' '
            });
            last = byte;
        }
        self.cut(start);
    }

    fn read_unicode(&mut self, piece: &str) {
        let mut run = Run::default();
        for (at, segment) in piece.unicode_word_indices() {
            let mut start = self.text.len();
            for (offset, c) in segment.char_indices() {
                if is_unspaced(c) {
                    // Where letters of another script came first, their word is complete.
                    self.cut(start);
                    self.gram(&mut run, at + offset, c);
                    start = self.text.len();
                } else {
                    if run.last.is_some() {
                        self.end_run(&mut run);
                        start = self.text.len();
                    }
                    self.letter(c);
                }
            }
            self.cut(start);
        }
        self.end_run(&mut run);
    }

    /// One character of a segment, as it is matched.
    fn letter(&mut self, c: char) {
        let c = narrow(c);
        match c {
            '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' => {}
            '\u{ad}' | '\u{200c}' | '\u{200d}' => {}
            '’' | '\'' => self.text.push('\''),
            // The narrow space before French signs belongs to the word for Unicode, but not for a reader.
            _ if c.is_whitespace() || c.is_ascii() && !c.is_ascii_alphanumeric() => self.text.push(' '),
            // Lower case can bring a combining dot of its own (İ).
            _ => self.text.extend(c.to_lowercase().filter(|c| *c != '\u{307}')),
        }
    }

    /// Makes words of what was written from `start` on: cut at spaces, endings dropped, cut at apostrophes.
    fn cut(&mut self, start: usize) {
        let written = self.text.get(start..).unwrap_or_default();
        let mut at = start;
        for part in written.split(' ') {
            let mut inner = at;
            for word in without_ending(part).split('\'') {
                if !word.is_empty() {
                    self.words.push((inner..inner + word.floor_char_boundary(MAX_WORD), kind_of(word)));
                }
                inner += word.len() + 1;
            }
            at += part.len() + 1;
        }
    }

    /// Adds a character of a script without spaces to its run, at its place in the piece.
    fn gram(&mut self, run: &mut Run, at: usize, c: char) {
        if run.end != Some(at) {
            self.end_run(run);
        }
        if let Some(before) = run.last.replace(c) {
            self.push_gram([before, c].into_iter());
            run.paired = true;
        }
        run.end = Some(at + c.len_utf8());
    }

    /// A character that stayed alone is a word by itself.
    fn end_run(&mut self, run: &mut Run) {
        if let Run { last: Some(c), paired: false, .. } = *run {
            self.push_gram(std::iter::once(c));
        }
        *run = Run::default();
    }

    fn push_gram(&mut self, chars: impl Iterator<Item = char>) {
        let start = self.text.len();
        self.text.extend(chars);
        self.words.push((start..self.text.len(), Kind::Gram));
    }
}

/// Characters of scripts without spaces that stand side by side.
#[derive(Debug, Default)]
struct Run {
    last: Option<char>,
    paired: bool,
    end: Option<usize>,
}

fn kind_of(word: &str) -> Kind {
    if word.starts_with(char::is_numeric) { Kind::Number } else { Kind::Word }
}

fn without_ending(word: &str) -> &str {
    const ENDINGS: [&str; 7] = ["'s", "'re", "'ve", "'ll", "'d", "'m", "n't"];
    if !word.contains('\'') {
        return word;
    }
    ENDINGS.iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word)
}

/// Full-width signs, digits and letters as their ASCII twins.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// Chinese, Japanese and Korean, and the scripts of South-East Asia that put no spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}' | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{3007}' | '\u{3031}'..='\u{3035}' | '\u{3041}'..='\u{30ff}' | '\u{3130}'..='\u{318f}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
}

/// Latin letters from À to ſ without their accents; a dot where a letter has no single plain twin.
const PLAIN: [&str; 3] = [
    "AAAAAA.CEEEEIIII.NOOOOO.OUUUUY..aaaaaa.ceeeeiiii.nooooo.ouuuuy.y",
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi..JjKk.LlLlLlL",
    "lLlNnNnNn...OoOoOo..RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZz.",
];

/// What stands between spaces and signs, apostrophes kept: the words of a text as closed lists of cues have them.
pub(crate) fn cue_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '\'')).filter(|word| !word.is_empty())
}

/// Puts plain letters for accented Latin ones, so that a name is found however it was typed. For stems, not for words:
/// stemmers need the accents.
pub(crate) fn fold_accents(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return Cow::Borrowed(word);
    }
    Cow::Owned(word.chars().map(plain).collect())
}

fn plain(c: char) -> char {
    let Some(at) = (c as usize).checked_sub(0xc0) else { return c };
    let letter = PLAIN.get(at / 64).and_then(|row| row.as_bytes().get(at % 64)).copied();
    letter.filter(|l| *l != b'.').map_or(c, char::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        Words::of(text)
    }

    #[test]
    fn texts_become_words() {
        let check = |text: &str, expect: &str| assert_eq!(words(text).join(" "), expect, "{text}");
        check("Anna's dog isn't at O'Brien's, they'll SAY.", "anna dog is at o brien they say");
        check("Anna’s dog isn’t ’here’", "anna dog is here");
        check("l'été d’accord rock'n'roll", "l été d accord rock n roll");
        check("3.14 10:30 v2.0 a_b great.I x@y.org", "3 14 10 30 v2 0 a b great i x y org");
        check("Ｒｕｓｔ　２０２４", "rust 2024");
        check("Jose\u{301} İstanbul ÜBER", "jose istanbul über");
        check("Bonjour\u{202f}! 10\u{202f}000 «\u{202f}oui\u{202f}»", "bonjour 10 000 oui");
        check("我爱你，猫！", "我爱 爱你 猫");
        check("用Rust写程序", "用 rust 写程 程序");
        check("東京タワー 안녕하세요", "東京 京タ タワ ワー 안녕 녕하 하세 세요");
        check("สวัสดี", "สว วั ัส สด ดี");
        check("हिन्दी עברית", "हिन्दी עברית");
        check("🦊 👨‍👩‍👧 1️⃣", "1");
        check(&"x".repeat(999), &"x".repeat(MAX_WORD));
    }

    #[test]
    fn accents_fold_to_the_right_letters() {
        let check = |word: &str, expect: &str| assert_eq!(fold_accents(word), expect);
        check("àçéñöüýÿ", "acenouyy");
        check("āčďęğħīıķłńőřşţůŵźž", "acdeghiiklnorstuwzz");
        check("æßþœ×÷", "æßþœ×÷");
        check("ĳĵĿŀŁłŉŋ", "ĳjLlLlŉŋ");
        check("привет我", "привет我");
    }

    proptest! {
        #[test]
        fn the_ascii_path_gives_what_the_unicode_path_gives(
            text in prop_oneof!["[ -~]{0,40}", "[a-c'_.:,;0-2 \t\r\n-]{0,30}", "[ -~\t\ré’我ñ\u{301}Ａ]{0,20}"],
        ) {
            let mut general = Words::default();
            general.read_unicode(&text);
            let general: Vec<&str> = general.iter().map(|(word, _)| word).collect();
            prop_assert_eq!(words(&text), general);
        }

        #[test]
        fn every_text_can_be_read(text in any::<String>(), more in "\\PC{0,40}") {
            for word in words(&text).into_iter().chain(words(&more)) {
                prop_assert!(!word.is_empty() && word.len() <= MAX_WORD);
                prop_assert!(!word.contains([' ', '\'']));
            }
        }
    }
}
