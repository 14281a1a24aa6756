//! Encrypted connections to a database: whom the client takes for the server, and the server for the client.

use std::path::{Path, PathBuf};

use kithkin_store::PostgresStore;

use crate::cluster::{Cluster, EC, openssl};
use crate::postgres::{append, log, name_of, turn};

#[test]
fn an_encrypted_connection_is_to_the_server_that_was_meant() {
    let cluster = Cluster::start_encrypted();
    let (address, authority) = cluster.encrypted("admin", "127.0.0.1", name_of(&cluster.database()));
    let secure = format!("{address}?sslmode=verify-full&sslrootcert={}", authority.display());
    let store = PostgresStore::create(&secure).unwrap();
    append(&store, "ann", &[turn("1", "hello")]).unwrap();
    let encrypted = cluster.run(
        "postgres",
        "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND application_name = 'kithkin'",
    );
    assert_ne!(encrypted, "0");
    drop(store);
    let check = |address: &str, expect: &str| {
        let text = PostgresStore::open(address).unwrap_err().to_string();
        assert!(text.contains("cannot be reached") && text.contains(expect), "{address}: {text}");
    };
    // By an authority that nobody here knows, and under another name than the certificate has.
    check(&format!("{address}?sslmode=require"), "UnknownIssuer");
    let (other, _) = cluster.encrypted("admin", "localhost", name_of(&address));
    check(&format!("{other}?sslmode=require&sslrootcert={}", authority.display()), "not valid for name");
    // Where the server speaks no TLS, nothing is said to it.
    cluster.run("postgres", "ALTER SYSTEM SET ssl = off");
    cluster.run("postgres", "SELECT pg_reload_conf()");
    let off = std::iter::repeat_with(|| PostgresStore::open(&secure)).find_map(Result::err).unwrap().to_string();
    assert!(off.contains("TLS") && off.contains("cannot be reached"), "{off}");
}

#[test]
fn a_client_proves_who_it_is_with_a_certificate() {
    let cluster = Cluster::start_with_certificates();
    cluster.database();
    cluster.run("d0", "CREATE ROLE ann LOGIN; CREATE ROLE bo LOGIN; GRANT CREATE ON DATABASE d0 TO ann");
    let with = |user: &str, said: &str| {
        let (address, authority) = cluster.encrypted(user, "127.0.0.1", "d0");
        format!("{address}?sslmode=verify-full&sslrootcert={}{said}", authority.display())
    };
    let named = |(certificate, key): &(PathBuf, PathBuf)| {
        format!("&sslcert={}&sslkey={}", certificate.display(), key.display())
    };
    let rsa = cluster.certificate("ann", "ca", "rsa:2048");
    let store = PostgresStore::create(&with("ann", &named(&rsa))).unwrap();
    append(&store, "ann", &[turn("1", "hello")]).unwrap();
    // Signed without extensions, as many recipes do it, which for long has made certificates of version 1.
    let folder = rsa.1.parent().unwrap();
    openssl(folder, "$sign -CA ca.pem -CAkey ca.key -out bare.pem");
    let bare = (folder.join("bare.pem"), rsa.1.clone());
    assert_eq!(log(&PostgresStore::open(&with("ann", &named(&bare))).unwrap(), "ann").len(), 1);
    // The older forms of a key.
    let ec = cluster.certificate("ann-2", "ca", EC);
    let older = |key: &Path, name: &str| {
        openssl(folder, &format!("openssl pkey -traditional -in {} -out {name}", key.display()));
        folder.join(name)
    };
    let pkcs1 = (rsa.0.clone(), older(&rsa.1, "pkcs1.pem"));
    assert_eq!(log(&PostgresStore::open(&with("ann", &named(&pkcs1))).unwrap(), "ann").len(), 1);
    cluster.run("d0", "CREATE ROLE \"ann-2\" LOGIN IN ROLE ann");
    let sec1 = (ec.0.clone(), older(&ec.1, "sec1.pem"));
    assert_eq!(log(&PostgresStore::open(&with("ann-2", &named(&sec1))).unwrap(), "ann").len(), 1);

    let check = |user: &str, said: &str, expect: &str| {
        let told = PostgresStore::open(&with(user, said)).unwrap_err().to_string();
        assert!(told.contains(expect), "{said}: {told}");
    };
    check("ann", "", "name it with sslcert");
    check("bo", &named(&rsa), "has to be of this user");
    let strange = cluster.certificate("ann", "stranger", EC);
    check("ann", &named(&strange), "ssl_ca_file has signed");
    // What is wrong before anybody is asked.
    check("ann", &named(&(rsa.0.clone(), ec.1.clone())), "is not the key of");
    check("ann", &named(&(rsa.1.clone(), rsa.0.clone())), "no certificate");
    openssl(folder, &format!("openssl pkey -aes256 -passout pass:hush -in {} -out locked.pem", rsa.1.display()));
    check("ann", &named(&(rsa.0.clone(), folder.join("locked.pem"))), "without a passphrase");
}
