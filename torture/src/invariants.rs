//! What must hold whatever happened: of the records of a person alone, of a store beside the model, and of the bytes in
//! the files. Nothing here causes anything.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::path::Path;

use kithkin_core::{Scope, Seq, Store, StoreError, StoredTurn, TurnKey, UnitId};
use kithkin_store::MemoryStore;

use crate::client::state;
use crate::operations::{self, Op, SCOPES, apply, scope};
use crate::protocol::Look;

/// What every text begins with, before the number of its scope; and how long a text is.
const MARK: &str = "canary-";
const TEXT: usize = 12;

/// What is wrong with the records of a person, by themselves: a turn that is there twice, one of somebody else, something
/// derived from what is not there, or other than a rebuild would make it.
///
/// # Errors
/// The store failed.
pub(crate) fn sound(store: &dyn Store, n: u8) -> Result<Option<String>, StoreError> {
    let scope = &scope(n);
    let mut wrong = Vec::new();
    let (mut log, mut units) = (Vec::new(), BTreeSet::new());
    store.scan_turns(scope, 0, &mut |told| {
        units.insert(UnitId::Turn(told.seq));
        log.push(told);
        ControlFlow::Continue(())
    })?;
    wrong.extend(wrong_in_log(&log, n));
    let there = |seq: &Seq, units: &BTreeSet<UnitId>| units.contains(&UnitId::Turn(*seq));
    store.scan_derived(scope, &mut |derived| {
        for one in derived.memories {
            if !one.memory.sources.iter().all(|seq| there(seq, &units)) {
                wrong.push(format!("memory {} of turns that are gone", one.id.0));
            }
            if !units.insert(UnitId::Memory(one.id)) {
                wrong.push(format!("memory {} twice", one.id.0));
            }
        }
        ControlFlow::Continue(())
    })?;
    store.scan_feedback(scope, 0, &mut |one| {
        if !one.feedback.shown.iter().all(|shown| there(&shown.seq, &units)) {
            wrong.push(format!("feedback {} on turns that are gone", one.number));
        }
        ControlFlow::Continue(())
    })?;
    for space in store.vector_counts(scope)? {
        store.scan_vectors(scope, &space.space, 0, &mut |(unit, _)| {
            if !units.contains(&unit) {
                wrong.push(format!("a vector of {unit:?}, which is gone"));
            }
            ControlFlow::Continue(())
        })?;
    }
    match store.pulse(scope)? {
        Some(pulse) if log.last().is_some_and(|last| last.seq.0 > pulse.last_seq) => {
            wrong.push(format!("a place above the last one, {}", pulse.last_seq));
        }
        None if !units.is_empty() || store.binding(scope)?.is_some() => wrong.push("records of nobody".to_owned()),
        _ => {}
    }
    if !operations::equals_a_rebuild(store, scope)? {
        wrong.push("what is derived is not what a rebuild makes".to_owned());
    }
    Ok((!wrong.is_empty()).then(|| wrong.join("; ")))
}

fn wrong_in_log(log: &[StoredTurn], n: u8) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut last: HashMap<TurnKey, &StoredTurn> = HashMap::new();
    for pair in log.windows(2) {
        if pair[0].seq >= pair[1].seq {
            wrong.push(format!("place {} after {}", pair[1].seq.0, pair[0].seq.0));
        }
    }
    for told in log {
        if !told.turn.text.starts_with(&format!("{MARK}{n}")) {
            wrong.push(format!("somebody else's turn at {}", told.seq.0));
        }
        let before = last.insert(told.turn.key(), told);
        if before.is_some_and(|before| before.turn == told.turn) {
            wrong.push(format!("{} twice, at {}", told.turn.key(), told.seq.0));
        }
        if before.map(|before| before.seq) != told.supersedes
            || told.version != before.map_or(1, |before| before.version + 1)
        {
            wrong.push(format!("a telling at {} that does not follow the one before", told.seq.0));
        }
    }
    wrong
}

/// What is known of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The store gave this answer.
    Answered(String),
    /// The store says that nothing was written.
    TakenBack(String),
    /// Nobody knows whether it was done.
    InDoubt(String),
}

impl Outcome {
    pub(crate) fn is_in_doubt(&self) -> bool {
        matches!(self, Self::InDoubt(_))
    }
}

/// An operation that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) op: Op,
    pub(crate) outcome: Outcome,
}

/// What was seen of persons, and how it was looked at.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) look: Look,
    pub(crate) states: BTreeMap<u8, String>,
}

/// A state that explains what was seen.
#[derive(Clone)]
pub(crate) struct Explained {
    pub(crate) state: MemoryStore,
    /// Which of the calls were done.
    pub(crate) done: Vec<bool>,
}

/// The states of the model to which the calls lead from one of `bases` in some order, those in doubt done or not, so that each
/// answer is the model's, and of each scope is seen what the model shows; none where there is no such order. Where an erasure
/// is among the calls these may be several, which look the same and go on otherwise: a person who is gone may have been told
/// something before, and with it go numbers that nobody will have again.
///
/// # Errors
/// The model failed, which it never does.
pub(crate) fn explain<'a>(
    bases: impl Iterator<Item = &'a MemoryStore>,
    calls: &[Call],
    seen: &Seen,
) -> Result<Vec<Explained>, StoreError> {
    let left: Vec<usize> = (0..calls.len()).collect();
    let every = calls.len() > 1 && calls.iter().any(|call| matches!(call.op, Op::Erase(..)));
    let mut search = Search { calls, seen, every, found: Vec::new() };
    for base in bases {
        search.go_on(&Explained { state: base.clone(), done: vec![false; calls.len()] }, &left)?;
    }
    Ok(search.found)
}

