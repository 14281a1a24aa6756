//! Random operations on both stores: after each, everything that can be seen is the same in both, and nothing but the
//! person that was named has changed.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::ControlFlow;

use kithkin_core::{
    Binding, ConversationId, DerivationId, Erasure, Feedback, Memory, MemoryId, MemoryKind, MethodId, PersonId,
    PersonTurns, QuestionVector, Role, Scope, Seq, SessionId, SessionRef, Shown, Store, TenantId, Turn, TurnId, UnitId,
    VectorSpace,
};
#[cfg(feature = "postgres")]
use kithkin_store::PostgresStore;
use kithkin_store::{MemoryStore, SqliteStore};
use proptest::prelude::*;

/// One call of a store. Small numbers name scopes, sessions and turns, so that calls meet each other's data often.
#[derive(Debug, Clone)]
enum Op {
    Append(Vec<(u8, Vec<Told>)>),
    PutVectors(u8, u8, Vec<(bool, u64, u8)>),
    PutMemories(u8, u8, u8, u64, Vec<Vec<u64>>),
    PutFeedback(u8, Option<u8>, Vec<(u64, bool)>),
    Bind(u8, u8),
    DropVectors(u8, u8),
    DropMemories(u8, u8),
    Erase(u8, What, bool),
}

/// The session, the id and the text of a turn.
type Told = (u8, u8, u8);

#[derive(Debug, Clone)]
enum What {
    Turns(Vec<(u8, u8)>),
    Session(u8),
    Conversation(u8),
    Person,
}

fn op() -> impl Strategy<Value = Op> {
    let (scope, small) = (0..8u8, 0..3u8);
    let turns = prop::collection::vec((0..4u8, 0..5u8, 0..3u8), 0..6);
    let rows = prop::collection::vec((any::<bool>(), 0..12u64, 0..3u8), 0..6);
    let sources = prop::collection::vec(prop::collection::vec(1..12u64, 0..3), 0..3);
    let shown = prop::collection::vec((1..8u64, any::<bool>()), 0..4);
    let what = prop_oneof![
        3 => prop::collection::vec((0..2u8, 0..5u8), 0..3).prop_map(What::Turns),
        2 => (0..4u8).prop_map(What::Session),
        1 => (0..2u8).prop_map(What::Conversation),
        1 => Just(What::Person),
    ];
    prop_oneof![
        6 => prop::collection::vec((scope.clone(), turns), 1..3).prop_map(Op::Append),
        4 => (scope.clone(), small.clone(), rows).prop_map(|(s, space, rows)| Op::PutVectors(s, space, rows)),
        4 => (scope.clone(), small.clone(), 0..4u8, 0..15u64, sources)
            .prop_map(|(s, by, session, upto, memories)| Op::PutMemories(s, by, session, upto, memories)),
        3 => (scope.clone(), prop::option::of(small.clone()), shown)
            .prop_map(|(s, space, shown)| Op::PutFeedback(s, space, shown)),
        1 => (scope.clone(), small.clone()).prop_map(|(s, method)| Op::Bind(s, method)),
        1 => (scope.clone(), small.clone()).prop_map(|(s, keep)| Op::DropVectors(s, keep)),
        1 => (scope.clone(), small).prop_map(|(s, keep)| Op::DropMemories(s, keep)),
        2 => (scope, what, any::<bool>()).prop_map(|(s, what, dry)| Op::Erase(s, what, dry)),
    ]
}

/// Two tenants with the same four persons, whose names are easily confused.
fn scope(n: u8) -> Scope {
    let tenant = ["t", "t/a"][usize::from(n / 4 % 2)];
    let person = ["a", "a/b", "A", "名"][usize::from(n % 4)];
    Scope::new(TenantId::new(tenant).unwrap(), PersonId::new(person).unwrap())
}

/// Two conversations with two sessions of the same names.
fn session(n: u8) -> SessionRef {
    SessionRef {
        conversation: ConversationId::new(["c", "C"][usize::from(n % 2)]).unwrap(),
        session: SessionId::new(["s", "r"][usize::from(n / 2 % 2)]).unwrap(),
    }
}

fn turn((sitting, id, text): Told) -> Turn {
    let SessionRef { conversation, session } = session(sitting);
    let said_at = (text > 0).then(|| format!("202{text}-0{}", id + 1).parse().unwrap());
    let id = TurnId::new(id.to_string()).unwrap();
    let text = format!("text {text}");
    let role = Role::User;
    Turn { conversation, session, id, speaker: "Ann".into(), role, said_at, text, attachments: Vec::new() }
}

fn space(n: u8) -> VectorSpace {
    VectorSpace(format!("space {n}"))
}

fn derivation(n: u8) -> DerivationId {
    DerivationId(format!("derivation {n}"))
}

