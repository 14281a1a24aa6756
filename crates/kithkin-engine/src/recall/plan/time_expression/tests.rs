//! Questions with the mentions that they hold, in all three languages.

use kithkin_core::EventTime;
use proptest::prelude::*;

use super::{TimeMention, calendar, find};

/// A Wednesday.
const NOW: &str = "2023-05-17T14:30";

/// The last millisecond of the year 9999.
const LAST: i64 = 253_402_300_799_999;

/// A mention: its phrase, and its first and last moment as times of the offset of the present.
type Row<'a> = (&'a str, &'a str, &'a str);

fn check_at(now: &str, question: &str, expect: &[Row]) {
    let now: EventTime = now.parse().unwrap();
    let moment = |text: &str| EventTime::new(text.parse::<EventTime>().unwrap().civil(), now.offset(), precision(text));
    let got = find(question, now);
    let got: Vec<_> = got.iter().map(|m| (&question[m.phrase.clone()], m.from, m.to)).collect();
    let expect: Vec<_> = expect
        .iter()
        .map(|(phrase, from, to)| (*phrase, moment(from).unwrap().start(), moment(to).unwrap().end().min(LAST)))
        .collect();
    let show = |all: &[(&str, i64, i64)]| -> Vec<String> {
        let text = |ms: i64| EventTime::from_millis(ms).map_or_else(|e| e.to_string(), |t| t.to_string());
        all.iter().map(|(phrase, from, to)| format!("{phrase:?} {} {}", text(*from), text(*to))).collect()
    };
    assert_eq!(show(&got), show(&expect), "{question:?} at {now}");
}

fn precision(text: &str) -> kithkin_core::Precision {
    text.parse::<EventTime>().unwrap().precision()
}

fn check(question: &str, expect: &[Row]) {
    check_at(NOW, question, expect);
}

