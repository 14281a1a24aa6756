//! What in a sentence is said, and what is the reason for it: "… because …", "because …, …", "…, so …", and reasons or
//! conclusions in a sentence of their own.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::clauses::is_own;
use super::tokens::is_unspaced;
use super::words::links::{
    AFTERWORDS, AS_SAID, AS_WHO, BECAUSE, BECAUSE_APART, DA_THERE, FROM_WHEN, LEADING, NOT_SO, SO, THEREFORE,
};

/// Where a reason ends and something else is said.
const REASON_ENDS: &[&str] =
    &[", but ", ", and ", ", so ", ", aber ", ", und ", "，但", "，不过", "，而且", "，所以", ". ", "! ", "。", "！"];

/// What of a sentence is said, part by part.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reasoned<'a> {
    pub(super) parts: Vec<Part<'a>>,
    /// The reason of what the sentence before said: this one says nothing else.
    pub(super) of_former: Option<&'a str>,
    /// Whether the sentence before is the reason of the first part.
    pub(super) from_former: bool,
}

/// A stretch of a sentence with one reason for all that it says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub(super) text: &'a str,
    pub(super) because: Option<&'a str>,
    /// Whether something stands before it that makes a German verb come first.
    pub(super) led: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Because,
    Afterword,
    Therefore,
}

/// Parts a sentence.
pub(super) fn reasoned(sentence: &str) -> Reasoned<'_> {
    let mut found = Reasoned::default();
    let (mut rest, mut because, mut led) = (sentence, None, false);
    while let Some((link, from, to)) = first_link(rest) {
        let (Some(before), Some(after)) = (rest.get(..from), rest.get(to..)) else { break };
        let nothing_before = found.parts.is_empty() && because.is_none() && is_lead(before);
        match link {
            Link::Therefore if nothing_before => {
                found.from_former = true;
                (rest, led) = (after, true);
            }
            Link::Therefore => {
                found.parts.push(Part { text: before, because, led });
                (rest, because, led) = (after, Some(last_clause(before)).filter(|reason| !reason.is_empty()), true);
            }
            Link::Afterword if nothing_before => {
                found.of_former = reason(after);
                return found;
            }
            Link::Because if nothing_before || is_own_lead(before) && found.parts.is_empty() => {
                let comma = after.char_indices().find(|(at, c)| is_comma(after, *at, *c));
                let Some((at, c)) = comma else {
                    found.of_former = reason(after).filter(|_| nothing_before);
                    return found;
                };
                because = after.get(..at).and_then(reason);
                (rest, led) = (after.get(at + c.len_utf8()..).unwrap_or_default(), true);
            }
            Link::Because | Link::Afterword => {
                let end = REASON_ENDS.iter().filter_map(|end| after.find(end)).min().unwrap_or(after.len());
                let because = after.get(..end).and_then(reason).or(because);
                found.parts.push(Part { text: before, because, led });
                (rest, led) = (after.get(end..).unwrap_or_default(), false);
            }
        }
        if link != Link::Therefore && !rest.is_empty() && found.parts.last().is_some_and(|part| part.because.is_some())
        {
            because = None;
        }
    }
    if rest.chars().any(char::is_alphanumeric) {
        found.parts.push(Part { text: rest, because, led });
    }
    found
}

/// The last clause of a text.
pub(super) fn last_clause(text: &str) -> &str {
    let text = text.trim_end_matches(|c: char| !c.is_alphanumeric());
    let mut from = 0;
    for (at, c) in text.char_indices().filter(|(at, c)| is_comma(text, *at, *c) || *c == '.' || *c == '!') {
        from = at + c.len_utf8();
    }
    let mut clause = text.get(from..).unwrap_or_default().trim();
    while let Some(rest) = LEADING.iter().find_map(|lead| after_word(clause, lead)) {
        clause = rest;
    }
    clause
}

/// Whether a sign parts clauses.
pub(super) fn is_comma(text: &str, at: usize, c: char) -> bool {
    let spaced =
        || text.get(at + c.len_utf8()..).is_some_and(|rest| rest.starts_with(char::is_whitespace) || rest.is_empty());
    match c {
        '，' | '；' | '：' | '—' | '–' | '…' => true,
        ',' | ';' | ':' | ')' => spaced(),
        '(' => true,
        _ => false,
    }
}

/// The text behind a word that it begins with.
pub(super) fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let start = text.get(..word.len()).filter(|start| start.eq_ignore_ascii_case(word))?;
    let rest = text.get(start.len()..)?;
    let whole =
        word.ends_with(is_unspaced) || !rest.starts_with(|c: char| c.is_alphanumeric() || c == '\'' || c == '’');
    whole.then(|| rest.trim_start_matches(|c: char| c.is_whitespace() || is_mark(c)))
}

fn is_mark(c: char) -> bool {
    matches!(c, ',' | ':' | ';' | '，' | '：' | '；' | '—' | '–' | '-')
}

/// Whether nothing is said by these words in front of a clause.
fn is_lead(before: &str) -> bool {
    let mut rest = before.trim().trim_start_matches(|c: char| !c.is_alphanumeric());
    while let Some(after) = LEADING.iter().find_map(|lead| after_word(rest, lead)) {
        rest = after;
    }
    !rest.chars().any(char::is_alphanumeric)
}

