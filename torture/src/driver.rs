//! The simulator's hand on a client: it starts the process, asks, hears, and kills.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::faults::Fault;
use crate::protocol::{Ask, Reply, Request};

/// A client that takes longer hangs. The longest wait of a store for others is 10 s, a few of which may follow each other.
const TOO_LONG: Duration = Duration::from_secs(120);

/// A running client.
pub(crate) struct Client {
    process: Child,
    replies: Receiver<Reply>,
    /// Whether it is meant to end.
    doomed: bool,
}

impl Client {
    /// Starts one for the store at an address; `folder` is its own. Where the disk lies, what is synced is not.
    ///
    /// # Errors
    /// The program cannot be started.
    pub(crate) fn start(address: &str, folder: &Path, lies: bool) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe().context("the program's own file")?);
        command.arg("client").arg(address).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        if lies {
            command.arg("--lying-disk");
        }
        let mut process = command.spawn().context("a client")?;
        let Some(out) = process.stdout.take() else { bail!("a client without an output") };
        let (send, replies) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let Ok(reply) = serde_json::from_str(&line) else { break };
                if send.send(reply).is_err() {
                    break;
                }
            }
        });
        Ok(Self { process, replies, doomed: false })
    }

    /// Asks, without waiting for the answer. A client that was killed does not hear.
    pub(crate) fn ask(&mut self, ask: Ask, fault: Option<Fault>) -> anyhow::Result<()> {
        self.doomed |= fault.is_some_and(|fault| fault.kind.kills());
        let Some(pipe) = self.process.stdin.as_mut() else { bail!("a client without an input") };
        let line = serde_json::to_string(&Request { ask, fault })?;
        if let Err(error) = writeln!(pipe, "{line}").and_then(|()| pipe.flush())
            && !self.doomed
        {
            return Err(error).context("a client ended by itself");
        }
        Ok(())
    }

    /// The answer; `None` from a client that was killed before it gave one.
    ///
    /// # Errors
    /// It hangs, or ended by itself: then its last words are on the standard error.
    pub(crate) fn hear(&mut self) -> anyhow::Result<Option<Reply>> {
        match self.replies.recv_timeout(TOO_LONG) {
            Ok(reply) => Ok(Some(reply)),
            Err(RecvTimeoutError::Disconnected) if self.doomed => Ok(None),
            Err(RecvTimeoutError::Disconnected) => bail!("a client ended by itself: {}", self.process.wait()?),
            Err(RecvTimeoutError::Timeout) => bail!("a client hangs"),
        }
    }

    /// The answer to a request during which nothing goes wrong.
    ///
    /// # Errors
    /// There is none, or it is a failure.
    pub(crate) fn answer(&mut self, ask: Ask) -> anyhow::Result<String> {
        let what = format!("{ask:?}");
        self.ask(ask, None)?;
        match self.hear()? {
            Some(Reply { said: Ok(said), .. }) => Ok(said),
            Some(Reply { said: Err(failure), .. }) => bail!("{what}, with nothing in its way, failed: {}", failure.why),
            None => bail!("{what}: the client was killed before"),
        }
    }

    /// Kills it, as `kill -9` does. What it had said before is heard still.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        self.doomed = true;
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Takes note that a crash that was asked for did not come about.
    pub(crate) fn spare(&mut self) {
        self.doomed = false;
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
