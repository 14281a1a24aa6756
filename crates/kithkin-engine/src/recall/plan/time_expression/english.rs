//! The English words of time.

use std::sync::LazyLock;

use jiff::civil::Weekday;

use super::Match;
use super::calendar::{
    AFTERNOON, AUTUMN, Bound, CHRISTMAS, CHRISTMAS_DAY, CHRISTMAS_EVE, Count, EVENING, HALLOWEEN, MORNING, NEW_YEAR,
    NEW_YEARS_DAY, NEW_YEARS_EVE, NIGHT, NOON, SPRING, SUMMER, Third, Unit, VALENTINES_DAY, WINTER,
};
use super::grammar::Grammar;
use super::lexicon::{Lexed, Lexicon, Needs, Preposition, Table, Word};
use super::present::Present;
use super::tokens::Token;

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new(WORDS));

/// The expressions in `tokens`, also overlapping ones.
pub(super) fn matches(tokens: &[Token], present: &Present) -> Vec<Match> {
    let mut words = LEXICON.look_up(tokens);
    for p in 1..words.len() {
        if let Some(month) = month_without_capital(tokens, &words, p) {
            words[p].word = Word::Month(month);
        }
    }
    Grammar { words: &words, present, bare_years: false }.matches()
}

/// The month at `p` if it is "may" or "march" in lower case between "in", "since", "last" or the like and a year or the
/// end, where it can be no verb.
fn month_without_capital(tokens: &[Token], words: &[Lexed], p: usize) -> Option<i8> {
    let here = words.get(p)?;
    let month = match tokens.get(here.first)?.word.as_str() {
        "may" => 5,
        "march" => 3,
        _ => return None,
    };
    let before = words.get(p.checked_sub(1)?)?.word;
    let after = words.get(p + 1).map_or(Word::End, |next| next.word);
    let opened = matches!(
        before,
        Word::Preposition(Preposition::In) | Word::Bound(Bound::Since) | Word::Which(_) | Word::Edge(_)
    );
    let closed = matches!(after, Word::Number { digits: 4, .. } | Word::Sign('?' | ',' | '.' | '!') | Word::End);
    (opened && closed && here.word == Word::Other).then_some(month)
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
    // "May" and "March" are verbs in lower case; short names only count with a capital.
    ("january", Word::Month(1)), ("february", Word::Month(2)), ("March", Word::Month(3)), ("april", Word::Month(4)),
    ("May", Word::Month(5)), ("june", Word::Month(6)), ("july", Word::Month(7)), ("august", Word::Month(8)),
    ("september", Word::Month(9)), ("october", Word::Month(10)), ("november", Word::Month(11)),
    ("december", Word::Month(12)),
    ("Jan", Word::Month(1)), ("Feb", Word::Month(2)), ("Mar", Word::Month(3)), ("Apr", Word::Month(4)),
    ("Jun", Word::Month(6)), ("Jul", Word::Month(7)), ("Aug", Word::Month(8)), ("Sep", Word::Month(9)),
    ("Sept", Word::Month(9)), ("Oct", Word::Month(10)), ("Nov", Word::Month(11)), ("Dec", Word::Month(12)),
    ("monday", Word::Weekday(Weekday::Monday)), ("tuesday", Word::Weekday(Weekday::Tuesday)),
    ("wednesday", Word::Weekday(Weekday::Wednesday)), ("thursday", Word::Weekday(Weekday::Thursday)),
    ("friday", Word::Weekday(Weekday::Friday)), ("saturday", Word::Weekday(Weekday::Saturday)),
    ("sunday", Word::Weekday(Weekday::Sunday)),
    ("black friday", Word::Other), ("good friday", Word::Other), ("sunday school", Word::Other),
    ("spring", Word::Yearly(SPRING, Needs::Month)), ("summer", Word::Yearly(SUMMER, Needs::Month)),
    ("autumn", Word::Yearly(AUTUMN, Needs::Month)), ("fall", Word::Yearly(AUTUMN, Needs::Month)),
    ("winter", Word::Yearly(WINTER, Needs::Month)),
    ("christmas", Word::Yearly(CHRISTMAS, Needs::Feast)), ("xmas", Word::Yearly(CHRISTMAS, Needs::Feast)),
    ("christmas eve", Word::Yearly(CHRISTMAS_EVE, Needs::Nothing)),
    ("christmas day", Word::Yearly(CHRISTMAS_DAY, Needs::Nothing)),
    ("new year", Word::Yearly(NEW_YEAR, Needs::Feast)), ("new year ' s", Word::Yearly(NEW_YEAR, Needs::Feast)),
    ("new years", Word::Yearly(NEW_YEAR, Needs::Feast)),
    ("new year ' s eve", Word::Yearly(NEW_YEARS_EVE, Needs::Nothing)),
    ("new years eve", Word::Yearly(NEW_YEARS_EVE, Needs::Nothing)),
    ("new year ' s day", Word::Yearly(NEW_YEARS_DAY, Needs::Nothing)),
    ("new years day", Word::Yearly(NEW_YEARS_DAY, Needs::Nothing)),
    ("new year ' s resolution", Word::Other), ("new year ' s resolutions", Word::Other),
    ("halloween", Word::Yearly(HALLOWEEN, Needs::Feast)),
    ("valentine ' s day", Word::Yearly(VALENTINES_DAY, Needs::Nothing)),
    ("valentines day", Word::Yearly(VALENTINES_DAY, Needs::Nothing)),
    ("valentine ' s", Word::Yearly(VALENTINES_DAY, Needs::Feast)),

    ("today", Word::Day(0)), ("yesterday", Word::Day(-1)), ("tomorrow", Word::Day(1)),
    ("day before yesterday", Word::Day(-2)), ("day after tomorrow", Word::Day(2)),
    ("tonight", Word::DayPart(0, NIGHT)), ("night before last", Word::DayPart(-2, NIGHT)),
    ("morning", Word::Part(MORNING)), ("noon", Word::Part(NOON)), ("afternoon", Word::Part(AFTERNOON)),
    ("evening", Word::Part(EVENING)), ("night", Word::Part(NIGHT)),
    ("recently", Word::Lately(30)), ("lately", Word::Lately(30)), ("of late", Word::Lately(30)),
    ("other day", Word::Lately(14)), ("other night", Word::Lately(14)), ("other week", Word::Lately(30)),
    ("earlier", Word::Earlier), ("later", Word::Later),

    ("minute", Word::Unit(Unit::Minute, false)), ("minutes", Word::Unit(Unit::Minute, true)),
    ("hour", Word::Unit(Unit::Hour, false)), ("hours", Word::Unit(Unit::Hour, true)),
    ("day", Word::Unit(Unit::Day, false)), ("days", Word::Unit(Unit::Day, true)),
    ("week", Word::Unit(Unit::Week, false)), ("weeks", Word::Unit(Unit::Week, true)),
    ("weekend", Word::Unit(Unit::Weekend, false)), ("weekends", Word::Unit(Unit::Weekend, true)),
    ("fortnight", Word::Unit(Unit::Fortnight, false)), ("fortnights", Word::Unit(Unit::Fortnight, true)),
    ("month", Word::Unit(Unit::Month, false)), ("months", Word::Unit(Unit::Month, true)),
    ("quarter", Word::Unit(Unit::Quarter, false)), ("quarters", Word::Unit(Unit::Quarter, true)),
    ("year", Word::Unit(Unit::Year, false)), ("years", Word::Unit(Unit::Year, true)),
    ("decade", Word::Unit(Unit::Decade, false)), ("decades", Word::Unit(Unit::Decade, true)),

    ("a", count(1)), ("an", count(1)), ("one", count(1)), ("two", count(2)), ("three", count(3)), ("four", count(4)),
    ("five", count(5)), ("six", count(6)), ("seven", count(7)), ("eight", count(8)), ("nine", count(9)),
    ("ten", count(10)), ("eleven", count(11)), ("twelve", count(12)), ("thirteen", count(13)),
    ("fourteen", count(14)), ("fifteen", count(15)), ("sixteen", count(16)), ("seventeen", count(17)),
    ("eighteen", count(18)), ("nineteen", count(19)), ("twenty", count(20)), ("thirty", count(30)),
    ("forty", count(40)), ("fifty", count(50)), ("sixty", count(60)), ("a hundred", count(100)),
    ("a couple of", Word::Count(Count { low: 2, high: 3 })), ("a couple", Word::Count(Count { low: 2, high: 3 })),
    ("couple of", Word::Count(Count { low: 2, high: 3 })), ("couple", Word::Count(Count { low: 2, high: 3 })),
    ("a few", Word::Count(Count::FEW)), ("few", Word::Count(Count::FEW)), ("some", Word::Count(Count::FEW)),
    ("several", Word::Count(Count { low: 3, high: 7 })),
    ("half a", Word::Half), ("half an", Word::Half), ("half", Word::Half),
    ("first", nth(1)), ("second", nth(2)), ("third", nth(3)), ("fourth", nth(4)), ("fifth", nth(5)),
    ("sixth", nth(6)), ("seventh", nth(7)), ("eighth", nth(8)), ("ninth", nth(9)), ("tenth", nth(10)),
    ("eleventh", nth(11)), ("twelfth", nth(12)), ("thirteenth", nth(13)), ("fourteenth", nth(14)),
    ("fifteenth", nth(15)), ("sixteenth", nth(16)), ("seventeenth", nth(17)), ("eighteenth", nth(18)),
    ("nineteenth", nth(19)), ("twentieth", nth(20)), ("thirtieth", nth(30)),
    ("fifties", decade(50)), ("sixties", decade(60)), ("seventies", decade(70)), ("eighties", decade(80)),
    ("nineties", decade(90)),

    ("last", Word::Which(-1)), ("previous", Word::Which(-1)), ("this past", Word::Which(-1)),
    ("this", Word::Which(0)), ("this current", Word::Which(0)), ("current", Word::Which(0)),
    ("next", Word::Which(1)), ("this coming", Word::Which(1)), ("the coming", Word::Which(1)),
    ("the last", Word::Rolling), ("the past", Word::Rolling), ("past", Word::Rolling), ("these past", Word::Rolling),
    ("these last", Word::Rolling), ("recent", Word::Rolling), ("the next", Word::Ahead),
    ("early", Word::Edge(Third::First)), ("beginning of", Word::Edge(Third::First)),
    ("start of", Word::Edge(Third::First)), ("mid", Word::Edge(Third::Middle)),
    ("middle of", Word::Edge(Third::Middle)), ("late", Word::Edge(Third::Last)), ("end of", Word::Edge(Third::Last)),
    ("ago", Word::Ago), ("back", Word::Ago), ("from now", Word::Hence), ("from today", Word::Hence),
    ("about", Word::About), ("roughly", Word::About), ("approximately", Word::About), ("almost", Word::About),
    ("nearly", Word::About), ("more than", Word::About), ("less than", Word::About), ("at least", Word::About),
    ("or so", Word::About), ("around", Word::Preposition(Preposition::Around)),
    ("since", Word::Bound(Bound::Since)), ("before", Word::Bound(Bound::Before)),
    ("prior to", Word::Bound(Bound::Before)), ("after", Word::Bound(Bound::After)),
    ("until", Word::Bound(Bound::Until)), ("till", Word::Bound(Bound::Until)), ("up to", Word::Bound(Bound::Until)),
    ("by", Word::By), ("from", Word::From), ("between", Word::Between), ("to", Word::To), ("through", Word::To),
    ("and", Word::And), ("or", Word::Or), ("of", Word::Of), ("the", Word::Article),
    ("in", Word::Preposition(Preposition::In)), ("during", Word::Preposition(Preposition::In)),
    ("throughout", Word::Preposition(Preposition::In)), ("within", Word::Preposition(Preposition::In)),
    ("over", Word::Preposition(Preposition::In)), ("for", Word::Preposition(Preposition::For)),
    ("on", Word::Preposition(Preposition::On)), ("at", Word::Preposition(Preposition::On)),
];
