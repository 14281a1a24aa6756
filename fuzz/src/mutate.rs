//! Inputs made of others: bytes are changed, cut, repeated, and mixed with other files, with words that a target knows, and with
//! what often breaks a reader. A seed makes always the same series.

/// The longest input, in bytes.
const LONGEST: usize = 64 << 10;

/// What often breaks a reader of any kind.
const HOSTILE: [&[u8]; 30] = [
    b"",
    b"\0",
    b"\n",
    b"\r\n",
    b"\"",
    b"\\",
    b"'",
    b"[",
    b"{",
    b"]",
    b"}",
    b",",
    b":",
    b"-",
    b"0",
    b"1e999",
    b"-1",
    b"18446744073709551616",
    b"9223372036854775807",
    b"NaN",
    b"null",
    b"true",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    "\u{202e}\u{200b}".as_bytes(),
    "👩\u{200d}👧".as_bytes(),
    "ﬃİß".as_bytes(),
    b"\x1b[2J",
    b"\\ud800",
];

/// See the module.
pub(crate) struct Mutations<'a> {
    corpus: &'a [Vec<u8>],
    words: &'a [&'a str],
    state: u64,
}

impl<'a> Mutations<'a> {
    /// Mutations of a corpus, which MUST NOT be empty.
    pub(crate) fn new(corpus: &'a [Vec<u8>], words: &'a [&'a str], seed: u64) -> Self {
        Self { corpus, words, state: seed }
    }

    /// The next input.
    pub(crate) fn input(&mut self) -> Vec<u8> {
        let mut input = self.file().to_vec();
        for _ in 0..=self.below(8) {
            self.change(&mut input);
        }
        input.truncate(LONGEST);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let (from, to) = self.range(input.len());
        let new = match self.below(9) {
            0 => vec![self.byte()],
            1 => Vec::new(),
            2 => input[from..to].repeat(2),
            3 => self.hostile().to_vec(),
            4 => self.word(),
            5 => {
                let count = 1 + self.below(300);
                self.hostile().repeat(count)
            }
            6 => {
                let file = self.file();
                let (from, to) = self.range(file.len());
                file[from..to].to_vec()
            }
            7 => input[from..to].iter().rev().copied().collect(),
            _ => {
                let bit = 1_u8 << self.below(8);
                input[from..to].iter().enumerate().map(|(at, byte)| if at == 0 { byte ^ bit } else { *byte }).collect()
            }
        };
        // Most changes put something in; some take the place of what is there.
        let to = if self.below(2) == 0 { to } else { from };
        input.splice(from..to, new);
    }

    /// A part of so many bytes, more often a short one.
    fn range(&mut self, length: usize) -> (usize, usize) {
        let from = self.below(length + 1);
        let most = if self.below(4) == 0 { length - from } else { (length - from).min(16) };
        (from, from + self.below(most + 1))
    }

    fn file(&mut self) -> &'a [u8] {
        let place = self.below(self.corpus.len());
        &self.corpus[place]
    }

    fn hostile(&mut self) -> &'static [u8] {
        HOSTILE[self.below(HOSTILE.len())]
    }

    fn word(&mut self) -> Vec<u8> {
        match self.words {
            [] => self.hostile().to_vec(),
            words => words[self.below(words.len())].as_bytes().to_vec(),
        }
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// A number below `end`, which MUST NOT be 0.
    fn below(&mut self, end: usize) -> usize {
        // The remainder is below `end`, so the cast loses nothing.
        (self.next() % end as u64) as usize
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_a_series() {
        let corpus = [b"one".to_vec(), b"another".to_vec()];
        let series = |seed| {
            let mut mutations = Mutations::new(&corpus, &["word"], seed);
            (0..100).map(|_| mutations.input()).collect::<Vec<_>>()
        };
        assert_eq!(series(1), series(1));
        assert_ne!(series(1), series(2));
        assert!(series(1).iter().all(|input| input.len() <= LONGEST));
    }
}
