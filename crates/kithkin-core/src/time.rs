//! When something was said, as well as it is known.
//!
//! A chat log may give an instant with an offset, a civil time without one, a day, or only a year. [`EventTime`] keeps
//! exactly what was given, and its text form (`2023-05-08T13:56`, `2023-05-08`, `2023-05`, `2023`,
//! `2023-05-08T13:56:00.5+02:00`) says it without loss. There is no clock here: the present is always an argument.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::Blame;

/// Milliseconds since 1970-01-01T00:00Z. A civil time without an offset counts as if it were UTC.
pub type Millis = i64;

/// How much of a time was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// Only the year.
    Year,
    /// Year and month.
    Month,
    /// Year, month and day.
    Day,
    /// To the minute.
    Minute,
    /// To the second or finer.
    Second,
}

/// A time as it was given: civil date and time, the offset from UTC if one was given, and the precision.
///
/// The year is 1 to 9999. Two times compare by [`EventTime::start`]; equality is of everything given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventTime {
    civil: DateTime,
    offset: Option<Offset>,
    precision: Precision,
}

/// Why a text or a number is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTime {
    /// The text has none of the accepted forms, or names a day that does not exist.
    #[error("{text:?} is not a time; write it like 2023-05-08, 2023-05-08T13:56 or 2023-05-08T13:56:00+02:00")]
    Form {
        /// The text.
        text: String,
    },
    /// The year is below 1 or above 9999.
    #[error("{text:?} lies outside the years 1 to 9999")]
    Range {
        /// The text or number.
        text: String,
    },
}

impl InvalidTime {
    /// Always the user's: the time came from outside.
    pub fn blame(&self) -> Blame {
        Blame::User
    }
}

impl EventTime {
    /// A civil time with what is known of its offset and precision. What lies below the precision is cut off.
    ///
    /// # Errors
    /// A year outside 1 to 9999.
    pub fn new(civil: DateTime, offset: Option<Offset>, precision: Precision) -> Result<Self, InvalidTime> {
        if civil.year() < 1 {
            return Err(InvalidTime::Range { text: civil.to_string() });
        }
        let date = match precision {
            Precision::Year => civil.date().first_of_year(),
            Precision::Month => civil.date().first_of_month(),
            Precision::Day | Precision::Minute | Precision::Second => civil.date(),
        };
        let civil = match precision {
            Precision::Year | Precision::Month | Precision::Day => date.at(0, 0, 0, 0),
            Precision::Minute => date.at(civil.hour(), civil.minute(), 0, 0),
            Precision::Second => civil,
        };
        Ok(Self { civil, offset, precision })
    }

    /// The day `date`, without an offset.
    ///
    /// # Errors
    /// A year outside 1 to 9999.
    pub fn day(date: Date) -> Result<Self, InvalidTime> {
        Self::new(date.at(0, 0, 0, 0), None, Precision::Day)
    }

    /// The instant `millis`, in UTC.
    ///
    /// # Errors
    /// An instant outside the years 1 to 9999.
    pub fn from_millis(millis: Millis) -> Result<Self, InvalidTime> {
        let range = || InvalidTime::Range { text: format!("{millis} ms since 1970") };
        let instant = Timestamp::from_millisecond(millis).map_err(|_| range())?;
        let civil = Offset::UTC.to_datetime(instant);
        Self::new(civil, Some(Offset::UTC), Precision::Second).map_err(|_| range())
    }

    /// The first millisecond that the time may mean.
    pub fn start(&self) -> Millis {
        Self::millis(self.civil, self.offset)
    }

    /// The last millisecond that the time may mean: of its year, month, day, minute or second.
    pub fn end(&self) -> Millis {
        let next = match self.precision {
            Precision::Year => self.civil.checked_add(1.year()),
            Precision::Month => self.civil.checked_add(1.month()),
            Precision::Day => self.civil.checked_add(1.day()),
            Precision::Minute => self.civil.checked_add(1.minute()),
            // A finer time means itself: adding the rest of its second would let a question see half a second ahead.
            Precision::Second => return self.start(),
        };
        next.map_or(Millis::MAX, |next| Self::millis(next, self.offset) - 1)
    }

