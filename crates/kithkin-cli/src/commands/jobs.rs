//! `kithkin jobs` and `kithkin disclosures`.

use std::process::ExitCode;

use anyhow::Result;
use kithkin::{EstimateReport, Spent};

use crate::args::Disclosures;
use crate::output::{self, line};
use crate::place::Place;

pub(super) fn jobs(place: &Place) -> Result<ExitCode> {
    let jobs = place.open_with_embedder()?.jobs(&place.tenant)?;
    if place.json {
        output::json(&jobs)?;
        return Ok(ExitCode::SUCCESS);
    }
    for job in &jobs {
        let (sessions, turns, memories) = (job.sessions, job.turns, job.memories);
        let asks = if job.asks { ", by a chat model" } else { "" };
        line(&format!(
            "{}: {sessions} sessions to derive for {}{asks}; {turns} turns and {memories} memories without a vector",
            job.person, job.method
        ))?;
        if let Some(why) = &job.waits {
            line(&format!("    waits: {why}"))?;
        }
    }
    if jobs.is_empty() {
        line("nothing is left to do")?;
    } else {
        output::note("a rebuild of the person does it, and so does the next thing that is remembered");
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what deriving would take.
pub(super) fn estimate(place: &Place, estimate: &EstimateReport) -> Result<ExitCode> {
    if place.json {
        output::json(estimate)?;
        return Ok(ExitCode::SUCCESS);
    }
    let EstimateReport { person, method, sessions, spent, money } = estimate;
    let money = money.map_or_else(String::new, |money| format!(", at most {money:.4} in money"));
    line(&format!(
        "{sessions} sessions of {person} would be derived for {method}: about {} calls of a chat model that read {} \
         tokens, and say at most {}{money}",
        spent.calls, spent.read, spent.said
    ))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn disclosures(place: &Place, args: &Disclosures) -> Result<ExitCode> {
    let kithkin = place.open()?;
    let disclosures = place.person(&kithkin, &args.person).disclosures(args.since)?;
    if place.json {
        output::json(&disclosures)?;
        return Ok(ExitCode::SUCCESS);
    }
    for one in &disclosures {
        let Spent { calls, read, said } = one.spent;
        let erased = if one.erased == 0 { String::new() } else { format!(" and {} erased since", one.erased) };
        line(&format!(
            "{} {} to {}: {calls} calls, {read} tokens read, {said} said [{}]{erased}",
            one.at,
            one.purpose,
            one.model,
            one.turns.join(" ")
        ))?;
    }
    if disclosures.is_empty() {
        line("no chat model was given anything of this person")?;
    }
    Ok(ExitCode::SUCCESS)
}
