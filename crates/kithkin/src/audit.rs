//! What a person's memory is made of: duplicates, loops, secrets, gaps. It reads only.

use std::collections::HashMap;

use serde::Serialize;

use crate::quote::OPEN;
use crate::{Error, Person};

/// Starts of texts that only secrets have, with the least length of what follows.
const SECRET_MARKS: &[(&str, usize)] = &[
    ("sk-", 20),
    ("ghp_", 30),
    ("github_pat_", 30),
    ("xoxb-", 20),
    ("AKIA", 16),
    ("-----BEGIN", 0),
    ("glpat-", 20),
    ("AIza", 30),
];

/// What an audit found; lists hold turn ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AuditReport {
    /// Turns, every version.
    pub turns: u64,
    /// Turns that a later telling has replaced.
    pub replaced: u64,
    /// Turns whose time is not known.
    pub undated: u64,
    /// Current turns whose words an earlier turn of the same speaker has already.
    pub repeated: Vec<String>,
    /// Turns that quote a block of recalled memories.
    pub recall_loops: Vec<String>,
    /// Turns that seem to hold a key or a password token.
    pub secrets: Vec<String>,
    /// Current turns without a vector of the embedder in use; 0 without an embedder.
    pub without_vector: u64,
}

impl Person<'_> {
    /// Looks through the whole log.
    ///
    /// # Errors
    /// No such person, or the store failed.
    pub fn audit(&self) -> Result<AuditReport, Error> {
        self.known()?;
        let log = self.log()?;
        let gone: std::collections::HashSet<_> = log.iter().filter_map(|t| t.supersedes).collect();
        let mut report = AuditReport {
            turns: log.len() as u64,
            replaced: gone.len() as u64,
            undated: log.iter().filter(|t| t.turn.said_at.is_none()).count() as u64,
            repeated: Vec::new(),
            recall_loops: Vec::new(),
            secrets: Vec::new(),
            without_vector: self.kithkin().engine.lacking_vectors(self.scope(), None)?.turns,
        };
        let mut told: HashMap<(&str, String), ()> = HashMap::new();
        for stored in log.iter().filter(|t| !gone.contains(&t.seq)) {
            let turn = &stored.turn;
            let words = turn.text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
            // Greetings and thanks are said again and again; a repetition counts from six words on.
            if words.split(' ').count() >= 6 && told.insert((&turn.speaker, words), ()).is_some() {
                report.repeated.push(turn.key().to_string());
            }
            if turn.text.contains(OPEN) {
                report.recall_loops.push(turn.key().to_string());
            }
            if holds_secret(&turn.text) {
                report.secrets.push(turn.key().to_string());
            }
        }
        Ok(report)
    }
}

fn holds_secret(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        SECRET_MARKS.iter().any(|(mark, length)| {
            word.find(mark).is_some_and(|at| {
                let tail = &word[at + mark.len()..];
                tail.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).count() >= *length
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_seen_and_prose_is_not() {
        let check = |text: &str, expect| assert_eq!(holds_secret(text), expect, "{text:?}");
        check("the key is sk-abcdefghijklmnopqrstuvwx, keep it", true);
        check("AKIAABCDEFGHIJKLMNOP", true);
        check("-----BEGIN PRIVATE KEY-----", true);
        check("a task-oriented risk-averse disk-shaped thing", false);
        check("日本 sk-", false);
    }
}
