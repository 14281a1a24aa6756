//! Random operations on a store: what each answers, and everything that can be seen of a person afterwards.
//!
//! Small numbers name scopes, sessions and turns, so that operations meet each other's data often. What is right is not
//! decided here: the answers and views of two stores are compared by those who ask for them.

use std::fmt::Debug;
use std::ops::ControlFlow;

use kithkin_core::{
    Aged, Binding, ChainEntry, ConversationId, Decided, DerivationId, Disclosure, Erased, Erasure, Feedback, Memory,
    MemoryId, MemoryKind, MethodId, Millis, Noted, PersonId, PersonTurns, Purpose, QuestionVector, Role, Scope, Seq,
    SessionId, SessionRef, Shown, Spent, Store, StoreError, StoredDisclosure, StoredTurn, TenantId, Turn, TurnId,
    UnitId, VectorSpace,
};
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;

/// How many scopes there are.
pub(crate) const SCOPES: u8 = 8;

/// The derivation of which memories are made by [`derived`] alone.
const DERIVED: u8 = 2;

/// One call of a store, or a few that belong together. Times are whatever a clock that jumps may say.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    Append(Vec<(u8, Vec<Told>)>, Millis),
    PutVectors(u8, u8, Vec<(bool, u64, u8)>),
    PutMemories(u8, u8, u8, u64, Vec<Vec<u64>>),
    /// Derives the first stale session anew.
    Derive(u8),
    PutFeedback(u8, Option<u8>, Vec<(u64, bool)>, Millis),
    PutDisclosure(u8, Millis),
    EndDisclosure(u8, u64, Millis),
    Bind(u8, u8),
    DropVectors(u8, u8),
    DropMemories(u8, u8),
    Erase(u8, What, How),
    /// Adds the next entry to the chain of the scope's tenant.
    PutChain(u8, Millis),
    /// Rewrites the files. It is never made at random, since it is dear.
    Compact,
}

/// The session, the id and the text of a turn.
pub(crate) type Told = (u8, u8, u8);

#[derive(Debug, Clone)]
pub(crate) enum What {
    Turns(Vec<(u8, u8)>),
    Session(u8),
    Conversation(u8),
    /// Turns, and feedback and disclosures of before these times.
    Aged(Vec<(u8, u8)>, Millis, Millis),
    Person,
}

/// What becomes of what is to be erased: it is counted, it goes, it goes with an entry in the tenant's chain, or so as one of
/// a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Counted,
    Erased,
    Noted,
    Decided,
}

pub(crate) fn op() -> BoxedStrategy<Op> {
    let (scope, small) = (0..SCOPES, 0..3u8);
    let time = prop_oneof![4 => 1_700_000_000_000..1_700_000_100_000i64, 1 => -5..5i64, 1 => any::<i64>()];
    let turns = prop::collection::vec((0..4u8, 0..5u8, 0..3u8), 0..6);
    let rows = prop::collection::vec((any::<bool>(), 0..12u64, 0..3u8), 0..6);
    let sources = prop::collection::vec(prop::collection::vec(1..12u64, 0..3), 0..3);
    let shown = prop::collection::vec((1..8u64, any::<bool>()), 0..4);
    let what = prop_oneof![
        3 => prop::collection::vec((0..2u8, 0..5u8), 0..3).prop_map(What::Turns),
        2 => (0..4u8).prop_map(What::Session),
        1 => (0..2u8).prop_map(What::Conversation),
        2 => (prop::collection::vec((0..2u8, 0..5u8), 0..2), time.clone(), time.clone())
            .prop_map(|(turns, feedback, disclosures)| What::Aged(turns, feedback, disclosures)),
        1 => Just(What::Person),
    ];
    let how =
        prop_oneof![1 => Just(How::Counted), 1 => Just(How::Erased), 1 => Just(How::Noted), 1 => Just(How::Decided)];
    prop_oneof![
        6 => (prop::collection::vec((scope.clone(), turns), 1..3), time.clone())
            .prop_map(|(persons, at)| Op::Append(persons, at)),
        4 => (scope.clone(), small.clone(), rows).prop_map(|(s, space, rows)| Op::PutVectors(s, space, rows)),
        4 => (scope.clone(), 0..DERIVED, 0..4u8, 0..15u64, sources)
            .prop_map(|(s, by, session, upto, memories)| Op::PutMemories(s, by, session, upto, memories)),
        3 => scope.clone().prop_map(Op::Derive),
        3 => (scope.clone(), prop::option::of(small.clone()), shown, time.clone())
            .prop_map(|(s, space, shown, at)| Op::PutFeedback(s, space, shown, at)),
        1 => (scope.clone(), time.clone()).prop_map(|(s, at)| Op::PutDisclosure(s, at)),
        1 => (scope.clone(), 0..4u64, time.clone()).prop_map(|(s, number, at)| Op::EndDisclosure(s, number, at)),
        1 => (scope.clone(), small.clone()).prop_map(|(s, method)| Op::Bind(s, method)),
        1 => (scope.clone(), small.clone()).prop_map(|(s, keep)| Op::DropVectors(s, keep)),
        1 => (scope.clone(), small).prop_map(|(s, keep)| Op::DropMemories(s, keep)),
        3 => (scope.clone(), what, how).prop_map(|(s, what, how)| Op::Erase(s, what, how)),
        1 => (scope, time).prop_map(|(s, at)| Op::PutChain(s, at)),
    ]
    .boxed()
}

