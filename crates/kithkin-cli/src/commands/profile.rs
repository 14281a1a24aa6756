//! `kithkin profile`, and what a person says of it: `edit`, `confirm` and `reject`.

use std::process::ExitCode;

use anyhow::Result;
use kithkin::{Change, Correct, Now, ProfileReport, ProfileVersion};

use crate::args::{CorrectEntry, Profile, ProfileCommand};
use crate::commands::remember;
use crate::output::{self, line};
use crate::place::Place;

pub(super) fn run(place: &Place, args: Profile) -> Result<ExitCode> {
    match (args.command, args.person) {
        (Some(ProfileCommand::Edit(edit)), _) => {
            correct(place, edit.entry, Change::Edit { value: edit.new, kind: edit.kind })
        }
        (Some(ProfileCommand::Confirm(entry)), _) => correct(place, entry, Change::Confirm),
        (Some(ProfileCommand::Reject(entry)), _) => correct(place, entry, Change::Reject),
        (None, Some(person)) => {
            let kithkin = place.open()?;
            let profile = place.person(&kithkin, &person).profile(args.as_of.map_or(Now::Clock, Now::At))?;
            if place.json {
                output::json(&profile)?;
            } else {
                print(&profile)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        // The parser asks for a person where there is no command.
        (None, None) => Ok(ExitCode::from(2)),
    }
}

fn correct(place: &Place, entry: CorrectEntry, change: Change) -> Result<ExitCode> {
    let at = entry.at.map_or(Now::Clock, Now::At);
    let what = Correct { topic: entry.topic, value: entry.value, about: entry.about, change, at };
    let kithkin = place.open()?;
    let report = place.person(&kithkin, &entry.person).correct(&what)?;
    if place.json {
        output::json(&report)?;
    } else {
        let value = report.value.as_deref().map_or("nothing is left of it", |value| value);
        line(&format!("{} {:?} {}: {value} [{}]", report.about, report.kind, report.topic, report.turns.join(" ")))?;
    }
    drop(kithkin);
    remember::derive(place, &entry.person)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints a profile, an entry a line.
pub(super) fn print(profile: &ProfileReport) -> Result<()> {
    for entry in &profile.entries {
        line(&format!("{} {:?} {}: {}", entry.about, entry.kind, entry.topic, version(&entry.current)))?;
        for former in &entry.history {
            line(&format!("    before: {}", version(former)))?;
        }
    }
    for rejected in &profile.rejected {
        let (about, topic, value) = (&rejected.about, &rejected.topic, &rejected.value);
        line(&format!("{about} {:?} {topic}: not {value} [{}]", rejected.kind, rejected.sources.join(" ")))?;
    }
    for of in &profile.traits {
        let turns = [of.towards.join(" "), of.against.join(" ")];
        line(&format!(
            "{} {}: {:.2} of 1, {:.2} to {:.2}, by what they say of themselves; for it [{}], against it [{}]",
            of.about,
            of.of.as_str(),
            of.value,
            of.low,
            of.high,
            turns[0],
            turns[1]
        ))?;
    }
    if !profile.traits.is_empty() {
        line("    the five traits are a count of words that somebody said of themselves: no test, and no diagnosis")?;
    }
    for style in &profile.styles {
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        let typical = match style.typical.join(", ") {
            words if words.is_empty() => words,
            words => format!("; says more than others: {words}"),
        };
        line(&format!(
            "{} writes {} words a turn, with a question in {}, an exclamation mark in {}, an emoji in {} of {} turns{typical}",
            style.about,
            style.words,
            percent(style.questions),
            percent(style.exclamations),
            percent(style.emoji),
            style.turns
        ))?;
    }
    if profile.entries.is_empty() && profile.rejected.is_empty() {
        line("nothing is known yet: the rules read what somebody says of themselves, such as \"I live in Oslo\"")?;
    }
    Ok(())
}

fn version(version: &ProfileVersion) -> String {
    let part =
        |label: &str, text: &Option<String>| text.as_ref().map_or_else(String::new, |t| format!(", {label} {t}"));
    let (when, why) = (part("when", &version.context), part("because", &version.because));
    let (from, to) = (part("from", &version.valid_from), part("until", &version.valid_to));
    let sure = if version.confirmed { ", confirmed" } else { "" };
    let inferred = if version.inferred { ", inferred by a model" } else { "" };
    format!("{}{when}{why}{from}{to}{sure}{inferred} [{}]", version.value, version.sources.join(" "))
}
