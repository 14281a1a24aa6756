//! The datasets that the lab knows: what each is, where its authors publish it, how it is split.

use serde::{Deserialize, Serialize};

use crate::LabError;

/// The declarations: folder name and text of `dataset.toml`.
static DECLARATIONS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/datasets.rs"));

/// A dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// Its name: that of its folder.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The paper it comes from.
    pub paper: String,
    /// Where its authors publish it.
    pub source: String,
    /// Its licence, in the authors' words.
    pub licence: String,
    /// Where its file or folder lies below a data folder.
    pub file: String,
    /// What was hashed when the rows were measured: the SHA-256 of the file; of a folder, as a table of a task gives it.
    pub sha256: String,
    /// The handmade sample in this folder: a file, or a folder.
    pub sample: String,
    /// The tasks that read it.
    pub tasks: Vec<String>,
    /// Items whose questions parameters may be tuned on.
    pub tune: Vec<String>,
    /// Items that are only reported on.
    pub report: Vec<String>,
}

/// All datasets, by name.
///
/// # Errors
/// None for the declarations that are shipped: a test reads each.
pub fn all() -> Result<Vec<Dataset>, LabError> {
    DECLARATIONS.iter().map(|(id, text)| read(id, text)).collect()
}

/// The dataset of this name.
///
/// # Errors
/// An unknown name, with those there are.
pub fn find(id: &str) -> Result<Dataset, LabError> {
    match DECLARATIONS.iter().find(|(known, _)| *known == id) {
        Some((id, text)) => read(id, text),
        None => {
            let known = DECLARATIONS.iter().map(|(id, _)| (*id).to_owned()).collect();
            Err(LabError::Unknown { what: "dataset", name: id.to_owned(), known })
        }
    }
}

fn read(id: &str, text: &str) -> Result<Dataset, LabError> {
    toml::from_str(text)
        .map_err(|e| LabError::Declaration { file: format!("datasets/{id}/dataset.toml"), why: e.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declaration_reads_and_is_named_like_its_folder() {
        let names: Vec<String> = all().unwrap().into_iter().map(|d| d.id).collect();
        assert_eq!(names, DECLARATIONS.iter().map(|(id, _)| *id).collect::<Vec<_>>());
    }

    #[test]
    fn tasks_and_datasets_name_each_other() {
        for dataset in all().unwrap() {
            for task in &dataset.tasks {
                assert!(
                    crate::TASKS.iter().any(|t| t.name == task && t.datasets.contains(&dataset.id.as_str())),
                    "{task}"
                );
            }
            assert!(dataset.tune.iter().all(|item| !dataset.report.contains(item)), "{} is split badly", dataset.id);
        }
    }
}
