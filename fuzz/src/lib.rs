//! Runs a function on hostile input: on each file of its corpus, and for some seconds on mutations of them.
//!
//! It needs no instrumented build, so it runs on the stable toolchain, within `cargo test`, and on the artefacts that are there.
//! What it does not do is to look at which code an input reached: the corpus and the words of each target lead it instead.

#![allow(clippy::expect_used, clippy::panic, reason = "a target fails by panicking")]

mod mutate;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mutate::Mutations;

/// An input that takes longer has found work without a bound. Inputs take milliseconds.
const TOO_LONG: Duration = Duration::from_secs(30);

/// Runs `target` on its corpus, `fuzz/corpus/<name>/`, and then on mutations of it for as many seconds as the environment's
/// `FUZZ_SECONDS` says, by default none. `FUZZ_SEED` makes another series of them. `words` are put into inputs.
///
/// # Panics
/// When the target does, or takes longer than 30 seconds: the input is then in `target/fuzz/`, from where it is moved into the
/// corpus once it is mended. An input at which the process died is there, too.
pub fn fuzz(name: &str, words: &[&str], target: impl Fn(&[u8])) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = corpus(&root.join("corpus").join(name));
    assert!(!corpus.is_empty(), "fuzz/corpus/{name} has no file; a target begins with one that is valid");
    let found = Found { folder: root.join("../target/fuzz"), name };
    std::fs::create_dir_all(&found.folder).expect("the folder for what is found can be made");
    corpus.iter().for_each(|input| found.run(input, &target));
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let Some(seconds) = number("FUZZ_SECONDS") else { return };
    let (end, mut tried) = (Instant::now() + Duration::from_secs(seconds), 0_u64);
    let mut mutations = Mutations::new(&corpus, words, number("FUZZ_SEED").unwrap_or(1));
    while Instant::now() < end {
        found.run(&mutations.input(), &target);
        tried += 1;
    }
    found.tell(&format!("{name}: {} files and {tried} mutations of them", corpus.len()));
}

/// The files of a folder in the order of their names.
fn corpus(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).expect("a file of the corpus can be read")).collect()
}

struct Found<'a> {
    folder: PathBuf,
    name: &'a str,
}

impl Found<'_> {
    fn run(&self, input: &[u8], target: &impl Fn(&[u8])) {
        // A stack that overflows ends the process: then this file says by what.
        let file = self.folder.join(self.name);
        std::fs::write(&file, input).expect("the input can be put aside");
        let begun = Instant::now();
        let done = catch_unwind(AssertUnwindSafe(|| target(input)));
        let took = begun.elapsed();
        match done {
            Ok(()) if took < TOO_LONG => {}
            Ok(()) => panic!("{} took {took:?} for {}", self.name, file.display()),
            Err(_) => panic!("{} failed at {}", self.name, file.display()),
        }
    }

    #[allow(clippy::print_stderr, reason = "how much was tried is what a run is judged by")]
    fn tell(&self, text: &str) {
        let _ = std::fs::remove_file(self.folder.join(self.name));
        eprintln!("{text}");
    }
}
