//! What every store must do, as checks that a backend's tests run.
//!
//! Each check gets an empty store and panics at the first line of the contract that does not hold. What needs a second
//! handle, a file or a full disk is the backend's own to test.

mod derived;
mod disclosures;
mod erasure;
mod feedback;
mod log;
mod taking;
mod whole;

use std::ops::ControlFlow;

use kithkin_core::{
    ConversationId, DerivationId, Feedback, Memory, MemoryKind, Outcome, PersonId, PersonTurns, Pulse, QuestionVector,
    Role, Scope, Seq, SessionId, SessionRef, Shown, Store, StoredFeedback, StoredMemory, StoredTurn, TenantId, Turn,
    TurnId, TurnKey, UnitId, VectorSpace,
};

/// Runs every check, each on a store of its own.
///
/// # Panics
/// A check failed.
pub fn run(empty: &mut dyn FnMut() -> Box<dyn Store>) {
    let checks: &[fn(&dyn Store)] = &[
        log::nobody_is_empty,
        log::turns_come_back_as_they_were,
        log::duplicates_and_changes,
        log::reads_of_the_log,
        log::persons_are_listed,
        derived::vectors_are_kept_by_space,
        derived::vectors_of_nothing_are_passed_over,
        derived::sessions_become_stale,
        derived::memories_are_replaced_whole,
        derived::memories_of_lost_sources_are_refused,
        derived::bindings,
        erasure::erasing_cascades,
        erasure::erasing_a_person_leaves_no_name,
        erasure::what_was_not_read_stays,
        erasure::what_was_kept_for_long_enough_goes_at_once,
        erasure::erased_places_do_not_come_back,
        erasure::scopes_do_not_meet,
        feedback::feedback_comes_back_as_it_was,
        feedback::feedback_of_what_is_not_there_is_refused,
        feedback::feedback_goes_with_the_turns_it_shows,
        disclosures::disclosures_come_back_as_they_were,
        disclosures::disclosures_end_with_the_person,
        taking::tenants_are_listed,
        taking::records_keep_their_numbers,
        taking::records_come_in_pieces,
        taking::what_does_not_follow_is_refused,
        taking::chains_only_grow,
        taking::an_erasure_comes_with_its_entry,
        taking::what_is_decided_comes_with_its_entries,
        taking::compacting_keeps_everything,
        whole::pulses_grow,
        whole::visitors_may_stop_and_call_again,
        whole::a_keyring_is_noted_once,
        whole::no_keyring_comes_later,
        whole::many_threads,
        whole::health,
    ];
    for check in checks {
        check(&*empty());
    }
}

/// The person `person` of the tenant `tenant`.
fn scope(tenant: &str, person: &str) -> Scope {
    Scope::new(TenantId::new(tenant).unwrap(), PersonId::new(person).unwrap())
}

fn ann() -> Scope {
    scope("t", "ann")
}

fn session(name: &str) -> SessionRef {
    SessionRef { conversation: ConversationId::new("c").unwrap(), session: SessionId::new(name).unwrap() }
}

/// The turn `id` of the session `sitting` of the conversation `c`.
fn turn(sitting: &str, id: &str, text: &str) -> Turn {
    let SessionRef { conversation, session } = session(sitting);
    let id = TurnId::new(id).unwrap();
    let (speaker, text) = ("Ann".to_owned(), text.to_owned());
    Turn { conversation, session, id, speaker, role: Role::User, said_at: None, text, attachments: Vec::new() }
}

fn append(store: &dyn Store, scope: &Scope, turns: &[Turn]) -> Vec<Outcome> {
    let batch = [PersonTurns { scope: scope.clone(), turns: turns.to_vec() }];
    let mut appended = store.append(&batch, 7).unwrap();
    assert_eq!((appended.len(), &appended[0].scope), (1, scope));
    appended.remove(0).outcomes
}

