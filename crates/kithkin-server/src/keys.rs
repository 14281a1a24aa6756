//! The keys of a service: who may do what to whose persons, in a file that holds no key.
//!
//! A key is `kk-`, its id, and 32 random bytes. The file has an Argon2id hash of each, made slow on purpose. So that a request
//! does not wait for it, a key that was right once is then compared with a keyed hash of this process, in constant time. The
//! file is read again when it changes, so that a key that is taken out is refused from then on.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use kithkin::{EventTime, PersonId, TenantId};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// What every key begins with.
const MARK: &str = "kk-";
/// Wrong keys that are looked at in a second; each costs as much as the hash does.
const WRONG_PER_SECOND: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);
/// How often the file is looked at for changes.
const LOOK: Duration = Duration::from_secs(1);

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RightName {
    /// To see what is remembered.
    Read,
    /// To add to it.
    Write,
    /// To erase it.
    Erase,
    /// To see and run what concerns all persons.
    Admin,
}

impl std::str::FromStr for RightName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Ok(match name {
            "read" => Self::Read,
            "write" => Self::Write,
            "erase" => Self::Erase,
            "admin" => Self::Admin,
            _ => return Err(format!("{name:?} is no right; use read, write, erase or admin")),
        })
    }
}

impl std::fmt::Display for RightName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Erase => "erase",
            Self::Admin => "admin",
        })
    }
}

/// What the file says of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Its name; the key begins with it.
    pub id: String,
    /// Whose persons.
    pub tenant: TenantId,
    /// The only person that it is for; all where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// What it may be used for.
    pub rights: BTreeSet<RightName>,
    /// Until when, as a time that the command line takes; for ever where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// How many requests a second it is good for; as many as come where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<NonZeroU32>,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The Argon2id hash of the key.
    hash: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "key")]
    keys: Vec<Key>,
}

/// Why keys cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("the keys {path} cannot be read: {why}; make a key with `kithkin key add`")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        why: String,
    },
    /// The file cannot be written.
    #[error("the keys {path} cannot be written: {why}")]
    Write {
        /// The file.
        path: String,
        /// What the system said.
        why: String,
    },
    /// The file is not one of keys.
    #[error("{path} is no file of keys: {why}")]
    Form {
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// There is no such key.
    #[error("{path} has no key {id:?}; `kithkin key list` shows those that it has")]
    NoKey {
        /// The file.
        path: String,
        /// The id.
        id: String,
    },
    /// The system gives no random bytes, or hashing failed.
    #[error("a key cannot be made: {why}")]
    Make {
        /// What failed.
        why: String,
    },
}

/// Reads the keys of a file.
///
/// # Errors
/// It cannot be read, or is no file of keys.
pub fn read_keys(path: &Path) -> Result<Vec<Key>, KeyError> {
    let shown = || path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|e| KeyError::Read { path: shown(), why: e.to_string() })?;
    let form = |why: String| KeyError::Form { path: shown(), why };
    let file: File = toml::from_str(&text).map_err(|e| form(e.to_string()))?;
    for key in &file.keys {
        PasswordHash::new(&key.hash).map_err(|e| form(format!("the hash of {}: {e}", key.id)))?;
        if let Some(expires) = &key.expires {
            expires.parse::<EventTime>().map_err(|e| form(format!("the key {}: {e}", key.id)))?;
        }
    }
    Ok(file.keys)
}

/// What a new key is to be.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Whose persons.
    pub tenant: TenantId,
    /// The only person that it is for.
    pub person: Option<PersonId>,
    /// What it may be used for.
    pub rights: BTreeSet<RightName>,
    /// Until when.
    pub expires: Option<EventTime>,
    /// How many requests a second it is good for.
    pub per_second: Option<NonZeroU32>,
    /// What it is for.
    pub note: String,
}

/// Makes a key, writes its hash into the file, and gives the key: it is seen this once. A file that is not there is made, and
/// only its owner may read it.
///
/// # Errors
/// The file cannot be read or written.
pub fn add_key(path: &Path, new: NewKey) -> Result<String, KeyError> {
    let mut keys = if path.exists() { read_keys(path)? } else { Vec::new() };
    let made = |e: &dyn std::fmt::Display| KeyError::Make { why: e.to_string() };
    let id = random_hex(6).map_err(|e| made(&e))?;
    let secret = format!("{MARK}{id}-{}", random_hex(32).map_err(|e| made(&e))?);
    let hash = Argon2::default().hash_password(secret.as_bytes()).map_err(|e| made(&e))?.to_string();
    let NewKey { tenant, person, rights, expires, per_second, note } = new;
    let expires = expires.map(|at| at.to_string());
    keys.push(Key { id, tenant, person, rights, expires, per_second, note, hash });
    write(path, keys)?;
    Ok(secret)
}

