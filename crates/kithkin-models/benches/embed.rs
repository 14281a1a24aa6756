//! How fast the embedders are: one question, and many turns of a conversation. A model whose weights are not there is
//! left out; `make weights` gets them.

#![allow(missing_docs, clippy::print_stderr, clippy::unwrap_used)]

use std::env;
use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use kithkin_models::{MODELS, Status};

const WORDS: [&str; 24] = [
    "yesterday",
    "we",
    "walked",
    "to",
    "the",
    "market",
    "and",
    "my",
    "sister",
    "bought",
    "a",
    "blue",
    "kettle",
    "which",
    "she",
    "had",
    "wanted",
    "for",
    "months",
    "so",
    "happy",
    "painting",
    "class",
    "weekend",
];

/// Made-up turns of 20 to 40 words' pieces, as long as those of a chat between two people.
fn turns(count: usize) -> Vec<String> {
    let words = |i: usize| (0..14 + i * 7 % 24).map(move |j| WORDS[(i * 31 + j * j * 7 + j) % WORDS.len()]);
    (0..count).map(|i| words(i).collect::<Vec<_>>().join(" ") + "!").collect()
}

fn embed(c: &mut Criterion) {
    let cache = || env::home_dir().unwrap_or_default().join(".cache/kithkin/models");
    let dir = env::var_os("KITHKIN_MODELS").map_or_else(cache, PathBuf::from);
    for spec in MODELS {
        if spec.status(&dir) != Status::Present {
            eprintln!("left out: {}; run `{}`", spec.name, spec.command());
            continue;
        }
        let model = spec.open(&dir).unwrap();
        let turns = turns(500);
        let turns: Vec<&str> = turns.iter().map(String::as_str).collect();
        let mut group = c.benchmark_group("embed");
        let question = "When did my sister buy the blue kettle?";
        group.bench_function(format!("query/{}", spec.name), |b| b.iter(|| model.embed(black_box(&[question]))));
        group.sampling_mode(SamplingMode::Flat).sample_size(10).throughput(Throughput::Elements(turns.len() as u64));
        group.bench_function(format!("bulk/{}", spec.name), |b| b.iter(|| model.embed(black_box(&turns))));
        group.finish();
    }
}

criterion_group!(benches, embed);
criterion_main!(benches);
