//! `kithkin forget`.

use std::ops::ControlFlow;
use std::process::ExitCode;

use anyhow::{Context, Result};

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
    let report = person.forget(&what, args.dry_run)?;
    if place.json {
        output::json(&report)?;
    } else {
        let would = if report.dry_run { "would be erased" } else { "erased" };
        let kithkin::ForgetReport { turns, memories, vectors, feedback, .. } = report;
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
