//! `kithkin respond`.

use std::ops::ControlFlow;
use std::process::ExitCode;

use anyhow::Result;
use kithkin::{Gated, Now, PromptReport, RespondReport, Withheld};

use crate::args::Respond;
use crate::commands::{recall, remember};
use crate::output::{self, line};
use crate::place::{self, Place, named_method};

pub(super) fn run(place: &Place, args: Respond) -> Result<ExitCode> {
    let method = args.method.as_deref().map(named_method).transpose()?;
    let kithkin = place.open_to_reply(&args.person, method.as_ref())?;
    let what = kithkin::Respond {
        conversation: Some(args.conversation),
        method,
        card: place::card(args.card.as_deref())?,
        asker: args.asker,
        neighbours: args.neighbour,
        persuade: args.persuade,
        remember: !args.read_only,
        explain: args.explain,
        ..kithkin::Respond::new(args.message, args.now.map_or(Now::Clock, Now::At))
    };
    if args.dry_run {
        return prompt(place, &place.person(&kithkin, &args.person).prompt(&what)?, args.explain);
    }
    let report = place.person(&kithkin, &args.person).respond(&what, &mut |_| ControlFlow::Continue(()))?;
    if place.json {
        output::json(&report)?;
    } else {
        line(&report.reply)?;
        cited(&report)?;
        gate(report.gate.as_ref(), args.explain)?;
        if args.explain {
            recall::evidence(&report.shown, true)?;
        }
    }
    if what.remember {
        drop(kithkin);
        remember::derive(place, &args.person)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what the policy kept from a prompt.
pub(super) fn withheld(withheld: &[Withheld]) {
    for Withheld { rule, turns, entries } in withheld {
        if *turns + *entries > 0 {
            output::note(&format!(
                "the policy's rule {rule} withheld {turns} turns and {entries} entries of the profile"
            ));
        } else {
            output::note(&format!("nothing is shown: {rule}"));
        }
    }
}

/// Says what the method's gate decided: that it is shut always, why it is shut or open where that is asked for.
fn gate(gate: Option<&Gated>, explain: bool) -> Result<()> {
    let Some(gate) = gate else { return Ok(()) };
    if !gate.open {
        let (benefit, threshold) = (gate.benefit, gate.threshold);
        output::note(&format!(
            "what is known would hardly help ({benefit:.2}, below {threshold:.2}), so the model is asked as without a memory"
        ));
    }
    if explain { line(gate.why.to_string().trim_end()) } else { Ok(()) }
}

/// Prints what the model would be asked.
fn prompt(place: &Place, report: &PromptReport, explain: bool) -> Result<ExitCode> {
    if place.json {
        output::json(report)?;
        return Ok(ExitCode::SUCCESS);
    }
    for message in &report.messages {
        line(&format!("[{}]\n{}\n", message.role.as_str(), message.content.trim_end()))?;
    }
    if let Some(reply) = &report.fallback {
        output::note(&format!("the model would not be asked; the method's rule would reply: {reply}"));
    }
    withheld(&report.withheld);
    gate(report.gate.as_ref(), explain)?;
    if explain {
        recall::evidence(&report.shown, true)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the turns that a reply names, and what is to be said about it.
pub(super) fn cited(report: &RespondReport) -> Result<()> {
    for number in &report.cited {
        if let Some(e) = report.shown.get(number - 1) {
            line(&format!("[{number}] {} {}: {}", e.said_at.as_deref().unwrap_or("undated"), e.speaker, e.text))?;
        }
    }
    withheld(&report.withheld);
    if let Some(rule) = &report.routed {
        output::note(&format!("the policy's rule {rule} gave this reply; nothing was recalled and no model was asked"));
    } else if report.fallback {
        output::note(
            "no turn that is remembered answers this; a rule of the method said so, and the model was not asked",
        );
    } else if report.abstained {
        let given = if report.profile_used.is_empty() { "without a memory" } else { "with the profile alone" };
        output::note(&format!("no turn that is remembered answers this; the model was asked {given}"));
    }
    if !report.invented.is_empty() {
        output::note("the model cited turns that it was not shown; those marks were taken out");
    }
    if report.unread > 0 {
        output::note(&format!("{} of the model's notes could not be read", report.unread));
    }
    for revision in &report.revisions {
        let what = if revision.kept { "was written again" } else { "was kept all the same" };
        output::note(&format!("a draft {what}: {}", revision.faults.join(" ")));
    }
    if report.cut {
        output::note("the reply broke off before its end");
    }
    Ok(())
}
