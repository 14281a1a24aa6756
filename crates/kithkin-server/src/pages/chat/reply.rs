//! A reply in pieces: words, and the numbers of turns that lead to those turns.

use serde::Serialize;

/// A piece of a reply.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Part {
    text: String,
    /// The number of the turn that the piece names.
    cites: Option<usize>,
}

/// The pieces. `[k]` names a turn where there are as many.
pub(super) fn parts(reply: &str, turns: usize) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let words = |parts: &mut Vec<Part>, text: &str| match parts.last_mut() {
        Some(Part { text: before, cites: None }) => before.push_str(text),
        _ => parts.push(Part { text: text.to_owned(), cites: None }),
    };
    let mut rest = reply;
    while let Some(open) = rest.find('[') {
        let (before, bracket) = rest.split_at(open);
        let named = bracket.find(']').and_then(|close| Some((close, bracket.get(1..close)?.parse::<usize>().ok()?)));
        match named.filter(|(_, number)| (1..=turns).contains(number)) {
            Some((close, number)) => {
                words(&mut parts, before);
                parts.push(Part { text: bracket[..=close].to_owned(), cites: Some(number) });
                rest = &bracket[close + 1..];
            }
            None => {
                words(&mut parts, before);
                words(&mut parts, "[");
                rest = &bracket[1..];
            }
        }
    }
    words(&mut parts, rest);
    parts.retain(|part| !part.text.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lead_to_turns() {
        let check = |reply: &str, turns, expect: &[(&str, Option<usize>)]| {
            let parts = parts(reply, turns);
            let found: Vec<(&str, Option<usize>)> = parts.iter().map(|part| (part.text.as_str(), part.cites)).collect();
            assert_eq!(found, expect, "{reply}");
        };
        check(
            "Oslo [1], since May [2].",
            2,
            &[("Oslo ", None), ("[1]", Some(1)), (", since May ", None), ("[2]", Some(2)), (".", None)],
        );
        check("[2][1]", 2, &[("[2]", Some(2)), ("[1]", Some(1))]);
        check("[3] [0] [x] [猫] [", 2, &[("[3] [0] [x] [猫] [", None)]);
        check("", 2, &[]);
    }
}
