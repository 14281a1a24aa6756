//! From a place to an open store: of which kind it is, and whether it is encrypted.

use std::sync::Arc;

use kithkin_core::{Store, StoreError};
use kithkin_engine::EngineError;
use kithkin_store::{EncryptedStore, Keyring, SqliteStore};

use crate::clock::SystemClock;
use crate::{Encryption, Error, Location};

/// A store that is open.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    /// As it is worked with.
    pub(crate) store: Arc<dyn Store>,
    /// As it lies there: the same, or what is below the encryption.
    pub(crate) below: Arc<dyn Store>,
    /// The keys of an encrypted one.
    pub(crate) keyring: Option<Keyring>,
}

impl Opened {
    /// One that is not encrypted.
    pub(crate) fn plain(store: Arc<dyn Store>) -> Self {
        Self { below: Arc::clone(&store), store, keyring: None }
    }

    pub(crate) fn open(location: &Location, encryption: Option<&Encryption>) -> Result<Self, Error> {
        let Some(encryption) = encryption else {
            let store = open(location)?;
            return match store.keyring()? {
                Some(_) => Err(StoreError::Encrypted { place: location.to_string() }.into()),
                None => Ok(Self::plain(store)),
            };
        };
        // The key comes first: with a wrong one not even an older schema is brought up to date.
        let keyring = match encryption.open_keyring() {
            Ok(keyring) => keyring,
            Err(e) => return Err(absent(location).unwrap_or(e)),
        };
        Self::open_encrypted(open(location)?, keyring, location.to_string())
    }

    /// One that lies open, with its keyring.
    pub(crate) fn open_encrypted(below: Arc<dyn Store>, keyring: Keyring, place: String) -> Result<Self, Error> {
        let clock = Arc::new(SystemClock::new());
        let store = Arc::new(EncryptedStore::open(Arc::clone(&below), keyring.clone(), clock, place)?);
        Ok(Self { store, below, keyring: Some(keyring) })
    }

    /// Makes a store, and where it is to be encrypted a keyring for it.
    pub(crate) fn create(location: &Location, encryption: Option<&Encryption>) -> Result<Self, Error> {
        match encryption {
            None => Self::create_with(location, None),
            Some(_) if matches!(location, Location::File(path) if path.exists()) => {
                Err(StoreError::Exists { place: location.to_string() }.into())
            }
            Some(encryption) => encryption.create_keyring(|keyring| Self::create_with(location, Some(keyring))),
        }
    }

    /// Makes a store with the keys of a keyring that is there.
    pub(crate) fn create_with(location: &Location, keyring: Option<Keyring>) -> Result<Self, Error> {
        let below = create(location)?;
        let Some(keyring) = keyring else { return Ok(Self::plain(below)) };
        let clock = Arc::new(SystemClock::new());
        let store = EncryptedStore::create(Arc::clone(&below), keyring.clone(), clock, location.to_string())?;
        Ok(Self { store: Arc::new(store), below, keyring: Some(keyring) })
    }
}

fn open(location: &Location) -> Result<Arc<dyn Store>, Error> {
    match location {
        Location::File(path) => Ok(Arc::new(SqliteStore::open(path)?)),
        #[cfg(feature = "postgres")]
        Location::Database(address) => Ok(Arc::new(kithkin_store::PostgresStore::open(address)?)),
        #[cfg(not(feature = "postgres"))]
        Location::Database(_) => Err(Error::NoDatabase),
    }
}

fn create(location: &Location) -> Result<Arc<dyn Store>, Error> {
    match location {
        Location::File(path) => Ok(Arc::new(SqliteStore::create(path)?)),
        #[cfg(feature = "postgres")]
        Location::Database(address) => Ok(Arc::new(kithkin_store::PostgresStore::create(address)?)),
        #[cfg(not(feature = "postgres"))]
        Location::Database(_) => Err(Error::NoDatabase),
    }
}

/// That there is no store at all, which says more than that its keyring cannot be opened.
fn absent(location: &Location) -> Option<Error> {
    let is_absent = match location {
        Location::File(path) => !path.exists(),
        Location::Database(_) => {
            matches!(open(location), Err(Error::Engine(EngineError::Store(StoreError::Absent { .. }))))
        }
    };
    is_absent.then(|| StoreError::Absent { place: location.to_string() }.into())
}