/// What is looked for, and what of it was found.
struct Search<'a> {
    calls: &'a [Call],
    seen: &'a Seen,
    /// Whether one state from a base is not enough.
    every: bool,
    found: Vec<Explained>,
}

impl Search<'_> {
    /// Goes on from a state to which the calls that are not `left` led; whether it is enough.
    fn go_on(&mut self, from: &Explained, left: &[usize]) -> Result<bool, StoreError> {
        // What may have been left out is left out first: fewer states are made.
        let open = left.iter().any(|call| matches!(self.calls[*call].outcome, Outcome::Answered(_)));
        if !open && is_seen(&from.state, self.seen)? {
            let all = |state: &MemoryStore| format!("{state:?}");
            if !self.found.iter().any(|other| all(&other.state) == all(&from.state)) {
                self.found.push(from.clone());
            }
            if !self.every {
                return Ok(true);
            }
        }
        for call in left {
            let expect = match &self.calls[*call].outcome {
                Outcome::Answered(answer) => Some(answer),
                Outcome::InDoubt(_) => None,
                Outcome::TakenBack(_) => continue,
            };
            let mut next = from.clone();
            let answer = apply(&next.state, &self.calls[*call].op)?;
            if expect.is_some_and(|expect| *expect != answer) {
                continue;
            }
            next.done[*call] = true;
            let left: Vec<usize> = left.iter().copied().filter(|other| other != call).collect();
            if self.go_on(&next, &left)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn is_seen(model: &MemoryStore, seen: &Seen) -> Result<bool, StoreError> {
    for (n, found) in &seen.states {
        if state(model, *n, seen.look)? != *found {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The texts that a person has.
///
/// # Errors
/// The model failed, which it never does.
pub(crate) fn texts(model: &MemoryStore, scope: &Scope) -> Result<BTreeSet<String>, StoreError> {
    let mut texts = BTreeSet::new();
    model.scan_turns(scope, 0, &mut |told| {
        texts.insert(told.turn.text);
        ControlFlow::Continue(())
    })?;
    Ok(texts)
}

/// Texts that somebody had and that nobody has now.
pub(crate) type Erased = BTreeSet<String>;

/// The first of the erased texts that is still in a file beside `path` or in it: all that a process could read without the
/// store.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn left_bytes(path: &Path, erased: &Erased) -> std::io::Result<Option<String>> {
    for suffix in ["", "-wal"] {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        let bytes = match std::fs::read(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            read => read?,
        };
        let mut rest = bytes.as_slice();
        while let Some(at) = rest.windows(MARK.len()).position(|window| window == MARK.as_bytes()) {
            let text = rest.get(at..at + TEXT).and_then(|bytes| std::str::from_utf8(bytes).ok());
            if let Some(text) = text.filter(|text| erased.contains(*text)) {
                return Ok(Some(format!("{text:?} is still in {}", file.display())));
            }
            rest = &rest[at + MARK.len()..];
        }
    }
    Ok(None)
}

/// Every scope.
pub(crate) fn everyone() -> impl Iterator<Item = u8> {
    0..SCOPES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{How, What};

    fn in_doubt(op: Op) -> Call {
        Call { op, outcome: Outcome::InDoubt("killed".to_owned()) }
    }

    fn glance(model: &MemoryStore) -> Seen {
        let states = everyone().map(|n| (n, state(model, n, Look::View).unwrap())).collect();
        Seen { look: Look::View, states }
    }

    /// What was told and erased with it, both broken off, cannot be seen; where the next person begins can.
    #[test]
    fn an_erasure_in_doubt_leaves_each_number_possible_that_the_next_person_may_begin_at() {
        let told = |n: u8, id: u8| Op::Append(vec![(n, vec![(0, id, 0)])], 5);
        let erase = Op::Erase(0, What::Person, How::Erased);
        for (before, done, states) in [
            (vec![], vec![], 2),
            (vec![], vec![told(0, 0), erase.clone()], 2),
            (vec![told(0, 1)], vec![erase.clone()], 2),
            (vec![told(0, 1)], vec![told(0, 0), erase.clone()], 2),
            (vec![told(0, 1)], vec![], 1),
        ] {
            let model = MemoryStore::new();
            before.iter().for_each(|op| drop(apply(&model, op).unwrap()));
            let store = model.clone();
            done.iter().for_each(|op| drop(apply(&store, op).unwrap()));
            let calls = [in_doubt(told(0, 0)), in_doubt(erase.clone())];
            let found = explain(std::iter::once(&model), &calls, &glance(&store)).unwrap();
            assert_eq!(found.len(), states, "{before:?}, {done:?}");

            let next = told(4, 0);
            let call = Call { outcome: Outcome::Answered(apply(&store, &next).unwrap()), op: next };
            let after = explain(found.iter().map(|one| &one.state), &[call], &glance(&store)).unwrap();
            assert_eq!(after.len(), 1, "{before:?}, {done:?}");
        }
    }
}
