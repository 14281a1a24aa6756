//! Recall with everything loaded, the first recall, and writing: synthetic histories, and an embedder that costs nothing,
//! so that what is timed is Kithkin itself; once with the real embedder, whose weights `make weights` gets.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs, reason = "a bench fails by panicking")]

use std::cell::LazyCell;
use std::env;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kithkin::{Builder, Kithkin, Recall};

mod histories;

use histories::{Hashed, filled, question, scope, turns};

fn hashed(builder: Builder) -> Builder {
    builder.embedder_object(Arc::new(Hashed))
}

fn file(dir: &Path, persons: usize, count: usize) -> PathBuf {
    dir.join(format!("{persons}x{count}.db"))
}

fn recall(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let mut group = c.benchmark_group("recall, loaded, embedding left out");
    group.measurement_time(Duration::from_secs(3)).sample_size(50);
    for count in [10_000, 100_000] {
        let kithkin = LazyCell::new(|| filled(&file(dir.path(), 1, count), 1, count, hashed));
        for method in ["bm25", "dense", "hybrid"] {
            let question = question(method);
            group.bench_function(BenchmarkId::new(method, count), |b| {
                let person = kithkin.person(&scope(0));
                b.iter(|| person.recall(&question).unwrap());
            });
        }
    }
    group.finish();
    let mut group = c.benchmark_group("recall of one of many persons, 100 turns each");
    group.measurement_time(Duration::from_secs(3)).sample_size(50);
    for persons in [10, 10_000] {
        let kithkin = LazyCell::new(|| filled(&file(dir.path(), persons, 100), persons, 100, hashed));
        group.bench_function(BenchmarkId::new("hybrid", persons), |b| {
            let (person, question) = (kithkin.person(&scope(persons / 2)), question("hybrid"));
            b.iter(|| person.recall(&question).unwrap());
        });
    }
    group.finish();
}

fn recall_embedding(c: &mut Criterion) {
    let cache = || env::home_dir().unwrap_or_default().join(".cache/kithkin/models");
    let models = env::var_os("KITHKIN_MODELS").map_or_else(cache, PathBuf::from);
    let dir = tempfile::tempdir().unwrap();
    let embedder = match kithkin::load_embedder("all-MiniLM-L6-v2", &models) {
        Ok(embedder) => embedder.unwrap(),
        Err(error) => return eprintln!("left out: {error}"),
    };
    // As many pieces of words as a question to a chat has: what the embedder costs depends on it.
    let question =
        Recall { question: "When did Ann buy the blue kettle with her sister?".into(), ..question("hybrid") };
    let mut group = c.benchmark_group("recall, loaded, with embedding");
    let path = file(dir.path(), 1, 10_000);
    let kithkin = LazyCell::new(|| filled(&path, 1, 10_000, |builder| builder.embedder_object(embedder)));
    group.bench_function("hybrid, 10000 turns", |b| {
        let person = kithkin.person(&scope(0));
        b.iter(|| person.recall(&question).unwrap());
    });
    group.finish();
}

fn load(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let question = question("hybrid");
    let mut group = c.benchmark_group("open a store and recall for the first time");
    group.sample_size(20);
    let path = LazyCell::new(|| {
        let path = file(dir.path(), 1, 10_000);
        drop(filled(&path, 1, 10_000, hashed));
        path
    });
    group.bench_function("hybrid, 10000 turns", |b| {
        b.iter_with_large_drop(|| {
            let kithkin = hashed(Kithkin::open(&*path).unwrap()).start();
            let report = kithkin.person(&scope(0)).recall(&question).unwrap();
            (kithkin, report)
        });
    });
    group.finish();
}

fn write(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let kithkin = Kithkin::create(dir.path().join("write.db")).unwrap().start();
    let mut number = 0;
    let mut next = |n: usize| {
        number += n;
        turns(number - n, n, number as u64)
    };
    let person = kithkin.person(&scope(0));
    let mut group = c.benchmark_group("durable write");
    group.sample_size(20);
    for n in [1, 2_000] {
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(BenchmarkId::new("turns", n), |b| {
            b.iter_batched(|| next(n), |turns| person.observe(turns).unwrap(), BatchSize::PerIteration);
        });
    }
    group.finish();
}

/// What an application waits for that remembers a turn and recalls at once, with the embedding left out.
fn write_then_recall(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let kithkin = LazyCell::new(|| filled(&file(dir.path(), 1, 10_000), 1, 10_000, hashed));
    let person = LazyCell::new(|| kithkin.person(&scope(0)));
    let question = question("hybrid");
    let mut number = 10_000;
    let mut next = || {
        number += 1;
        turns(number, 1, number as u64)
    };
    let mut group = c.benchmark_group("after a write, 10000 turns");
    group.sample_size(50);
    group.bench_function("remember one turn and its vector", |b| {
        let write = |turns| {
            person.observe(turns).unwrap();
            person.catch_up(&mut |_| ControlFlow::Continue(())).unwrap()
        };
        b.iter_batched(&mut next, write, BatchSize::PerIteration);
    });
    group.bench_function("recall", |b| {
        let written = || {
            person.observe(next()).unwrap();
            person.catch_up(&mut |_| ControlFlow::Continue(())).unwrap();
        };
        b.iter_batched(written, |()| person.recall(&question).unwrap(), BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(benches, recall, recall_embedding, load, write, write_then_recall);
criterion_main!(benches);
