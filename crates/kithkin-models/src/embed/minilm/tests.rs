//! A tiny BERT with made-up weights: what must hold of any weights, and what damaged files give.

use std::collections::HashMap;
use std::path::Path;

use kithkin_core::Blame;
use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;

use super::*;
use crate::bert::CONFIG;

const WORDS: [&str; 12] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "dog", "cat", "saw", "a", "bird", "##s", "."];

/// Writes the three files of a BERT of 2 layers, 8 dimensions and 2 heads.
fn write_tiny(dir: &Path) {
    let folder = dir.join("tiny");
    std::fs::create_dir_all(&folder).unwrap();
    let config = json!({
        "hidden_act": "gelu", "hidden_size": 8, "intermediate_size": 16, "layer_norm_eps": 1e-12,
        "num_attention_heads": 2, "num_hidden_layers": 2,
    });
    std::fs::write(folder.join(CONFIG), config.to_string()).unwrap();
    let vocabulary: HashMap<&str, usize> = WORDS.iter().enumerate().map(|(i, w)| (*w, i)).collect();
    let special = |id: usize| json!({ "SpecialToken": { "id": WORDS[id], "type_id": 0 } });
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": { "strategy": { "Fixed": 32 }, "direction": "Right",
            "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]" },
        "added_tokens": [], "normalizer": null, "pre_tokenizer": { "type": "BertPreTokenizer" }, "decoder": null,
        "post_processor": { "type": "TemplateProcessing",
            "single": [special(2), { "Sequence": { "id": "A", "type_id": 0 } }, special(3)], "pair": [],
            "special_tokens": { "[CLS]": { "id": "[CLS]", "ids": [2], "tokens": ["[CLS]"] },
                                "[SEP]": { "id": "[SEP]", "ids": [3], "tokens": ["[SEP]"] } } },
        "model": { "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                   "max_input_chars_per_word": 100, "vocab": vocabulary },
    });
    std::fs::write(folder.join(TOKENIZER), tokenizer.to_string()).unwrap();
    std::fs::write(folder.join(WEIGHTS), tiny_weights()).unwrap();
}

fn tiny_weights() -> Vec<u8> {
    let mut shapes: Vec<(String, Vec<usize>)> = vec![
        ("embeddings.word_embeddings.weight".into(), vec![WORDS.len(), 8]),
        ("embeddings.position_embeddings.weight".into(), vec![300, 8]),
        ("embeddings.token_type_embeddings.weight".into(), vec![2, 8]),
    ];
    let mut norm = |name: &str| ["weight", "bias"].map(|part| shapes.push((format!("{name}.{part}"), vec![8])));
    norm("embeddings.LayerNorm");
    (0..2).for_each(|i| {
        norm(&format!("encoder.layer.{i}.attention.output.LayerNorm"));
        norm(&format!("encoder.layer.{i}.output.LayerNorm"));
    });
    for (name, outputs, inputs) in [
        ("attention.self.query", 8, 8),
        ("attention.self.key", 8, 8),
        ("attention.self.value", 8, 8),
        ("attention.output.dense", 8, 8),
        ("intermediate.dense", 16, 8),
        ("output.dense", 8, 16),
    ] {
        for i in 0..2 {
            shapes.push((format!("encoder.layer.{i}.{name}.weight"), vec![outputs, inputs]));
            shapes.push((format!("encoder.layer.{i}.{name}.bias"), vec![outputs]));
        }
    }
    let mut state = 1_u32;
    let mut value = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = shapes
        .into_iter()
        .map(|(name, shape)| {
            let bytes = (0..shape.iter().product()).flat_map(|_: usize| value().to_le_bytes()).collect();
            (name, shape, bytes)
        })
        .collect();
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    safetensors::serialize(views, None).unwrap()
}

fn load(dir: &Path) -> Result<MiniLm, EmbedError> {
    load_as(dir, Precision::Float)
}

fn load_as(dir: &Path, precision: Precision) -> Result<MiniLm, EmbedError> {
    MiniLm::load("tiny", &super::super::folder("tiny", dir), precision)
}

fn tiny() -> MiniLm {
    tiny_as(Precision::Float)
}

fn tiny_as(precision: Precision) -> MiniLm {
    let dir = tempfile::tempdir().unwrap();
    write_tiny(dir.path());
    load_as(dir.path(), precision).unwrap()
}

fn rows(model: &MiniLm, texts: &[&str]) -> Vec<Vec<f32>> {
    model.embed(texts).unwrap().rows().map(<[f32]>::to_vec).collect()
}

#[track_caller]
fn near(a: &[f32], b: &[f32]) {
    assert_eq!(a.len(), b.len());
    assert!(a.iter().zip(b).all(|(x, y)| (x - y).abs() < 1e-5), "{a:?} is not {b:?}");
}

