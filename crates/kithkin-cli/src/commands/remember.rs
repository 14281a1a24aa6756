//! `kithkin remember`.

use std::io::Read;
use std::ops::ControlFlow;
use std::process::ExitCode;

use anyhow::{Context, Result};
use kithkin::Now;

use crate::args::{Place, Remember};
use crate::output::{self, line};

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
        text,
        speaker: args.speaker,
        conversation: args.conversation,
        at: args.at.map_or(Now::Clock, Now::At),
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
    let embedding =
        place.open_with_models().context("the turn is stored and is found by its words, but has no vector")?;
    place.person(&embedding, &args.person).catch_up(&mut |_| ControlFlow::Continue(()))?;
    Ok(ExitCode::SUCCESS)
}
