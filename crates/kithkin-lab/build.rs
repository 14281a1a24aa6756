//! Embeds the declarations of datasets and reproduction rows, so that adding one touches no Rust file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("../..");
    let entries = |folder: &str| -> io::Result<Vec<PathBuf>> {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
        let mut paths: Vec<_> =
            fs::read_dir(root.join(folder))?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
        paths.sort();
        Ok(paths)
    };
    let datasets: Vec<PathBuf> = entries("datasets")?.into_iter().map(|folder| folder.join("dataset.toml")).collect();
    let rows = entries("reproductions")?.into_iter().filter(|p| p.extension().is_some_and(|e| e == "toml"));
    let folder_name =
        |p: &Path| p.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    let stem = |p: &Path| p.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    embed("datasets.rs", datasets.iter().map(|p| (folder_name(p), p.clone())))?;
    embed("rows.rs", rows.map(|p| (stem(&p), p)))
}

fn embed(name: &str, files: impl Iterator<Item = (String, PathBuf)>) -> io::Result<()> {
    let mut code = String::from("&[\n");
    for (id, file) in files {
        let path = file.canonicalize()?;
        println!("cargo::rerun-if-changed={}", path.display());
        writeln!(code, "    ({id:?}, include_str!({:?})),", path.display().to_string()).map_err(io::Error::other)?;
    }
    code.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR").map_err(io::Error::other)?).join(name), code)
}
