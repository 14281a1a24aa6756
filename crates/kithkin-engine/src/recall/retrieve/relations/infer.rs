//! How two statements of different sessions bear on each other, by rules.
//!
//! The rules look at who speaks, at the content words of both, at what denies or says that something has changed, and
//! at how often something alike happened before. That they are near to each other is taken for granted.

use kithkin_core::MemoryKind;

use crate::change::Cues;
use crate::index::TermId;

/// What the later statement does to the earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Relation {
    /// It says more in general: its words are among those of the earlier one.
    Extension,
    /// It is one more of several events alike.
    Accumulation,
    /// It says more in particular: it has the words of the earlier one and more.
    Specification,
    /// It says otherwise: denied, changed, or with another value.
    Transformation,
    /// It is near to it in another way.
    Connection,
}

impl Relation {
    /// Its name in explanations.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Extension => "extension",
            Self::Accumulation => "accumulation",
            Self::Specification => "specification",
            Self::Transformation => "transformation",
            Self::Connection => "connection",
        }
    }
}

/// What the rules look at.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) kind: MemoryKind,
    pub(super) speaker: u32,
    /// Its content words without the speaker's name, each once, ascending.
    pub(super) content: Vec<TermId>,
    pub(super) cues: Cues,
}

/// Events alike, with the one at hand, from which on they add up.
const SEVERAL: usize = 3;

/// The relation of a later statement to an earlier one; `None` where nothing but the nearness of their vectors speaks for
/// one. `alike` is how many earlier events of the same speaker the later one is near to.
pub(super) fn relation(earlier: &Statement, later: &Statement, alike: usize) -> Option<Relation> {
    let shared = common(&earlier.content, &later.content);
    let (of_earlier, of_later) = (earlier.content.len(), later.content.len());
    let same_speaker = earlier.speaker == later.speaker;
    // Four words of five: a tense or a filler may differ.
    let nearly_all = |of: usize| shared > 0 && 5 * shared >= 4 * of;
    let both = |kind: MemoryKind| earlier.kind == kind && later.kind == kind;
    let other_value = both(MemoryKind::Fact) && of_earlier == of_later && shared + 1 == of_later;
    let otherwise = earlier.cues.denies != later.cues.denies || later.cues.changed || other_value;
    if same_speaker && shared > 0 && otherwise {
        Some(Relation::Transformation)
    } else if nearly_all(of_earlier) && of_later > of_earlier {
        Some(Relation::Specification)
    } else if nearly_all(of_later) && of_later < of_earlier {
        Some(Relation::Extension)
    } else if same_speaker && both(MemoryKind::Event) && alike + 1 >= SEVERAL {
        Some(Relation::Accumulation)
    } else {
        (same_speaker || shared > 0).then_some(Relation::Connection)
    }
}

/// How many terms are in both, each list ascending.
fn common(a: &[TermId], b: &[TermId]) -> usize {
    a.iter().filter(|term| b.binary_search(term).is_ok()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{Language, Token, Vocabulary};
    use Language::{Chinese, English, German};
    use MemoryKind::{Event, Fact, Opinion};

    #[test]
    fn each_relation_has_its_rule() {
        let mut vocabulary = Vocabulary::default();
        let mut check = |language, kind, earlier: &str, later: &str, alike, expect: Option<Relation>| {
            let mut read = |text: &str, speaker| {
                let mut tokens: Vec<Token> = Vec::new();
                vocabulary.read(text, Some(language), &mut tokens);
                let mut content: Vec<TermId> = tokens.iter().filter(|t| !t.function).map(|t| t.term).collect();
                content.sort_unstable();
                content.dedup();
                Statement { kind, speaker, content, cues: Cues::of(text) }
            };
            let speaker = u32::from(later.starts_with("Bo: "));
            let found = relation(&read(earlier, 0), &read(later.trim_start_matches("Bo: "), speaker), alike);
            assert_eq!(found, expect, "{earlier} / {later}");
        };
        use Relation::{Accumulation, Connection, Extension, Specification, Transformation};
        check(English, Fact, "I live in Oslo.", "I live in Bergen.", 0, Some(Transformation));
        check(English, Fact, "I work as a nurse.", "I used to work at the clinic.", 0, Some(Transformation));
        check(English, Opinion, "I like olives.", "I don't like olives.", 0, Some(Transformation));
        check(English, Opinion, "I like olives.", "Bo: I don't like olives.", 0, Some(Connection));
        check(German, Fact, "Ich wohne in Ulm.", "Ich wohne nicht mehr in Ulm.", 0, Some(Transformation));
        check(Chinese, Fact, "我住在北京。", "我现在住在上海。", 0, Some(Transformation));
        check(
            English,
            Opinion,
            "I love hiking.",
            "I love hiking with my dog in the mountains.",
            0,
            Some(Specification),
        );
        check(English, Opinion, "I love hiking with my dog in the mountains.", "I love hiking.", 0, Some(Extension));
        check(English, Event, "I ran a race in March.", "We ran ten miles in May.", 2, Some(Accumulation));
        check(English, Event, "I ran a race in March.", "We ran ten miles in May.", 1, Some(Connection));
        check(English, Fact, "My sister is a nurse.", "Bo: The clinic has no beds.", 0, None);
        check(English, Fact, "", "", 0, Some(Connection));
    }
}
