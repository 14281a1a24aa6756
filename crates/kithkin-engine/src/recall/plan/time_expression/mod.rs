//! Finds the expressions of time in a question ("two weeks ago", "im Mai 2023", "去年5月") and says which stretch of
//! time each means at a given present.
//!
//! A question is cut into `tokens`. English and German tokens are looked up in a `lexicon` (tables in `english` and
//! `german`) and read by one grammar (`grammar`, `dates`, `relative`); Chinese is read by characters (`chinese`, tables
//! in `chinese_words`). `calendar` and `present` do the arithmetic. All three languages are tried on every question,
//! because one question may mix them.
//!
//! Conventions:
//! - A week begins on Monday. Seasons are the northern, meteorological ones.
//! - What comes back ("in May", "on 5 May", "at Christmas", "on Tuesday") means the latest that has begun; a weekday
//!   without "this" never means today. "Last May" and "last summer" mean the latest that is over.
//! - "Two weeks ago" means the calendar unit (day, week, month, year) that lies so far back; "the last two weeks" means
//!   the time from so far back until the end of today.
//! - `5.8.2023` is day first. `5/8/2023` is month first or day first: both are returned, with the same phrase. That is
//!   the only case in which two phrases overlap; after "since", "before" and the like it is month first.
//! - "May" and "March" are months only with a capital, or between "in", "since", "last" and a year or the end. A bare
//!   number of four digits is a year only after a preposition, at the end, in a list of years, or in a German question.
//! - A present that is only known to the month or year counts as the first day of it.
//!
//! It does not read texts that were said, only questions; it knows no feasts whose date moves, no clock times, and not
//! "in two weeks", which is as often a duration. A mention outside the years 1 to 9999 is left out.

mod calendar;
mod chinese;
mod chinese_words;
mod dates;
mod english;
mod german;
mod grammar;
mod lexicon;
mod present;
mod relative;
mod tokens;

#[cfg(test)]
mod tests;

use std::ops::Range;

use kithkin_core::{EventTime, Millis};

use calendar::Period;
use present::Present;
use tokens::Token;

/// An expression of time in a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeMention {
    /// Where it stands in the question, in bytes, with its preposition.
    pub(crate) phrase: Range<usize>,
    /// The first millisecond that is meant; for "before ..." the start of year 1.
    pub(crate) from: Millis,
    /// The last millisecond that is meant, not before `from`; for "after ..." the end of year 9999.
    pub(crate) to: Millis,
    /// How far outside the range something may lie and still be meant, in milliseconds: 0 for an exact date.
    pub(crate) vagueness: Millis,
}

/// What a language made of some tokens.
#[derive(Debug, Clone, Copy)]
struct Match {
    /// The first token.
    first: usize,
    /// The token after the last.
    end: usize,
    /// What is meant.
    period: Period,
    /// What else may be meant.
    other: Option<Period>,
}

/// The expressions of time in `question`, in its order, resolved against `now`. Of overlapping readings the longest is
/// kept. Civil times are those of the offset of `now`, or of UTC where it has none.
///
/// The cost is linear in the length of the question: some ten microseconds for one of usual length.
pub(crate) fn find(question: &str, now: EventTime) -> Vec<TimeMention> {
    let present = Present::new(now);
    let tokens = tokens::split(question);
    let mut matches = english::matches(&tokens, &present);
    matches.extend(german::matches(&tokens, &present));
    matches.extend(chinese::matches(&tokens, &present));
    let mentions = longest(matches, tokens.len()).into_iter().flat_map(|m| {
        let phrase = phrase(&tokens, &m);
        [Some(m.period), m.other].into_iter().flatten().filter_map(move |period| {
            let (from, to) = present.millis(&period)?;
            Some(TimeMention { phrase: phrase.clone()?, from, to, vagueness: period.vagueness })
        })
    });
    mentions.collect()
}

fn phrase(tokens: &[Token], m: &Match) -> Option<Range<usize>> {
    Some(tokens.get(m.first)?.start..tokens.get(m.end.checked_sub(1)?)?.end)
}

/// The longest matches that do not overlap, in order. Of equally long ones the first given is kept.
fn longest(mut matches: Vec<Match>, tokens: usize) -> Vec<Match> {
    matches.sort_by_key(|m| std::cmp::Reverse(m.end - m.first));
    let mut taken = vec![false; tokens];
    matches.retain(|m| {
        let Some(range) = taken.get_mut(m.first..m.end) else { return false };
        if range.contains(&true) {
            return false;
        }
        range.fill(true);
        true
    });
    matches.sort_by_key(|m| m.first);
    matches
}
