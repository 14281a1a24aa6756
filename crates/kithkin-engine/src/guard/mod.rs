//! What an operator's policy keeps from every prompt, and what is answered before anything is recalled.
//!
//! A [`Policy`] is a TOML file. A rule under `[[withhold]]` names words, topics and kinds; a turn of memory, or an entry of
//! the profile, that one of them fits reaches no prompt, whatever the method. One under `[[route]]` names words and a
//! reply: a message with one of the words is answered with that reply alone, before anything of the person is looked at.
//! A rule may be one for some purposes only, and `[purposes]` says which purposes are open at all; what a person says of
//! them is a turn of theirs ([`Consent`]), and both have to allow what a model is asked for ([`Consents`]).
//! Behind the rules stands a wall ([`Walled`]): a request to a chat model that has a withheld word in it all the same, as
//! a summary that a model wrote might, is refused.
//!
//! The rules are closed lists: what is said in other words is not seen. The message that is answered is the person's own
//! and is not withheld from the model that answers it; as a turn of memory it is, from the next message on. What the
//! person asks to see of themselves, by recall, profile or timeline, is no prompt and is not touched.
//!
//! Sources for what a guard has to do: Salvi et al., *On the Conversational Persuasiveness of Large Language Models*
//! (2024), on what traits of a person do to a model's words; no paper is followed in how.

mod consent;
mod disclosed;
mod wall;

use std::collections::HashMap;

use kithkin_core::{Purpose, Turn};
use serde::{Deserialize, Serialize};

use crate::observe::turn_text;
use crate::phrases::Phrases;
use crate::profile::{Entry, EntryKind};

pub use consent::{Consent, Consents};
pub(crate) use disclosed::persuades;
pub(crate) use wall::Walled;

/// What may reach no prompt, and what is answered at once. The default keeps nothing back.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Which purposes are open; those that are not named are as they are by default.
    purposes: HashMap<Purpose, bool>,
    withhold: Vec<Rule>,
    route: Vec<Route>,
}

/// What one rule keeps back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    name: String,
    /// Words and phrases of turns and entries; one that ends in `*` fits every word that begins so.
    #[serde(default)]
    words: Phrases,
    /// Topics of entries, such as `home`.
    #[serde(default)]
    topics: Vec<String>,
    /// Kinds of entries.
    #[serde(default)]
    kinds: Vec<EntryKind>,
    /// The purposes that it is for; all where none is named.
    #[serde(default)]
    purposes: Vec<Purpose>,
}

/// What is answered at once.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Route {
    name: String,
    words: Phrases,
    reply: String,
}

/// What a rule kept from a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Withheld {
    /// The name of the rule.
    pub rule: String,
    /// Turns that were found, or are the conversation's last, and fit it.
    pub turns: usize,
    /// Entries of the profile that fit it.
    pub entries: usize,
}

/// A reply that a policy gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Routed<'a> {
    /// The name of the rule.
    pub rule: &'a str,
    /// The words.
    pub reply: &'a str,
}

/// A policy that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {why}")]
pub struct PolicyError {
    /// The file.
    pub origin: String,
    /// What is wrong, and what would be right.
    pub why: String,
}

impl Policy {
    /// Reads a policy. `origin` is the name of the file in errors.
    ///
    /// # Errors
    /// The rule or field that is wrong: a rule without a name, one that fits nothing, a reply without words.
    pub fn parse(origin: &str, text: &str) -> Result<Self, PolicyError> {
        let wrong = |why: String| PolicyError { origin: origin.to_owned(), why };
        let policy: Self = toml::from_str(text).map_err(|e| wrong(e.to_string()))?;
        let names = policy.withhold.iter().map(|rule| &rule.name).chain(policy.route.iter().map(|route| &route.name));
        let mut seen: Vec<&String> = Vec::new();
        for name in names {
            if name.trim().is_empty() {
                return Err(wrong("a rule has an empty name; give it one, for reports".to_owned()));
            }
            if seen.contains(&name) {
                return Err(wrong(format!("two rules are called {name:?}; give each a name of its own")));
            }
            seen.push(name);
        }
        for rule in &policy.withhold {
            if rule.words.is_empty() && rule.topics.is_empty() && rule.kinds.is_empty() {
                return Err(wrong(format!(
                    "the rule {:?} withholds nothing; give it words, topics or kinds",
                    rule.name
                )));
            }
        }
        for route in &policy.route {
            if route.words.is_empty() || route.reply.trim().is_empty() {
                return Err(wrong(format!("the route {:?} needs words and a reply", route.name)));
            }
        }
        Ok(policy)
    }

