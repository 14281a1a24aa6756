//! The keys of persons: one each, drawn at random, wrapped with the master key, and destroyed with the person.
//!
//! A keyring is a file or database of its own, and never part of a store, its copies or its backups: whoever has all of
//! these and the master key still reads nobody whose key was destroyed. It names nobody: keys are found by a keyed hash of
//! whose they are, and by their own number, which each ciphertext has before it. No key is kept in memory between two
//! calls, so that one that is destroyed by another process is not used any longer.
//!
//! What takes turns so that nothing is written with a key that is on its way out is told at [`Rows`]. How the master key is
//! changed is beside, in `rewrap.rs`.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use chacha20poly1305::XChaCha20Poly1305;
use kithkin_core::{KeyringId, Millis, Scope, StoreError};
use zeroize::{Zeroize, Zeroizing};

use super::cipher::{self, Cipher, KeyId, PersonKey};
use super::master::MasterKey;
use crate::sqlite::KeyringFile;

/// Sets what the keys are for apart, and names the form of what is kept.
pub(super) const WRAP: &str = "kithkin 2026 keyring wrapping 1";
const PERSON: &str = "kithkin 2026 keyring person 1";

/// A keyed hash of whose a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PersonHash(pub(crate) [u8; 32]);

/// What a keyring is known by: its name, and a secret of its own that only the right master key unwraps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) id: KeyringId,
    pub(crate) secret: Vec<u8>,
}

/// A key that is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewKey {
    pub(crate) id: KeyId,
    pub(crate) person: PersonHash,
    pub(crate) wrapped: Vec<u8>,
}

/// How a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It encrypts and decrypts.
    Live,
    /// An erasure of its person has begun: it decrypts what is still there, and nothing more is written with it.
    Going,
    /// It is no more, since then.
    Destroyed(Millis),
}

impl Fate {
    /// Of a key that was destroyed then, or that so many erasures have begun to let go.
    pub(crate) fn of(destroyed_at: Option<Millis>, going: i64) -> Self {
        match (destroyed_at, going) {
            (Some(at), _) => Self::Destroyed(at),
            (None, 0) => Self::Live,
            (None, _) => Self::Going,
        }
    }
}

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyRow {
    pub(crate) id: KeyId,
    /// Nobody's, and empty, where it is destroyed.
    pub(crate) person: Option<PersonHash>,
    pub(crate) wrapped: Vec<u8>,
    pub(crate) fate: Fate,
}

/// A key on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Going {
    pub(crate) person: PersonHash,
    pub(crate) key: KeyId,
}

/// Wraps the key of a row anew; `None` ends the change.
pub(crate) type Rewrap<'a> = &'a mut dyn FnMut(&KeyRow) -> Option<Vec<u8>>;

/// That old bytes of keys are still there.
pub(crate) const LEFT: &str = "bytes of old keys are still in the keyring; `kithkin store compact` takes them away";

/// Why old bytes of keys are still there, though what was asked is done.
pub(crate) fn left_behind(error: StoreError) -> StoreError {
    let told = |place| {
        format!(
            "{place} (its keys are changed, but old bytes of them may still be there; `kithkin store compact` takes them away)"
        )
    };
    let doing = "rewriting the keyring";
    match error {
        StoreError::Busy { place, waited_ms } => StoreError::Busy { place: told(place), waited_ms },
        // Not as these, which say that the write was taken back.
        StoreError::Full { place } => {
            StoreError::Engine { place: told(place), doing, why: "the disk is full".to_owned() }
        }
        StoreError::CutShort { place, why } => StoreError::Engine { place: told(place), doing, why },
        other => other,
    }
}

/// Where the rows of a keyring are. What is in them, nobody there knows.
///
/// Implementations MUST hold: a write is durable when the call returns; while `hold` runs its work, none of the keys that it
/// was given begins to go, in this process or another: who wants that waits.
pub(crate) trait Rows: Send + Sync + fmt::Debug {
    /// Where it is, without a password.
    fn place(&self) -> &str;

    fn head(&self) -> Result<Head, StoreError>;

    /// Calls `work` once with the newest key of each person, live or going.
    fn hold(&self, persons: &[PersonHash], work: &mut dyn FnMut(&[Option<KeyRow>])) -> Result<(), StoreError>;

    fn find(&self, id: KeyId) -> Result<Option<KeyRow>, StoreError>;

    /// Keeps keys of persons; passes over those who have one that is live. `false`, and nothing is kept, where `secret` is not
    /// the keyring's as it is wrapped now.
    fn add(&self, secret: &[u8], keys: &[NewKey]) -> Result<bool, StoreError>;

