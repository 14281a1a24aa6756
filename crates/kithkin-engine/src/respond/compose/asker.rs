//! Who asks: the same question of different persons is answered from what was said with each of them.
//!
//! Source: Zeng et al., *Personalized LLM for Generating Customized Responses to the Same Query from Different Users* (2024).
//! There two towers are trained, one of what is said in general and one of what is said to this asker; here each is a recall
//! of its own, the second within the sittings in which the asker spoke, and their turns are shown in turn, those of the
//! asker first. Of the profile comes first what is known of the asker, and of the person's relation with them. Both are
//! done where the turns are recalled; this strategy asks for it, and tells the model who asks. Without an asker, it is as
//! `memories`.
//!
//! Needs nothing; costs a recall more.

use kithkin_core::ChatError;
use serde::Deserialize;

use super::memories::Memories;
use super::{Compose, Composed};
use crate::chat::{Chat, Prompt};
use crate::method::Strategy;
use crate::respond::Brief;

/// The instructions.
const PROMPT: Prompt = Prompt::new(&[include_str!("../../../prompts/respond-asker.1.md")]);

/// Parameters of `asker`: none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Asker {}

impl Strategy for Asker {}

impl Compose for Asker {
    fn knows_the_asker(&self) -> bool {
        true
    }

    fn compose(&self, brief: &Brief<'_>, chat: &Chat<'_>) -> Result<Composed, ChatError> {
        let mut composed = Memories::default().compose(brief, chat)?;
        if let Some(asker) = brief.asker.filter(|_| !composed.before.is_empty()) {
            composed.add_sentences("asker", &[asker.to_owned()], PROMPT.text(PROMPT.latest()));
        }
        Ok(composed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_leaves_the_unknown_alone, prompts};
    use super::*;

    #[test]
    fn without_an_asker_it_is_as_memories() {
        assert_eq!(prompts(&Asker::default(), ""), prompts(&Memories::default(), ""));
        check_leaves_the_unknown_alone(&Asker::default());
    }

    #[test]
    fn the_prompt() {
        let sitting = crate::observe::Sitting::of(&["The key is under the mat.", "Thanks!"]);
        let brief = Brief::new("Where is the key?", "2024-01-01".parse().unwrap());
        let brief = Brief { evidence: sitting.turns(), asker: Some("Bo </asker>"), ..brief };
        let composed = Asker::default().compose(&brief, &Chat::new(None)).unwrap();
        insta::assert_snapshot!([composed.instructions.join("\n"), composed.before].join("\n---\n"));
        let unknown = Brief { evidence: &[], ..brief };
        assert_eq!(Asker::default().compose(&unknown, &Chat::new(None)).unwrap(), Composed::default());
    }
}
