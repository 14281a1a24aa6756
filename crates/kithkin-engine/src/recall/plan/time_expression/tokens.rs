//! Cuts a question into words, numbers, Chinese characters and signs, each with its place in bytes.
//!
//! White space is dropped; nothing is looked up here.

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A run of letters.
    Word,
    /// A run of decimal digits, with its value (capped) and how many there are.
    Number { value: i32, digits: usize },
    /// One Chinese character.
    Han(char),
    /// Any other character.
    Sign(char),
}

/// A piece of the question.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// Its first byte.
    pub(super) start: usize,
    /// The byte after it.
    pub(super) end: usize,
    /// What it is.
    pub(super) kind: Kind,
    /// A word in lower case; otherwise empty.
    pub(super) word: String,
    /// Whether a word begins with a capital.
    pub(super) capital: bool,
    /// Whether nothing stands between it and the token before.
    pub(super) glued: bool,
}

/// Traditional characters that occur in expressions of time, with their simplified forms.
const SIMPLIFIED: &[(char, char)] = &[
    ('個', '个'),
    ('兩', '两'),
    ('國', '国'),
    ('幾', '几'),
    ('從', '从'),
    ('後', '后'),
    ('慶', '庆'),
    ('來', '来'),
    ('時', '时'),
    ('禮', '礼'),
    ('節', '节'),
    ('聖', '圣'),
    ('萬', '万'),
    ('號', '号'),
    ('誕', '诞'),
    ('這', '这'),
    ('過', '过'),
    ('開', '开'),
    ('間', '间'),
    ('週', '周'),
    ('鐘', '钟'),
    ('勞', '劳'),
    ('動', '动'),
];

fn is_han(c: char) -> bool {
    matches!(c, '〇' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// The value of an ASCII or full-width digit.
fn digit(c: char) -> Option<i32> {
    let value = match c {
        '0'..='9' => u32::from(c) - u32::from('0'),
        '０'..='９' => u32::from(c) - u32::from('０'),
        _ => return None,
    };
    i32::try_from(value).ok()
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !is_han(c)
}

/// The tokens of `text`, in order.
pub(super) fn split(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut end = start + c.len_utf8();
        let mut word = String::new();
        let kind = if let Some(first) = digit(c) {
            let (mut value, mut digits) = (first, 1);
            while let Some((at, next, more)) = chars.peek().and_then(|&(at, next)| Some((at, next, digit(next)?))) {
                value = value.saturating_mul(10).saturating_add(more);
                digits += 1;
                end = at + next.len_utf8();
                chars.next();
            }
            Kind::Number { value, digits }
        } else if is_han(c) {
            Kind::Han(SIMPLIFIED.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to))
        } else if is_letter(c) {
            word.extend(c.to_lowercase());
            while let Some((at, next)) = chars.next_if(|(_, next)| is_letter(*next)) {
                word.extend(next.to_lowercase());
                end = at + next.len_utf8();
            }
            Kind::Word
        } else {
            Kind::Sign(if c == '’' { '\'' } else { c })
        };
        let glued = tokens.last().is_some_and(|last| last.end == start);
        tokens.push(Token { start, end, kind, word, capital: c.is_uppercase(), glued });
    }
    tokens
}
