//! Records of a person from another store. What each kind of record asks for is in its own module.

use kithkin_core::{Records, Scope};

use super::connection::Fault;
use super::session::Session;
use super::{disclosures, feedback, memories, persons, turns};
use crate::counters::Stale;

/// Writes the records; `false`, and what was written is to be taken back, where they do not follow what is there.
pub(super) fn records(session: &mut Session, scope: &Scope, records: &Records) -> Result<bool, Fault> {
    let mut counters = persons::load_or_begin(session, scope)?;
    let mut stale = Stale::Behind;
    if !turns::take_over(session, scope, &records.turns, &mut counters)?
        || !feedback::take_over(session, scope, &records.feedback, &mut counters)?
    {
        return Ok(false);
    }
    for derived in &records.derived {
        if !memories::take_over(session, scope, derived, &mut counters, &mut stale)? {
            return Ok(false);
        }
    }
    disclosures::take_over(session, scope, &records.disclosures)?;
    persons::save(session, scope, counters.written(stale).raised(records.pulse))?;
    Ok(true)
}
