//! Numbers and durations in what somebody says, in English, German and Chinese: in digits, in words, with halves.
//!
//! Closed lists. A time of day is neither, nor is a vague number ("两三个", "a few"); of a range only its ends are read, each
//! by itself. Needs nothing and costs one pass over the words.

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Amount {
    /// A number that no unit of time follows.
    Number(f64),
    /// A duration, in minutes.
    Minutes(f64),
}

/// An amount, and the words that say it: from the first to before the last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub(super) amount: Amount,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The words of a unit, and its minutes.
const UNITS: &[(&[&str], f64)] = &[
    (&["quarter", "of", "an", "hour"], 15.0),
    (&["quarters", "of", "an", "hour"], 15.0),
    (&["hour"], 60.0),
    (&["hours"], 60.0),
    (&["hrs"], 60.0),
    (&["hr"], 60.0),
    (&["h"], 60.0),
    (&["minute"], 1.0),
    (&["minutes"], 1.0),
    (&["mins"], 1.0),
    (&["min"], 1.0),
    (&["day"], 1440.0),
    (&["days"], 1440.0),
    (&["week"], 10080.0),
    (&["weeks"], 10080.0),
    (&["stunde"], 60.0),
    (&["stunden"], 60.0),
    (&["std"], 60.0),
    (&["dreiviertelstunde"], 45.0),
    (&["viertelstunde"], 15.0),
    (&["minuten"], 1.0),
    (&["tag"], 1440.0),
    (&["tage"], 1440.0),
    (&["tagen"], 1440.0),
    (&["woche"], 10080.0),
    (&["wochen"], 10080.0),
    (&["个", "小", "时"], 60.0),
    (&["小", "时"], 60.0),
    (&["个", "钟", "头"], 60.0),
    (&["钟", "头"], 60.0),
    (&["刻", "钟"], 15.0),
    (&["分", "钟"], 1.0),
    (&["分"], 1.0),
    (&["天"], 1440.0),
    (&["周"], 10080.0),
];
/// Words that stand for one where a unit or a scale follows.
const ARTICLES: &[&str] = &["a", "an", "ein", "eine", "einen", "einer", "einem"];
const HALVES: &[&str] = &["half", "halbe", "halben", "半"];
/// What may stand between a number and its half: `two and a half`, `一个半`.
const WITH_HALF: &[&[&str]] = &[&["and", "a", "half"], &["und", "eine", "halbe"], &["个", "半"], &["半"]];
/// What makes a number a time of day.
const OF_DAY: &[&str] = &["am", "pm", "o'clock", "uhr", "点"];
const SCALES: &[(&str, f64)] = &[
    ("k", 1e3),
    ("hundred", 1e2),
    ("thousand", 1e3),
    ("million", 1e6),
    ("hundert", 1e2),
    ("tausend", 1e3),
    ("百", 1e2),
    ("千", 1e3),
    ("万", 1e4),
];
const ENGLISH: &[&str] = &[
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const ENGLISH_TENS: &[&str] = &["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const GERMAN: &[&str] = &[
    "null",
    "ein",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwölf",
    "dreizehn",
    "vierzehn",
    "fünfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
];
const GERMAN_TENS: &[&str] = &["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"];
const CHINESE: &str = "零一二三四五六七八九";
/// What must follow a single Chinese numeral, which may be part of a word otherwise (一起).
const COUNTED: &str = "个杯步次片粒瓶只条口位人本遍趟顿公斤块元岁半碗刻";

/// The words of a text in small letters; of Chinese, its characters. Signs within a number stay.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    // What the last character was: it is carried on by one of the same kind.
    let mut last = Kind::Sign;
    let characters: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    for (at, &character) in characters.iter().enumerate() {
        let kind = match character {
            '.' | ',' | ':' if last == Kind::Digit && characters.get(at + 1).is_some_and(char::is_ascii_digit) => {
                Kind::Digit
            }
            '\'' | '’' if last == Kind::Letter => Kind::Letter,
            c if c.is_ascii_digit() => Kind::Digit,
            '\u{3400}'..='\u{9fff}' | '〇' => Kind::Han,
            c if c.is_alphanumeric() => Kind::Letter,
            _ => Kind::Sign,
        };
        let character = if character == '’' { '\'' } else { character };
        match words.last_mut() {
            Some(word) if kind == last && matches!(kind, Kind::Letter | Kind::Digit) => word.push(character),
            _ if kind != Kind::Sign => words.push(character.to_string()),
            _ => {}
        }
        last = kind;
    }
    words
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Digit,
    Han,
    Sign,
}