impl Op {
    /// The numbers below the youngest few turns and memories of the scope that it names first. A person who has lived long
    /// has no low ones.
    pub(crate) fn low(&self, store: &dyn Store) -> Result<(u64, u64), StoreError> {
        let Some(scope) = self.scopes().first().map(|n| scope(*n)) else { return Ok((0, 0)) };
        let turns = store.pulse(&scope)?.map_or(0, |pulse| pulse.last_seq);
        let mut memories = 0;
        store.scan_derived(&scope, &mut |derived| {
            memories = derived.memories.iter().map(|one| one.id.0).fold(memories, u64::max);
            ControlFlow::Continue(())
        })?;
        Ok((turns.saturating_sub(8), memories.saturating_sub(8)))
    }

    /// The same about turns and memories above these numbers.
    pub(crate) fn above(mut self, (turns, memories): (u64, u64)) -> Self {
        match &mut self {
            Self::PutVectors(_, _, rows) => {
                rows.iter_mut().for_each(|(memory, id, _)| *id += if *memory { memories } else { turns });
            }
            Self::PutMemories(_, _, _, upto, all) => {
                *upto += turns;
                all.iter_mut().flatten().for_each(|seq| *seq += turns);
            }
            Self::PutFeedback(_, _, shown, _) => shown.iter_mut().for_each(|(seq, _)| *seq += turns),
            _ => {}
        }
        self
    }

    /// The scopes of which something may change.
    pub(crate) fn scopes(&self) -> Vec<u8> {
        match self {
            Self::Append(persons, _) => persons.iter().map(|(n, _)| *n).collect(),
            Self::PutVectors(n, ..)
            | Self::PutMemories(n, ..)
            | Self::Derive(n)
            | Self::PutFeedback(n, ..)
            | Self::PutDisclosure(n, _)
            | Self::EndDisclosure(n, ..)
            | Self::Bind(n, _)
            | Self::DropVectors(n, _)
            | Self::DropMemories(n, _)
            | Self::Erase(n, _, How::Counted | How::Erased) => vec![*n],
            Self::PutChain(n, _) | Self::Erase(n, _, How::Noted | How::Decided) => {
                (0..4).map(|person| n / 4 * 4 + person).collect()
            }
            Self::Compact => Vec::new(),
        }
    }
}

