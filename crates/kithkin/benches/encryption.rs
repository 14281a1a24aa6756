//! What encryption costs: a store and an encrypted one take turns, at the same work, in the same run. The embedder costs
//! nothing, so that what is timed is Kithkin itself. Prints the median of each, and how they compare.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a bench fails by panicking")]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use kithkin::{Encryption, Kithkin};

mod histories;

use histories::{Hashed, fill, question, scope, turns};

const TURNS: usize = 10_000;
const WARM: usize = 400;
const WRITES: usize = 200;
const OPENINGS: usize = 15;

/// The two stores, and what each took, in milliseconds.
struct Pair {
    names: [&'static str; 2],
    took: [Vec<f64>; 2],
}

impl Pair {
    fn new() -> Self {
        Self { names: ["plain", "encrypted"], took: [Vec::new(), Vec::new()] }
    }

    fn time<T>(&mut self, which: usize, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = work();
        self.took[which].push(start.elapsed().as_secs_f64() * 1e3);
        done
    }

    fn report(mut self, what: &str) {
        let [plain, encrypted] = self.took.each_mut().map(|took| {
            took.sort_by(f64::total_cmp);
            took[took.len() / 2]
        });
        let [first, second] = self.names;
        println!("{what:<44}{first} {plain:>9.3} ms   {second} {encrypted:>9.3} ms   {:>5.2} times", encrypted / plain);
    }
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("master.key");
    std::fs::write(&key, "0f".repeat(32)).unwrap();
    let encryption = Encryption::with_key_file(&key, None).unwrap();
    let encryptions = [None, Some(&encryption)];
    let paths = ["plain.db", "encrypted.db"].map(|name| dir.path().join(name));

    let mut filling = Pair::new();
    let stores = [0, 1].map(|which| {
        let builder = Kithkin::create_with(&*paths[which], encryptions[which]).unwrap();
        let kithkin = builder.embedder_object(Arc::new(Hashed)).start();
        filling.time(which, || fill(&kithkin, 1, TURNS));
        kithkin
    });
    filling.report(&format!("{TURNS} turns remembered, with vectors"));

    let mut writing = Pair::new();
    for number in TURNS..TURNS + WRITES {
        for (which, kithkin) in stores.iter().enumerate() {
            let turn = turns(number, 1, number as u64);
            writing.time(which, || kithkin.person(&scope(0)).observe(turn).unwrap());
        }
    }
    writing.report("one turn remembered, durably");

    let question = question("hybrid");
    let mut warm = Pair::new();
    for _ in 0..WARM {
        for (which, kithkin) in stores.iter().enumerate() {
            warm.time(which, || kithkin.person(&scope(0)).recall(&question).unwrap());
        }
    }
    warm.report(&format!("recall, {TURNS} turns loaded"));

    drop(stores);
    let mut cold = Pair::new();
    for _ in 0..OPENINGS {
        for which in [0, 1] {
            let open = || {
                let builder = Kithkin::open_with(&*paths[which], encryptions[which]).unwrap();
                let kithkin = builder.embedder_object(Arc::new(Hashed)).start();
                kithkin.person(&scope(0)).recall(&question).unwrap();
                kithkin
            };
            drop(cold.time(which, open));
        }
    }
    cold.report("a store opened, and the first recall");
    let size = |path: &Path| std::fs::metadata(path).unwrap().len() as f64 / (1 << 20) as f64;
    let [plain, encrypted] = paths.each_ref().map(|path| size(path));
    println!(
        "the file{:36}plain {plain:>9.1} MiB  encrypted {encrypted:>9.1} MiB  {:>5.2} times",
        "",
        encrypted / plain
    );
}
