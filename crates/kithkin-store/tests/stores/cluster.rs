//! A PostgreSQL server of Debian's package `postgresql-15`, in a folder of its own and on a socket in it, for one test
//! program, perhaps with another one that follows it. It is stopped, and the folder removed, when it is dropped.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Where the package puts its programs.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// A running server.
pub(crate) struct Cluster {
    folder: TempDir,
    server: Option<Child>,
    databases: AtomicU32,
    /// Where it listens for connections that are encrypted, as well as the name of its socket.
    port: u16,
}

impl Cluster {
    /// Makes and starts one, whose configuration has these lines as well.
    pub(crate) fn start(settings: &str) -> Self {
        Self::make(5432, |_| format!("listen_addresses = ''\n{settings}"))
    }

    /// Makes and starts one that takes encrypted connections at 127.0.0.1, with a certificate for that address. The
    /// authority that signed it is in the file `ca.pem`.
    pub(crate) fn start_encrypted() -> Self {
        let port = free_port();
        Self::make(port, |folder| encrypted_settings(folder, port))
    }

    /// Makes and starts one that takes nothing but encrypted connections of clients that have a certificate for their user,
    /// by the same authority; and its administrator on its socket.
    pub(crate) fn start_with_certificates() -> Self {
        let port = free_port();
        Self::make(port, |folder| {
            let rules = "local all all trust\nhostssl all all 127.0.0.1/32 cert clientcert=verify-full\n";
            std::fs::write(folder.join("hba.conf"), rules).unwrap();
            let at = folder.display();
            let settings = encrypted_settings(folder, port);
            format!("{settings}\nhba_file = '{at}/hba.conf'\nssl_ca_file = '{at}/ca.pem'")
        })
    }

    /// Makes a certificate for a user, and its key, of the kind that `openssl req -newkey` is told. The authority `ca` is the
    /// one of the server; any other is made for this.
    pub(crate) fn certificate(&self, user: &str, authority: &str, kind: &str) -> (PathBuf, PathBuf) {
        let files = |name: &str| self.folder.path().join(format!("{authority}-{user}-{name}.pem"));
        if !self.folder.path().join(format!("{authority}.pem")).exists() {
            openssl(
                self.folder.path(),
                &format!("$new /CN=stranger -x509 -newkey {EC} -keyout {authority}.key -out {authority}.pem"),
            );
        }
        let (certificate, key) = (files("cert"), files("key"));
        openssl(
            self.folder.path(),
            &format!(
                "$new /CN={user} -newkey {kind} -keyout {} -out request.pem && printf extendedKeyUsage=clientAuth > names &&
                 $sign -CA {authority}.pem -CAkey {authority}.key -extfile names -out {}",
                key.display(),
                certificate.display()
            ),
        );
        (certificate, key)
    }

