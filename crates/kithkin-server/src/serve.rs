//! Listening, until it is time to stop.
//!
//! A connection costs memory and a descriptor whoever holds it, so each is bounded: how many there are, how long a client may
//! take to say what it wants, and how long it may leave an answer unread. HTTP/1 only; a proxy in front speaks the rest.

use std::io;
use std::pin::pin;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::routes::app;
use crate::service::Service;
use crate::unread::Unread;

/// How long requests that are under way may take to end after the service is told to stop.
const DRAIN: Duration = Duration::from_secs(30);

/// How long nothing is accepted after the system had no descriptor left for another connection.
const SHORTAGE: Duration = Duration::from_secs(1);

/// The largest head of a request, in bytes: its line and its headers.
const LARGEST_HEAD: usize = 64 << 10;

/// What a client may take of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; more wait until one ends. By default 10,000.
    pub connections: usize,
    /// How long a connection may take to send the head of a request, or wait between two. By default 30 s.
    pub head: Duration,
    /// How long a body may pause on its way. By default 30 s.
    pub pause: Duration,
    /// How long a body that is read whole may take. By default 5 minutes.
    pub body: Duration,
    /// How long a client may read nothing of an answer. By default 60 s.
    pub unread: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connections: 10_000, head: seconds(30), pause: seconds(30), body: seconds(300), unread: seconds(60) }
    }
}

/// Serves until `stop` is done; then takes no more requests, lets those end that are under way, for half a minute at most,
/// and ends what runs behind. What was acknowledged is durable at any time.
pub async fn serve(listener: TcpListener, service: Service, stop: impl Future<Output = ()>) {
    let limits = service.settings().limits;
    let router = TowerToHyperService::new(app(service.clone()));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head).max_header_size(LARGEST_HEAD);
    let (graceful, mut connections) = (GracefulShutdown::new(), JoinSet::new());
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < limits.connections => match accepted {
                Ok((stream, _)) => {
                    // Pieces of a stream are small, and each is sent at once. A connection that has ended refuses.
                    let _ = stream.set_nodelay(true);
                    let stream = TokioIo::new(Unread::new(stream, limits.unread));
                    let connection = graceful.watch(http.serve_connection(stream, router.clone()));
                    let open = service.metrics().connection();
                    connections.spawn(async move {
                        let _open = open;
                        if let Err(error) = connection.await {
                            tracing::debug!(%error, "a connection broke off");
                        }
                    });
                }
                Err(error) => not_accepted(&error).await,
            },
            Some(_ended) = connections.join_next() => {}
            () = &mut stop => break,
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!(seconds = DRAIN.as_secs(), "some requests did not end in time");
    }
    connections.shutdown().await;
    if tokio::task::spawn_blocking(move || service.stop()).await.is_err() {
        tracing::error!("the work behind the requests did not end");
    }
}

/// A client that left before it was accepted is no matter; any other failure, such as too many open files, passes with time.
async fn not_accepted(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "no connection can be accepted");
        tokio::time::sleep(SHORTAGE).await;
    }
}
