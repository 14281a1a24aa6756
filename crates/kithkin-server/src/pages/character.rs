//! Making a character that replies: a form that ends in a card, as `kithkin respond --card` takes it, to be looked at, kept
//! as a file, and talked with.
//!
//! Source: Ha et al., *CloChat: Understanding How People Customize, Interact, and Experience Personas in Large Language
//! Models* (2024), whose interface asks for who the persona is, what it knows, how it talks and feels. A card that was kept
//! can be put in again and changed; nothing of it is stored here.

use axum::extract::{Extension, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kithkin::{Card, Intensity};
use minijinja::context;
use serde::{Deserialize, Serialize};

use super::html::value;
use super::visit::Visit;
use crate::access::{Read, Whose};
use crate::extract::Filled;
use crate::problem::Problem;
use crate::service::Service;

/// The form, as it was filled in. An empty field is left out of the card.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Form {
    name: String,
    role: String,
    background: String,
    knowledge: String,
    tone: String,
    length: String,
    emoji: String,
    examples: String,
    emotion: String,
    openness: String,
    conscientiousness: String,
    extraversion: String,
    agreeableness: String,
    neuroticism: String,
    knows_until: String,
    /// A card that is to be changed, as TOML.
    card: String,
    /// What is done with the form: `show`, `load` or `keep`.
    act: String,
}

/// A card as a file has it.
#[derive(Debug, Serialize)]
struct Sheet<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    about: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    style: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    emotion: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    knows_until: &'a str,
    #[serde(skip_serializing_if = "Five::is_empty")]
    traits: Five<'a>,
}

#[derive(Debug, Serialize)]
struct Five<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    openness: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    conscientiousness: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    extraversion: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    agreeableness: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    neuroticism: &'a str,
}

impl Five<'_> {
    fn is_empty(&self) -> bool {
        let Self { openness, conscientiousness, extraversion, agreeableness, neuroticism } = self;
        [openness, conscientiousness, extraversion, agreeableness, neuroticism].iter().all(|one| one.is_empty())
    }
}

/// Fields that are not empty, a line each.
fn lines(fields: &[(&str, &str)]) -> String {
    let filled = fields.iter().filter(|(_, text)| !text.trim().is_empty());
    let line = |(label, text): &(&str, &str)| {
        let text = text.trim().replace("\r\n", "\n");
        if label.is_empty() { text } else { format!("{label}: {text}") }
    };
    filled.map(line).collect::<Vec<_>>().join("\n")
}

impl Form {
    /// The card as TOML.
    fn sheet(&self) -> Result<String, Problem> {
        let about = [("", self.role.as_str()), ("", &self.background), ("Knows about", &self.knowledge)];
        let style = [
            ("", self.tone.as_str()),
            ("Length", &self.length),
            ("Emoji", &self.emoji),
            ("Talks like this", &self.examples),
        ];
        let sheet = Sheet {
            name: self.name.trim(),
            about: lines(&about),
            style: lines(&style),
            emotion: self.emotion.trim(),
            knows_until: self.knows_until.trim(),
            traits: Five {
                openness: &self.openness,
                conscientiousness: &self.conscientiousness,
                extraversion: &self.extraversion,
                agreeableness: &self.agreeableness,
                neuroticism: &self.neuroticism,
            },
        };
        let text = toml::to_string(&sheet).map_err(|e| Problem::input(e.to_string()))?;
        Card::parse("the card", &text).map_err(|e| Problem::input(e.to_string()))?;
        Ok(text)
    }

    /// The form as it would have to be filled in for a card.
    fn of(text: &str) -> Result<Self, Problem> {
        let card = Card::parse("the card", text).map_err(|e| Problem::input(e.to_string()))?;
        let strength = |of: Option<Intensity>| {
            match of {
                None => "",
                Some(Intensity::VeryLow) => "very-low",
                Some(Intensity::Low) => "low",
                Some(Intensity::Medium) => "medium",
                Some(Intensity::High) => "high",
                Some(Intensity::VeryHigh) => "very-high",
            }
            .to_owned()
        };
        Ok(Self {
            name: card.name,
            role: card.about,
            tone: card.style,
            emotion: card.emotion,
            knows_until: card.knows_until.map(|until| until.to_string()).unwrap_or_default(),
            openness: strength(card.traits.openness),
            conscientiousness: strength(card.traits.conscientiousness),
            extraversion: strength(card.traits.extraversion),
            agreeableness: strength(card.traits.agreeableness),
            neuroticism: strength(card.traits.neuroticism),
            ..Self::default()
        })
    }
}

