//! `kithkin forget` and `kithkin verify-erasure`.

use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use kithkin::{ErasureReport, ForgetReport, FreePages, Location, Now, Receipt};

use crate::args::Forget;
use crate::output::{self, line};
use crate::place::Place;

pub(super) fn run(place: &Place, args: Forget) -> Result<ExitCode> {
    let what = match args {
        Forget { all: true, .. } => kithkin::Forget::All,
        Forget { session: Some(session), conversation, .. } => kithkin::Forget::Session(session, conversation),
        Forget { turn, conversation: Some(conversation), .. } if turn.is_empty() => {
            kithkin::Forget::Conversation(conversation)
        }
        Forget { turn, conversation, .. } => kithkin::Forget::Turns(turn, conversation),
    };
    let kithkin = place.open()?;
    let person = place.person(&kithkin, &args.person);
    let report = match &args.receipt {
        None => person.forget(&what, args.dry_run)?,
        Some(path) => with_receipt(path, || Ok(person.forget_with_receipt(&what, Now::Clock)?))?,
    };
    if place.json {
        output::json(&report)?;
    } else {
        let would = if report.dry_run { "would be erased" } else { "erased" };
        let ForgetReport { turns, memories, vectors, feedback, .. } = &report;
        line(&format!("{turns} turns, {memories} memories, {vectors} vectors, {feedback} pieces of feedback {would}"))?;
    }
    let derives = person.method().is_ok_and(|method| method.about().needs_memories);
    if derives && !report.dry_run && what != kithkin::Forget::All {
        // The erasure is done; what is left of the sessions is made ready to be searched again.
        let models = place.open_with_models();
        let models =
            models.context("the turns are erased; what is left of their sessions is not yet searched as a whole")?;
        place.person(&models, &args.person).catch_up(&mut |_| ControlFlow::Continue(()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Erases, and writes the receipt into a new file, which is made first: a name that cannot be written erases nothing.
fn with_receipt(path: &Path, erase: impl FnOnce() -> Result<ForgetReport>) -> Result<ForgetReport> {
    let shown = path.display();
    let mut file = File::create_new(path).with_context(|| format!("{shown} cannot be made; nothing was erased"))?;
    let report = erase().inspect_err(|_| {
        // An empty file could be taken for a receipt. If it cannot be removed either, the first error says more.
        let _ = std::fs::remove_file(path);
    })?;
    let json = serde_json::to_string_pretty(&report.receipt)?;
    let written = writeln!(file, "{json}").and_then(|()| file.sync_all());
    // It cannot be made again.
    written.with_context(|| {
        format!("what was named is erased, but {shown} could not be written; its content is {json}")
    })?;
    Ok(report)
}

pub(super) fn verify(place: &Place, file: &Path) -> Result<ExitCode> {
    let shown = file.display().to_string();
    let json = std::fs::read_to_string(file).with_context(|| format!("the receipt {shown} cannot be read"))?;
    let receipt = Receipt::parse(&shown, &json)?;
    let mut report = place.open()?.verify_erasure(&receipt)?;
    // Only now, when this process has the file no longer open.
    let free = match &place.store {
        Location::File(path) => Some(kithkin::free_pages(path)?),
        Location::Database(_) => None,
    };
    if let Some(FreePages { marked: marked @ 1.., .. }) = free {
        report
            .findings
            .push(format!("{marked} free pages of the file are not blank; `kithkin store compact` rewrites it"));
        report.gone = false;
    }
    print(place, &report, &receipt, free)?;
    Ok(if report.gone { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(place: &Place, report: &ErasureReport, receipt: &Receipt, free: Option<FreePages>) -> Result<()> {
    if place.json {
        return output::json(&serde_json::json!({ "report": report, "free_pages": free }));
    }
    let Receipt { turns, at, entry, tenant, .. } = receipt;
    line(&format!("{turns} turns erased at {at}; entry {entry} of {} of the tenant {tenant}", report.chain))?;
    for finding in &report.findings {
        line(&format!("found    {finding}"))?;
    }
    for (count, what) in [
        (report.told_again, "turns of an erased id were told again since"),
        (report.same_words, "other turns have the words of an erased one, and were not named"),
    ] {
        if count > 0 {
            line(&format!("note     {count} {what}"))?;
        }
    }
    if let Some(FreePages { pages, .. }) = free {
        line(&format!("{pages} free pages in the file"))?;
    }
    line(if report.gone { "all of it is gone" } else { "not all of it is gone" })
}
