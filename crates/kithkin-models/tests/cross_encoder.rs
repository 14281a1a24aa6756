//! The cross-encoder on made-up weights: the scores that `transformers` gives, and what wrong folders give.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod tiny;

use std::path::Path;

use kithkin_core::{Blame, RerankError, Reranker};
use kithkin_models::open_cross_encoder;
use proptest::prelude::*;
use tempfile::TempDir;

const QUESTION: &str = "Who adopted a cat?";
/// 36 tokens; the window has 24, three of them taken by [CLS] and [SEP].
const LONG: &str = "the dog saw a bird . the dog saw a bird . the dog saw a bird . \
                    the dog saw a bird . the dog saw a bird . the dog saw a bird . ";

/// A folder with the tiny model.
fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    tiny::write(&dir.path().join("tiny"));
    dir
}

fn open(dir: &TempDir) -> Result<Box<dyn Reranker>, RerankError> {
    open_cross_encoder(&dir.path().join("tiny"))
}

fn model() -> Box<dyn Reranker> {
    open(&folder()).unwrap()
}

fn score(model: &dyn Reranker, query: &str, text: &str) -> f32 {
    model.score(query, &[text]).unwrap()[0]
}

/// The expected scores were printed by `python3 scripts/cross_encoder_reference.py`, with torch 2.5.1 and
/// transformers 4.46.3.
#[test]
fn the_scores_are_those_of_transformers() {
    let (long_question, two_words) = (format!("{LONG}my cat"), "we live , ".repeat(20));
    let golden: [(&str, &str, f32); 8] = [
        (QUESTION, "I adopted a cat.", -0.519445),
        (QUESTION, "We saw the red boats.", -0.49641),
        (QUESTION, "", -0.300578),
        (QUESTION, "Zebras, 猫 and Miso", -0.546614),
        ("I adopted a cat.", QUESTION, -0.363086),
        (QUESTION, LONG, -0.61311),
        (LONG, "I moved to Oslo.", -0.288727),
        (&long_question, &two_words, -0.417531),
    ];
    let model = model();
    assert_eq!(model.model(), "tiny");
    for (query, text, right) in golden {
        let found = score(&*model, query, text);
        assert!((found - right).abs() < 2e-5, "{query:?} {text:?}: {found}, not {right}");
    }
}

#[test]
fn of_a_pair_the_longer_text_is_cut_first() {
    let model = model();
    let (all, cat) = ("the ".repeat(40), "cat ".repeat(40));
    // Whether the last of so many words of the query, and of the text, is read beside a long other text.
    let read = |query: usize, text: usize, query_rest: &str, text_rest: &str| {
        let of = |end: &str, words: usize, rest: &str| format!("{}{end} {rest}", "the ".repeat(words - 1));
        let base = score(&*model, &of("the", query, query_rest), &of("the", text, text_rest));
        let differs = |query_end: &str, text_end: &str| {
            let changed = score(&*model, &of(query_end, query, query_rest), &of(text_end, text, text_rest));
            (changed - base).abs() > 1e-4
        };
        (differs("cat", "the"), differs("the", "cat"))
    };
    // 21 tokens for both: all of a short one, and what is left for the other.
    assert_eq!(read(5, 16, "", &all), (true, true));
    assert_eq!(read(5, 17, "", &all), (true, false));
    assert_eq!(read(16, 5, &all, ""), (true, true));
    assert_eq!(read(17, 5, &all, ""), (false, true));
    // Of two long ones the shorter keeps ten.
    assert_eq!(read(10, 11, &all, &cat), (true, true));
    assert_eq!(read(11, 12, &all, &cat), (false, false));
}

#[test]
fn no_text_has_no_score_and_a_huge_one_is_read_from_its_beginning() {
    let model = model();
    assert!(model.score(QUESTION, &[]).unwrap().is_empty());
    let huge = "the dog ".repeat(200_000);
    assert_eq!(score(&*model, QUESTION, &huge), score(&*model, QUESTION, &huge[..400]));
    assert!(score(&*model, &huge, "cat").is_finite());
}

