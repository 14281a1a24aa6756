//! Files of weights: what is wrong with one is told before memory is taken for what it claims to hold.

use std::path::PathBuf;

use kithkin::{ChatSource, load_chat, load_reranker};
use kithkin_fuzz::fuzz;

#[path = "../../crates/kithkin-models/tests/tiny/mod.rs"]
mod tiny;

#[test]
fn gguf() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.gguf");
    let words = [
        "GGUF",
        "general.architecture",
        "llama",
        "llama.block_count",
        "tokenizer.ggml.tokens",
        "token_embd.weight",
        "\u{8}\0\0\0",
    ];
    fuzz("gguf", &words, |input| {
        std::fs::write(&file, input).unwrap();
        let _ = load_chat(&ChatSource::Gguf(file.clone()), &PathBuf::new());
    });
}

#[test]
fn weights() {
    let folder = tempfile::tempdir().unwrap();
    tiny::write(folder.path());
    let words = [
        "\"dtype\":\"F32\"",
        "\"shape\":[4294967295,4294967295]",
        "\"data_offsets\":[0,18446744073709551615]",
        "\"vocab\":{",
        "\"type\":\"WordPiece\"",
    ];
    // The first byte says which of the files is hostile; the others are as they should be.
    fuzz("weights", &words, |input| {
        let [first, rest @ ..] = input else { return };
        let name = ["config.json", "tokenizer.json", "model.safetensors"][usize::from(*first) % 3];
        let whole = std::fs::read(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name), rest).unwrap();
        let read = load_reranker(folder.path());
        std::fs::write(folder.path().join(name), whole).unwrap();
        if let Ok(reranker) = read {
            let _ = reranker.score("Where do I live?", &["I live in Oslo.", ""]);
        }
    });
}
