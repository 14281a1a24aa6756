//! The Chinese words of time, in simplified characters.

use jiff::civil::Weekday;

use super::calendar::{
    AFTERNOON, AUTUMN, Bound, CHINA_NATIONAL_DAY, CHRISTMAS, CHRISTMAS_EVE, DayPart, EVENING, HALLOWEEN, LABOUR_DAY,
    MORNING, NEW_YEARS_DAY, NIGHT, NOON, SMALL_HOURS, SPRING, SUMMER, Third, Unit, VALENTINES_DAY, WINTER, Yearly,
};

/// The digits; 十 is not one of them.
pub(super) const DIGITS: &[(char, i32)] = &[
    ('〇', 0),
    ('零', 0),
    ('一', 1),
    ('二', 2),
    ('两', 2),
    ('三', 3),
    ('四', 4),
    ('五', 5),
    ('六', 6),
    ('七', 7),
    ('八', 8),
    ('九', 9),
];

/// Years from the present one.
pub(super) const YEARS: &[(&str, i32)] =
    &[("大前年", -3), ("前年", -2), ("去年", -1), ("今年", 0), ("明年", 1), ("后年", 2)];

/// Days from today; 晚 is the evening and 早 the morning.
pub(super) const DAYS: &[(&str, i64)] = &[
    ("大前天", -3),
    ("前天", -2),
    ("昨天", -1),
    ("昨日", -1),
    ("今天", 0),
    ("今日", 0),
    ("明天", 1),
    ("明日", 1),
    ("大后天", 3),
    ("后天", 2),
    ("昨晚", -1),
    ("今晚", 0),
    ("明晚", 1),
    ("今早", 0),
    ("明早", 1),
];

/// Parts of a day.
pub(super) const PARTS: &[(&str, DayPart)] = &[
    ("早上", MORNING),
    ("上午", MORNING),
    ("中午", NOON),
    ("下午", AFTERNOON),
    ("晚上", EVENING),
    ("夜里", NIGHT),
    ("凌晨", SMALL_HOURS),
];

/// Units from the present one; the longer ones first.
pub(super) const WHICH: &[(&str, i64)] = &[
    ("上上个", -2),
    ("上上", -2),
    ("上个", -1),
    ("上", -1),
    ("这个", 0),
    ("这", 0),
    ("本", 0),
    ("下个", 1),
    ("下", 1),
];

/// The word for a week.
pub(super) const WEEKS: &[&str] = &["星期", "礼拜", "周"];

/// What follows the word for a week.
pub(super) const WEEKDAYS: &[(&str, Weekday)] = &[
    ("一", Weekday::Monday),
    ("二", Weekday::Tuesday),
    ("三", Weekday::Wednesday),
    ("四", Weekday::Thursday),
    ("五", Weekday::Friday),
    ("六", Weekday::Saturday),
    ("日", Weekday::Sunday),
    ("天", Weekday::Sunday),
];

/// What comes back each year, and whether it is a time without a year before it.
pub(super) const YEARLY: &[(&str, Yearly, bool)] = &[
    ("春天", SPRING, false),
    ("春季", SPRING, false),
    ("夏天", SUMMER, false),
    ("夏季", SUMMER, false),
    ("暑假", SUMMER, false),
    ("秋天", AUTUMN, false),
    ("秋季", AUTUMN, false),
    ("冬天", WINTER, false),
    ("冬季", WINTER, false),
    ("平安夜", CHRISTMAS_EVE, true),
    ("圣诞节", CHRISTMAS, true),
    ("圣诞", CHRISTMAS, false),
    ("元旦", NEW_YEARS_DAY, true),
    ("情人节", VALENTINES_DAY, true),
    ("劳动节", LABOUR_DAY, true),
    ("五一", LABOUR_DAY, false),
    ("国庆节", CHINA_NATIONAL_DAY, true),
    ("国庆", CHINA_NATIONAL_DAY, true),
    ("万圣节", HALLOWEEN, true),
];

/// What follows a number.
pub(super) const UNITS: &[(&str, Unit)] = &[
    ("分钟", Unit::Minute),
    ("个小时", Unit::Hour),
    ("小时", Unit::Hour),
    ("个钟头", Unit::Hour),
    ("天", Unit::Day),
    ("日", Unit::Day),
    ("个星期", Unit::Week),
    ("星期", Unit::Week),
    ("个礼拜", Unit::Week),
    ("礼拜", Unit::Week),
    ("周", Unit::Week),
    ("个月", Unit::Month),
    ("年", Unit::Year),
];

/// What follows an expression and bounds it; the longer ones first.
pub(super) const BOUNDS: &[(&str, Bound)] = &[
    ("以来", Bound::Since),
    ("开始", Bound::Since),
    ("起", Bound::Since),
    ("之前", Bound::Before),
    ("以前", Bound::Before),
    ("前", Bound::Before),
    ("之后", Bound::After),
    ("以后", Bound::After),
    ("后", Bound::After),
];

/// A part of what stands before.
pub(super) const EDGES: &[(&str, Third)] = &[
    ("初", Third::First),
    ("上旬", Third::First),
    ("中旬", Third::Middle),
    ("中期", Third::Middle),
    ("下旬", Third::Last),
    ("底", Third::Last),
    ("末", Third::Last),
];

/// A vague recent time, in days.
pub(super) const LATELY: &[(&str, i64)] =
    &[("最近", 30), ("近来", 30), ("近期", 30), ("近日", 14), ("不久前", 30), ("前不久", 30), ("前几天", 7)];

/// What makes a length the time up to now.
pub(super) const PAST: &[(&str, ())] = &[("最近", ()), ("过去", ()), ("近", ()), ("这", ())];

/// The value of a digit.
pub(super) fn digit(c: char) -> Option<i32> {
    DIGITS.iter().find(|(digit, _)| *digit == c).map(|(_, value)| *value)
}
