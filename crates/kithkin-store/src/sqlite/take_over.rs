//! Records of a person from another store. What each kind of record asks for is in its own module.

use kithkin_core::{Records, Scope};
use rusqlite::Connection;

use super::connection::Fault;
use super::{disclosures, feedback, memories, persons, turns};
use crate::counters::Stale;

/// Writes the records; `false`, and what was written is to be taken back, where they do not follow what is there.
pub(super) fn records(connection: &Connection, scope: &Scope, records: &Records) -> Result<bool, Fault> {
    let mut counters = persons::load_or_begin(connection, scope)?;
    let mut stale = Stale::Behind;
    if !turns::take_over(connection, scope, &records.turns, &mut counters)?
        || !feedback::take_over(connection, scope, &records.feedback, &mut counters)?
    {
        return Ok(false);
    }
    for derived in &records.derived {
        if !memories::take_over(connection, scope, derived, &mut counters, &mut stale)? {
            return Ok(false);
        }
    }
    disclosures::take_over(connection, scope, &records.disclosures)?;
    persons::save(connection, scope, counters.written(stale).raised(records.pulse))?;
    Ok(true)
}
