//! Where a store is. Nothing here opens one.

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// What the address of a database begins with.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// Where a store is: a file, or a database. What is shown of it never has the password of the database.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file.
    File(PathBuf),
    /// A PostgreSQL database, by its address as libpq has it: `postgres://user:password@host:5432/database`. Only a build
    /// with the feature `postgres` opens one.
    Database(String),
}

impl FromStr for Location {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let database = SCHEMES.iter().any(|scheme| text.starts_with(scheme));
        Ok(if database { Self::Database(text.to_owned()) } else { Self::File(text.into()) })
    }
}

impl<'de> Deserialize<'de> for Location {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        PathBuf::deserialize(from).map(Self::from)
    }
}

impl From<&str> for Location {
    fn from(text: &str) -> Self {
        let Ok(location) = text.parse();
        location
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        match path.to_str() {
            Some(text) => text.into(),
            // No address of a database has other bytes.
            None => Self::File(path),
        }
    }
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Self {
        path.to_owned().into()
    }
}

impl From<&PathBuf> for Location {
    fn from(path: &PathBuf) -> Self {
        path.clone().into()
    }
}

impl From<&Location> for Location {
    fn from(location: &Location) -> Self {
        location.clone()
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Database(address) => f.write_str(&without_password(address)),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The address without what stands between the user and the host, and without its parameters, one of which may be a password.
fn without_password(address: &str) -> String {
    let address = address.split('?').next().unwrap_or_default();
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let Some((who, place)) = rest.rsplit_once('@') else { return address.to_owned() };
    let user = who.split(':').next().unwrap_or_default();
    format!("{scheme}://{user}@{place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_told_from_a_file() {
        let check = |text: &str, file: bool, shown: &str| {
            let location = Location::from(text);
            assert_eq!(matches!(location, Location::File(_)), file, "{text}");
            assert_eq!((location.to_string(), format!("{location:?}")), (shown.to_owned(), shown.to_owned()));
            assert_eq!(Location::from(Path::new(text)), location);
        };
        check("kithkin.db", true, "kithkin.db");
        check("postgres.db", true, "postgres.db");
        check("postgres://h/d", false, "postgres://h/d");
        check("postgresql://ann@h/d", false, "postgresql://ann@h/d");
        check("postgres://ann:hush@h:5432/d", false, "postgres://ann@h:5432/d");
        check("postgres://ann:hu@sh@h/d?password=hush", false, "postgres://ann@h/d");
        check("postgres://h/d?user=ann&password=hush", false, "postgres://h/d");
    }
}
