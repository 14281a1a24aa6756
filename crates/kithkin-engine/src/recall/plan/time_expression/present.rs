//! The present of a question, and what lies so far from it: calendar units, distances, weekdays.
//!
//! It knows no words and nothing that comes back each year.

use jiff::Span;
use jiff::civil::{Date, DateTime, Weekday, date};
use kithkin_core::{EventTime, Millis, Precision};

use super::calendar::{Count, DAY, DayPart, Period, Unit, add_days, end_of, shift, whole_or_part};

/// The present of a question.
#[derive(Debug, Clone, Copy)]
pub(super) struct Present {
    pub(super) today: Date,
    /// The civil time, if it is known to the minute.
    time: Option<DateTime>,
    offset: Millis,
}

impl Present {
    pub(super) fn new(now: EventTime) -> Self {
        let time = (now.precision() >= Precision::Minute).then(|| now.civil());
        let offset = now.offset().map_or(0, |offset| Millis::from(offset.seconds()) * 1000);
        Self { today: now.civil().date(), time, offset }
    }

    /// The same on another day.
    pub(super) fn on(&self, today: Date) -> Self {
        Self { today, ..*self }
    }

    /// The first and last millisecond of a period; `None` outside the years 1 to 9999.
    pub(super) fn millis(&self, period: &Period) -> Option<(Millis, Millis)> {
        let millis = |civil: DateTime| {
            let since = civil.duration_since(date(1970, 1, 1).at(0, 0, 0, 0));
            Millis::try_from(since.as_millis()).ok()?.checked_sub(self.offset)
        };
        let (from, to) = (millis(period.from)?, millis(period.to)?);
        (period.from.year() >= 1 && from <= to).then_some((from, to))
    }

    /// The day that lies `days` ahead.
    pub(super) fn day(&self, days: i64) -> Option<Date> {
        add_days(self.today, days)
    }

    /// The calendar unit that lies `k` ahead; 0 is the present one.
    pub(super) fn unit(&self, unit: Unit, k: i64) -> Option<Period> {
        let today = self.today;
        let monday = add_days(today, -i64::from(today.weekday().to_monday_zero_offset()))?;
        let date = shift(today, unit, k);
        match unit {
            Unit::Minute | Unit::Hour => self.around(unit, k),
            Unit::Day => Some(Period::days(date?, date?)),
            Unit::Week | Unit::Fortnight => {
                let first = shift(monday, unit, k)?;
                Some(Period::days(first, add_days(first, 6)?).vague(DAY))
            }
            Unit::Weekend => {
                let first = add_days(shift(monday, unit, k)?, 5)?;
                Some(Period::days(first, add_days(first, 1)?).vague(DAY))
            }
            Unit::Month => Some(Period::days(date?.first_of_month(), date?.last_of_month())),
            Unit::Quarter | Unit::HalfYear => {
                let months = if unit == Unit::Quarter { 3 } else { 6 };
                let month = (date?.month() - 1) / months * months + 1;
                let first = Date::new(date?.year(), month, 1).ok()?;
                Some(Period::days(first, add_days(shift(first, unit, 1)?, -1)?))
            }
            Unit::Year => Period::year(date?.year().into()),
            Unit::Decade => {
                let first = i32::from(date?.year()).div_euclid(10) * 10;
                Period::years(first.max(1), first + 9)
            }
        }
    }

    /// A minute or an hour around the moment that lies `k` of them ahead; all of today if the time is not known.
    fn around(&self, unit: Unit, k: i64) -> Option<Period> {
        let Some(time) = self.time else { return Some(Period::days(self.today, self.today)) };
        let span = |n: i64| Span::new().try_milliseconds(n).ok();
        let moment = time.checked_add(span(k.checked_mul(unit.millis())?)?).ok()?;
        let from = moment.checked_sub(span(unit.millis() / 2)?).ok()?;
        Some(Period { from, to: moment.checked_add(span(unit.millis() / 2)?).ok()?, vagueness: unit.millis() })
    }