    fn make(port: u16, settings: impl FnOnce(&Path) -> String) -> Self {
        let mut cluster = Self::without_data(port);
        let initdb = ["--auth=trust", "--username=admin", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
        let made = cluster.command("initdb").args(initdb).arg("-D").arg(cluster.data()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let lines = format!("\n{}\n", settings(cluster.folder.path()));
        let file = cluster.data().join("postgresql.conf");
        let before = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, before + &lines).unwrap();
        cluster.resume();
        cluster
    }

    fn without_data(port: u16) -> Self {
        let programs = Path::new(PROGRAMS);
        assert!(programs.join("postgres").exists(), "{PROGRAMS} has no postgres: apt-get install postgresql-15");
        let folder = tempfile::Builder::new().prefix("kithkin-pg").tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        Self { folder, server: None, databases: AtomicU32::new(0), port }
    }

    /// The server's folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The address of a new database, as the server's administrator.
    pub(crate) fn database(&self) -> String {
        let name = format!("d{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.run("postgres", &format!("CREATE DATABASE {name}"));
        self.address("admin", &name)
    }

    /// The address of a database for a user by its encrypted port, and the file of the authority.
    pub(crate) fn encrypted(&self, user: &str, host: &str, database: &str) -> (String, PathBuf) {
        (format!("postgres://{user}@{host}:{}/{database}", self.port), self.folder.path().join("ca.pem"))
    }

    /// The address of a database for a user.
    pub(crate) fn address(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@{}/{database}", self.host())
    }

    /// How an address names it: the folder of its socket.
    pub(crate) fn host(&self) -> String {
        self.folder.path().display().to_string().replace('/', "%2F")
    }

    /// Runs SQL as the administrator, and gives what it printed.
    pub(crate) fn run(&self, database: &str, sql: &str) -> String {
        let mut psql = self.command("psql");
        psql.args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "admin", "-h"]);
        let ran = psql.arg(self.folder.path()).args(["-c", sql, database]).output().unwrap();
        assert!(ran.status.success(), "{sql}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }

    /// Kills the server at once, as a crash does.
    pub(crate) fn kill(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        // Without a wait for anybody: what a commit promised has to survive it.
        self.stop("immediate");
        server.wait().unwrap();
    }

    /// Kills every process of the server with `kill -9`.
    pub(crate) fn kill_hard(&mut self) {
        let kill = format!("kill -9 {} 2>/dev/null", self.processes().join(" "));
        Command::new("sh").args(["-c", &kill]).status().unwrap();
        let Some(mut server) = self.server.take() else { return };
        server.wait().unwrap();
    }

    /// Stops every process of the server where it stands, or lets all go on.
    pub(crate) fn stand_still(&self, still: bool) {
        let signal = if still { "-STOP" } else { "-CONT" };
        let _ = Command::new("kill").arg(signal).args(self.processes()).stderr(Stdio::null()).status();
    }

    /// The numbers of the server's processes, the first of which begins the others.
    fn processes(&self) -> Vec<String> {
        let Some(server) = &self.server else { return Vec::new() };
        let children = format!("/proc/{0}/task/{0}/children", server.id());
        let children = std::fs::read_to_string(children).unwrap_or_default();
        std::iter::once(server.id().to_string()).chain(children.split_whitespace().map(str::to_owned)).collect()
    }

    /// Lets no file of the server grow beyond so many bytes, or, with `None`, as far as it likes again. A write that crosses
    /// this is cut short by the system, as by a disk that has no more room.
    pub(crate) fn limit_files(&self, bytes: Option<u64>) {
        let limit = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        for process in self.processes() {
            let mut prlimit = self.command("/usr/bin/prlimit");
            let done = prlimit.args(["--pid", &process, &format!("--fsize={limit}:")]).output().unwrap();
            // One of them may have ended meanwhile.
            let is_there = Path::new("/proc").join(&process).exists();
            assert!(done.status.success() || !is_there, "{}", String::from_utf8_lossy(&done.stderr));
        }
    }

    /// Starts a server that follows this one; from then on this one commits nothing that the other has not.
    pub(crate) fn replica(&self) -> Self {
        let mut replica = Self::without_data(self.port);
        replica.follow(self);
        replica
    }

    /// Follows another server, from a copy of it in the place of what was here before.
    pub(crate) fn follow(&mut self, other: &Self) {
        self.kill_hard();
        let _ = std::fs::remove_dir_all(self.data());
        let mut copy = self.command("pg_basebackup");
        copy.args(["-R", "-X", "stream", "--checkpoint=fast", "--no-sync", "-U", "admin", "-h"]);
        let made = copy.arg(other.folder.path()).arg("-D").arg(self.data()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        self.resume();
        other.run("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
        other.run("postgres", "SELECT pg_reload_conf()");
        let deadline = Instant::now() + Duration::from_secs(60);
        while other.run("postgres", "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "0" {
            assert!(Instant::now() < deadline, "the replica does not follow");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Lets a server that follows another take writes itself.
    pub(crate) fn promote(&self) {
        let done = self.command("pg_ctl").args(["promote", "-s", "-w", "-D"]).arg(self.data()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Starts the server, and waits until it answers.
    pub(crate) fn resume(&mut self) {
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path()).stdout(Stdio::null()).stderr(log);
        let mut server = command.spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let ready = self.command("pg_isready").arg("-q").arg("-h").arg(self.folder.path()).status().unwrap();
            if ready.success() {
                self.server = Some(server);
                return;
            }
            // Of one that was killed some process may still hold its memory.
            if server.try_wait().unwrap().is_some() {
                server = command.spawn().unwrap();
            }
            let log = || std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "the server did not start: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn stop(&self, how: &str) {
        let _ = self.command("pg_ctl").args(["stop", "-s", "-m", how, "-D"]).arg(self.data()).status();
    }

    /// One of its programs, or one elsewhere, run as a user who is not root, as PostgreSQL demands.
    fn command(&self, program: &str) -> Command {
        let path = Path::new(PROGRAMS).join(program);
        let root = is_root();
        let mut command = if root { Command::new("setpriv") } else { Command::new(&path) };
        if root {
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path);
        }
        command.current_dir("/").env("PGPORT", self.port.to_string());
        command
    }
}

/// Keys that are made in no time.
pub(crate) const EC: &str = "ec -pkeyopt ec_paramgen_curve:prime256v1";

/// Runs a line of shell in a folder, in which `$new` makes a key and a request for a name, and `$sign` signs `request.pem`.
pub(crate) fn openssl(folder: &Path, line: &str) {
    let short = "umask 077; new='openssl req -nodes -days 2 -subj'; sign='openssl x509 -req -in request.pem -days 2 -CAcreateserial'";
    let made = Command::new("sh").args(["-c", &format!("{short}; {line}")]).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{line}: {}", String::from_utf8_lossy(&made.stderr));
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Makes an authority and a certificate of the server in a folder; what its configuration says of them.
fn encrypted_settings(folder: &Path, port: u16) -> String {
    openssl(
        folder,
        &format!(
            "$new /CN=authority -x509 -newkey {EC} -keyout ca.key -out ca.pem &&
             $new /CN=server -newkey {EC} -keyout key.pem -out request.pem &&
             printf 'subjectAltName=IP:127.0.0.1' > names && $sign -CA ca.pem -CAkey ca.key -extfile names -out cert.pem"
        ),
    );
    if is_root() {
        let mut owned = Command::new("chown");
        assert!(
            owned.args(["postgres", "key.pem", "cert.pem", "ca.pem"]).current_dir(folder).status().unwrap().success()
        );
    }
    let at = folder.display();
    format!(
        "listen_addresses = '127.0.0.1'\nport = {port}\nssl = on\nfsync = off\nssl_cert_file = '{at}/cert.pem'\n\
         ssl_key_file = '{at}/key.pem'"
    )
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // One that a test left standing would not hear that it is to end.
        self.stand_still(false);
        if let Some(mut server) = self.server.take() {
            self.stop("immediate");
            let _ = server.wait();
        }
    }
}
