//! How likely the model finds each token of a text.
//!
//! The text is read once, and nothing is generated. What it follows stays in the cache, so that many replies to one
//! request cost little more than the replies. A text of its own that is longer than the window is read in parts, each
//! for itself. Cost: the head of the model for every token, which a prompt is spared.

use kithkin_core::{ChatError, ChatRequest, TokenLikelihood};

use super::Gguf;
use super::cache::Cache;

/// The likelihoods of a text: as a reply to the request, or as a text of its own.
pub(super) fn of(model: &Gguf, request: Option<&ChatRequest>, text: &str) -> Result<Vec<TokenLikelihood>, ChatError> {
    // A sign would be one token, and the bytes of the text would no longer be those of its tokens.
    if model.vocabulary.without_signs(text) != text {
        return Err(model.refused("the text has a control sign of the model in it".to_owned()));
    }
    let tokens = model.vocabulary.plain(text).map_err(|e| model.refused(format!("no tokens: {e}")))?;
    let before = match request {
        Some(request) => model.prompt(request)?,
        None => model.vocabulary.before_text().into_iter().collect(),
    };
    let room = model.model.window().saturating_sub(before.len());
    if before.is_empty() || room == 0 || (request.is_some() && tokens.len() > room) {
        let (read, window) = (before.len() + tokens.len(), model.model.window());
        return Err(model.refused(format!("the text and what comes before it have {read} tokens, of {window}")));
    }
    let mut cache = model.cache();
    let mut found = Vec::with_capacity(tokens.len());
    for part in tokens.chunks(room) {
        read(model, &mut cache, &before, part, &mut found)?;
    }
    Ok(found)
}

/// Reads a part of a text after what comes before it.
fn read(
    model: &Gguf,
    cache: &mut Cache,
    before: &[u32],
    part: &[u32],
    found: &mut Vec<TokenLikelihood>,
) -> Result<(), ChatError> {
    // Whatever the cache has of the text itself is read anew, because its scores were not kept.
    let Some((last, earlier)) = cache.reuse(before).split_last() else { return Ok(()) };
    model.model.read_only(earlier, cache);
    let read: Vec<u32> = std::iter::once(*last).chain(part.iter().copied()).take(part.len()).collect();
    let mut next = part.iter();
    let mut damaged = false;
    model.model.read_each(&read, cache, &mut |scores| {
        let Some(token) = next.next() else { return };
        let ln = ln_probability(scores, *token);
        damaged |= !ln.is_finite();
        found.push(TokenLikelihood { bytes: model.vocabulary.bytes(*token).len(), ln });
    });
    if damaged {
        cache.cut(0);
        return Err(model.damaged());
    }
    Ok(())
}

/// The natural logarithm of the probability that these scores give a token (softmax).
fn ln_probability(scores: &[f32], token: u32) -> f32 {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = scores.iter().map(|score| f64::from(score - highest).exp()).sum();
    let own = scores.get(token as usize).copied().unwrap_or(f32::NEG_INFINITY);
    (f64::from(own - highest) - sum.ln()) as f32
}