    /// The civil date and time where it was said, cut to the precision.
    pub fn civil(&self) -> DateTime {
        self.civil
    }

    /// The offset from UTC, if it was given.
    pub fn offset(&self) -> Option<Offset> {
        self.offset
    }

    /// How much was given.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    fn millis(civil: DateTime, offset: Option<Offset>) -> Millis {
        let offset = offset.unwrap_or(Offset::UTC);
        let zoned = TimeZone::fixed(offset).to_timestamp(civil);
        // Only the first and the last day of the range can leave it, by less than a day.
        zoned.map_or(if civil.year() < 1000 { Millis::MIN } else { Millis::MAX }, Timestamp::as_millisecond)
    }
}

impl PartialOrd for EventTime {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EventTime {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |t: &Self| (t.start(), t.precision, t.civil, t.offset.map(Offset::seconds));
        key(self).cmp(&key(other))
    }
}

impl fmt::Display for EventTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = self.civil;
        write!(f, "{:04}", c.year())?;
        if self.precision >= Precision::Month {
            write!(f, "-{:02}", c.month())?;
        }
        if self.precision >= Precision::Day {
            write!(f, "-{:02}", c.day())?;
        }
        if self.precision >= Precision::Minute {
            write!(f, "T{:02}:{:02}", c.hour(), c.minute())?;
        }
        if self.precision >= Precision::Second {
            write!(f, ":{:02}", c.second())?;
            if c.subsec_nanosecond() > 0 {
                let nanos = format!("{:09}", c.subsec_nanosecond());
                write!(f, ".{}", nanos.trim_end_matches('0'))?;
            }
        }
        match self.offset {
            Some(offset) if offset == Offset::UTC => f.write_str("Z"),
            Some(offset) => {
                let seconds = offset.seconds();
                let (sign, s) = if seconds < 0 { ('-', -seconds) } else { ('+', seconds) };
                write!(f, "{sign}{:02}:{:02}", s / 3600, s / 60 % 60)
            }
            None => Ok(()),
        }
    }
}

impl FromStr for EventTime {
    type Err = InvalidTime;

    /// Reads the forms that [`fmt::Display`] writes; a space may stand for the `T`, and an offset may follow a day.
    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let form = || InvalidTime::Form { text: text.to_owned() };
        let (rest, offset) = split_offset(text.trim()).ok_or_else(form)?;
        let (date, time) = match rest.split_once(['T', 't', ' ']) {
            Some((date, time)) => (date, Some(time.trim())),
            None => (rest, None),
        };
        let mut precision = Precision::Year;
        let mut parts = date.split('-');
        let mut number = |width: usize| -> Result<Option<i16>, InvalidTime> {
            let Some(part) = parts.next() else { return Ok(None) };
            let plain = part.len() == width && part.bytes().all(|b| b.is_ascii_digit());
            if plain { part.parse().map(Some).map_err(|_| form()) } else { Err(form()) }
        };
        let year = number(4)?.ok_or_else(form)?;
        if year < 1 {
            return Err(InvalidTime::Range { text: text.to_owned() });
        }
        let month = number(2)?;
        let day = number(2)?;
        if month.is_some() {
            precision = Precision::Month;
        }
        if day.is_some() {
            precision = Precision::Day;
        }
        if parts.next().is_some() || (time.is_some() && day.is_none()) {
            return Err(form());
        }
        let small = |n: Option<i16>| i8::try_from(n.unwrap_or(1)).map_err(|_| form());
        let date = Date::new(year, small(month)?, small(day)?).map_err(|_| form())?;
        let civil = match time {
            None => date.at(0, 0, 0, 0),
            Some(time) => {
                precision = if time.matches(':').count() >= 2 { Precision::Second } else { Precision::Minute };
                date.to_datetime(time.parse().map_err(|_| form())?)
            }
        };
        Self::new(civil, offset, precision)
    }
}

