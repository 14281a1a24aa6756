//! `kithkin export`.

use std::fs::File;
use std::io::BufWriter;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::args::Export;
use crate::output;
use crate::place::Place;

pub(super) fn run(place: &Place, args: &Export) -> Result<ExitCode> {
    let kithkin = place.open()?;
    let person = place.person(&kithkin, &args.person);
    let Some(path) = &args.output else {
        person.export(&mut BufWriter::new(std::io::stdout().lock()), "standard output")?;
        return Ok(ExitCode::SUCCESS);
    };
    // A mistyped name must not cost an older export.
    let file =
        File::create_new(path).with_context(|| format!("{} cannot be made; choose a new name", path.display()))?;
    let write = || -> Result<u64> {
        let turns = person.export(&mut BufWriter::new(&file), &path.display().to_string())?;
        file.sync_all().with_context(|| format!("{} could not be written to the disk", path.display()))?;
        Ok(turns)
    };
    let written = write();
    if written.is_err() {
        // Half an export could be taken for a whole one. If it cannot be removed either, the first error says more.
        let _ = std::fs::remove_file(path);
    }
    let turns = written?;
    output::note(&format!("{turns} turns written to {}", path.display()));
    Ok(ExitCode::SUCCESS)
}
