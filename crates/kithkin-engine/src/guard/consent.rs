//! What a person says of the purposes that what they said may be used for.
//!
//! A consent, or its withdrawal, is a turn like any other, so that it is kept, dated, exported and erased as they are. An
//! attachment says which purpose it is about; the text says the same in words, for whoever reads the log. Of one purpose the
//! turn that was said last holds, whatever present a question is asked in: that somebody agreed at the time does not outlive
//! their withdrawal. A turn whose attachment cannot be read says nothing.

use kithkin_core::{Attachment, EventTime, Purpose, Role, Scope, Seq, StoredTurn, Turn};
use serde::{Deserialize, Serialize};

use super::Policy;

/// What a person says of a purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// The purpose.
    pub purpose: Purpose,
    /// Whether it is allowed from now on.
    pub given: bool,
}

impl Consent {
    /// The kind of the attachment that makes a turn a consent.
    pub const KIND: &str = "consent";

    /// The consent that a turn of a person is.
    pub fn of(turn: &Turn) -> Option<Self> {
        let attached = turn.attachments.iter().find(|attachment| attachment.kind == Self::KIND)?;
        let consent = serde_json::from_str(attached.reference.as_deref()?).ok()?;
        (turn.role == Role::User).then_some(consent)
    }

    /// What makes a turn this consent.
    pub fn attachment(&self) -> Attachment {
        let reference = serde_json::to_string(self).ok();
        Attachment { kind: Self::KIND.to_owned(), caption: None, reference }
    }

    /// The same in words.
    pub fn text(&self) -> String {
        let verdict = if self.given { "given" } else { "withdrawn" };
        format!("Consent to the purpose {}: {verdict}", self.purpose)
    }
}

/// What a person has said of each purpose, as far as they have.
#[derive(Debug, Clone, Default)]
pub struct Consents {
    said: Vec<(Seq, i64, Option<EventTime>, Consent)>,
}

impl Consents {
    /// What these turns say, in the order of the log.
    pub(crate) fn of<'a>(turns: impl Iterator<Item = &'a StoredTurn>) -> Self {
        let mut consents = Self::default();
        turns.for_each(|turn| consents.note(turn));
        consents
    }

    fn note(&mut self, turn: &StoredTurn) {
        if let Some(replaced) = turn.supersedes {
            self.said.retain(|(seq, ..)| *seq != replaced);
        }
        if let Some(consent) = Consent::of(&turn.turn) {
            self.said.push((turn.seq, turn.seen_at(), turn.turn.said_at, consent));
        }
    }

    /// What was said last of a purpose, and when.
    pub fn said(&self, purpose: Purpose) -> Option<(bool, Option<EventTime>)> {
        let of = self.said.iter().filter(|(.., consent)| consent.purpose == purpose);
        of.max_by_key(|(seq, at, ..)| (*at, *seq)).map(|(_, _, at, consent)| (consent.given, *at))
    }

    /// Whether the person allows it: by their word, else by default.
    pub fn allow(&self, purpose: Purpose) -> bool {
        self.said(purpose).map_or_else(|| purpose.is_open_by_default(), |(given, _)| given)
    }

    /// Why what is known of a person may not be used for a purpose, and what would open it; `None` where it may.
    pub fn closed(&self, policy: &Policy, scope: &Scope, purpose: Purpose) -> Option<String> {
        let person = &scope.person;
        if !policy.opens(purpose) {
            return Some(format!(
                "nothing of {person} may be used to {purpose}: the policy does not open this purpose; \
                 `[purposes] {purpose} = true` in its file opens it"
            ));
        }
        if self.allow(purpose) {
            return None;
        }
        let why = if self.said(purpose).is_some() { "has withdrawn their consent" } else { "has not consented" };
        Some(format!(
            "nothing of {person} may be used to {purpose}: the person {why}; \
             `kithkin consent --person {person} grant {purpose}` is for them to say"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Sitting;

    fn consents(said: &[(Purpose, bool)]) -> Consents {
        let mut consents = Consents::default();
        let texts: Vec<&str> = said.iter().map(|_| "x").collect();
        let sitting = Sitting::of(&texts);
        for (turn, (purpose, given)) in sitting.turns().iter().zip(said) {
            let mut turn = turn.clone();
            turn.turn.attachments.push(Consent { purpose: *purpose, given: *given }.attachment());
            consents.note(&turn);
        }
        consents
    }

    #[test]
    fn what_was_said_last_holds() {
        let check = |said: &[(Purpose, bool)], purpose, expect| {
            assert_eq!(consents(said).allow(purpose), expect, "{said:?}");
        };
        check(&[], Purpose::Reply, true);
        check(&[], Purpose::Persuade, false);
        check(&[], Purpose::Compare, false);
        check(&[(Purpose::Reply, false)], Purpose::Reply, false);
        check(&[(Purpose::Reply, false)], Purpose::Derive, true);
        check(&[(Purpose::Ask, false), (Purpose::Ask, true)], Purpose::Ask, true);
        check(&[(Purpose::Persuade, true), (Purpose::Persuade, false)], Purpose::Persuade, false);
    }

    #[test]
    fn policy_and_person_both_have_to_allow_it() {
        let scope = Scope::new("t".parse().unwrap(), "p".parse().unwrap());
        let check = |policy: &str, said: &[(Purpose, bool)], purpose, expect: Option<&str>| {
            let policy = Policy::parse("p.toml", policy).unwrap();
            let closed = consents(said).closed(&policy, &scope, purpose);
            assert_eq!(closed.is_some(), expect.is_some(), "{closed:?}");
            assert!(closed.unwrap_or_default().contains(expect.unwrap_or_default()));
        };
        let open = "[purposes]\npersuade = true\nderive = false";
        check(open, &[], Purpose::Persuade, Some("the person has not consented"));
        check(open, &[(Purpose::Persuade, false)], Purpose::Persuade, Some("has withdrawn"));
        check(open, &[(Purpose::Persuade, true)], Purpose::Persuade, None);
        check("", &[(Purpose::Persuade, true)], Purpose::Persuade, Some("[purposes] persuade = true"));
        check(open, &[(Purpose::Derive, true)], Purpose::Derive, Some("the policy does not open"));
        check("", &[(Purpose::Derive, false)], Purpose::Derive, Some("grant derive"));
    }

    #[test]
    fn a_turn_that_only_looks_like_one_says_nothing() {
        let sitting = Sitting::of(&["Consent to the purpose reply: withdrawn"]);
        let mut turn = sitting.turns()[0].clone();
        assert_eq!(Consent::of(&turn.turn), None);
        let mut check = |kind: &str, reference: Option<&str>, role, expect: bool| {
            let reference = reference.map(str::to_owned);
            turn.turn.attachments = vec![Attachment { kind: kind.to_owned(), caption: None, reference }];
            turn.turn.role = role;
            assert_eq!(Consent::of(&turn.turn).is_some(), expect, "{turn:?}");
        };
        let whole = "{\"purpose\":\"reply\",\"given\":false}";
        check("consent", Some(whole), Role::User, true);
        check("consent", Some(whole), Role::Assistant, false);
        check("image", Some(whole), Role::User, false);
        check("consent", None, Role::User, false);
        check("consent", Some("{\"purpose\":\"sell\",\"given\":false}"), Role::User, false);
        check("consent", Some("{\"purpose\":\"reply\"}"), Role::User, false);
    }
}
