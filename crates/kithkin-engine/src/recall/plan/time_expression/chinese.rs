//! Expressions of time in Chinese, read by characters.
//!
//! Traditional characters have become simplified ones before. Lunar dates and feasts are left out.

use jiff::civil::Date;

use super::Match;
use super::calendar::{Bound, Count, EVENING, MORNING, Period, Unit, When, Yearly, shift, whole_or_part};
use super::chinese_words::{
    BOUNDS, DAYS, EDGES, LATELY, PARTS, PAST, UNITS, WEEKDAYS, WEEKS, WHICH, YEARLY, YEARS, digit,
};
use super::grammar::furthest;
use super::present::Present;
use super::tokens::{Kind, Token};

/// The expressions in `tokens`, also overlapping ones.
pub(super) fn matches(tokens: &[Token], present: &Present) -> Vec<Match> {
    if !tokens.iter().any(|token| matches!(token.kind, Kind::Han(_))) {
        return Vec::new();
    }
    let asks = tokens.iter().any(|token| matches!(token.kind, Kind::Han(c) if ASKING.contains(&c)));
    let reader = Reader { tokens, present, asks };
    (0..tokens.len()).filter_map(|p| reader.expression(p)).collect()
}

/// Characters that make a question; in one without them 几 ("a few") is itself what is asked for.
const ASKING: &[char] = &['什', '谁', '哪', '吗', '怎', '么', '何', '多'];

type Read = (When, usize);

fn fixed(period: Option<Period>, end: usize) -> Option<Read> {
    Some((When::Fixed(period?), end))
}

struct Reader<'a> {
    tokens: &'a [Token],
    present: &'a Present,
    /// Whether the question asks for something else than a number.
    asks: bool,
}

