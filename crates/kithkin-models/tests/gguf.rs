//! The chat model of the real weights against other implementations on the same file. Without the weights it says so and passes:
//! `make weights MODEL=SmolLM2-135M-Instruct` gets them.
#![allow(clippy::print_stderr, clippy::unwrap_used)]

use std::env;
use std::ops::ControlFlow;
use std::path::PathBuf;

use kithkin_core::{ChatMessage, ChatModel, ChatReply, ChatRequest, ChatRole};
use kithkin_models::{CHAT_MODELS, ChatSource, Status};

fn open() -> Option<Box<dyn ChatModel>> {
    let cache = || {
        let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        cache.or_else(|| Some(env::home_dir()?.join(".cache"))).map(|c| c.join("kithkin").join("models"))
    };
    let dir = env::var_os("KITHKIN_MODELS").map(PathBuf::from).or_else(cache).unwrap_or_default();
    let spec = &CHAT_MODELS[0];
    if spec.status(&dir) != Status::Present {
        eprintln!("skipped: no {}; run `{}`", spec.path(&dir).display(), spec.command());
        return None;
    }
    Some(ChatSource::Named(spec).open(&dir).unwrap())
}

fn request(words: &str, max_tokens: u32) -> ChatRequest {
    ChatRequest { messages: vec![ChatMessage::new(ChatRole::User, words)], max_tokens, temperature: 0.0, schema: None }
}

#[test]
fn the_reply_is_that_of_another_implementation() {
    let Some(model) = open() else { return };
    let check = |words: &str, max_tokens: u32, right: &str| {
        let mut heard = Vec::new();
        let reply = model.stream(&request(words, max_tokens), &mut |piece| {
            heard.push(piece.to_owned());
            ControlFlow::Continue(())
        });
        let ChatReply { text, .. } = reply.unwrap();
        assert_eq!((text.as_str(), heard.concat().as_str()), (right, right));
    };
    // llama.cpp says the same words for as many tokens.
    check(
        "What is the capital of France, and what is it known for?",
        40,
        "The capital of France is Paris. It is a city steeped in history and culture, known for its iconic landmarks like \
         the Eiffel Tower, Louvre Museum, Notre Dame Cathedral, and many others.",
    );
    // So does a computation with the exact weights in 32 bits, in which no other token comes nearer than 0.39.
    check(
        "Repeat this sentence: We walked to the market, bought seven apples, and came home before it began to rain, since my \
         sister had forgotten her blue umbrella.",
        40,
        "We walked to the market, bought seven apples, and came home before it began to rain.",
    );
    check(
        "请重复这句话：今天天气很好，我和妹妹去公园散步，看到很多花。",
        40,
        "今天天气很好，我和妹妹去公园散步，看到很",
    );
}