    /// Puts what `anew` gives in the place of each wrapped key, and `new` in that of the secret, all in one transaction; the
    /// bytes of the old ones leave the files. `false`, and nothing is changed, where the secret is not `old`, or `anew` gives
    /// nothing. It may be called again for the same key.
    fn rewrap(&self, old: &[u8], new: &[u8], anew: Rewrap<'_>) -> Result<bool, StoreError>;

    /// Lets all keys of a person go, after everyone who holds them is done; gives which these are.
    fn begin_going(&self, person: PersonHash) -> Result<Vec<KeyId>, StoreError>;

    /// Takes one beginning back.
    fn take_back(&self, keys: &[KeyId]) -> Result<(), StoreError>;

    /// Destroys keys, so that their bytes leave the files as well.
    fn destroy(&self, keys: &[KeyId], at: Millis) -> Result<(), StoreError>;

    /// Lets bytes of old keys leave the files, where a change was cut off before they had.
    fn purge(&self) -> Result<(), StoreError>;

    /// The keys that are going.
    fn going(&self) -> Result<Vec<Going>, StoreError>;

    /// What the engine's own check finds wrong.
    fn check(&self) -> Result<Vec<String>, StoreError>;

    /// Writes all of it, as it is at one moment, into a new file.
    fn copy(&self, file: &Path) -> Result<(), StoreError>;

    /// Removes all of it, if it has no key.
    fn remove_unused(&self) -> Result<(), StoreError>;
}

/// The keys of the persons of one store and of its copies.
#[derive(Debug, Clone)]
pub struct Keyring(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) rows: Box<dyn Rows>,
    pub(super) id: KeyringId,
    pub(super) wrap: XChaCha20Poly1305,
    /// The secret as it was wrapped when this was opened: with another master key, and each time anew, it is wrapped otherwise.
    pub(super) secret: Vec<u8>,
    /// Of the hashes of whose a key is.
    names: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// What became of a write that needs persons' keys.
pub(super) enum Held<T> {
    /// It ran, and gave this.
    Done(T),
    /// The persons at these places have no key.
    Missing(Vec<usize>),
    /// The person at this place is being erased.
    Going(usize),
}

impl Keyring {
    /// Makes a keyring in a new file.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if anything is there already; read-only or full; no random numbers: then nothing is left
    /// behind.
    pub fn create_file(path: &Path, master: &MasterKey) -> Result<Self, StoreError> {
        let head = new_head(master, &path.display().to_string())?;
        Self::unlock(Box::new(KeyringFile::create(path, &head)?), master)
    }

    /// Opens the keyring in a file, and writes nothing.
    ///
    /// # Errors
    /// [`StoreError::NoKeyring`], [`StoreError::TooNew`], [`StoreError::WrongKey`].
    pub fn open_file(path: &Path, master: &MasterKey) -> Result<Self, StoreError> {
        Self::unlock(Box::new(KeyringFile::open(path)?), master)
    }

    /// Makes a keyring in the database at `url`, in a schema named `kithkin_keyring`. It should be another database than the
    /// store's, with backups of its own.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if it has one already; [`StoreError::Address`], [`StoreError::Unreachable`].
    #[cfg(feature = "postgres")]
    pub fn create_database(url: &str, master: &MasterKey) -> Result<Self, StoreError> {
        let head = new_head(master, "a new keyring")?;
        Self::unlock(Box::new(crate::postgres::KeyringDatabase::create(url, &head)?), master)
    }

    /// Opens the keyring in the database at `url`, and writes nothing.
    ///
    /// # Errors
    /// [`StoreError::NoKeyring`], [`StoreError::TooNew`], [`StoreError::WrongKey`]; [`StoreError::Address`],
    /// [`StoreError::Unreachable`].
    #[cfg(feature = "postgres")]
    pub fn open_database(url: &str, master: &MasterKey) -> Result<Self, StoreError> {
        Self::unlock(Box::new(crate::postgres::KeyringDatabase::open(url)?), master)
    }

    /// Writes a copy of a keyring that is a file into a new file. It has every key of now, those included that are destroyed
    /// later: it is to be replaced by a newer one, and not kept.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if anything is there already; read-only or full: then nothing is left behind. A keyring in a
    /// database is copied by the database's own programs.
    pub fn copy(&self, file: &Path) -> Result<(), StoreError> {
        self.0.rows.copy(file)
    }

    /// Removes the keyring again, if no key was ever kept in it: for one whose store could not be made.
    ///
    /// # Errors
    /// Read-only, busy.
    pub fn remove_unused(&self) -> Result<(), StoreError> {
        self.0.rows.remove_unused()
    }