/// Whether these words lead up to a clause: they end with a colon, or with a comma and say nothing of the speaker.
fn is_own_lead(before: &str) -> bool {
    let before = before.trim();
    before.ends_with([':', '：']) || before.ends_with([',', '，']) && !is_own(before)
}

fn reason(text: &str) -> Option<&str> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || is_mark(c) || matches!(c, '.' | '!' | '。' | '！'));
    text.chars().any(char::is_alphanumeric).then_some(text)
}

/// The links by their first letter or character, the longest first.
static LINKS: LazyLock<HashMap<char, Vec<(Link, &'static str)>>> = LazyLock::new(|| {
    let lists = [
        (Link::Afterword, AFTERWORDS),
        (Link::Because, BECAUSE),
        (Link::Because, BECAUSE_APART),
        (Link::Therefore, THEREFORE),
        (Link::Therefore, SO),
    ];
    let mut links: HashMap<char, Vec<(Link, &str)>> = HashMap::new();
    for (link, word) in lists.iter().flat_map(|(link, list)| list.iter().map(move |word| (*link, *word))) {
        if let Some(first) = word.chars().next() {
            links.entry(first).or_default().push((link, word));
        }
    }
    links.values_mut().for_each(|links| links.sort_by_key(|(_, word)| std::cmp::Reverse(word.len())));
    links
});

/// The first link of a sentence, and where it begins and ends; of those that begin in one place, the longest.
fn first_link(text: &str) -> Option<(Link, usize, usize)> {
    let mut inside = false;
    text.char_indices().find_map(|(at, c)| {
        let begins = !inside || is_unspaced(c);
        inside = c.is_alphanumeric() && !is_unspaced(c);
        let links = LINKS.get(&c.to_ascii_lowercase()).filter(|_| begins)?;
        let here = |word: &str| text.get(at..at + word.len()).is_some_and(|said| said.eq_ignore_ascii_case(word));
        let (link, word) = links.iter().find(|(_, word)| here(word) && is_link(text, at, word))?;
        Some((*link, at, at + word.len()))
    })
}

/// Whether a word stands by itself in this place, and links.
fn is_link(text: &str, at: usize, word: &str) -> bool {
    let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + word.len()..).unwrap_or_default());
    if !word.ends_with(is_unspaced) {
        let inside = |c: char| c.is_alphanumeric() || c == '\'' || c == '’' || c == '-';
        if before.ends_with(inside) || after.starts_with(inside) {
            return false;
        }
    }
    let apart = before.trim_end().ends_with(|c: char| is_mark(c)) || is_lead(before);
    let next = after.trim_start();
    let begins = |words: &[&str]| words.iter().any(|word| after_word(next, word).is_some());
    match word {
        "since" => !begins(FROM_WHEN) && !next.starts_with(|c: char| c.is_ascii_digit()),
        "as" => apart && begins(AS_WHO) && !begins(AS_SAID),
        "da" => apart && !begins(DA_THERE),
        "denn" | "cause" => apart && !is_lead(before),
        "so" => !is_lead(before) && !begins(NOT_SO) && (apart || begins(&["i", "i'm", "i've", "i’m", "i’ve", "my"])),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sentence: &str, parts: &[(&str, &str)], of_former: &str, from_former: bool) {
        let found = reasoned(sentence);
        let shown: Vec<(&str, &str)> =
            found.parts.iter().map(|part| (part.text.trim(), part.because.unwrap_or_default())).collect();
        assert_eq!((shown.as_slice(), found.of_former.unwrap_or_default()), (parts, of_former), "{sentence}");
        assert_eq!(found.from_former, from_former, "{sentence}");
    }

    #[test]
    fn reasons_stand_behind_before_and_alone() {
        check("I like tea because it warms.", &[("I like tea", "it warms")], "", false);
        check("By the way, because it warms, I like tea.", &[("I like tea.", "it warms")], "", false);
        check("It warms, so I like tea.", &[("It warms,", ""), ("I like tea.", "It warms")], "", false);
        check("Oh: it warms, that’s why I like tea", &[("Oh: it warms,", ""), ("I like tea", "it warms")], "", false);
        check("That's why I like tea.", &[("I like tea.", "")], "", true);
        check("The reason is that it warms.", &[], "it warms", false);
        check("Weil er wärmt, mag ich Tee.", &[("mag ich Tee.", "er wärmt")], "", false);
        check("Grund dafür: er wärmt.", &[], "er wärmt", false);
        check("因为冷，我喜欢茶。", &[("我喜欢茶。", "冷")], "", false);
        check("我喜欢茶，主要是因为冷。", &[("我喜欢茶，", "冷")], "", false);
        check(
            "I hate tea because it stains, but I love milk.",
            &[("I hate tea", "it stains"), (", but I love milk.", "")],
            "",
            false,
        );
    }

    #[test]
    fn other_uses_of_these_words_link_nothing() {
        for text in [
            "I have lived here since 2015.",
            "I have lived here since last May.",
            "I work as a cook.",
            "So far, so good.",
            "I like tea so much.",
            "Da bin ich.",
            "As I said, I like tea.",
            "",
        ] {
            let parts: &[(&str, &str)] = &[(text, "")];
            check(text, if text.is_empty() { &[] } else { parts }, "", false);
        }
        check("The shop closed, because the owner died.", &[], "", false);
    }
}