/// Takes a key out of the file; services that use the file refuse it within a second.
///
/// # Errors
/// There is no such key, or the file cannot be read or written.
pub fn remove_key(path: &Path, id: &str) -> Result<(), KeyError> {
    let mut keys = read_keys(path)?;
    let before = keys.len();
    keys.retain(|key| key.id != id);
    if keys.len() == before {
        return Err(KeyError::NoKey { path: path.display().to_string(), id: id.to_owned() });
    }
    write(path, keys)
}

/// Writes beside the file and puts it in its place, so that nobody reads half of it.
fn write(path: &Path, keys: Vec<Key>) -> Result<(), KeyError> {
    let wrong = |why: String| KeyError::Write { path: path.display().to_string(), why };
    let text = toml::to_string(&File { keys }).map_err(|e| wrong(e.to_string()))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A temporary file is readable by its owner alone, and stays so.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|e| wrong(e.to_string()))?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(|e| wrong(e.to_string()))?;
    file.as_file().sync_all().map_err(|e| wrong(e.to_string()))?;
    file.persist(path).map_err(|e| wrong(e.to_string()))?;
    Ok(())
}

fn random_hex(bytes: usize) -> Result<String, getrandom::Error> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random)?;
    Ok(random.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// Why a key is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is no key of this service, or no longer.
    Unknown,
    /// Too many wrong keys were given.
    TooMany,
    /// More requests came with it than it is good for.
    TooFast,
}

/// The keys of a service.
#[derive(Debug)]
pub struct Keys {
    path: PathBuf,
    state: Mutex<State>,
    /// The key of the hashes of keys that were right once.
    process: [u8; 32],
    wrong: DefaultDirectRateLimiter,
}

/// A key that was right once.
#[derive(Debug, Clone)]
struct Seen {
    /// Its keyed hash.
    mark: blake3::Hash,
    pace: Option<Arc<DefaultDirectRateLimiter>>,
}

impl Seen {
    fn new(mark: blake3::Hash, key: &Key) -> Self {
        let pace = key.per_second.map(|most| Arc::new(RateLimiter::direct(Quota::per_second(most))));
        Self { mark, pace }
    }

    /// The key, where it is not used too fast.
    fn admit(&self, key: Key) -> Result<Key, Refused> {
        let too_fast = self.pace.as_ref().is_some_and(|pace| pace.check().is_err());
        if too_fast { Err(Refused::TooFast) } else { Ok(key) }
    }
}

#[derive(Debug)]
struct State {
    keys: HashMap<String, Key>,
    right: HashMap<String, Seen>,
    seen: Option<(SystemTime, u64)>,
    looked: SystemTime,
}

impl Keys {
    /// The keys in a file.
    ///
    /// # Errors
    /// As [`read_keys`], or the system gives no random bytes.
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let mut process = [0; 32];
        getrandom::fill(&mut process).map_err(|e| KeyError::Make { why: e.to_string() })?;
        let keys = read_keys(path)?.into_iter().map(|key| (key.id.clone(), key)).collect();
        let (right, seen, looked) = (HashMap::new(), stamp(path), SystemTime::now());
        let state = Mutex::new(State { keys, right, seen, looked });
        let wrong = RateLimiter::direct(Quota::per_second(WRONG_PER_SECOND));
        Ok(Self { path: path.to_owned(), state, process, wrong })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tenants that have a key.
    pub(crate) fn tenants(&self) -> BTreeSet<TenantId> {
        self.state().keys.values().map(|key| key.tenant.clone()).collect()
    }

