//! Finding what was derived and does not decrypt. Taking it out is for the store below.

use std::ops::ControlFlow;

use kithkin_core::{DerivedSession, Scope, Store, StoreError, UnitId};

use super::EncryptedStore;

impl EncryptedStore {
    /// The turns whose vectors do not decrypt, and the memories of which the text or the vector does not.
    ///
    /// A record whose first bytes are damaged seems to have a key that nobody knows. It is one of these, unless the log needs
    /// such a key as well: then the keyring is at fault.
    pub(super) fn undecryptable(&self, scope: &Scope) -> Result<Vec<UnitId>, StoreError> {
        let first = Store::scan_turns(self, scope, 0, &mut |_| ControlFlow::Break(()));
        if let Err(e @ StoreError::KeyGone { .. }) = first {
            return Err(e);
        }
        let (mut reader, mut units, mut failed) = (self.reader(scope), Vec::new(), Ok(()));
        let mut note = |unit, read: Result<(), StoreError>| match read {
            Ok(()) => ControlFlow::Continue(()),
            Err(StoreError::Damaged { .. } | StoreError::KeyGone { destroyed_at: None, .. }) => {
                units.push(unit);
                ControlFlow::Continue(())
            }
            Err(e) => {
                failed = Err(e);
                ControlFlow::Break(())
            }
        };
        let mut memories = |derived: DerivedSession| {
            derived.memories.into_iter().try_for_each(|one| {
                let unit = UnitId::Memory(one.id);
                note(unit, reader.memory(&derived.derivation, one).map(drop))
            })
        };
        self.below.scan_derived(scope, &mut memories)?;
        let mut plain = Vec::new();
        for counted in self.below.vector_counts(scope)? {
            let space = &counted.space;
            let mut vectors =
                |(unit, vector): (UnitId, &[f32])| note(unit, reader.vector(space, unit, vector, &mut plain));
            self.below.scan_vectors(scope, space, 0, &mut vectors)?;
        }
        failed.map(|()| units)
    }
}
