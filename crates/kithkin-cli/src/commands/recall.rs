//! `kithkin recall` and `kithkin context`.

use std::process::ExitCode;

use anyhow::Result;
use kithkin::{EventTime, EvidenceReport, Explanation, Method, Now, RecallReport};

use crate::args::{Context, Recall};
use crate::commands::respond;
use crate::output::{self, line};
use crate::place::Place;

pub(super) fn recall(place: &Place, args: &Recall) -> Result<ExitCode> {
    let (kithkin, method) = place.open_for(&args.person, args.method.as_deref())?;
    let recall = kithkin::Recall {
        aspects: args.aspect.iter().map(kithkin::Aspect::new).collect(),
        limit: args.limit,
        explain: args.explain,
        ..question(&args.question, args.now, method)
    };
    let report = place.person(&kithkin, &args.person).recall(&recall)?;
    if place.json {
        output::json(&report)?;
    } else {
        print(&report, args.explain)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn context(place: &Place, args: &Context) -> Result<ExitCode> {
    let (kithkin, method) = place.open_for(&args.person, args.method.as_deref())?;
    let message = question(&args.message, args.now, method);
    let context = place.person(&kithkin, &args.person).context(&message, args.tokens)?;
    if place.json {
        output::json(&context)?;
        return Ok(ExitCode::SUCCESS);
    }
    respond::withheld(&context.withheld);
    if let Some(routed) = &context.routed {
        output::note(&format!("the policy's rule {} answers this, without a memory and a model:", routed.rule));
        line(&routed.reply)?;
    } else if context.text.is_empty() {
        output::note(
            "nothing is known of this person, and nothing that is remembered answers this; the block is empty",
        );
    } else {
        line(&context.text)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn question(text: &str, now: Option<EventTime>, method: Option<Method>) -> kithkin::Recall {
    kithkin::Recall { method, ..kithkin::Recall::new(text, now.map_or(Now::Clock, Now::At)) }
}

fn print(report: &RecallReport, explain: bool) -> Result<()> {
    if let Some(partial) = report.partial {
        let (vectors, turns) = (partial.vectors, partial.turns);
        output::note(&format!(
            "partial: {vectors} of {turns} turns have a vector; the others are found by their words"
        ));
    }
    evidence(&report.evidence, explain)?;
    let verdict = if report.abstain { "better say that it is not known" } else { "the evidence can answer" };
    let models: Vec<&str> = report.models.values().map(String::as_str).collect();
    let with = if models.is_empty() { String::new() } else { format!(" with {}", models.join(", ")) };
    let t = report.timings_ms;
    line(&format!("answerable {:.2}: {verdict}", report.answerable))?;
    if let Some(why) = &report.answerable_why {
        tree(why)?;
    }
    if let Some(rescore) = report.rescore {
        line(&format!("the reranker read {} of the best {} turns", rescore.scored, rescore.candidates))?;
    }
    line(&format!(
        "method {}{with}; {:.1} ms (embed {:.1}, load {:.1}, search {:.2})",
        report.method, t.total, t.embed, t.load, t.search
    ))
}

/// Prints turns with their ranks.
pub(super) fn evidence(found: &[EvidenceReport], explain: bool) -> Result<()> {
    for (rank, e) in (1..).zip(found) {
        let said_at = e.said_at.as_deref().unwrap_or("undated");
        line(&format!("{rank:>2}. {said_at}  {}  [{}]  {:.3}", e.speaker, e.turn, e.score))?;
        line(&format!("    {}", e.text.replace('\n', "\n    ")))?;
        for caption in e.attachments.iter().filter_map(|a| a.caption.as_deref()) {
            line(&format!("    ({caption})"))?;
        }
        if explain {
            tree(&e.why)?;
        }
    }
    Ok(())
}

fn tree(why: &Explanation) -> Result<()> {
    why.to_string().lines().try_for_each(|l| line(&format!("      {l}")))
}