    fn unlock(rows: Box<dyn Rows>, master: &MasterKey) -> Result<Self, StoreError> {
        let wrap = cipher::aead(WRAP, master.bytes());
        let Head { id, secret } = rows.head()?;
        let Ok(plain) = cipher::open(&wrap, &id.0, &secret) else {
            return Err(StoreError::WrongKey { keyring: rows.place().to_owned() });
        };
        let names = Zeroizing::new(blake3::derive_key(PERSON, &Zeroizing::new(plain)));
        Ok(Self(Arc::new(Inner { rows, id, wrap, secret, names })))
    }

    pub(super) fn damaged(&self, what: impl Into<String>, why: &str) -> StoreError {
        StoreError::Damaged { place: self.place().to_owned(), what: what.into(), why: why.to_owned() }
    }

    /// What it is told apart by.
    pub fn id(&self) -> KeyringId {
        self.0.id
    }

    /// Where it is, without a password.
    pub fn place(&self) -> &str {
        self.0.rows.place()
    }

    fn hash(&self, scope: &Scope) -> PersonHash {
        let mut hasher = blake3::Hasher::new_keyed(&self.0.names);
        for name in [scope.tenant.as_str(), scope.person.as_str()] {
            // The length keeps ("ab", "c") apart from ("a", "bc").
            hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
        }
        let hash = PersonHash(*hasher.finalize().as_bytes());
        hasher.zeroize();
        hash
    }

    /// To what a wrapped key is bound: nobody can put one person's in the place of another's.
    pub(super) fn bound(&self, id: KeyId, person: PersonHash) -> Vec<u8> {
        [self.0.id.0.as_slice(), &id.0, &person.0].concat()
    }

    /// The key of a row that is the person's, if it unwraps.
    pub(super) fn open(&self, row: &KeyRow, person: PersonHash) -> Option<PersonKey> {
        let opened = cipher::open(&self.0.wrap, &self.bound(row.id, person), &row.wrapped);
        let key = opened.ok().map(Zeroizing::new)?;
        key.first_chunk().map(|key| Zeroizing::new(*key))
    }

    fn unwrap(&self, scope: &Scope, row: &KeyRow) -> Result<Cipher, StoreError> {
        let damaged = || self.damaged(format!("the key of {scope}"), "it does not unwrap: it was changed");
        Ok(Cipher::new(row.id, &self.open(row, self.hash(scope)).ok_or_else(damaged)?))
    }

    /// The cipher of a ciphertext of the person, `None` where the key is another's; `store` is where that stands, for errors.
    pub(super) fn cipher(&self, scope: &Scope, id: KeyId, store: &str) -> Result<Option<Cipher>, StoreError> {
        let destroyed_at = match self.0.rows.find(id)? {
            Some(KeyRow { fate: Fate::Destroyed(at), .. }) => Some(at),
            Some(row) if row.person != Some(self.hash(scope)) => return Ok(None),
            Some(row) => return self.unwrap(scope, &row).map(Some).map_err(|e| self.or_changed(e)),
            None => None,
        };
        Err(self.gone(scope, store, destroyed_at))
    }

    /// That what is kept of the person is lost.
    pub(super) fn gone(&self, scope: &Scope, store: &str, destroyed_at: Option<Millis>) -> StoreError {
        let (person, keyring) = (scope.person.to_string(), self.place().to_owned());
        StoreError::KeyGone { place: store.to_owned(), person, keyring, destroyed_at }
    }

    /// Runs `write` with the keys of the persons, if all have one. None of them begins to go meanwhile.
    pub(super) fn hold<T>(
        &self,
        scopes: &[&Scope],
        mut write: impl FnMut(&[Cipher]) -> Result<T, StoreError>,
    ) -> Result<Held<T>, StoreError> {
        let persons: Vec<PersonHash> = scopes.iter().map(|scope| self.hash(scope)).collect();
        let mut held = None;
        let mut work = |rows: &[Option<KeyRow>]| {
            held = Some(self.with_rows(scopes, rows).and_then(|found| match found {
                Held::Done(ciphers) => write(&ciphers).map(Held::Done),
                Held::Missing(whose) => Ok(Held::Missing(whose)),
                Held::Going(whose) => Ok(Held::Going(whose)),
            }));
        };
        self.0.rows.hold(&persons, &mut work)?;
        // Rows that were never given are those of nobody. What is asked of the keyring is asked when nothing is held.
        held.unwrap_or_else(|| Ok(Held::Missing((0..scopes.len()).collect()))).map_err(|e| self.or_changed(e))
    }

    fn with_rows(&self, scopes: &[&Scope], rows: &[Option<KeyRow>]) -> Result<Held<Vec<Cipher>>, StoreError> {
        let missing: Vec<usize> = (0..scopes.len()).filter(|at| rows.get(*at).is_none_or(Option::is_none)).collect();
        if !missing.is_empty() {
            return Ok(Held::Missing(missing));
        }
        let going = rows.iter().flatten().position(|row| row.fate != Fate::Live);
        if let Some(whose) = going {
            return Ok(Held::Going(whose));
        }
        let unwrap = |(row, scope): (&KeyRow, &&Scope)| self.unwrap(scope, row);
        Ok(Held::Done(rows.iter().flatten().zip(scopes).map(unwrap).collect::<Result<_, _>>()?))
    }

