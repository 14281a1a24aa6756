//! The model behind the proxy: an endpoint that speaks OpenAI's API, or a chat model in this process.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kithkin::{ChatKey, ChatModel};

use crate::problem::Problem;

/// How long an endpoint may take until its answer begins.
const PATIENCE: Duration = Duration::from_secs(600);

/// The model behind the proxy.
#[derive(Debug)]
pub enum Upstream {
    /// An endpoint.
    Http(Endpoint),
    /// A model of this process; it has no tools and reads no images.
    Local(Arc<dyn ChatModel>),
}

impl Upstream {
    /// The model that answers where a request names this one.
    pub(crate) fn asked(&self, named: String) -> String {
        match self {
            Self::Http(_) => named,
            Self::Local(model) => model.model().to_owned(),
        }
    }
}

/// An endpoint that speaks OpenAI's API.
pub struct Endpoint {
    base: String,
    key: Option<HeaderValue>,
    client: Client<HttpsConnector<HttpConnector>, Body>,
}

/// The key is not shown.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("base", &self.base).field("key", &self.key.is_some()).finish()
    }
}

/// An address that is none.
#[derive(Debug, thiserror::Error)]
#[error("{url:?} is no address of an endpoint: {why}; give one such as http://localhost:11434/v1")]
pub struct NoUpstream {
    url: String,
    why: String,
}

impl Endpoint {
    /// The endpoint at a base such as `https://api.openai.com/v1`. With a key, requests carry it; without one they carry what
    /// the client sends.
    ///
    /// # Errors
    /// The base is no HTTP address, or the key cannot stand in a header.
    pub fn new(base: &str, key: Option<&ChatKey>) -> Result<Self, NoUpstream> {
        let wrong = |why: &str| NoUpstream { url: base.to_owned(), why: why.to_owned() };
        let uri: Uri = base.parse().map_err(|_| wrong("it cannot be read"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none() {
            return Err(wrong("it does not begin with http:// or https:// and a host"));
        }
        if uri.query().is_some() {
            return Err(wrong("it has a question mark"));
        }
        let key = key.map(|key| {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.secret()))
                .map_err(|_| wrong("the key has characters that cannot stand in a header"))?;
            value.set_sensitive(true);
            Ok::<_, NoUpstream>(value)
        });
        let mut http = HttpConnector::new();
        // The connector around it speaks TLS as well.
        http.enforce_http(false);
        // Head and body of a request are two writes; the second does not wait until the first is confirmed.
        http.set_nodelay(true);
        let https =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().wrap_connector(http);
        let client = Client::builder(TokioExecutor::new()).pool_idle_timeout(Duration::from_secs(60)).build(https);
        Ok(Self { base: base.trim_end_matches('/').to_owned(), key: key.transpose()?, client })
    }

    /// Passes a request on, with the client's headers as far as they are meant for the endpoint. The answer comes as soon as
    /// its head is there.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Response<hyper::body::Incoming>, Problem> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(own) = request.headers_mut() {
            headers.iter().filter(|(name, _)| passes(name)).for_each(|(name, value)| {
                own.append(name, value.clone());
            });
            if let Some(key) = &self.key {
                own.insert(header::AUTHORIZATION, key.clone());
            }
        }
        let request = request.body(body).map_err(|e| Problem::upstream(StatusCode::BAD_GATEWAY, e.to_string()))?;
        match tokio::time::timeout(PATIENCE, self.client.request(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(e)) => {
                let why = std::error::Error::source(&e).map_or_else(|| e.to_string(), ToString::to_string);
                let detail = format!("{} cannot be reached ({why}); is it running?", self.base);
                Err(Problem::upstream(StatusCode::BAD_GATEWAY, detail))
            }
            Err(_late) => {
                let detail = format!("{} did not begin to answer within {} s", self.base, PATIENCE.as_secs());
                Err(Problem::upstream(StatusCode::GATEWAY_TIMEOUT, detail))
            }
        }
    }
}

/// Whether a header is passed on, in either direction: not those of the connection, nor those that speak of the body's form on
/// the way, nor our own.
pub(crate) fn passes(name: &HeaderName) -> bool {
    let name = name.as_str();
    let of_the_way = matches!(
        name,
        "host"
            | "connection"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "content-length"
            | "accept-encoding"
            | "expect"
            | "cookie"
            | "origin"
            | "referer"
            | "x-request-id"
    );
    !of_the_way && !name.starts_with("x-kithkin-") && !name.starts_with("sec-")
}
