//! A client: a process that opens the store as any other does, and does what it is told, line by line, until its input
//! ends or it is killed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, Write};
use std::path::Path;

use kithkin_core::{Store, StoreError, VectorSpace};
use kithkin_store::{PostgresStore, SqliteStore};

use crate::invariants::sound;
use crate::lives::{self, Lives};
use crate::operations::{apply, scope, view};
use crate::protocol::{Ask, Failure, Look, Operations, Reply, Request};
use crate::{faults, vfs, wire};

/// Serves requests from the standard input. Where the disk lies, what is synced is not.
///
/// # Errors
/// The pipe breaks, or the layer below the store cannot be put there.
pub(crate) fn serve(address: &str, folder: &Path, lies: bool) -> anyhow::Result<()> {
    let address = if address.starts_with("postgres://") {
        wire::between(address, folder)?
    } else {
        vfs::install(lies)?;
        address.to_owned()
    };
    let mut client = Client { address, store: None, lives: None, operations: Operations::new() };
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let Request { ask, fault } = serde_json::from_str(&line?)?;
        faults::arm(fault);
        let said = client.answer(&ask);
        let reply = Reply { steps: faults::disarm(), said };
        writeln!(out, "{}", serde_json::to_string(&reply)?)?;
        out.flush()?;
    }
    Ok(())
}

struct Client {
    address: String,
    store: Option<Box<dyn Store>>,
    /// The same store once more, for the facade.
    lives: Option<Lives>,
    operations: Operations,
}

impl Client {
    fn answer(&mut self, ask: &Ask) -> Result<String, Failure> {
        match ask {
            Ask::Open => {
                self.store = Some(open(&self.address)?);
                return Ok(String::new());
            }
            Ask::Close => {
                (self.store, self.lives) = (None, None);
                return Ok(String::new());
            }
            Ask::Live(named) => {
                let live = self.operations.live(*named);
                return Ok(serde_json::json!(self.lives()?.apply(&live)?).to_string());
            }
            Ask::Lived(n, false) => return Ok(self.lives()?.log(*n)?),
            Ask::Lived(n, true) => return Ok(self.lives()?.whole(*n)?),
            Ask::Left(receipt) => return Ok(self.lives()?.left_of(receipt)?.join("\n")),
            _ => {}
        }
        let Some(store) = self.store.as_deref() else {
            return Err(StoreError::Absent { place: "a client that has not opened it".to_owned() }.into());
        };
        match ask {
            Ask::Do(named) => Ok(apply(store, &self.operations.named(*named))?),
            Ask::See(scopes, look) => {
                let seen: Result<Vec<String>, StoreError> = scopes.iter().map(|n| see(store, *n, *look)).collect();
                Ok(seen?.join(" "))
            }
            Ask::Show(n) => Ok(view(store, &scope(*n))?),
            Ask::Settle(scopes) => {
                let lives = (0..lives::PERSONS).map(lives::scope).collect::<Result<Vec<_>, _>>()?;
                for scope in scopes.iter().map(|n| scope(*n)).chain(lives) {
                    store.put_vectors(&scope, &VectorSpace("space 0".to_owned()), &[])?;
                }
                Ok(store.probe()?.to_string())
            }
            Ask::Check => Ok(store.check()?.problems.join("\n")),
            _ => Ok(String::new()),
        }
    }

    fn lives(&mut self) -> Result<&Lives, Failure> {
        if self.lives.is_none() {
            self.lives = Some(Lives::open(&self.address)?);
        }
        self.lives.as_ref().ok_or_else(|| StoreError::Absent { place: "the facade".to_owned() }.into())
    }
}

fn open(address: &str) -> Result<Box<dyn Store>, StoreError> {
    Ok(if address.starts_with("postgres://") {
        Box::new(PostgresStore::open(address)?)
    } else {
        Box::new(SqliteStore::open(address)?)
    })
}

/// The state of a person as a hash, or else, after a `!`, what is wrong with it where that is looked for.
fn see(store: &dyn Store, n: u8, look: Look) -> Result<String, StoreError> {
    if look == Look::Closely
        && let Some(wrong) = sound(store, n)?
    {
        return Ok(format!("!{}", wrong.replace(char::is_whitespace, "_")));
    }
    state(store, n, look)
}

/// A short name of the state of a person.
///
/// # Errors
/// The store failed.
pub(crate) fn state(store: &dyn Store, n: u8, look: Look) -> Result<String, StoreError> {
    let scope = scope(n);
    let seen = if look == Look::Glance { format!("{:?}", store.pulse(&scope)?) } else { view(store, &scope)? };
    let mut hasher = DefaultHasher::new();
    seen.hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}
