//! Reproduction rows: what a method reached, and whether it still does.
//!
//! A row names the data, the method and the model, and the figures that this engine measured; the paper's figure may
//! stand beside them, never in their place. A figure above its tolerance is a drift as well: a leak looks like a win.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kithkin::{ChatModel, Embedder, EngineError, Kithkin, Method};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::datasets::{self, Dataset};
use crate::{LabError, Measured, Setup, run, tasks};

/// The files: stem and text.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rows.rs"));

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Its name.
    pub id: String,
    /// The task.
    pub task: String,
    /// The dataset.
    pub dataset: String,
    /// Which items: `all`, `tune` or `report` of the dataset's split, `sample` for the handmade sample, or names of the split
    /// with commas between.
    pub items: String,
    /// The method, or a row that the task makes without one.
    pub method: String,
    /// What is otherwise than in the method's preset, in the form of one: tables are merged, all else is replaced. So a
    /// part of a method is measured without a preset of its own.
    #[serde(default)]
    pub changes: Table,
    /// The embedder, or `none`.
    pub embedder: String,
    /// The chat model, where the method needs one.
    #[serde(default)]
    pub chat: Option<String>,
    /// At most so many questions of each item, where not all are asked.
    #[serde(default)]
    pub limit: Option<usize>,
    /// Questions scored.
    pub n: usize,
    /// The figures measured. A figure of one category is named `category: metric`.
    pub expected: BTreeMap<String, f64>,
    /// How far a figure may lie from its expectation.
    pub tolerance: f64,
    /// What the paper says, where it says something comparable.
    #[serde(default)]
    pub paper: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    row: Vec<Row>,
}

/// How a figure compares with its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Within the tolerance.
    Ok,
    /// Within one and a half tolerances.
    Near,
    /// Further off, too high included, or over another number of questions.
    Drift,
}

/// A figure beside its row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// The row.
    pub row: String,
    /// The metric.
    pub metric: String,
    /// What the row says.
    pub expected: f64,
    /// What was measured now.
    pub actual: f64,
    /// How far it may lie off.
    pub tolerance: f64,
    /// The comparison.
    pub verdict: Verdict,
}

/// Gives the embedder of a name; nothing for `none`.
pub type LoadEmbedder<'a> = &'a dyn Fn(&str) -> Result<Option<Arc<dyn Embedder>>, kithkin::Error>;

/// Gives the chat model of a name.
pub type LoadChat<'a> = &'a dyn Fn(&str) -> Result<Arc<dyn ChatModel>, kithkin::Error>;

/// All rows.
///
/// # Errors
/// None for the rows that are shipped: a test reads each.
pub fn rows() -> Result<Vec<Row>, LabError> {
    let mut rows = Vec::new();
    for (stem, text) in FILES {
        let wrong = |e: toml::de::Error| LabError::Declaration {
            file: format!("reproductions/{stem}.toml"),
            why: e.to_string(),
        };
        rows.extend(toml::from_str::<File>(text).map_err(wrong)?.row);
    }
    Ok(rows)
}

/// Measures a row again. `data` is the folder that holds the datasets' files, `samples` the product's own `datasets`
/// folder; `embedder` and `chat` give the models that the row names.
///
/// # Errors
/// Missing data or weights, or a task that fails.
pub fn reproduce(
    row: &Row,
    data: &Path,
    samples: &Path,
    embedder: LoadEmbedder<'_>,
    chat: LoadChat<'_>,
    progress: &dyn Fn(&str, u64, u64),
) -> Result<Vec<Check>, LabError> {
    let dataset = datasets::find(&row.dataset)?;
    let (path, items) = selection(row, &dataset, data, samples)?;
    let setup = Setup {
        data: path,
        methods: if tasks::makes(&row.task, &row.method) { Vec::new() } else { vec![method(row)?] },
        embedder: embedder(&row.embedder)?,
        chat: row.chat.as_deref().map(chat).transpose()?,
        reranker: None,
        items,
        limit: row.limit,
        progress,
    };
    let table = run(&row.task, &setup)?;
    // A task may add rows of its own, such as baselines.
    let measured = table.rows.iter().find(|measured| measured.method == row.method).ok_or_else(|| {
        let known = table.rows.iter().map(|measured| measured.method.clone()).collect();
        LabError::Unknown { what: "row of the table", name: row.method.clone(), known }
    })?;
    let same_questions = measured.n == row.n;
    let mut checks = vec![check(row, "n", row.n as f64, measured.n as f64, 0.0)];
    for (metric, expected) in &row.expected {
        let actual = figure(measured, metric).unwrap_or(f64::NAN);
        let mut one = check(row, metric, *expected, actual, row.tolerance);
        if !same_questions {
            one.verdict = Verdict::Drift;
        }
        checks.push(one);
    }
    Ok(checks)
}

