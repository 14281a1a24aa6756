//! Forms of sentences with a gap for what they say, and how they are matched.
//!
//! A form is written as its words: `i am (|a) (fan|lover) of *`. Brackets hold alternatives, `*` the value, `#` the class of a
//! favourite, alone or as the end of a word (`lieblings#`). Words that colour a sentence without changing what it says, such
//! as "really" or "by now", may stand anywhere between; those that deny it are noted ([`super::words::adverbs`]).

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::tokens::{Token, is_unspaced, tokens};
use super::words::adverbs::{Colour, adverb, without_start};
use super::words::{BEGINS_ANEW, TABLES};

/// The longest value before further words of a form, and the longest class, in words, and in a script without spaces.
const MIDDLE: usize = 10;
const CLASS: usize = 4;
const CLASS_UNSPACED: usize = 8;

/// What a form says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// The value is where the speaker lives.
    Home,
    /// The value is where they work, or as what.
    Work,
    /// The value is the favourite of a class.
    Favourite,
    /// The value was the favourite of a class: no claim, but what follows may be about it.
    FormerFavourite,
    Likes,
    Dislikes,
    /// The value was liked, or not: no claim, but what follows may be about it.
    FormerLiking,
    /// The value was liked and is no longer.
    NoLonger,
    /// The value was disliked and is no longer.
    NoLongerDislikes,
    Allergy,
    Language,
    /// The value is how they eat, if it is the name of a diet.
    Diet,
    Goal,
    /// The value is a goal where it is something to aim for.
    Wish,
}

/// How far a form is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// Its words say it of anything.
    Plain,
    /// Its words have other meanings as well ("I'm done with the dishes"): the value must not be a thing pointed at.
    Loose,
}

/// A form that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) says: Says,
    pub(super) trust: Trust,
    /// The words of the value.
    pub(super) value: Range<usize>,
    /// Whether the value goes on to the end of the clause.
    pub(super) open: bool,
    /// The class of a favourite.
    pub(super) class: String,
    /// What the words between say.
    pub(super) colour: Colour,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Word(String),
    /// A word that begins so, the rest of which is the class.
    Begins(String),
    Value,
    Class,
}

/// A tree of all forms: those that begin alike share their branch, so that a clause is held against few of them.
#[derive(Debug, Default)]
struct Node {
    words: HashMap<String, Node>,
    begins: Vec<(String, Node)>,
    value: Option<Box<Node>>,
    class: Option<Box<Node>>,
    /// What the form that ends here says, and its number.
    form: Option<(usize, Says, Trust)>,
}

static FORMS: LazyLock<Node> = LazyLock::new(|| {
    let mut root = Node::default();
    let written = TABLES.iter().copied().flatten().flat_map(|table| table.forms.iter().map(move |text| (table, text)));
    // A form that begins with words holds before one that begins with anything.
    let (closed, open): (Vec<_>, Vec<_>) = written.partition(|(_, text)| !text.starts_with('*'));
    for (number, (table, text)) in closed.into_iter().chain(open).enumerate() {
        for text in alternatives(text) {
            let node = parts(&text).into_iter().fold(&mut root, Node::child);
            node.form.get_or_insert((number, table.says, table.trust));
        }
    }
    root
});

impl Node {
    fn child(&mut self, part: Part) -> &mut Self {
        match part {
            Part::Word(word) => self.words.entry(word).or_default(),
            Part::Value => self.value.get_or_insert_default(),
            Part::Class => self.class.get_or_insert_default(),
            Part::Begins(start) => {
                let known = self.begins.iter().position(|(known, _)| *known == start).unwrap_or(self.begins.len());
                if known == self.begins.len() {
                    self.begins.push((start, Self::default()));
                }
                &mut self.begins[known].1
            }
        }
    }
}

/// The form that fits the words of a clause; of several, the one that is written first.
pub(super) fn find(tokens: &[Token]) -> Option<Found> {
    let adverbs = (0..tokens.len()).map(|at| adverb(tokens.get(at..)?)).collect();
    let mut search = Search { tokens, adverbs, best: None };
    search.walk(&FORMS, 0, &Gaps::default());
    search.best.map(|(_, found)| found)
}

/// What the gaps of a form hold so far.
#[derive(Debug, Clone, Default)]
struct Gaps {
    value: Range<usize>,
    open: bool,
    class: String,
    colour: Colour,
}

struct Search<'a> {
    tokens: &'a [Token],
    /// The adverbs that begin at each word.
    adverbs: Vec<Option<(usize, Colour)>>,
    best: Option<(usize, Found)>,
}

