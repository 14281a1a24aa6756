//! PrefEval: preferences, and questions whose plain answer goes against them.

pub(super) mod choice;
mod data;
pub(super) mod find;
pub(super) mod gate;
