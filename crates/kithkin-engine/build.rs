//! Embeds every preset of the `methods` folder, so that adding a method touches no Rust file.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("../../methods");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(&folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    let mut code = String::from("&[\n");
    for file in &files {
        let (stem, path) = (file.file_stem().unwrap_or_default().to_string_lossy(), file.canonicalize()?);
        println!("cargo::rerun-if-changed={}", path.display());
        writeln!(code, "    ({stem:?}, include_str!({:?})),", path.display().to_string()).map_err(io::Error::other)?;
    }
    code.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR").map_err(io::Error::other)?).join("presets.rs"), code)
}
