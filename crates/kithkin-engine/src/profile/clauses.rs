//! The clauses of a sentence in which the speaker speaks for themselves.

use super::reasons::{after_word, is_comma};
use super::tokens::{Token, is_unspaced, tokens};
use super::words::adverbs::adverb;
use super::words::links::{GERMAN_TIMES, LEADING, OWN, PHRASES_UNSPACED, REPORTING, REPORTING_UNSPACED};

/// A clause with its words, in the order of subject and verb.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Clause<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Token>,
}

/// The clauses that somebody says for themselves. `led` says that something stands before the text.
pub(super) fn clauses(text: &str, mut led: bool) -> Vec<Clause<'_>> {
    let mut clauses = Vec::new();
    // Chinese leaves a subject out that is that of the clause before.
    let mut subject = false;
    let mut reported = false;
    for piece in pieces(text) {
        let (start, had_lead) = without_lead(piece);
        let quoted = start.trim_start().starts_with(['"', '“', '”', '„', '«', '「']);
        let mut words = tokens(start);
        if subject && words.first().is_some_and(drops_subject) {
            words.insert(0, Token { word: "我".to_owned(), from: 0, to: 0 });
        }
        subject = words.first().is_some_and(|first| first.word == "我");
        turn_round(&mut words, led || had_lead);
        // "It" may stand for what the clause before spoke of.
        let stands = words.first().is_some_and(|first| matches!(first.word.as_str(), "it" | "es"));
        if !quoted && !reported && (stands || words.iter().any(|token| OWN.contains(&token.word.as_str()))) {
            clauses.push(Clause { text: start, tokens: words });
        }
        reported = reports(piece);
        led = true;
    }
    clauses
}

/// Whether a text says something of its speaker.
pub(super) fn is_own(text: &str) -> bool {
    tokens(text).iter().any(|token| OWN.contains(&token.word.as_str()))
}

/// A text parted at its commas, and at an "and" or "but" that a clause of the speaker's own follows.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut from = 0;
    let mut cut = |at: usize, next: usize| {
        pieces.push(text.get(from..at).unwrap_or_default());
        from = next;
    };
    let words = tokens(text);
    let mut joints = words.iter().enumerate().filter(|(at, word)| {
        let mut next = at + 1;
        while let Some((more, _)) = words.get(next..).and_then(adverb) {
            next += more;
        }
        let subject = |word: &Token| matches!(word.word.as_str(), "i" | "my" | "we" | "ich" | "mein" | "meine");
        matches!(word.word.as_str(), "and" | "but" | "und" | "aber") && words.get(next).is_some_and(subject)
    });
    let mut joint = joints.next();
    for (at, c) in text.char_indices() {
        if let Some((_, word)) = joint.filter(|(_, word)| word.from <= at) {
            cut(word.from, word.to);
            joint = joints.next();
        } else if is_comma(text, at, c) || (c == '-' && text.get(..at).is_some_and(|before| before.ends_with(' '))) {
            cut(at, at + c.len_utf8());
        }
    }
    pieces.push(text.get(from..).unwrap_or_default());
    pieces.retain(|piece| piece.chars().any(char::is_alphanumeric));
    pieces
}

/// A piece without words that only lead up to it, and whether there were such.
fn without_lead(piece: &str) -> (&str, bool) {
    let mut rest = piece.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '.' | '…' | '-'));
    let mut led = false;
    loop {
        if let Some(after) = LEADING.iter().find_map(|lead| after_word(rest, lead)) {
            (rest, led) = (after, true);
            continue;
        }
        let words = tokens(rest);
        // A Chinese character alone may as well be a part of what follows, as in 超人.
        let alone = |count: usize| count == 1 && words.first().is_some_and(|first| first.word.starts_with(is_unspaced));
        let lead = adverb(&words).filter(|(count, colour)| !colour.denies && !alone(*count));
        // The second word of a contraction begins where the first one does, and cannot be parted from it.
        match lead.and_then(|(count, _)| words.get(count)).filter(|next| next.from > 0) {
            Some(next) => (rest, led) = (rest.get(next.from..).unwrap_or_default(), true),
            None => return (rest, led),
        }
    }
}

/// Whether a Chinese clause that begins with this word has no subject of its own.
fn drops_subject(first: &Token) -> bool {
    first.word.starts_with(is_unspaced)
        && !matches!(first.word.as_str(), "我" | "你" | "他" | "她" | "它" | "这" | "那" | "大" | "谁")
}

/// Puts the German subject before its verb: "mag ich", where something stands before it, and "seit Mai arbeite ich".
fn turn_round(words: &mut Vec<Token>, led: bool) {
    let Some(subject) = words.iter().take(6).position(|token| token.word == "ich" || token.word == "mir") else {
        return;
    };
    let time = words.first().is_some_and(|first| GERMAN_TIMES.contains(&first.word.as_str()));
    let Some(verb) = subject.checked_sub(1) else { return };
    if verb == 0 && led || verb > 1 && time {
        words.drain(..verb);
        words.swap(0, 1);
    }
}

/// Whether a clause says that somebody else says what follows.
fn reports(clause: &str) -> bool {
    let words = tokens(clause);
    let own = words.iter().any(|token| matches!(token.word.as_str(), "i" | "ich" | "we" | "wir"));
    let spaced = words.iter().any(|token| REPORTING.contains(&token.word.as_str()));
    let unspaced = REPORTING_UNSPACED.iter().any(|word| clause.contains(word))
        && !PHRASES_UNSPACED.iter().any(|phrase| clause.contains(phrase));
    spaced && !own || unspaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_of_ones_own_with_the_subject_in_front() {
        let check = |text: &str, expect: &[&str]| {
            let shown =
                |clause: Clause<'_>| clause.tokens.iter().map(|t| t.word.as_str()).collect::<Vec<_>>().join(" ");
            assert_eq!(clauses(text, false).into_iter().map(shown).collect::<Vec<_>>(), expect, "{text}");
        };
        check("Well, by the way, I left and now I work here", &["i left", "i work here"]);
        check("I like salt and pepper", &["i like salt and pepper"]);
        check("Inzwischen mag ich Tee", &["ich mag tee"]);
        check("Seit Mai arbeite ich bei Miele", &["ich arbeite bei miele"]);
        check("Mag ich Tee", &["mag ich tee"]);
        check("我换了工作，现在在上海上班", &["我 换 了 工 作", "我 在 上 海 上 班"]);
        check("He told me, I like tea", &["he told me"]);
        check("她说，我喜欢茶", &[]);
        check("\"I like tea\"", &[]);
        check("", &[]);
    }
}
