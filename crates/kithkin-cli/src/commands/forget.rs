//! `kithkin forget`.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{Forget, Place};
use crate::output::{self, line};

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
    let report = place.person(&kithkin, &args.person).forget(&what, args.dry_run)?;
    if place.json {
        output::json(&report)?;
    } else {
        let would = if report.dry_run { "would be erased" } else { "erased" };
        let kithkin::ForgetReport { turns, memories, vectors, feedback, .. } = report;
        line(&format!("{turns} turns, {memories} memories, {vectors} vectors, {feedback} pieces of feedback {would}"))?;
    }
    Ok(ExitCode::SUCCESS)
}
