//! The sentence that tells a person that a reply is meant to persuade them.
//!
//! It is the product's own and no model's, so that it is always there, and always the same.
//!
//! Source: Wang et al., *Persuasion for Good* (2019), ask that persons are told that they talk with a system that
//! persuades; Salvi et al., *On the Conversational Persuasiveness of Large Language Models* (2024), that what is known of
//! them makes it persuade better.

use crate::index::{Language, detect};

/// The sentence in the language of the reply; in English where that is none of English, German and Chinese.
pub(crate) fn persuades(reply: &str) -> &'static str {
    match detect(reply) {
        Some(Language::German) => {
            "Hinweis: Diese Antwort soll dich überzeugen und kann verwenden, was über dich gespeichert ist."
        }
        Some(Language::Chinese) => "提示：这条回复意在说服你，并可能使用了所记住的关于你的信息。",
        _ => "Note: this reply is meant to persuade you, and may use what is remembered of you.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_in_the_language_of_the_reply() {
        let check = |reply: &str, begins: &str| assert!(persuades(reply).starts_with(begins), "{reply}");
        check("You should give to the charity, since children need food and medicine.", "Note: ");
        check("Du solltest für die Kinder spenden, weil sie Essen und Medizin brauchen.", "Hinweis: ");
        check("你应该为孩子们捐款，因为他们需要食物和药品。", "提示：");
        check("Oui.", "Note: ");
        check("", "Note: ");
    }
}
