//! Templates, filled in. Whatever is put into one is escaped: their names end in `.html`.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde};
use minijinja::{Environment, Error, UndefinedBehavior, Value, context};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::assets;
use super::visit::Visit;
use super::words::Language;
use crate::problem::Problem;

macro_rules! templates {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("templates/", $name)))),*] };
}

/// The templates by name.
pub(super) const TEMPLATES: &[(&str, &str)] = templates![
    "character.html",
    "chat.html",
    "erase.html",
    "explained.html",
    "explore.html",
    "frame.html",
    "home.html",
    "import.html",
    "lab.html",
    "memory.html",
    "panels.html",
    "person.html",
    "problem.html",
    "profile.html",
    "receipt.html",
    "reply.html",
    "report.html",
    "sign-in.html",
    "turn.html",
    "why.html",
];

static ENVIRONMENT: LazyLock<Result<Environment<'static>, Error>> = LazyLock::new(environment);

fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    // What may be missing is asked for with `if`; what is missing and printed is a mistake.
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.add_filter("segment", segment);
    environment.add_filter("fixed", fixed);
    environment.add_filter("moment", moment);
    environment.add_filter("fill", fill);
    environment.add_filter("short", short);
    environment.add_function("asset", assets::address);
    for (name, text) in TEMPLATES {
        environment.add_template(name, text)?;
    }
    Ok(environment)
}

/// A template with its content, and with what all have: `t`, the words of the language, and `visit`.
pub(super) fn render(template: &str, visit: &Visit, content: Value) -> Result<String, Problem> {
    let failed = |error: &Error| {
        tracing::error!(template, error = %error, "a page could not be drawn");
        Problem::internal()
    };
    let environment = ENVIRONMENT.as_ref().map_err(failed)?;
    let about = context! {
        language => visit.language.code(),
        languages => Language::ALL.map(|one| context! { code => one.code(), name => one.name() }),
        place => visit.place.as_str(),
        keyed => visit.keyed,
        signed_in => visit.signed_in,
    };
    let content = context! { t => visit.language.words(), visit => about, ..content };
    environment.get_template(template).and_then(|found| found.render(content)).map_err(|error| failed(&error))
}

/// A report as templates take it.
pub(super) fn value(report: impl Serialize) -> Value {
    Value::from(Serde(report))
}

/// A text as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn fixed(number: f64, digits: usize) -> String {
    format!("{number:.digits$}")
}

/// A time as a reader takes it: `2024-05-07 13:56`.
fn moment(time: &str) -> String {
    let Some((day, rest)) = time.split_once('T') else { return time.to_owned() };
    format!("{day} {}", rest.get(..5).unwrap_or(rest))
}

/// A text that fits beside a picture.
fn short(text: &str) -> String {
    match text.char_indices().nth(18) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// Words with what they leave open: `since {time}`, and of what is counted `{n|turn|turns}`.
#[expect(clippy::needless_pass_by_value, reason = "the arguments of a filter are given to it")]
fn fill(words: &str, with: Kwargs) -> Result<String, Error> {
    let (mut filled, mut rest) = (String::new(), words);
    while let Some((before, open)) = rest.split_once('{') {
        let (place, behind) = open.split_once('}').unwrap_or((open, ""));
        let mut parts = place.split('|');
        let value = with.get::<Value>(parts.next().unwrap_or_default())?.to_string();
        filled.push_str(before);
        filled.push_str(&value);
        if let (Some(one), Some(many)) = (parts.next(), parts.next()) {
            filled.push(' ');
            filled.push_str(if value == "1" { one } else { many });
        }
        rest = behind;
    }
    filled.push_str(rest);
    with.assert_all_used()?;
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_templates_can_be_read() {
        let environment = environment().unwrap();
        for (name, text) in TEMPLATES {
            assert!(environment.get_template(name).is_ok(), "{name}");
            assert!(!text.contains("|safe") && !text.contains("autoescape"), "{name} leaves something unescaped");
            assert!(!text.contains(" style=") && !text.contains(" onclick="), "{name} has what the policy forbids");
        }
    }

    #[test]
    fn words_are_filled_and_counted() {
        let mut environment = environment().unwrap();
        environment.add_template("x", "{{ words|fill(n=n, time=time) }}").unwrap();
        let check = |words: &str, n: usize, expect: &str| {
            let filled = environment.get_template("x").unwrap().render(context! { words, n, time => "{n} <now>" });
            assert_eq!(filled.ok().as_deref().unwrap_or("wrong"), expect);
        };
        check("{n|turn|turns} since {time}", 1, "1 turn since {n} <now>");
        check("{time}: {n|turn|turns}.", 0, "{n} <now>: 0 turns.");
        check("{n}", 1, "wrong");
        check("{none}", 1, "wrong");
    }

    #[test]
    fn times_are_shown_in_what_is_known_of_them() {
        let check = |time: &str, expect: &str| assert_eq!(moment(time), expect);
        check("2024-05-07T13:56:07.123Z", "2024-05-07 13:56");
        check("2024-05-07T13:56", "2024-05-07 13:56");
        check("2024-05", "2024-05");
        check("", "");
    }
}