/// Two tenants with the same four persons, whose names are easily confused.
pub(crate) fn scope(n: u8) -> Scope {
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

/// What a text of a scope says; nobody else says it, and no two of these have the same bytes within them.
pub(crate) fn words(n: u8, (sitting, id, text): Told) -> String {
    format!("canary-{n}{}{id}{text}.", sitting % 2)
}

fn turn(n: u8, told: Told) -> Turn {
    let (sitting, id, text) = told;
    let SessionRef { conversation, session } = session(sitting);
    let said_at = (text > 0).then(|| format!("202{text}-0{}", id + 1).parse().unwrap());
    let id = TurnId::new(id.to_string()).unwrap();
    let (text, role) = (words(n, told), Role::User);
    Turn { conversation, session, id, speaker: "Ann".into(), role, said_at, text, attachments: Vec::new() }
}

fn space(n: u8) -> VectorSpace {
    VectorSpace(format!("space {n}"))
}

fn derivation(n: u8) -> DerivationId {
    DerivationId(format!("derivation {n}"))
}

fn log(store: &dyn Store, scope: &Scope) -> Result<Vec<StoredTurn>, StoreError> {
    let mut turns = Vec::new();
    let mut push = |turn| {
        turns.push(turn);
        ControlFlow::Continue(())
    };
    store.scan_turns(scope, 0, &mut push)?;
    Ok(turns)
}

/// What is derived from a session: a memory of each telling with the one before it.
fn derived(log: &[StoredTurn], of: &SessionRef) -> Vec<Memory> {
    let of = |told: &&StoredTurn| told.turn.session == of.session && told.turn.conversation == of.conversation;
    let told: Vec<Seq> = log.iter().filter(of).map(|told| told.seq).collect();
    let memory = |n: usize| {
        let sources = told[n.saturating_sub(1)..=n].to_vec();
        Memory { kind: MemoryKind::Window, text: format!("telling {} of it", n + 1), sources, said_at: None }
    };
    (0..told.len()).map(memory).collect()
}

/// Whether every session that is up to date has the memories that deriving it anew would make.
pub(crate) fn equals_a_rebuild(store: &dyn Store, scope: &Scope) -> Result<bool, StoreError> {
    let (by, log) = (derivation(DERIVED), log(store, scope)?);
    let stale = store.stale_sessions(scope, &by)?;
    let mut equal = true;
    store.scan_derived(scope, &mut |found| {
        if found.derivation == by && !stale.contains(&found.session) {
            let memories: Vec<Memory> = found.memories.into_iter().map(|one| one.memory).collect();
            equal &= memories == derived(&log, &found.session);
        }
        ControlFlow::Continue(())
    })?;
    Ok(equal)
}

/// Applies `op`, and gives what it answered.
pub(crate) fn apply(store: &dyn Store, op: &Op) -> Result<String, StoreError> {
    let show = |answer: &dyn Debug| Ok(format!("{answer:?}"));
    match op {
        Op::Append(persons, at) => {
            let told = |n: u8, turns: &[Told]| turns.iter().map(|told| turn(n, *told)).collect();
            let batch = persons.iter().map(|(n, turns)| PersonTurns { scope: scope(*n), turns: told(*n, turns) });
            show(&store.append(&batch.collect::<Vec<_>>(), *at)?)
        }
        Op::PutVectors(n, of, rows) => {
            let unit = |memory, id| if memory { UnitId::Memory(MemoryId(id)) } else { UnitId::Turn(Seq(id)) };
            let rows: Vec<(UnitId, [f32; 1])> =
                rows.iter().map(|(memory, id, x)| (unit(*memory, *id), [f32::from(*x)])).collect();
            let rows: Vec<(UnitId, &[f32])> = rows.iter().map(|(unit, vector)| (*unit, vector.as_slice())).collect();
            show(&store.put_vectors(&scope(*n), &space(*of), &rows)?)
        }
        Op::PutMemories(n, by, sitting, upto, memories) => {
            let memory = |sources: &Vec<u64>| Memory {
                kind: MemoryKind::Window,
                text: format!("of {sources:?}"),
                sources: sources.iter().copied().map(Seq).collect(),
                said_at: None,
            };
            let memories: Vec<Memory> = memories.iter().map(memory).collect();
            show(&store.put_memories(&scope(*n), &derivation(*by), &session(*sitting), Seq(*upto), &memories)?)
        }
        Op::Derive(n) => {
            let (scope, by) = (scope(*n), derivation(DERIVED));
            let Some(session) = store.stale_sessions(&scope, &by)?.into_iter().next() else { return show(&()) };
            let log = log(store, &scope)?;
            let last = log.last().map_or(Seq(0), |told| told.seq);
            show(&store.put_memories(&scope, &by, &session, last, &derived(&log, &session))?)
        }
        Op::PutFeedback(n, of, shown, at) => {
            let vector = of.map(|of| QuestionVector { space: space(of), vector: vec![f32::from(of)] });
            let shown: Vec<Shown> =
                shown.iter().map(|(seq, useful)| Shown { seq: Seq(*seq), useful: *useful }).collect();
            let question = format!("of {shown:?}");
            let feedback = Feedback { question, vector, asked_at: at.saturating_sub(1), recorded_at: *at, shown };
            show(&store.put_feedback(&scope(*n), &feedback)?)
        }
        Op::PutDisclosure(n, at) => show(&store.put_disclosure(&scope(*n), &disclosure(*at, 0))?),
        Op::EndDisclosure(n, number, at) => {
            // One that is there, of its own time, or else one that is not.
            let mut found = StoredDisclosure { number: *number, disclosure: disclosure(*at, 0) };
            store.scan_disclosures(&scope(*n), Millis::MIN, &mut |one| {
                found = one;
                if found.number < *number { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            found.disclosure.spent = disclosure(0, *number).spent;
            show(&store.end_disclosure(&scope(*n), &found)?)
        }
        Op::Bind(n, method) => {
            let method = MethodId::new(format!("method {method}")).unwrap();
            show(&store.bind(&scope(*n), &Binding { method, spec: "{}".to_owned(), derivation: derivation(0) })?)
        }
        Op::DropVectors(n, keep) => show(&store.drop_other_vectors(&scope(*n), &space(*keep))?),
        Op::DropMemories(n, keep) => show(&store.drop_other_memories(&scope(*n), &derivation(*keep))?),
        Op::Erase(n, what, how) => {
            let keys = |keys: &[(u8, u8)]| keys.iter().map(|(c, id)| turn(*n, (*c, *id, 0)).key()).collect();
            let what = match what {
                What::Turns(turns) => Erasure::Turns(keys(turns)),
                What::Aged(turns, feedback_before, disclosures_before) => Erasure::Aged(Aged {
                    turns: keys(turns),
                    feedback_before: *feedback_before,
                    disclosures_before: *disclosures_before,
                }),
                What::Session(n) => Erasure::Session(session(*n)),
                What::Conversation(n) => Erasure::Conversation(session(*n).conversation),
                What::Person => Erasure::Person,
            };
            let (scope, hash) = (scope(*n), |erased: &Erased, number: u64| [(erased.turns + number) as u8; 32]);
            show(&match how {
                How::Noted => store.erase_noted(&scope, &what, 5, &mut { hash })?,
                How::Decided => {
                    // Of all that is there when it is done: what was read a moment before, another may have moved.
                    let upto = Seq(u64::MAX);
                    let receipt = &mut |_, erased: &Erased, number| Ok(hash(erased, number));
                    let erased =
                        store.erase_decided(&[Decided { scope, what, upto }], Some(Noted { at: 5, receipt }))?;
                    erased.into_iter().flatten().next().unwrap_or_default()
                }
                how => store.erase(&scope, &what, *how == How::Counted)?,
            })
        }
        Op::PutChain(n, at) => {
            let tenant = scope(*n).tenant;
            let next = ChainEntry::after(chain(store, &tenant)?.last(), &tenant, *at, [*n; 32]);
            show(&store.put_chain(&tenant, &next)?)
        }
        // How large the files are is their own affair.
        Op::Compact => store.compact().and(show(&())),
    }
}

fn disclosure(at: Millis, calls: u64) -> Disclosure {
    let spent = Spent { calls, ..Spent::default() };
    Disclosure { at, purpose: Purpose::Reply, model: "m".into(), turns: vec![Seq(1)], spent }
}

fn chain(store: &dyn Store, tenant: &TenantId) -> Result<Vec<ChainEntry>, StoreError> {
    let mut entries = Vec::new();
    let mut push = |entry| {
        entries.push(entry);
        ControlFlow::Continue(())
    };
    store.scan_chain(tenant, &mut push)?;
    Ok(entries)
}

/// Everything that can be seen of a person.
pub(crate) fn view(store: &dyn Store, scope: &Scope) -> Result<String, StoreError> {
    let mut lines = vec![format!("{:?} {:?}", store.pulse(scope)?, store.binding(scope)?)];
    let mut line = |what: &dyn Debug| {
        lines.push(format!("{what:?}"));
        ControlFlow::Continue(())
    };
    store.scan_turns(scope, 0, &mut |turn| line(&turn))?;
    store.scan_feedback(scope, 0, &mut |feedback| line(&feedback))?;
    store.scan_disclosures(scope, Millis::MIN, &mut |disclosure| line(&disclosure))?;
    for n in 0..3 {
        store.scan_vectors(scope, &space(n), 2, &mut |row| line(&row))?;
        store.missing_vectors(scope, &space(n), &mut |unit| line(&unit))?;
        store.scan_memories(scope, &derivation(n), &mut |memory| line(&memory))?;
        let _ = line(&store.stale_sessions(scope, &derivation(n))?);
    }
    store.scan_derived(scope, &mut |derived| line(&derived))?;
    let _ = line(&store.vector_counts(scope)?);
    let _ = line(&store.tellings(scope, &TurnId::new("1").unwrap())?);
    let summary =
        store.persons(&scope.tenant, None, usize::MAX)?.into_iter().find(|summary| summary.person == scope.person);
    let _ = line(&summary);
    let entries = chain(store, &scope.tenant)?;
    let _ = line(&(entries.len(), entries.last()));
    Ok(lines.join("\n"))
}