/// All amounts, in their order.
pub(super) fn amounts(words: &[String]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match amount(words, at) {
            Some((Some(amount), to)) => {
                found.push(Found { amount, from: at, to });
                at = to;
            }
            Some((None, to)) => at = to,
            None => at += 1,
        }
    }
    found
}

/// The amount that begins here, and where it ends; nothing of a time of day, but its end.
fn amount(words: &[String], at: usize) -> Option<(Option<Amount>, usize)> {
    let Some((value, behind)) = part(words, at) else {
        if let Some((minutes, to)) = half_a_unit(words, at) {
            return Some((Some(Amount::Minutes(minutes)), to));
        }
        // The rest of a vague number is no number either.
        let numerals = words[at..].iter().take_while(|word| chinese_digit(word).is_some()).count();
        return (numerals > 0).then_some((None, at + numerals));
    };
    if words.get(behind).is_some_and(|word| OF_DAY.contains(&word.as_str())) {
        return Some((None, behind + 1));
    }
    let Some((unit, mut to)) = unit(words, behind) else { return Some((Some(Amount::Number(value)), behind)) };
    let mut minutes = value * unit;
    if let Some(behind) = half(words, to) {
        minutes += unit / 2.0;
        to = behind;
    }
    let joint = usize::from(words.get(to).is_some_and(|word| word == "and" || word == "und" || word == "零"));
    if let Some((value, behind)) = part(words, to + joint) {
        match self::unit(words, behind) {
            Some((smaller, behind)) if smaller < unit => (minutes, to) = (minutes + value * smaller, behind),
            // `7h30`.
            None if unit == 60.0 && joint == 0 && value < 60.0 => (minutes, to) = (minutes + value, behind),
            _ => {}
        }
    }
    Some((Some(Amount::Minutes(minutes)), to))
}

/// A number with its half, and where it ends.
fn part(words: &[String], at: usize) -> Option<(f64, usize)> {
    let (value, to) = number(words, at)?;
    Some(half(words, to).map_or((value, to), |behind| (value + 0.5, behind)))
}

fn half(words: &[String], at: usize) -> Option<usize> {
    WITH_HALF.iter().find(|half| begins(words, at, half)).map(|half| at + half.len())
}

/// `half an hour`, `eine halbe Stunde`, `半个小时`.
fn half_a_unit(words: &[String], at: usize) -> Option<(f64, usize)> {
    let is = |at: usize, list: &[&str]| words.get(at).is_some_and(|word| list.contains(&word.as_str()));
    let at = at + usize::from(is(at, ARTICLES));
    if !is(at, HALVES) {
        return None;
    }
    let at = at + 1;
    let (unit, to) = unit(words, at + usize::from(is(at, ARTICLES)))?;
    Some((unit / 2.0, to))
}

fn unit(words: &[String], at: usize) -> Option<(f64, usize)> {
    let (unit, minutes) = UNITS.iter().find(|(unit, _)| begins(words, at, unit))?;
    Some((*minutes, at + unit.len()))
}

fn begins(words: &[String], at: usize, with: &[&str]) -> bool {
    with.iter().zip(at..).all(|(with, at)| words.get(at).is_some_and(|word| word == with))
}

fn scale(words: &[String], at: usize) -> Option<f64> {
    let word = words.get(at)?;
    SCALES.iter().find(|(scale, _)| scale == word).map(|(_, times)| *times)
}

/// A number, and where it ends.
fn number(words: &[String], at: usize) -> Option<(f64, usize)> {
    let word = words.get(at)?;
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        let value = digits(word)?;
        return Some(scale(words, at + 1).map_or((value, at + 1), |times| (value * times, at + 2)));
    }
    if chinese_digit(word).is_some() || word == "十" {
        return chinese(words, at);
    }
    if let Some(value) = german(word).filter(|_| !ARTICLES.contains(&word.as_str())) {
        return Some((value, at + 1));
    }
    english(words, at)
}

