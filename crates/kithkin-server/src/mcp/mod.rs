//! The memory as a server of the Model Context Protocol: over standard input and output for an assistant on this machine, and
//! over streamable HTTP beside the REST routes.
//!
//! Over standard input the person is fixed when it starts; over HTTP it is the one that the key is bound to, or that the header
//! `X-Kithkin-Person` names. What comes back is quoted data, and its descriptions say so.

mod tools;

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::request::Parts;
use kithkin::{PersonId, Scope};
use percent_encoding::percent_decode;
use rmcp::ServiceExt;
use rmcp::service::{RequestContext, RoleServer};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};

use crate::access::{Caller, Right};
use crate::problem::Problem;
use crate::service::Service;

/// Whose memory it is.
#[derive(Debug, Clone)]
enum Whom {
    /// This person's.
    Fixed(Scope),
    /// The request says.
    Request,
}

/// The server.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    service: Service,
    whom: Whom,
}

impl Memory {
    /// Whose memory a request may reach with this right.
    async fn scope<R: Right>(&self, context: &RequestContext<RoleServer>) -> Result<Scope, Problem> {
        match &self.whom {
            Whom::Fixed(scope) => Ok(scope.clone()),
            Whom::Request => {
                let none = HeaderMap::new();
                let headers = context.extensions.get::<Parts>().map_or(&none, |parts| &parts.headers);
                let caller = Caller::of::<R>(headers, &self.service).await?;
                let person = match (headers.get("x-kithkin-person"), caller.only()) {
                    (Some(named), _) => {
                        let unreadable = |_| Problem::input("the header x-kithkin-person is not UTF-8");
                        PersonId::new(percent_decode(named.as_bytes()).decode_utf8().map_err(unreadable)?)?
                    }
                    (None, Some(only)) => only.clone(),
                    (None, None) => {
                        return Err(Problem::input(
                            "name the person in the header x-kithkin-person, or use a key of theirs",
                        ));
                    }
                };
                caller.reach::<R>(person)
            }
        }
    }
}

/// Serves one person's memory over standard input and output until the input ends.
///
/// # Errors
/// The client does not speak the protocol, or the streams failed.
pub async fn serve_stdio(service: Service, scope: Scope) -> std::io::Result<()> {
    let memory = Memory { service: service.clone(), whom: Whom::Fixed(scope) };
    let running = memory.serve(rmcp::transport::stdio()).await.map_err(std::io::Error::other)?;
    let ended = running.waiting().await.map(drop).map_err(std::io::Error::other);
    if tokio::task::spawn_blocking(move || service.stop()).await.is_err() {
        tracing::error!("the work behind the requests did not end");
    }
    ended
}

/// The service for `/mcp`: without sessions, so that any process of several may answer.
pub(crate) fn over_http(service: &Service) -> StreamableHttpService<Memory, NeverSessionManager> {
    let memory = Memory { service: service.clone(), whom: Whom::Request };
    // Hosts and origins are checked where all requests are: by key, or else as coming from this machine.
    let config = StreamableHttpServerConfig::default().with_legacy_session_mode(false).with_json_response(true);
    StreamableHttpService::new(
        move || Ok(memory.clone()),
        Arc::new(NeverSessionManager::default()),
        config.disable_allowed_hosts(),
    )
}
