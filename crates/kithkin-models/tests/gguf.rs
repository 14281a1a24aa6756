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

#[test]
fn the_likelihoods_are_those_of_another_implementation() {
    let Some(model) = open() else { return };
    // llama.cpp gives its own greedy continuations these logarithms; it rounds weights and inputs in other places.
    let check = |of: &str, tokens: Vec<kithkin_core::TokenLikelihood>, text: &str, right: &[f32]| {
        assert_eq!(tokens.iter().map(|token| token.bytes).sum::<usize>(), text.len(), "{of}");
        let last: Vec<f32> = tokens[tokens.len() - right.len()..].iter().map(|token| token.ln).collect();
        let off = last.iter().zip(right).map(|(ln, right)| (ln - right).abs()).fold(0.0_f32, f32::max);
        assert!(off < 0.15, "{of}: {off} of {last:?}");
    };
    let question = request("What is the capital of France, and what is it known for?", 40);
    let reply = "The capital of France is Paris. It is a city steeped";
    let right =
        [-0.2458, -0.0148, -0.0085, -0.0019, -0.0458, -0.0379, -0.5971, -0.8851, -0.4924, -0.9443, -1.0119, -1.8671];
    for again in 0..2 {
        let of = format!("reply, time {again}");
        check(&of, model.likelihoods(Some(&question), reply).unwrap(), reply, &right);
    }
    let other = model.likelihoods(Some(&question), "Bananas are yellow.").unwrap();
    assert!(other[0].ln < -5.0, "{other:?}");
    let text = "We moved to Oslo last week, because my sister is in the UK. I'm really proud of you.";
    let right =
        [-1.8594, -1.9931, -1.7799, -2.1095, -0.7542, -1.402, -1.3892, -2.2292, -1.6879, -0.039, -1.563, -1.0918];
    check("text", model.likelihoods(None, text).unwrap(), text, &right);
}
