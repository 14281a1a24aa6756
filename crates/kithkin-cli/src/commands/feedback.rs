//! `kithkin feedback`.

use std::process::ExitCode;

use anyhow::Result;
use kithkin::{Now, TurnId, TurnKey};

use crate::args::Feedback;
use crate::output::{self, line};
use crate::place::Place;

pub(super) fn run(place: &Place, args: Feedback) -> Result<ExitCode> {
    let kithkin = place.open_with_embedder()?;
    let person = place.person(&kithkin, &args.person);
    let key = |id: &TurnId| person.turn_key(id, args.conversation.as_ref());
    let keys = |ids: &[TurnId]| ids.iter().map(key).collect::<Result<Vec<TurnKey>, kithkin::Error>>();
    let report = person.feedback(&kithkin::Feedback {
        shown: keys(&args.shown)?,
        useful: keys(&args.useful)?,
        question: args.question,
        now: args.now.map_or(Now::Clock, Now::At),
    })?;
    if place.json {
        output::json(&report)?;
    } else {
        line(&format!("kept: {} of {} turns were of use", report.useful, report.shown))?;
        if !report.embedded {
            output::note("no embedder: methods that learn from feedback pass this over");
        }
    }
    Ok(ExitCode::SUCCESS)
}