/// The method of a row, with what the row changes.
fn method(row: &Row) -> Result<Method, LabError> {
    let preset = Kithkin::method(&row.method)?;
    if row.changes.is_empty() {
        return Ok(preset);
    }
    let wrong = |why: String| LabError::Declaration { file: format!("reproductions, row {}", row.id), why };
    let mut changed: Table = serde_json::from_str(preset.json()).map_err(|e| wrong(e.to_string()))?;
    merge(&mut changed, &row.changes);
    let json = serde_json::to_string(&changed).map_err(|e| wrong(e.to_string()))?;
    let method = Method::from_json(&format!("reproductions, row {}", row.id), &json).map_err(EngineError::from);
    Ok(method.map_err(kithkin::Error::from)?)
}

/// Puts the changes into a table.
fn merge(table: &mut Table, changes: &Table) {
    for (name, change) in changes {
        match (table.get_mut(name), change) {
            // A strategy is named with all of its parameters, so another one takes none of the first.
            (Some(Value::Table(inner)), Value::Table(change)) if !change.contains_key("strategy") => {
                merge(inner, change);
            }
            _ => {
                table.insert(name.clone(), change.clone());
            }
        }
    }
}

fn figure(measured: &Measured, name: &str) -> Option<f64> {
    let (metrics, metric) = match name.split_once(": ") {
        Some((category, metric)) => (measured.by_category.get(category)?, metric),
        None => (&measured.metrics, name),
    };
    metrics.get(metric).copied()
}

fn selection(row: &Row, dataset: &Dataset, data: &Path, samples: &Path) -> Result<(PathBuf, Vec<String>), LabError> {
    let file = data.join(&dataset.file);
    match row.items.as_str() {
        "all" => Ok((file, Vec::new())),
        "tune" => Ok((file, dataset.tune.clone())),
        "report" => Ok((file, dataset.report.clone())),
        "sample" => Ok((samples.join(&dataset.id).join(&dataset.sample), Vec::new())),
        names => {
            let names: Vec<String> = names.split(',').map(|name| name.trim().to_owned()).collect();
            match names.iter().find(|name| !dataset.tune.contains(name) && !dataset.report.contains(name)) {
                None => Ok((file, names)),
                Some(unknown) => Err(LabError::Declaration {
                    file: format!("reproductions, row {}", row.id),
                    why: format!("items = {unknown:?}; use all, tune, report, sample or names of the split"),
                }),
            }
        }
    }
}

