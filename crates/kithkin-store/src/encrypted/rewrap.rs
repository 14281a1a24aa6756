//! Changing the master key: all that it wraps is wrapped anew in one transaction, and what is inside stays.
//!
//! Whoever has the keyring open with the old key can unwrap nothing from then on, and is told so. What they could still do
//! without unwrapping, to keep a new key, is refused in the transaction that would keep it. Where the rows are is not known
//! here.

use chacha20poly1305::XChaCha20Poly1305;
use kithkin_core::StoreError;
use zeroize::Zeroizing;

use super::cipher;
use super::keyring::{Inner, KeyRow, Keyring, WRAP, wrap};
use super::master::MasterKey;

impl Keyring {
    /// Wraps every key anew with another master key, in one transaction: from then on the keyring opens with that one alone, and
    /// where this was cut off, with one of the two. The keys themselves stay, so that no store and no copy of one is touched; a
    /// copy of the keyring from before still opens with the old one.
    ///
    /// This handle, and any that is open with the old key, is of no use afterwards: what needs a key gives
    /// [`StoreError::MasterKeyChanged`].
    ///
    /// # Errors
    /// [`StoreError::SameMasterKey`], [`StoreError::MasterKeyChanged`]; [`StoreError::Damaged`] where a key does not unwrap;
    /// full, read-only, busy: then nothing was changed, unless the error says that it is done and old bytes are left.
    pub fn change_master_key(&self, new: &MasterKey) -> Result<(), StoreError> {
        let Inner { rows, id, wrap: old, secret, .. } = &*self.0;
        let aead = cipher::aead(WRAP, new.bytes());
        if cipher::open(&aead, &id.0, secret).is_ok() {
            return Err(StoreError::SameMasterKey { keyring: self.place().to_owned() });
        }
        let plain = cipher::open(old, &id.0, secret).map(Zeroizing::new).map_err(|_| self.changed())?;
        let new_secret = wrap(&aead, &id.0, &plain, self.place())?;
        let mut failed = None;
        let mut anew = |row: &KeyRow| match self.rewrap(row, &aead) {
            Ok(wrapped) => Some(wrapped),
            Err(e) => {
                failed = Some(e);
                None
            }
        };
        let done = rows.rewrap(secret, &new_secret, &mut anew)?;
        if done { Ok(()) } else { Err(failed.unwrap_or_else(|| self.changed())) }
    }

    /// The key of a row, wrapped with another master key.
    fn rewrap(&self, row: &KeyRow, aead: &XChaCha20Poly1305) -> Result<Vec<u8>, StoreError> {
        let opened = row.person.and_then(|person| Some((person, self.open(row, person)?)));
        let (person, key) = opened.ok_or_else(|| {
            self.damaged(
                "a person's key",
                "it does not unwrap: it was changed; `kithkin store verify` says whose it is",
            )
        })?;
        wrap(aead, &self.bound(row.id, person), key.as_slice(), self.place())
    }

    pub(super) fn changed(&self) -> StoreError {
        StoreError::MasterKeyChanged { keyring: self.place().to_owned() }
    }

    /// The error, or, where a key does not unwrap because the master key was changed meanwhile, that it was.
    pub(super) fn or_changed(&self, error: StoreError) -> StoreError {
        let is_of_a_key = matches!(&error, StoreError::Damaged { place, .. } if place == self.place());
        let is_changed = is_of_a_key && self.0.rows.head().is_ok_and(|head| head.secret != self.0.secret);
        if is_changed { self.changed() } else { error }
    }

    /// Fails where the keyring cannot be read, or the master key is no longer its own.
    pub(super) fn probe(&self) -> Result<(), StoreError> {
        if self.0.rows.head()?.secret == self.0.secret { Ok(()) } else { Err(self.changed()) }
    }
}
