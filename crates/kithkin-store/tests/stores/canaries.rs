//! A thousand canaries are erased one by one, in groups and with their persons: no byte of any of them stays in the folder.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use kithkin_core::{
    Attachment, ConversationId, DerivationId, Erasure, Feedback, Memory, MemoryKind, PersonTurns, QuestionVector, Role,
    Scope, Seq, SessionId, SessionRef, Shown, Store, StoredTurn, Turn, TurnKey, UnitId, VectorSpace,
};
use kithkin_store::SqliteStore;

/// What is in every place where a canary can be: names, words, captions, memories, questions, and the bytes of vectors.
const CANARY: &str = "canary~~";
const CANARIES: usize = 1000;
/// Those erased by themselves; the others go in groups.
const SINGLES: usize = 40;

fn scope(person: &str) -> Scope {
    Scope::new("t".parse().unwrap(), person.parse().unwrap())
}

/// The turn `n` of a person, as a canary or as one that stays.
fn turn(whose: &Scope, n: usize, canary: bool) -> Turn {
    let mark = if canary { CANARY } else { "stays" };
    // From a few bytes to more than a page.
    let text = format!("{mark}{n} ").repeat(1 + n * 7919 % if n.is_multiple_of(50) { 3000 } else { 40 });
    Turn {
        conversation: ConversationId::new(format!("{mark} conversation {}", n % 7)).unwrap(),
        session: SessionId::new(format!("{mark} session {}", n % 3)).unwrap(),
        id: format!("{mark} id {n:04} of {}", whose.person).parse().unwrap(),
        speaker: format!("{mark} speaker"),
        role: Role::User,
        said_at: None,
        attachments: vec![Attachment {
            kind: "image".into(),
            caption: Some(text.chars().rev().collect()),
            reference: None,
        }],
        text,
    }
}

/// A vector whose bytes are the canary's, or others.
fn vector(canary: bool) -> Vec<f32> {
    let mark = if canary { CANARY } else { "staying!" };
    let halves = mark.as_bytes().as_chunks::<4>().0;
    halves.iter().map(|half| f32::from_le_bytes(*half)).collect::<Vec<_>>().repeat(64)
}

fn log(store: &dyn Store, scope: &Scope) -> Vec<StoredTurn> {
    let mut turns = Vec::new();
    let mut push = |turn| {
        turns.push(turn);
        ControlFlow::Continue(())
    };
    store.scan_turns(scope, 0, &mut push).unwrap();
    turns
}

/// Canaries among turns that stay, in batches, with edits, memories, vectors and feedback of both.
fn fill(store: &SqliteStore, scope: &Scope, canaries: usize) {
    let (space, by) = (VectorSpace("v".into()), DerivationId("d".into()));
    let is_canary = |text: &str| text.starts_with(CANARY);
    for batch in 0..canaries.div_ceil(50) {
        let numbers = batch * 50..canaries.min(batch * 50 + 50);
        let turns = numbers.flat_map(|n| [turn(scope, n, true), turn(scope, n, false)]).collect();
        store.append(&[PersonTurns { scope: scope.clone(), turns }], 1).unwrap();
        let first = &turn(scope, batch * 50, true);
        let again = Turn { text: format!("{} told anew", first.text), ..first.clone() };
        store.append(&[PersonTurns { scope: scope.clone(), turns: vec![again] }], 2).unwrap();
        let turns = log(store, scope);
        for session in store.stale_sessions(scope, &by).unwrap() {
            let of = turns
                .iter()
                .filter(|t| t.turn.session == session.session && t.turn.conversation == session.conversation);
            let memories: Vec<Memory> = of
                .map(|t| Memory {
                    kind: MemoryKind::Window,
                    text: format!("of {}", t.turn.text),
                    sources: vec![t.seq],
                    said_at: None,
                })
                .collect();
            let last = turns.last().map_or(Seq(0), |turn| turn.seq);
            assert!(store.put_memories(scope, &by, &session, last, &memories).unwrap());
        }
        let new = turns.iter().rev().take(101);
        let rows: Vec<_> = new.map(|t| (UnitId::Turn(t.seq), vector(is_canary(&t.turn.text)))).collect();
        let rows: Vec<(UnitId, &[f32])> = rows.iter().map(|(unit, vector)| (*unit, vector.as_slice())).collect();
        store.put_vectors(scope, &space, &rows).unwrap();
        for turn in turns.iter().rev().step_by(9).take(10) {
            let vector = Some(QuestionVector { space: space.clone(), vector: vector(is_canary(&turn.turn.text)) });
            let question = format!("asked of {}", turn.turn.text.chars().take(200).collect::<String>());
            let shown = vec![Shown { seq: turn.seq, useful: true }];
            let feedback = Feedback { question, vector, asked_at: 0, recorded_at: 0, shown };
            assert!(store.put_feedback(scope, &feedback).unwrap().is_some());
        }
    }
}

/// How often a text is in the files of the folder, forwards or backwards.
fn found(folder: &Path, text: &str) -> usize {
    let backwards: String = text.chars().rev().collect();
    let files = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    let count = |bytes: &[u8], text: &str| bytes.windows(text.len()).filter(|w| *w == text.as_bytes()).count();
    files.map(|bytes| count(&bytes, text) + count(&bytes, &backwards)).sum()
}

fn keys(store: &SqliteStore, scope: &Scope) -> Vec<TurnKey> {
    let canaries = log(store, scope).into_iter().filter(|t| t.turn.text.starts_with(CANARY));
    canaries.map(|t| t.turn.key()).collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn a_thousand_canaries_leave_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::create(folder.path().join("a.db")).unwrap();
    let (ann, bo, whole) = (scope("ann"), scope("bo"), scope(&format!("{CANARY} person")));
    fill(&store, &ann, CANARIES / 2);
    fill(&store, &bo, CANARIES / 4);
    fill(&store, &whole, CANARIES / 4);
    assert!(found(folder.path(), CANARY) > 10 * CANARIES);

    assert_eq!(store.erase(&whole, &Erasure::Person, false).unwrap().turns, 505);
    assert_eq!(found(folder.path(), &format!("{CANARY} person")), 0);
    let all = keys(&store, &ann);
    assert_eq!(all.len(), CANARIES / 2);
    for key in &all[..SINGLES] {
        assert!(store.erase(&ann, &Erasure::Turns(vec![key.clone()]), false).unwrap().turns > 0);
        assert_eq!(found(folder.path(), key.turn.as_str()), 0, "{key}");
    }
    for group in all[SINGLES..].chunks(100) {
        store.erase(&ann, &Erasure::Turns(group.to_vec()), false).unwrap();
    }
    for n in 0..7 {
        let conversation = ConversationId::new(format!("{CANARY} conversation {n}")).unwrap();
        let session = SessionId::new(format!("{CANARY} session 0")).unwrap();
        let session = SessionRef { conversation: conversation.clone(), session };
        assert!(store.erase(&bo, &Erasure::Session(session), false).unwrap().turns > 0);
        assert!(store.erase(&bo, &Erasure::Conversation(conversation), false).unwrap().turns > 0);
    }
    assert_eq!(found(folder.path(), CANARY), 0, "with the store open");
    assert_eq!(keys(&store, &ann).len() + keys(&store, &bo).len(), 0);
    assert_eq!((log(&store, &ann).len(), log(&store, &bo).len()), (CANARIES / 2, CANARIES / 4), "what stays is there");
    assert!(found(folder.path(), "stays") > CANARIES);
    drop(store);
    assert_eq!(found(folder.path(), CANARY), 0, "and closed");
}