impl Reader<'_> {
    fn kind(&self, p: usize) -> Option<Kind> {
        self.tokens.get(p).map(|token| token.kind)
    }

    /// The place after `text`, if it stands at `p`.
    fn eat(&self, p: usize, text: &str) -> Option<usize> {
        let mut end = p;
        for c in text.chars() {
            match self.kind(end)? {
                Kind::Han(found) | Kind::Sign(found) if found == c => end += 1,
                _ => return None,
            }
        }
        Some(end)
    }

    fn skip(&self, p: usize, text: &str) -> usize {
        self.eat(p, text).unwrap_or(p)
    }

    /// The value of the first entry of `table` that stands at `p`, and the place after it.
    fn one_of<T: Copy>(&self, p: usize, table: &[(&str, T)]) -> Option<(T, usize)> {
        table.iter().find_map(|(text, value)| Some((*value, self.eat(p, text)?)))
    }

    fn preceded_by(&self, p: usize, chars: &[char]) -> bool {
        let before = p.checked_sub(1).and_then(|p| self.kind(p));
        matches!(before, Some(Kind::Han(c)) if chars.contains(&c))
    }

    fn expression(&self, p: usize) -> Option<Match> {
        if self.preceded_by(p, &['每', '逢']) {
            return None;
        }
        let (when, end) = furthest([self.range(p), self.bounded(p), self.plain(p)], |read| read.1)?;
        Some(Match { first: p, end, period: when.seen_from(self.present)?, other: None })
    }

    /// 去年5月到7月, 从周一到周五, 5月1日至7日.
    fn range(&self, p: usize) -> Option<Read> {
        let (first, end) = self.plain(self.skip(p, "从"))?;
        let (Kind::Han('到' | '至') | Kind::Sign('-' | '–' | '~' | '～')) = self.kind(end)? else { return None };
        if let Some((last, end)) = self.plain(end + 1) {
            return fixed(first.until(last, self.present), end);
        }
        let (day, end) = self.day_number(end + 1)?;
        let period = first.seen_from(self.present)?;
        let date = period.from.date();
        let last = Date::new(date.year(), date.month(), day).ok().filter(|last| *last >= date)?;
        fixed(Some(Period::days(date, last)), end)
    }

    /// 五月以来, 2023年6月之前, 自从去年.
    fn bounded(&self, p: usize) -> Option<Read> {
        let opened = self.eat(p, "自从").or_else(|| self.eat(p, "自")).or_else(|| self.eat(p, "从"));
        let (when, end) = self.plain(opened.unwrap_or(p))?;
        let (bound, end) = match self.one_of(end, BOUNDS) {
            Some(found) => found,
            None => (Bound::Since, opened.map(|_| end)?),
        };
        fixed(bound.apply(when.seen_from(self.present)?, self.present), end)
    }

    fn plain(&self, p: usize) -> Option<Read> {
        // A number within a longer one is not read again.
        if matches!(self.kind(p)?, Kind::Han(c) if digit(c).is_some()) && self.follows_number(p) {
            return None;
        }
        let readings = [
            self.dated(p),
            self.month_alone(p),
            self.decade(p),
            self.day(p),
            self.week(p),
            self.month(p),
            self.distant(p),
            self.rolling(p),
        ];
        furthest(readings, |read| read.1)
    }

    fn follows_number(&self, p: usize) -> bool {
        match p.checked_sub(1).and_then(|p| self.kind(p)) {
            Some(Kind::Han(c)) => digit(c).is_some() || c == '十' || c == '几',
            Some(Kind::Number { .. }) => true,
            _ => false,
        }
    }

    /// A number in digits or characters; `places` counts its digits, 0 for one with 十.
    fn number(&self, p: usize) -> Option<(i32, usize, usize)> {
        if let Kind::Number { value, digits } = self.kind(p)? {
            return Some((value, digits, p + 1));
        }
        let mut end = p;
        let (mut value, mut places, mut tens) = (0_i32, 0, None);
        while let Some(Kind::Han(c)) = self.kind(end) {
            match digit(c) {
                Some(n) => (value, places) = (value.saturating_mul(10).saturating_add(n), places + 1),
                None if c == '十' && tens.is_none() && value < 10 => {
                    (tens, value, places) = (Some(if end == p { 1 } else { value }), 0, 0);
                }
                None => break,
            }
            end += 1;
        }
        match tens {
            _ if end == p => None,
            Some(tens) if value < 10 => Some((tens * 10 + value, 0, end)),
            Some(_) => None,
            None => Some((value, places, end)),
        }
    }

    /// 2023年, 二〇二三年, 去年.
    fn year_number(&self, p: usize) -> Option<(i32, usize)> {
        if let Some((years, end)) = self.one_of(p, YEARS) {
            return Some((i32::from(self.present.today.year()) + years, end));
        }
        let (value, places, end) = self.number(p)?;
        let end = self.eat(end, "年")?;
        match places {
            4 => Some((value, end)),
            // 23年5月; alone it would be a length.
            2 if self.month_number(end).is_some() => Some((self.present.short_year(value), end)),
            _ => None,
        }
    }

    /// 5月, 十二月份.
    fn month_number(&self, p: usize) -> Option<(i8, usize)> {
        let (value, _, end) = self.number(p)?;
        let end = self.eat(end, "月")?;
        let month = i8::try_from(value).ok().filter(|month| (1..=12).contains(month))?;
        Some((month, self.skip(end, "份")))
    }

    /// 8日, 8号.
    fn day_number(&self, p: usize) -> Option<(i8, usize)> {
        let (value, _, end) = self.number(p)?;
        let end = self.eat(end, "日").or_else(|| self.eat(end, "号"))?;
        Some((i8::try_from(value).ok().filter(|day| (1..=31).contains(day))?, end))
    }

    /// A year with what may follow it: 2023年5月8日, 去年夏天, 今年年初, 2023年上半年.
    fn dated(&self, p: usize) -> Option<Read> {
        let (year, end) = self.year_number(p)?;
        let q = self.skip(end, "的");
        let whole = Period::year(year)?;
        if let Some((month, end)) = self.month_number(q) {
            let (when, end) = self.days_of(month, end);
            return match when {
                When::Yearly(yearly) => self.edge(yearly.in_year(year)?, end),
                _ => None,
            };
        }
        if let Some(((yearly, _), end)) = self.yearly(q) {
            return fixed(yearly.in_year(year), end);
        }
        if let Some(end) = self.eat(q, "上半年") {
            return fixed(whole.nth(1, Unit::HalfYear), end);
        }
        if let Some(end) = self.eat(q, "下半年") {
            return fixed(whole.nth(2, Unit::HalfYear), end);
        }
        // Both 去年年底 and 去年底.
        match self.one_of(self.skip(q, "年"), EDGES) {
            Some((third, end)) => fixed(whole.third(third), end),
            None => fixed(Some(whole), end),
        }
    }

    /// A month without a year, or a feast that needs none.
    fn month_alone(&self, p: usize) -> Option<Read> {
        if let Some(((yearly, true), end)) = self.yearly(p) {
            return Some((When::Yearly(yearly), end));
        }
        let (month, end) = self.month_number(p)?;
        let (when, end) = self.days_of(month, end);
        match self.edge(when.seen_from(self.present)?, end)? {
            (_, same) if same == end => Some((when, end)),
            read => Some(read),
        }
    }

    fn days_of(&self, month: i8, p: usize) -> (When, usize) {
        match self.day_number(p) {
            Some((day, end)) => (When::Yearly(Yearly::days((month, day), (month, day))), end),
            None => (When::Yearly(Yearly::month(month)), p),
        }
    }

    fn yearly(&self, p: usize) -> Option<((Yearly, bool), usize)> {
        YEARLY.iter().find_map(|(text, yearly, alone)| Some(((*yearly, *alone), self.eat(p, text)?)))
    }

    /// `period`, or its beginning, middle or end if 初, 中旬 or 底 follows.
    fn edge(&self, period: Period, p: usize) -> Option<Read> {
        match self.one_of(p, EDGES) {
            Some((third, end)) => fixed(period.third(third), end),
            None => fixed(Some(period), p),
        }
    }

    /// 90年代, 九十年代.
    fn decade(&self, p: usize) -> Option<Read> {
        let (value, places, end) = self.number(p)?;
        let end = self.eat(end, "年代")?;
        let this = i32::from(self.present.today.year());
        let first = if places == 4 { value } else { this - (this - value).rem_euclid(100) };
        fixed((value % 10 == 0).then(|| Period::years(first, first + 9)).flatten(), end)
    }

    /// 昨天, 昨晚, 明天早上.
    fn day(&self, p: usize) -> Option<Read> {
        // 以前天气 holds no 前天.
        if self.preceded_by(p, &['以', '之']) {
            return None;
        }
        let (days, end) = self.one_of(p, DAYS)?;
        let date = self.present.day(days)?;
        let (part, end) = match self.kind(end - 1) {
            Some(Kind::Han('晚')) => (Some(EVENING), self.skip(end, "上")),
            Some(Kind::Han('早')) => (Some(MORNING), self.skip(end, "上")),
            _ => match self.one_of(end, PARTS) {
                Some((part, end)) => (Some(part), end),
                None => (None, end),
            },
        };
        fixed(whole_or_part(date, part), end)
    }

    /// 上, 这个, 下; not the end of another word, as in 晚上月亮.
    fn which(&self, p: usize) -> Option<(i64, usize)> {
        let inside = self.preceded_by(p, &['晚', '早', '网', '路', '身', '楼', '以', '一']);
        if inside { None } else { self.one_of(p, WHICH) }
    }

    /// 上周, 下个星期, 上周二, 周末, 周二晚上.
    fn week(&self, p: usize) -> Option<Read> {
        let which = self.which(p);
        let q = WEEKS.iter().find_map(|week| self.eat(which.map_or(p, |(_, end)| end), week))?;
        if let Some(end) = self.eat(q, "末") {
            return match which {
                Some((weeks, _)) => fixed(self.present.unit(Unit::Weekend, weeks), end),
                None => fixed(self.present.weekend(), end),
            };
        }
        let Some((weekday, end)) = self.one_of(q, WEEKDAYS) else {
            return fixed(self.present.unit(Unit::Week, which?.0), q);
        };
        let (part, end) = self.one_of(end, PARTS).map_or((None, end), |(part, end)| (Some(part), end));
        match which {
            Some((weeks, _)) => fixed(whole_or_part(self.present.weekday_of(weeks, weekday)?, part), end),
            // 两周一次 is "once in two weeks", not a Monday.
            None if self.follows_number(p) || self.preceded_by(p, &['个']) => None,
            None => Some((When::Weekly(weekday, part), end)),
        }
    }

    /// 上个月, 本月底, 下个月3号.
    fn month(&self, p: usize) -> Option<Read> {
        let (months, q) = self.which(p)?;
        let end = self.eat(q, "月")?;
        let month = self.present.unit(Unit::Month, months)?;
        if let Some((day, end)) = self.day_number(end) {
            let first = month.from.date();
            let date = Date::new(first.year(), first.month(), day).ok()?;
            return fixed(Some(Period::days(date, date)), end);
        }
        self.edge(month, end)
    }

    /// 三天前, 半年前, 大约两个月以前, 两天后.
    fn distant(&self, p: usize) -> Option<Read> {
        let about = ["大约", "大概", "差不多"].iter().find_map(|text| self.eat(p, text));
        let (count, unit, end) = self.amount(about.unwrap_or(p))?;
        let after = self.skip(end, "左右");
        let (bound, q) = self.one_of(after, BOUNDS)?;
        let sign = match bound {
            Bound::Before => -1,
            Bound::After => 1,
            Bound::Since | Bound::Until => return None,
        };
        // 一年前的今天 is a day.
        if let Some(q) = self.eat(q, "的今天").filter(|_| count.low == count.high) {
            let date = shift(self.present.today, unit, sign * i64::from(count.low))?;
            return fixed(Some(Period::days(date, date)), q);
        }
        fixed(self.present.distant(count, unit, sign, about.is_some() || after > end), q)
    }

    /// 最近, 最近三天, 过去的两周, 近几年, 不久前.
    fn rolling(&self, p: usize) -> Option<Read> {
        if let Some((count, unit, end)) =
            self.one_of(p, PAST).and_then(|((), end)| self.amount_after(self.skip(end, "的")))
        {
            return fixed(self.present.rolling(count, unit, -1), end);
        }
        let (days, end) = self.one_of(p, LATELY)?;
        fixed(self.present.lately(days), end)
    }

    /// An amount where 几 cannot be a question, with 内, 里 or 来 after it.
    fn amount_after(&self, p: usize) -> Option<(Count, Unit, usize)> {
        let (count, unit, end) = self.amount_of(p, true)?;
        let inside = ["以来", "内", "里", "来"].iter().find_map(|text| self.eat(end, text));
        Some((count, unit, inside.unwrap_or(end)))
    }

    fn amount(&self, p: usize) -> Option<(Count, Unit, usize)> {
        self.amount_of(p, self.asks)
    }

    /// 三天, 两个月, 半年, 几周, 2-3年.
    fn amount_of(&self, p: usize, few: bool) -> Option<(Count, Unit, usize)> {
        if let Some(end) = self.eat(p, "半") {
            let (unit, end) = self.one_of(end, UNITS)?;
            let (n, unit) = unit.half()?;
            return Some((Count::exactly(n), unit, end));
        }
        if let Some(end) = self.eat(p, "几").or_else(|| self.eat(p, "数")) {
            let (unit, end) = self.one_of(end, UNITS)?;
            return (few || self.eat(p, "数").is_some()).then_some((Count::FEW, unit, end));
        }
        let (low, places, end) = self.number(p)?;
        // 两三天 is two or three days.
        if places == 2 && matches!(self.kind(p), Some(Kind::Han(_))) && low / 10 + 1 == low % 10 {
            let (unit, end) = self.one_of(end, UNITS)?;
            return Some((Count { low: low / 10, high: low % 10 }, unit, end));
        }
        let (high, end) = match self.eat(end, "到").or_else(|| self.eat(end, "-")).and_then(|end| self.number(end)) {
            Some((high, _, end)) if high > low => (high, end),
            _ => (low, end),
        };
        let (unit, end) = self.one_of(end, UNITS)?;
        // 2023年前 is before the year 2023; 二三十 years are none of these numbers.
        let plain = (places <= 1 || matches!(self.kind(p), Some(Kind::Number { .. }))) && high < 1000;
        plain.then_some((Count { low, high }, unit, end))
    }
}
