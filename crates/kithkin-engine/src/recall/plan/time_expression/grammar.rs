//! How meanings combine to expressions of time in English and German.
//!
//! Each reader tries one form at a place and returns what it means and where it ends; the longest wins. The forms of
//! both languages are tried on the meanings of either, because a form of the other language does no harm. Dates are
//! read in `dates`, what is counted from another time in `relative`.

use super::calendar::{Bound, Count, DAY, Period, Unit, When, whole_or_part};
use super::lexicon::{Lexed, Needs, Preposition, Word};
use super::present::Present;
use super::{Match, calendar};

/// What was read at a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read {
    pub(super) when: When,
    pub(super) needs: Needs,
    /// The word after it.
    pub(super) end: usize,
}

/// A period that needs no word before it.
pub(super) fn fixed(period: Option<Period>, end: usize) -> Option<Read> {
    Some(Read { when: When::Fixed(period?), needs: Needs::Nothing, end })
}

/// The words of a question in one language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grammar<'a> {
    pub(super) words: &'a [Lexed],
    pub(super) present: &'a Present,
    /// Whether a year needs no preposition, as in German.
    pub(super) bare_years: bool,
}

/// The reading that goes furthest; the first of equal ones.
pub(super) fn furthest<T>(readings: impl IntoIterator<Item = Option<T>>, end: impl Fn(&T) -> usize) -> Option<T> {
    readings.into_iter().flatten().reduce(|best, next| if end(&next) > end(&best) { next } else { best })
}