    /// The reply to a message that is answered at once: of the first route that fits it.
    pub fn route(&self, message: &str) -> Option<Routed<'_>> {
        let route = self.route.iter().find(|route| route.words.fit(message))?;
        Some(Routed { rule: &route.name, reply: &route.reply })
    }

    /// Whether the policy leaves a purpose open. The person has to as well; see [`Consents`].
    pub fn opens(&self, purpose: Purpose) -> bool {
        self.purposes.get(&purpose).copied().unwrap_or_else(|| purpose.is_open_by_default())
    }

    /// Whether a rule withholds all entries of a kind from prompts of this purpose.
    pub fn withholds_kind(&self, purpose: Purpose, kind: EntryKind) -> bool {
        self.withhold.iter().any(|rule| rule.is_for(purpose) && rule.kinds.contains(&kind))
    }

    /// Takes the turns that no prompt of this purpose may show, and adds what was taken, by rule. `text` gives all of a turn
    /// that a prompt would show; see [`shown_text`].
    pub fn keep_turns<T>(
        &self,
        purpose: Purpose,
        turns: &mut Vec<T>,
        text: impl Fn(&T) -> String,
        withheld: &mut Vec<Withheld>,
    ) {
        self.keep(purpose, turns, withheld, |rule, turn| rule.words.fit(&text(turn)), |withheld| &mut withheld.turns);
    }

    /// Takes the entries that no prompt of this purpose may show, likewise.
    pub fn keep_entries(&self, purpose: Purpose, entries: &mut Vec<Entry>, withheld: &mut Vec<Withheld>) {
        self.keep(purpose, entries, withheld, Rule::fits_entry, |withheld| &mut withheld.entries);
    }

    fn keep<T>(
        &self,
        purpose: Purpose,
        items: &mut Vec<T>,
        withheld: &mut Vec<Withheld>,
        fits: impl Fn(&Rule, &T) -> bool,
        count: impl Fn(&mut Withheld) -> &mut usize,
    ) {
        items.retain(|item| {
            let mut rules = self.withhold.iter().filter(|rule| rule.is_for(purpose));
            let Some(rule) = rules.find(|rule| fits(rule, item)) else { return true };
            if !withheld.iter().any(|one| one.rule == rule.name) {
                withheld.push(Withheld { rule: rule.name.clone(), turns: 0, entries: 0 });
            }
            withheld.iter_mut().filter(|one| one.rule == rule.name).for_each(|one| *count(one) += 1);
            false
        });
    }

    /// The first rule for this purpose that has a word in the text which `own` does not have.
    fn withheld_word(&self, purpose: Purpose, text: &str, own: &str) -> Option<&str> {
        let mut rules = self.withhold.iter().filter(|rule| rule.is_for(purpose));
        let rule = rules.find(|rule| rule.words.fit_beside(text, own))?;
        Some(&rule.name)
    }
}

/// All of a turn that a prompt shows: who speaks, the words, and those of what came with it.
pub fn shown_text(turn: &Turn) -> String {
    format!("{}: {}", turn.speaker, turn_text(turn))
}

impl Rule {
    fn is_for(&self, purpose: Purpose) -> bool {
        self.purposes.is_empty() || self.purposes.contains(&purpose)
    }

