//! How fast the chat model in this process is: tokens a second, and the first token of a context of a thousand tokens,
//! read anew and kept from before. Without the weights it says so; `make weights MODEL=SmolLM2-135M-Instruct` gets them,
//! and `KITHKIN_CHAT_FILE` names another file.

#![allow(missing_docs, clippy::print_stderr, clippy::print_stdout, clippy::unwrap_used)]

use std::env;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kithkin_core::{ChatMessage, ChatModel, ChatRequest, ChatRole};
use kithkin_models::ChatSource;

/// Tokens of a measured reply.
const TOKENS: u32 = 128;
/// How often each thing is measured; the best counts, since the machine may be shared.
const RUNS: usize = 5;

fn file() -> PathBuf {
    let cache = || env::home_dir().unwrap_or_default().join(".cache/kithkin/models");
    let dir = env::var_os("KITHKIN_MODELS").map_or_else(cache, PathBuf::from);
    let usual = || dir.join("SmolLM2-135M-Instruct/SmolLM2-135M-Instruct.Q4_1.gguf");
    env::var_os("KITHKIN_CHAT_FILE").map_or_else(usual, PathBuf::from)
}

/// The time to the first piece, the tokens a second after it, and the tokens of the prompt.
fn measure(model: &dyn ChatModel, words: &[String]) -> (Duration, f64, u64) {
    let roles = [ChatRole::User, ChatRole::Assistant].into_iter().cycle();
    let messages = roles.zip(words).map(|(role, words)| ChatMessage::new(role, words)).collect();
    let request = ChatRequest { messages, max_tokens: TOKENS, temperature: 0.0, schema: None };
    let (begun, mut first) = (Instant::now(), None);
    let reply = model.stream(&request, &mut |_| {
        first.get_or_insert_with(|| begun.elapsed());
        ControlFlow::Continue(())
    });
    let (usage, all) = (reply.unwrap().usage.unwrap(), begun.elapsed());
    // A model that says nothing has read the prompt all the same.
    let first = first.unwrap_or(all);
    let rate = usage.completion_tokens.saturating_sub(1) as f64 / (all - first).as_secs_f64().max(1e-9);
    (first, rate, usage.prompt_tokens)
}

fn main() {
    let file = file();
    if !file.exists() {
        return eprintln!("left out: no {}; run `make weights MODEL=SmolLM2-135M-Instruct`", file.display());
    }
    let begun = Instant::now();
    let model = ChatSource::Gguf(file).open(Path::new("")).unwrap();
    println!("load: {:.2} s", begun.elapsed().as_secs_f64());
    let story = ["Tell me a long story about a lighthouse, a storm and a dog.".to_owned()];
    let rate = (0..RUNS).map(|_| measure(&*model, &story).1).fold(0.0, f64::max);
    println!("decode: {rate:.1} tokens/s");
    let turn = |i: usize| match i % 2 {
        0 => format!("On day {i} we walked to the market, and my sister bought a kettle."),
        _ => "That sounds like a lovely day.".to_owned(),
    };
    let long: Vec<String> = (0..48).map(turn).chain(story).collect();
    let (cold, _, tokens) = measure(&*model, &long);
    println!("{tokens} tokens, read anew: first token after {:.0} ms", cold.as_secs_f64() * 1e3);
    let runs: Vec<_> = (0..RUNS).map(|_| measure(&*model, &long)).collect();
    let warm = runs.iter().map(|run| run.0).min().unwrap();
    let rate = runs.iter().map(|run| run.1).fold(0.0, f64::max);
    println!("{tokens} tokens, kept: first token after {:.0} ms, then {rate:.1} tokens/s", warm.as_secs_f64() * 1e3);
}
