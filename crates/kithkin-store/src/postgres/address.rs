//! The address of a database: where it is, and whether the connection is encrypted and to whom.
//!
//! `sslmode` has fewer values than that of other clients: what is encrypted is also checked, since an encrypted connection to
//! somebody who is not the server keeps nothing from them. Nothing is connected to here.

use std::str::FromStr;
use std::sync::Arc;

use kithkin_core::StoreError;
use percent_encoding::percent_decode_str;
use postgres::Config;
use postgres::config::{Host, SslMode};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::connection::said;

/// How to reach a database.
pub(super) struct Address {
    pub(super) config: Config,
    /// By which the server is checked; without it, the connection is not encrypted.
    pub(super) tls: Option<MakeRustlsConnect>,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let (url, mode, authorities) = without_tls(url)?;
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
            None | Some("disable") if authorities.is_some() => {
                return Err(unreadable("sslrootcert without sslmode=verify-full, which it is for".to_owned()));
            }
            None | Some("disable") => None,
            // A socket of this machine has nobody in between, and the server speaks no TLS on it.
            Some("require" | "verify-ca" | "verify-full") if is_local(&config) => {
                return Err(unreadable("sslmode with a socket of this machine; leave it out".to_owned()));
            }
            Some("require" | "verify-ca" | "verify-full") => Some(connector(authorities.as_deref())?),
            Some(other) => {
                let why = format!("sslmode={other}; use disable, or verify-full, which encrypts and checks the server");
                return Err(unreadable(why));
            }
        };
        config.ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
        Ok(Self { config, tls })
    }
}

fn unreadable(why: String) -> StoreError {
    StoreError::Address { why }
}

fn is_local(config: &Config) -> bool {
    config.get_hosts().iter().any(|host| matches!(host, Host::Unix(_)))
}

/// The address without what it says of TLS, and the values of `sslmode` and `sslrootcert`.
fn without_tls(url: &str) -> Result<(String, Option<String>, Option<String>), StoreError> {
    let Some((place, query)) = url.split_once('?') else { return Ok((url.to_owned(), None, None)) };
    let (mut mode, mut authorities) = (None, None);
    let mut rest: Vec<&str> = Vec::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let into = match name {
            "sslmode" => &mut mode,
            "sslrootcert" => &mut authorities,
            _ => {
                rest.push(pair);
                continue;
            }
        };
        let value = percent_decode_str(value).decode_utf8();
        *into = Some(value.map_err(|_| unreadable(format!("{name} is not in UTF-8")))?.into_owned());
    }
    let url = if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) };
    Ok((url, mode, authorities))
}

/// What checks the server, by the authorities in a file, or those that browsers trust.
fn connector(authorities: Option<&str>) -> Result<MakeRustlsConnect, StoreError> {
    let mut roots = RootCertStore::empty();
    match authorities {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let wrong = |why: String| unreadable(format!("sslrootcert={path}: {why}"));
            for certificate in CertificateDer::pem_file_iter(path).map_err(|e| wrong(e.to_string()))? {
                let certificate = certificate.map_err(|e| wrong(e.to_string()))?;
                roots.add(certificate).map_err(|e| wrong(e.to_string()))?;
            }
            if roots.is_empty() {
                return Err(wrong("it has no certificate".to_owned()));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|e| unreadable(e.to_string()))?;
    Ok(MakeRustlsConnect::new(config.with_root_certificates(roots).with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_tls_is_taken_out_or_refused() {
        let taken = |url: &str| without_tls(url).unwrap();
        assert_eq!(taken("postgres://h/d"), ("postgres://h/d".to_owned(), None, None));
        let (url, mode, authorities) = taken("postgres://h/d?a=1&sslmode=verify-full&sslrootcert=%2Fca%20one.pem&b=2");
        assert_eq!(url, "postgres://h/d?a=1&b=2");
        assert_eq!((mode.as_deref(), authorities.as_deref()), (Some("verify-full"), Some("/ca one.pem")));
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
