//! The byte-level BPE of a GGUF file, and the text of the tokens that a model gives, as it comes.
//!
//! Needs `tokenizer.ggml.model` to be `gpt2` and `tokenizer.ggml.pre` to be one of [`SPLITS`]: how a text is cut before
//! its parts are merged is not in the file but in the program that reads it, and a wrong cut gives wrong tokens without
//! an error. SentencePiece vocabularies are an error.

use std::collections::HashMap;

use candle_core::quantized::gguf_file::Value;
use kithkin_core::ChatError;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, PreTokenizerWrapper, SplitDelimiterBehavior};

use super::file::GgufFile;

/// The ways to cut a text that are known, as `tokenizer.ggml.pre` names them.
const SPLITS: [&str; 3] = ["smollm", "gpt-2", "llama-bpe"];
/// How Llama 3 cuts a text.
const LLAMA_3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Tokens that end a turn in the templates of models of this form, where the file does not say.
const ENDS: [&str; 6] = ["<|im_end|>", "<|eot_id|>", "<|end|>", "<|endoftext|>", "<|end_of_text|>", "</s>"];
/// `tokenizer.ggml.token_type` of a token that is no text but a sign, and of one that is a text of its own.
const CONTROL: i64 = 3;
const USER_DEFINED: i64 = 4;

/// The vocabulary of a model.
#[derive(Debug)]
pub(super) struct Vocabulary {
    tokenizer: tokenizers::Tokenizer,
    /// The bytes of each token; those of a sign are none.
    bytes: Vec<Vec<u8>>,
    /// The signs, as texts.
    signs: Vec<String>,
    ends: Vec<u32>,
    first: Option<u32>,
    last: Option<u32>,
    /// Whether the first sign goes before every prompt.
    adds_first: bool,
}

