//! Which statements of a person still hold, which a later one put an end to, and which say the same.
//!
//! Nothing is deleted: a statement that was corrected or contradicted gets an end and the statement that ended it, and
//! stays. Whatever was said after `now` is not in the index, so that asking at a past `now` gives what held then. All of
//! it is read off the statements' own words, by closed lists ([`cues`]): one and the same answer on any machine, with or
//! without models. A change that is told in other words is not seen.
//!
//! Of two statements of one speaker, the later one ends the earlier one where it gives another value to a thing that has
//! one at a time ("I live in …"), where it likes what the other disliked, or where it says that it puts something right
//! and is about the same. Statements that share nearly all their content words are one, with the sources of all.
//!
//! Costs one pass over the statements, and for each a look at those that share a word with it, at most the last
//! [`REMEMBERED`] a word.

mod cues;
mod denials;
mod frame;
mod held;

pub(crate) use cues::slot;
pub(crate) use denials::Cues;
pub(crate) use frame::Frame;
pub use held::{Ended, Held, Reason};

use std::collections::{BTreeMap, HashMap};

use kithkin_core::{MemoryKind, Millis};

use crate::index::{PersonIndex, TermId};
use crate::recall::Doc;

/// The kinds of memory that state something.
pub(crate) const STATEMENTS: [MemoryKind; 3] = [MemoryKind::Fact, MemoryKind::Event, MemoryKind::Opinion];

/// The name under which an index keeps its changes.
pub(crate) const BUILT: &str = "changes";

/// Earlier statements with a word that are looked at.
const REMEMBERED: usize = 64;
/// The share of all content words of two statements that they have in common, above which they say the same.
const SAME: f32 = 0.8;
/// The share of the shorter one's content words that two opinions have in common where they are about one thing.
const ONE_THING: f32 = 0.6;
/// The share of all content words that a correction has in common with what it puts right.
const PUT_RIGHT: f32 = 0.25;

/// A statement among the memories of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) kind: MemoryKind,
    /// Its row among the memories of its kind.
    pub(crate) row: u32,
    /// The turn that it stands for.
    pub(crate) doc: Doc,
    /// When that was said; of an undated one, when it was recorded.
    pub(crate) at: Millis,
}

/// What put an end to a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// The number of the statement.
    pub(crate) by: u32,
    pub(crate) why: Reason,
}

/// The statements of a person in the order in which they were said, numbered from 0.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) statements: Vec<Statement>,
    /// What ended each.
    pub(crate) ends: Vec<Option<End>>,
    /// The first statement that says the same as each: itself where none does.
    pub(crate) same: Vec<u32>,
    /// The turns all of whose statements were ended, in order.
    superseded: Vec<Doc>,
}

impl Changes {
    /// The changes among what this index holds.
    pub(crate) fn of(index: &PersonIndex) -> Self {
        let mut told = Vec::new();
        for kind in STATEMENTS {
            let Some(units) = index.memories(kind) else { continue };
            let rows = 0..units.len() as u32;
            told.extend(rows.filter_map(|row| {
                let (doc, frame) = (*units.docs(row).first()?, units.frame(row)?);
                let said = Said { speaker: index.speaker(doc), happened: kind == MemoryKind::Event, frame };
                index.is_live(doc).then(|| (Statement { kind, row, doc, at: index.said_at(doc) }, said))
            }));
        }
        told.sort_by_key(|(s, _)| (s.at, s.doc, s.kind, s.row));
        let (statements, said): (Vec<Statement>, Vec<Said<'_>>) = told.into_iter().unzip();
        let (ends, same) = compare(&said);
        let superseded = superseded(&statements, &ends);
        Self { statements, ends, same, superseded }
    }

    /// The turns all of whose statements were ended, in order.
    pub(crate) fn superseded(&self) -> &[Doc] {
        &self.superseded
    }
}

/// The turns all of whose statements were ended, in order.
fn superseded(statements: &[Statement], ends: &[Option<End>]) -> Vec<Doc> {
    let mut holds: BTreeMap<Doc, bool> = BTreeMap::new();
    for (statement, end) in statements.iter().zip(ends) {
        *holds.entry(statement.doc).or_default() |= end.is_none();
    }
    holds.into_iter().filter(|(_, holds)| !holds).map(|(doc, _)| doc).collect()
}

/// A statement as it is compared with others.
#[derive(Clone, Copy)]
struct Said<'a> {
    speaker: u32,
    /// Whether it tells of something that happened, which no later liking undoes.
    happened: bool,
    frame: &'a Frame,
}