#[test]
fn english_dates() {
    check("What happened in 2022?", &[("in 2022", "2022", "2022")]);
    check("What did Ann do in May 2023?", &[("in May 2023", "2023-05", "2023-05")]);
    check("What did Ann do in May?", &[("in May", "2023-05", "2023-05")]);
    check("What did Ann do in June?", &[("in June", "2022-06", "2022-06")]);
    check("What did Ann do last May?", &[("last May", "2022-05", "2022-05")]);
    check("Who came on 5 May?", &[("on 5 May", "2023-05-05", "2023-05-05")]);
    check("Who came on May 20th?", &[("on May 20th", "2022-05-20", "2022-05-20")]);
    check("Who came May 5th, 2023?", &[("May 5th, 2023", "2023-05-05", "2023-05-05")]);
    check("Who came on the 5th of May, 2021?", &[("on the 5th of May, 2021", "2021-05-05", "2021-05-05")]);
    check("On Monday, May 8, 2023 who called?", &[("On Monday, May 8, 2023", "2023-05-08", "2023-05-08")]);
    check("Who called on Dec. 5 last year?", &[("on Dec. 5 last year", "2022-12-05", "2022-12-05")]);
    check("Where was I on the 12th?", &[("on the 12th", "2023-05-12", "2023-05-12")]);
    check("on 2023-05-08?", &[("on 2023-05-08", "2023-05-08", "2023-05-08")]);
    check("during 2023-02?", &[("during 2023-02", "2023-02", "2023-02")]);
    check("on 5/23/2022?", &[("on 5/23/2022", "2022-05-23", "2022-05-23")]);
    check("on 5/8/2022?", &[("on 5/8/2022", "2022-05-08", "2022-05-08"), ("on 5/8/2022", "2022-08-05", "2022-08-05")]);
    check("in summer 2021?", &[("in summer 2021", "2021-06", "2021-08")]);
    check("the fall of 2022", &[("the fall of 2022", "2022-09", "2022-11")]);
    check("in the summer of last year", &[("in the summer of last year", "2022-06", "2022-08")]);
    check("What did we do last summer?", &[("last summer", "2022-06", "2022-08")]);
    check("last winter?", &[("last winter", "2022-12", "2023-02")]);
    check("over the summer?", &[("over the summer", "2022-06", "2022-08")]);
    check("Christmas 2022 gifts?", &[("Christmas 2022", "2022-12-24", "2022-12-26")]);
    check("What did I get for Christmas?", &[("for Christmas", "2022-12-24", "2022-12-26")]);
    check("on New Year's Eve?", &[("on New Year's Eve", "2022-12-31", "2022-12-31")]);
    check("on Valentine’s Day?", &[("on Valentine’s Day", "2023-02-14", "2023-02-14")]);
    check("at Halloween 2020", &[("at Halloween 2020", "2020-10-31", "2020-10-31")]);
    check("music of the 90s", &[("of the 90s", "1990", "1999")]);
    check("in the early 1990s", &[("in the early 1990s", "1990-01-01", "1993-05-01")]);
    check("at the end of 2022?", &[("at the end of 2022", "2022-09-02", "2022-12-31")]);
    check("in early May 2022?", &[("in early May 2022", "2022-05-01", "2022-05-10")]);
    check("in mid-2022?", &[("in mid-2022", "2022-05-02", "2022-09-01")]);
    check("the first week of March 2023", &[("the first week of March 2023", "2023-03-01", "2023-03-07")]);
    check("the last week of March", &[("the last week of March", "2023-03-25", "2023-03-31")]);
    check("the second half of 2022", &[("the second half of 2022", "2022-07", "2022-12")]);
    check("in the winter of 2021-2022", &[("in the winter of 2021-2022", "2021-12", "2022-02")]);
    check("What did I do last year in May?", &[("last year in May", "2022-05", "2022-05")]);
    check("in May or June 2022", &[("in May", "2022-05", "2022-05"), ("June 2022", "2022-06", "2022-06")]);
    check("what did i do in may 2022?", &[("in may 2022", "2022-05", "2022-05")]);
    check("what did i do in march", &[("in march", "2023-03", "2023-03")]);
    check("Was it 2019 or 2020?", &[("2019", "2019", "2019"), ("2020", "2020", "2020")]);
    check("the week of May 3", &[("the week of May 3", "2023-05-01", "2023-05-07")]);
    check("on the Monday before July 24, 2022", &[("on the Monday before July 24, 2022", "2022-07-18", "2022-07-18")]);
    check("the weekend before 4 October 2022", &[("the weekend before 4 October 2022", "2022-10-01", "2022-10-02")]);
    check("last week before 23 January 2022", &[("last week before 23 January 2022", "2022-01-16", "2022-01-22")]);
    check("the first weekend of August 2022", &[("the first weekend of August 2022", "2022-08-06", "2022-08-07")]);
    check("the last weekend of July 2022", &[("the last weekend of July 2022", "2022-07-30", "2022-07-31")]);
    check("weekends of August 2022", &[("of August 2022", "2022-08", "2022-08")]);
    check("the evening of 5 May", &[("the evening of 5 May", "2023-05-05T17:00", "2023-05-05T23:59")]);
    check("two weeks before Christmas 2022", &[("two weeks before Christmas 2022", "2022-12-10", "2022-12-10")]);
    check("the day after 5 May", &[("the day after 5 May", "2023-05-06", "2023-05-06")]);
    check("in 1984?", &[("in 1984", "1984", "1984")]);
    check("What were her goals of 2022 like?", &[("of 2022", "2022", "2022")]);
    check("Where did she live in the year 2015 then?", &[("in the year 2015", "2015", "2015")]);
}