impl Vocabulary {
    /// Builds it from the metadata, in about 0.1 s for 50,000 tokens.
    pub(super) fn load(file: &GgufFile) -> Result<Self, ChatError> {
        let bad = |e: tokenizers::Error| file.bad(&format!("its tokenizer cannot be used ({e})"));
        match file.text("tokenizer.ggml.model")? {
            "gpt2" => {}
            other => return Err(file.bad(&format!("its tokenizer is {other}, and only byte-level BPE (gpt2) can run"))),
        }
        let tokens = file.texts("tokenizer.ggml.tokens")?;
        let merges = file.texts("tokenizer.ggml.merges")?;
        let merges = merges.iter().map(|m| m.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())));
        let merges: Option<Vec<_>> = merges.collect();
        let merges = merges.ok_or_else(|| file.bad("tokenizer.ggml.merges has a line that is no pair"))?;
        let ids: Vocab = tokens.iter().map(|t| (*t).to_owned()).zip(0..).collect();
        let (split, ignore_merges) = split(file)?;
        let model = BPE::builder().vocab_and_merges(ids.clone(), merges).ignore_merges(ignore_merges);
        let mut tokenizer = tokenizers::Tokenizer::new(model.build().map_err(bad)?);
        tokenizer.with_pre_tokenizer(Some(split));
        let kind = kinds(file, tokens.len())?;
        let added = |of: i64| tokens.iter().zip(&kind).filter(move |(_, kind)| **kind == of).map(|(token, _)| *token);
        let sign = |token: &str| AddedToken::from(token.to_owned(), true).normalized(false);
        tokenizer.add_special_tokens(added(CONTROL).map(sign)).map_err(bad)?;
        let plain = |token: &str| AddedToken::from(token.to_owned(), false).normalized(false);
        tokenizer.add_tokens(added(USER_DEFINED).map(plain)).map_err(bad)?;
        let letters = letters();
        let bytes = |(token, kind): (&&str, &i64)| match *kind {
            CONTROL => Vec::new(),
            USER_DEFINED => token.as_bytes().to_vec(),
            _ => token
                .chars()
                .flat_map(|c| letters.get(&c).map_or_else(|| c.to_string().into_bytes(), |b| vec![*b]))
                .collect(),
        };
        let id = |key: &str| {
            file.value(key).map_or(Ok(None), |_| {
                let id = file.number(key)?;
                if id < tokens.len() {
                    Ok(u32::try_from(id).ok())
                } else {
                    Err(file.bad(&format!("{key} is no token")))
                }
            })
        };
        let named = ENDS.iter().filter_map(|end| ids.get(*end).copied());
        let mut ends: Vec<u32> = named.filter(|id| kind.get(*id as usize) == Some(&CONTROL)).collect();
        let (first, last) = (id("tokenizer.ggml.bos_token_id")?, id("tokenizer.ggml.eos_token_id")?);
        ends.extend([last, id("tokenizer.ggml.eot_token_id")?].into_iter().flatten());
        let adds_first = matches!(file.value("tokenizer.ggml.add_bos_token"), Some(Value::Bool(true)));
        let signs = added(CONTROL).map(str::to_owned).filter(|sign| !sign.is_empty()).collect();
        let bytes = tokens.iter().zip(&kind).map(bytes).collect();
        Ok(Self { tokenizer, bytes, signs, ends, first, last, adds_first })
    }

    /// How many tokens there are.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The tokens of a rendered template: signs are told from text.
    pub(super) fn tokens(&self, rendered: &str) -> Result<Vec<u32>, String> {
        let ids = self.plain(rendered)?;
        let first = self.first.filter(|first| self.adds_first && ids.first() != Some(first));
        Ok(first.into_iter().chain(ids).collect())
    }

    /// The tokens of a plain text. Signs in it are read as signs, so they are to be taken out before.
    pub(super) fn plain(&self, text: &str) -> Result<Vec<u32>, String> {
        let encoding = self.tokenizer.encode_fast(text, false).map_err(|e| e.to_string())?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The sign before a text of its own: the one that begins a text, or else the one that ends the text before.
    pub(super) fn before_text(&self) -> Option<u32> {
        self.first.or(self.last)
    }

    /// A message's words, with every sign in them broken by an invisible space: a message cannot end itself, nor speak as
    /// another.
    pub(super) fn without_signs(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for sign in self.signs.iter().filter(|sign| sign.chars().count() > 1) {
            if let (true, Some((head, rest))) =
                (text.contains(sign), sign.split_at_checked(sign.chars().next().map_or(0, char::len_utf8)))
            {
                text = text.replace(sign, &format!("{head}\u{200b}{rest}"));
            }
        }
        text
    }

    /// Whether a token ends the turn.
    pub(super) fn ends(&self, token: u32) -> bool {
        self.ends.contains(&token)
    }

    /// The texts of the tokens that end a turn: a small model spells them at times.
    pub(super) fn end_texts(&self) -> Vec<&str> {
        let text = |id: &u32| self.tokenizer.get_added_vocabulary().simple_id_to_token(*id);
        let texts: Vec<String> = self.ends.iter().filter_map(text).collect();
        self.signs.iter().map(String::as_str).filter(|sign| texts.iter().any(|text| text == sign)).collect()
    }

    /// The bytes that a token stands for.
    pub(super) fn bytes(&self, token: u32) -> &[u8] {
        self.bytes.get(token as usize).map_or(&[], Vec::as_slice)
    }

    /// The sign that begins a text, for templates that write it; empty where the file names none.
    pub(super) fn first_sign(&self) -> String {
        self.first.and_then(|id| self.tokenizer.id_to_token(id)).unwrap_or_default()
    }

    /// The sign that ends a text, likewise.
    pub(super) fn last_sign(&self) -> String {
        self.last.and_then(|id| self.tokenizer.id_to_token(id)).unwrap_or_default()
    }
}