/// Applies `op`; gives what it answered and the scopes that it named.
fn apply(store: &dyn Store, op: &Op) -> (String, Vec<Scope>) {
    let show = |answer: &dyn Debug| format!("{answer:?}");
    match op {
        Op::Append(persons) => {
            let batch: Vec<PersonTurns> = persons
                .iter()
                .map(|(n, turns)| PersonTurns { scope: scope(*n), turns: turns.iter().copied().map(turn).collect() })
                .collect();
            let scopes = batch.iter().map(|person| person.scope.clone()).collect();
            (show(&store.append(&batch, 1).unwrap()), scopes)
        }
        Op::PutVectors(n, of, rows) => {
            let unit = |memory, id| if memory { UnitId::Memory(MemoryId(id)) } else { UnitId::Turn(Seq(id)) };
            let rows: Vec<(UnitId, [f32; 1])> =
                rows.iter().map(|(memory, id, x)| (unit(*memory, *id), [f32::from(*x)])).collect();
            let rows: Vec<(UnitId, &[f32])> = rows.iter().map(|(unit, vector)| (*unit, vector.as_slice())).collect();
            (show(&store.put_vectors(&scope(*n), &space(*of), &rows).unwrap()), vec![scope(*n)])
        }
        Op::PutMemories(n, by, sitting, upto, memories) => {
            let memory = |sources: &Vec<u64>| Memory {
                kind: MemoryKind::Window,
                text: format!("of {sources:?}"),
                sources: sources.iter().copied().map(Seq).collect(),
                said_at: None,
            };
            let memories: Vec<Memory> = memories.iter().map(memory).collect();
            let put = store.put_memories(&scope(*n), &derivation(*by), &session(*sitting), Seq(*upto), &memories);
            (show(&put.unwrap()), vec![scope(*n)])
        }
        Op::PutFeedback(n, of, shown) => {
            let vector = of.map(|of| QuestionVector { space: space(of), vector: vec![f32::from(of)] });
            let shown: Vec<Shown> =
                shown.iter().map(|(seq, useful)| Shown { seq: Seq(*seq), useful: *useful }).collect();
            let feedback = Feedback { question: format!("of {shown:?}"), vector, asked_at: 2, recorded_at: 3, shown };
            (show(&store.put_feedback(&scope(*n), &feedback).unwrap()), vec![scope(*n)])
        }
        Op::Bind(n, method) => {
            let method = MethodId::new(format!("method {method}")).unwrap();
            let binding = Binding { method, spec: "{}".to_owned(), derivation: derivation(0) };
            (show(&store.bind(&scope(*n), &binding).unwrap()), vec![scope(*n)])
        }
        Op::DropVectors(n, keep) => {
            (show(&store.drop_other_vectors(&scope(*n), &space(*keep)).unwrap()), vec![scope(*n)])
        }
        Op::DropMemories(n, keep) => {
            (show(&store.drop_other_memories(&scope(*n), &derivation(*keep)).unwrap()), vec![scope(*n)])
        }
        Op::Erase(n, what, dry) => {
            let what = match what {
                What::Turns(keys) => Erasure::Turns(keys.iter().map(|(c, id)| turn((*c, *id, 0)).key()).collect()),
                What::Session(n) => Erasure::Session(session(*n)),
                What::Conversation(n) => Erasure::Conversation(session(*n).conversation),
                What::Person => Erasure::Person,
            };
            let counted = store.erase(&scope(*n), &what, true).unwrap();
            if !dry {
                assert_eq!(store.erase(&scope(*n), &what, false).unwrap(), counted, "a dry run counts the same");
            }
            (show(&counted), vec![scope(*n)])
        }
    }
}

/// Everything that can be seen of a person.
fn view(store: &dyn Store, scope: &Scope) -> String {
    let mut lines = vec![format!("{:?} {:?}", store.pulse(scope).unwrap(), store.binding(scope).unwrap())];
    let mut line = |what: &dyn Debug| {
        lines.push(format!("{what:?}"));
        ControlFlow::Continue(())
    };
    store.scan_turns(scope, 0, &mut |turn| line(&turn)).unwrap();
    store.scan_feedback(scope, 0, &mut |feedback| line(&feedback)).unwrap();
    for n in 0..3 {
        store.scan_vectors(scope, &space(n), 2, &mut |row| line(&row)).unwrap();
        store.missing_vectors(scope, &space(n), &mut |unit| line(&unit)).unwrap();
        store.scan_memories(scope, &derivation(n), &mut |memory| line(&memory)).unwrap();
        let _ = line(&store.stale_sessions(scope, &derivation(n)).unwrap());
    }
    let _ = line(&store.vector_counts(scope).unwrap());
    let _ = line(&store.tellings(scope, &TurnId::new("1").unwrap()).unwrap());
    let summary = store
        .persons(&scope.tenant, None, usize::MAX)
        .unwrap()
        .into_iter()
        .find(|summary| summary.person == scope.person);
    let _ = line(&summary);
    lines.join("\n")
}

fn view_all(store: &dyn Store) -> BTreeMap<Scope, String> {
    (0..8).map(scope).map(|scope| (scope.clone(), view(store, &scope))).collect()
}

/// Runs `ops` on a store and on the one in memory; `again` opens the store anew.
fn both_do_the_same(ops: &[Op], mut store: Box<dyn Store>, again: &dyn Fn() -> Box<dyn Store>) {
    let model = MemoryStore::new();
    let mut before = view_all(&model);
    for (n, op) in ops.iter().enumerate() {
        let (expect, touched) = apply(&model, op);
        assert_eq!(apply(&*store, op).0, expect, "{op:?}");
        if n % 10 == 9 {
            store = again();
        }
        let after = view_all(&*store);
        assert_eq!(after, view_all(&model), "after {op:?}");
        for (scope, view) in &after {
            assert!(touched.contains(scope) || before[scope] == *view, "{op:?} changed {scope}");
        }
        before = after;
    }
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_does_what_memory_does(ops in prop::collection::vec(op(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let store = Box::new(SqliteStore::create(&path).unwrap());
        both_do_the_same(&ops, store, &|| Box::new(SqliteStore::open(&path).unwrap()));
    }
}

#[cfg(feature = "postgres")]
#[test]
fn postgres_does_what_memory_does() {
    let cluster = crate::cluster::Cluster::start("fsync = off");
    let config = ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() };
    proptest::test_runner::TestRunner::new(config)
        .run(&prop::collection::vec(op(), 1..30), |ops| {
            let address = cluster.database();
            let store = Box::new(PostgresStore::create(&address).unwrap());
            both_do_the_same(&ops, store, &|| Box::new(PostgresStore::open(&address).unwrap()));
            Ok(())
        })
        .unwrap();
}
