//! How fast an embedder of this process takes the texts of a file: all at once, and one at a time as questions come.
//!
//! `embedders.py`, beside it, sets it beside other programs and names in the environment what is to be done: a file of one
//! JSON text a line (`KITHKIN_TEXTS`), the embedder, the folder of the weights, and a file for the vectors, as 32-bit floats
//! one after another.

#![allow(missing_docs, clippy::print_stderr, clippy::print_stdout, clippy::unwrap_used)]

use std::env;
use std::path::Path;
use std::time::Instant;

use kithkin_models::open_embedder;

/// How many texts are taken one at a time.
const ALONE: usize = 200;

fn main() {
    let given = ["KITHKIN_TEXTS", "KITHKIN_EMBEDDER", "KITHKIN_MODELS", "KITHKIN_VECTORS"].map(env::var_os);
    let [Some(file), Some(name), Some(models), Some(out)] = given else {
        return eprintln!("left out: nothing to embed is named; see crates/kithkin-models/benches/embedders.py");
    };
    let model = open_embedder(&name.to_string_lossy(), Path::new(&models)).unwrap();
    let lines = std::fs::read_to_string(file).unwrap();
    let texts: Vec<String> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    // The first call wakes the threads.
    model.embed(&texts[..texts.len().min(ALONE)]).unwrap();
    let begun = Instant::now();
    let vectors = model.embed(&texts).unwrap();
    println!("bulk: {:.1} texts/s", texts.len() as f64 / begun.elapsed().as_secs_f64());
    let mut alone: Vec<f64> = Vec::new();
    for text in texts.iter().take(ALONE) {
        let begun = Instant::now();
        model.embed(&[text]).unwrap();
        alone.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    alone.sort_by(f64::total_cmp);
    println!("alone: {:.2} ms", alone[alone.len() / 2]);
    std::fs::write(out, vectors.data.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
}