fn page(visit: &Visit, person: &str, form: &Form, sheet: &str, wrong: Option<Problem>) -> Result<Response, Problem> {
    let traits = [
        ("openness", &form.openness),
        ("conscientiousness", &form.conscientiousness),
        ("extraversion", &form.extraversion),
        ("agreeableness", &form.agreeableness),
        ("neuroticism", &form.neuroticism),
    ];
    let content = context! {
        person,
        form => value(form),
        traits => value(traits),
        sheet,
        wrong => wrong.map(|problem| problem.detail),
        tab => "character",
    };
    visit.page("character.html", content)
}

pub(super) async fn show(Extension(visit): Extension<Visit>, whose: Whose<Read>) -> Result<Response, Problem> {
    page(&visit, whose.scope.person.as_str(), &Form::default(), "", None)
}

/// Makes the card, takes one apart, or gives it as a file.
pub(super) async fn make(
    Extension(visit): Extension<Visit>,
    whose: Whose<Read>,
    Filled(form): Filled<Form>,
) -> Result<Response, Problem> {
    let person = whose.scope.person.as_str();
    if form.act == "load" {
        return match Form::of(&form.card) {
            Ok(loaded) => page(&visit, person, &loaded, &form.card, None),
            Err(wrong) => page(&visit, person, &form, "", Some(wrong)),
        };
    }
    match form.sheet() {
        Ok(sheet) if form.act == "keep" => {
            let file = [
                (header::CONTENT_TYPE, "application/toml; charset=utf-8"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"card.toml\""),
            ];
            Ok((file, sheet).into_response())
        }
        Ok(sheet) => page(&visit, person, &form, &sheet, None),
        Err(wrong) => page(&visit, person, &form, "", Some(wrong)),
    }
}

/// The card that is to be talked with.
#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    card: String,
}

/// The conversation with a character: a chat of its own.
pub(super) async fn talk(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    whose: Whose<Read>,
    Filled(chosen): Filled<Chosen>,
) -> Result<Response, Problem> {
    super::chat::with_card(&service, &visit, &whose, &chosen.card).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_becomes_a_card_and_the_other_way_round() {
        let form = Form {
            name: " Ada ".to_owned(),
            role: "A \"pilot\".\r\nFlies mail.".to_owned(),
            knowledge: "engines".to_owned(),
            tone: "Dry.".to_owned(),
            emoji: "none".to_owned(),
            openness: "very-high".to_owned(),
            knows_until: "1931-05".to_owned(),
            ..Form::default()
        };
        let sheet = form.sheet().unwrap();
        let card = Card::parse("x", &sheet).unwrap();
        assert_eq!((card.name.as_str(), card.style.as_str()), ("Ada", "Dry.\nEmoji: none"));
        assert_eq!(card.about, "A \"pilot\".\nFlies mail.\nKnows about: engines");
        assert_eq!(card.traits.openness, Some(Intensity::VeryHigh));
        assert_eq!(Form::of(&sheet).unwrap().sheet().unwrap(), sheet);
        assert_eq!(Form { name: "Ada".to_owned(), ..Form::default() }.sheet().unwrap(), "name = \"Ada\"\n");
    }

    #[test]
    fn what_is_no_card_is_told() {
        let check = |form: Form, words: &str| assert!(form.sheet().unwrap_err().detail.contains(words));
        check(Form::default(), "name is empty");
        check(Form { name: "A".to_owned(), knows_until: "soon".to_owned(), ..Form::default() }, "soon");
        check(Form { name: "A".to_owned(), openness: "huge".to_owned(), ..Form::default() }, "huge");
        assert!(Form::of("name = 7").unwrap_err().detail.contains("the card"));
    }
}
