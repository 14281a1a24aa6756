//! The words by which a change is seen, in English, German and Chinese.
//!
//! Closed lists, no model: what is said in other words, or in another language, is not seen as a change.

use crate::index::cue_words;

/// What says that a statement puts an earlier one right, or that something is no longer so.
const CORRECTIONS: &[&str] = &[
    "actually",
    "correction",
    "i was wrong",
    "i meant",
    "i mean not",
    "no longer",
    "not anymore",
    "not any more",
    "anymore",
    "any more",
    "instead",
    "changed my mind",
    "these days",
    "switched to",
    "turns out",
    "in the end it",
    "gave up",
    "given up",
    "stopped",
    "quit",
    "nicht mehr",
    "doch nicht",
    "stattdessen",
    "korrektur",
    "ich meinte",
    "mittlerweile",
    "inzwischen",
    "aufgehört",
    "其实",
    "不对",
    "改成",
    "改为",
    "不再",
    "已经不",
    "说错了",
    "更正",
    "戒了",
];

/// What says that somebody likes something.
const LIKING: &[&str] = &[
    "like",
    "likes",
    "love",
    "loves",
    "loved",
    "adore",
    "adores",
    "enjoy",
    "enjoys",
    "prefer",
    "prefers",
    "favourite",
    "favorite",
    "fan",
    "into",
    "mag",
    "magst",
    "liebe",
    "liebt",
    "gern",
    "gerne",
];
const LIKING_UNSPACED: &[&str] = &["喜欢", "最爱", "热爱", "爱吃", "爱喝"];

/// What says that somebody dislikes something, by itself.
const DISLIKING: &[&str] =
    &["hate", "hates", "dislike", "dislikes", "detest", "loathe", "avoid", "stopped", "quit", "hasse", "hasst"];
const DISLIKING_UNSPACED: &[&str] = &["讨厌", "恨", "戒了"];

/// What turns the one into the other.
const NEGATIONS: &[&str] = &[
    "not", "don't", "dont", "doesn't", "didn't", "never", "no", "can't", "cannot", "won't", "anymore", "nicht", "kein",
    "keine", "keinen", "nie", "wasn't", "isn't",
];
const NEGATIONS_UNSPACED: &[&str] = &["不", "没", "别"];

/// What says that a statement is of the past, and holds no longer by its own words.
const PAST: &[&str] = &["used to", "früher", "以前", "曾经", "back then", "when i was"];

/// Beginnings that say one thing of the speaker that has one value at a time, and what that thing is.
const SLOTS: &[(&str, &str)] = &[
    ("i live in ", "home"),
    ("i'm living in ", "home"),
    ("i live at ", "home"),
    ("i moved to ", "home"),
    ("i've moved to ", "home"),
    ("i have moved to ", "home"),
    ("i just moved to ", "home"),
    ("i work at ", "work"),
    ("i work for ", "work"),
    ("i work as ", "work"),
    ("i started working at ", "work"),
    ("i started a job at ", "work"),
    ("i got a job at ", "work"),
    ("my job is ", "work"),
    ("my name is ", "name"),
    ("my address is ", "address"),
    ("my phone number is ", "phone"),
    ("my number is ", "phone"),
    ("my email is ", "email"),
    ("my birthday is ", "birthday"),
    ("ich wohne in ", "home"),
    ("ich lebe in ", "home"),
    ("ich wohne jetzt in ", "home"),
    ("ich arbeite bei ", "work"),
    ("ich arbeite als ", "work"),
    ("ich heiße ", "name"),
    ("meine adresse ist ", "address"),
    ("我住在", "home"),
    ("我现在住在", "home"),
    ("我搬到", "home"),
    ("我搬去", "home"),
    ("我的工作是", "work"),
    ("我的名字是", "name"),
    ("我的地址是", "address"),
    ("我的电话是", "phone"),
];
/// Beginnings after which the thing is named, up to the word behind it.
const NAMED_SLOTS: &[(&str, &[&str])] = &[
    ("my favourite ", &[" is ", " are "]),
    ("my favorite ", &[" is ", " are "]),
    ("mein lieblings", &[" ist "]),
    ("meine lieblings", &[" ist ", " sind "]),
    ("我最喜欢的", &["是"]),
];

/// Whether a statement in lower case puts an earlier one right.
pub(super) fn corrects(text: &str) -> bool {
    CORRECTIONS.iter().any(|cue| holds(text, cue))
}

/// Whether a statement in lower case says of itself that it is of the past.
pub(super) fn is_past(text: &str) -> bool {
    PAST.iter().any(|cue| holds(text, cue))
}

/// Whether somebody likes (1) or dislikes (-1) something in a statement in lower case; 0 where it says neither.
pub(super) fn polarity(text: &str) -> i8 {
    let any = |spaced: &[&str], unspaced: &[&str]| {
        cue_words(text).any(|word| spaced.contains(&word)) || unspaced.iter().any(|cue| text.contains(cue))
    };
    if any(DISLIKING, DISLIKING_UNSPACED) {
        return -1;
    }
    let likes = any(LIKING, LIKING_UNSPACED);
    let unspaced =
        LIKING_UNSPACED.iter().any(|like| NEGATIONS_UNSPACED.iter().any(|no| text.contains(&[no, *like].concat())));
    let negated = unspaced || cue_words(text).any(|word| NEGATIONS.contains(&word));
    match (likes, negated) {
        (true, false) => 1,
        (true, true) => -1,
        (false, _) => 0,
    }
}

/// Which thing of the speaker a statement in lower case gives a value to, and the value; `None` where it gives none.
pub(crate) fn slot(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    for (start, slot) in SLOTS {
        if let Some(value) = text.strip_prefix(start) {
            return Some(((*slot).to_owned(), value));
        }
    }
    for (start, copulas) in NAMED_SLOTS {
        let Some(rest) = text.strip_prefix(start) else { continue };
        for copula in *copulas {
            if let Some((thing, value)) = rest.split_once(copula) {
                return Some((format!("favourite {}", thing.trim()), value));
            }
        }
    }
    None
}

/// The statement without the words that say that something changed, or is liked: what it is about.
pub(super) fn topic(text: &str) -> String {
    let mut topic: String =
        CORRECTIONS.iter().filter(|cue| !spaced(cue)).fold(text.to_owned(), |t, cue| t.replace(cue, " "));
    for cue in LIKING_UNSPACED.iter().chain(DISLIKING_UNSPACED) {
        for no in NEGATIONS_UNSPACED {
            topic = topic.replace(&[no, *cue].concat(), " ");
        }
        topic = topic.replace(cue, " ");
    }
    let is_cue = |word: &str| {
        let lists = [LIKING, DISLIKING, NEGATIONS];
        lists.iter().any(|list| list.contains(&word))
            || CORRECTIONS.iter().any(|cue| spaced(cue) && cue_words(cue).any(|of| of == word))
    };
    cue_words(&topic).filter(|word| !is_cue(word)).collect::<Vec<_>>().join(" ")
}

/// Whether a text holds a cue as whole words; scripts without spaces need none around it.
fn holds(text: &str, cue: &str) -> bool {
    if !spaced(cue) {
        return text.contains(cue);
    }
    let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(cue).any(|(at, _)| {
        let (before, after) = (text.get(..at), text.get(at + cue.len()..));
        ends(before.and_then(|t| t.chars().next_back())) && ends(after.and_then(|t| t.chars().next()))
    })
}

fn spaced(cue: &str) -> bool {
    cue.chars().all(|c| c.is_ascii() || matches!(c, 'ä' | 'ö' | 'ü' | 'ß'))
}
