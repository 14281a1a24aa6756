//! Listening, until it is time to stop.

use std::io;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::routes::app;
use crate::service::Service;

/// How long requests that are under way may take to end after the service is told to stop.
const DRAIN: Duration = Duration::from_secs(30);

/// Serves until `stop` is done; then takes no more requests, lets those end that are under way, for half a minute at most,
/// and ends what runs behind. What was acknowledged is durable at any time.
///
/// # Errors
/// The listener failed.
pub async fn serve(listener: TcpListener, service: Service, stop: impl Future<Output = ()>) -> io::Result<()> {
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    let served = axum::serve(listener, app(service.clone())).with_graceful_shutdown(async {
        let _ = told.await;
    });
    let mut serving = tokio::spawn(served.into_future());
    let done = tokio::select! {
        done = &mut serving => done,
        () = stop => {
            let _ = tell.send(());
            match tokio::time::timeout(DRAIN, &mut serving).await {
                Ok(done) => done,
                Err(_late) => {
                    tracing::warn!(seconds = DRAIN.as_secs(), "some requests did not end in time");
                    serving.abort();
                    Ok(Ok(()))
                }
            }
        }
    };
    let ended = tokio::task::spawn_blocking(move || service.stop()).await;
    if ended.is_err() {
        tracing::error!("the work behind the requests did not end");
    }
    done.unwrap_or_else(|e| Err(io::Error::other(e)))
}