#[test]
fn english_distances() {
    check("What did I eat today?", &[("today", "2023-05-17", "2023-05-17")]);
    check("yesterday's talk", &[("yesterday", "2023-05-16", "2023-05-16")]);
    check("Who called the day before yesterday?", &[("the day before yesterday", "2023-05-15", "2023-05-15")]);
    check("this morning", &[("this morning", "2023-05-17T05:00", "2023-05-17T11:59")]);
    check("last night", &[("last night", "2023-05-16T18:00", "2023-05-17T05:59")]);
    check("tonight?", &[("tonight", "2023-05-17T18:00", "2023-05-18T05:59")]);
    check("tomorrow morning", &[("tomorrow morning", "2023-05-18T05:00", "2023-05-18T11:59")]);
    check("last week", &[("last week", "2023-05-08", "2023-05-14")]);
    check("next month", &[("next month", "2023-06", "2023-06")]);
    check("What did we say this year?", &[("this year", "2023", "2023")]);
    check("last Tuesday", &[("last Tuesday", "2023-05-16", "2023-05-16")]);
    check("on Thursday?", &[("on Thursday", "2023-05-11", "2023-05-11")]);
    check("Saturday night?", &[("Saturday night", "2023-05-13T18:00", "2023-05-14T05:59")]);
    check("Tuesday of last week", &[("Tuesday of last week", "2023-05-09", "2023-05-09")]);
    check("next Friday", &[("next Friday", "2023-05-19", "2023-05-19")]);
    check("last weekend", &[("last weekend", "2023-05-13", "2023-05-14")]);
    check("this weekend", &[("this weekend", "2023-05-20", "2023-05-21")]);
    check("over the weekend", &[("over the weekend", "2023-05-13", "2023-05-14")]);
    check("Who wrote 3 days ago?", &[("3 days ago", "2023-05-14", "2023-05-14")]);
    check("about two weeks ago", &[("about two weeks ago", "2023-05-01", "2023-05-07")]);
    check("a couple of months ago", &[("a couple of months ago", "2023-02", "2023-03")]);
    check("a few years ago?", &[("a few years ago", "2018", "2021")]);
    check("half a year ago", &[("half a year ago", "2022-11", "2022-11")]);
    check("two or three weeks ago", &[("two or three weeks ago", "2023-04-24", "2023-05-07")]);
    check("two hours ago", &[("two hours ago", "2023-05-17T12:00", "2023-05-17T13:00:00")]);
    check("in the last 3 days", &[("in the last 3 days", "2023-05-14", "2023-05-17")]);
    check("in the past two weeks", &[("in the past two weeks", "2023-05-03", "2023-05-17")]);
    check("over the past year", &[("over the past year", "2022-05-17", "2023-05-17")]);
    check("in recent weeks", &[("in recent weeks", "2023-04-12", "2023-05-17")]);
    check("Who did I meet recently?", &[("recently", "2023-04-17", "2023-05-17")]);
    check("earlier this year", &[("earlier this year", "2023-01-01", "2023-05-17")]);
    check("the week before last", &[("the week before last", "2023-05-01", "2023-05-07")]);
    check("a year ago today", &[("a year ago today", "2022-05-17", "2022-05-17")]);
    check("What was she good at recently?", &[("recently", "2023-04-17", "2023-05-17")]);
    check("two days from now", &[("two days from now", "2023-05-19", "2023-05-19")]);
}

#[test]
fn english_bounds() {
    check("since March", &[("since March", "2023-03-01", "2023-05-17")]);
    check("since 2021?", &[("since 2021", "2021-01-01", "2023-05-17")]);
    check("before June 2022?", &[("before June 2022", "0001-01-01", "2022-05-31")]);
    check("after last Christmas", &[("after last Christmas", "2022-12-27", "9999-12-31")]);
    check("until yesterday", &[("until yesterday", "0001-01-01", "2023-05-16")]);
    check("by the end of April 2023", &[("by the end of April 2023", "0001-01-01", "2023-04-30")]);
    check("between May and July 2022", &[("between May and July 2022", "2022-05", "2022-07")]);
    check("from November to February", &[("from November to February", "2022-11", "2023-02")]);
    check("from Monday to Friday", &[("from Monday to Friday", "2023-05-08", "2023-05-12")]);
    check("from 5 to 10 May 2022", &[("5 to 10 May 2022", "2022-05-05", "2022-05-10")]);
    check("in 2019-2021", &[("in 2019-2021", "2019", "2021")]);
    check("since the beginning of the year", &[("since the beginning of the year", "2023-01-01", "2023-05-17")]);
    check(
        "Did I run more in April or last week?",
        &[("in April", "2023-04", "2023-04"), ("last week", "2023-05-08", "2023-05-14")],
    );
}