impl Search<'_> {
    /// Follows the branches of a node that the words from `at` on fit.
    fn walk(&mut self, node: &Node, at: usize, gaps: &Gaps) {
        if let Some(form) = node.form {
            self.end(form, at, gaps);
        }
        let Some(here) = self.tokens.get(at) else { return };
        if let Some(next) = node.words.get(&here.word) {
            self.walk(next, at + 1, gaps);
        }
        for (start, next) in &node.begins {
            if let Some(class) = here.word.strip_prefix(start.as_str()).filter(|class| !class.is_empty()) {
                self.walk(next, at + 1, &Gaps { class: class.to_owned(), ..gaps.clone() });
            }
        }
        if let Some(next) = &node.class {
            self.class(next, at, gaps);
        }
        if let Some(next) = &node.value {
            self.value(next, at, gaps);
        }
        // The first word of a form stands at the beginning of the clause.
        if let Some((words, colour)) = self.adverbs.get(at).copied().flatten().filter(|_| at > 0) {
            self.walk(node, at + words, &Gaps { colour: gaps.colour.with(colour), ..gaps.clone() });
        }
    }

    fn class(&mut self, next: &Node, at: usize, gaps: &Gaps) {
        let unspaced = self.tokens.get(at).is_some_and(|token| token.word.starts_with(is_unspaced));
        let longest = if unspaced { CLASS_UNSPACED } else { CLASS };
        for end in at + 1..=self.tokens.len().min(at + longest) {
            let words = self.tokens.get(at..end).unwrap_or_default().iter().map(|token| token.word.as_str());
            let class = words.collect::<Vec<_>>().join(if unspaced { "" } else { " " });
            self.walk(next, end, &Gaps { class, ..gaps.clone() });
        }
    }

    fn value(&mut self, next: &Node, at: usize, gaps: &Gaps) {
        let (from, to) = (without_start(self.tokens, at), self.tokens.len());
        if let Some(form) = next.form.filter(|_| from < to) {
            self.end(form, to, &Gaps { value: from..to, open: true, ..gaps.clone() });
        }
        if next.words.is_empty() && next.begins.is_empty() {
            return;
        }
        for end in from + 1..to.min(from + MIDDLE) {
            self.walk(next, end, &Gaps { value: from..end, open: false, ..gaps.clone() });
        }
    }

    /// A form has ended: what follows are adverbs, or words that begin something else, or it does not fit.
    fn end(&mut self, (number, says, trust): (usize, Says, Trust), mut at: usize, gaps: &Gaps) {
        let mut colour = gaps.colour;
        while let Some((words, of)) = self.adverbs.get(at).copied().flatten() {
            at += words;
            colour = colour.with(of);
        }
        let goes_on = self.tokens.get(at).is_some_and(|token| !BEGINS_ANEW.contains(&token.word.as_str()));
        if goes_on || gaps.value.is_empty() || self.best.as_ref().is_some_and(|(best, _)| *best <= number) {
            return;
        }
        let Gaps { value, open, class, .. } = gaps.clone();
        self.best = Some((number, Found { says, trust, value, open, class, colour }));
    }
}

/// The texts that a form with brackets stands for.
fn alternatives(text: &str) -> Vec<String> {
    let bracket = text.split_once('(').and_then(|(before, rest)| Some((before, rest.split_once(')')?)));
    match bracket {
        None => vec![text.to_owned()],
        Some((before, (inside, after))) => {
            inside.split('|').flat_map(|one| alternatives(&format!("{before}{one}{after}"))).collect()
        }
    }
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for word in text.split_whitespace() {
        if let Some(start) = word.strip_suffix('#').filter(|start| start.is_ascii() && !start.is_empty()) {
            parts.push(Part::Begins(start.to_owned()));
            continue;
        }
        let mut rest = word;
        while !rest.is_empty() {
            let end = rest.find(['*', '#']).unwrap_or(rest.len());
            let (words, sign) = rest.split_at(end);
            parts.extend(tokens(words).into_iter().map(|token| Part::Word(token.word)));
            rest = match sign.strip_prefix('*') {
                Some(after) => {
                    parts.push(Part::Value);
                    after
                }
                None => sign.strip_prefix('#').map_or("", |after| {
                    parts.push(Part::Class);
                    after
                }),
            };
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_has_one_value_and_a_favourite_a_class() {
        for table in TABLES.iter().copied().flatten() {
            for text in table.forms.iter().flat_map(|text| alternatives(text)) {
                let parts = parts(&text);
                let values = parts.iter().filter(|part| **part == Part::Value).count();
                let classes = parts.iter().filter(|p| matches!(p, Part::Class | Part::Begins(_))).count();
                let favourite = matches!(table.says, Says::Favourite | Says::FormerFavourite);
                assert_eq!((values, classes), (1, usize::from(favourite)), "{text}");
            }
        }
    }

    #[test]
    fn values_stand_where_the_form_says() {
        let check = |text: &str, expect: Option<(Says, &str, &str, bool)>| {
            let words = tokens(text);
            let found = find(&words);
            let shown = found.as_ref().map(|found| {
                let value = &words[found.value.clone()];
                let text = &text[value[0].from..value[value.len() - 1].to];
                (found.says, text, found.class.as_str(), found.colour.denies)
            });
            assert_eq!(shown, expect, "{text}");
        };
        check("I really do love Oslo", Some((Says::Likes, "Oslo", "", false)));
        check("I've never liked tea", Some((Says::Likes, "tea", "", true)));
        check("my favourite tea is now Assam", Some((Says::Favourite, "Assam", "tea", false)));
        check("mein Lieblingstee ist Assam", Some((Says::Favourite, "Assam", "tee", false)));
        check("我最喜欢的茶是龙井", Some((Says::Favourite, "龙井", "茶", false)));
        check("ich bin nach Bad Tölz gezogen", Some((Says::Home, "Bad Tölz", "", false)));
        check("I loved tea", None);
        check("", None);
    }
}