/// How a text is cut, and whether a part that is a token as a whole is one.
fn split(file: &GgufFile) -> Result<(PreTokenizerWrapper, bool), ChatError> {
    let name = file.text("tokenizer.ggml.pre")?;
    let bytes = |regex: bool| PreTokenizerWrapper::ByteLevel(ByteLevel::new(false, true, regex));
    let steps = match name {
        "gpt-2" => return Ok((bytes(true), false)),
        "smollm" => vec![PreTokenizerWrapper::Digits(Digits::new(true)), bytes(true)],
        "llama-bpe" => {
            let pattern = SplitPattern::Regex(LLAMA_3.to_owned());
            let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false);
            let split = split.map_err(|e| file.bad(&format!("its tokenizer cannot be used ({e})")))?;
            vec![PreTokenizerWrapper::Split(split), bytes(false)]
        }
        other => {
            let known = SPLITS.join(", ");
            return Err(file.bad(&format!("its tokenizer cuts texts as {other}, and only {known} are known")));
        }
    };
    Ok((PreTokenizerWrapper::Sequence(Sequence::new(steps)), name == "llama-bpe"))
}

/// The kind of each token.
fn kinds(file: &GgufFile, tokens: usize) -> Result<Vec<i64>, ChatError> {
    let key = "tokenizer.ggml.token_type";
    let Some(value) = file.value(key) else { return Ok(vec![1; tokens]) };
    let kind = |value: &Value| match value {
        Value::I32(kind) => Some(i64::from(*kind)),
        value => value.to_i64().ok().or_else(|| value.to_u64().ok().and_then(|kind| i64::try_from(kind).ok())),
    };
    let kinds: Option<Vec<i64>> = value.to_vec().ok().and_then(|values| values.iter().map(kind).collect());
    let kinds = kinds.filter(|kinds| kinds.len() == tokens);
    kinds.ok_or_else(|| file.bad(&format!("{key} is no list of {tokens} numbers")))
}

/// The byte that each letter of a byte-level vocabulary stands for: printable bytes for themselves, the others, in order,
/// for the letters from 256 on (GPT-2).
fn letters() -> HashMap<char, u8> {
    let printable = |b: u8| matches!(b, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let own = (0..=255).filter(|b| printable(*b)).map(|b| (char::from(b), b));
    let others = (0..=255).filter(|b| !printable(*b)).zip(256_u32..);
    own.chain(others.filter_map(|(b, letter)| Some((char::from_u32(letter)?, b)))).collect()
}

/// Bytes that become text as soon as they are whole characters. What is no UTF-8 becomes U+FFFD.
#[derive(Debug, Default)]
pub(super) struct Characters {
    waiting: Vec<u8>,
}

impl Characters {
    /// Takes more bytes, and gives the characters that are whole.
    pub(super) fn push(&mut self, bytes: &[u8]) -> String {
        self.waiting.extend_from_slice(bytes);
        let mut text = String::new();
        let mut used = 0;
        for chunk in self.waiting.utf8_chunks() {
            text.push_str(chunk.valid());
            used += chunk.valid().len();
            // The beginning of a character at the very end may still become whole.
            let open = std::str::from_utf8(&self.waiting[used..])
                .is_err_and(|e| e.valid_up_to() == 0 && e.error_len().is_none());
            if open || chunk.invalid().is_empty() {
                break;
            }
            text.push(char::REPLACEMENT_CHARACTER);
            used += chunk.invalid().len();
        }
        self.waiting.drain(..used);
        text
    }

    /// What is left at the end.
    pub(super) fn finish(self) -> String {
        String::from_utf8_lossy(&self.waiting).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_byte_has_a_letter_of_its_own() {
        let letters = letters();
        assert_eq!(letters.len(), 256);
        assert_eq!((letters[&'Ġ'], letters[&'Ċ'], letters[&'a'], letters[&'Ń']), (b' ', b'\n', b'a', 0xad));
    }

    proptest! {
        #[test]
        fn bytes_in_any_pieces_make_the_same_text(
            bytes in prop_oneof!["[a-zé猫🙂]{0,12}".prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..12)],
            size in 1_usize..5,
        ) {
            let mut characters = Characters::default();
            let mut text: String = bytes.chunks(size).map(|piece| characters.push(piece)).collect();
            text += &characters.finish();
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
}
