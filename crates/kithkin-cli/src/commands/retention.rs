//! `kithkin retention`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use kithkin::{Now, Retain, RetentionReport};

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
    let receipts = args.receipts.as_deref().or(place.config.retention_receipts.as_deref());
    let how = Retain { rules, now: args.now.map_or(Now::Clock, Now::At), receipts, dry_run: args.dry_run };
    for tenant in tenants {
        let report = with_bar(|on| kithkin.retain(&tenant, &how, on))?;
        if place.json {
            output::json(&serde_json::json!({ "tenant": tenant, "report": report }))?;
            continue;
        }
        let RetentionReport { persons, turns, memories, vectors, feedback, disclosures, .. } = report;
        let RetentionReport { left, unreadable, receipts: count, dry_run, .. } = report;
        let would = if dry_run { "would be erased" } else { "erased" };
        line(&format!(
            "{tenant}: {turns} turns of {persons} persons, {memories} memories, {vectors} vectors, {feedback} pieces of \
             feedback, {disclosures} disclosures {would}"
        ))?;
        if let Some(folder) = receipts.filter(|_| count > 0) {
            line(&format!("{count} receipts in {}", folder.display()))?;
        }
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
