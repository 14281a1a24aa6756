//! The arithmetic of days, weeks, months, years, and of what comes back each week or year.
//!
//! Everything is civil time; an offset is applied only in [`Present::millis`]. What leaves the years that can be
//! represented is `None`. Nothing here knows words.

use jiff::Span;
use jiff::civil::{Date, DateTime, Weekday, date};
use kithkin_core::Millis;

use super::present::Present;

/// Milliseconds in an hour.
pub(super) const HOUR: Millis = 3_600_000;
/// Milliseconds in a day.
pub(super) const DAY: Millis = 24 * HOUR;

/// A stretch of civil time, both ends included, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) from: DateTime,
    pub(super) to: DateTime,
    /// How far outside something may lie and still be meant.
    pub(super) vagueness: Millis,
}

impl Period {
    /// All of the days from `first` to `last`.
    pub(super) fn days(first: Date, last: Date) -> Self {
        Self { from: first.at(0, 0, 0, 0), to: end_of(last), vagueness: 0 }
    }

    /// All of a calendar year.
    pub(super) fn year(year: i32) -> Option<Self> {
        Self::years(year, year)
    }

    /// All of the calendar years from `first` to `last`.
    pub(super) fn years(first: i32, last: i32) -> Option<Self> {
        let (first, last) = (i16::try_from(first).ok()?, i16::try_from(last).ok()?);
        Some(Self::days(Date::new(first, 1, 1).ok()?, Date::new(last, 12, 31).ok()?))
    }

    /// A part of the day `date`.
    pub(super) fn part(date: Date, part: DayPart) -> Option<Self> {
        let from = date.at(0, 0, 0, 0).checked_add(Span::new().try_hours(part.from).ok()?).ok()?;
        let to = date.at(0, 0, 0, 0).checked_add(Span::new().try_hours(part.to).ok()?).ok()?;
        Some(Self { from, to: just_before(to)?, vagueness: 2 * HOUR })
    }

    pub(super) fn vague(self, vagueness: Millis) -> Self {
        Self { vagueness, ..self }
    }

    /// The first, middle or last third, by whole days; a shorter stretch than three days stays whole.
    pub(super) fn third(self, third: Third) -> Option<Self> {
        let (first, last) = (self.from.date(), self.to.date());
        let days = (last - first).get_days() + 1;
        if days < 3 {
            return Some(self);
        }
        let (skip, keep) = match third {
            Third::First => (0, days / 3),
            Third::Middle => (days / 3, days - 2 * (days / 3)),
            Third::Last => (days - days / 3, days / 3),
        };
        let from = add_days(first, skip.into())?;
        let to = add_days(from, i64::from(keep) - 1)?;
        Some(Self::days(from, to).vague(self.vagueness.max(Millis::from(days) * DAY / 12)))
    }

    /// The `n`th unit within this stretch, counted from 1; -1 is the last.
    pub(super) fn nth(self, n: i8, unit: Unit) -> Option<Self> {
        let (first, last) = (self.from.date(), self.to.date());
        let n = i64::from(n);
        let (from, to) = if unit == Unit::Weekend {
            let outside = if n < 0 { add_days(last, 1)? } else { add_days(first, -1)? };
            let saturday = outside.nth_weekday(i32::try_from(n).ok()?, Weekday::Saturday).ok()?;
            (saturday, add_days(saturday, 1)?)
        } else if n < 0 {
            let after = add_days(last, 1)?;
            (shift(after, unit, -1)?, last)
        } else {
            (shift(first, unit, n - 1)?, add_days(shift(first, unit, n)?, -1)?)
        };
        (first <= from && from <= last).then(|| Self::days(from, to).vague(self.vagueness))
    }
}

/// A third of a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Third {
    First,
    Middle,
    Last,
}

/// A part of a day, in hours since its midnight; beyond 24 is the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DayPart {
    from: i64,
    to: i64,
}

pub(super) const SMALL_HOURS: DayPart = DayPart { from: 0, to: 6 };
pub(super) const MORNING: DayPart = DayPart { from: 5, to: 12 };
pub(super) const NOON: DayPart = DayPart { from: 11, to: 14 };
pub(super) const AFTERNOON: DayPart = DayPart { from: 12, to: 18 };
pub(super) const EVENING: DayPart = DayPart { from: 17, to: 24 };
pub(super) const NIGHT: DayPart = DayPart { from: 18, to: 30 };

/// What people count time in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Weekend,
    Fortnight,
    Month,
    Quarter,
    HalfYear,
    Year,
    Decade,
}

impl Unit {
    /// About how long it is.
    pub(super) fn millis(self) -> Millis {
        match self {
            Self::Minute => HOUR / 60,
            Self::Hour => HOUR,
            Self::Day => DAY,
            Self::Week | Self::Weekend => 7 * DAY,
            Self::Fortnight => 14 * DAY,
            Self::Month => 30 * DAY,
            Self::Quarter => 91 * DAY,
            Self::HalfYear => 182 * DAY,
            Self::Year => 365 * DAY,
            Self::Decade => 3652 * DAY,
        }
    }

