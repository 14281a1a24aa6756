//! The words by which it is seen what somebody says of themselves, in English, German and Chinese.
//!
//! Closed lists: what is said in other words is not seen. How a form is written is told in [`super::forms`].

pub(super) mod adverbs;
mod chinese;
mod english;
mod german;
pub(super) mod links;
pub(super) mod trait_frames;
pub(super) mod traits;

use super::forms::{Says, Trust};

/// Forms that say the same.
pub(super) struct Table {
    pub(super) says: Says,
    pub(super) trust: Trust,
    pub(super) forms: &'static [&'static str],
}

/// All forms, by language. Of two that fit a clause, the one that is written first holds.
pub(super) const TABLES: &[&[Table]] = &[english::FORMS, german::FORMS, chinese::FORMS];

/// Words that may follow where a form has ended.
pub(super) const BEGINS_ANEW: &[&str] = &[
    "since", "for", "with", "when", "whenever", "if", "while", "at", "in", "on", "and", "but", "or", "as", "because",
    "than", "seit", "mit", "wenn", "weil", "als", "bei", "im", "am", "in", "und", "aber", "oder", "für", "auf", "nach",
];

/// What the object of a liking does not begin with: it would lean on what somebody else said, or belong to the verb, as
/// in "dropped out of".
pub(super) const LEANING: &[&str] = &[
    "it",
    "its",
    "it's",
    "this",
    "that",
    "these",
    "those",
    "them",
    "him",
    "her",
    "they",
    "he",
    "she",
    "you",
    "your",
    "how",
    "what",
    "when",
    "where",
    "why",
    "who",
    "to",
    "out",
    "off",
    "by",
    "over",
    "into",
    "being",
    "all",
    "both",
    "one",
    "the way",
    "mine",
    "yours",
    "es",
    "das",
    "dich",
    "dir",
    "euch",
    "sie",
    "ihn",
    "ihm",
    "dass",
    "wie",
    "was",
    "wenn",
    "den gedanken",
    "你",
    "它",
    "这",
    "那",
    "他",
    "她",
];
/// What stands for a thing that was named before in the same sentence.
pub(super) const PRONOUNS: &[&str] = &["it", "them", "es", "ihn", "sie", "它"];
/// What the object of a loose form does not begin with: something that is pointed at, or where something is done.
pub(super) const POINTING: &[&str] = &[
    "the", "a", "an", "my", "our", "his", "their", "work", "talking", "waiting", "for", "by", "at", "in", "on", "with",
    "now", "here", "der", "die", "das", "den", "dem", "ein", "eine", "einen", "einem", "mein", "meine", "meinen",
    "meinem", "diese", "diesen", "diesem", "allem", "zu", "自己", "我",
];
/// What a wish begins with that is an aim, and not a turn of the conversation ("I want to hear more").
pub(super) const AIMS: &[&str] = &[
    "learn",
    "become",
    "be a",
    "be an",
    "start",
    "open",
    "move",
    "travel",
    "visit",
    "write",
    "build",
    "study",
    "buy",
    "run",
    "adopt",
    "get better",
    "get fit",
    "climb",
    "publish",
    "save",
    "retire",
];

/// Diets as they are said, and their names.
pub(super) const DIETS: &[(&str, &str)] = &[
    ("vegan", "vegan"),
    ("vegetarian", "vegetarian"),
    ("pescatarian", "pescatarian"),
    ("vegetarier", "vegetarisch"),
    ("vegetarierin", "vegetarisch"),
    ("vegetarisch", "vegetarisch"),
    ("veganer", "vegan"),
    ("veganerin", "vegan"),
    ("素", "吃素"),
];

/// Who belongs to somebody, after "my", "mein" or 我.
pub(super) const RELATIONS: &[&str] = &[
    "wife",
    "husband",
    "partner",
    "girlfriend",
    "boyfriend",
    "sister",
    "brother",
    "mother",
    "mom",
    "mum",
    "father",
    "dad",
    "daughter",
    "son",
    "friend",
    "best friend",
    "dog",
    "cat",
    "boss",
    "frau",
    "mann",
    "schwester",
    "bruder",
    "mutter",
    "vater",
    "tochter",
    "sohn",
    "hund",
    "katze",
    "妻子",
    "丈夫",
    "老婆",
    "老公",
    "姐姐",
    "妹妹",
    "哥哥",
    "弟弟",
    "妈妈",
    "爸爸",
    "女儿",
    "儿子",
    "狗",
    "猫",
];
pub(super) const CALLED: &[&str] = &[" is called ", " is named ", "'s name is ", " heißt ", "叫"];

/// Where a value ends.
pub(super) const ENDS: &[&str] = &[
    " - ",
    " – ",
    " — ",
    " (",
    ":",
    ".",
    "!",
    "?",
    ",",
    ";",
    "。",
    "！",
    "？",
    "，",
    "；",
    "…",
    " but ",
    " and i ",
    " and my ",
    " and it ",
    " and they ",
    " and that ",
    " and have ",
    " and am ",
    " and really ",
    " and also ",
    " so ",
    " aber ",
    " und ich ",
];
/// What says in which case, behind a value.
pub(super) const CONTEXTS: &[&str] = &[" when ", " if ", " whenever ", " wenn "];
/// Where the name of a place or an employer ends: what follows says when, or with whom.
pub(super) const AFTER_NAMES: &[&str] = &[
    " last ",
    " this ",
    " next ",
    " yesterday",
    " today",
    " now",
    " ago",
    " in 1",
    " in 2",
    " with ",
    " for ",
    " since ",
    " as ",
    " recently",
    " a few ",
    " two ",
    " three ",
    " seit ",
    " mit ",
    " jetzt",
    "了",
];
