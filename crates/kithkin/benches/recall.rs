//! Recall with everything loaded, and writing: synthetic histories, and an embedder that costs nothing, so that what is
//! timed is Kithkin itself.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench fails by panicking")]

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kithkin::{
    ConversationId, EmbedError, Embedder, Embeddings, EventTime, Kithkin, Now, Recall, Role, Scope, SessionId, Turn,
    TurnId,
};

const DIMS: usize = 384;

/// Unit vectors drawn from a hash of the text.
#[derive(Debug)]
struct Hashed;

impl Embedder for Hashed {
    fn model(&self) -> &str {
        "hashed"
    }

    fn dims(&self) -> usize {
        DIMS
    }

    fn embed(&self, texts: &[&str]) -> Result<Embeddings, EmbedError> {
        let mut data = Vec::with_capacity(texts.len() * DIMS);
        for text in texts {
            let mut draw = Draw(text.bytes().fold(7, |h, b| h * 31 + u64::from(b)));
            let row: Vec<f32> = (0..DIMS).map(|_| draw.below(2001) as f32 / 1000.0 - 1.0).collect();
            let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            data.extend(row.iter().map(|x| x / norm));
        }
        Ok(Embeddings { dims: DIMS, data })
    }
}

/// A linear congruential generator (Knuth's MMIX constants): the same histories in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    /// A word whose rank follows Zipf's law, roughly: the product of two draws.
    fn word(&mut self) -> String {
        format!("w{}", self.below(200) * self.below(200))
    }
}

fn turn(number: usize, draw: &mut Draw) -> Turn {
    let minute = EventTime::from_millis(1_600_000_000_000 + number as i64 * 60_000).unwrap();
    Turn {
        conversation: ConversationId::new("c").unwrap(),
        session: SessionId::new(format!("s{}", number / 20)).unwrap(),
        id: TurnId::new(format!("t{number}")).unwrap(),
        speaker: if number.is_multiple_of(2) { "Ann" } else { "Bo" }.to_owned(),
        role: Role::User,
        said_at: Some(minute),
        text: (0..25).map(|_| draw.word()).collect::<Vec<_>>().join(" "),
        attachments: Vec::new(),
    }
}

fn scope(person: usize) -> Scope {
    Scope::new("t".parse().unwrap(), format!("p{person}").parse().unwrap())
}

/// A store in a file with `persons` persons of `turns` turns.
fn filled(dir: &std::path::Path, persons: usize, turns: usize) -> Kithkin {
    let path = dir.join(format!("{persons}x{turns}.db"));
    let kithkin = Kithkin::create(path).unwrap().embedder_object(Arc::new(Hashed)).start();
    for person in 0..persons {
        let mut draw = Draw(person as u64);
        let all: Vec<Turn> = (0..turns).map(|number| turn(number, &mut draw)).collect();
        let person = kithkin.person(&scope(person));
        person.observe(all).unwrap();
        person.catch_up(&mut |_| ControlFlow::Continue(())).unwrap();
    }
    kithkin
}

fn question(method: &str) -> Recall {
    let method = Some(Kithkin::method(method).unwrap());
    Recall { method, ..Recall::new("What did Ann say of w12 and w300 when w77 met w9000 in w41?", Now::Clock) }
}

fn recall(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let mut group = c.benchmark_group("recall, loaded, embedding left out");
    group.measurement_time(Duration::from_secs(3)).sample_size(50);
    for turns in [10_000, 100_000] {
        let kithkin = filled(dir.path(), 1, turns);
        let person = kithkin.person(&scope(0));
        for method in ["bm25", "dense", "hybrid"] {
            let question = question(method);
            group.bench_function(BenchmarkId::new(method, turns), |b| b.iter(|| person.recall(&question).unwrap()));
        }
    }
    group.finish();
    let mut group = c.benchmark_group("recall of one of many persons, 100 turns each");
    group.measurement_time(Duration::from_secs(3)).sample_size(50);
    for persons in [10, 10_000] {
        let kithkin = filled(dir.path(), persons, 100);
        let (person, question) = (kithkin.person(&scope(persons / 2)), question("hybrid"));
        group.bench_function(BenchmarkId::new("hybrid", persons), |b| b.iter(|| person.recall(&question).unwrap()));
    }
    group.finish();
}

fn load(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path(), 1, 10_000));
    let path = dir.path().join("1x10000.db");
    let question = question("hybrid");
    let mut group = c.benchmark_group("open a store and recall for the first time");
    group.sample_size(20);
    group.bench_function("hybrid, 10000 turns", |b| {
        b.iter_with_large_drop(|| {
            let kithkin = Kithkin::open(&path).unwrap().embedder_object(Arc::new(Hashed)).start();
            let report = kithkin.person(&scope(0)).recall(&question).unwrap();
            (kithkin, report)
        });
    });
    group.finish();
}

fn write(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let kithkin = Kithkin::create(dir.path().join("write.db")).unwrap().start();
    let (mut number, mut draw) = (0, Draw(1));
    let mut next = |n: usize| -> Vec<Turn> {
        number += n;
        (number - n..number).map(|i| turn(i, &mut draw)).collect()
    };
    let person = kithkin.person(&scope(0));
    let mut group = c.benchmark_group("durable write");
    group.sample_size(20);
    for n in [1, 2_000] {
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(BenchmarkId::new("turns", n), |b| {
            b.iter_batched(|| next(n), |turns| person.observe(turns).unwrap(), criterion::BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, recall, load, write);
criterion_main!(benches);
