//! `kithkin methods`, `datasets` and `models`.

use std::process::ExitCode;

use anyhow::Result;
use kithkin::{CHAT_ADVICE, CHAT_MODELS, Kithkin, MODELS, Method, WeightStatus};
use kithkin_lab::datasets;

use crate::output::{self, line};
use crate::place::Place;

pub(super) fn methods(place: &Place, name: Option<&str>) -> Result<ExitCode> {
    let (no_embedder, no_chat, no_reranker) = (no_embedder(place), no_chat(place), no_reranker(place));
    let methods = match name {
        Some(name) => vec![crate::place::named_method(name)?],
        None => Kithkin::methods()?,
    };
    let why_not = |method: &Method| {
        let about = method.about();
        let embedder = no_embedder.clone().filter(|_| about.needs_embedder);
        let chat = no_chat.clone().filter(|_| about.needs_chat);
        embedder.or(chat).or_else(|| no_reranker.clone().filter(|_| about.needs_reranker))
    };
    if place.json {
        let entry = |m: &Method| serde_json::json!({ "about": m.about(), "unavailable": why_not(m) });
        output::json(&methods.iter().map(entry).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    if name.is_some() {
        methods.iter().try_for_each(|m| describe(m, why_not(m).as_deref()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |m: &Method| {
        let about = m.about();
        let needs = [
            ("embedder", about.needs_embedder),
            ("chat model", about.needs_chat),
            ("reranker", about.needs_reranker),
            ("rebuild", about.needs_memories),
        ];
        let needs: Vec<&str> = needs.into_iter().filter(|(_, needed)| *needed).map(|(what, _)| what).collect();
        let needs = if needs.is_empty() { "nothing".to_owned() } else { needs.join(", ") };
        let runs = if why_not(m).is_some() { "no" } else { "yes" };
        vec![about.id.to_string(), about.title.clone(), needs, runs.to_owned()]
    };
    output::table(&["method", "what it does", "needs", "runs here"], methods.iter().map(row).collect())?;
    for (what, why) in [("an embedder", no_embedder), ("a chat model", no_chat), ("a reranker", no_reranker)] {
        if let Some(why) = why {
            output::note(&format!("methods that need {what} cannot run: {why}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Why methods that need an embedder cannot run here; `None` when they can.
fn no_embedder(place: &Place) -> Option<String> {
    match place.embedder(&place.embedder) {
        Ok(Some(_)) => None,
        Ok(None) => Some("--embedder none loads no embedder".to_owned()),
        Err(e) => Some(e.to_string()),
    }
}

/// Why methods that need a chat model cannot run here; `None` when they can.
fn no_chat(place: &Place) -> Option<String> {
    match place.chat.source() {
        Ok(Some(source)) => match place.models_dir() {
            Ok(folder) => source.open(&folder).err().map(|e| e.to_string()),
            Err(e) => Some(format!("{e:#}")),
        },
        Ok(None) => Some(format!("no chat model is configured; {CHAT_ADVICE}")),
        Err(e) => Some(format!("{e:#}")),
    }
}

/// Why methods that need a reranker cannot run here; `None` when they can.
fn no_reranker(place: &Place) -> Option<String> {
    match place.reranker() {
        Ok(Some(_)) => None,
        Ok(None) => Some("no reranker is configured; name the folder of a cross-encoder with --reranker".to_owned()),
        Err(e) => Some(e.to_string()),
    }
}

fn describe(method: &Method, why_not: Option<&str>) -> Result<()> {
    let about = method.about();
    line(&format!("{}: {}\n\n{}\n\ncost: {}", about.id, about.title, about.summary, about.cost))?;
    if let Some(paper) = &about.paper {
        line(&format!("paper: {}\nclaims: {}", paper.title, paper.claims))?;
    }
    if let Some(differs) = &about.differs_from_paper {
        line(&format!("differs from the paper: {differs}"))?;
    }
    line(&format!("runs here: {}", why_not.map_or_else(|| "yes".to_owned(), |why| format!("no: {why}"))))
}

pub(super) fn datasets(place: &Place, name: Option<&str>) -> Result<ExitCode> {
    let datasets = match name {
        Some(name) => vec![datasets::find(name)?],
        None => datasets::all()?,
    };
    if place.json {
        output::json(&datasets)?;
        return Ok(ExitCode::SUCCESS);
    }
    for d in &datasets {
        line(&format!("{}: {}", d.id, d.title))?;
        if name.is_some() {
            line(&format!(
                "paper: {}\nsource: {}\nlicence: {}\nfile: {} below a data folder",
                d.paper, d.source, d.licence, d.file
            ))?;
            line(&format!(
                "tasks: {}\ntune: {}\nreport: {}",
                d.tasks.join(", "),
                d.tune.join(", "),
                d.report.join(", ")
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn models(place: &Place) -> Result<ExitCode> {
    let folder = place.models_dir()?;
    let state = |status: WeightStatus, command: String| match status {
        WeightStatus::Present => "present".to_owned(),
        WeightStatus::Missing { .. } => format!("missing: {command}"),
        WeightStatus::Damaged { file } => format!("damaged ({file}): {command}"),
    };
    // Only embedders have vectors, whose length is told.
    let embedders =
        MODELS.iter().map(|m| (m.name, Some(m.dims), m.about, m.licence, state(m.status(&folder), m.command())));
    let chat = CHAT_MODELS.iter().map(|m| (m.name, None, m.about, m.licence, state(m.status(&folder), m.command())));
    let models = embedders.chain(chat);
    if place.json {
        let entry = |(name, dims, _, licence, state): (&str, Option<usize>, &str, &str, String)| serde_json::json!({ "model": name, "dims": dims, "licence": licence, "state": state });
        output::json(&models.map(entry).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |(name, dims, about, licence, state): (&str, Option<usize>, &str, &str, String)| {
        let dims = dims.map_or_else(String::new, |dims| dims.to_string());
        vec![name.to_owned(), dims, about.to_owned(), licence.to_owned(), state]
    };
    output::table(&["model", "dims", "what it is", "licence", "state"], models.map(row).collect())?;
    line(&format!("weights are kept in {}", folder.display()))?;
    Ok(ExitCode::SUCCESS)
}
