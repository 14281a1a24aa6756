//! `kithkin rebuild` and `kithkin reembed`.

use std::process::ExitCode;

use anyhow::Result;
use kithkin::{PersonId, Work};

use super::interrupt::Interrupt;
use super::jobs;
use crate::args::{Rebuild, Reembed};
use crate::output::{self, line};
use crate::place::{Place, named_method};

pub(super) fn rebuild(place: &Place, args: &Rebuild) -> Result<ExitCode> {
    let plain = place.open()?;
    let method = match &args.method {
        Some(name) => named_method(name)?,
        None => place.person(&plain, &args.person).preset()?,
    };
    if args.estimate {
        return jobs::estimate(place, &place.person(&plain, &args.person).estimate(&method)?);
    }
    let kithkin = place.with_models_for(&method, plain)?;
    let person = place.person(&kithkin, &args.person);
    let interrupt = Interrupt::listen()?;
    let bar = output::progress("sessions");
    let derived = person.rebuild(&method, &mut |p| {
        bar.set_prefix(match p.work {
            Work::Sessions => "sessions",
            Work::Vectors => "vectors",
        });
        bar.set_length(p.of);
        bar.set_position(p.done);
        interrupt.flow()
    })?;
    bar.finish_and_clear();
    let id = &method.about().id;
    let kithkin::Derived { sessions, unread } = derived;
    if place.json {
        output::json(&serde_json::json!({
            "person": args.person, "method": id, "sessions": sessions, "unread": unread,
        }))?;
    } else {
        if unread > 0 {
            output::note(&format!(
                "{unread} answers of the chat model, or pieces of them, could not be read; what depends on them was left out"
            ));
        }
        line(&format!("{} is served by {id}; {sessions} sessions were derived", args.person))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn reembed(place: &Place, args: &Reembed) -> Result<ExitCode> {
    let kithkin = place.open_with_embedder()?;
    let Some(model) = kithkin.embedder_name() else {
        anyhow::bail!("--embedder none makes no vectors; name an embedder from `kithkin models`");
    };
    let persons: Vec<PersonId> = match &args.person {
        Some(person) => vec![person.clone()],
        None => kithkin.person_ids(&place.tenant)?,
    };
    let interrupt = Interrupt::listen()?;
    let bar = output::progress("vectors");
    let mut made = 0;
    for person in &persons {
        made += place.person(&kithkin, person).reembed(&mut |p| {
            bar.set_length(p.of);
            bar.set_position(p.done);
            interrupt.flow()
        })?;
    }
    bar.finish_and_clear();
    if place.json {
        output::json(&serde_json::json!({ "persons": persons.len(), "vectors": made, "embedder": model }))?;
    } else {
        line(&format!("{made} vectors made by {model} for {} persons", persons.len()))?;
    }
    Ok(ExitCode::SUCCESS)
}
