//! A client: a process that opens the store as any other does, and does what it is told, line by line, until its input
//! ends or it is killed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, Write};
use std::path::Path;

use kithkin_core::{Store, StoreError};
use kithkin_store::{PostgresStore, SqliteStore};

use crate::invariants::sound;
use crate::operations::{apply, scope, view};
use crate::protocol::{Ask, Operations, Reply, Request};
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
    let mut client = Client { address, store: None, operations: Operations::new() };
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let Request { ask, fault } = serde_json::from_str(&line?)?;
        faults::arm(fault);
        let said = client.answer(&ask);
        let reply = Reply { steps: faults::disarm(), said: said.map_err(Into::into) };
        writeln!(out, "{}", serde_json::to_string(&reply)?)?;
        out.flush()?;
    }
    Ok(())
}

struct Client {
    address: String,
    store: Option<Box<dyn Store>>,
    operations: Operations,
}

impl Client {
    fn answer(&mut self, ask: &Ask) -> Result<String, StoreError> {
        match ask {
            Ask::Open => {
                self.store = Some(open(&self.address)?);
                return Ok(String::new());
            }
            Ask::Close => {
                self.store = None;
                return Ok(String::new());
            }
            _ => {}
        }
        let Some(store) = self.store.as_deref() else {
            return Err(StoreError::Absent { place: "a client that has not opened it".to_owned() });
        };
        match ask {
            Ask::Open | Ask::Close => Ok(String::new()),
            Ask::Do(named) => apply(store, &self.operations.named(*named)),
            Ask::See(scopes, closely) => {
                let seen: Result<Vec<String>, StoreError> = scopes.iter().map(|n| see(store, *n, *closely)).collect();
                Ok(seen?.join(" "))
            }
            Ask::Show(n) => view(store, &scope(*n)),
            Ask::Settle(scopes) => {
                for n in scopes {
                    store.put_vectors(&scope(*n), &kithkin_core::VectorSpace("space 0".to_owned()), &[])?;
                }
                store.probe().map(|read| read.to_string())
            }
            Ask::Check => Ok(store.check()?.problems.join("\n")),
        }
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
fn see(store: &dyn Store, n: u8, closely: bool) -> Result<String, StoreError> {
    if let Some(wrong) = if closely { sound(store, n)? } else { None } {
        return Ok(format!("!{}", wrong.replace(char::is_whitespace, "_")));
    }
    Ok(hash(&view(store, &scope(n))?))
}

/// A short name of a state.
pub(crate) fn hash(view: &str) -> String {
    let mut hasher = DefaultHasher::new();
    view.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
