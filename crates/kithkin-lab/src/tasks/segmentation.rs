//! Dialogues: are the boundaries found at which their topic changes?
//!
//! Each dialogue is observed as one session of a person of its own, and the person is rebuilt with the method. The
//! boundaries are read from the units that this derives: a unit begins at the first turn it came from. They are scored
//! against the right ones by Pk and WindowDiff, with the window of each dialogue, and by exact matches over all
//! dialogues. The right boundaries are never shown to the method.
//!
//! Rows that need no method stand below: no boundary, all of them, and as many as are right at random places.

mod dialogues;

use std::collections::{BTreeMap, HashSet};

use kithkin::{MemoryKind, Method, Now, Scope};

use self::dialogues::Dialogue;
use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::metrics::{BoundaryCounts, boundaries, pk, window, window_diff};
use crate::persons::Persons;
use crate::{LabError, Measured, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "segmentation",
    datasets: &["tiage", "tadam-seg", "locomo"],
    strategies: &[],
    about: "are the boundaries found at which the topic of a dialogue changes? (pk and windowdiff are errors)",
    headline: &["pk", "windowdiff", "boundary_f1", "boundary_precision", "boundary_recall", "boundaries"],
    run,
};

/// The kinds of units that part a session; windows overlap.
const UNITS: [MemoryKind; 3] = [MemoryKind::Segment, MemoryKind::Round, MemoryKind::Session];

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let (data, dialogues) = dialogues::read(setup)?;
    let mut persons = Persons::new(setup)?;
    let observe = |dialogue: &Dialogue| persons.observe(&dialogue.id, &dialogue.said());
    let scopes = dialogues.iter().map(observe).collect::<Result<Vec<Scope>, LabError>>()?;
    let mut rows = Vec::new();
    for method in &setup.methods {
        let built = persons.build(method, setup)?;
        let mut found = Vec::new();
        for (dialogue, scope) in dialogues.iter().zip(&scopes) {
            found.push(derived(&persons, scope, dialogue)?);
        }
        rows.push(measure(method.about().id.as_str(), &dialogues, &found, built, &models(method, setup)));
    }
    rows.extend(baselines(&dialogues));
    Ok(Table { task: TASK.name.to_owned(), data: data.source(dialogues.len()), rows })
}

/// The boundaries between the units that the person's method has derived; `None` where it derives none.
fn derived(persons: &Persons, scope: &Scope, dialogue: &Dialogue) -> Result<Option<Vec<bool>>, LabError> {
    let units = persons.person(scope).memories(Now::Clock)?.into_iter().filter(|memory| UNITS.contains(&memory.kind));
    let firsts: HashSet<String> = units.filter_map(|unit| unit.sources.into_iter().next()).collect();
    let begins = dialogue.turns.iter().skip(1).map(|turn| firsts.contains(&turn.id)).collect();
    Ok((!firsts.is_empty()).then_some(begins))
}

fn models(method: &Method, setup: &Setup<'_>) -> BTreeMap<String, String> {
    let embedder = setup.embedder.as_ref().filter(|_| method.about().needs_embedder);
    embedder.iter().map(|embedder| ("embedder".to_owned(), embedder.model().to_owned())).collect()
}

fn measure(
    name: &str,
    dialogues: &[Dialogue],
    found: &[Option<Vec<bool>>],
    seconds: f64,
    models: &BTreeMap<String, String>,
) -> Measured {
    let mut board = Board::default();
    board.ran(models);
    let mut counts = BoundaryCounts::default();
    for (dialogue, found) in dialogues.iter().zip(found) {
        let Some(found) = found else {
            board.skip("the method derives no units", 1);
            continue;
        };
        let right = dialogue.right();
        let width = window(&right);
        let Some((pk, window_diff)) = pk(&right, found, width).zip(window_diff(&right, found, width)) else {
            board.skip("too short for a window", 1);
            continue;
        };
        counts.add(&right, found);
        let scores = [("pk", pk), ("windowdiff", window_diff), ("boundaries", boundaries(found) as f64)];
        board.question(&[&dialogue.item], &scores.map(|(name, score)| (name.to_owned(), score)));
    }
    board.set("boundary_f1", counts.f1());
    board.set("boundary_precision", counts.precision());
    board.set("boundary_recall", counts.recall());
    board.row(name, seconds)
}

/// The rows that need no method.
fn baselines(dialogues: &[Dialogue]) -> [Measured; 3] {
    let rights: Vec<Vec<bool>> = dialogues.iter().map(Dialogue::right).collect();
    let gaps: usize = rights.iter().map(Vec::len).sum();
    let rate = rights.iter().map(|right| boundaries(right)).sum::<usize>() as f64 / gaps.max(1) as f64;
    let row = |name: &str, boundary: &dyn Fn(&Dialogue, usize) -> bool| {
        let of = |(dialogue, right): (&Dialogue, &Vec<bool>)| {
            Some((0..right.len()).map(|gap| boundary(dialogue, gap)).collect())
        };
        let found: Vec<Option<Vec<bool>>> = dialogues.iter().zip(&rights).map(of).collect();
        measure(name, dialogues, &found, 0.0, &BTreeMap::new())
    };
    [
        row("no-boundary", &|_, _| false),
        row("random", &|dialogue, gap| chance(&format!("{}/{gap}", dialogue.id)) < rate),
        row("every-turn", &|_, _| true),
    ]
}

/// A number from 0 to below 1 that is random in the name and the same in every run.
fn chance(name: &str) -> f64 {
    let hash = blake3::hash(name.as_bytes());
    let bits = hash.as_bytes().iter().take(4).fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
    f64::from(bits) / 2f64.powi(32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_even_and_repeats() {
        let draws: Vec<f64> = (0..1_000).map(|i| chance(&format!("{i}"))).collect();
        assert!(draws.iter().all(|draw| (0.0..1.0).contains(draw)));
        let below = draws.iter().filter(|draw| **draw < 0.25).count();
        assert!((200..300).contains(&below), "{below}");
        assert_eq!(chance("0"), draws[0]);
    }
}
