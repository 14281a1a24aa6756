//! The forms of dates and years in English and German: "5 May 2023", "2023-05-08", "summer 2023", "the 90s".

use jiff::civil::Date;

use super::calendar::{Bound, Period, Unit, When, Yearly};
use super::grammar::{Grammar, Read, fixed};
use super::lexicon::{Needs, Word};

/// The day of a month, and the word after it.
type Day = (i8, usize);

fn on(year: i32, month: i32, day: i32) -> Option<Period> {
    let small = |n: i32| i8::try_from(n).ok();
    let date = Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()?;
    Some(Period::days(date, date))
}

impl Grammar<'_> {
    /// "2023-05-08", "2023-05", "8.5.2023", "5/8/23", "am 8.5.".
    pub(super) fn numeric_date(&self, p: usize) -> Option<Read> {
        if self.glued(p) && !matches!(self.before(p), Word::Sign('(' | '"' | '\'')) {
            return None;
        }
        let (a, digits) = self.number(p)?;
        let Word::Sign(sign @ ('-' | '/' | '.')) = self.word(p + 1) else { return None };
        let (b, b_digits) = self.number(p + 2).filter(|_| self.glued(p + 1) && self.glued(p + 2))?;
        let third = (self.word(p + 3) == Word::Sign(sign) && self.glued(p + 3)).then_some(p + 4);
        let Some((c, c_digits)) = third.filter(|q| self.glued(*q)).and_then(|q| self.number(q)) else {
            return self.short_date(p, (a, digits), sign, (b, b_digits));
        };
        let more = matches!(self.word(p + 5), Word::Sign('-' | '/' | '.')) && self.glued(p + 6);
        if more && matches!(self.word(p + 6), Word::Number { .. }) {
            return None;
        }
        if digits == 4 {
            return fixed(on(a, b, c), p + 5);
        }
        let year = match c_digits {
            4 => c,
            2 => self.present.short_year(c),
            _ => return None,
        };
        let (day_first, month_first) = (on(year, b, a), on(year, a, b));
        match (sign, month_first, day_first) {
            ('.', _, _) => fixed(day_first, p + 5),
            (_, Some(one), Some(two)) if one != two => {
                Some(Read { when: When::Either(one, two), needs: Needs::Nothing, end: p + 5 })
            }
            _ => fixed(month_first.or(day_first), p + 5),
        }
    }

    /// "2023-05" and, after a preposition, "5.8.".
    fn short_date(&self, p: usize, a: (i32, usize), sign: char, b: (i32, usize)) -> Option<Read> {
        match (sign, a.1, b.1) {
            ('-', 4, 2) if self.word(p + 3) != Word::Sign('-') => {
                let first = on(a.0, b.0, 1)?.from.date();
                fixed(Some(Period::days(first, first.last_of_month())), p + 3)
            }
            ('.', 1 | 2, 1 | 2) if self.word(p + 3) == Word::Sign('.') && self.glued(p + 3) => {
                let date = (i8::try_from(b.0).ok()?, i8::try_from(a.0).ok()?);
                Some(Read { when: When::Yearly(Yearly::days(date, date)), needs: Needs::Feast, end: p + 4 })
            }
            _ => None,
        }
    }

    fn number(&self, p: usize) -> Option<(i32, usize)> {
        match self.word(p) {
            Word::Number { value, digits } => Some((value, digits)),
            _ => None,
        }
    }

    /// "5 May", "the 5th of May 2023", "5.-10. Mai", "Montag, 8. Mai".
    pub(super) fn day_first(&self, p: usize) -> Option<Read> {
        let (first, end) = self.day_of_month(self.weekday_before(p))?;
        let (last, end) = self.last_day(end).unwrap_or((first, end));
        let month = self.skip(end, Word::Of);
        let Word::Month(n) = self.word(month) else { return None };
        self.date(n, (first, last), self.full_stop(month + 1))
    }

    /// "May 5", "May the 5th, 2023", "May 5-10", "May 2023", "Monday, May 8th".
    pub(super) fn month_first(&self, p: usize) -> Option<Read> {
        let p = self.weekday_before(p);
        let Word::Month(month) = self.word(p) else { return None };
        let start = self.skip(self.full_stop(p + 1), Word::Article);
        let (first, end) = self.day_of_month(start)?;
        let (last, end) = self.last_day(end).unwrap_or((first, end));
        let amount = matches!(self.word(end), Word::Counted | Word::Unit(..))
            || (self.glued(end) && matches!(self.word(end), Word::Sign(':' | '%') | Word::Other));
        if amount {
            return None;
        }
        self.date(month, (first, last), end)
    }

    /// "Monday" and a comma before a date, which say nothing that the date does not.
    fn weekday_before(&self, p: usize) -> usize {
        match self.word(p) {
            Word::Weekday(_) => self.skip(self.skip(self.skip(p + 1, Word::Sign(',')), Word::Of), Word::Article),
            _ => p,
        }
    }

    fn full_stop(&self, p: usize) -> usize {
        let number = matches!(self.word(p + 1), Word::Number { .. } | Word::Ordinal { .. });
        p + usize::from(number && self.glued(p) && self.word(p) == Word::Sign('.'))
    }

    /// "5", "5th", "fifth", "5.".
    fn day_of_month(&self, p: usize) -> Option<Day> {
        match self.word(p) {
            Word::Ordinal { n, .. } => Some((n, p + 1)),
            Word::Number { value, digits: 1 | 2 } => {
                let stop = self.word(p + 1) == Word::Sign('.') && self.glued(p + 1);
                let more = matches!(self.word(p + 2), Word::Month(_) | Word::Sign('-' | '–') | Word::Bound(_));
                Some((i8::try_from(value).ok()?, p + 1 + usize::from(stop && more)))
            }
            _ => None,
        }
    }

    /// The second day of "5 to 10 May".
    fn last_day(&self, p: usize) -> Option<Day> {
        match self.word(p) {
            Word::To | Word::Sign('-' | '–') | Word::Bound(Bound::Until) => {
                self.day_of_month(self.skip(p + 1, Word::Article))
            }
            _ => None,
        }
    }

    /// The days of `month`, with a year if one follows at `end`.
    fn date(&self, month: i8, (first, last): (i8, i8), end: usize) -> Option<Read> {
        if first < 1 || last > 31 {
            return None;
        }
        let days = Yearly::days((month, first), (month, last));
        if let Some((year, end)) = self.year_after(end) {
            return fixed(days.in_year(year), end);
        }
        Some(Read { when: When::Yearly(days), needs: Needs::Nothing, end })
    }

    /// "May", "May 2023", "summer of last year", "Christmas 2022".
    pub(super) fn yearly(&self, p: usize) -> Option<Read> {
        let (yearly, needs, end) = match self.word(p) {
            Word::Month(month) => (Yearly::month(month), Needs::Month, self.full_stop(p + 1)),
            Word::Yearly(yearly, needs) => (yearly, needs, p + 1),
            _ => return None,
        };
        let years = if yearly.spans_two_years() { self.two_years_after(end) } else { None };
        if let Some((year, end)) = years.or_else(|| self.year_after(end)) {
            return fixed(yearly.in_year(year), end);
        }
        // "April's" belongs to a person.
        let owner = needs == Needs::Month && self.word(end) == Word::Sign('\'') && self.glued(end);
        (!owner).then_some(Read { when: When::Yearly(yearly), needs, end })
    }

    /// "2023", ", 2023", "of 2023", "of last year".
    fn year_after(&self, p: usize) -> Option<(i32, usize)> {
        let q = self.skip(self.skip(self.skip(p, Word::Sign(',')), Word::Of), Word::Article);
        match (self.word(q), self.word(q + 1)) {
            (Word::Which(which), Word::Unit(Unit::Year, false)) if self.word(p) != Word::Sign(',') => {
                Some((i32::from(self.present.today.year()) + i32::from(which), q + 2))
            }
            _ => Some((self.year_number(q, 1..=9999)?, q + 1)),
        }
    }

    /// "2022-2023", "of 2022/23", after a winter.
    fn two_years_after(&self, p: usize) -> Option<(i32, usize)> {
        let q = self.skip(p, Word::Of);
        let (year, 4) = self.number(q)? else { return None };
        let linked = matches!(self.word(q + 1), Word::Sign('-' | '–' | '/')) && self.glued(q + 1) && self.glued(q + 2);
        let (next, _) = self.number(q + 2).filter(|_| linked)?;
        (next % 100 == (year + 1) % 100).then_some((year, q + 3))
    }

    /// "2022", "the year 2022".
    pub(super) fn year(&self, p: usize) -> Option<Read> {
        if self.word(p) == Word::Unit(Unit::Year, false) {
            return fixed(Period::year(self.year_number(p + 1, 1..=9999)?), p + 2);
        }
        let period = Period::year(self.year_number(p, 1800..=2199)?)?;
        Some(Read { when: When::Fixed(period), needs: Needs::Year, end: p + 1 })
    }

    /// A number of four digits that is no part of a longer one and counts nothing.
    fn year_number(&self, p: usize, years: std::ops::RangeInclusive<i32>) -> Option<i32> {
        let Word::Number { value, digits: 4 } = self.word(p) else { return None };
        let counts = matches!(self.word(p + 1), Word::Counted | Word::Unit(..) | Word::Sign('$' | '€' | '£' | '%'));
        let runs_on = self.glued(p + 1)
            && match self.word(p + 1) {
                Word::Sign('-' | '.' | ',' | ':' | '/') => {
                    self.glued(p + 2) && matches!(self.number(p + 2), Some((_, digits)) if digits != 4)
                }
                Word::Sign(_) | Word::End => false,
                _ => true,
            };
        let follows = self.glued(p) && !matches!(self.before(p), Word::Sign(',' | '(' | '"' | '\'' | '-' | '–' | '/'));
        let dashed = self.glued(p) && self.before(p) == Word::Sign('-');
        let tail = dashed && matches!(p.checked_sub(2).and_then(|q| self.number(q)), Some((_, digits)) if digits != 4);
        (years.contains(&value) && !counts && !runs_on && !follows && !tail).then_some(value)
    }

    /// Whether a year from `p` to `end` needs no preposition: at the end of the question, in brackets, in a list of
    /// years, or in German.
    pub(super) fn year_stands_alone(&self, p: usize, end: usize) -> bool {
        let ends = matches!(self.word(end), Word::End | Word::Sign('?' | '!' | '.' | '？' | '。'));
        let next_year = matches!(self.word(end), Word::And | Word::Or) && self.year(end + 1).is_some();
        match self.before(p) {
            Word::Label => false,
            Word::Sign('(') => true,
            Word::And | Word::Or | Word::Sign(',') if p.checked_sub(2).is_some_and(|q| self.year(q).is_some()) => true,
            _ => ends || next_year || self.bare_years,
        }
    }

    /// "the 90s", "the 1990s", "die 90er Jahre"; not "her 30s".
    pub(super) fn decade(&self, p: usize) -> Option<Read> {
        let Word::Decade { value, digits } = self.word(p) else { return None };
        let named = match self.before(p) {
            Word::Article | Word::Sign('\'') => true,
            Word::Edge(_) => p.checked_sub(1).is_some_and(|q| self.before(q) == Word::Article),
            _ => false,
        };
        let first = match digits {
            4 if (1000..=9990).contains(&value) => value,
            2 if named => {
                let this = i32::from(self.present.today.year());
                this - (this - value).rem_euclid(100)
            }
            _ => return None,
        };
        let dash = p + 1 + usize::from(self.word(p + 1) == Word::Sign('-') && self.glued(p + 1));
        let end = if matches!(self.word(dash), Word::Unit(Unit::Year, true)) { dash + 1 } else { p + 1 };
        fixed((first % 10 == 0).then(|| Period::years(first, first + 9)).flatten(), end)
    }
}
