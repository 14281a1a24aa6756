//! Takes out of the store what was derived and is of no use: what cannot be read back, and vectors that are not as long as
//! those of the embedder in use. It makes nothing anew: that is for a rebuild, or the next time something is remembered.

use std::ops::ControlFlow;

use kithkin_core::{Scope, UnitId};

use super::vector_space;
use crate::{Engine, EngineError};

impl Engine {
    /// Takes out memories and vectors of the person that cannot be read back or compared, so that they are missing; gives
    /// how many. What was said is never touched. It reads all of them.
    ///
    /// # Errors
    /// The store failed.
    pub fn mend(&self, scope: &Scope) -> Result<u64, EngineError> {
        let mended = self.store().mend(scope, &[])?;
        match self.of_another_length(scope)?.as_slice() {
            [] => Ok(mended),
            units => Ok(mended + self.store().mend(scope, units)?),
        }
    }

    /// The turns and memories whose vectors have another length than those of the embedder in use: they are
    /// damaged, or it has changed and kept its name. None without an embedder.
    ///
    /// # Errors
    /// The store failed, or a record is damaged.
    pub fn of_another_length(&self, scope: &Scope) -> Result<Vec<UnitId>, EngineError> {
        let Some(embedder) = self.embedder() else { return Ok(Vec::new()) };
        let mut units = Vec::new();
        self.store().scan_vectors(scope, &vector_space(embedder), 0, &mut |(unit, vector)| {
            if vector.len() != embedder.dims() {
                units.push(unit);
            }
            ControlFlow::Continue(())
        })?;
        Ok(units)
    }
}
