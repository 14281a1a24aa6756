//! The card of a character: as whom a model replies, read from a TOML file.
//!
//! ```toml
//! name = "Ada"
//! about = "A pilot who flies mail over the mountains."
//! style = "Short sentences, no jokes."
//! emotion = "worried"
//! knows_until = "1931-05"
//!
//! [traits]
//! openness = "high"
//! neuroticism = "very low"
//! ```
//!
//! Sources: profiles with traits and an emotion, RoleCraft-GLM (2024) and Orca (2024); the five traits with intensities,
//! PsyPlay (2025); a character that knows nothing of later chapters, *What would Harry say?* (2023). The papers train on
//! such profiles or judge what models make of them; here they are instructions, and nothing checks that a model keeps to
//! them. The card is the application's: it stands among the instructions and is not quoted.

use kithkin_core::EventTime;
use serde::Deserialize;

use crate::chat::Prompt;

/// The instructions before a card.
const PROMPT: Prompt = Prompt::new(&[include_str!("../../prompts/card.1.md")]);

/// The longest field, in characters.
const LONGEST: usize = 4_000;

/// As whom a model replies.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// What the character is called; a line.
    pub name: String,
    /// Who they are, in up to 4,000 characters.
    #[serde(default)]
    pub about: String,
    /// How they talk, in up to 4,000 characters.
    #[serde(default)]
    pub style: String,
    /// What they feel now; a line.
    #[serde(default)]
    pub emotion: String,
    /// Their personality.
    #[serde(default)]
    pub traits: Traits,
    /// The time in the story beyond which the character knows nothing: of what was said later nothing is recalled, and the
    /// model is told that it is this time. The conversation itself goes on as ever.
    #[serde(default)]
    pub knows_until: Option<EventTime>,
}

/// The five traits of personality, each as strong as it is said to be; those that are not named are left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Traits {
    /// Curiosity, imagination.
    pub openness: Option<Intensity>,
    /// Order, diligence.
    pub conscientiousness: Option<Intensity>,
    /// Liveliness, company.
    pub extraversion: Option<Intensity>,
    /// Kindness, trust.
    pub agreeableness: Option<Intensity>,
    /// Worry, changing moods.
    pub neuroticism: Option<Intensity>,
}

/// How strong a trait is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intensity {
    /// The opposite of the trait.
    #[serde(alias = "very low")]
    VeryLow,
    /// Below others.
    Low,
    /// As others.
    Medium,
    /// Above others.
    High,
    /// The trait marks the character.
    #[serde(alias = "very high")]
    VeryHigh,
}

/// A card that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {why}")]
pub struct CardError {
    /// The file.
    pub origin: String,
    /// What is wrong, and what would be right.
    pub why: String,
}

/// The names of the five traits, as cards have them.
pub(super) const TRAITS: [&str; 5] = ["openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"];

impl Intensity {
    /// All of them, the weakest first.
    pub(super) const ALL: [Self; 5] = [Self::VeryLow, Self::Low, Self::Medium, Self::High, Self::VeryHigh];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::VeryLow => "very low",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::VeryHigh => "very high",
        }
    }
}

impl Card {
    /// Reads a card. `origin` is the name of the file in errors.
    ///
    /// # Errors
    /// The field that is unknown, missing, of another type, empty or too long.
    pub fn parse(origin: &str, text: &str) -> Result<Self, CardError> {
        let wrong = |why: String| CardError { origin: origin.to_owned(), why };
        let card: Self = toml::from_str(text).map_err(|e| wrong(e.to_string()))?;
        if card.name.trim().is_empty() {
            return Err(wrong("name is empty; say what the character is called".to_owned()));
        }
        for (field, text) in [("name", &card.name), ("emotion", &card.emotion)] {
            if text.chars().any(char::is_control) {
                return Err(wrong(format!("{field} has to be one line without control characters")));
            }
        }
        for (field, text) in card.fields() {
            if text.chars().nth(LONGEST).is_some() {
                return Err(wrong(format!("{field} is longer than {LONGEST} characters; shorten it")));
            }
        }
        Ok(card)
    }

    /// The instructions: how to take the card, and its fields, a line or more each, without those that are empty.
    pub(crate) fn text(&self) -> String {
        let mut lines = vec![PROMPT.text(PROMPT.latest()).to_owned(), String::new()];
        let fields = self.fields().into_iter().filter(|(_, text)| !text.trim().is_empty());
        lines.extend(fields.map(|(field, text)| format!("{field}: {}", text.trim())));
        let Traits { openness, conscientiousness, extraversion, agreeableness, neuroticism } = self.traits;
        let traits = TRAITS.into_iter().zip([openness, conscientiousness, extraversion, agreeableness, neuroticism]);
        let named: Vec<String> = traits.filter_map(|(name, how)| Some(format!("{name} {}", how?.as_str()))).collect();
        if !named.is_empty() {
            lines.push(format!("traits: {}", named.join(", ")));
        }
        if let Some(until) = self.knows_until {
            lines.push(format!("knows until: {until}, and nothing of anything later"));
        }
        lines.join("\n")
    }

    fn fields(&self) -> [(&'static str, &str); 4] {
        [("name", &self.name), ("about", &self.about), ("style", &self.style), ("emotion", &self.emotion)]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ADA: &str = r#"
        name = "Ada"
        about = "A pilot who flies mail over the mountains.\nShe has a brother, Tom."
        style = "Short sentences."
        emotion = "worried"
        knows_until = "1931-05"

        [traits]
        openness = "high"
        neuroticism = "very low"
        extraversion = "very-high"
    "#;

    #[test]
    fn the_text_of_a_card() {
        insta::assert_snapshot!(Card::parse("ada.toml", ADA).unwrap().text());
        let bare = Card::parse("x.toml", "name = \"Ada\"").unwrap().text();
        assert!(bare.ends_with("\n\nname: Ada"), "{bare}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, expect: &[&str]| {
            let error = Card::parse("ada.toml", text).unwrap_err().to_string();
            assert!(expect.iter().all(|part| error.contains(part)) && error.contains("ada.toml"), "{error}");
        };
        check("about = \"x\"", &["missing field `name`"]);
        check("name = \" \"", &["name is empty"]);
        check("name = 7", &["name = 7", "string"]);
        check("name = \"A\\nB\"", &["name has to be one line"]);
        check("name = \"A\"\nemotion = \"a\\tb\"", &["emotion has to be one line"]);
        check("name = \"A\"\nmood = \"x\"", &["unknown field `mood`", "emotion"]);
        check("name = \"A\"\n[traits]\nkindness = \"high\"", &["unknown field `kindness`", "agreeableness"]);
        check("name = \"A\"\n[traits]\nopenness = \"huge\"", &["openness", "huge", "very-high"]);
        check("name = \"A\"\nknows_until = \"soon\"", &["knows_until", "soon"]);
        check(&format!("name = \"A\"\nabout = \"{}\"", "x".repeat(4_001)), &["about is longer than 4000"]);
        check("name = ", &["line 1"]);
    }

    proptest! {
        #[test]
        fn any_file_is_read_or_refused(text in "(name = |\"|\n|\\[traits\\]|openness|=|\\PC){0,20}") {
            let _ = Card::parse("x.toml", &text);
        }
    }
}
