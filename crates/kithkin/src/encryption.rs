//! With what key a store is encrypted, and where its keyring is. How it encrypts is the store's.

use std::fmt;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use kithkin_core::StoreError;
use kithkin_store::{Keyring, MasterKey};
use zeroize::Zeroizing;

use crate::{Error, Location};

/// How long a command may take to print the key.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(10);
/// What is read of what a command prints.
const MOST: u64 = 64 << 10;
/// What is shown of what a command says of its failure, in characters.
const SHOWN: usize = 400;

/// The master key of an encrypted store, and where the store's keyring is: the file or database that has the keys of the
/// persons, each wrapped with the master key. The key is overwritten when the last copy of it is dropped, and in no debug form.
#[derive(Clone)]
pub struct Encryption {
    master: MasterKey,
    keyring: Location,
}

impl fmt::Debug for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encryption").field("keyring", &self.keyring).finish_non_exhaustive()
    }
}

impl Encryption {
    /// Reads the key from a file: 64 hexadecimal digits, as `openssl rand -hex 32` prints them. The keyring has the name of
    /// the file with `.keyring` behind it, unless one is named.
    ///
    /// # Errors
    /// The file cannot be read, or has no key.
    pub fn with_key_file(file: &Path, keyring: Option<Location>) -> Result<Self, Error> {
        let beside = || {
            let mut name = file.as_os_str().to_owned();
            name.push(".keyring");
            Location::File(name.into())
        };
        Ok(Self { master: key_from_file(file)?, keyring: keyring.unwrap_or_else(beside) })
    }

    /// Runs a command, which prints the key in the same form: its program and arguments, without a shell. It may take 30 s.
    ///
    /// # Errors
    /// It cannot be run, fails, takes too long, or prints no key.
    pub fn with_command(command: &[String], keyring: Location) -> Result<Self, Error> {
        Ok(Self { master: key_from_command(command)?, keyring })
    }

    /// Where the keyring is.
    pub fn keyring(&self) -> &Location {
        &self.keyring
    }

    /// Opens the keyring.
    pub(crate) fn open_keyring(&self) -> Result<Keyring, Error> {
        match &self.keyring {
            Location::File(path) => Ok(Keyring::open_file(path, &self.master)?),
            #[cfg(feature = "postgres")]
            Location::Database(address) => Ok(Keyring::open_database(address, &self.master)?),
            #[cfg(not(feature = "postgres"))]
            Location::Database(_) => Err(Error::NoDatabase),
        }
    }

    /// Makes a new keyring for a store that `make` makes; without the store there is no keyring either.
    pub(crate) fn create_keyring<T>(&self, make: impl FnOnce(Keyring) -> Result<T, Error>) -> Result<T, Error> {
        let keyring = match &self.keyring {
            Location::File(path) => Keyring::create_file(path, &self.master),
            #[cfg(feature = "postgres")]
            Location::Database(address) => Keyring::create_database(address, &self.master),
            #[cfg(not(feature = "postgres"))]
            Location::Database(_) => return Err(Error::NoDatabase),
        };
        let keyring = keyring.map_err(in_use)?;
        make(keyring.clone()).inspect_err(|_| {
            // If it cannot be removed, the first error says more.
            let _ = keyring.remove_unused();
        })
    }
}

/// Reads a master key from a file, in the form that [`Encryption::with_key_file`] reads.
///
/// # Errors
/// The file cannot be read, or has no key.
pub fn key_from_file(file: &Path) -> Result<MasterKey, Error> {
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(file).map(Zeroizing::new);
    key(&text.map_err(|e| Error::Read { path: shown.clone(), why: e.to_string() })?, &shown)
}

/// Runs a command that prints a master key, as [`Encryption::with_command`] does.
///
/// # Errors
/// It cannot be run, fails, takes too long, or prints no key.
pub fn key_from_command(command: &[String]) -> Result<MasterKey, Error> {
    let shown = format!("the command {:?}", command.first().map_or("", String::as_str));
    let failed = |why: String| Error::NoMasterKey { origin: shown.clone(), why };
    let printed = run(command).map_err(failed)?;
    let text = std::str::from_utf8(&printed).map_err(|_| failed("it printed no text".to_owned()))?;
    key(text, &shown)
}

