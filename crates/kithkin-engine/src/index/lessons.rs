//! The feedback of one person as a learner reads it: the question's vector, and the turns that were shown.
//!
//! Only feedback whose question has a vector in the searched space is held. It is kept with places in the log, not with
//! numbers of turns: a turn that was replaced since is looked up in vain, and so plays no part.

use std::ops::ControlFlow;

use kithkin_core::{Millis, Scope, Shown, Store, StoreError, StoredFeedback};

use crate::observe::Space;

/// What one recall showed.
pub(crate) struct Lesson {
    /// The question's vector.
    pub(crate) question: Vec<f32>,
    /// The turns, best first.
    pub(crate) shown: Vec<Shown>,
}

/// All feedback of one person, in the order in which it was given.
#[derive(Default)]
pub(super) struct Lessons {
    all: Vec<Lesson>,
    /// The number of the last feedback that was read.
    last: u64,
    latest: Option<Millis>,
}

impl Lessons {
    /// Reads on where the last call ended. Only what was asked by `bound` is taken in.
    pub(super) fn load(
        &mut self,
        store: &dyn Store,
        scope: &Scope,
        space: &Space,
        bound: Millis,
    ) -> Result<(), StoreError> {
        store.scan_feedback(scope, self.last, &mut |stored| {
            self.last = self.last.max(stored.number);
            self.add(stored, space, bound);
            ControlFlow::Continue(())
        })
    }

    fn add(&mut self, StoredFeedback { feedback, .. }: StoredFeedback, space: &Space, bound: Millis) {
        if feedback.asked_at > bound {
            return;
        }
        self.latest = self.latest.max(Some(feedback.asked_at));
        // One that is no vector would make everything that is learned after it no number.
        if let Some(of_question) =
            feedback.vector.filter(|asked| asked.space == space.name && space.holds(&asked.vector))
        {
            self.all.push(Lesson { question: of_question.vector, shown: feedback.shown });
        }
    }

    pub(super) fn all(&self) -> &[Lesson] {
        &self.all
    }

    /// The last moment at which a question was asked.
    pub(super) fn latest(&self) -> Option<Millis> {
        self.latest
    }

    /// Bytes on the heap, near enough for a cache.
    pub(super) fn bytes(&self) -> usize {
        let lesson = |l: &Lesson| l.question.capacity() * 4 + l.shown.capacity() * size_of::<Shown>();
        self.all.iter().map(lesson).sum::<usize>() + self.all.capacity() * size_of::<Lesson>()
    }
}
