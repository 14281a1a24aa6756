//! `kithkin import`.

use std::process::ExitCode;

use anyhow::Result;
use kithkin::{Blame, ImportReport, Ingest, Step};

use super::interrupt::Interrupt;
use crate::args::Import;
use crate::output::{self, line};
use crate::place::Place;

pub(super) fn run(place: &Place, args: Import) -> Result<ExitCode> {
    // Turns are stored even when the embedder's weights are missing; the vectors then come with a later run.
    let (kithkin, no_vectors) = match place.open_with_models() {
        Ok(kithkin) => (kithkin, None),
        Err(e) if e.downcast_ref::<kithkin::Error>().is_some_and(is_about_weights) => (place.open()?, Some(e)),
        Err(e) => return Err(e),
    };
    let interrupt = Interrupt::listen()?;
    let turns = output::progress("turns  ");
    let vectors = output::progress("vectors");
    let ingest = Ingest {
        path: args.file,
        format: args.format.0,
        person: args.person,
        select: args.select,
        at: args.at,
        embed: no_vectors.is_none(),
    };
    let report = kithkin.import(&place.tenant, &ingest, &|step| {
        match step {
            Step::Stored(n) => turns.set_position(n),
            Step::Read => turns.finish(),
            Step::Embedded(n) => vectors.set_position(n),
        }
        interrupt.flow()
    })?;
    turns.finish_and_clear();
    vectors.finish_and_clear();
    print(place, &report)?;
    if let Some(e) = no_vectors {
        return Err(e.context("the turns are stored and are found by their words, but their vectors were not made"));
    }
    if interrupt.asked() {
        anyhow::bail!("stopped; what was stored is safe, and importing the file again completes it");
    }
    Ok(ExitCode::SUCCESS)
}

fn is_about_weights(e: &kithkin::Error) -> bool {
    matches!(e, kithkin::Error::Engine(kithkin::EngineError::Embed(e)) if e.blame() == Blame::Missing)
}

fn print(place: &Place, report: &ImportReport) -> Result<()> {
    if place.json {
        return output::json(report);
    }
    let ImportReport { persons, conversations, sessions, turns, changed, duplicates, vectors, seconds, .. } = report;
    line(&format!(
        "{turns} turns stored in {seconds:.2} s ({changed} of them changed), {duplicates} there already; \
         {persons} persons, {conversations} conversations, {sessions} sessions; {vectors} vectors made"
    ))?;
    for rejection in &report.rejected {
        output::note(&format!("rejected: {}: {}", rejection.location, rejection.why));
    }
    Ok(())
}
