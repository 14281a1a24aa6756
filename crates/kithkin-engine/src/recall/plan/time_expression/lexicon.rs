//! What English and German words mean in an expression of time, and the step that looks them up.
//!
//! The tables themselves are in `english` and `german`; how the meanings combine is in `grammar`.

use std::collections::HashMap;

use jiff::civil::Weekday;

use super::calendar::{Bound, Count, DayPart, Third, Unit, Yearly};
use super::tokens::{Kind, Token};

/// The meaning of a word or of a fixed group of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// Nothing in an expression of time.
    Other,
    /// The end of the question.
    End,
    /// Any sign.
    Sign(char),
    /// A number in digits.
    Number { value: i32, digits: usize },
    /// A place in an order; `digits` where it is written like "5th".
    Ordinal { n: i8, digits: bool },
    /// "90s", "1990er", "nineties".
    Decade { value: i32, digits: usize },
    /// "two", "a few".
    Count(Count),
    /// "half a".
    Half,
    /// "weeks", and whether it is a plural.
    Unit(Unit, bool),
    /// "May".
    Month(i8),
    /// "Tuesday".
    Weekday(Weekday),
    /// A season or a feast.
    Yearly(Yearly, Needs),
    /// "morning".
    Part(DayPart),
    /// "yesterday".
    Day(i8),
    /// "tonight".
    DayPart(i8, DayPart),
    /// "last", "this", "next": -1, 0, 1.
    Which(i8),
    /// "the last", "past": -1 units until now, or the latest of what comes back.
    Rolling,
    /// "the next": only with a number, because alone it follows some other time.
    Ahead,
    /// "recently": within so many days.
    Lately(i8),
    /// "earlier", in "earlier this year".
    Earlier,
    /// "later", in "later this year".
    Later,
    /// "early", "end of".
    Edge(Third),
    /// "ago".
    Ago,
    /// "from now".
    Hence,
    /// "about", before a distance.
    About,
    /// German "vor": "ago", but before the distance; otherwise "before".
    Vor,
    /// "since", "before", "after", "until".
    Bound(Bound),
    /// "by": "until", but also who did it.
    By,
    /// "from".
    From,
    /// "between".
    Between,
    /// "to", in "from ... to ...".
    To,
    /// "and".
    And,
    /// "or", in "two or three weeks".
    Or,
    /// "of".
    Of,
    /// "the".
    Article,
    /// Other prepositions.
    Preposition(Preposition),
    /// "every": what follows is a habit, not a time.
    Every,
    /// "her": her last week is not the last week.
    Whose,
    /// "room", "read": a number that follows is a name.
    Label,
    /// "dollars": a number that precedes is an amount.
    Counted,
}

/// What must stand before an expression so that it is one of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing: it cannot mean anything else.
    Nothing,
    /// A number is a year only in "in 1984", "of 1984" and the like.
    Year,
    /// The name of a month or a season may be a person or a verb.
    Month,
    /// A feast may describe a thing: a Christmas tree.
    Feast,
}

/// How sure a preposition makes it that a time follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Preposition {
    /// "in", "during".
    In,
    /// "around": like "in", but vague.
    Around,
    /// "for".
    For,
    /// "on", "at".
    On,
}

impl Needs {
    /// Whether a word before the expression is enough.
    pub(super) fn met_by(self, before: Word) -> bool {
        let class = match before {
            Word::Preposition(preposition) => preposition,
            Word::Of => Preposition::In,
            _ => return self == Self::Nothing,
        };
        match self {
            Self::Nothing | Self::Feast => true,
            Self::Year => class != Preposition::On,
            Self::Month => matches!(class, Preposition::In | Preposition::Around),
        }
    }
}

/// A word of the question with its meaning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lexed {
    pub(super) word: Word,
    /// The first token.
    pub(super) first: usize,
    /// The token after the last.
    pub(super) end: usize,
    /// Whether nothing stands between it and the word before.
    pub(super) glued: bool,
}

