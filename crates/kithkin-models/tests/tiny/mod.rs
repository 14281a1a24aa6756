//! A tiny BERT cross-encoder of made-up weights, as a folder: 2 layers, 4 heads, 32 dimensions, 24 positions, 33 tokens.
//!
//! The weights come from a formula that `scripts/cross_encoder_reference.py` has as well, so that `transformers` can say
//! what they give. The command line's tests use it too.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

const WORDS: &str = "[PAD] [UNK] [CLS] [SEP] [MASK] the a i my we dog cat bird boat saw adopted bought moved to oslo called \
                     miso red green where do live who ? . , ##s ##ed";
const WIDTH: usize = 32;
const WIDE: usize = 64;

/// Writes the three files of the model into a folder.
pub(crate) fn write(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("config.json"), config().to_string()).unwrap();
    std::fs::write(folder.join("tokenizer.json"), tokenizer().to_string()).unwrap();
    std::fs::write(folder.join("model.safetensors"), safetensors(&shapes(1))).unwrap();
}

/// The shape of the model.
pub(crate) fn config() -> Value {
    json!({
        "model_type": "bert", "position_embedding_type": "absolute", "hidden_act": "gelu", "hidden_size": WIDTH,
        "intermediate_size": WIDE, "layer_norm_eps": 1e-12, "num_attention_heads": 4, "num_hidden_layers": 2,
    })
}

/// A tokenizer of words and a few endings.
pub(crate) fn tokenizer() -> Value {
    let words: BTreeMap<&str, usize> = WORDS.split_whitespace().zip(0..).collect();
    let special = |name: &str, segment: usize| json!({ "SpecialToken": { "id": name, "type_id": segment } });
    let sequence = |name: &str, segment: usize| json!({ "Sequence": { "id": name, "type_id": segment } });
    let token = |name: &str| json!({ "id": name, "ids": [words[name]], "tokens": [name] });
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "decoder": null,
        "normalizer": { "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                        "strip_accents": null, "lowercase": true },
        "pre_tokenizer": { "type": "BertPreTokenizer" },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0)],
            "pair": [special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0), sequence("B", 1), special("[SEP]", 1)],
            "special_tokens": { "[CLS]": token("[CLS]"), "[SEP]": token("[SEP]") },
        },
        "model": { "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                   "max_input_chars_per_word": 100, "vocab": words },
    })
}

/// The shapes of the tensors by their names, for a classifier of so many labels.
pub(crate) fn shapes(labels: usize) -> BTreeMap<String, Vec<usize>> {
    let mut shapes = BTreeMap::new();
    let mut table = |name: &str, rows: usize| {
        shapes.insert(format!("bert.embeddings.{name}_embeddings.weight"), vec![rows, WIDTH]);
    };
    table("word", WORDS.split_whitespace().count());
    table("position", 24);
    table("token_type", 2);
    let mut part = |name: &str, weight: Vec<usize>| {
        shapes.insert(format!("{name}.bias"), vec![weight[0]]);
        shapes.insert(format!("{name}.weight"), weight);
    };
    part("bert.embeddings.LayerNorm", vec![WIDTH]);
    for layer in ["bert.encoder.layer.0", "bert.encoder.layer.1"] {
        for name in ["query", "key", "value"] {
            part(&format!("{layer}.attention.self.{name}"), vec![WIDTH, WIDTH]);
        }
        part(&format!("{layer}.attention.output.dense"), vec![WIDTH, WIDTH]);
        part(&format!("{layer}.attention.output.LayerNorm"), vec![WIDTH]);
        part(&format!("{layer}.intermediate.dense"), vec![WIDE, WIDTH]);
        part(&format!("{layer}.output.dense"), vec![WIDTH, WIDE]);
        part(&format!("{layer}.output.LayerNorm"), vec![WIDTH]);
    }
    part("bert.pooler.dense", vec![WIDTH, WIDTH]);
    part("classifier", vec![labels, WIDTH]);
    shapes
}

/// A file of these tensors. In the order of their names, each takes the next numbers of one sequence.
pub(crate) fn safetensors(shapes: &BTreeMap<String, Vec<usize>>) -> Vec<u8> {
    let (mut header, mut data, mut state) = (serde_json::Map::new(), Vec::new(), 1_u32);
    for (name, shape) in shapes {
        let start = data.len();
        for _ in 0..shape.iter().product::<usize>() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = ((state >> 8) as f32 / (1 << 23) as f32 - 1.0) / 4.0;
            let value = if name.ends_with("LayerNorm.weight") { 1.0 + value } else { value };
            data.extend(value.to_le_bytes());
        }
        let offsets = [start, data.len()];
        header.insert(name.clone(), json!({ "dtype": "F32", "shape": shape, "data_offsets": offsets }));
    }
    let mut header = Value::from(header).to_string().into_bytes();
    // The numbers begin at a multiple of eight bytes.
    header.resize(header.len().next_multiple_of(8), b' ');
    [&(header.len() as u64).to_le_bytes()[..], &header, &data].concat()
}
