//! The address of a database: where it is, and whether the connection is encrypted and to whom.
//!
//! `sslmode` has fewer values than that of other clients: what is encrypted is also checked, since an encrypted connection to
//! somebody who is not the server keeps nothing from them. Nothing is connected to here.

use std::str::FromStr;

use kithkin_core::StoreError;
use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::certificates::Files;
use super::connection::said;

/// How to reach a database.
pub(super) struct Address {
    pub(super) config: Config,
    /// By which the server is checked; without it, the connection is not encrypted.
    pub(super) tls: Option<MakeRustlsConnect>,
    files: Files,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let (url, mode, files) = without_tls(url)?;
        if url.split('?').next().unwrap_or_default().matches('@').count() > 1 {
            // What follows the first would be told as host and database, and may be a part of the password.
            let why =
                "it has more than one @; in a name or password write it as %40 (and / as %2F, : as %3A, ? as %3F)";
            return Err(unreadable(why.to_owned()));
        }
        let mut config = Config::from_str(&url).map_err(|error| unreadable(said(&error)))?;
        if config.get_hosts().is_empty() {
            return Err(unreadable("it names no host".to_owned()));
        }
        let tls = match mode.as_deref() {
            None | Some("disable") => {
                if let Some(name) = files.named() {
                    return Err(unreadable(format!("{name} without sslmode=verify-full, which it is for")));
                }
                None
            }
            // A socket of this machine has nobody in between, and the server speaks no TLS on it.
            Some("require" | "verify-ca" | "verify-full") if is_local(&config) => {
                return Err(unreadable("sslmode with a socket of this machine; leave it out".to_owned()));
            }
            Some("require" | "verify-ca" | "verify-full") => Some(files.connector()?),
            Some(other) => {
                let why = format!("sslmode={other}; use disable, or verify-full, which encrypts and checks the server");
                return Err(unreadable(why));
            }
        };
        config.ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
        Ok(Self { config, tls, files })
    }

    /// What to do about `error`, as far as it comes from what the address says of certificates, or does not say.
    pub(super) fn advice(&self, error: &tokio_postgres::Error) -> Option<&'static str> {
        self.tls.as_ref().and_then(|_| self.files.advice(error))
    }
}

pub(super) fn unreadable(why: String) -> StoreError {
    StoreError::Address { why }
}

fn is_local(config: &Config) -> bool {
    config.get_hosts().iter().any(|host| matches!(host, Host::Unix(_)))
}

/// The address without what it says of TLS, the value of `sslmode`, and the files that it names.
fn without_tls(url: &str) -> Result<(String, Option<String>, Files), StoreError> {
    let (mut mode, mut files) = (None, Files::default());
    let Some((place, query)) = url.split_once('?') else { return Ok((url.to_owned(), mode, files)) };
    let mut rest: Vec<&str> = Vec::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let into = match name {
            "sslmode" => &mut mode,
            "sslrootcert" => &mut files.authorities,
            "sslcert" => &mut files.certificate,
            "sslkey" => &mut files.key,
            _ => {
                rest.push(pair);
                continue;
            }
        };
        let value = percent_decode_str(value).decode_utf8();
        let value = value.map_err(|_| unreadable(format!("{name} is not in UTF-8")))?;
        // It would be told as the name of a file that is not there, and may be a key.
        if value.contains("-----BEGIN") {
            return Err(unreadable(format!("{name} takes the name of a file, not what is in it")));
        }
        *into = Some(value.into_owned());
    }
    let url = if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) };
    Ok((url, mode, files))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_tls_is_taken_out_or_refused() {
        let taken = |url: &str| without_tls(url).unwrap();
        assert_eq!(taken("postgres://h/d"), ("postgres://h/d".to_owned(), None, Files::default()));
        let said = "sslmode=verify-full&sslrootcert=%2Fca%20one.pem&sslcert=c&sslkey=k";
        let (url, mode, files) = taken(&format!("postgres://h/d?a=1&{said}&b=2"));
        assert_eq!((url.as_str(), mode.as_deref()), ("postgres://h/d?a=1&b=2", Some("verify-full")));
        let named = |name: &str| Some(name.to_owned());
        let all = Files { authorities: named("/ca one.pem"), certificate: named("c"), key: named("k") };
        assert_eq!(files, all);
        let check = |url: &str, expect: &str| {
            let why = Address::parse(url).err().map(|e| e.to_string()).unwrap_or_default();
            assert!(why.contains(expect), "{url}: {why}");
        };
        check("postgres://h/d?sslmode=prefer", "verify-full");
        check("postgres://h/d?sslmode=", "verify-full");
        check("postgres://h/d?sslmode=%FF", "UTF-8");
        check("postgres://h/d?sslrootcert=ca.pem", "which it is for");
        check("postgres://h/d?sslmode=verify-full&sslrootcert=/none.pem", "/none.pem");
        check("postgres://h/d?sslmode=verify-full&sslrootcert=Cargo.toml", "no certificate");
        check("postgres://h/d?sslcert=c.pem&sslkey=k.pem", "sslcert without sslmode=verify-full");
        check("postgres://h/d?sslmode=disable&sslkey=k.pem", "sslkey without sslmode=verify-full");
        check("postgres://h/d?sslmode=verify-full&sslcert=c.pem", "sslcert without sslkey");
        check("postgres://h/d?sslmode=verify-full&sslkey=k.pem", "sslkey without sslcert");
        check("postgres://h/d?sslmode=verify-full&sslcert=/none.pem&sslkey=k.pem", "sslcert=/none.pem");
        check("postgres://h/d?sslmode=verify-full&sslcert=c&sslkey=-----BEGIN PRIVATE KEY-----", "name of a file");
        check("postgres://%2Ftmp/d?sslmode=require", "leave it out");
        check("postgres:///d", "host");
        check("postgres://ann:a@secret/c#d@h/d", "%40");
        let told = Address::parse("postgres://ann:a@secret/c#d@h/d").err().unwrap().to_string();
        assert!(!told.contains("secret") && !told.contains("c#d"), "{told}");
        assert!(Address::parse("postgres://ann:a%40secret@h/d").is_ok());
        assert!(Address::parse("postgres://h/d?sslmode=require").unwrap().tls.is_some());
        assert!(Address::parse("postgres://h/d?sslmode=disable").unwrap().tls.is_none());
    }
}
