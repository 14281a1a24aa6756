//! `kithkin store`: verify, copy, backup, restore and compact.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use kithkin::{CopyReport, EngineError, Error, Kithkin, Location, Passed, Selection, StoreError};

use super::interrupt::Interrupt;
use crate::args::StoreCommand;
use crate::output::{self, line};
use crate::place::Place;

pub(super) fn run(place: &Place, command: StoreCommand) -> Result<ExitCode> {
    match command {
        StoreCommand::Verify { whose } => verify(place, &selection(place, whose.person)),
        StoreCommand::Copy { to, whose } => copy(place, &to, &selection(place, whose.person)),
        StoreCommand::Backup { file } => backup(place, &file),
        StoreCommand::Restore { file } => restore(place, &file),
        StoreCommand::Compact => compact(place),
    }
}

fn selection(place: &Place, person: Option<kithkin::PersonId>) -> Selection {
    match person {
        Some(person) => Selection::Person(place.tenant.clone(), person),
        None if place.tenant_named => Selection::Tenant(place.tenant.clone()),
        None => Selection::All,
    }
}

/// Runs the work with a bar of persons; Ctrl-C stops it where nothing is lost.
fn with_bar<T>(work: impl FnOnce(&mut dyn FnMut(Passed) -> ControlFlow<()>) -> Result<T, Error>) -> Result<T> {
    let interrupt = Interrupt::listen()?;
    let bar = output::progress("persons");
    let done = work(&mut |passed: Passed| {
        bar.set_length(passed.of);
        bar.set_position(passed.persons);
        interrupt.flow()
    });
    bar.finish_and_clear();
    Ok(done?)
}

fn verify(place: &Place, of: &Selection) -> Result<ExitCode> {
    let kithkin = place.open()?;
    let report = with_bar(|on| kithkin.verify(of, on))?;
    if place.json {
        output::json(&report)?;
    } else {
        let row = |p: &kithkin::StoredPerson| {
            let counts = [p.turns, p.feedback, p.disclosures, p.memories, p.vectors].map(|n| n.to_string());
            [vec![p.tenant.clone(), p.person.clone()], counts.to_vec(), vec![p.hash.clone()]].concat()
        };
        let headings = ["tenant", "person", "turns", "feedback", "disclosures", "memories", "vectors", "hash"];
        output::table(&headings, report.persons.iter().map(row).collect())?;
        for chain in &report.chains {
            line(&format!("chain of {}: {} erasures, {}", chain.tenant, chain.entries, chain.last))?;
        }
        for damage in &report.damaged {
            let whose = damage.person.as_deref().unwrap_or("no person");
            line(&format!("damaged: {} ({whose} of {}): {}", damage.what, damage.tenant, damage.why))?;
        }
        line(&format!("all of it: {}", report.hash))?;
    }
    Ok(if report.damaged.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn copy(place: &Place, to: &Location, of: &Selection) -> Result<ExitCode> {
    let source = place.open()?;
    let target = match Kithkin::open(to) {
        Ok(target) => target,
        Err(Error::Engine(EngineError::Store(StoreError::Absent { .. }))) => Kithkin::create(to)?,
        Err(e) => return Err(e.into()),
    };
    let target = target.start();
    let report = with_bar(|on| source.copy_to(&target, of, on))?;
    print(place, &report)
}

fn restore(place: &Place, file: &Path) -> Result<ExitCode> {
    let report = with_bar(|on| Kithkin::restore(file, &place.store, on))?;
    print(place, &report)
}

fn print(place: &Place, report: &CopyReport) -> Result<ExitCode> {
    let CopyReport { copied, unchanged, turns, refused } = report;
    if place.json {
        output::json(report)?;
    } else {
        line(&format!("{copied} persons copied with {turns} turns, and compared; {unchanged} were there already"))?;
        for refusal in refused {
            let whose = refusal.person.as_deref().unwrap_or("the chain of erasures");
            line(&format!("not copied: {whose} of {}: {}", refusal.tenant, refusal.why))?;
        }
    }
    Ok(if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn backup(place: &Place, file: &Path) -> Result<ExitCode> {
    let kithkin = place.open()?;
    let report = with_bar(|on| match kithkin.backup(file, on) {
        Err(Error::Engine(EngineError::Stopped)) => Ok(None),
        report => report.map(Some),
    })?;
    let Some(report) = report else { anyhow::bail!("stopped; no backup was made") };
    if place.json {
        output::json(&report)?;
    } else {
        let kithkin::BackupReport { file, persons, turns, bytes, hash } = report;
        line(&format!("{file}: {persons} persons with {turns} turns, {bytes} bytes, checked; all of it: {hash}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn compact(place: &Place) -> Result<ExitCode> {
    let report = place.open()?.compact()?;
    if place.json {
        output::json(&report)?;
    } else {
        line(&format!("{} bytes before, {} bytes after", report.before, report.after))?;
    }
    Ok(ExitCode::SUCCESS)
}
