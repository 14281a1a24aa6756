//! The German words of time.

use std::sync::LazyLock;

use jiff::civil::Weekday;

use super::Match;
use super::calendar::{
    AFTERNOON, AUTUMN, Bound, CHRISTMAS, CHRISTMAS_EVE, Count, EVENING, HALLOWEEN, MORNING, NEW_YEARS_DAY,
    NEW_YEARS_EVE, NIGHT, NOON, SPRING, SUMMER, Third, Unit, VALENTINES_DAY, WINTER,
};
use super::grammar::Grammar;
use super::lexicon::{Lexicon, Needs, Preposition, Table, Word};
use super::present::Present;
use super::tokens::Token;

/// Words that only a German question has: in one, a year needs no preposition.
const MARKS: &[&str] = &[
    "wann", "wo", "wer", "wie", "wen", "wem", "warum", "wieso", "wohin", "welche", "welcher", "welches", "welchen",
    "ich", "habe", "hatte", "haben", "ist", "und", "nicht", "mit", "mein", "meine", "meiner", "wir", "sie", "er",
];

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new(WORDS));

/// The expressions in `tokens`, also overlapping ones.
pub(super) fn matches(tokens: &[Token], present: &Present) -> Vec<Match> {
    let words = LEXICON.look_up(tokens);
    let bare_years = tokens.iter().any(|token| MARKS.contains(&token.word.as_str()));
    Grammar { words: &words, present, bare_years }.matches()
}

const fn count(n: i32) -> Word {
    Word::Count(Count::exactly(n))
}

const fn nth(n: i8) -> Word {
    Word::Ordinal { n, digits: false }
}

const fn decade(value: i32) -> Word {
    Word::Decade { value, digits: 2 }
}