/// `7.5`, `7,5`, `7,000`, `7.000`; not `7:30`.
fn digits(word: &str) -> Option<f64> {
    let grouped = |sign: char| {
        let mut groups = word.split(sign);
        groups.next().is_some_and(|first| (1..=3).contains(&first.len()))
            && word.contains(sign)
            && groups.all(|group| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit()))
    };
    let plain = if grouped(',') || grouped('.') { word.replace([',', '.'], "") } else { word.replace(',', ".") };
    plain.parse().ok()
}

fn english(words: &[String], at: usize) -> Option<(f64, usize)> {
    let (mut whole, mut group, mut to) = (0.0, None::<f64>, at);
    while let Some(word) = words.get(to) {
        let small = ENGLISH.iter().position(|known| known == word).map(|n| n as f64);
        let tens = ENGLISH_TENS.iter().position(|known| known == word).map(|n| (n + 2) as f64 * 10.0);
        let is_article = group.is_none() && whole == 0.0 && ARTICLES.contains(&word.as_str());
        let is_half = words.get(to + 1).is_some_and(|next| HALVES.contains(&next.as_str()));
        if let Some(value) = small.or(tens) {
            // After `twenty` comes a digit, after `hundred` anything; two numbers in a row are two.
            let room = group.is_none_or(|group| group % 100.0 == 0.0 || (group % 10.0 == 0.0 && value < 10.0));
            if !room {
                break;
            }
            group = Some(group.unwrap_or(0.0) + value);
        } else if let Some(times) = scale(words, to).filter(|_| group.is_some() || to == at) {
            if times > 100.0 {
                whole += group.unwrap_or(1.0) * times;
                group = Some(0.0);
            } else {
                group = Some(group.unwrap_or(1.0) * times);
            }
        } else if is_article && !is_half && (unit(words, to + 1).is_some() || scale(words, to + 1).is_some()) {
            group = Some(1.0);
        } else if word == "and" && group.is_some_and(|group| group % 100.0 == 0.0 && (group > 0.0 || whole > 0.0)) {
            // `two hundred and five`, unless what follows is no number.
            let next = words.get(to + 1).map_or("", String::as_str);
            if !ENGLISH.contains(&next) && !ENGLISH_TENS.contains(&next) {
                break;
            }
        } else {
            break;
        }
        to += 1;
    }
    group.map(|group| (whole + group, to))
}

/// A German number, which is one word: `siebeneinhalb`, `zweitausendfünfhundert`.
fn german(word: &str) -> Option<f64> {
    if word == "anderthalb" {
        return Some(1.5);
    }
    if word == "eins" {
        return Some(1.0);
    }
    if let Some(whole) = word.strip_suffix("einhalb") {
        return german(whole).map(|whole| whole + 0.5);
    }
    let small = GERMAN.iter().position(|known| *known == word).map(|n| n as f64);
    let tens = |word: &str| {
        let word = word.replace("dreissig", "dreißig");
        GERMAN_TENS.iter().position(|known| *known == word).map(|n| (n + 2) as f64 * 10.0)
    };
    if let Some(value) = small.or_else(|| tens(word)) {
        return Some(value);
    }
    for (scale, times) in [("tausend", 1e3), ("hundert", 1e2)] {
        if let Some((before, behind)) = word.split_once(scale) {
            let behind = behind.strip_prefix("und").unwrap_or(behind);
            let before = if before.is_empty() { 1.0 } else { german(before)? };
            return Some(before * times + if behind.is_empty() { 0.0 } else { german(behind)? });
        }
    }
    let (ones, ten) = word.split_once("und")?;
    let ones = GERMAN.iter().position(|known| *known == ones).filter(|ones| (1..10).contains(ones))?;
    Some(tens(ten)? + ones as f64)
}

fn chinese_digit(word: &str) -> Option<f64> {
    let character = word.chars().next().filter(|c| c.len_utf8() == word.len())?;
    let character = match character {
        '两' => '二',
        '〇' => '零',
        other => other,
    };
    CHINESE.chars().position(|known| known == character).map(|n| n as f64)
}