#[test]
fn each_wrong_file_is_named() {
    let check = |file: &str, content: Option<&[u8]>, blame: Blame, part: &str| {
        let dir = folder();
        let path = dir.path().join("tiny").join(file);
        match content {
            Some(content) => std::fs::write(&path, content).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        let error = open(&dir).unwrap_err();
        let message = error.to_string();
        assert_eq!(error.blame(), blame, "{message}");
        for part in [file, part, "name a folder with the config.json"] {
            assert!(message.contains(part), "{message:?} does not say {part:?}");
        }
    };
    let (config, tokenizer, weights) = ("config.json", "tokenizer.json", "model.safetensors");
    for file in [config, tokenizer, weights] {
        check(file, None, Blame::Missing, "the weights of tiny are missing");
    }
    let changed = |mut json: serde_json::Value, key: &str, value: &str| {
        json[key] = value.parse().unwrap();
        json.to_string().into_bytes()
    };
    let check_config = |key: &str, value: &str, part: &str| {
        check(config, Some(&changed(tiny::config(), key, value)), Blame::Model, part);
    };
    check_config("model_type", "\"roberta\"", "model_type is roberta, not bert");
    check_config("position_embedding_type", "\"relative_key\"", "position_embedding_type is relative_key");
    check_config("hidden_act", "\"relu\"", "hidden_act is not gelu");
    check_config("num_attention_heads", "5", "hidden_size is no multiple");
    check(config, Some(b"{"), Blame::Model, "no JSON");

    check(tokenizer, Some(b"{}"), Blame::Model, "no tokenizer");
    let mut single = tiny::tokenizer();
    single["post_processor"]["pair"] = serde_json::json!([]);
    check(tokenizer, Some(single.to_string().as_bytes()), Blame::Model, "no special tokens to a pair");
    let mut more = tiny::tokenizer();
    more["model"]["vocab"]["zebra"] = 33.into();
    let why = "it has 34 tokens, and model.safetensors only 33";
    check(tokenizer, Some(more.to_string().as_bytes()), Blame::Model, why);

    let whole = tiny::safetensors(&tiny::shapes(1));
    check(weights, Some(&whole[..whole.len() - 1]), Blame::Model, "truncated");
    check(weights, Some(b""), Blame::Model, "truncated");
    check(weights, Some(&tiny::safetensors(&tiny::shapes(3))), Blame::Model, "its classifier has 3 labels, not one");
    let check_shape = |name: &str, shape: Option<&[usize]>, part: &str| {
        let mut shapes = tiny::shapes(1);
        match shape {
            Some(shape) => shapes.insert(name.to_owned(), shape.to_vec()),
            None => shapes.remove(name),
        };
        check(weights, Some(&tiny::safetensors(&shapes)), Blame::Model, part);
    };
    check_shape("classifier.weight", None, "no tensor classifier.weight");
    check_shape("classifier.weight", Some(&[1, 16]), "classifier.weight has the shape [1, 16], not [1, 32]");
    check_shape("classifier.bias", Some(&[2]), "classifier.bias has the shape [2]");
    check_shape("bert.pooler.dense.weight", None, "no tensor bert.pooler.dense.weight");
    check_shape("bert.encoder.layer.1.output.dense.weight", Some(&[32, 32]), "output.dense.weight has the shape");
    check_shape("bert.embeddings.token_type_embeddings.weight", Some(&[1, 32]), "fewer than 2 token types");
}

#[test]
fn a_window_without_room_for_the_special_tokens_is_refused() {
    for positions in [0, 3] {
        let dir = folder();
        let mut shapes = tiny::shapes(1);
        shapes.insert("bert.embeddings.position_embeddings.weight".to_owned(), vec![positions, 32]);
        std::fs::write(dir.path().join("tiny/model.safetensors"), tiny::safetensors(&shapes)).unwrap();
        let message = open(&dir).unwrap_err().to_string();
        assert!(message.contains(&format!("it adds 3 tokens, and the window has {positions}")), "{message}");
    }
}

#[test]
fn a_folder_that_is_not_there_or_is_a_file_is_named() {
    let check = |folder: &Path| {
        let error = open_cross_encoder(folder).unwrap_err();
        let message = error.to_string();
        assert_eq!(error.blame(), Blame::Missing, "{message}");
        assert!(message.contains(&folder.display().to_string()) && message.contains("name a folder"), "{message}");
    };
    let dir = folder();
    check(&dir.path().join("none"));
    check(&dir.path().join("tiny/config.json"));
}

#[test]
fn weights_that_are_not_finite_fail_and_do_not_rank() {
    let dir = folder();
    let path = dir.path().join("tiny/model.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    // The last tensor in the order of names is the classifier's weight.
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let error = open(&dir).unwrap().score(QUESTION, &["cat"]).unwrap_err();
    assert_eq!(error.blame(), Blame::Model);
    assert!(error.to_string().contains("the reranker tiny failed: a score is not finite"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_score_depends_on_its_own_pair_alone(
        query in "(the |dogs? |cat |[ -~]){0,20}",
        texts in prop::collection::vec("(the |dogs? |cat |saw |a |bird|\\.|é|[ -~]){0,40}", 1..20)
    ) {
        let model = model();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let all = model.score(&query, &texts).unwrap();
        prop_assert_eq!(all.len(), texts.len());
        for (text, found) in texts.iter().zip(all) {
            let alone = score(&*model, &query, text);
            prop_assert!(found.is_finite() && (found - alone).abs() < 1e-5, "{} {}", found, alone);
        }
    }
}
