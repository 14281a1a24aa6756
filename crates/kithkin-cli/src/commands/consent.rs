//! `kithkin consent`.

use std::process::ExitCode;

use anyhow::Result;
use kithkin::ConsentReport;

use crate::args::{Consent, ConsentCommand};
use crate::output::{self, line};
use crate::place::Place;

pub(super) fn run(place: &Place, args: &Consent) -> Result<ExitCode> {
    let kithkin = place.open()?;
    let person = place.person(&kithkin, &args.person);
    let consents = match &args.command {
        None => person.consents()?,
        Some(ConsentCommand::Grant(named)) => person.consent(named.purpose, true)?,
        Some(ConsentCommand::Withdraw(named)) => person.consent(named.purpose, false)?,
    };
    if place.json {
        output::json(&consents)?;
    } else {
        for ConsentReport { purpose, open, policy, person, since } in &consents {
            let stands = if *open { "open" } else { "closed" };
            let allows = |allows: bool| if allows { "allows it" } else { "does not" };
            let since = since.as_ref().map_or_else(|| ", by default".to_owned(), |since| format!(", since {since}"));
            line(&format!("{purpose:<8}  {stands:<6}  policy {}, person {}{since}", allows(*policy), allows(*person)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
