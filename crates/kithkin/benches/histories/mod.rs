//! Synthetic histories for the benchmarks, and an embedder that costs nothing, so that what is timed is Kithkin itself.
#![allow(dead_code, reason = "a benchmark uses not all of it")]

use std::ops::ControlFlow;
use std::path::Path;

use kithkin::{
    Builder, ConversationId, EmbedError, Embedder, Embeddings, EventTime, Kithkin, Now, Recall, Role, Scope, SessionId,
    Turn, TurnId,
};

#[path = "../../../kithkin-engine/benches/prose/mod.rs"]
mod prose;

const DIMS: usize = 384;

/// Unit vectors drawn from a hash of the text.
#[derive(Debug)]
pub(crate) struct Hashed;

impl Embedder for Hashed {
    fn model(&self) -> &str {
        "hashed"
    }

    fn dims(&self) -> usize {
        DIMS
    }

    fn embed(&self, texts: &[&str]) -> Result<Embeddings, EmbedError> {
        let mut data = Vec::with_capacity(texts.len() * DIMS);
        for text in texts {
            let mut numbers = prose::Numbers(text.bytes().fold(7, |h: u64, b| h.wrapping_mul(31) + u64::from(b)));
            let row: Vec<f32> = (0..DIMS).map(|_| numbers.unit() as f32 - 0.5).collect();
            let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            data.extend(row.iter().map(|x| x / norm));
        }
        Ok(Embeddings { dims: DIMS, data })
    }
}

/// Turns `from` to `from + count` of a person, 20 to a session, a minute apart.
pub(crate) fn turns(from: usize, count: usize, seed: u64) -> Vec<Turn> {
    let turn = |(number, text): (usize, String)| Turn {
        conversation: ConversationId::new("c").unwrap(),
        session: SessionId::new(format!("s{}", number / 20)).unwrap(),
        id: TurnId::new(format!("t{number}")).unwrap(),
        speaker: if number.is_multiple_of(2) { "Ann" } else { "Bo" }.to_owned(),
        role: Role::User,
        said_at: Some(EventTime::from_millis(1_600_000_000_000 + number as i64 * 60_000).unwrap()),
        text,
        attachments: Vec::new(),
    };
    (from..).zip(prose::texts(count, seed)).map(turn).collect()
}

pub(crate) fn scope(person: usize) -> Scope {
    Scope::new("t".parse().unwrap(), format!("p{person}").parse().unwrap())
}

/// A store in a file with `persons` persons of `count` turns, all with their vectors.
pub(crate) fn filled(path: &Path, persons: usize, count: usize, set_up: impl FnOnce(Builder) -> Builder) -> Kithkin {
    let kithkin = set_up(Kithkin::create(path).unwrap()).start();
    fill(&kithkin, persons, count);
    kithkin
}

/// Writes `persons` persons of `count` turns, all with their vectors.
pub(crate) fn fill(kithkin: &Kithkin, persons: usize, count: usize) {
    for number in 0..persons {
        let person = kithkin.person(&scope(number));
        person.observe(turns(0, count, number as u64)).unwrap();
        person.catch_up(&mut |_| ControlFlow::Continue(())).unwrap();
    }
}

/// A question of six words of content, from common to rare, which is what people ask of a chat.
pub(crate) fn question(method: &str) -> Recall {
    let words = [40, 100, 300, 700, 2_000, 9_000].map(prose::word);
    let method = Some(Kithkin::method(method).unwrap());
    Recall { method, ..Recall::new(format!("What did Ann do with {}?", words.join(" ")), Now::Clock) }
}