impl Grammar<'_> {
    /// All expressions, also overlapping ones.
    pub(super) fn matches(&self) -> Vec<Match> {
        (0..self.words.len()).filter_map(|p| self.expression(p)).collect()
    }

    pub(super) fn word(&self, p: usize) -> Word {
        self.words.get(p).map_or(Word::End, |lexed| lexed.word)
    }

    /// The word before `p`.
    pub(super) fn before(&self, p: usize) -> Word {
        p.checked_sub(1).map_or(Word::End, |p| self.word(p))
    }

    pub(super) fn glued(&self, p: usize) -> bool {
        self.words.get(p).is_some_and(|lexed| lexed.glued)
    }

    /// The place after `word`, if it stands at `p`; otherwise `p`.
    pub(super) fn skip(&self, p: usize, word: Word) -> usize {
        p + usize::from(self.word(p) == word)
    }

    /// The longest expression that begins at `p`.
    fn expression(&self, p: usize) -> Option<Match> {
        if self.before(p) == Word::Every {
            return None;
        }
        let read = furthest([self.range(p), self.bounded(p), self.placed(p)], |read| read.end)?;
        let (period, other) = match read.when {
            When::Either(one, two) => (one, Some(two)),
            when => (when.seen_from(self.present)?, None),
        };
        let (first, last) = (self.words.get(p)?, self.words.get(read.end.checked_sub(1)?)?);
        Some(Match { first: first.first, end: last.end, period, other })
    }

    /// "between May and July 2023", "from Monday to Friday", "2019-2021".
    fn range(&self, p: usize) -> Option<Read> {
        let opened = matches!(self.word(p), Word::From | Word::Between | Word::Preposition(Preposition::In));
        let first = self.core(self.skip(p + usize::from(opened), Word::Article))?;
        let linked = match self.word(first.end) {
            Word::To | Word::Bound(Bound::Until) | Word::Sign('-' | '–' | '—') => true,
            Word::And => self.word(p) == Word::Between,
            _ => false,
        };
        if !linked {
            return None;
        }
        let last = self.core(self.skip(first.end + 1, Word::Article))?;
        if !opened && last.needs != Needs::Nothing {
            return None;
        }
        fixed(first.when.until(last.when, self.present), last.end)
    }

    /// "since May", "before June 2023", "seit zwei Wochen".
    fn bounded(&self, p: usize) -> Option<Read> {
        let bound = match self.word(p) {
            Word::Bound(bound) => bound,
            Word::Vor => Bound::Before,
            Word::By => Bound::Until,
            _ => return None,
        };
        if bound == Bound::Since
            && let Some((count, unit, end)) = self.amount(p + 1)
        {
            return fixed(self.present.rolling(count, unit, -1), end);
        }
        let core = self.core(self.skip(p + 1, Word::Article))?;
        // "By May" and "by June" name authors.
        if self.word(p) == Word::By && core.needs == Needs::Month {
            return None;
        }
        fixed(bound.apply(core.when.seen_from(self.present)?, self.present), core.end)
    }

    /// An expression with or without a preposition: "in the summer of 2023", "last week".
    fn placed(&self, p: usize) -> Option<Read> {
        let before = self.word(p);
        let preposition = matches!(before, Word::Preposition(_) | Word::Of);
        let q = self.skip(p + usize::from(preposition), Word::Article);
        if preposition && let Some(read) = self.only_after_preposition(before, q) {
            return Some(read);
        }
        // "What was she good at recently?" has no time after "at".
        if preposition && matches!(self.word(q), Word::Lately(_)) {
            return None;
        }
        let read = self.with_year_of_next(self.core(q)?);
        let is_time = match read.needs {
            Needs::Year => read.needs.met_by(before) || self.year_stands_alone(q, read.end),
            needs => needs.met_by(before),
        };
        if !is_time {
            return None;
        }
        if before == Word::Preposition(Preposition::Around) {
            let period = read.when.seen_from(self.present)?;
            let days = i64::from((period.to.date() - period.from.date()).get_days()) + 1;
            return fixed(Some(period.vague(period.vagueness + days * DAY / 2)), read.end);
        }
        Some(read)
    }

    /// In "May or June 2022" May takes its year from June.
    fn with_year_of_next(&self, read: Read) -> Read {
        let listed = matches!(self.word(read.end), Word::And | Word::Or) && matches!(read.when, When::Yearly(_));
        let next = if listed { self.plain(self.skip(read.end + 1, Word::Article)) } else { None };
        match next.map(|next| next.when) {
            Some(When::Fixed(next)) => match read.when.latest(next.from.date()) {
                Some(period) => Read { when: When::Fixed(period), ..read },
                None => read,
            },
            _ => read,
        }
    }

    /// "over the weekend", "on the 5th".
    fn only_after_preposition(&self, before: Word, p: usize) -> Option<Read> {
        match (before, self.word(p), self.word(p + 1)) {
            (_, Word::Unit(Unit::Weekend, false), _) => fixed(self.present.weekend(), p + 1),
            (
                Word::Preposition(Preposition::On),
                Word::Ordinal { n, digits: true },
                Word::End | Word::Sign('?' | '.' | '!' | ','),
            ) => fixed(self.present.day_of_month(n), p + 1),
            _ => None,
        }
    }

    /// An expression without preposition.
    fn core(&self, p: usize) -> Option<Read> {
        let readings = [self.plain(p), self.edge(p), self.nth_of(p), self.week_of(p), self.beside(p), self.earlier(p)];
        furthest(readings, |read| read.end)
    }

    /// An expression that holds no other one.
    pub(super) fn plain(&self, p: usize) -> Option<Read> {
        let readings = [
            self.numeric_date(p),
            self.day_first(p),
            self.month_first(p),
            self.yearly(p),
            self.year(p),
            self.decade(p),
            self.day(p),
            self.weekday(p),
            self.which(p),
            self.rolling(p),
            self.distant(p),
        ];
        furthest(readings, |read| read.end)
    }

    /// "yesterday", "tomorrow morning", "tonight", "recently".
    pub(super) fn day(&self, p: usize) -> Option<Read> {
        match (self.word(p), self.word(p + 1)) {
            (Word::Day(days), Word::Part(part)) => fixed(Period::part(self.present.day(days.into())?, part), p + 2),
            (Word::Day(days), _) => fixed(self.present.unit(Unit::Day, days.into()), p + 1),
            (Word::DayPart(days, part), _) => fixed(Period::part(self.present.day(days.into())?, part), p + 1),
            (Word::Lately(days), _) => fixed(self.present.lately(days.into()), p + 1),
            _ => None,
        }
    }

    /// "Tuesday", "Tuesday night", "Tuesday of last week"; not "a Tuesday".
    fn weekday(&self, p: usize) -> Option<Read> {
        let Word::Weekday(weekday) = self.word(p) else { return None };
        if matches!(self.before(p), Word::Count(_) | Word::Every) {
            return None;
        }
        let (part, end) = self.part(p + 1);
        let q = self.skip(end, Word::Of);
        if let (Word::Which(which), Word::Unit(Unit::Week, false)) = (self.word(q), self.word(q + 1)) {
            let date = self.present.weekday_of(which.into(), weekday)?;
            return fixed(whole_or_part(date, part), q + 2);
        }
        Some(Read { when: When::Weekly(weekday, part), needs: Needs::Nothing, end })
    }

    fn part(&self, p: usize) -> (Option<calendar::DayPart>, usize) {
        match self.word(p) {
            Word::Part(part) => (Some(part), p + 1),
            _ => (None, p),
        }
    }

    /// "last week", "this morning", "next Tuesday", "last summer", "letzte Woche Dienstag".
    fn which(&self, p: usize) -> Option<Read> {
        let rolling = self.word(p) == Word::Rolling;
        let which = match self.word(p) {
            Word::Which(which) if self.before(p) != Word::Whose => which,
            Word::Rolling if self.before(p) != Word::Whose => -1,
            _ => return None,
        };
        let today = self.present.today;
        match self.word(p + 1) {
            // The last day, and the last year of something, belong to what is spoken of.
            Word::Unit(Unit::Minute | Unit::Hour | Unit::Day, _) => None,
            Word::Unit(_, false) if self.word(p + 2) == Word::Of => None,
            Word::Unit(unit, false) if rolling && unit != Unit::Weekend => {
                fixed(self.present.rolling(Count::exactly(1), unit, -1), p + 2)
            }
            Word::Unit(unit, false) => {
                let on = self.skip(p + 2, Word::Preposition(Preposition::On));
                if let (Unit::Week, Word::Weekday(weekday)) = (unit, self.word(on)) {
                    let (part, end) = self.part(on + 1);
                    return fixed(whole_or_part(self.present.weekday_of(which.into(), weekday)?, part), end);
                }
                let in_year = if unit == Unit::Year { self.in_year_before(which, p + 2) } else { None };
                in_year.or_else(|| fixed(self.present.unit(unit, which.into()), p + 2))
            }
            Word::Weekday(weekday) => {
                let (part, end) = self.part(p + 2);
                fixed(self.present.weekday(which, weekday, part), end)
            }
            Word::Month(month) => fixed(calendar::Yearly::month(month).which(which, today), p + 2),
            Word::Yearly(yearly, _) => fixed(yearly.which(which, today), p + 2),
            Word::Part(part) if (-1..=0).contains(&which) => {
                fixed(Period::part(self.present.day(which.into())?, part), p + 2)
            }
            _ => None,
        }
    }

    /// What follows the year that it belongs to: "last year in May", "letztes Jahr zu Weihnachten".
    fn in_year_before(&self, which: i8, p: usize) -> Option<Read> {
        let preposition = matches!(self.word(p), Word::Preposition(_));
        let q = self.skip(p + usize::from(preposition), Word::Article);
        let read = furthest([self.day_first(q), self.month_first(q), self.yearly(q)], |read| read.end)?;
        let When::Yearly(yearly) = read.when else { return None };
        fixed(yearly.in_year(i32::from(self.present.today.year()) + i32::from(which)), read.end)
    }

    /// "the last two weeks", "in recent months", "the next few days".
    fn rolling(&self, p: usize) -> Option<Read> {
        let sign = match self.word(p) {
            Word::Which(-1) | Word::Rolling if self.before(p) != Word::Whose => -1,
            Word::Which(1) | Word::Ahead => 1,
            _ => return None,
        };
        if let Some((count, unit, end)) = self.amount(p + 1) {
            return fixed(self.present.rolling(count, unit, sign), end);
        }
        let Word::Unit(unit, true) = self.word(p + 1) else { return None };
        fixed(self.present.rolling(Count::FEW, unit, sign), p + 2)
    }
}