#[test]
fn german() {
    check("Was war im Mai 2022?", &[("im Mai 2022", "2022-05", "2022-05")]);
    check("Was war am 5. Mai?", &[("am 5. Mai", "2023-05-05", "2023-05-05")]);
    check("Was war am 05.06.2022?", &[("am 05.06.2022", "2022-06-05", "2022-06-05")]);
    check("Was war am 5.5.?", &[("am 5.5.", "2023-05-05", "2023-05-05")]);
    check("vom 5. bis 10. Mai", &[("5. bis 10. Mai", "2023-05-05", "2023-05-10")]);
    check("Wo war ich 2021 im Urlaub?", &[("2021", "2021", "2021")]);
    check("Wo war ich im letzten Sommer?", &[("im letzten Sommer", "2022-06", "2022-08")]);
    check("letztes Jahr zu Weihnachten", &[("letztes Jahr zu Weihnachten", "2022-12-24", "2022-12-26")]);
    check("Mai letzten Jahres", &[("Mai letzten Jahres", "2022-05", "2022-05")]);
    check("Was gab es zu Weihnachten?", &[("zu Weihnachten", "2022-12-24", "2022-12-26")]);
    check("Wer kam heute Morgen?", &[("heute Morgen", "2023-05-17T05:00", "2023-05-17T11:59")]);
    check("Wer rief gestern an?", &[("gestern", "2023-05-16", "2023-05-16")]);
    check("vorgestern", &[("vorgestern", "2023-05-15", "2023-05-15")]);
    check("morgen", &[("morgen", "2023-05-18", "2023-05-18")]);
    check("vorige Woche", &[("vorige Woche", "2023-05-08", "2023-05-14")]);
    check("in der letzten Woche", &[("in der letzten Woche", "2023-05-08", "2023-05-14")]);
    check("letzten Dienstag", &[("letzten Dienstag", "2023-05-16", "2023-05-16")]);
    check("letzte Woche Dienstag", &[("letzte Woche Dienstag", "2023-05-09", "2023-05-09")]);
    check("am Wochenende", &[("am Wochenende", "2023-05-13", "2023-05-14")]);
    check("vor zwei Wochen", &[("vor zwei Wochen", "2023-05-01", "2023-05-07")]);
    check("vor etwa einem Jahr", &[("vor etwa einem Jahr", "2022", "2022")]);
    check("in den letzten drei Tagen", &[("in den letzten drei Tagen", "2023-05-14", "2023-05-17")]);
    check("seit zwei Monaten", &[("seit zwei Monaten", "2023-03-17", "2023-05-17")]);
    check("seit März", &[("seit März", "2023-03-01", "2023-05-17")]);
    check("vor Juni 2022", &[("vor Juni 2022", "0001-01-01", "2022-05-31")]);
    check("bis Ende April", &[("bis Ende April", "0001-01-01", "2023-04-30")]);
    check("zwischen Mai und Juli 2022", &[("zwischen Mai und Juli 2022", "2022-05", "2022-07")]);
    check("Anfang des Jahres", &[("Anfang des Jahres", "2023-01-01", "2023-05-01")]);
    check("Was lief in den 90er Jahren?", &[("in den 90er Jahren", "1990", "1999")]);
    check("Wen traf ich kürzlich?", &[("kürzlich", "2023-04-17", "2023-05-17")]);
    for none in [
        "Wie viele Jahre ist das her?",
        "Was macht sie jeden Dienstag?",
        "Wer hat 2000 Euro bezahlt?",
        "Was war in Zimmer 2012?",
        "Wie heißt das letzte Buch?",
        "Wann war das?",
        "Guten Morgen, wer bist du?",
    ] {
        check(none, &[]);
    }
}