    /// Half of it, as a number of smaller units.
    pub(super) fn half(self) -> Option<(i32, Self)> {
        match self {
            Self::Hour => Some((30, Self::Minute)),
            Self::Month => Some((2, Self::Week)),
            Self::Year => Some((6, Self::Month)),
            Self::Decade => Some((5, Self::Year)),
            _ => None,
        }
    }
}

/// How many: from the least to the most that may be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) low: i32,
    pub(super) high: i32,
}

impl Count {
    pub(super) const fn exactly(n: i32) -> Self {
        Self { low: n, high: n }
    }

    /// What "a few" means.
    pub(super) const FEW: Self = Self { low: 2, high: 5 };
}

/// A stretch of days that comes back each year; it may run into the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Yearly {
    first: (i8, i8),
    /// A day beyond the end of its month is the last of it.
    last: (i8, i8),
    vagueness: Millis,
}

impl Yearly {
    pub(super) const fn month(month: i8) -> Self {
        Self { first: (month, 1), last: (month, 31), vagueness: 0 }
    }

    pub(super) const fn days(first: (i8, i8), last: (i8, i8)) -> Self {
        Self { first, last, vagueness: 0 }
    }

    /// Three months. Three weeks of vagueness lie between the meteorological and the astronomical season.
    const fn season(first: i8, last: i8) -> Self {
        Self { first: (first, 1), last: (last, 31), vagueness: 21 * DAY }
    }

    const fn feast(first: (i8, i8), last: (i8, i8), days: i64) -> Self {
        Self { first, last, vagueness: days * DAY }
    }

    /// Whether it runs from one year into the next.
    pub(super) fn spans_two_years(self) -> bool {
        self.last < self.first
    }

    /// The one that begins in `year`.
    pub(super) fn in_year(self, year: i32) -> Option<Period> {
        let year = i16::try_from(year).ok()?;
        let ends = if self.spans_two_years() { year.checked_add(1)? } else { year };
        let length = Date::new(ends, self.last.0, 1).ok()?.days_in_month();
        let last = Date::new(ends, self.last.0, self.last.1.min(length)).ok()?;
        let first = Date::new(year, self.first.0, self.first.1).ok()?;
        (first <= last).then(|| Period::days(first, last).vague(self.vagueness))
    }

    /// The one of `years` after that of `date`, in that order, that fulfils `fits`. Eight years hold a leap day.
    fn among(self, date: Date, years: impl Iterator<Item = i32>, fits: impl Fn(&Period) -> bool) -> Option<Period> {
        years.filter_map(|k| self.in_year(i32::from(date.year()) + k)).find(fits)
    }

    /// The latest that begins on `date` or before.
    pub(super) fn latest(self, date: Date) -> Option<Period> {
        self.among(date, (-8..=0).rev(), |p| p.from.date() <= date)
    }

    /// The first that begins on `date` or after.
    pub(super) fn first_from(self, date: Date) -> Option<Period> {
        self.among(date, 0..=8, |p| p.from.date() >= date)
    }

    /// "Last", "this" or "next" (-1, 0, 1) seen from `today`.
    pub(super) fn which(self, which: i8, today: Date) -> Option<Period> {
        match which {
            -1 => self.among(today, (-8..=0).rev(), |p| p.to.date() < today),
            0 => {
                let year = i32::from(today.year());
                self.in_year(year - 1).filter(|p| p.to.date() >= today).or_else(|| self.in_year(year))
            }
            1 => self.among(today, 0..=8, |p| p.from.date() > today),
            _ => None,
        }
    }
}

pub(super) const SPRING: Yearly = Yearly::season(3, 5);
pub(super) const SUMMER: Yearly = Yearly::season(6, 8);
pub(super) const AUTUMN: Yearly = Yearly::season(9, 11);
pub(super) const WINTER: Yearly = Yearly::season(12, 2);
pub(super) const CHRISTMAS: Yearly = Yearly::feast((12, 24), (12, 26), 3);
pub(super) const CHRISTMAS_EVE: Yearly = Yearly::days((12, 24), (12, 24));
pub(super) const CHRISTMAS_DAY: Yearly = Yearly::days((12, 25), (12, 25));
pub(super) const NEW_YEAR: Yearly = Yearly::feast((12, 31), (1, 1), 2);
pub(super) const NEW_YEARS_EVE: Yearly = Yearly::feast((12, 31), (12, 31), 1);
pub(super) const NEW_YEARS_DAY: Yearly = Yearly::days((1, 1), (1, 1));
pub(super) const HALLOWEEN: Yearly = Yearly::feast((10, 31), (10, 31), 1);
pub(super) const VALENTINES_DAY: Yearly = Yearly::days((2, 14), (2, 14));
pub(super) const LABOUR_DAY: Yearly = Yearly::feast((5, 1), (5, 5), 2);
pub(super) const CHINA_NATIONAL_DAY: Yearly = Yearly::feast((10, 1), (10, 7), 2);

