//! `kithkin init`, `audit` and `doctor`.

use std::process::ExitCode;

use anyhow::Result;
use kithkin::{Kithkin, Repair};

use crate::args::Who;
use crate::output::{self, line};
use crate::place::Place;

pub(super) fn init(place: &Place) -> Result<ExitCode> {
    let encryption = place.encryption()?;
    Kithkin::create_with(&place.store, encryption)?;
    let keyring = encryption.map(|encryption| encryption.keyring().to_string());
    if place.json {
        output::json(&serde_json::json!({ "store": place.store.to_string(), "keyring": keyring }))?;
    } else {
        line(&format!("made the store {}", place.store))?;
        if let Some(keyring) = keyring {
            line(&format!(
                "made its keyring {keyring}; without it nobody reads the store: keep a copy, apart from the store's"
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn audit(place: &Place, who: &Who) -> Result<ExitCode> {
    let kithkin = match place.embedder.as_str() {
        "none" => place.open()?,
        _ => place.open_with_embedder()?,
    };
    let report = place.person(&kithkin, &who.person).audit()?;
    if place.json {
        output::json(&report)?;
        return Ok(ExitCode::SUCCESS);
    }
    line(&format!("{} turns, {} of them replaced, {} undated", report.turns, report.replaced, report.undated))?;
    line(&format!("{} turns without a vector", report.without_vector))?;
    for (what, ids) in [
        ("repeated word for word", &report.repeated),
        ("quoting recalled memories", &report.recall_loops),
        ("holding a key or token", &report.secrets),
    ] {
        let listed = if ids.is_empty() { String::new() } else { format!(": {}", ids.join(", ")) };
        line(&format!("{} turns {what}{listed}", ids.len()))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn doctor(place: &Place) -> Result<ExitCode> {
    // Missing weights are a finding here, not a reason to look no further.
    let (kithkin, weights) = match place.open_with_embedder() {
        Ok(kithkin) => (kithkin, None),
        Err(e) => (place.open()?, Some(e.to_string())),
    };
    let report = kithkin.doctor(&place.tenant);
    let well = report.findings.is_empty() && weights.is_none();
    if place.json {
        output::json(&serde_json::json!({ "well": well, "weights": weights, "report": report }))?;
    } else {
        line(&format!("store    {}", report.store))?;
        line(&format!("embedder {}", report.embedder.as_deref().unwrap_or("none")))?;
        for finding in &report.findings {
            let repair = match &finding.repair {
                Repair::RestoreACopy => ": restore a copy".to_owned(),
                Repair::AsTheMessageSays => String::new(),
                Repair::FetchWeights { model } => format!(": run `make weights MODEL={model}`"),
                Repair::Reembed => ": run `kithkin reembed`".to_owned(),
                Repair::Rebuild { person } => format!(": run `kithkin rebuild --person {person}`"),
            };
            line(&format!("problem  {}{repair}", finding.what))?;
        }
        if let Some(weights) = &weights {
            line(&format!("problem  {weights}"))?;
        }
        if well {
            line("all is well")?;
        }
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
