//! Takes out of the store what was derived and is of no use: what cannot be read back, and vectors that cannot be
//! compared with those of the embedder in use. It makes nothing anew: that is for a rebuild, or the next time something is
//! remembered.

use kithkin_core::{Scope, UnitId};

use super::Space;
use crate::{Engine, EngineError};

impl Engine {
    /// Takes out memories and vectors of the person that cannot be read back or compared, so that they are missing; gives
    /// how many. What was said is never touched. It reads all of them.
    ///
    /// # Errors
    /// The store failed.
    pub fn mend(&self, scope: &Scope) -> Result<u64, EngineError> {
        let mended = self.store().mend(scope, &[])?;
        match self.unusable_vectors(scope)?.as_slice() {
            [] => Ok(mended),
            units => Ok(mended + self.store().mend(scope, units)?),
        }
    }

    /// The turns and memories whose vectors cannot be compared with those of the embedder in use: they have another length,
    /// or a number that is not finite. They are damaged, or the embedder has changed and kept its name. None without an
    /// embedder.
    ///
    /// # Errors
    /// The store failed, or a record is damaged.
    pub fn unusable_vectors(&self, scope: &Scope) -> Result<Vec<UnitId>, EngineError> {
        let Some(space) = self.embedder().map(Space::of) else { return Ok(Vec::new()) };
        Ok(space.scan(self.store(), scope, 0, &mut |_, _| ())?)
    }
}
