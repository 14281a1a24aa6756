//! `kithkin lab run` and `kithkin lab reproduce`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use kithkin::{Kithkin, Method};
use kithkin_lab::{Check, Row, Setup, Table, Verdict, reproduce, rows, write_report};

use crate::args::{LabCommand, LabReproduce, LabRun};
use crate::output::{self, line};
use crate::place::{Place, named_method};

pub(super) fn run(place: &Place, command: LabCommand) -> Result<ExitCode> {
    match command {
        LabCommand::Run(args) => task(place, args),
        LabCommand::Reproduce(args) => rows_again(place, &args),
    }
}

/// The methods of a run that names none.
const DEFAULT: &str = "hybrid";

/// The methods to measure; none where the task compares strategies of its own.
fn methods(place: &Place, args: &LabRun) -> Result<Vec<Method>> {
    let strategies = kithkin_lab::task(&args.task)?.strategies;
    if !strategies.is_empty() {
        if !args.method.is_empty() {
            bail!("the task {} compares {}; leave --method out", args.task, strategies.join(", "));
        }
        return Ok(Vec::new());
    }
    let (chat, reranker) = (place.chat.source()?.is_some(), place.reranker.is_some());
    let lacks = |method: &Method| lacks(method, chat, reranker);
    let mut methods: Vec<Method> = match args.method.as_slice() {
        [] => vec![named_method(DEFAULT)?],
        [all] if all == "all" => Kithkin::methods()?,
        chosen => chosen.iter().map(|name| named_method(name)).collect::<Result<_>>()?,
    };
    for why in [NO_CHAT, NO_RERANKER] {
        let without: Vec<&str> =
            methods.iter().filter(|m| lacks(m) == Some(why)).map(|m| m.about().id.as_str()).collect();
        if without.is_empty() {
            continue;
        }
        let without = without.join(", ");
        if args.method != ["all"] {
            bail!("{why}, and these methods need one: {without}");
        }
        output::note(&format!("left out, as {why}: {without}"));
    }
    methods.retain(|method| lacks(method).is_none());
    Ok(methods)
}

fn task(place: &Place, args: LabRun) -> Result<ExitCode> {
    let methods = methods(place, &args)?;
    let needed = methods.iter().any(|m| m.about().needs_embedder);
    let embedder = if needed { place.embedder(&place.embedder)? } else { None };
    let asks = kithkin_lab::asks_chat(&args.task) && place.chat.source()?.is_some();
    let needed = asks || methods.iter().any(|m| m.about().needs_chat);
    let chat = if needed { place.chat()? } else { None };
    let needed = methods.iter().any(|m| m.about().needs_reranker);
    let reranker = if needed { place.reranker()? } else { None };
    let bar = output::progress("lab");
    let setup = Setup {
        data: args.data,
        methods,
        embedder,
        chat,
        reranker,
        items: args.items,
        limit: args.limit,
        progress: &|_, done, of| {
            bar.set_length(of);
            bar.set_position(done);
        },
    };
    let table = kithkin_lab::run(&args.task, &setup)?;
    bar.finish_and_clear();
    if let Some(folder) = &args.out {
        let quality = kithkin_lab::task(&table.task)?.headline.first().copied().unwrap_or_default();
        for path in write_report(&table, quality, folder)? {
            output::note(&format!("wrote {}", path.display()));
        }
    }
    if place.json {
        output::json(&table)?;
    } else {
        print(&table)?;
    }
    Ok(ExitCode::SUCCESS)
}

const NO_CHAT: &str = "no chat model is named with --chat";
const NO_RERANKER: &str = "no reranker is named with --reranker";

/// Why the method cannot be measured here, where a chat model and a reranker are named or not.
fn lacks(method: &Method, chat: bool, reranker: bool) -> Option<&'static str> {
    let about = method.about();
    let reasons = [(about.needs_chat && !chat, NO_CHAT), (about.needs_reranker && !reranker, NO_RERANKER)];
    reasons.into_iter().find(|(applies, _)| *applies).map(|(_, why)| why)
}

