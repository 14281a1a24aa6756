//! Waiting for what the server answers, and no longer than it may take.
//!
//! The client is asynchronous and this is where it is waited for, on the thread that asks: nothing of a connection moves at
//! other times. A server may be there and say nothing, when it or its machine is stopped, and only the clock tells.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Error, NoTls, Socket};

use super::address::Address;
use super::connection::Fault;

/// How long the server may take to answer a new connection, and how much longer than a statement may take to say so.
pub(super) const GRACE: Duration = Duration::from_secs(5);

type Connection = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// What carries questions to the server and answers back.
pub(super) struct Link {
    runtime: Runtime,
    /// `None` once it is gone; whoever asks then hears that it is closed.
    connection: Option<Connection>,
    /// How long an answer may take; `None`: as long as it takes.
    patience: Option<Duration>,
}

impl Link {
    /// Connects to the first of the hosts that answers and is what the address asks for.
    pub(super) fn connect(address: &Address) -> Result<(Self, Client), Fault> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Fault::System)?;
        match &address.tls {
            Some(tls) => Self::connect_by(runtime, address, tls.clone()),
            None => Self::connect_by(runtime, address, NoTls),
        }
    }

    fn connect_by<T>(runtime: Runtime, address: &Address, tls: T) -> Result<(Self, Client), Fault>
    where
        T: MakeTlsConnect<Socket>,
        T::Stream: Send + 'static,
    {
        let config = &address.config;
        let hosts = u32::try_from(config.get_hosts().len()).unwrap_or(u32::MAX);
        // Each is given its time to be reached, and the one that is reached as long to say who it is.
        let limit = config.get_connect_timeout().copied().unwrap_or(GRACE).saturating_mul(hosts).saturating_add(GRACE);
        let connecting = async { timeout(limit, config.connect(tls)).await };
        let (client, connection) = runtime.block_on(connecting).map_err(|_| Fault::Silent(limit))??;
        Ok((Self { runtime, connection: Some(Box::pin(connection)), patience: Some(GRACE) }, client))
    }

    /// Sets how long a statement may take, and gives what held before.
    pub(super) fn expect_answers_within(&mut self, statement: Option<Duration>) -> Option<Duration> {
        let patience = statement.map(|statement| statement.saturating_add(GRACE));
        std::mem::replace(&mut self.patience, patience).map(|patience| patience.saturating_sub(GRACE))
    }

    /// Waits for an answer. After one that did not come the connection is gone, since the answer may still be on its way.
    pub(super) fn wait<T>(&mut self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Fault> {
        let Self { runtime, connection, patience } = self;
        let mut answer = pin!(answer);
        let both = poll_fn(|cx| {
            if let Some(Poll::Ready(ended)) = connection.as_mut().map(|connection| connection.as_mut().poll(cx)) {
                *connection = None;
                // Why it ended says more than that it did.
                if let Err(error) = ended {
                    return Poll::Ready(Err(error));
                }
            }
            answer.as_mut().poll(cx)
        });
        let Some(limit) = *patience else { return Ok(runtime.block_on(both)?) };
        match runtime.block_on(async { timeout(limit, both).await }) {
            Ok(answer) => Ok(answer?),
            Err(_) => {
                *connection = None;
                Err(Fault::Silent(limit))
            }
        }
    }

    /// Says farewell, once the client is gone, and does not wait long for it to be heard.
    pub(super) fn end(self) {
        if let Some(connection) = self.connection {
            let _ = self.runtime.block_on(async { timeout(GRACE, connection).await });
        }
    }
}
