//! The extension behind the Python package `kithkin`: the facade of the crate `kithkin`, method by method.
//!
//! Reports become dictionaries in the form that the command line prints; the package describes their types. Every call that
//! reads, writes or computes lets other Python threads run meanwhile. Nothing here reads the environment.

#![allow(clippy::needless_pass_by_value, reason = "what Python gives arrives as values of its own")]
#![allow(clippy::redundant_closure_for_method_calls, reason = "the methods have a lifetime that a path would fix")]

mod embedder;
mod failure;
mod memory;
mod person;
mod values;

use pyo3::prelude::*;

/// The extension.
#[pymodule]
mod _kithkin {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::memory::{Memory, methods};
    #[pymodule_export]
    use crate::person::Person;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
