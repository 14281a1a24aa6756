//! `kithkin store`: verify, copy, backup, restore, compact, and what concerns a keyring.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use kithkin::{
    CopyReport, Encryption, EngineError, Error, Kithkin, Location, Passed, Selection, StoreError, key_from_command,
    key_from_file,
};

use super::interrupt::Interrupt;
use crate::args::StoreCommand;
use crate::output::{self, line};
use crate::place::Place;

pub(super) fn run(place: &Place, command: StoreCommand) -> Result<ExitCode> {
    match command {
        StoreCommand::Verify { whose } => verify(place, &selection(place, whose.person)),
        StoreCommand::Copy { to, to_key_file, to_keyring, plain, whose } => {
            let other = to_key_file.map(|file| Encryption::with_key_file(&file, to_keyring)).transpose()?;
            let becomes = match other {
                Some(other) => Becomes::Other(other),
                None if plain => Becomes::Plain,
                None => Becomes::Alike,
            };
            copy(place, &to, &becomes, &selection(place, whose.person))
        }
        StoreCommand::Backup { file } => backup(place, &file),
        StoreCommand::Restore { file } => restore(place, &file),
        StoreCommand::CopyKeyring { file } => copy_keyring(place, &file),
        StoreCommand::ChangeMasterKey { new_key_file, new_key_command } => {
            change_master_key(place, new_key_file.as_deref(), &new_key_command.unwrap_or_default())
        }
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
pub(super) fn with_bar<T>(
    work: impl FnOnce(&mut dyn FnMut(Passed) -> ControlFlow<()>) -> Result<T, Error>,
) -> Result<T> {
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
        for gone in &report.unreadable {
            line(&format!("unreadable: {} of {}: {}", gone.person, gone.tenant, gone.why))?;
        }
        line(&format!("all of it: {}", report.hash))?;
    }
    Ok(if report.damaged.is_empty() && report.unreadable.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How a copy is encrypted.
enum Becomes {
    /// As the store that is copied, with the same keys.
    Alike,
    Plain,
    /// With another key and keyring.
    Other(Encryption),
}

fn copy(place: &Place, to: &Location, becomes: &Becomes, of: &Selection) -> Result<ExitCode> {
    let source = place.open()?;
    let encryption = match becomes {
        Becomes::Alike => place.encryption()?,
        Becomes::Plain => None,
        Becomes::Other(encryption) => Some(encryption),
    };
    let target = match Kithkin::open_with(to, encryption) {
        Err(Error::Engine(EngineError::Store(StoreError::Absent { .. }))) => match becomes {
            Becomes::Alike => source.create_alike(to)?,
            Becomes::Plain | Becomes::Other(_) => Kithkin::create_with(to, encryption)?,
        },
        target => target?,
    };
    let target = target.start();
    let report = with_bar(|on| source.copy_to(&target, of, on))?;
    print(place, &report)
}

fn restore(place: &Place, file: &Path) -> Result<ExitCode> {
    let encryption = place.encryption()?;
    let report = with_bar(|on| Kithkin::restore(file, &place.store, encryption, on))?;
    print(place, &report)
}

fn print(place: &Place, report: &CopyReport) -> Result<ExitCode> {
    let CopyReport { copied, unchanged, turns, refused, erased } = report;
    if place.json {
        output::json(report)?;
    } else {
        line(&format!("{copied} persons copied with {turns} turns, and compared; {unchanged} were there already"))?;
        for gone in erased {
            line(&format!("not copied: {} of {}: {}", gone.person, gone.tenant, gone.why))?;
        }
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
    let Some(report) = report else { bail!("stopped; no backup was made") };
    if place.json {
        output::json(&report)?;
    } else {
        let kithkin::BackupReport { file, persons, turns, bytes, hash } = report;
        line(&format!("{file}: {persons} persons with {turns} turns, {bytes} bytes, checked; all of it: {hash}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn copy_keyring(place: &Place, file: &Path) -> Result<ExitCode> {
    let shown = file.display().to_string();
    if !place.open()?.copy_keyring(file)? {
        bail!("{} is not encrypted, and has no keyring", place.store);
    }
    if place.json {
        output::json(&serde_json::json!({ "file": shown }))?;
    } else {
        line(&format!("{shown}: every key of now; replace it by a newer one, and keep no older"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn change_master_key(place: &Place, file: Option<&Path>, command: &[String]) -> Result<ExitCode> {
    let kithkin = place.open()?;
    let new = match file {
        Some(file) => key_from_file(file)?,
        None => key_from_command(command)?,
    };
    let (true, Some(encryption)) = (kithkin.change_master_key(&new)?, place.encryption()?) else {
        bail!("{} is not encrypted, and has no key that could be changed", place.store);
    };
    let keyring = encryption.keyring();
    if place.json {
        return output::json(&serde_json::json!({ "keyring": keyring.to_string() })).map(|()| ExitCode::SUCCESS);
    }
    line(&format!("{keyring}: every key is wrapped with the new master key"))?;
    output::note(
        "put the new key where the old one is named, start whatever has the store open again, and replace copies of the keyring",
    );
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
