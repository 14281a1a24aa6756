//! `kithkin remember`.

use std::io::Read;
use std::ops::ControlFlow;
use std::process::ExitCode;

use anyhow::{Context, Result};
use kithkin::{Now, Person, PersonId};

use crate::args::Remember;
use crate::output::{self, line};
use crate::place::Place;

/// What is the case when deriving fails.
const NO_VECTOR: &str = "the turn is stored and is found by its words, but has no vector";

pub(super) fn run(place: &Place, args: Remember) -> Result<ExitCode> {
    let text = match args.text.as_str() {
        "-" => {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes)?;
            String::from_utf8(bytes).context("standard input is not UTF-8; convert it, for example with iconv")?
        }
        _ => args.text,
    };
    let what = kithkin::Remember {
        speaker: args.speaker,
        conversation: args.conversation,
        at: args.at.map_or(Now::Clock, Now::At),
        ..kithkin::Remember::new(text)
    };
    let kithkin = place.open()?;
    let remembered = place.person(&kithkin, &args.person).remember(&what)?;
    if place.json {
        output::json(&remembered)?;
    } else {
        let already = if remembered.duplicate { " (stored already)" } else { "" };
        line(&format!("{}/{} {}{already}", remembered.conversation, remembered.turn, remembered.said_at))?;
    }
    // The turn is durable and acknowledged; its vector follows, and a failure here loses nothing.
    drop(kithkin);
    derive(place, &args.person)?;
    Ok(ExitCode::SUCCESS)
}

/// Makes what is still to be derived from what was just said.
pub(super) fn derive(place: &Place, person: &PersonId) -> Result<()> {
    let kithkin = place.open_with_models().context(NO_VECTOR)?;
    catch_up(&place.person(&kithkin, person))
}

/// The same in a store that is open with its models.
pub(super) fn catch_up(person: &Person<'_>) -> Result<()> {
    person.catch_up(&mut |_| ControlFlow::Continue(())).context(NO_VECTOR)?;
    Ok(())
}