#[rustfmt::skip]
const WORDS: &Table = &[
    ("januar", Word::Month(1)), ("jänner", Word::Month(1)), ("februar", Word::Month(2)), ("märz", Word::Month(3)),
    ("maerz", Word::Month(3)), ("april", Word::Month(4)), ("mai", Word::Month(5)), ("juni", Word::Month(6)),
    ("juli", Word::Month(7)), ("august", Word::Month(8)), ("september", Word::Month(9)),
    ("oktober", Word::Month(10)), ("november", Word::Month(11)), ("dezember", Word::Month(12)),
    ("montag", Word::Weekday(Weekday::Monday)), ("dienstag", Word::Weekday(Weekday::Tuesday)),
    ("mittwoch", Word::Weekday(Weekday::Wednesday)), ("donnerstag", Word::Weekday(Weekday::Thursday)),
    ("freitag", Word::Weekday(Weekday::Friday)), ("samstag", Word::Weekday(Weekday::Saturday)),
    ("sonnabend", Word::Weekday(Weekday::Saturday)), ("sonntag", Word::Weekday(Weekday::Sunday)),
    ("frühling", Word::Yearly(SPRING, Needs::Month)), ("frühjahr", Word::Yearly(SPRING, Needs::Month)),
    ("sommer", Word::Yearly(SUMMER, Needs::Month)), ("herbst", Word::Yearly(AUTUMN, Needs::Month)),
    ("winter", Word::Yearly(WINTER, Needs::Month)),
    ("weihnachten", Word::Yearly(CHRISTMAS, Needs::Nothing)),
    ("heiligabend", Word::Yearly(CHRISTMAS_EVE, Needs::Nothing)),
    ("silvester", Word::Yearly(NEW_YEARS_EVE, Needs::Nothing)),
    ("neujahr", Word::Yearly(NEW_YEARS_DAY, Needs::Nothing)),
    ("halloween", Word::Yearly(HALLOWEEN, Needs::Feast)),
    ("valentinstag", Word::Yearly(VALENTINES_DAY, Needs::Nothing)),

    // "Morgen" is the morning, "morgen" is tomorrow.
    ("heute", Word::Day(0)), ("gestern", Word::Day(-1)), ("vorgestern", Word::Day(-2)),
    ("Morgen", Word::Part(MORNING)), ("morgen", Word::Day(1)), ("übermorgen", Word::Day(2)),
    ("heute morgen", Word::DayPart(0, MORNING)), ("gestern morgen", Word::DayPart(-1, MORNING)),
    ("früh", Word::Part(MORNING)), ("vormittag", Word::Part(MORNING)), ("mittag", Word::Part(NOON)),
    ("nachmittag", Word::Part(AFTERNOON)), ("abend", Word::Part(EVENING)), ("nacht", Word::Part(NIGHT)),
    ("kürzlich", Word::Lately(30)), ("neulich", Word::Lately(30)), ("letztens", Word::Lately(30)),
    ("vor kurzem", Word::Lately(30)), ("in letzter zeit", Word::Lately(30)), ("zuletzt", Word::Lately(30)),
    ("früher", Word::Earlier), ("später", Word::Later),

    ("minute", Word::Unit(Unit::Minute, false)), ("minuten", Word::Unit(Unit::Minute, true)),
    ("stunde", Word::Unit(Unit::Hour, false)), ("stunden", Word::Unit(Unit::Hour, true)),
    ("tag", Word::Unit(Unit::Day, false)), ("tage", Word::Unit(Unit::Day, true)),
    ("tagen", Word::Unit(Unit::Day, true)), ("woche", Word::Unit(Unit::Week, false)),
    ("wochen", Word::Unit(Unit::Week, true)), ("wochenende", Word::Unit(Unit::Weekend, false)),
    ("wochenenden", Word::Unit(Unit::Weekend, true)), ("monat", Word::Unit(Unit::Month, false)),
    ("monats", Word::Unit(Unit::Month, false)), ("monate", Word::Unit(Unit::Month, true)),
    ("monaten", Word::Unit(Unit::Month, true)), ("quartal", Word::Unit(Unit::Quarter, false)),
    ("jahr", Word::Unit(Unit::Year, false)), ("jahres", Word::Unit(Unit::Year, false)),
    ("jahre", Word::Unit(Unit::Year, true)), ("jahren", Word::Unit(Unit::Year, true)),
    ("im jahre", Word::Preposition(Preposition::In)), ("jahrzehnt", Word::Unit(Unit::Decade, false)),
    ("jahrzehnte", Word::Unit(Unit::Decade, true)), ("jahrzehnten", Word::Unit(Unit::Decade, true)),

    ("ein", count(1)), ("eine", count(1)), ("einem", count(1)), ("einer", count(1)), ("einen", count(1)),
    ("zwei", count(2)), ("drei", count(3)), ("vier", count(4)), ("fünf", count(5)), ("sechs", count(6)),
    ("sieben", count(7)), ("acht", count(8)), ("neun", count(9)), ("zehn", count(10)), ("elf", count(11)),
    ("zwölf", count(12)), ("vierzehn", count(14)), ("fünfzehn", count(15)), ("zwanzig", count(20)),
    ("dreißig", count(30)), ("vierzig", count(40)), ("fünfzig", count(50)), ("hundert", count(100)),
    ("ein paar", Word::Count(Count::FEW)), ("paar", Word::Count(Count::FEW)), ("einigen", Word::Count(Count::FEW)),
    ("einige", Word::Count(Count::FEW)), ("wenigen", Word::Count(Count::FEW)),
    ("mehreren", Word::Count(Count { low: 3, high: 7 })), ("mehrere", Word::Count(Count { low: 3, high: 7 })),
    ("halben", Word::Half), ("halbe", Word::Half), ("halbes", Word::Half), ("einem halben", Word::Half),
    ("einer halben", Word::Half), ("ein halbes", Word::Half), ("hälfte", Word::Half),
    ("erste", nth(1)), ("ersten", nth(1)), ("zweite", nth(2)), ("zweiten", nth(2)), ("dritte", nth(3)),
    ("dritten", nth(3)), ("vierte", nth(4)), ("vierten", nth(4)),
    ("fünfziger", decade(50)), ("sechziger", decade(60)), ("siebziger", decade(70)), ("achtziger", decade(80)),
    ("neunziger", decade(90)),

    ("letzte", Word::Which(-1)), ("letzten", Word::Which(-1)), ("letzter", Word::Which(-1)),
    ("letztes", Word::Which(-1)), ("letztem", Word::Which(-1)), ("vorige", Word::Which(-1)),
    ("vorigen", Word::Which(-1)), ("voriger", Word::Which(-1)), ("voriges", Word::Which(-1)),
    ("vergangene", Word::Which(-1)), ("vergangenen", Word::Which(-1)), ("vergangener", Word::Which(-1)),
    ("vergangenes", Word::Which(-1)), ("vorletzte", Word::Which(-2)), ("vorletzten", Word::Which(-2)),
    ("vorletzter", Word::Which(-2)), ("vorletztes", Word::Which(-2)),
    ("dies", Word::Which(0)), ("diese", Word::Which(0)), ("diesen", Word::Which(0)), ("dieser", Word::Which(0)),
    ("dieses", Word::Which(0)), ("diesem", Word::Which(0)),
    ("nächste", Word::Which(1)), ("nächsten", Word::Which(1)), ("nächster", Word::Which(1)),
    ("nächstes", Word::Which(1)), ("kommende", Word::Which(1)), ("kommenden", Word::Which(1)),
    ("kommendes", Word::Which(1)), ("übernächste", Word::Which(2)), ("übernächsten", Word::Which(2)),
    ("übernächstes", Word::Which(2)),
    ("anfang", Word::Edge(Third::First)), ("beginn", Word::Edge(Third::First)), ("mitte", Word::Edge(Third::Middle)),
    ("ende", Word::Edge(Third::Last)),
    ("vor", Word::Vor), ("etwa", Word::About), ("ungefähr", Word::About), ("circa", Word::About),
    ("ca", Word::About), ("rund", Word::About), ("fast", Word::About), ("über", Word::About),
    ("mehr als", Word::About), ("weniger als", Word::About),
    ("seit", Word::Bound(Bound::Since)), ("nach", Word::Bound(Bound::After)), ("bis", Word::Bound(Bound::Until)),
    ("von", Word::From), ("vom", Word::From), ("zwischen", Word::Between), ("und", Word::And), ("oder", Word::Or),
    ("der", Word::Article), ("die", Word::Article), ("das", Word::Article), ("den", Word::Article),
    ("dem", Word::Article), ("zum", Word::Article), ("zur", Word::Article), ("des", Word::Article),
    ("in", Word::Preposition(Preposition::In)), ("im", Word::Preposition(Preposition::In)),
    ("während", Word::Preposition(Preposition::In)), ("gegen", Word::Preposition(Preposition::Around)),
    ("für", Word::Preposition(Preposition::For)), ("am", Word::Preposition(Preposition::On)),
    ("an", Word::Preposition(Preposition::On)), ("zu", Word::Preposition(Preposition::On)),
];
