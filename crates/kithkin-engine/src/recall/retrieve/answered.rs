//! What somebody said when they were told something like the message: the turn before is compared, the turn is found.
//!
//! A turn gets the cosine of the message and the turn right before it in its session, where somebody else said that one.
//! So a history is read as pairs of what was said and what was answered, and what was answered to the like comes back,
//! even if it shares no word with the message. `typical` adds how near the turn is to the mean of all that its speaker
//! said: what the person is like whatever the message is.
//!
//! Source: Ma et al., *One Chatbot Per Person: Creating Personalized Chatbots based on Implicit User Profiles* (DHAP, 2021),
//! sections 3.2 and 3.3: a key-value memory of posts and responses, weighted by a post, beside a general profile over all
//! responses. There both are trained with a decoder that copies the person's words; here nothing is trained, and nothing
//! is generated.
//!
//! Needs an embedder. Costs a pass over the matrix, and when the index has changed one more for the means.

use std::sync::Arc;

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Needs, Retrieve};
use crate::index::{PersonIndex, Reach, Scratch, Vectors, dot};
use crate::method::Strategy;
use crate::recall::{Doc, SignalKind, View};

/// Parameters of `answered`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Answered {
    /// How much a turn's cosine with the mean of its speaker's turns counts; 0, the default, to 10.
    typical: f32,
}

impl Strategy for Answered {
    fn check(&self) -> Result<(), String> {
        if (0.0..=10.0).contains(&self.typical) {
            return Ok(());
        }
        Err(format!("typical is {}; it must lie within 0 and 10", self.typical))
    }
}

/// The turn right before in the session, where another speaker said it.
fn answers(index: &PersonIndex, doc: Doc) -> Option<Doc> {
    let mut before = None;
    Reach { before: &[1.0], after: &[] }.around(index.links(), doc, |near, _| {
        if near != doc {
            before = Some(near);
        }
    });
    before.filter(|before| index.speaker(*before) != index.speaker(doc))
}

/// Of each speaker the mean direction of their turns, of unit length; empty where there is none.
fn means(index: &PersonIndex, vectors: &Vectors) -> Vec<Vec<f32>> {
    let mut means = vec![Vec::new(); index.speakers().len()];
    for doc in (0..index.docs() as Doc).filter(|doc| index.is_live(*doc)) {
        if let (Some(mean), Some(vector)) = (means.get_mut(index.speaker(doc) as usize), vectors.original(doc)) {
            mean.resize(vector.len(), 0.0);
            mean.iter_mut().zip(vector).for_each(|(sum, x): (&mut f32, &f32)| *sum += x);
        }
    }
    for mean in &mut means {
        let length = dot(mean, mean).sqrt();
        mean.iter_mut().for_each(|x| *x = if length > 0.0 { *x / length } else { 0.0 });
    }
    means
}

impl Answered {
    /// How near a turn is to the mean of its speaker's; 0 where that is not asked for.
    fn typical(&self, index: &PersonIndex) -> impl Fn(Doc) -> f32 {
        let vectors = index.vectors().filter(|_| self.typical > 0.0);
        let means: Option<(&Vectors, Arc<Vec<Vec<f32>>>)> =
            vectors.map(|vectors| (vectors, index.built("mean turn of each speaker", || means(index, vectors))));
        move |doc| {
            let near = || {
                let (vectors, means) = means.as_ref()?;
                let mean = means.get(index.speaker(doc) as usize).filter(|mean| !mean.is_empty())?;
                Some(dot(vectors.original(doc)?, mean))
            };
            near().unwrap_or(0.0)
        }
    }
}

impl Retrieve for Answered {
    fn name(&self) -> String {
        "cosine of what the turn answers".into()
    }

    fn kind(&self) -> SignalKind {
        SignalKind::Cosine
    }

    fn needs(&self) -> Needs {
        Needs { embedder: true, ..Needs::default() }
    }

    fn score(&self, view: &View<'_>, scratch: &mut Scratch, out: &mut Vec<f32>) {
        let index = view.index;
        let own = &mut scratch.numbers;
        super::cosines(index.vectors(), view, index.docs(), own);
        let typical = self.typical(index);
        out.extend((0..index.docs() as Doc).map(|doc| {
            let before = answers(index, doc).filter(|_| index.is_live(doc));
            let cosine = before.and_then(|before| own.get(before as usize)).copied().unwrap_or(f32::NAN);
            cosine + self.typical * typical(doc)
        }));
    }

    fn explain(&self, view: &View<'_>, doc: Doc, score: f32) -> Explanation {
        let root = Explanation::new(self.name(), score);
        if self.typical > 0.0 {
            return root.with(Explanation::new("cosine with the mean of the speaker", self.typical(view.index)(doc)));
        }
        root
    }
}