#[test]
fn a_text_beyond_the_window_is_cut() {
    let model = tiny();
    let long = "the dog saw a bird . ".repeat(50);
    assert_eq!(model.token_ids(&long).unwrap().len(), WINDOW);
    let huge = long.repeat(1000);
    let found = rows(&model, &[&long, &huge]);
    near(&found[0], &found[1]);
    // With the two special tokens, the 254th word is the last that counts.
    let differ = |words: usize| {
        let same = "the ".repeat(words);
        let found = rows(&model, &[&format!("{same}the"), &format!("{same}cat")]);
        found[0].iter().zip(&found[1]).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
    };
    assert!(differ(WINDOW - 3) > 1e-5, "{}", differ(WINDOW - 3));
    assert!(differ(WINDOW - 2) < 1e-6, "{}", differ(WINDOW - 2));
}

#[test]
fn no_text_is_no_vector_and_an_empty_text_is_one() {
    let model = tiny();
    assert!(model.embed(&[]).unwrap().data.is_empty());
    let found = rows(&model, &["", " \n", "dog"]);
    near(&found[0], &found[1]);
    assert!(found[0] != found[2]);
}

#[test]
fn each_wrong_file_is_named() {
    let check = |file: &str, content: Option<&[u8]>, blame: Blame, part: &str| {
        let dir = tempfile::tempdir().unwrap();
        write_tiny(dir.path());
        let path = dir.path().join("tiny").join(file);
        match content {
            Some(content) => std::fs::write(&path, content).unwrap(),
            None => std::fs::remove_file(&path).unwrap(),
        }
        let error = load(dir.path()).unwrap_err();
        let message = error.to_string();
        assert_eq!(error.blame(), blame, "{message}");
        for part in [file, part, "make weights MODEL=tiny"] {
            assert!(message.contains(part), "{message:?} does not say {part:?}");
        }
    };
    for file in [CONFIG, TOKENIZER, WEIGHTS] {
        check(file, None, Blame::Missing, "are missing");
    }
    let whole = tiny_weights();
    check(WEIGHTS, Some(&whole[..whole.len() - 1]), Blame::Model, "truncated");
    check(WEIGHTS, Some(b""), Blame::Model, "truncated");
    let mut spoilt = whole.clone();
    let last = spoilt.len() - 4;
    spoilt[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    check(WEIGHTS, Some(&spoilt), Blame::Model, "a weight of encoder.layer.1.output.dense is not a finite number");
    let foreign = safetensors::serialize([("x", TensorView::new(Dtype::F32, vec![1], &[0; 4]).unwrap())], None);
    check(WEIGHTS, Some(&foreign.unwrap()), Blame::Model, "no tensor");
    check(TOKENIZER, Some(b"{}"), Blame::Model, "no tokenizer");
    check(CONFIG, Some(b"{"), Blame::Model, "no JSON");
    let config = |act: &str, heads: u32, width: u32| {
        json!({ "hidden_act": act, "hidden_size": width, "intermediate_size": 16, "layer_norm_eps": 1e-12,
                "num_attention_heads": heads, "num_hidden_layers": 2 })
        .to_string()
    };
    check(CONFIG, Some(config("relu", 2, 8).as_bytes()), Blame::Model, "hidden_act");
    check(CONFIG, Some(config("gelu", 3, 8).as_bytes()), Blame::Model, "hidden_size");
    check(CONFIG, Some(config("gelu", 0, 8).as_bytes()), Blame::Model, "num_attention_heads");
    check(CONFIG, Some(b"{\"hidden_act\": \"gelu\"}"), Blame::Model, "layer_norm_eps");
}

#[test]
fn a_shape_that_does_not_fit_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    write_tiny(dir.path());
    let config = json!({ "hidden_act": "gelu", "hidden_size": 16, "intermediate_size": 16, "layer_norm_eps": 1e-12,
                         "num_attention_heads": 2, "num_hidden_layers": 2 });
    std::fs::write(dir.path().join("tiny").join(CONFIG), config.to_string()).unwrap();
    let message = load(dir.path()).unwrap_err().to_string();
    assert!(message.contains(WEIGHTS) && message.contains("shape"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn vectors_have_unit_length_and_depend_on_their_text_alone(
        texts in prop::collection::vec("(the |dogs? |cat |saw |a |bird|\\.|é|[ -~]){0,40}", 1..20)
    ) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        for model in [Precision::Float, Precision::Half, Precision::EightBits].map(tiny_as) {
            for (row, text) in rows(&model, &texts).iter().zip(&texts) {
                prop_assert!((row.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-5);
                near(row, &rows(&model, &[text])[0]);
            }
        }
    }
}