    /// The key that this is. The first time it takes as long as the hash does.
    pub(crate) fn check(&self, secret: &str) -> Result<Key, Refused> {
        let id = secret.strip_prefix(MARK).and_then(|rest| rest.split('-').next()).ok_or(Refused::Unknown)?;
        let mark = blake3::keyed_hash(&self.process, secret.as_bytes());
        let (key, right) = {
            let mut state = self.state();
            self.look(&mut state);
            (state.keys.get(id).cloned(), state.right.get(id).cloned())
        };
        let key = key.filter(|key| !is_over(key)).ok_or(Refused::Unknown)?;
        if let Some(seen) = right {
            let same = bool::from(seen.mark.as_bytes().ct_eq(mark.as_bytes()));
            return if same { seen.admit(key) } else { Err(self.refuse()) };
        }
        if self.wrong.check().is_err() {
            return Err(Refused::TooMany);
        }
        let hash = PasswordHash::new(&key.hash).map_err(|_| Refused::Unknown)?;
        if Argon2::default().verify_password(secret.as_bytes(), &hash).is_err() {
            return Err(Refused::Unknown);
        }
        // Several that come first at once share the pace of the one that was there before.
        let seen = self.state().right.entry(id.to_owned()).or_insert_with(|| Seen::new(mark, &key)).clone();
        seen.admit(key)
    }

    fn refuse(&self) -> Refused {
        if self.wrong.check().is_err() { Refused::TooMany } else { Refused::Unknown }
    }

    /// Reads the file again where it has changed. One that cannot be read leaves the keys as they were, and says so.
    fn look(&self, state: &mut State) {
        let now = SystemTime::now();
        if now.duration_since(state.looked).is_ok_and(|since| since < LOOK) {
            return;
        }
        state.looked = now;
        let seen = stamp(&self.path);
        if seen == state.seen {
            return;
        }
        match read_keys(&self.path) {
            Ok(keys) => {
                state.keys = keys.into_iter().map(|key| (key.id.clone(), key)).collect();
                state.right.clear();
                state.seen = seen;
            }
            Err(error) => tracing::error!(%error, "the keys could not be read again; the former ones are used"),
        }
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len()))
}

fn is_over(key: &Key) -> bool {
    let Some(expires) = key.expires.as_ref().and_then(|text| text.parse::<EventTime>().ok()) else { return false };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).is_ok_and(|now| now > expires.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(expires: Option<&str>) -> NewKey {
        NewKey {
            tenant: "t".parse().unwrap(),
            person: None,
            rights: BTreeSet::from([RightName::Read]),
            expires: expires.map(|text| text.parse().unwrap()),
            per_second: None,
            note: String::new(),
        }
    }

    #[test]
    fn a_key_is_good_until_it_is_taken_out_or_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        let first = add_key(&path, new(None)).unwrap();
        let old = add_key(&path, new(Some("2020"))).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(&first[20..]), "the file holds no key");
        let keys = Keys::open(&path).unwrap();
        let id = keys.check(&first).unwrap().id;
        assert_eq!(keys.check(&first).unwrap().id, id, "and once more, by the quick way");
        for wrong in ["", "kk-", "kk-nobody-0", &old, &format!("{first}0"), &first[..first.len() - 1], "Bearer"] {
            assert_eq!(keys.check(wrong), Err(Refused::Unknown), "{wrong:?}");
        }
        remove_key(&path, &id).unwrap();
        std::thread::sleep(LOOK + Duration::from_millis(100));
        assert_eq!(keys.check(&first), Err(Refused::Unknown));
        assert!(remove_key(&path, &id).is_err());
    }

    #[test]
    fn a_key_is_good_for_so_many_requests_a_second() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        let slow = add_key(&path, NewKey { per_second: NonZeroU32::new(3), ..new(None) }).unwrap();
        let other = add_key(&path, new(None)).unwrap();
        let keys = Keys::open(&path).unwrap();
        let refused = (0..10).filter(|_| keys.check(&slow) == Err(Refused::TooFast)).count();
        assert!((5..=7).contains(&refused), "{refused}");
        assert!((0..10).all(|_| keys.check(&other).is_ok()), "it is each key's own pace");
    }

    #[test]
    fn wrong_keys_are_not_looked_at_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        let good = add_key(&path, new(None)).unwrap();
        let keys = Keys::open(&path).unwrap();
        let wrong = format!("{}{}", &good[..16], "0".repeat(64));
        let refused: Vec<_> = (0..30).map(|_| keys.check(&wrong)).collect();
        assert!(refused.contains(&Err(Refused::TooMany)), "{refused:?}");
    }
}