fn log(store: &dyn Store, scope: &Scope, after: u64) -> Vec<StoredTurn> {
    let mut turns = Vec::new();
    let mut push = |turn| {
        turns.push(turn);
        ControlFlow::Continue(())
    };
    store.scan_turns(scope, after, &mut push).unwrap();
    turns
}

fn seqs(store: &dyn Store, scope: &Scope) -> Vec<u64> {
    log(store, scope, 0).iter().map(|turn| turn.seq.0).collect()
}

fn space(name: &str) -> VectorSpace {
    VectorSpace(name.to_owned())
}

fn put_vectors(store: &dyn Store, scope: &Scope, name: &str, rows: &[(UnitId, [f32; 2])]) {
    let rows: Vec<(UnitId, &[f32])> = rows.iter().map(|(unit, vector)| (*unit, vector.as_slice())).collect();
    store.put_vectors(scope, &space(name), &rows).unwrap();
}

fn vectors(store: &dyn Store, scope: &Scope, name: &str, after: u64) -> Vec<(UnitId, Vec<f32>)> {
    let mut rows = Vec::new();
    let mut push = |(unit, vector): (UnitId, &[f32])| {
        rows.push((unit, vector.to_vec()));
        ControlFlow::Continue(())
    };
    store.scan_vectors(scope, &space(name), after, &mut push).unwrap();
    rows
}

fn missing(store: &dyn Store, scope: &Scope, name: &str) -> Vec<UnitId> {
    let mut units = Vec::new();
    let mut push = |unit| {
        units.push(unit);
        ControlFlow::Continue(())
    };
    store.missing_vectors(scope, &space(name), &mut push).unwrap();
    units
}

fn derivation(name: &str) -> DerivationId {
    DerivationId(name.to_owned())
}

fn memory(text: &str, sources: &[u64]) -> Memory {
    let sources = sources.iter().map(|seq| Seq(*seq)).collect();
    Memory { kind: MemoryKind::Window, text: text.to_owned(), sources, said_at: None }
}

fn put_memories(store: &dyn Store, scope: &Scope, sitting: &str, upto: u64, memories: &[Memory]) -> bool {
    store.put_memories(scope, &derivation("d"), &session(sitting), Seq(upto), memories).unwrap()
}

fn memories(store: &dyn Store, scope: &Scope, name: &str) -> Vec<StoredMemory> {
    let mut all = Vec::new();
    let mut push = |memory| {
        all.push(memory);
        ControlFlow::Continue(())
    };
    store.scan_memories(scope, &derivation(name), &mut push).unwrap();
    all
}

fn memory_units(store: &dyn Store, scope: &Scope) -> Vec<UnitId> {
    memories(store, scope, "d").iter().map(|memory| UnitId::Memory(memory.id)).collect()
}

/// Feedback that shows these turns, of which the first was useful.
fn feedback(question: &str, shown: &[u64]) -> Feedback {
    let shown = shown.iter().enumerate().map(|(n, seq)| Shown { seq: Seq(*seq), useful: n == 0 }).collect();
    let vector = Some(QuestionVector { space: space("v"), vector: vec![1.0, -0.5] });
    Feedback { question: question.to_owned(), vector, asked_at: 5, recorded_at: 6, shown }
}

fn all_feedback(store: &dyn Store, scope: &Scope, after: u64) -> Vec<StoredFeedback> {
    let mut all = Vec::new();
    let mut push = |feedback| {
        all.push(feedback);
        ControlFlow::Continue(())
    };
    store.scan_feedback(scope, after, &mut push).unwrap();
    all
}

fn stale(store: &dyn Store, scope: &Scope, name: &str) -> Vec<String> {
    let sessions = store.stale_sessions(scope, &derivation(name)).unwrap();
    sessions.iter().map(|session| session.session.to_string()).collect()
}

fn pulse(store: &dyn Store, scope: &Scope) -> Pulse {
    store.pulse(scope).unwrap().unwrap()
}

fn at(seq: u64) -> UnitId {
    UnitId::Turn(Seq(seq))
}

fn key(id: &str) -> TurnKey {
    turn("s", id, "-").key()
}
