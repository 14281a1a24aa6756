//! Giving the room back that a file no longer needs.

use kithkin_core::{Compacted, StoreError};

use super::connection::Connections;
use super::erase;

/// Rewrites the file, and empties the log beside it.
pub(super) fn compact(connections: &Connections) -> Result<Compacted, StoreError> {
    let doing = "rewriting the file";
    let before = size(connections);
    let wait = connections.patience.purge;
    if erase::rewrite(connections, wait).map_err(|fault| connections.error(doing, fault))? {
        return Ok(Compacted { before, after: size(connections) });
    }
    let place = format!(
        "{} (it is rewritten, and shrinks when those who still read its old state are done)",
        connections.place()
    );
    Err(StoreError::Busy { place, waited_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX) })
}

/// What the file and the log beside it take, in bytes.
fn size(connections: &Connections) -> u64 {
    let of = |suffix: &str| {
        let mut path = connections.path().as_os_str().to_owned();
        path.push(suffix);
        std::fs::metadata(path).map_or(0, |file| file.len())
    };
    of("") + of("-wal")
}
