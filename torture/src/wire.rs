//! A layer between a client and the servers of its database: a socket for each of them, behind which everything is handed on.
//!
//! Each piece that goes through, either way, counts as a call at which a fault may strike (`faults.rs`): the connection
//! breaks before it, in the middle of it or after it, or the client is killed there; so every request and every answer of an
//! operation can be the last, the one that commits among them.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::faults::{self, Kind};

/// The port in the name of the socket of the first server in this layer, and of all servers behind it.
const FRONT: usize = 6000;
const BEHIND: &str = ":5432";

/// The address by which the servers of `address` are reached through this layer, whose sockets lie in `folder`.
///
/// # Errors
/// The address is not one of sockets, or one of ours cannot be made.
pub(crate) fn between(address: &str, folder: &Path) -> anyhow::Result<String> {
    let (user, rest) = address.split_once('@').context("an address without a user")?;
    let (hosts, database) = rest.split_once('/').context("an address without a database")?;
    let mut fronts = Vec::new();
    for (n, host) in hosts.split(',').enumerate() {
        let server = host.strip_suffix(BEHIND).context("a server without its port")?.replace("%2F", "/");
        let server = Path::new(&server).join(".s.PGSQL.5432");
        let port = FRONT + n;
        let front = folder.join(format!(".s.PGSQL.{port}"));
        // One that a client before this left.
        let _ = std::fs::remove_file(&front);
        let listener = UnixListener::bind(&front).with_context(|| front.display().to_string())?;
        std::thread::spawn(move || listen(&listener, &server));
        fronts.push(format!("{}:{port}", folder.display().to_string().replace('/', "%2F")));
    }
    Ok(format!("{user}@{}/{database}", fronts.join(",")))
}

fn listen(listener: &UnixListener, server: &PathBuf) {
    for client in listener.incoming().map_while(Result::ok) {
        // A server that is not there closes the connection, as one does that is going.
        let Ok(server) = UnixStream::connect(server) else { continue };
        let (Ok(client_too), Ok(server_too)) = (client.try_clone(), server.try_clone()) else { continue };
        std::thread::spawn(move || pump(client, server));
        std::thread::spawn(move || pump(server_too, client_too));
    }
}

/// Hands on until either end closes or a fault strikes.
fn pump(mut from: UnixStream, mut to: UnixStream) {
    let mut piece = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        let kind = faults::step_of_write();
        let part = match kind {
            None | Some(Kind::Full) => length,
            Some(Kind::Error) => 0,
            Some(_) => length / 2,
        };
        let sent = to.write_all(&piece[..part]);
        match kind {
            None if sent.is_ok() => {}
            Some(Kind::Torn) => faults::die(),
            _ => break,
        }
    }
    for end in [from, to] {
        let _ = end.shutdown(Shutdown::Both);
    }
}
