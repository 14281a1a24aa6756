//! Erasing persons with their keys: the rows first, then the keys, so that an erasure that fails has destroyed nothing. What
//! is written of a person meanwhile is written with another key or waits.

use kithkin_core::{Scope, StoreError};

use super::EncryptedStore;
use super::cipher::KeyId;

impl EncryptedStore {
    /// Erases by `erase`, and destroys the keys of those of the persons of whom nothing is there after it.
    pub(super) fn erase_with_keys<T>(
        &self,
        persons: &[&Scope],
        erase: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut going: Vec<(&Scope, Vec<KeyId>)> = Vec::new();
        let begun = persons.iter().try_for_each(|scope| {
            going.push((scope, self.begin(scope)?));
            Ok(())
        });
        let erased = begun.and_then(|()| erase());
        let (mut gone, mut kept) = (Vec::new(), Vec::new());
        for (scope, keys) in going {
            // An error may say that the rows are gone and that their bytes are not.
            let keep = self.below.pulse(scope)?.is_some();
            if keep { &mut kept } else { &mut gone }.extend(keys);
        }
        self.keyring.take_back(&kept)?;
        self.keyring.destroy(&gone, self.clock.now())?;
        erased
    }

    /// Lets the keys of a person go. Of one who is not there only those of an erasure that was cut off: a key that lives is left
    /// alone, since a copy of this store may have the person.
    fn begin(&self, scope: &Scope) -> Result<Vec<KeyId>, StoreError> {
        if self.below.pulse(scope)?.is_none() { self.keyring.going_of(scope) } else { self.keyring.begin_going(scope) }
    }
}