/// Splits `Z`, `+02:00`, `+0200` or ` UTC` off the end.
fn split_offset(text: &str) -> Option<(&str, Option<Offset>)> {
    if let Some(rest) = text.strip_suffix(['Z', 'z']).or_else(|| text.strip_suffix("UTC")) {
        return Some((rest.trim_end(), Some(Offset::UTC)));
    }
    // A sign behind a whole day is that of an offset. Before it, where the date has its dashes, one is that `hh:mm` follows.
    let behind_day = text.get(10..).and_then(|tail| tail.find(['+', '-'])).map(|i| i + 10);
    let before = || {
        let at = text.len().checked_sub(6)?;
        matches!(text.as_bytes()[at..], [b'+' | b'-', _, _, b':', _, _]).then_some(at)
    };
    let Some(at) = behind_day.or_else(before) else {
        return Some((text, None));
    };
    let digits: String = text[at + 1..].chars().filter(|c| *c != ':').collect();
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let minutes = digits[..2].parse::<i32>().ok()? * 60 + digits[2..].parse::<i32>().ok()?;
    let seconds = if text.as_bytes()[at] == b'-' { -minutes } else { minutes } * 60;
    Some((text[..at].trim_end(), Some(Offset::from_seconds(seconds).ok()?)))
}

impl TryFrom<String> for EventTime {
    type Error = InvalidTime;
    fn try_from(text: String) -> Result<Self, InvalidTime> {
        text.parse()
    }
}

impl From<EventTime> for String {
    fn from(time: EventTime) -> Self {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expect: Option<(&str, i64, i64)>) {
        let got = text.parse::<EventTime>().ok().map(|t| (t.to_string(), t.start(), t.end()));
        let expect = expect.map(|(text, start, end)| (text.to_owned(), start, end));
        assert_eq!(got, expect, "{text:?}");
    }

    #[test]
    fn texts() {
        check("1970", Some(("1970", 0, 31_536_000_000 - 1)));
        check("1970-02", Some(("1970-02", 2_678_400_000, 5_097_600_000 - 1)));
        check("1970-01-02", Some(("1970-01-02", 86_400_000, 172_800_000 - 1)));
        check("1970-01-01T00:01", Some(("1970-01-01T00:01", 60_000, 119_999)));
        check("1970-01-01 00:00:01.250Z", Some(("1970-01-01T00:00:01.25Z", 1250, 1250)));
        check("1970-01-01T02:00:00+02:00", Some(("1970-01-01T02:00:00+02:00", 0, 0)));
        check("1970-01-01T02:00:00+0200", Some(("1970-01-01T02:00:00+02:00", 0, 0)));
        check("1969-12-31T19:00:00-05:00", Some(("1969-12-31T19:00:00-05:00", 0, 0)));
        check("1970+01:00", Some(("1970+01:00", -3_600_000, 31_532_400_000 - 1)));
        check("1970          -01:00", Some(("1970-01:00", 3_600_000, 31_539_600_000 - 1)));
        check("1970-02-01:00", Some(("1970-02-01:00", 2_682_000_000, 5_101_200_000 - 1)));
        check("1970-02Z", Some(("1970-02Z", 2_678_400_000, 5_097_600_000 - 1)));
        for wrong in [
            "",
            "1970-0100",
            "1970-02-0100",
            "0000-01-01",
            "-001",
            "2023-02-30",
            "2023-13",
            "yesterday",
            "2023-05-08T25:00",
            "２０２３",
            "2023T10:00",
            "2023-5-8",
        ] {
            check(wrong, None);
        }
    }

    proptest! {
        #[test]
        fn every_text_is_read_or_refused(text in "\\PC{0,30}") {
            let _ = text.parse::<EventTime>();
        }

        #[test]
        fn what_is_written_is_read_back(millis in -62_135_596_800_000i64..253_402_300_799_000i64) {
            let time = EventTime::from_millis(millis).unwrap();
            prop_assert_eq!(time.to_string().parse::<EventTime>().unwrap(), time);
            prop_assert_eq!(time.start(), millis);
        }
    }
}