/// `七千五百`, `一万二`, `十五`.
fn chinese(words: &[String], at: usize) -> Option<(f64, usize)> {
    let (mut whole, mut section, mut digit) = (0.0, 0.0, None);
    let (mut last, mut to, mut after_zero) = (1.0, at, false);
    while let Some(word) = words.get(to) {
        let times = if word == "十" { Some(10.0) } else { scale(words, to).filter(|_| word.len() > 1) };
        if let Some(value) = chinese_digit(word) {
            if digit.is_some_and(|digit| digit > 0.0) {
                // Digits in a row are vague (两三), or no number (a year).
                return None;
            }
            after_zero |= value == 0.0;
            digit = Some(value);
        } else if let Some(times) = times {
            if times == 1e4 {
                whole += (section + digit.unwrap_or(0.0)) * times;
                section = 0.0;
            } else {
                section += digit.unwrap_or(1.0) * times;
            }
            (digit, last, after_zero) = (None, times, false);
        } else {
            break;
        }
        to += 1;
    }
    let rest = digit.unwrap_or(0.0);
    // A last digit without its own place has the next one: 七千五 is 7500.
    let value = whole + section + if last > 10.0 && !after_zero { rest * last / 10.0 } else { rest };
    let next = words.get(to).map_or("", String::as_str);
    let is_counted = next.is_empty() || COUNTED.contains(next) || unit(words, to).is_some();
    (to - at > 1 || is_counted).then_some((value, to))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect: &[Amount]) {
        let found: Vec<Amount> = amounts(&words(text)).iter().map(|found| found.amount).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn numbers_are_read() {
        let is = |text: &str, number: f64| check(text, &[Amount::Number(number)]);
        is("about 7,000 steps", 7000.0);
        is("6.500 Schritte", 6500.0);
        is("6.5", 6.5);
        is("3,5 Liter", 3.5);
        is("8k", 8000.0);
        is("twenty-five", 25.0);
        is("four thousand two hundred and five steps", 4205.0);
        is("a hundred of them", 100.0);
        is("siebenundzwanzig", 27.0);
        is("zweitausendfünfhundert Schritte", 2500.0);
        is("hundert", 100.0);
        is("七千五百步", 7500.0);
        is("七千五步", 7500.0);
        is("一万二千步", 12000.0);
        is("一万零五", 10005.0);
        is("喝了六杯", 6.0);
        is("十五杯", 15.0);
        is("3万", 30000.0);
    }

    #[test]
    fn durations_are_read_in_minutes() {
        let is = |text: &str, minutes: f64| check(text, &[Amount::Minutes(minutes)]);
        is("seven and a half hours", 450.0);
        is("7.5 hours", 450.0);
        is("7h30", 450.0);
        is("7 hours and 20 minutes", 440.0);
        is("an hour and a half", 90.0);
        is("half an hour", 30.0);
        is("three quarters of an hour", 45.0);
        is("siebeneinhalb Stunden", 450.0);
        is("anderthalb Stunden", 90.0);
        is("eine halbe Stunde", 30.0);
        is("eine Stunde und 20 Minuten", 80.0);
        is("eine Dreiviertelstunde", 45.0);
        is("七个半小时", 450.0);
        is("半个小时", 30.0);
        is("一个小时二十分钟", 80.0);
        is("七小时半", 450.0);
        is("四十分钟", 40.0);
    }

    #[test]
    fn what_is_no_amount_is_none() {
        for text in [
            "",
            "I got up at 7 am",
            "um 7 Uhr",
            "七点起床",
            "at 7:30",
            "一起去吧",
            "两三个",
            "a tree",
            "und",
            "einfach",
        ] {
            check(text, &[]);
        }
        check("7 or 8 hours", &[Amount::Number(7.0), Amount::Minutes(480.0)]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_within_its_words(text in "(\\PC|[0-9.,: ]|hundred|and|half|an|hour|万|千|两|半|个|小时|einhalb|und){0,30}") {
            let words = words(&text);
            let mut before = 0;
            for found in amounts(&words) {
                prop_assert!(before <= found.from && found.from < found.to && found.to <= words.len());
                before = found.to;
            }
        }
    }
}