#[test]
fn chinese() {
    check("2023年5月8日发生了什么？", &[("2023年5月8日", "2023-05-08", "2023-05-08")]);
    check("5月我做了什么", &[("5月", "2023-05", "2023-05")]);
    check("去年5月她去哪了", &[("去年5月", "2022-05", "2022-05")]);
    check("二〇二二年呢", &[("二〇二二年", "2022", "2022")]);
    check("二零二二年十二月二十三号", &[("二零二二年十二月二十三号", "2022-12-23", "2022-12-23")]);
    check("国庆去哪了", &[("国庆", "2022-10-01", "2022-10-07")]);
    check("去年夏天", &[("去年夏天", "2022-06", "2022-08")]);
    check("前年", &[("前年", "2021", "2021")]);
    check("今天呢", &[("今天", "2023-05-17", "2023-05-17")]);
    check("大前天", &[("大前天", "2023-05-14", "2023-05-14")]);
    check("昨晚吃了什么", &[("昨晚", "2023-05-16T17:00", "2023-05-16T23:59")]);
    check("今早", &[("今早", "2023-05-17T05:00", "2023-05-17T11:59")]);
    check("上週說了什麼", &[("上週", "2023-05-08", "2023-05-14")]);
    check("上周二", &[("上周二", "2023-05-09", "2023-05-09")]);
    check("上个星期天", &[("上个星期天", "2023-05-14", "2023-05-14")]);
    check("上周末", &[("上周末", "2023-05-13", "2023-05-14")]);
    check("周四晚上", &[("周四晚上", "2023-05-11T17:00", "2023-05-11T23:59")]);
    check("上个月", &[("上个月", "2023-04", "2023-04")]);
    check("两周前", &[("两周前", "2023-05-01", "2023-05-07")]);
    check("三天前", &[("三天前", "2023-05-14", "2023-05-14")]);
    check("大约半年前", &[("大约半年前", "2022-11", "2022-11")]);
    check("最近三天", &[("最近三天", "2023-05-14", "2023-05-17")]);
    check("两三天前", &[("两三天前", "2023-05-14", "2023-05-15")]);
    check("一年前的今天", &[("一年前的今天", "2022-05-17", "2022-05-17")]);
    check("我最近见了谁", &[("最近", "2023-04-17", "2023-05-17")]);
    check("三月以来", &[("三月以来", "2023-03-01", "2023-05-17")]);
    check("2022年6月之前", &[("2022年6月之前", "0001-01-01", "2022-05-31")]);
    check("去年5月到7月", &[("去年5月到7月", "2022-05", "2022-07")]);
    check("5月1日到7日", &[("5月1日到7日", "2023-05-01", "2023-05-07")]);
    check("去年年底", &[("去年年底", "2022-09-02", "2022-12-31")]);
    check("他今年年纪多大", &[("今年", "2023", "2023")]);
    check("九十年代的歌", &[("九十年代", "1990", "1999")]);
    check("她几年前搬去了哪里", &[("几年前", "2018", "2021")]);
    for none in [
        "她几年前结婚的",
        "她每周二做什么",
        "5个月的孩子叫什么",
        "多少年前",
        "两周一次的课",
        "以前天气怎么样",
        "晚上月亮圆吗",
    ] {
        check(none, &[]);
    }
}

