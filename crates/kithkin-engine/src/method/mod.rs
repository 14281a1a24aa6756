//! Methods: which strategy each stage uses, with which parameters.
//!
//! A preset is a TOML file in `methods/`, embedded at build time ([`presets`]); [`Method::parse`] checks it and binds it
//! to the strategies that it names. A preset is data: it holds no code, and code names no paper.

mod spec;
mod strategy;

pub use spec::{About, Method, Paper, SpecError, Status};
pub(crate) use spec::{Bound, Observe};
pub(crate) use strategy::{Strategy, parameters, strategies, strategy_name};

use std::sync::OnceLock;

use crate::EngineError;
use crate::error::near;

/// The presets: file stem and text.
const PRESETS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/presets.rs"));

/// The presets that were asked for, bound: to read one takes as long as to search a small memory.
static BOUND: [OnceLock<Method>; PRESETS.len()] = [const { OnceLock::new() }; PRESETS.len()];

/// The names of the presets, in alphabetical order.
pub fn names() -> impl Iterator<Item = &'static str> {
    PRESETS.iter().map(|(name, _)| *name)
}

/// All presets, bound. The order is alphabetical.
///
/// # Errors
/// None for the presets that are shipped: a test binds each.
pub fn presets() -> Result<Vec<Method>, SpecError> {
    PRESETS.iter().zip(&BOUND).map(|(preset, bound)| once(preset, bound)).collect()
}

/// The preset of this name, bound. It is read once in a process.
///
/// # Errors
/// [`EngineError::UnknownMethod`] with near names.
pub fn preset(name: &str) -> Result<Method, EngineError> {
    let Some((preset, bound)) = PRESETS.iter().zip(&BOUND).find(|((stem, _), _)| *stem == name) else {
        return Err(EngineError::UnknownMethod { name: name.to_owned(), near: near(name, names()) });
    };
    Ok(once(preset, bound)?)
}

fn once((stem, text): &(&str, &str), bound: &OnceLock<Method>) -> Result<Method, SpecError> {
    if let Some(method) = bound.get() {
        return Ok(method.clone());
    }
    let method = Method::parse(&format!("methods/{stem}.toml"), text)?;
    Ok(bound.get_or_init(|| method).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_binds_and_is_named_like_its_file() {
        let methods = presets().unwrap();
        assert_eq!(methods.iter().map(|m| m.about().id.as_str()).collect::<Vec<_>>(), names().collect::<Vec<_>>());
    }

    #[test]
    fn an_unknown_name_gets_near_ones() {
        let check = |name: &str, expect: &str| assert_eq!(preset(name).unwrap_err().to_string(), expect);
        check(
            "hybird",
            "there is no method \"hybird\"; did you mean hybrid or hybrid-window or hybrid-cross-encoder?; `kithkin methods` lists them",
        );
        check("zzz", "there is no method \"zzz\"; `kithkin methods` lists them");
    }

    #[test]
    fn the_version_of_a_prompt_is_part_of_what_is_derived() {
        let preset = |segment: &str| {
            let text = include_str!("../../../../methods/secom-llm.toml")
                .replace("segment = { strategy = \"llm\", turns = 60 }", &format!("segment = {{ {segment} }}"));
            Method::parse("x.toml", &text)
        };
        let method = preset("strategy = \"llm\"").unwrap();
        let id = "{\"segment\":{\"prompt\":1,\"strategy\":\"llm\"},\"extract\":[{\"strategy\":\"span\"}],\
                  \"compress\":{\"prompt\":1,\"strategy\":\"llm\"}}";
        assert_eq!((method.derivation().0.as_str(), method.about().needs_chat), (id, true));
        assert_eq!(preset("strategy = \"llm\", prompt = 1").unwrap().derivation(), method.derivation());
        let error = preset("strategy = \"llm\", prompt = 2").unwrap_err().to_string();
        assert!(error.contains("prompt is 2; it must lie within 1 and 1"), "{error}");
    }

    #[test]
    fn a_wrong_preset_is_told_what_would_be_right() {
        let check = |retrieve: &str, expect: &[&str]| {
            let text = format!(
                "id = \"x\"\ntitle = \"x\"\nsummary = \"x\"\nstatus = \"preview\"\ncost = \"x\"\n[recall]\n\
                 retrieve = [{{ {retrieve} }}]\nfuse = {{ strategy = \"weighted\" }}\n\
                 sessions = {{ strategy = \"best-turn\" }}\nanswer = {{ strategy = \"logistic\" }}\nabstain_below = 0.1"
            );
            let error = Method::parse("x.toml", &text).unwrap_err().to_string();
            assert!(expect.iter().all(|part| error.contains(part)), "{error}");
        };
        check("strategy = \"bm52\"", &["recall.retrieve", "bm52", "did you mean bm25"]);
        check("strategy = \"bm25\", neighbors = {}", &["bm25", "unknown field `neighbors`", "did you mean neighbours"]);
        check("strategy = \"bm25\", k1 = 99.0", &["k1 is 99", "within 0 and 10"]);
        check("strategy = \"bm25\", k1 = \"x\"", &["bm25", "invalid type"]);
        check("strategy = \"memory-bm25\", kind = \"window\"", &["window", "observe makes none"]);
        check("k1 = 1.0", &["needs `strategy", "bm25"]);
    }
}