    /// Draws a key for each of the persons who has none. With a master key that is no longer the keyring's none is kept, since
    /// nobody could unwrap it.
    pub(super) fn add(&self, scopes: &[&Scope]) -> Result<(), StoreError> {
        if scopes.is_empty() {
            return Ok(());
        }
        let new = |scope: &&Scope| {
            let (id, person) = (KeyId(random(self.place())?), self.hash(scope));
            let key = random_key(self.place())?;
            let wrapped = wrap(&self.0.wrap, &self.bound(id, person), key.as_slice(), self.place())?;
            Ok(NewKey { id, person, wrapped })
        };
        let keys = scopes.iter().map(new).collect::<Result<Vec<_>, StoreError>>()?;
        if self.0.rows.add(&self.0.secret, &keys)? { Ok(()) } else { Err(self.changed()) }
    }

    /// Lets the keys of the person go: from now on nothing is written with them.
    pub(super) fn begin_going(&self, scope: &Scope) -> Result<Vec<KeyId>, StoreError> {
        self.0.rows.begin_going(self.hash(scope))
    }

    pub(super) fn take_back(&self, keys: &[KeyId]) -> Result<(), StoreError> {
        if keys.is_empty() { Ok(()) } else { self.0.rows.take_back(keys) }
    }

    pub(super) fn destroy(&self, keys: &[KeyId], at: Millis) -> Result<(), StoreError> {
        if keys.is_empty() { Ok(()) } else { self.0.rows.destroy(keys, at) }
    }

    /// Ends what a change of keys left of old bytes.
    pub(super) fn purge(&self) -> Result<(), StoreError> {
        self.0.rows.purge()
    }

    /// The keys that are going.
    pub(super) fn going(&self) -> Result<Vec<Going>, StoreError> {
        self.0.rows.going()
    }

    /// Those of the person.
    pub(super) fn going_of(&self, scope: &Scope) -> Result<Vec<KeyId>, StoreError> {
        let hash = self.hash(scope);
        Ok(self.going()?.iter().filter(|one| one.person == hash).map(|one| one.key).collect())
    }

    /// Those of them whose persons are not among these.
    pub(super) fn of_nobody(&self, going: &[Going], there: &[Scope]) -> Vec<KeyId> {
        let there: BTreeSet<PersonHash> = there.iter().map(|scope| self.hash(scope)).collect();
        going.iter().filter(|one| !there.contains(&one.person)).map(|one| one.key).collect()
    }

    /// What is wrong with it; empty when sound.
    pub(super) fn check(&self) -> Result<Vec<String>, StoreError> {
        let mut problems = self.0.rows.check()?;
        let going = self.0.rows.going()?.len();
        if going > 0 {
            problems.push(format!(
                "an erasure has begun and its {going} keys are not destroyed; if none is running, \
                 `kithkin store compact` ends those of persons who are gone already, and forgetting the person again the others"
            ));
        }
        Ok(problems)
    }
}

/// A new name and secret, wrapped.
fn new_head(master: &MasterKey, place: &str) -> Result<Head, StoreError> {
    let id = KeyringId(random(place)?);
    let secret = random_key(place)?;
    Ok(Head { id, secret: wrap(&cipher::aead(WRAP, master.bytes()), &id.0, secret.as_slice(), place)? })
}

pub(super) fn wrap(aead: &XChaCha20Poly1305, bound: &[u8], key: &[u8], place: &str) -> Result<Vec<u8>, StoreError> {
    let failed = |why: cipher::Unreadable| StoreError::Engine {
        place: place.to_owned(),
        doing: "wrapping a key",
        why: why.to_string(),
    };
    cipher::seal(aead, random(place)?, bound, key).map_err(failed)
}

/// 32 random bytes, drawn where they are overwritten afterwards.
fn random_key(place: &str) -> Result<PersonKey, StoreError> {
    let mut key = Zeroizing::new([0; 32]);
    fill(key.as_mut_slice(), place)?;
    Ok(key)
}

fn random<const N: usize>(place: &str) -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    fill(&mut bytes, place)?;
    Ok(bytes)
}

fn fill(bytes: &mut [u8], place: &str) -> Result<(), StoreError> {
    let failed = |why: getrandom::Error| StoreError::Engine {
        place: place.to_owned(),
        doing: "drawing a random number",
        why: why.to_string(),
    };
    getrandom::fill(bytes).map_err(failed)
}