#[test]
fn no_times() {
    for none in [
        "May I ask what Ann may like?",
        "What may Ann like?",
        "Did May call?",
        "what may 2 people do in may that others may not?",
        "Who is April's brother?",
        "Where did they march 5 miles?",
        "Second question: who is Bob?",
        "What was the last book she read?",
        "What is her last name?",
        "Who paid 2000 dollars?",
        "Who earns more in 2000 dollars?",
        "Who stayed in room 2012?",
        "Did she read 1984?",
        "Who read 1984 first?",
        "How long ago did we meet?",
        "How many years ago did we meet?",
        "When did we meet?",
        "What does she do every Tuesday?",
        "What happens on a Tuesday?",
        "In her 30s, what did she do?",
        "Who is 30 years old?",
        "Whose number is 555-2012?",
        "Which Christmas tree did they pick?",
        "What did she do on her last day?",
        "Which version, 1.2.34.5, did I install?",
        "",
    ] {
        check(none, &[]);
    }
}

#[test]
fn the_present_bounds_what_can_be_meant() {
    check_at("2023-05-17T23:30+02:00", "yesterday", &[("yesterday", "2023-05-16", "2023-05-16")]);
    check_at("2023-05-17", "two hours ago", &[("two hours ago", "2023-05-17", "2023-05-17")]);
    check_at("0001-01-01", "What happened yesterday and today?", &[("today", "0001-01-01", "0001-01-01")]);
    let last_day: Vec<_> = find("today or tomorrow?", "9999-12-31".parse().unwrap());
    assert_eq!(last_day.iter().map(|m| (m.phrase.clone(), m.to)).collect::<Vec<_>>(), [(0..5, LAST)]);
    check_at("9999-12-31", "in the next 9999 decades, 9999 years ago", &[]);
    check_at(
        "2024-02-29",
        "a year ago, on 29 Feb?",
        &[("a year ago", "2023", "2023"), ("on 29 Feb", "2024-02-29", "2024-02-29")],
    );
    check_at("2023-02-10", "on 29 February?", &[("on 29 February", "2020-02-29", "2020-02-29")]);
}

#[test]
fn vague_expressions_reach_further() {
    let check = |question: &str, days: i64| {
        let found = find(question, NOW.parse().unwrap());
        assert_eq!(found.first().map(|m| m.vagueness / calendar::DAY), Some(days), "{question:?}");
    };
    check("on 5 May 2023", 0);
    check("yesterday", 0);
    check("10 days ago", 2);
    check("two weeks ago", 3);
    check("about two weeks ago", 10);
    check("last Tuesday", 7);
    check("last Thursday", 0);
    check("recently", 30);
    check("summer 2022", 21);
}

/// Questions of words that the grammars know, glued or not, so that forms meet that no test names.
fn known_words() -> impl Strategy<Value = String> {
    let words = "in on the May 5 5th 2023 2023- -05 / . ' s 30 90s of last next this two half a week weeks ago vor zwei \
        bis seit zwischen und von to between from since before end early first Monday summer Christmas night today \
        0 99999999999 9999 年 月 日 上 周 二 十 几 天 前 去年 到 以来 底 个 两 半 最近";
    let word = prop::sample::select(words.split_whitespace().collect::<Vec<_>>());
    prop::collection::vec((word, prop::bool::weighted(0.7)), 0..12)
        .prop_map(|words| words.iter().map(|(w, space)| format!("{w}{}", if *space { " " } else { "" })).collect())
}

proptest! {
    #[test]
    fn mentions_lie_in_the_question_in_order(
        question in prop_oneof!["\\PC{0,40}", known_words()],
        now in prop_oneof![
            Just(-62_135_596_800_000_i64), Just(253_402_207_200_000), -62_135_596_800_000_i64..253_402_207_200_000
        ],
    ) {
        let mentions = find(&question, EventTime::from_millis(now).unwrap());
        let mut last: Option<&TimeMention> = None;
        for m in &mentions {
            prop_assert!(question.get(m.phrase.clone()).is_some_and(|phrase| !phrase.is_empty()));
            prop_assert!(m.from <= m.to && m.vagueness >= 0);
            prop_assert!(last.is_none_or(|l| l.phrase.end <= m.phrase.start || l.phrase == m.phrase));
            last = Some(m);
        }
    }
}