fn check(row: &Row, metric: &str, expected: f64, actual: f64, tolerance: f64) -> Check {
    let off = (actual - expected).abs();
    // Figures are written with four digits, so half of the last one is no difference.
    let verdict = if off <= tolerance + 5e-5 {
        Verdict::Ok
    } else if off <= tolerance * 1.5 + 5e-5 {
        Verdict::Near
    } else {
        Verdict::Drift
    };
    Check { row: row.id.clone(), metric: metric.to_owned(), expected, actual, tolerance, verdict }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_reads_and_names_what_exists() {
        let rows = rows().unwrap();
        for row in &rows {
            let dataset = datasets::find(&row.dataset).unwrap();
            assert!(dataset.tasks.contains(&row.task), "{}", row.id);
            assert!(tasks::makes(&row.task, &row.method) || method(row).is_ok(), "{}: {:?}", row.id, method(row));
            assert!(selection(row, &dataset, Path::new("d"), Path::new("s")).is_ok(), "{}", row.id);
            assert_eq!(rows.iter().filter(|other| other.id == row.id).count(), 1, "{}", row.id);
        }
    }

    #[test]
    fn a_row_says_which_items_it_is_of() {
        let check = |items: &str, path: &str, expect: Result<&[&str], &str>| {
            let row = Row { items: items.to_owned(), ..rows().unwrap().remove(0) };
            let mut dataset = datasets::find("xpersona").unwrap();
            (dataset.tune, dataset.report) = (vec!["b".to_owned()], vec!["a".to_owned(), "c".to_owned()]);
            match (selection(&row, &dataset, Path::new("d"), Path::new("s")), expect) {
                (Ok(found), Ok(names)) => {
                    assert_eq!(
                        (found.0.as_path(), found.1),
                        (Path::new(path), names.iter().map(ToString::to_string).collect::<Vec<_>>()),
                        "{items}"
                    );
                }
                (Err(error), Err(says)) => assert!(error.to_string().contains(says), "{error}"),
                (found, _) => panic!("{items}: {found:?}"),
            }
        };
        check("sample", "s/xpersona/sample", Ok(&[]));
        check("all", "d/xpersona", Ok(&[]));
        check("tune", "d/xpersona", Ok(&["b"]));
        check("report", "d/xpersona", Ok(&["a", "c"]));
        check("c, b", "d/xpersona", Ok(&["c", "b"]));
        check("c,x", "", Err("items = \"x\""));
        check("", "", Err("items = \"\""));
    }

    #[test]
    fn a_row_changes_its_method() {
        let row = |changes: &str| Row {
            method: "longmemeval-round".to_owned(),
            changes: toml::from_str(changes).unwrap(),
            ..rows().unwrap().remove(0)
        };
        let read = |changes: &str| {
            let method = method(&row(changes)).unwrap();
            serde_json::from_str::<serde_json::Value>(method.json()).unwrap()
        };
        let (plain, changed) = (read(""), read("recall.rerank = []\nobserve.extract = [{ strategy = \"span\" }]"));
        assert_eq!(changed["recall"]["rerank"], serde_json::json!([]));
        assert_eq!(changed["observe"]["extract"], serde_json::json!([{ "strategy": "span" }]));
        for (table, name) in [("recall", "retrieve"), ("observe", "segment")] {
            assert_eq!(changed[table][name], plain[table][name]);
        }
        let error = method(&row("recall.rerank = [{ strategy = \"time-rang\" }]")).unwrap_err().to_string();
        assert!(error.contains("time-range"), "{error}");
    }

    #[test]
    fn rows_on_the_samples_that_need_no_model_hold() {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
        let mine = |row: &Row| row.items == "sample" && row.embedder == "none" && row.chat.is_none();
        let none = |name: &str| panic!("{name} is no row without a model");
        let again = |row: &Row, samples: &Path| {
            reproduce(row, Path::new("none"), samples, &|_| Ok(None), &none, &|_, _, _| ()).unwrap()
        };
        for row in rows().unwrap().into_iter().filter(mine) {
            let checks = again(&row, &samples);
            let off = checks.iter().find(|check| check.verdict != Verdict::Ok);
            assert!(off.is_none(), "{off:?}");
        }
    }

    #[test]
    fn too_high_is_a_drift_as_well() {
        let row = rows().unwrap().remove(0);
        let verdict = |actual| check(&row, "m", 0.7, actual, 0.01).verdict;
        assert_eq!(verdict(0.7), Verdict::Ok);
        assert_eq!(verdict(0.71), Verdict::Ok);
        assert_eq!(verdict(0.714), Verdict::Near);
        assert_eq!(verdict(0.72), Verdict::Drift);
        assert_eq!(verdict(0.68), Verdict::Drift);
        assert_eq!(verdict(f64::NAN), Verdict::Drift);
    }
}
