//! The tables and plots of past runs of the lab, and rows of reproductions, as they are in a folder: `TASK.json` and
//! `TASK-*.svg` of `kithkin lab run --out`, and `*.toml` as in `reproductions/`.
//!
//! The files are read, and nothing is run. One that cannot be read is named with the reason, beside the others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use axum::extract::{self, Extension, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use minijinja::context;
use serde::{Deserialize, Serialize};

use super::html::value;
use super::visit::Visit;
use crate::access::{Read, Tenant};
use crate::problem::Problem;
use crate::service::Service;

/// The largest file that is read: 16 MiB.
const LARGEST: u64 = 16 << 20;
/// Files that are looked at.
const MOST: usize = 500;

/// A run, as far as the page shows it.
#[derive(Debug, Deserialize)]
struct Run {
    task: String,
    data: Data,
    rows: Vec<Measured>,
}

#[derive(Debug, Deserialize)]
struct Data {
    sha256: String,
    items: usize,
}

#[derive(Debug, Deserialize)]
struct Measured {
    method: String,
    metrics: BTreeMap<String, f64>,
    #[serde(default)]
    by_category: BTreeMap<String, BTreeMap<String, f64>>,
    n: usize,
    query_ms: Millis,
}

#[derive(Debug, Deserialize)]
struct Millis {
    p50: f64,
}

/// A table of a run.
#[derive(Debug, PartialEq, Serialize)]
struct Table {
    task: String,
    items: usize,
    sha256: String,
    columns: Vec<String>,
    rows: Vec<Row>,
    plots: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Row {
    method: String,
    /// The kind of question; all where there is none.
    category: Option<String>,
    n: Option<usize>,
    cells: Vec<Option<f64>>,
    milliseconds: Option<f64>,
}

/// The rows of a file of reproductions.
#[derive(Debug, Deserialize, Serialize)]
struct Reproductions {
    #[serde(default)]
    name: String,
    row: Vec<Expected>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Expected {
    id: String,
    task: String,
    method: String,
    n: usize,
    expected: BTreeMap<String, f64>,
    tolerance: f64,
    #[serde(default)]
    paper: BTreeMap<String, f64>,
}

/// What is in the folder.
#[derive(Debug, Default, Serialize)]
struct Shelf {
    tables: Vec<Table>,
    reproductions: Vec<Reproductions>,
    /// Files that cannot be read, and why.
    unread: Vec<(String, String)>,
}

pub(super) async fn show(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    _tenant: Tenant<Read>,
) -> Result<Response, Problem> {
    let Some(folder) = service.settings().lab.clone() else {
        return visit.page("lab.html", context! { tab => "lab", folder => false });
    };
    let shelf = service.run(move |_| Ok(shelf(&folder))).await?;
    visit.page("lab.html", context! { tab => "lab", folder => true, ..value(&shelf) })
}

/// A plot, as the picture that it is.
pub(super) async fn plot(
    State(service): State<Service>,
    _tenant: Tenant<Read>,
    extract::Path(name): extract::Path<String>,
) -> Result<Response, Problem> {
    let folder = service.settings().lab.clone();
    let wanted = name.clone();
    let read = move |_: &kithkin::Kithkin| {
        let folder = folder?;
        // Only what the folder itself lists is read, so that no name leads out of it.
        let listed = names(&folder).ok()?.into_iter().find(|one| *one == wanted && one.ends_with(".svg"))?;
        text(&folder.join(listed)).ok()
    };
    let svg = service.run(move |kithkin| Ok(read(kithkin))).await?;
    let svg = svg.ok_or_else(|| Problem::not_found(format!("there is no plot {name:?}")))?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response())
}

fn names(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).take(MOST).collect();
    names.sort();
    Ok(names)
}

fn text(path: &Path) -> Result<String, String> {
    let size = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
    if size > LARGEST {
        return Err(format!("it is larger than {LARGEST} bytes"));
    }
    std::fs::read_to_string(path).map_err(|e| e.to_string())
}

fn shelf(folder: &Path) -> Shelf {
    let mut shelf = Shelf::default();
    let names = match names(folder) {
        Ok(names) => names,
        Err(error) => {
            shelf.unread.push(("--lab".to_owned(), error.to_string()));
            return shelf;
        }
    };
    for name in &names {
        let told = |error: String| (name.clone(), error);
        if let Some(stem) = name.strip_suffix(".json") {
            let run = text(&folder.join(name)).and_then(|text| serde_json::from_str(&text).map_err(|e| e.to_string()));
            match run {
                Ok(run) => shelf.tables.push(table(run, stem, &names)),
                Err(error) => shelf.unread.push(told(error)),
            }
        } else if let Some(stem) = name.strip_suffix(".toml") {
            let rows = text(&folder.join(name)).and_then(|text| toml::from_str(&text).map_err(|e| e.to_string()));
            match rows {
                Ok(rows) => shelf.reproductions.push(Reproductions { name: stem.to_owned(), ..rows }),
                Err(error) => shelf.unread.push(told(error)),
            }
        }
    }
    shelf
}

fn table(run: Run, stem: &str, names: &[String]) -> Table {
    let columns: BTreeSet<&String> = run.rows.iter().flat_map(|row| row.metrics.keys()).collect();
    let columns: Vec<String> = columns.into_iter().cloned().collect();
    let cells = |metrics: &BTreeMap<String, f64>| columns.iter().map(|column| metrics.get(column).copied()).collect();
    let mut rows = Vec::new();
    for measured in &run.rows {
        let method = measured.method.clone();
        let (n, milliseconds) = (Some(measured.n), Some(measured.query_ms.p50));
        rows.push(Row { method, category: None, n, cells: cells(&measured.metrics), milliseconds });
        rows.extend(measured.by_category.iter().map(|(category, metrics)| Row {
            method: measured.method.clone(),
            category: Some(category.clone()),
            n: None,
            cells: cells(metrics),
            milliseconds: None,
        }));
    }
    let is_plot =
        |name: &&String| name.strip_prefix(stem).is_some_and(|rest| rest.starts_with('-') && rest.ends_with(".svg"));
    let plots = names.iter().filter(is_plot).cloned().collect();
    let sha256 = run.data.sha256.chars().take(12).collect();
    Table { task: run.task, items: run.data.items, sha256, columns, rows, plots }
}
