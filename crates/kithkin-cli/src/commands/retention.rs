//! `kithkin retention`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use kithkin::{Now, RetentionReport};

use super::store::with_bar;
use crate::args::RetentionArgs;
use crate::output::{self, line};
use crate::place::Place;

pub(super) fn run(place: &Place, args: &RetentionArgs) -> Result<ExitCode> {
    let rules = &place.config.retention;
    if rules.is_empty() {
        bail!("the configuration file has no [[retention]]; write one, such as `[[retention]]` and `days = 365`");
    }
    let kithkin = place.open()?;
    let tenants = if place.tenant_named { vec![place.tenant.clone()] } else { kithkin.tenants()? };
    let now = args.now.map_or(Now::Clock, Now::At);
    for tenant in tenants {
        let report = with_bar(|on| kithkin.retain(&tenant, rules, now, args.dry_run, on))?;
        if place.json {
            output::json(&serde_json::json!({ "tenant": tenant, "report": report }))?;
            continue;
        }
        let RetentionReport { persons, turns, memories, vectors, feedback, left, unreadable, dry_run } = report;
        let would = if dry_run { "would be erased" } else { "erased" };
        line(&format!(
            "{tenant}: {turns} turns of {persons} persons, {memories} memories, {vectors} vectors, {feedback} pieces of \
             feedback {would}"
        ))?;
        if left > 0 {
            line(&format!("{left} persons were written meanwhile; what is over of them is erased the next time"))?;
        }
        if unreadable > 0 {
            line(&format!(
                "{unreadable} persons cannot be read, and nothing of theirs was erased; `kithkin doctor` says why"
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
