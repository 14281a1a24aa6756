//! A conversation of an account export: messages that form a tree, of which the person sees one path.
//!
//! Editing a question or asking for another answer makes a branch. What the person sees last is the path from the
//! current message up to the root; it is imported, and the other branches, which are other tellings of the same
//! conversation, are not. Without a current message, the newest one that nothing follows is taken. Links that lead
//! nowhere or in a circle end the path.
//!
//! Accounts know no sessions, so a new one begins where more than six hours lie between two messages. It is named by
//! the time of its first message, such as `2024-03-01T10:22`, which a later and longer export does not change.

use std::collections::{HashMap, HashSet};

use kithkin_core::{Attachment, EventTime, Millis, PersonId, Precision, Role};

use super::intake::{Draft, Intake, Stop};
use super::stream::MAX_MESSAGES;

/// A longer silence ends a session.
const SILENCE: Millis = 6 * 3600 * 1000;

/// See the module.
#[derive(Debug)]
pub(super) struct Thread<'a> {
    /// The conversation, as messages name it.
    pub(super) label: String,
    pub(super) id: &'a str,
    /// When the conversation began: its day stands in where a message has no time.
    pub(super) created: Option<EventTime>,
    pub(super) current: Option<&'a str>,
    /// In the order of the file.
    pub(super) nodes: Vec<Node>,
    /// Messages beyond [`MAX_MESSAGES`], which are not held.
    pub(super) beyond: u64,
}

/// A place in the tree, with or without a message.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) children: Vec<String>,
    /// What was said, nothing for the person to see, or why it cannot be read.
    pub(super) said: Result<Option<Said>, String>,
}

/// A message.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) role: Role,
    pub(super) said_at: Option<EventTime>,
    pub(super) text: String,
    pub(super) attachments: Vec<Attachment>,
    /// What of it could not be kept.
    pub(super) losses: Vec<String>,
}

/// The path that the person sees.
#[derive(Debug, PartialEq, Eq)]
struct Path {
    /// From the first message to the last.
    nodes: Vec<usize>,
    /// The parent that the first of them names and that is not there.
    missing: Option<String>,
}

impl Thread<'_> {
    /// Takes the next message of the file.
    pub(super) fn push(&mut self, node: Node) {
        if self.nodes.len() < MAX_MESSAGES {
            self.nodes.push(node);
        } else {
            self.beyond += 1;
        }
    }

    /// Hands on the messages that the person sees.
    pub(super) fn emit(mut self, intake: &mut Intake<'_>, person: &PersonId) -> Result<(), Stop> {
        if self.beyond > 0 {
            let why = format!("its last {} messages, beyond {MAX_MESSAGES}, were not read; split it", self.beyond);
            intake.reject(&self.label, why)?;
        }
        let path = self.visible();
        if let Some(parent) = path.missing {
            let why =
                format!("the message {parent:?} before the first is not in the file; what came before is missing");
            intake.reject(&self.label, why)?;
        }
        let mut sittings = Sittings::default();
        for index in path.nodes {
            let Some(node) = self.nodes.get_mut(index) else { continue };
            let place = format!("{}, message {}", self.label, index + 1);
            match std::mem::replace(&mut node.said, Ok(None)) {
                Ok(Some(said)) if !is_wordless(&said) => {
                    for loss in &said.losses {
                        intake.reject(&place, loss)?;
                    }
                    let own = said.said_at;
                    let said_at = own.or_else(|| self.created.and_then(day));
                    let missing = "neither the message nor its conversation has a time";
                    let turn = intake.dated(said_at, missing).and_then(|said_at| {
                        let draft = Draft {
                            conversation: self.id,
                            session: sittings.of(own, said_at),
                            id: &node.id,
                            speaker: said.role.as_str(),
                            role: said.role,
                            said_at,
                            text: said.text,
                            attachments: said.attachments,
                        };
                        draft.build()
                    });
                    intake.turn(place, person, turn)?;
                }
                // The root of a tree holds no message, so only what could have held words is counted.
                Ok(said) => intake.passed_over += u64::from(said.is_some()),
                Err(why) => intake.reject(place, why)?,
            }
        }
        Ok(())
    }

    fn visible(&self) -> Path {
        let by_id: HashMap<&str, usize> =
            self.nodes.iter().enumerate().map(|(i, node)| (node.id.as_str(), i)).collect();
        let children = self.nodes.iter().flat_map(|node| node.children.iter().map(move |child| (child, &node.id)));
        let by_child: HashMap<&String, &String> = children.collect();
        let above = |index: usize| {
            let node = self.nodes.get(index)?;
            // A node that cannot be read has lost its parent, but its parent may still name it.
            let named = if node.said.is_err() { by_child.get(&node.id).copied() } else { None };
            node.parent.as_ref().or(named)
        };
        let mut path = Path { nodes: Vec::new(), missing: None };
        let mut seen = HashSet::new();
        let mut next = self.current.and_then(|id| by_id.get(id).copied()).or_else(|| self.newest_leaf());
        while let Some(index) = next.filter(|index| seen.insert(*index)) {
            path.nodes.push(index);
            next = above(index).and_then(|parent| {
                let found = by_id.get(parent.as_str()).copied();
                path.missing = found.is_none().then(|| parent.clone());
                found
            });
        }
        path.nodes.reverse();
        path
    }

    fn newest_leaf(&self) -> Option<usize> {
        let parents: HashSet<&str> = self.nodes.iter().filter_map(|node| node.parent.as_deref()).collect();
        let time = |node: &Node| node.said.as_ref().ok()?.as_ref()?.said_at;
        let leaves = self.nodes.iter().enumerate().filter(|(_, node)| !parents.contains(node.id.as_str()));
        let newest = leaves.max_by_key(|(index, node)| (time(node), *index)).map(|(index, _)| index);
        newest.or_else(|| self.nodes.len().checked_sub(1))
    }
}