/// Words in lower case, separated by single spaces; a capital at the start demands one in the question.
pub(super) type Table = [(&'static str, Word)];

/// The entries of a table by their first letter, in lower case: an initial that may be a capital is ASCII.
pub(super) struct Lexicon(HashMap<u8, Vec<(&'static str, Word)>>);

impl Lexicon {
    pub(super) fn new(table: &Table) -> Self {
        let mut by_initial: HashMap<u8, Vec<_>> = HashMap::new();
        for entry in table {
            let initial = entry.0.bytes().next().unwrap_or_default().to_ascii_lowercase();
            by_initial.entry(initial).or_default().push(*entry);
        }
        Self(by_initial)
    }

    /// The meanings of `tokens`; of the entries that begin at a token the longest is taken.
    pub(super) fn look_up(&self, tokens: &[Token]) -> Vec<Lexed> {
        let mut lexed = Vec::with_capacity(tokens.len());
        let mut first = 0;
        while let Some(rest) = tokens.get(first..).filter(|rest| !rest.is_empty()) {
            let (word, length) = number(rest).or_else(|| self.entry(rest)).unwrap_or((plain(&rest[0]), 1));
            lexed.push(Lexed { word, first, end: first + length, glued: rest[0].glued });
            first += length;
        }
        lexed
    }

    fn entry(&self, tokens: &[Token]) -> Option<(Word, usize)> {
        let near = self.0.get(&tokens.first()?.word.bytes().next()?)?;
        let matching = near.iter().filter_map(|(phrase, word)| Some((*word, matched(tokens, phrase)?)));
        // The first of equally long ones: that with a capital stands before that without.
        matching.reduce(|best, next| if next.1 > best.1 { next } else { best })
    }
}

/// A token that is not in the table.
fn plain(token: &Token) -> Word {
    match token.kind {
        Kind::Sign(sign) => Word::Sign(sign),
        Kind::Word => guard(&token.word).unwrap_or(Word::Other),
        Kind::Han(_) | Kind::Number { .. } => Word::Other,
    }
}

/// A number in digits with what is glued to it: "5", "5th", "1990s", "90er".
fn number(tokens: &[Token]) -> Option<(Word, usize)> {
    let Kind::Number { value, digits } = tokens.first()?.kind else { return None };
    let quote = usize::from(tokens.get(1).is_some_and(|t| t.glued && t.kind == Kind::Sign('\'')));
    let suffix = tokens.get(1 + quote).filter(|t| t.glued).map_or("", |t| t.word.as_str());
    let ordinal = i8::try_from(value).ok().filter(|_| quote == 0);
    Some(match (suffix, ordinal) {
        ("st" | "nd" | "rd" | "th", Some(n)) => (Word::Ordinal { n, digits: true }, 2),
        ("s" | "er" | "ern", _) => (Word::Decade { value, digits }, 2 + quote),
        _ => (Word::Number { value, digits }, 1),
    })
}

/// How many tokens `phrase` covers, if they are it.
fn matched(tokens: &[Token], phrase: &str) -> Option<usize> {
    let mut length = 0;
    for part in phrase.split(' ') {
        let token = tokens.get(length)?;
        let same = match token.kind {
            Kind::Word => spelled(token, part),
            Kind::Sign(sign) => part.chars().eq([sign]),
            Kind::Number { .. } | Kind::Han(_) => false,
        };
        if !same {
            return None;
        }
        length += 1;
    }
    Some(length)
}

fn spelled(token: &Token, part: &str) -> bool {
    if part.starts_with(char::is_uppercase) {
        return token.capital && token.word == part.to_lowercase();
    }
    token.word == part
}

// The guards hold in both languages at once: a question is read in both, and either reading must respect them.

/// What follows is a habit, not a time.
#[rustfmt::skip]
const EVERY: &[&str] = &[
    "every", "each", "any", "per", "jeden", "jede", "jedes", "jeder", "jedem", "pro",
];

/// Their last week is not the last week.
#[rustfmt::skip]
const WHOSE: &[&str] = &[
    "my", "your", "his", "her", "its", "our", "their", "mein", "meine", "meinen", "meinem", "meiner", "sein",
    "seine", "seinen", "seinem", "seiner", "ihr", "ihre", "ihren", "ihrem", "ihrer",
];

/// A number that follows is a name or an amount, not a year.
#[rustfmt::skip]
const LABEL: &[&str] = &[
    "room", "number", "no", "book", "novel", "film", "movie", "song", "read", "reading", "watch", "watched",
    "called", "titled", "version", "page", "code", "pin", "model", "than", "pay", "paid", "cost", "costs", "zimmer",
    "raum", "nummer", "nr", "buch", "roman", "modell", "seite", "als", "etwas",
];

/// A number that precedes is an amount, not a year.
#[rustfmt::skip]
const COUNTED: &[&str] = &[
    "dollars", "dollar", "bucks", "usd", "euros", "euro", "pounds", "people", "persons", "men", "women", "children",
    "guests", "friends", "followers", "times", "steps", "words", "pages", "books", "miles", "feet", "km",
    "kilometers", "kilometres", "meters", "metres", "m", "kg", "grams", "calories", "kcal", "points", "pieces",
    "percent", "copies", "lines", "items", "photos", "songs", "franken", "leute", "leuten", "menschen",
    "personen", "gäste", "schritte", "wörter", "seiten", "kilometer", "meter", "kilo", "gramm", "kalorien",
    "prozent", "mal", "punkte", "stück",
];

fn guard(word: &str) -> Option<Word> {
    let guards = [(EVERY, Word::Every), (WHOSE, Word::Whose), (LABEL, Word::Label), (COUNTED, Word::Counted)];
    guards.iter().find(|(words, _)| words.contains(&word)).map(|(_, meaning)| *meaning)
}
