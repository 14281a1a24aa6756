//! Where the present comes from.
//!
//! The engine never reads a clock: what "now" means to a recall is an argument. It asks this trait only for how long its
//! own steps took, and when a chat model was given something of a person.

use std::fmt;
use std::time::Duration;

use crate::Millis;

/// A clock, given to the engine from outside.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The wall clock, for the time at which something was recorded.
    fn now(&self) -> Millis;

    /// The time since some fixed moment. It MUST never go back.
    fn elapsed(&self) -> Duration;
}
