//! What the simulator asks of a client, and what it hears: a line of JSON each way. An operation is named by seed and
//! number, from which both make it.

use kithkin_core::StoreError;
use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde::{Deserialize, Serialize};

use crate::faults::Fault;
use crate::lives::{self, Live, Timed};
use crate::operations::{self, Op};

/// What a client is asked to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// Open the store.
    Open,
    /// Close it.
    Close,
    /// Apply an operation.
    Do(Named),
    /// Give the state of these persons as hashes, one word each.
    See(Vec<u8>, Look),
    /// Give all that can be seen of a person.
    Show(u8),
    /// Do something with a person through the facade.
    Live(Named),
    /// Give what has come of a person's life: the log, or all of it.
    Lived(u8, bool),
    /// Give what is still there of what a receipt names, a line each.
    Left(String),
    /// Write for these persons, and those with a life, what changes nothing, and for the store what others wait for: what came before is done then.
    Settle(Vec<u8>),
    /// Give what the store finds wrong with itself, a line each.
    Check,
}

/// How a person is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Look {
    /// At the counters, which every write moves.
    Glance,
    /// At all that can be seen.
    View,
    /// At the same, and whether it is sound by itself.
    Closely,
}

/// The name of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Named {
    pub(crate) seed: u64,
    /// Its number in the series of the seed; nothing but compacting where there is none.
    pub(crate) number: Option<u64>,
    /// See [`Op::above`].
    pub(crate) low: (u64, u64),
}

/// A request with the fault that strikes during it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) ask: Ask,
    pub(crate) fault: Option<Fault>,
}

/// The answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Reply {
    /// How many calls went through the layer below the store.
    pub(crate) steps: u64,
    pub(crate) said: Result<String, Failure>,
}

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// Whether the store says that nothing was written.
    pub(crate) taken_back: bool,
    /// Its words.
    pub(crate) why: String,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        // Of the others one says that the engine broke, perhaps during the commit; the rest is never said of a write.
        let taken_back = matches!(
            error,
            StoreError::Full { .. }
                | StoreError::ReadOnly { .. }
                | StoreError::CutShort { .. }
                | StoreError::Busy { .. }
                | StoreError::Unreachable { .. }
                | StoreError::NoAccess { .. }
        );
        Self { taken_back, why: error.to_string() }
    }
}

impl From<kithkin::Error> for Failure {
    fn from(error: kithkin::Error) -> Self {
        match error {
            kithkin::Error::Engine(kithkin::EngineError::Store(error)) => error.into(),
            error => Self { taken_back: false, why: error.to_string() },
        }
    }
}

/// Makes operations.
pub(crate) struct Operations {
    strategy: BoxedStrategy<Op>,
    lives: BoxedStrategy<Timed>,
    config: Config,
}

impl Operations {
    pub(crate) fn new() -> Self {
        Self { strategy: operations::op(), lives: lives::op(), config: Config::default() }
    }

    /// The operation of this number, before it is put above the low numbers.
    pub(crate) fn of(&self, seed: u64, number: Option<u64>) -> Op {
        let Some(number) = number else { return Op::Compact };
        let mut runner = TestRunner::new_with_rng(self.config.clone(), series(seed, number));
        // No part of the strategy refuses a value.
        self.strategy.new_tree(&mut runner).map_or(Op::Compact, |tree| tree.current())
    }

    /// What is done with a person under this number.
    pub(crate) fn live(&self, named: Named) -> Timed {
        let mut runner = TestRunner::new_with_rng(self.config.clone(), series(named.seed, !named.number.unwrap_or(0)));
        self.lives.new_tree(&mut runner).map_or((Live::CatchUp(0), 0), |tree| tree.current())
    }

    pub(crate) fn named(&self, named: Named) -> Op {
        self.of(named.seed, named.number).above(named.low)
    }
}

/// Numbers that look like chance: always the same of a seed and a part of it.
pub(crate) fn series(seed: u64, part: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&part.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}
