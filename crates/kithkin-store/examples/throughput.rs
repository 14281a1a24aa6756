//! Measures what a store does in a second: durable appends, vectors, scans, an erasure.
//!
//! `cargo run --release -p kithkin-store --example throughput -- FOLDER`, where FOLDER is on the disk to measure.

use std::io::Write;
use std::ops::ControlFlow;
use std::time::Instant;

use kithkin_core::{
    ConversationId, Erasure, PersonId, PersonTurns, Role, Scope, Seq, SessionId, Store, TenantId, Turn, TurnId, UnitId,
    VectorSpace,
};
use kithkin_store::SqliteStore;

const PERSONS: usize = 4;
const TURNS: usize = 10_000;
const BATCH: usize = 2_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("name a folder")?;
    let path = std::path::Path::new(&folder).join("throughput.db");
    let store = SqliteStore::create(&path)?;
    let out = std::io::stdout();
    let report = |what: &str, count: usize, start: Instant| {
        let seconds = start.elapsed().as_secs_f64();
        writeln!(&out, "{what:<40}{count:>8} in {seconds:>7.3} s {:>10.0}/s", count as f64 / seconds)
    };

    let mut batches = Vec::new();
    for batch in 0..TURNS / BATCH {
        for person in 0..PERSONS {
            let turns = (batch * BATCH..(batch + 1) * BATCH).map(turn).collect::<Result<_, _>>()?;
            batches.push(PersonTurns { scope: scope(person)?, turns });
        }
    }
    let start = Instant::now();
    for batch in &batches {
        store.append(std::slice::from_ref(batch), 0)?;
    }
    report("turns appended, durable", PERSONS * TURNS, start)?;
    let start = Instant::now();
    for batch in &batches {
        store.append(std::slice::from_ref(batch), 0)?;
    }
    report("duplicates recognised", PERSONS * TURNS, start)?;
    let start = Instant::now();
    for n in 0..200 {
        store.append(&[PersonTurns { scope: scope(0)?, turns: vec![turn(TURNS + n)?] }], 0)?;
    }
    report("single turns appended, durable", 200, start)?;

    let space = VectorSpace("v".into());
    let vector = [0.05; 384];
    let start = Instant::now();
    for person in 0..PERSONS {
        for batch in 0..TURNS / 500 {
            let units = (batch * 500..(batch + 1) * 500).map(|n| UnitId::Turn(Seq(n as u64 + 1)));
            let rows: Vec<(UnitId, &[f32])> = units.map(|unit| (unit, vector.as_slice())).collect();
            store.put_vectors(&scope(person)?, &space, &rows)?;
        }
    }
    report("vectors of 384 put, durable", PERSONS * TURNS, start)?;

    let mut seen = 0;
    let start = Instant::now();
    store.scan_turns(&scope(0)?, 0, &mut |_| {
        seen += 1;
        ControlFlow::Continue(())
    })?;
    report("turns scanned", seen, start)?;
    seen = 0;
    let start = Instant::now();
    store.scan_vectors(&scope(0)?, &space, 0, &mut |_| {
        seen += 1;
        ControlFlow::Continue(())
    })?;
    report("vectors scanned", seen, start)?;
    let start = Instant::now();
    store.missing_vectors(&scope(1)?, &space, &mut |_| ControlFlow::Continue(()))?;
    report("turns checked for missing vectors", TURNS, start)?;
    let start = Instant::now();
    store.vector_counts(&scope(1)?)?;
    report("vectors counted", TURNS, start)?;
    let start = Instant::now();
    store.persons(&scope(0)?.tenant, None, usize::MAX)?;
    report("turns summed up over persons", PERSONS * TURNS, start)?;
    let start = Instant::now();
    for _ in 0..1000 {
        store.pulse(&scope(0)?)?;
    }
    report("pulses read", 1000, start)?;

    let megabytes = std::fs::metadata(&path)?.len() >> 20;
    let start = Instant::now();
    let erased = store.erase(&scope(1)?, &Erasure::Turns(vec![turn(1)?.key()]), false)?;
    report(&format!("turn erased from {megabytes} MiB"), erased.turns as usize, start)?;
    let start = Instant::now();
    let erased = store.erase(&scope(0)?, &Erasure::Person, false)?;
    report("turns of a person erased", erased.turns as usize, start)?;
    Ok(std::fs::remove_file(path)?)
}

fn scope(person: usize) -> Result<Scope, kithkin_core::InvalidId> {
    Ok(Scope::new(TenantId::new("default")?, PersonId::new(format!("person {person}"))?))
}

fn turn(n: usize) -> Result<Turn, kithkin_core::InvalidId> {
    Ok(Turn {
        conversation: ConversationId::new(format!("conversation {}", n / 500))?,
        session: SessionId::new(format!("session {}", n / 20))?,
        id: TurnId::new(format!("D{}:{}", n / 20, n % 20))?,
        speaker: if n.is_multiple_of(2) { "Ann" } else { "Bob" }.to_owned(),
        role: Role::User,
        said_at: None,
        text: format!("turn {n}: {}", "some words as people say them, ".repeat(1 + n % 8)),
        attachments: Vec::new(),
    })
}