/// What ended each of these statements, and the first one that says the same.
fn compare(said: &[Said<'_>]) -> (Vec<Option<End>>, Vec<u32>) {
    let mut comparison = Comparison {
        said,
        ends: vec![None; said.len()],
        same: (0..said.len() as u32).collect(),
        values: HashMap::new(),
        with_word: HashMap::new(),
    };
    for (number, now) in (0..).zip(said) {
        comparison.take(number, *now);
    }
    (comparison.ends, comparison.same)
}

/// Statements that are taken one after another, each held against those before it.
struct Comparison<'a> {
    said: &'a [Said<'a>],
    ends: Vec<Option<End>>,
    same: Vec<u32>,
    /// The last statement that gave a value to a thing of a speaker.
    values: HashMap<(u32, &'a str), u32>,
    /// The statements of a speaker with a word.
    with_word: HashMap<(u32, TermId), Vec<u32>>,
}

/// How a statement bears on an earlier one of the same speaker.
enum Bearing {
    /// It likes what the other dislikes, or the other way round.
    Opposite,
    /// It says the same.
    Same,
    /// It puts something right and has this share of its content words in common with the other.
    Righting(f32),
}

impl<'a> Comparison<'a> {
    fn take(&mut self, number: u32, now: Said<'a>) {
        self.take_value(number, now);
        let mut righted: Option<(f32, u32)> = None;
        let mut first: Option<u32> = None;
        for (other, shared) in self.near(now) {
            let Some(before) = self.said.get(other as usize) else { continue };
            match bearing(now, *before, shared) {
                Some(Bearing::Opposite) => self.end(other, number, Reason::Opposite),
                Some(Bearing::Same) => first = first.or(Some(other)),
                Some(Bearing::Righting(share)) if righted.is_none_or(|(best, _)| share >= best) => {
                    righted = Some((share, other));
                }
                Some(Bearing::Righting(_)) | None => {}
            }
        }
        if let Some((_, other)) = righted {
            self.end(other, number, Reason::Correction);
        }
        self.join(number, first);
        for term in &now.frame.topic {
            self.with_word.entry((now.speaker, *term)).or_default().push(number);
        }
    }

    /// Ends the statement that gave another value to the same thing.
    fn take_value(&mut self, number: u32, now: Said<'a>) {
        let Some(slot) = now.frame.slot.as_ref().filter(|_| !now.frame.past) else { return };
        let Some(former) = self.values.insert((now.speaker, &slot.thing), number) else { return };
        let before = self.said.get(former as usize).and_then(|said| said.frame.slot.as_ref());
        if before.is_some_and(|before| before.value != slot.value) {
            self.end(former, number, Reason::Value);
        }
    }

    /// Ends a statement, and all that say the same, where they were not ended before.
    fn end(&mut self, which: u32, by: u32, why: Reason) {
        let first = self.same.get(which as usize).copied();
        for (end, of) in self.ends.iter_mut().zip(&self.same).take(by as usize) {
            if Some(*of) == first && end.is_none() {
                *end = Some(End { by, why });
            }
        }
    }

    /// Lets a statement be the same as an earlier one. What was ended and is said again is a new statement, not the old
    /// one.
    fn join(&mut self, number: u32, earlier: Option<u32>) {
        let holding = earlier.filter(|earlier| self.ends.get(*earlier as usize).is_some_and(Option::is_none));
        let first = holding.and_then(|earlier| self.same.get(earlier as usize).copied());
        if let (Some(first), Some(own)) = (first, self.same.get_mut(number as usize)) {
            *own = first;
        }
    }

    /// Earlier statements of the same speaker that share a content word with this one, in order, and how many they share.
    fn near(&self, now: Said<'_>) -> Vec<(u32, f32)> {
        let mut near: Vec<u32> = Vec::new();
        for term in &now.frame.topic {
            if let Some(numbers) = self.with_word.get(&(now.speaker, *term)) {
                near.extend(numbers.iter().rev().take(REMEMBERED));
            }
        }
        near.sort_unstable();
        near.dedup();
        let shared = |number: &u32| {
            let theirs = &self.said.get(*number as usize)?.frame.topic;
            let shared = now.frame.topic.iter().filter(|term| theirs.binary_search(term).is_ok()).count();
            Some((*number, shared as f32))
        };
        near.iter().filter_map(shared).collect()
    }
}