/// A keyring that is there is another store's: to erase a person in the one would destroy what the other has.
fn in_use(error: StoreError) -> Error {
    match error {
        StoreError::Exists { place } => Error::KeyringInUse { keyring: place },
        other => other.into(),
    }
}

fn key(text: &str, origin: &str) -> Result<MasterKey, Error> {
    let why = || "it is not 64 hexadecimal digits, as `openssl rand -hex 32` prints them".to_owned();
    MasterKey::parse(text).ok_or_else(|| Error::NoMasterKey { origin: origin.to_owned(), why: why() })
}

/// What the command prints.
fn run(command: &[String]) -> Result<Zeroizing<Vec<u8>>, String> {
    let (program, arguments) = command.split_first().ok_or("it is empty")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("it cannot be run: {e}"))?;
    let (printed, said) = (listen(child.stdout.take()), listen(child.stderr.take()));
    let ended = wait(&mut child)?;
    // Whoever it started may hold the pipes for longer.
    let heard = |from: &mpsc::Receiver<Zeroizing<Vec<u8>>>| from.recv_timeout(Duration::from_secs(1)).ok();
    if ended.success() {
        return heard(&printed).ok_or_else(|| "it ended, but not what it printed".to_owned());
    }
    let said = heard(&said).unwrap_or_default();
    let said: String = String::from_utf8_lossy(&said).trim().chars().take(SHOWN).collect();
    Err(if said.is_empty() { format!("{ended}") } else { format!("{ended}: {said}") })
}

fn wait(child: &mut Child) -> Result<std::process::ExitStatus, String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match child.try_wait() {
            Ok(Some(ended)) => return Ok(ended),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(LOOK),
            Ok(None) => {
                // Nothing more is wanted of it, whether it can be ended or not.
                let _ = child.kill().and_then(|()| child.wait());
                return Err(format!("it took longer than {} s", PATIENCE.as_secs()));
            }
            Err(e) => return Err(e.to_string()),
        }
    }
}

/// Reads a pipe to its end on a thread of its own, so that a full one stops nobody.
fn listen(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Zeroizing<Vec<u8>>> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
        if let Some(pipe) = pipe {
            // What cannot be read was not printed.
            let _ = pipe.take(MOST).read_to_end(&mut bytes);
        }
        // Nobody may be listening any longer.
        let _ = send.send(bytes);
    });
    receive
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(command: &[&str]) -> Result<Encryption, String> {
        let command: Vec<String> = command.iter().map(|part| (*part).to_owned()).collect();
        Encryption::with_command(&command, "ring".into()).map_err(|e| e.to_string())
    }

    #[test]
    fn a_command_prints_the_key_or_says_why_not() {
        let key = "0f".repeat(32);
        let made = told(&["echo", &key]).unwrap();
        assert!(!format!("{made:?}").contains("15"), "{made:?}");
        let check = |command: &[&str], says: &str| {
            let error = told(command).unwrap_err();
            assert!(error.contains(says) && !error.contains(&key), "{error}");
        };
        check(&[], "it is empty");
        check(&["/no/such/program"], "cannot be run");
        check(&["sh", "-c", "echo the vault is sealed >&2; exit 3"], "exit status: 3: the vault is sealed");
        check(&["sh", "-c", "yes >&2 | head -c 1000000; exit 1"], "exit status: 1");
        check(&["false"], "exit status: 1");
        check(&["echo", "hush"], "64 hexadecimal digits");
        check(&["printf", r"\377"], "no text");
        // It goes to no shell: the words behind the program are its arguments.
        check(&["echo", &format!("{key};"), "id"], "64 hexadecimal digits");
    }

    #[test]
    fn a_key_file_has_its_keyring_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.key");
        let read = |keyring| Encryption::with_key_file(&file, keyring);
        assert!(matches!(read(None).unwrap_err(), Error::Read { .. }));
        std::fs::write(&file, "no key").unwrap();
        let error = read(None).unwrap_err().to_string();
        assert!(error.contains("64 hexadecimal digits") && !error.contains("no key"), "{error}");
        std::fs::write(&file, "0f".repeat(32) + "\n").unwrap();
        assert_eq!(*read(None).unwrap().keyring(), Location::File(folder.path().join("master.key.keyring")));
        assert_eq!(*read(Some("ring".into())).unwrap().keyring(), Location::from("ring"));
    }
}
