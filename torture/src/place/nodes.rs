//! A store in a database, on two servers: one that takes writes, and one that follows and can take over.

use std::path::PathBuf;

use anyhow::Context;
use kithkin_store::PostgresStore;
use postgres::NoTls;
use tempfile::TempDir;

use super::Blow;
use super::cluster::Cluster;

/// What speeds servers up whose machine never stops: a process that is killed loses nothing that it has written.
const SETTINGS: &str = "fsync = off\nwal_level = replica\nmax_wal_size = 256MB\nmin_wal_size = 64MB\nautovacuum = on";

/// The servers.
pub(crate) struct Nodes {
    primary: Cluster,
    replica: Cluster,
    address: String,
    database: String,
    folder: TempDir,
    /// A connection of the administrator, made before it is needed.
    admin: Option<postgres::Client>,
}

impl Nodes {
    /// Starts both, with an empty store.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let primary = Cluster::start(SETTINGS);
        let alone = primary.database();
        let database = alone.rsplit('/').next().context("a database without a name")?.to_owned();
        let replica = primary.replica();
        let address = format!(
            "postgres://admin@{}:5432,{}:5432/{database}?target_session_attrs=read-write",
            primary.host(),
            replica.host()
        );
        PostgresStore::create(&address)?;
        Ok(Self { primary, replica, address, database, folder: tempfile::tempdir()?, admin: None })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The folder of a client.
    pub(crate) fn folder(&self, client: usize) -> anyhow::Result<PathBuf> {
        let folder = self.folder.path().join(client.to_string());
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Gets ready to strike soon after.
    pub(crate) fn aim(&mut self, blow: Blow) -> anyhow::Result<()> {
        if blow == Blow::Cut && self.admin.as_mut().is_none_or(|admin| admin.simple_query("").is_err()) {
            let address = self.primary.address("admin", &self.database);
            self.admin = Some(postgres::Client::connect(&address, NoTls)?);
        }
        Ok(())
    }

    pub(crate) fn strike(&mut self, blow: Blow) -> anyhow::Result<()> {
        match blow {
            Blow::Cut => {
                let admin = self.admin.as_mut().context("no connection to cut others by")?;
                let others =
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kithkin'";
                admin.simple_query(others)?;
            }
            Blow::Server => {
                self.primary.kill_hard();
                self.primary.resume();
            }
            Blow::Failover => {
                self.primary.kill_hard();
                self.replica.promote();
                self.primary.follow(&self.replica);
                std::mem::swap(&mut self.primary, &mut self.replica);
                self.admin = None;
            }
        }
        Ok(())
    }
}
