//! The time of the parts of a person's index: loading, lexical scores, vector scans, these also beside the bandwidth of the memory.
//!
//! The text is that of [`prose`], in sessions of 20 turns. A question has ten words drawn from the middle of the
//! distribution and upwards, as its function words are dropped before scoring.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

mod prose;

/// The index is private to the crate, so its files are compiled here once more.
#[allow(dead_code, unused_imports, reason = "a benchmark uses neither all of it nor its tests")]
#[path = "../src/index"]
mod index {
    #[path = "analysis.rs"]
    pub(crate) mod analysis;
    #[path = "language.rs"]
    pub(crate) mod language;
    #[path = "lexical.rs"]
    pub(crate) mod lexical;
    #[path = "names.rs"]
    pub(crate) mod names;
    #[path = "simd.rs"]
    pub(crate) mod simd;
    #[path = "stopwords.rs"]
    pub(crate) mod stopwords;
    #[path = "vectors.rs"]
    pub(crate) mod vectors;
    #[path = "windows.rs"]
    pub(crate) mod windows;
    #[path = "words.rs"]
    pub(crate) mod words;
}

use index::analysis::{TermId, Vocabulary};
use index::language::SpokenLanguages;
use index::lexical::{Bm25, Lexical};
use index::vectors::Vectors;
use index::windows::{Links, Reach, WindowLengths, WindowScratch, Windows};
use prose::{Numbers, texts, word};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
const LARGE: usize = 1_000_000;
const SESSION: usize = 20;
const DIMS: usize = 384;
const BM25: Bm25 = Bm25 { k1: 0.9, b: 0.5 };
const REACH: Reach<'static> = Reach { before: &[0.5, 0.5, 0.25, 0.25], after: &[0.25, 0.25] };
fn load(texts: &[String]) -> (Vocabulary, Lexical, Links) {
    let (mut vocabulary, mut lexical, mut links) = (Vocabulary::default(), Lexical::default(), Links::default());
    let mut spoken = SpokenLanguages::default();
    let mut tokens = Vec::new();
    for (doc, text) in texts.iter().enumerate() {
        let session = (doc / SESSION) as u32;
        if let Some(language) = vocabulary.read(text, spoken.expected(session), &mut tokens) {
            spoken.note(session, language);
        }
        lexical.push(tokens.iter().filter(|token| !token.function).map(|token| token.term));
        links.push((doc % SESSION > 0).then(|| doc as u32 - 1), None);
    }
    (vocabulary, lexical, links)
}

fn question(vocabulary: &Vocabulary) -> Vec<Vec<TermId>> {
    let ranks = [24, 30, 40, 60, 90, 150, 300, 700, 2_000, 9_000];
    let text = ranks.map(word).join(" ");
    vocabulary.question(&text, None).into_iter().map(|q| q.terms).collect()
}

fn lexical(c: &mut Criterion) {
    for size in SIZES {
        let (vocabulary, index, links) = load(&texts(size, 1));
        let question = question(&vocabulary);
        let mut scores = vec![0.0; size];
        c.bench_function(&format!("lexical/turns/{size}"), |b| {
            b.iter(|| {
                scores.fill(0.0);
                for terms in &question {
                    index.accumulate(terms, index.idf(terms), BM25, &mut scores);
                }
                black_box(&scores);
            });
        });
        let lengths = WindowLengths::new(&index, &links, REACH);
        let windows = Windows { index: &index, links: &links, reach: REACH, lengths: &lengths };
        let mut scratch = WindowScratch::default();
        c.bench_function(&format!("lexical/windows/{size}"), |b| {
            b.iter(|| {
                scores.fill(0.0);
                for terms in &question {
                    windows.accumulate(terms, index.idf(terms), BM25, &mut scratch, &mut scores);
                }
                black_box(&scores);
            });
        });
        c.bench_function(&format!("lexical/window_lengths/{size}"), |b| {
            b.iter(|| WindowLengths::new(&index, &links, REACH));
        });
        c.bench_function(&format!("lexical/information/{size}"), |b| {
            b.iter(|| index.information(black_box(&mut scores), |_| true));
        });
    }
}

fn vectors(c: &mut Criterion) {
    let mut group = c.benchmark_group("vectors/scan");
    for size in SIZES {
        let mut numbers = Numbers(2);
        let mut random = || (0..DIMS).map(|_| numbers.unit() as f32 - 0.5).collect::<Vec<f32>>();
        let mut vectors = Vectors::new(DIMS, size);
        (0..size as u32).for_each(|row| assert!(vectors.set(row, &random())));
        let (query, mut scores) = (random(), vec![0.0; size]);
        group.throughput(Throughput::Bytes((size * DIMS) as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |b| {
            b.iter(|| vectors.scan(black_box(&query), black_box(&mut scores)));
        });
    }
}

/// A scan of what no cache holds, beside the fastest that this processor reads the same number of bytes: a search, by the widest
/// instructions, for one that is not there.
fn bandwidth(c: &mut Criterion) {
    let mut numbers = Numbers(3);
    let one: Vec<f32> = (0..DIMS).map(|_| numbers.unit() as f32 - 0.5).collect();
    let mut vectors = Vectors::new(DIMS, LARGE);
    (0..LARGE as u32).for_each(|row| assert!(vectors.set(row, &one)));
    let (mut scores, bytes) = (vec![0.0; LARGE], vec![1_u8; LARGE * DIMS]);
    let mut group = c.benchmark_group("vectors/bandwidth");
    group.sample_size(20).throughput(Throughput::Bytes((LARGE * DIMS) as u64));
    group.bench_function("scan", |b| b.iter(|| vectors.scan(black_box(&one), black_box(&mut scores))));
    group.bench_function("read", |b| b.iter(|| memchr::memchr(2, black_box(&bytes))));
}

fn loading(c: &mut Criterion) {
    let ascii = texts(10_000, 1);
    let accented: Vec<String> = ascii.iter().map(|text| text.replace("an ", "än ").replace("on ", "ön ")).collect();
    let mut group = c.benchmark_group("load");
    group.sample_size(20);
    group.bench_function("10000", |b| b.iter(|| load(&ascii)));
    group.bench_function("10000 with umlauts", |b| b.iter(|| load(&accented)));
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = lexical, vectors, bandwidth, loading
}
criterion_main!(benches);
