//! Synthetic turns for the benchmarks: word lengths and Zipf frequencies like those of chats, the same on every run.

/// How many different words there are.
const VOCABULARY: usize = 20_000;
/// Words of a turn.
const WORDS: usize = 25;
/// The commonest words, which the synthetic texts take from English so that the language can be told.
const COMMON: [&str; 24] = [
    "i", "you", "the", "to", "a", "and", "it", "that", "of", "is", "in", "my", "was", "for", "have", "so", "with",
    "me", "on", "do", "this", "we", "but", "be",
];

/// A generator of numbers (splitmix64): the same on every run.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// The next number, 0 to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Zipf with exponent 1: rank r with a chance of about 1 / r.
    fn rank(&mut self) -> usize {
        ((VOCABULARY as f64).powf(self.unit()) as usize - 1).min(VOCABULARY - 1)
    }
}

/// The word of a rank, the commonest first.
pub(crate) fn word(rank: usize) -> String {
    const ONSETS: [&str; 12] = ["b", "d", "gr", "k", "l", "m", "n", "p", "st", "t", "v", "sh"];
    const ENDINGS: [&str; 5] = ["", "s", "ing", "ed", "er"];
    if let Some(common) = COMMON.get(rank) {
        return (*common).to_owned();
    }
    let mut word = String::new();
    let mut left = rank;
    while left > 0 {
        word.push_str(ONSETS[left % 12]);
        word.push(['a', 'e', 'i', 'o', 'u'][left % 5]);
        left /= 12;
    }
    word + "n" + ENDINGS[rank % 5]
}

/// So many turns.
pub(crate) fn texts(turns: usize, seed: u64) -> Vec<String> {
    let mut numbers = Numbers(seed);
    let words: Vec<String> = (0..VOCABULARY).map(word).collect();
    let text = |_| (0..WORDS).map(|_| words[numbers.rank()].as_str()).collect::<Vec<_>>().join(" ") + ".";
    (0..turns).map(text).collect()
}
