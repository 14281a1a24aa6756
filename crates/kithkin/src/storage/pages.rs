//! A person's logs a page at a time, so that no reader holds an old state of the store for long.

use std::ops::ControlFlow;

use kithkin_core::{Millis, Scope, Store, StoreError, StoredDisclosure, StoredFeedback, StoredTurn};

/// A page ends with the record that brings it to one of these.
const RECORDS: usize = 1000;
const BYTES: usize = 4 << 20;

/// The records of a scan, up to the end of a page or past `upto`.
fn page<T>(
    scan: impl FnOnce(&mut dyn FnMut(T) -> ControlFlow<()>) -> Result<(), StoreError>,
    is_within: impl Fn(&T) -> bool,
    size: impl Fn(&T) -> usize,
) -> Result<Vec<T>, StoreError> {
    let (mut records, mut bytes) = (Vec::new(), 0);
    scan(&mut |record| {
        if !is_within(&record) {
            return ControlFlow::Break(());
        }
        bytes += size(&record);
        records.push(record);
        if records.len() >= RECORDS || bytes >= BYTES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(records)
}

/// The turns with places after `after` and up to `upto`, to the end of a page; empty after the last.
pub(super) fn turns(store: &dyn Store, scope: &Scope, after: u64, upto: u64) -> Result<Vec<StoredTurn>, StoreError> {
    let size = |turn: &StoredTurn| turn.turn.text.len();
    page(|visit| store.scan_turns(scope, after, visit), |turn| turn.seq.0 <= upto, size)
}

/// The feedback with numbers after `after` and up to `upto`, likewise.
pub(super) fn feedback(
    store: &dyn Store,
    scope: &Scope,
    after: u64,
    upto: u64,
) -> Result<Vec<StoredFeedback>, StoreError> {
    let size = |one: &StoredFeedback| one.feedback.question.len();
    page(|visit| store.scan_feedback(scope, after, visit), |one| one.number <= upto, size)
}

/// All disclosures: each is short.
pub(super) fn disclosures(store: &dyn Store, scope: &Scope) -> Result<Vec<StoredDisclosure>, StoreError> {
    let mut all = Vec::new();
    let mut push = |one| {
        all.push(one);
        ControlFlow::Continue(())
    };
    store.scan_disclosures(scope, Millis::MIN, &mut push)?;
    Ok(all)
}