fn print(table: &Table) -> Result<()> {
    line(&format!(
        "{} on {} ({} items, sha256 {})",
        table.task,
        table.data.path,
        table.data.items,
        &table.data.sha256[..12]
    ))?;
    let columns = kithkin_lab::task(&table.task)?.headline;
    let figure = |value: Option<&f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.4}"));
    let mut printed = Vec::new();
    for row in &table.rows {
        let all = columns.iter().map(|c| figure(row.metrics.get(*c)));
        let rest = [format!("{:.1}", row.ingest_seconds), format!("{:.2}", row.query_ms.p50)];
        printed.push([row.method.clone(), "all".to_owned()].into_iter().chain(all).chain(rest).collect());
        for (category, metrics) in &row.by_category {
            let values = columns.iter().map(|c| figure(metrics.get(*c)));
            let empty = [String::new(), String::new()];
            printed.push([String::new(), category.clone()].into_iter().chain(values).chain(empty).collect());
        }
    }
    let headings = [&["method", "category"][..], columns, &["ingest s", "query p50 ms"]].concat();
    output::table(&headings, printed)?;
    for row in &table.rows {
        let skipped: Vec<String> = row.skipped.iter().map(|(why, n)| format!("{n} left out ({why})")).collect();
        line(&format!("{}: {} questions, {}", row.method, row.n, skipped.join(", ")))?;
    }
    Ok(())
}

fn rows_again(place: &Place, args: &LabReproduce) -> Result<ExitCode> {
    let mut wanted = rows()?;
    if let Some(name) = args.rows.iter().find(|name| wanted.iter().all(|row| row.id != **name)) {
        let known: Vec<String> = wanted.iter().map(|row| row.id.clone()).collect();
        bail!("there is no row {name:?}; there are {}", known.join(", "));
    }
    if !args.rows.is_empty() {
        wanted.retain(|row| args.rows.contains(&row.id));
    }
    let (mut checks, mut failed) = (Vec::new(), 0);
    for (before, row) in wanted.iter().enumerate() {
        match row_again(place, args, row) {
            Err(e) if wanted.len() == 1 => return Err(e),
            // A row whose data or model is not there takes none of the others with it.
            Err(e) => {
                failed += 1;
                output::note(&format!("{}: not measured: {e:#}", row.id));
            }
            Ok(measured) => {
                let verdict = measured.iter().map(|check| check.verdict).max().map_or("", shown);
                output::note(&format!("{}: {verdict} ({} of {})", row.id, before + 1, wanted.len()));
                checks.extend(measured);
            }
        }
    }
    if place.json {
        output::json(&checks)?;
    } else {
        let row = |c: &Check| {
            let figures = [c.expected, c.actual, c.actual - c.expected].map(|v| format!("{v:.4}"));
            [vec![c.row.clone(), c.metric.clone()], figures.to_vec(), vec![shown(c.verdict).to_owned()]].concat()
        };
        output::table(&["row", "metric", "expected", "actual", "delta", "verdict"], checks.iter().map(row).collect())?;
    }
    if failed > 0 {
        bail!("{failed} of {} rows could not be measured; why stands above", wanted.len());
    }
    let drift = checks.iter().any(|c| c.verdict == Verdict::Drift);
    Ok(if drift { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn row_again(place: &Place, args: &LabReproduce, row: &Row) -> Result<Vec<Check>> {
    let bar = output::progress("lab");
    let progress = |_: &str, done, of| {
        bar.set_length(of);
        bar.set_position(done);
    };
    let embedder = |name: &str| place.embedder(name);
    let chat = |name: &str| place.named_chat(name);
    let measured = reproduce(row, &args.data, &args.samples, &embedder, &chat, &progress);
    bar.finish_and_clear();
    Ok(measured?)
}

fn shown(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "OK",
        Verdict::Near => "NEAR",
        Verdict::Drift => "DRIFT",
    }
}
