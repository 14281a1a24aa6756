//! Expressions that are counted from the present or from another expression: "two weeks ago", "the end of May", "the
//! week before Christmas".

use jiff::civil::Weekday;

use super::calendar::{Bound, Count, DAY, Period, Unit, add_days, shift};
use super::grammar::{Grammar, Read, fixed, furthest};
use super::lexicon::{Preposition, Word};

impl Grammar<'_> {
    /// A plain expression, or "the year" for the present one, as in "the end of the year".
    fn whole(&self, p: usize) -> Option<Read> {
        let q = self.skip(p, Word::Article);
        match self.word(q) {
            Word::Unit(unit @ (Unit::Week | Unit::Month | Unit::Year | Unit::Decade), false) if q > p => {
                furthest([self.plain(q), fixed(self.present.unit(unit, 0), q + 1)], |read| read.end)
            }
            _ => self.plain(q),
        }
    }

    /// "early 2023", "the end of last month", "mid-May".
    pub(super) fn edge(&self, p: usize) -> Option<Read> {
        let Word::Edge(third) = self.word(p) else { return None };
        let whole = self.whole(self.skip(self.skip(p + 1, Word::Sign('-')), Word::Of))?;
        fixed(whole.when.seen_from(self.present)?.third(third), whole.end)
    }

    /// "the first week of May", "the second half of 2023".
    pub(super) fn nth_of(&self, p: usize) -> Option<Read> {
        let n = match self.word(p) {
            Word::Ordinal { n, .. } if n > 0 => n,
            Word::Which(-1) | Word::Rolling => -1,
            _ => return None,
        };
        let unit = match self.word(p + 1) {
            Word::Unit(unit @ (Unit::Day | Unit::Week | Unit::Weekend | Unit::Month | Unit::Quarter), false) => unit,
            Word::Half => Unit::HalfYear,
            _ => return None,
        };
        let linked = matches!(self.word(p + 2), Word::Of | Word::Preposition(Preposition::In));
        let whole = self.whole(p + 2 + usize::from(linked)).filter(|_| linked || unit == Unit::HalfYear)?;
        fixed(whole.when.seen_from(self.present)?.nth(n, unit), whole.end)
    }

    /// "earlier this year", "later today": from its start until today, or from today until its end.
    pub(super) fn earlier(&self, p: usize) -> Option<Read> {
        let word = self.word(p);
        if !matches!(word, Word::Earlier | Word::Later) {
            return None;
        }
        let q = self.skip(p + 1, Word::Preposition(Preposition::In));
        let period = match (self.word(q), self.word(q + 1)) {
            (Word::Day(0), _) => return self.day(q),
            (Word::Which(0), Word::Unit(unit, false)) => self.present.unit(unit, 0)?,
            _ => return None,
        };
        let today = Period::days(self.present.today, self.present.today);
        let part = match word {
            Word::Earlier => Period { to: today.to, ..period },
            _ => Period { from: today.from, ..period },
        };
        fixed(Some(part), q + 2)
    }

    /// "the week of May 8", "the weekend of 6 May", "the month of May", "the evening of 5 May".
    pub(super) fn week_of(&self, p: usize) -> Option<Read> {
        if !matches!(self.word(p + 1), Word::Of | Word::From) {
            return None;
        }
        let read = self.plain(self.skip(p + 2, Word::Article))?;
        let period = read.when.seen_from(self.present)?;
        let (first, is_day) = (period.from.date(), period.from.date() == period.to.date());
        let there = self.present.on(first);
        match self.word(p) {
            Word::Part(part) if is_day => fixed(Period::part(first, part), read.end),
            Word::Unit(unit @ (Unit::Week | Unit::Weekend), false) if is_day => fixed(there.unit(unit, 0), read.end),
            Word::Unit(Unit::Month, false) => fixed(there.unit(Unit::Month, 0), read.end),
            _ => None,
        }
    }

    /// "two weeks before Christmas", "the day after 5 May", "the Monday before July 24", "the week before last".
    pub(super) fn beside(&self, p: usize) -> Option<Read> {
        let p = p + usize::from(matches!(self.word(p), Word::Which(-1) | Word::Rolling));
        let (weekday, amount, q) = match (self.word(p), self.amount(p)) {
            (Word::Weekday(weekday), _) => (Some(weekday), None, p + 1),
            (Word::Unit(_, false), _) => (None, None, p + 1),
            (_, Some((count, unit, end))) => (None, Some((count, unit)), end),
            _ => return None,
        };
        let sign: i64 = match self.word(q) {
            Word::Bound(Bound::Before) | Word::Vor => -1,
            Word::Bound(Bound::After) => 1,
            _ => return None,
        };
        if let (Word::Unit(unit, false), Word::Which(which)) = (self.word(p), self.word(q + 1))
            && i64::from(which) == sign
            && !matches!(self.word(q + 2), Word::Unit(..))
        {
            return fixed(self.present.unit(unit, 2 * sign), q + 2);
        }
        let read = self.plain(self.skip(q + 1, Word::Article))?;
        let period = read.when.seen_from(self.present)?;
        let edge = if sign < 0 { period.from.date() } else { period.to.date() };
        let next = |weekday| edge.nth_weekday(if sign < 0 { -1 } else { 1 }, weekday).ok();
        let beside = match (weekday, amount, self.word(p)) {
            (Some(weekday), _, _) => {
                let date = next(weekday)?;
                Period::days(date, date)
            }
            (_, Some((count, unit)), _) => {
                let one = shift(edge, unit, sign * i64::from(count.low))?;
                let two = shift(edge, unit, sign * i64::from(count.high))?;
                Period::days(one.min(two), one.max(two)).vague(unit.millis() / 2 / DAY * DAY)
            }
            (_, _, Word::Unit(Unit::Weekend, _)) => {
                let saturday = next(Weekday::Saturday)?;
                Period::days(saturday, add_days(saturday, 1)?).vague(DAY)
            }
            (_, _, Word::Unit(unit, _)) => {
                let (near, far) = (add_days(edge, sign)?, shift(edge, unit, sign)?);
                Period::days(near.min(far), near.max(far))
            }
            _ => return None,
        };
        fixed(Some(beside.vague(beside.vagueness.max(period.vagueness))), read.end)
    }

    /// "about two weeks ago", "vor etwa zwei Wochen", "three days from now".
    pub(super) fn distant(&self, p: usize) -> Option<Read> {
        let vor = self.word(p) == Word::Vor;
        let q = p + usize::from(vor);
        let r = self.skip(q, Word::About);
        let (count, unit, end) = self.amount(r)?;
        let after = self.skip(end, Word::About);
        let about = r > q || after > end;
        let (sign, end) = match self.word(after) {
            _ if vor => (-1, end),
            Word::Ago => (-1, after + 1),
            Word::Hence => (1, after + 1),
            _ => return None,
        };
        // "A year ago today" is a day.
        if self.word(end) == Word::Day(0) && count.low == count.high {
            let date = shift(self.present.today, unit, sign * i64::from(count.low))?;
            return fixed(Some(Period::days(date, date)), end + 1);
        }
        fixed(self.present.distant(count, unit, sign, about), end)
    }

    /// "two weeks", "2-3 days", "half a year".
    pub(super) fn amount(&self, p: usize) -> Option<(Count, Unit, usize)> {
        if let (Word::Half, Word::Unit(unit, _)) = (self.word(p), self.word(p + 1)) {
            let (n, unit) = unit.half()?;
            return Some((Count::exactly(n), unit, p + 2));
        }
        let mut count = self.count(p)?;
        let mut end = p + 1;
        if let Word::Sign('-' | '–') | Word::To | Word::Or | Word::Bound(Bound::Until) = self.word(end)
            && let Some(more) = self.count(end + 1)
        {
            count.high = more.high.max(count.low);
            end += 2;
        }
        let Word::Unit(unit, _) = self.word(end) else { return None };
        Some((count, unit, end + 1))
    }

    fn count(&self, p: usize) -> Option<Count> {
        match self.word(p) {
            Word::Count(count) => Some(count),
            Word::Number { value, digits: 1..=4 } if !self.is_fraction(p) => Some(Count::exactly(value)),
            _ => None,
        }
    }

    /// Whether the number at `p` is the end of a longer one, as in "3.5".
    fn is_fraction(&self, p: usize) -> bool {
        let point = self.glued(p) && matches!(self.before(p), Word::Sign('.' | ',' | '/'));
        point && self.glued(p.saturating_sub(1)) && matches!(self.before(p.saturating_sub(1)), Word::Number { .. })
    }
}
