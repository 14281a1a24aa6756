//! `kithkin serve`, `kithkin mcp` and `kithkin key`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use kithkin::{ChatKey, Scope};
use kithkin_server::{Endpoint, Keys, NewKey, Service, Settings, Upstream, add_key, read_keys, remove_key};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;

use crate::args::{AddKey, KeyArgs, KeyCommand, Mcp, Serve};
use crate::output::{self, line};
use crate::place::{Place, secret};

/// Where the service listens, where nothing says otherwise.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7700);

pub(super) fn run(place: &Place, args: &Serve) -> Result<ExitCode> {
    let config = &place.config;
    let address = args.listen.or(config.listen).unwrap_or(LISTEN);
    let keys = args.keys.as_ref().or(config.keys.as_ref());
    if keys.is_none() && !address.ip().is_loopback() {
        bail!(
            "{address} can be reached from elsewhere, so clients need keys: make one with `kithkin key add`, and name --keys"
        );
    }
    output::log(args.log.as_deref().or(config.log.as_deref()).unwrap_or("info"))?;
    let mut settings = Settings::new(place.tenant.clone());
    settings.memory_tokens = args.memory_tokens.or(config.memory_tokens).unwrap_or(settings.memory_tokens);
    settings.lab = args.lab.clone().or_else(|| config.lab.clone());
    settings.retention.clone_from(&config.retention);
    settings.retention_receipts.clone_from(&config.retention_receipts);
    if let Some(folder) = config.retention_receipts.as_ref().filter(|folder| !folder.is_dir()) {
        bail!("retention-receipts is {}, which is no folder; make it", folder.display());
    }
    settings.keys = keys.map(|keys| Keys::open(keys)).transpose()?;
    settings.upstream = upstream(place, args)?;
    settings.limits.connections = connections(settings.limits.connections);
    let service = Service::new(place.open_with_all()?, settings);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let bound = tokio::net::TcpListener::bind(address).await;
        let listener = bound.with_context(|| format!("{address} cannot be listened on"))?;
        output::note(&format!("serving on http://{}; Ctrl-C stops", listener.local_addr()?));
        kithkin_server::serve(listener, service, stopped()).await;
        Ok::<_, anyhow::Error>(())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Descriptors that are kept for the store, the upstream and files that are put aside.
const RESERVED: u64 = 256;

/// As many connections as there are descriptors for. What the system lets this process have is asked for first.
fn connections(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    let have = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    let free = have.map_or(usize::MAX, |have| usize::try_from(have.saturating_sub(RESERVED)).unwrap_or(usize::MAX));
    wanted.min(free).max(1)
}

/// The endpoint that is named, or else the chat model.
fn upstream(place: &Place, args: &Serve) -> Result<Option<Upstream>> {
    let config = &place.config;
    let Some(url) = args.upstream.as_ref().or(config.upstream.as_ref()) else {
        return Ok(place.chat()?.map(Upstream::Local));
    };
    let file = args.upstream_key_file.as_ref().or(config.upstream_key_file.as_ref());
    let key = secret(file.map(PathBuf::as_path), "KITHKIN_UPSTREAM_KEY")?;
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
    let keys = args.keys.or_else(|| place.config.keys.clone()).context("name the file of the keys with --keys")?;
    match args.command {
        KeyCommand::Add(new) => {
            let AddKey { person, expires, per_second, note, rights } = new;
            let rights = rights.into_iter().collect();
            let key =
                add_key(&keys, NewKey { tenant: place.tenant.clone(), person, rights, expires, per_second, note })?;
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
                let pace = key.per_second.map_or_else(|| "any".to_owned(), |most| most.to_string());
                [key.id, key.tenant.to_string(), person, rights.join(","), expires, pace, key.note]
            });
            let headings = ["id", "tenant", "person", "rights", "expires", "per second", "note"];
            if place.json {
                let object =
                    |row: [String; 7]| headings.iter().map(|h| (*h).to_owned()).zip(row.map(|cell| json!(cell)));
                output::json(&rows.map(|row| object(row).collect::<serde_json::Map<_, _>>()).collect::<Vec<_>>())?;
            } else {
                output::table(&headings, rows.map(Vec::from).collect())?;
            }
        }
        KeyCommand::Remove(gone) => remove_key(&keys, &gone.id)?,
    }
    Ok(ExitCode::SUCCESS)
}