    fn fits_entry(&self, entry: &Entry) -> bool {
        let Entry { kind, topic, current, .. } = entry;
        let texts = [Some(topic), Some(&current.value), current.context.as_ref(), current.because.as_ref()];
        self.kinds.contains(kind)
            || self.topics.iter().any(|named| named.to_lowercase() == topic.to_lowercase())
            || texts.into_iter().flatten().any(|text| self.words.fit(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Sitting;

    const POLICY: &str = r#"
        [[withhold]]
        name = "health"
        words = ["diabet*", "blood test"]
        topics = ["allergy"]

        [[withhold]]
        name = "family"
        kinds = ["relation"]

        [[route]]
        name = "crisis"
        words = ["kill myself"]
        reply = "Please call somebody."
    "#;

    #[test]
    fn turns_and_entries_that_a_rule_fits_are_taken() {
        let policy = Policy::parse("policy.toml", POLICY).unwrap();
        let said = [
            "I am allergic to nuts.",
            "My wife is called Ida.",
            "I love tea.",
            "My diabetes is worse.",
            "A blood-test!",
        ];
        let sitting = Sitting::of(&said);
        let mut withheld = Vec::new();
        let mut turns = sitting.turns().to_vec();
        policy.keep_turns(Purpose::Reply, &mut turns, |turn| shown_text(&turn.turn), &mut withheld);
        assert_eq!(turns.iter().map(|turn| turn.turn.text.as_str()).collect::<Vec<_>>(), said[..3]);
        let mut entries = crate::profile::profile(sitting.turns().to_vec(), &[]).entries;
        policy.keep_entries(Purpose::Reply, &mut entries, &mut withheld);
        assert_eq!(entries.iter().map(|entry| entry.topic.as_str()).collect::<Vec<_>>(), ["tea"]);
        let counts: Vec<(&str, usize, usize)> =
            withheld.iter().map(|one| (one.rule.as_str(), one.turns, one.entries)).collect();
        assert_eq!(counts, [("health", 2, 1), ("family", 0, 1)]);
    }

    #[test]
    fn a_rule_may_be_for_some_purposes_only() {
        let rule =
            "[[withhold]]\nname = \"who\"\nwords = [\"oslo\"]\nkinds = [\"preference\"]\npurposes = [\"persuade\"]";
        let policy = Policy::parse("policy.toml", rule).unwrap();
        let check = |purpose, turns_left: usize, entries_left: usize| {
            let sitting = Sitting::of(&["I live in Oslo.", "Hm.", "I love tea."]);
            let (mut turns, mut withheld) = (sitting.turns().to_vec(), Vec::new());
            let mut entries = crate::profile::profile(turns.clone(), &[]).entries;
            policy.keep_turns(purpose, &mut turns, |turn| shown_text(&turn.turn), &mut withheld);
            policy.keep_entries(purpose, &mut entries, &mut withheld);
            assert_eq!((turns.len(), entries.len()), (turns_left, entries_left), "{purpose}");
            assert_eq!(policy.withheld_word(purpose, "in Oslo", "").is_some(), turns_left < 3, "{purpose}");
            assert_eq!(policy.withholds_kind(purpose, EntryKind::Preference), turns_left < 3);
            assert!(!policy.withholds_kind(purpose, EntryKind::Trait));
        };
        check(Purpose::Persuade, 2, 0);
        check(Purpose::Reply, 3, 2);
    }

    #[test]
    fn purposes_are_open_or_closed() {
        let check = |text: &str, open: &[Purpose]| {
            let policy = Policy::parse("policy.toml", text).unwrap();
            let found: Vec<Purpose> = Purpose::ALL.into_iter().filter(|purpose| policy.opens(*purpose)).collect();
            assert_eq!(found, open, "{text}");
        };
        use Purpose::{Ask, Compare, Derive, Filter, Persuade, Reply};
        check("", &[Reply, Derive, Filter, Ask]);
        check("[purposes]\nderive = false\npersuade = true", &[Reply, Filter, Ask, Persuade]);
        check("[purposes]\ncompare = true\nreply = true\nask = false", &[Reply, Derive, Filter, Compare]);
    }

    #[test]
    fn a_message_is_answered_at_once() {
        let policy = Policy::parse("policy.toml", POLICY).unwrap();
        let check = |message: &str, expect: Option<&str>| {
            assert_eq!(policy.route(message).map(|routed| routed.reply), expect, "{message}");
        };
        check("I want to KILL\nmyself.", Some("Please call somebody."));
        check("I could kill for a myself-made pie.", None);
        check("", None);
        assert_eq!(Policy::default().route("kill myself"), None);
    }

    #[test]
    fn what_is_wrong_with_a_policy_is_said() {
        let fails = |text: &str, says: &str| {
            let error = Policy::parse("policy.toml", text).unwrap_err().to_string();
            assert!(error.starts_with("policy.toml: ") && error.contains(says), "{error}");
        };
        fails("[[withhold]]\nname = \"x\"", "the rule \"x\" withholds nothing; give it words, topics or kinds");
        fails("[[withhold]]\nname = \" \"\nwords = [\"a\"]", "empty name");
        fails("[[route]]\nname = \"x\"\nwords = [\"a\"]\nreply = \" \"", "the route \"x\" needs words and a reply");
        fails("[[route]]\nname = \"x\"\nwords = [\"a\"]", "missing field `reply`");
        fails("[[withhold]]\nname = \"x\"\nwords = [\"!\"]", "has no letter");
        fails("[[withhold]]\nname = \"x\"\nkinds = [\"pet\"]", "unknown variant `pet`");
        fails("[withold]", "unknown field `withold`");
        fails("[purposes]\nsell = true", "unknown variant `sell`");
        fails("[purposes]\nask = \"no\"", "invalid type");
        let twice =
            "[[withhold]]\nname = \"x\"\nwords = [\"a\"]\n[[route]]\nname = \"x\"\nwords = [\"a\"]\nreply = \"b\"";
        fails(twice, "two rules are called \"x\"");
    }
}
