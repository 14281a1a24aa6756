//! `kithkin persons`, `show`, `timeline` and `memories`.

use std::process::ExitCode;

use anyhow::Result;
use kithkin::{Now, TurnReport};

use crate::args::{Memories, Show, Who};
use crate::output::{self, line};
use crate::place::Place;

pub(super) fn persons(place: &Place) -> Result<ExitCode> {
    let persons = place.open()?.persons(&place.tenant, None, usize::MAX)?;
    if place.json {
        output::json(&persons)?;
        return Ok(ExitCode::SUCCESS);
    }
    let day = |time: &Option<String>| time.as_deref().map_or_else(String::new, |t| t.chars().take(10).collect());
    let row = |p: &kithkin::PersonReport| {
        let counts = [p.turns, p.sessions, p.conversations].map(|n| n.to_string());
        [vec![p.person.clone()], counts.to_vec(), vec![day(&p.first), day(&p.last)]].concat()
    };
    output::table(
        &["person", "turns", "sessions", "conversations", "first", "last"],
        persons.iter().map(row).collect(),
    )?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn show(place: &Place, args: &Show) -> Result<ExitCode> {
    let kithkin = place.open()?;
    let person = place.person(&kithkin, &args.person);
    if let Some(turn) = &args.turn {
        return print(place, &person.show(turn)?);
    }
    let summary = person.report()?;
    let method = person.method()?;
    if place.json {
        output::json(&serde_json::json!({ "summary": summary, "method": method.about().id }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let span = [&summary.first, &summary.last].map(|t| t.as_deref().unwrap_or("undated"));
    line(&format!(
        "{}: {} turns in {} sessions of {} conversations, {} to {}; method {}",
        summary.person,
        summary.turns,
        summary.sessions,
        summary.conversations,
        span[0],
        span[1],
        method.about().id
    ))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn timeline(place: &Place, who: &Who) -> Result<ExitCode> {
    let kithkin = place.open()?;
    print(place, &place.person(&kithkin, &who.person).timeline()?)
}

pub(super) fn memories(place: &Place, args: &Memories) -> Result<ExitCode> {
    let kithkin = place.open()?;
    let person = place.person(&kithkin, &args.person);
    let memories = person.memories(args.as_of.map_or(Now::Clock, Now::At))?;
    if place.json {
        output::json(&memories)?;
        return Ok(ExitCode::SUCCESS);
    }
    for memory in &memories {
        let from = memory.valid_from.as_deref().unwrap_or("undated");
        let until = memory.superseded_by.map_or_else(String::new, |by| {
            format!(" until {}, superseded by {by}", memory.valid_to.as_deref().unwrap_or("an unknown time"))
        });
        let sources = memory.sources.join(" ");
        let (id, kind, text) = (memory.id, memory.kind, memory.text.replace('\n', "\n    "));
        line(&format!("{id} {kind} {from}{until} [{sources}]\n    {text}"))?;
    }
    if memories.is_empty() {
        let method = person.method()?.about().id.clone();
        line(&format!("no memories: the method {method} searches the turns themselves"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(place: &Place, turns: &[TurnReport]) -> Result<ExitCode> {
    if place.json {
        output::json(&turns)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut session = None;
    for turn in turns {
        let here = (&turn.conversation, &turn.session);
        if session != Some(here) {
            line(&format!("— {} / {}", turn.conversation, turn.session))?;
            session = Some(here);
        }
        let version = match (turn.version, turn.replaced) {
            (1, false) => String::new(),
            (version, true) => format!(" (version {version}, replaced)"),
            (version, false) => format!(" (version {version})"),
        };
        let said_at = turn.said_at.as_deref().unwrap_or("undated");
        line(&format!("[{}] {said_at} {}{version}: {}", turn.turn, turn.speaker, turn.text.replace('\n', "\n    ")))?;
        for caption in turn.attachments.iter().filter_map(|a| a.caption.as_deref()) {
            line(&format!("    ({caption})"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
