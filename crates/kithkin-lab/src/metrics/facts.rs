//! How much of what an answer rests on is said by the turns that come back.
//!
//! An answer rests on facts. A fact may be said by several turns, each of which is enough.

use std::collections::HashSet;

use kithkin::{EvidenceReport, estimated_tokens};

use super::RecallAt;

/// The turns that say a fact, by id; never empty.
pub(crate) type Fact = HashSet<String>;

/// Recall of facts within the first `k` of a ranking: a fact is found when one of its ids is. `facts` must not be empty.
pub(crate) fn facts_at(ranking: &[&str], facts: &[Fact], k: usize) -> RecallAt {
    let first = ranking.get(..k).unwrap_or(ranking);
    let found = facts.iter().filter(|fact| first.iter().any(|id| fact.contains(*id))).count();
    RecallAt {
        any: f64::from(u8::from(found > 0)),
        all: f64::from(u8::from(found == facts.len())),
        mean: found as f64 / facts.len().max(1) as f64,
    }
}

/// How many turns from the first on fit into a budget of tokens, captions included.
pub(crate) fn within(evidence: &[EvidenceReport], tokens: usize) -> usize {
    let mut used = 0;
    let fits = evidence.iter().take_while(|turn| {
        let captions = turn.attachments.iter().filter_map(|a| a.caption.as_deref());
        used += estimated_tokens(&turn.text) + captions.map(estimated_tokens).sum::<usize>();
        used <= tokens
    });
    fits.count()
}

/// The recalls of facts, named as in a table: at cutoffs over turns (`recall_mean@10`) and within budgets of tokens
/// (`recall_mean@1000t`).
pub(crate) fn fact_scores(
    evidence: &[EvidenceReport],
    facts: &[Fact],
    cutoffs: &[usize],
    budgets: &[usize],
) -> Vec<(String, f64)> {
    let turns: Vec<&str> = evidence.iter().map(|turn| turn.turn.as_str()).collect();
    let mut scores = Vec::new();
    for k in cutoffs {
        let recall = facts_at(&turns, facts, *k);
        scores.push((format!("recall_any@{k}"), recall.any));
        scores.push((format!("recall_all@{k}"), recall.all));
        scores.push((format!("recall_mean@{k}"), recall.mean));
    }
    for budget in budgets {
        let recall = facts_at(&turns, facts, within(evidence, *budget));
        scores.push((format!("recall_mean@{budget}t"), recall.mean));
        scores.push((format!("recall_all@{budget}t"), recall.all));
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(facts: &[&[&str]], k: usize, any: f64, all: f64, mean: f64) {
        let facts: Vec<Fact> = facts.iter().map(|fact| fact.iter().map(|id| (*id).to_owned()).collect()).collect();
        assert_eq!(facts_at(&["a", "b", "c"], &facts, k), RecallAt { any, all, mean });
    }

    #[test]
    fn any_turn_of_a_fact_is_enough() {
        check(&[&["a", "c"]], 1, 1.0, 1.0, 1.0);
        check(&[&["b"]], 1, 0.0, 0.0, 0.0);
        check(&[&["a", "c"], &["b"]], 1, 1.0, 0.0, 0.5);
        check(&[&["a", "c"], &["b"]], 9, 1.0, 1.0, 1.0);
        check(&[&["x"]], 9, 0.0, 0.0, 0.0);
    }

    #[test]
    fn a_budget_takes_whole_turns() {
        let turn = |id: &str| EvidenceReport {
            turn: id.to_owned(),
            conversation: String::new(),
            session: String::new(),
            speaker: String::new(),
            said_at: None,
            // Forty characters count ten tokens.
            text: "w".repeat(40),
            attachments: Vec::new(),
            score: 0.0,
            why: kithkin::Explanation::new("", 0.0),
        };
        let fits = |tokens| within(&["a", "b", "c"].map(turn), tokens);
        assert_eq!([9, 10, 29, 30, 99].map(fits), [0, 1, 2, 3, 3]);
    }
}