/// What an expression means before it is known which one of those that come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// This and no other.
    Fixed(Period),
    /// One or the other: a date whose day and month cannot be told apart.
    Either(Period, Period),
    /// Comes back each year.
    Yearly(Yearly),
    /// Comes back each week: the whole day, or a part of it.
    Weekly(Weekday, Option<DayPart>),
}

impl When {
    /// The stretch of time that is meant, seen from the present.
    pub(super) fn seen_from(self, present: &Present) -> Option<Period> {
        match self {
            Self::Fixed(period) | Self::Either(period, _) => Some(period),
            Self::Yearly(yearly) => yearly.latest(present.today),
            Self::Weekly(weekday, part) => whole_or_part(present.today.nth_weekday(-1, weekday).ok()?, part),
        }
    }

    fn comes_back(self) -> bool {
        matches!(self, Self::Yearly(_) | Self::Weekly(..))
    }

    /// The latest that begins on `date` or before.
    pub(super) fn latest(self, date: Date) -> Option<Period> {
        match self {
            Self::Fixed(period) | Self::Either(period, _) => Some(period),
            Self::Yearly(yearly) => yearly.latest(date),
            Self::Weekly(weekday, part) => whole_or_part(add_days(date, 1)?.nth_weekday(-1, weekday).ok()?, part),
        }
    }

    fn first_from(self, date: Date) -> Option<Period> {
        match self {
            Self::Fixed(period) | Self::Either(period, _) => Some(period),
            Self::Yearly(yearly) => yearly.first_from(date),
            Self::Weekly(weekday, part) => whole_or_part(add_days(date, -1)?.nth_weekday(1, weekday).ok()?, part),
        }
    }

    /// From the start of this to the end of `other`: in "between May and July 2023" May takes its year from July.
    pub(super) fn until(self, other: Self, present: &Present) -> Option<Period> {
        let (first, last) = if self.comes_back() {
            let last = other.seen_from(present)?;
            (self.latest(last.from.date())?, last)
        } else {
            let first = self.seen_from(present)?;
            (first, other.first_from(first.from.date())?)
        };
        let period = Period { from: first.from, to: last.to, vagueness: first.vagueness.max(last.vagueness) };
        (period.from <= period.to).then_some(period)
    }
}

/// The day `date`, or a part of it.
pub(super) fn whole_or_part(date: Date, part: Option<DayPart>) -> Option<Period> {
    part.map_or(Some(Period::days(date, date)), |part| Period::part(date, part))
}

/// How an expression bounds what is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// From its start to the present.
    Since,
    /// All that ends before it.
    Before,
    /// All that begins after it.
    After,
    /// All up to its end.
    Until,
}

impl Bound {
    /// The stretch of time that is bounded by `period`.
    pub(super) fn apply(self, period: Period, present: &Present) -> Option<Period> {
        let first = date(1, 1, 1).at(0, 0, 0, 0);
        let (from, to) = match self {
            Self::Since => (period.from, end_of(present.today)),
            Self::Before => (first, just_before(period.from)?),
            Self::After => (just_after(period.to)?, end_of(Date::MAX)),
            Self::Until => (first, period.to),
        };
        (from <= to).then_some(Period { from, to, ..period })
    }
}

/// `date` moved by `k` units. Of a shorter month it is the last day.
pub(super) fn shift(date: Date, unit: Unit, k: i64) -> Option<Date> {
    let span = match unit {
        Unit::Minute | Unit::Hour => return Some(date),
        Unit::Day => Span::new().try_days(k),
        Unit::Week | Unit::Weekend => Span::new().try_weeks(k),
        Unit::Fortnight => Span::new().try_weeks(k.checked_mul(2)?),
        Unit::Month => Span::new().try_months(k),
        Unit::Quarter => Span::new().try_months(k.checked_mul(3)?),
        Unit::HalfYear => Span::new().try_months(k.checked_mul(6)?),
        Unit::Year => Span::new().try_years(k),
        Unit::Decade => Span::new().try_years(k.checked_mul(10)?),
    };
    date.checked_add(span.ok()?).ok()
}

/// `date` moved by so many days.
pub(super) fn add_days(date: Date, days: i64) -> Option<Date> {
    shift(date, Unit::Day, days)
}

/// The last millisecond of a day.
pub(super) fn end_of(date: Date) -> DateTime {
    date.at(23, 59, 59, 999_000_000)
}

fn just_before(time: DateTime) -> Option<DateTime> {
    time.checked_sub(Span::new().try_milliseconds(1).ok()?).ok()
}

fn just_after(time: DateTime) -> Option<DateTime> {
    time.checked_add(Span::new().try_milliseconds(1).ok()?).ok()
}
