//! Giving the room back that the tables no longer need.

use kithkin_core::{Compacted, StoreError};

use super::connection::{Connections, Fault};
use super::erase;
use super::session::{Session, number};

/// Rewrites each part of each table, which locks it for as long as that takes.
pub(super) fn compact(connections: &Connections) -> Result<Compacted, StoreError> {
    let work = |session: &mut Session| {
        let before = size(session)?;
        erase::rewrite_parts(session, 0..16)?;
        Ok(Compacted { before, after: size(session)? })
    };
    connections.alone("rewriting the tables", work)
}

/// What the tables take with their indexes, in bytes.
fn size(session: &mut Session) -> Result<u64, Fault> {
    let row = session.first(
        "SELECT COALESCE(SUM(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
          WHERE relnamespace = 'kithkin'::regnamespace AND relkind = 'r'",
        &[],
    )?;
    row.map_or(Ok(0), |row| number(&row, 0)).map_err(|why| Fault::damaged("the size of the tables", why))
}