/// Whether there is nothing in it to remember: an image without a caption says nothing in words.
fn is_wordless(said: &Said) -> bool {
    let mut captions = said.attachments.iter().filter_map(|a| a.caption.as_deref());
    said.text.trim().is_empty() && captions.all(|caption| caption.trim().is_empty())
}

/// The day of a time, which is all that holds for every message of a conversation that began then.
fn day(time: EventTime) -> Option<EventTime> {
    EventTime::new(time.civil(), time.offset(), Precision::Day).ok()
}

#[derive(Debug, Default)]
struct Sittings {
    name: String,
    last: Option<Millis>,
}

impl Sittings {
    /// The session of a message with the time `own`, or else with the time `said_at` that stands in for it.
    fn of(&mut self, own: Option<EventTime>, said_at: Option<EventTime>) -> &str {
        let own = own.map(|time| time.start());
        let begins = match (own, self.last) {
            (Some(own), Some(last)) => own.saturating_sub(last) > SILENCE,
            _ => self.name.is_empty(),
        };
        if begins {
            let minute = |t: EventTime| EventTime::new(t.civil(), None, t.precision().min(Precision::Minute)).ok();
            self.name = said_at.and_then(minute).map_or_else(|| "undated".to_owned(), |time| time.to_string());
        }
        self.last = own.or(self.last);
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &str, parent: &str, hour: i64) -> Node {
        let said_at = EventTime::from_millis(hour * 3_600_000).ok();
        let said = Said { role: Role::User, said_at, text: id.into(), attachments: Vec::new(), losses: Vec::new() };
        let parent = (!parent.is_empty()).then(|| parent.to_owned());
        Node { id: id.into(), parent, children: Vec::new(), said: Ok(Some(said)) }
    }

    fn check(nodes: &[(&str, &str, i64)], current: Option<&str>, expect: &str, missing: Option<&str>) {
        let nodes = nodes.iter().map(|(id, parent, hour)| node(id, parent, *hour)).collect();
        let thread = Thread { label: String::new(), id: "c", created: None, current, nodes, beyond: 0 };
        let path = thread.visible();
        let names: Vec<_> = path.nodes.iter().map(|index| thread.nodes[*index].id.as_str()).collect();
        assert_eq!((names.join(" ").as_str(), path.missing.as_deref()), (expect, missing));
    }

    #[test]
    fn the_path_that_is_seen() {
        let tree = [("a", "", 0), ("b", "a", 1), ("c", "a", 5), ("d", "b", 3)];
        check(&tree, Some("d"), "a b d", None);
        check(&tree, Some("c"), "a c", None);
        check(&tree, None, "a c", None);
        check(&tree, Some("gone"), "a c", None);
        check(&[("b", "a", 1), ("c", "b", 2)], Some("c"), "b c", Some("a"));
        check(&[("a", "b", 1), ("b", "a", 2)], Some("a"), "b a", None);
        check(&[("a", "a", 1)], None, "a", None);
        check(&[], Some("a"), "", None);
    }

    #[test]
    fn a_node_that_cannot_be_read_does_not_cut_the_path() {
        let mut nodes = vec![node("a", "", 0), node("b", "", 1), node("c", "b", 2)];
        nodes[0].children = vec!["b".into()];
        nodes[1].said = Err("broken".into());
        let thread = Thread { label: String::new(), id: "c", created: None, current: Some("c"), nodes, beyond: 0 };
        assert_eq!(thread.visible(), Path { nodes: vec![0, 1, 2], missing: None });
    }

    #[test]
    fn a_long_silence_begins_a_session() {
        let mut sittings = Sittings::default();
        let mut of = |minutes: i64| {
            let time = EventTime::from_millis(minutes * 60_000).ok();
            sittings.of(time, time).to_owned()
        };
        assert_eq!(of(0), "1970-01-01T00:00");
        assert_eq!(of(360), "1970-01-01T00:00");
        assert_eq!(of(721), "1970-01-01T12:01");
        assert_eq!(sittings.of(None, "1970".parse().ok()), "1970-01-01T12:01");
    }
}
