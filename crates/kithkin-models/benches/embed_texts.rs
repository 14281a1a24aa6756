//! How fast an embedder of this process takes the texts of a file: all at once, and one at a time as questions come.
//!
//! `embedders.py`, beside it, sets it beside other programs. `KITHKIN_TEXTS` names a file of one JSON text a line,
//! `KITHKIN_EMBEDDER` the embedder, and `KITHKIN_VECTORS` a file for the vectors, as 32-bit floats one after another.

#![allow(missing_docs, clippy::print_stderr, clippy::print_stdout, clippy::unwrap_used)]

use std::env;
use std::path::PathBuf;
use std::time::Instant;

use kithkin_models::open_embedder;

/// How many texts are taken one at a time.
const ALONE: usize = 200;

fn main() {
    let Some(file) = env::var_os("KITHKIN_TEXTS") else {
        return eprintln!("left out: KITHKIN_TEXTS names no file; see crates/kithkin-models/benches/embedders.py");
    };
    let name = env::var("KITHKIN_EMBEDDER").unwrap_or_else(|_| "all-MiniLM-L6-v2".to_owned());
    let cache = || env::home_dir().unwrap_or_default().join(".cache/kithkin/models");
    let dir = env::var_os("KITHKIN_MODELS").map_or_else(cache, PathBuf::from);
    let model = open_embedder(&name, &dir).unwrap();
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
    if let Some(file) = env::var_os("KITHKIN_VECTORS") {
        std::fs::write(file, vectors.data.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
    }
}
