//! The certificates of an encrypted connection: those that the server is checked by, and the one of the client.
//!
//! Files are PEM, and are read when the address is. Errors name the parameter and the file, and show nothing of what is in
//! the file of a key.

use std::error::Error as _;
use std::sync::Arc;

use kithkin_core::StoreError;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{AlertDescription, ClientConfig, InconsistentKeys, RootCertStore};
use tokio_postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;
use zeroize::Zeroizing;

use super::address::unreadable;

/// The files that an address names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Files {
    /// `sslrootcert`: the authorities that the server's certificate may be by; those that browsers trust without it.
    pub(super) authorities: Option<String>,
    /// `sslcert`: the client's certificate, and those between it and its authority.
    pub(super) certificate: Option<String>,
    /// `sslkey`: the private key of the client's certificate.
    pub(super) key: Option<String>,
}

impl Files {
    /// The parameter that names one of them, if one does.
    pub(super) fn named(&self) -> Option<&'static str> {
        let named = [("sslrootcert", &self.authorities), ("sslcert", &self.certificate), ("sslkey", &self.key)];
        named.into_iter().find(|(_, file)| file.is_some()).map(|(name, _)| name)
    }

    /// What encrypts a connection, checks the server, and says who the client is where a certificate is named.
    pub(super) fn connector(&self) -> Result<MakeRustlsConnect, StoreError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = self.client(&provider)?;
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(|e| unreadable(e.to_string()))?.with_root_certificates(self.roots()?);
        Ok(MakeRustlsConnect::new(match client {
            None => config.with_no_client_auth(),
            Some(client) => config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(client))),
        }))
    }

    /// The client's certificate with its key.
    fn client(&self, provider: &CryptoProvider) -> Result<Option<CertifiedKey>, StoreError> {
        let (certificate, key) = match (&self.certificate, &self.key) {
            (None, None) => return Ok(None),
            (Some(certificate), Some(key)) => (certificate, key),
            (Some(_), None) => {
                return Err(unreadable("sslcert without sslkey, the file of its private key".to_owned()));
            }
            (None, Some(_)) => {
                return Err(unreadable("sslkey without sslcert, the certificate that it is of".to_owned()));
            }
        };
        let chain = certificates("sslcert", certificate)?;
        let loaded = provider.key_provider.load_private_key(private_key(key)?);
        let client = CertifiedKey::new(chain, loaded.map_err(|e| unreadable(format!("sslkey={key}: {e}")))?);
        // One that cannot be read here, such as those of version 1 that many recipes make, is for the server to judge.
        match client.keys_match() {
            Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
                Err(unreadable(format!("sslkey={key} is not the key of sslcert={certificate}")))
            }
            _ => Ok(Some(client)),
        }
    }

    fn roots(&self) -> Result<RootCertStore, StoreError> {
        let mut roots = RootCertStore::empty();
        match &self.authorities {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(path) => {
                for certificate in certificates("sslrootcert", path)? {
                    roots.add(certificate).map_err(|e| unreadable(format!("sslrootcert={path}: {e}")))?;
                }
            }
        }
        Ok(roots)
    }

    /// What to do about `error`, where the server refused because of the client's certificate, or of there being none.
    pub(super) fn advice(&self, error: &tokio_postgres::Error) -> Option<&'static str> {
        let has_one = self.certificate.is_some();
        if error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION) {
            return Some(if has_one {
                "the certificate named by sslcert has to be of this user, by its CN or a map in pg_ident.conf"
            } else {
                "where the server demands a certificate, name it with sslcert and its key with sslkey"
            });
        }
        match alert(error)? {
            AlertDescription::CertificateRequired if !has_one => {
                Some("the server demands a certificate: name it with sslcert and its key with sslkey")
            }
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError
                if has_one =>
            {
                Some(
                    "the server refuses the certificate named by sslcert: one is needed that an authority of its \
                     ssl_ca_file has signed, and that is valid now",
                )
            }
            _ => None,
        }
    }
}

/// What the server's TLS said before it ended the connection.
fn alert(error: &tokio_postgres::Error) -> Option<AlertDescription> {
    let error = error.source()?.downcast_ref::<std::io::Error>()?.get_ref()?;
    match error.downcast_ref()? {
        rustls::Error::AlertReceived(alert) => Some(*alert),
        _ => None,
    }
}

/// The certificates in a file, of which there is at least one.
fn certificates(parameter: &str, path: &str) -> Result<Vec<CertificateDer<'static>>, StoreError> {
    let wrong = |why: String| unreadable(format!("{parameter}={path}: {why}"));
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let read = read.map_err(|e| wrong(e.to_string()))?;
    if read.is_empty() {
        return Err(wrong("it has no certificate".to_owned()));
    }
    Ok(read)
}

/// The first private key in a file.
fn private_key(path: &str) -> Result<PrivateKeyDer<'static>, StoreError> {
    let wrong = |why: &str| unreadable(format!("sslkey={path}: {why}"));
    let pem = Zeroizing::new(std::fs::read(path).map_err(|e| wrong(&e.to_string()))?);
    // What the reader of PEM says of a file that it cannot read may have a line of it.
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
        wrong(if is_encrypted(&pem) {
            "the key is encrypted; name a file that has it without a passphrase (openssl pkey -in FILE -out NEW), and \
             that nobody else may read"
        } else {
            "it has no private key in PEM (PKCS#8, PKCS#1 or SEC1)"
        })
    })
}

/// Whether a line says so: the first of a PKCS#8 key, the second of an older form.
fn is_encrypted(pem: &[u8]) -> bool {
    let says_so =
        |line: &[u8]| line.starts_with(b"-----BEGIN ENCRYPTED") || line.trim_ascii_end().ends_with(b"4,ENCRYPTED");
    pem.split(|byte| *byte == b'\n').any(says_so)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_cannot_be_used_are_told_without_what_is_in_them() {
        let folder = tempfile::tempdir().unwrap();
        let check = |text: &str, expect: &str| {
            let path = folder.path().join("key.pem").display().to_string();
            std::fs::write(&path, text).unwrap();
            let told = private_key(&path).unwrap_err().to_string();
            assert!(told.contains(&format!("sslkey={path}")) && told.contains(expect), "{told}");
            assert!(!told.contains("hush"), "{told}");
        };
        check("", "no private key");
        check("hush", "no private key");
        check("-----BEGIN CERTIFICATE-----\nhush\n-----END CERTIFICATE-----\n", "no private key");
        check("-----BEGIN hush", "no private key");
        check("-----BEGIN PRIVATE KEY-----\nhush!\n-----END PRIVATE KEY-----\n", "no private key");
        check("-----BEGIN PRIVATE KEY-----\nhush", "no private key");
        check("-----BEGIN ENCRYPTED PRIVATE KEY-----\nhush\n-----END ENCRYPTED PRIVATE KEY-----\n", "encrypted");
        let older = "-----BEGIN RSA PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-128-CBC,00\r\n\r\nhush";
        check(&format!("{older}\r\n-----END RSA PRIVATE KEY-----\r\n"), "encrypted");
        let told = private_key("/none.pem").unwrap_err().to_string();
        assert!(told.contains("sslkey=/none.pem"), "{told}");
    }
}