/// How a statement bears on an earlier one with which it shares so many content words; `None` where it does not.
fn bearing(now: Said<'_>, before: Said<'_>, shared: f32) -> Option<Bearing> {
    let (own, theirs) = (now.frame.topic.len() as f32, before.frame.topic.len() as f32);
    let (of_all, of_shorter) = (shared / (own + theirs - shared), shared / own.min(theirs));
    let opposite = now.frame.polarity * before.frame.polarity < 0;
    if opposite && !now.happened && !before.happened && !now.frame.past && of_shorter >= ONE_THING {
        Some(Bearing::Opposite)
    } else if of_all >= SAME && !opposite && now.frame.corrects == before.frame.corrects {
        Some(Bearing::Same)
    } else if now.frame.corrects && of_all >= PUT_RIGHT {
        Some(Bearing::Righting(of_all))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{Language, Vocabulary};

    /// Each statement with the number of the one that ended it and why, and of the first that says the same.
    fn check(texts: &[&str], expect: &[&str]) {
        let mut vocabulary = Vocabulary::default();
        let frames: Vec<Frame> =
            texts.iter().map(|text| Frame::of(text, &mut vocabulary, Some(Language::English))).collect();
        let speaker = |text: &str| u32::from(text.starts_with("Bo: "));
        let said: Vec<Said<'_>> = texts
            .iter()
            .zip(&frames)
            .map(|(text, frame)| Said { speaker: speaker(text), happened: false, frame })
            .collect();
        let (ends, same) = compare(&said);
        let shown: Vec<String> = (0u32..)
            .zip(ends.iter().zip(&same))
            .map(|(number, (end, same))| match end {
                Some(end) => format!("ended by {}: {:?}", end.by, end.why),
                None if *same != number => format!("as {same}"),
                None => "holds".to_owned(),
            })
            .collect();
        assert_eq!(shown, expect, "{texts:?}");
    }

    #[test]
    fn a_new_value_ends_the_former_one() {
        check(&["Ann: I live in Bristol.", "Ann: I moved to Hamburg."], &["ended by 1: Value", "holds"]);
        check(&["Ann: I live in Bristol.", "Bo: I live in Leeds."], &["holds", "holds"]);
        check(&["Ann: I live in Bristol.", "Ann: I live in Bristol!"], &["holds", "as 0"]);
        check(
            &[
                "Ann: My favourite tea is Assam.",
                "Ann: My favourite cake is parkin.",
                "Ann: My favourite tea is Oolong",
            ],
            &["ended by 2: Value", "holds", "holds"],
        );
        check(&["Ann: Ich wohne in Bonn.", "Ann: Ich wohne jetzt in Köln."], &["ended by 1: Value", "holds"]);
        check(&["安: 我住在北京。", "安: 我搬到上海了。"], &["ended by 1: Value", "holds"]);
    }

    #[test]
    fn an_opposite_liking_ends_the_former_one() {
        check(&["Ann: I love black coffee.", "Ann: I don't like coffee."], &["ended by 1: Opposite", "holds"]);
        check(&["Ann: I hate olives.", "Bo: I love olives."], &["holds", "holds"]);
        check(&["安: 我喜欢咖啡。", "安: 我不喜欢咖啡。"], &["ended by 1: Opposite", "holds"]);
        check(&["Ann: I love coffee.", "Ann: I used to hate coffee."], &["holds", "holds"]);
    }

    #[test]
    fn a_correction_ends_what_it_is_about() {
        check(
            &[
                "Ann: The kayak kit was 640 pounds.",
                "Ann: The kitchen is blue.",
                "Ann: Correction, the kayak kit was 695.",
            ],
            &["ended by 2: Correction", "holds", "holds"],
        );
        check(&["Ann: The rash is from the dog.", "Ann: Actually it is sunny today."], &["holds", "holds"]);
    }

    #[test]
    fn what_is_said_twice_is_one_until_it_ends() {
        check(
            &["Ann: I love coffee.", "Ann: I do love coffee!", "Ann: I hate coffee.", "Ann: I love coffee."],
            &["ended by 2: Opposite", "ended by 2: Opposite", "ended by 3: Opposite", "holds"],
        );
    }
}
