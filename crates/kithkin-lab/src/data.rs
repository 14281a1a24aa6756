//! The files of a dataset: read below one path, and hashed as they are read.
//!
//! A dataset is a file or a folder. Nothing here knows a format.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::{LabError, Source};

/// A dataset on the disk.
#[derive(Debug)]
pub(crate) struct Data {
    dataset: &'static str,
    root: PathBuf,
    /// What was read: the name below the root, and the hash of the content.
    read: Vec<(String, String)>,
}

impl Data {
    /// The dataset at `root`: a file, or a folder of files.
    pub(crate) fn new(dataset: &'static str, root: &Path) -> Self {
        Self { dataset, root: root.to_owned(), read: Vec::new() }
    }

    /// The path below the root; an empty `name` is the root itself.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.root.clone() } else { self.root.join(name) }
    }

    /// Whether there is such a file or folder.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// The names of the folders in the root, by name.
    ///
    /// # Errors
    /// The root is no folder that can be read.
    pub(crate) fn folders(&self) -> Result<Vec<String>, LabError> {
        let entries = std::fs::read_dir(&self.root).map_err(|e| self.missing(&self.root, &e))?;
        let folders = entries.flatten().filter(|entry| entry.path().is_dir());
        let mut names: Vec<String> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        Ok(names)
    }

    /// The whole of a file.
    ///
    /// # Errors
    /// It cannot be read: the error says where the dataset is to be had.
    pub(crate) fn bytes(&mut self, name: &str) -> Result<Vec<u8>, LabError> {
        let path = self.path(name);
        let bytes = std::fs::read(&path).map_err(|e| self.missing(&path, &e))?;
        self.read.push((name.to_owned(), hex(&Sha256::digest(&bytes))));
        Ok(bytes)
    }

    /// A file as UTF-8 text.
    ///
    /// # Errors
    /// As [`Data::bytes`], or the first byte that is no UTF-8.
    pub(crate) fn text(&mut self, name: &str) -> Result<String, LabError> {
        let bytes = self.bytes(name)?;
        String::from_utf8(bytes).map_err(|e| {
            let at = e.utf8_error().valid_up_to();
            self.wrong(name, format!("byte {at} is not UTF-8; save the file as UTF-8"))
        })
    }

    /// A file as JSON.
    ///
    /// # Errors
    /// As [`Data::bytes`], or the place where the JSON is not as expected.
    pub(crate) fn json<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, LabError> {
        let bytes = self.bytes(name)?;
        serde_json::from_slice(&bytes).map_err(|e| self.wrong(name, e.to_string()))
    }

    fn missing(&self, path: &Path, error: &std::io::Error) -> LabError {
        LabError::NoData {
            dataset: self.dataset.to_owned(),
            path: path.display().to_string(),
            why: error.to_string(),
            source_page: crate::datasets::find(self.dataset).map(|d| d.source).unwrap_or_default(),
        }
    }

    /// The error that a file does not hold what the task reads.
    pub(crate) fn wrong(&self, name: &str, why: String) -> LabError {
        LabError::Data { path: self.path(name).display().to_string(), why }
    }

    /// What was read so far. The hash is that of the file, or where several were read, of their names and hashes.
    pub(crate) fn source(&self, items: usize) -> Source {
        let sha256 = match self.read.as_slice() {
            [(_, only)] => only.clone(),
            several => {
                let mut names: Vec<String> = several.iter().map(|(name, hash)| format!("{hash}  {name}\n")).collect();
                names.sort();
                hex(&Sha256::digest(names.concat().as_bytes()))
            }
        };
        Source { path: self.root.display().to_string(), sha256, items }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_has_its_own_hash_and_several_have_one_of_names_and_hashes() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("a.txt", "a"), ("b.txt", "b")] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mut data = Data::new("locomo", folder.path());
        data.text("a.txt").unwrap();
        assert_eq!(data.source(1).sha256, "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
        data.text("b.txt").unwrap();
        let forth = data.source(1).sha256;
        let mut data = Data::new("locomo", folder.path());
        data.text("b.txt").unwrap();
        data.text("a.txt").unwrap();
        assert_eq!(data.source(1).sha256, forth);
        assert!(data.text("c.txt").unwrap_err().to_string().contains("c.txt"));
    }
}
