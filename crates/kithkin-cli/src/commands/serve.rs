//! `kithkin serve`, `kithkin mcp` and `kithkin key`.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use kithkin::{ChatKey, Scope};
use kithkin_server::{Endpoint, Keys, NewKey, Service, Settings, Upstream, add_key, read_keys, remove_key};
use serde_json::json;

use crate::args::{KeyArgs, KeyCommand, Mcp, Serve};
use crate::output::{self, line};
use crate::place::{Place, secret};

pub(super) fn run(place: &Place, args: &Serve) -> Result<ExitCode> {
    if args.keys.is_none() && !args.listen.ip().is_loopback() {
        let address = args.listen;
        bail!(
            "{address} can be reached from elsewhere, so clients need keys: make one with `kithkin key add`, and name --keys"
        );
    }
    output::log(&args.log)?;
    let mut settings = Settings::new(place.tenant.clone());
    settings.memory_tokens = args.memory_tokens;
    settings.keys = args.keys.as_deref().map(Keys::open).transpose()?;
    settings.upstream = upstream(place, args)?;
    let service = Service::new(place.open_with_all()?, settings);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let bound = tokio::net::TcpListener::bind(args.listen).await;
        let listener = bound.with_context(|| format!("{} cannot be listened on", args.listen))?;
        output::note(&format!("serving on http://{}; Ctrl-C stops", listener.local_addr()?));
        kithkin_server::serve(listener, service, stopped()).await?;
        Ok::<_, anyhow::Error>(())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The endpoint that is named, or else the chat model.
fn upstream(place: &Place, args: &Serve) -> Result<Option<Upstream>> {
    let Some(url) = &args.upstream else {
        return Ok(place.chat()?.map(Upstream::Local));
    };
    let key = secret(args.upstream_key_file.as_deref(), "KITHKIN_UPSTREAM_KEY")?;
    let key = key.map(|(text, origin)| ChatKey::new(&text).with_context(|| format!("{origin} holds no key")));
    Ok(Some(Upstream::Http(Endpoint::new(url, key.transpose()?.as_ref())?)))
}

/// Done when the process is asked to end.
async fn stopped() {
    let ended = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            // Where it cannot be listened for, it ends the process at once, and nothing acknowledged is lost.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = ended => {}
    }
}

pub(super) fn mcp(place: &Place, args: &Mcp) -> Result<ExitCode> {
    // Standard output is the protocol's.
    output::log("warn")?;
    let service = Service::new(place.open_with_models()?, Settings::new(place.tenant.clone()));
    let scope = Scope::new(place.tenant.clone(), args.person.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(kithkin_server::serve_stdio(service, scope))?;
    // A read of standard input that nothing will end does not hold the process.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

pub(super) fn key(place: &Place, args: KeyArgs) -> Result<ExitCode> {
    let keys = args.keys.context("name the file of the keys with --keys")?;
    match args.command {
        KeyCommand::Add(new) => {
            let (person, expires, note) = (new.person, new.expires, new.note);
            let rights = new.rights.into_iter().collect();
            let key = add_key(&keys, NewKey { tenant: place.tenant.clone(), person, rights, expires, note })?;
            if place.json {
                output::json(&json!({ "key": key }))?;
            } else {
                line(&key)?;
            }
            output::note("it is shown this once; the file has only a hash of it");
        }
        KeyCommand::List => {
            let rows = read_keys(&keys)?.into_iter().map(|key| {
                let rights: Vec<String> = key.rights.iter().map(ToString::to_string).collect();
                let person = key.person.map_or_else(|| "all".to_owned(), |person| person.to_string());
                let expires = key.expires.unwrap_or_else(|| "never".to_owned());
                [key.id, key.tenant.to_string(), person, rights.join(","), expires, key.note]
            });
            let headings = ["id", "tenant", "person", "rights", "expires", "note"];
            if place.json {
                let object =
                    |row: [String; 6]| headings.iter().map(|h| (*h).to_owned()).zip(row.map(|cell| json!(cell)));
                output::json(&rows.map(|row| object(row).collect::<serde_json::Map<_, _>>()).collect::<Vec<_>>())?;
            } else {
                output::table(&headings, rows.map(Vec::from).collect())?;
            }
        }
        KeyCommand::Remove(gone) => remove_key(&keys, &gone.id)?,
    }
    Ok(ExitCode::SUCCESS)
}