    /// "Two weeks ago" (`sign` -1) or "two weeks from now" (1). A fifth of the distance may be missed, and half a unit.
    pub(super) fn distant(&self, count: Count, unit: Unit, sign: i64, about: bool) -> Option<Period> {
        // Nobody counts in calendar decades: two decades ago is the year twenty years back.
        let (count, unit) = match unit {
            Unit::Decade => (Count { low: count.low.checked_mul(10)?, high: count.high.checked_mul(10)? }, Unit::Year),
            _ => (count, unit),
        };
        let one = self.unit(unit, sign * i64::from(count.low))?;
        let two = self.unit(unit, sign * i64::from(count.high))?;
        let length = unit.millis();
        let fifth = length.checked_mul(Millis::from(count.high))? / 5;
        let half = if unit == Unit::Day { 0 } else { length / 2 };
        let miss = fifth.max(half) + if about { length } else { 0 };
        let whole = if length < DAY { miss } else { miss / DAY * DAY };
        Some(Period { from: one.from.min(two.from), to: one.to.max(two.to), vagueness: whole })
    }

    /// "The last two weeks" (`sign` -1): from so far back to the end of today. "The next two weeks" (1): from today on.
    pub(super) fn rolling(&self, count: Count, unit: Unit, sign: i64) -> Option<Period> {
        let n = sign * i64::from(count.high);
        let vagueness = if count.low == count.high { 0 } else { unit.millis() };
        let period = match (unit, self.time) {
            (Unit::Minute | Unit::Hour, Some(time)) if sign < 0 => {
                let back = Span::new().try_milliseconds(n.checked_mul(unit.millis())?).ok()?;
                Period { from: time.checked_add(back).ok()?, to: end_of(self.today), vagueness: 0 }
            }
            _ => {
                let far = shift(self.today, unit, n)?;
                Period::days(far.min(self.today), far.max(self.today))
            }
        };
        Some(period.vague(vagueness))
    }

    /// A vague recent time: the last so many days, or as many again.
    pub(super) fn lately(&self, days: i64) -> Option<Period> {
        Some(Period::days(self.day(-days)?, self.today).vague(days * DAY))
    }

    /// "Last", "this" or "next" Tuesday (-1, 0, 1). Within the present week, "last Tuesday" may mean that of the week
    /// before, and "next Tuesday" that of the week after.
    pub(super) fn weekday(&self, which: i8, weekday: Weekday, part: Option<DayPart>) -> Option<Period> {
        let this = self.unit(Unit::Week, 0)?;
        let date = match which {
            0 => self.weekday_of(0, weekday)?,
            -1 | 1 => self.today.nth_weekday(which.into(), weekday).ok()?,
            _ => return None,
        };
        let period = whole_or_part(date, part)?;
        let unsure = which != 0 && (this.from.date()..=this.to.date()).contains(&date);
        Some(if unsure { period.vague(7 * DAY) } else { period })
    }

    /// That weekday in the week that lies `weeks` ahead.
    pub(super) fn weekday_of(&self, weeks: i64, weekday: Weekday) -> Option<Date> {
        let monday = self.unit(Unit::Week, weeks)?.from.date();
        add_days(monday, weekday.to_monday_zero_offset().into())
    }

    /// The latest weekend that has begun.
    pub(super) fn weekend(&self) -> Option<Period> {
        let this = self.unit(Unit::Weekend, 0)?;
        if this.from.date() <= self.today { Some(this) } else { self.unit(Unit::Weekend, -1) }
    }

    /// The year that a number of two digits means: not more than ten years ahead.
    pub(super) fn short_year(&self, two_digits: i32) -> i32 {
        let latest = i32::from(self.today.year()) + 10;
        latest - (latest - two_digits).rem_euclid(100)
    }

    /// The latest day of that number in its month, today or before.
    pub(super) fn day_of_month(&self, day: i8) -> Option<Period> {
        let months = (0..=2).filter_map(|back| shift(self.today.first_of_month(), Unit::Month, -back));
        let mut days = months.filter_map(|month| Date::new(month.year(), month.month(), day).ok());
        days.find(|date| *date <= self.today).map(|date| Period::days(date, date))
    }
}
