//! Whole persons in and out, as streams: neither is held in memory.

use std::io::{self, Write as _};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use kithkin::{ImportReport, Ingest, PersonId};
use tokio::sync::mpsc;

use crate::access::{Admin, Read, Tenant, Whose};
use crate::extract::Params;
use crate::problem::Problem;
use crate::service::Service;
use crate::wire::ImportParams;

/// The largest import: 4 GiB.
const LARGEST_IMPORT: u64 = 4 << 30;

/// Writes a person out, a turn a line; an import makes an equal person of it.
#[utoipa::path(get, path = "/v1/persons/{person}/export", tag = "transfer", params(("person" = String, Path)), responses(
    (status = 200, body = String, content_type = "application/x-ndjson"),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn export(State(service): State<Service>, whose: Whose<Read>) -> Result<Response, Problem> {
    let (chunks, sent) = mpsc::channel::<io::Result<Bytes>>(4);
    // Whether there is such a person is found before the answer begins.
    service.person(&whose.scope, |person| person.report()).await?;
    tokio::spawn(async move {
        let failed = chunks.clone();
        let work = move |person: &kithkin::Person<'_>| {
            let mut out = io::BufWriter::with_capacity(64 << 10, Chunks(chunks));
            person.export(&mut out, "the answer")
        };
        if let Err(problem) = service.person(&whose.scope, work).await {
            // A cut answer tells the client that it does not have all.
            let _ = failed.send(Err(io::Error::other(problem.detail))).await;
        }
    });
    let body = stream::unfold(sent, |mut sent| async { sent.recv().await.map(|chunk| (chunk, sent)) });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(body)).into_response())
}

/// Sends what is written; fails when nobody reads any more.
struct Chunks(mpsc::Sender<io::Result<Bytes>>);

impl io::Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes))).map_err(gone)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Imports a file: an export of a chat account, a dataset, or one of our own. What cannot be imported is listed, and the rest
/// is stored; sending it again stores nothing twice. Vectors and memories follow by themselves.
#[utoipa::path(post, path = "/v1/import", tag = "transfer", params(ImportParams),
    request_body(content = String, content_type = "application/octet-stream"), responses(
    (status = 200, body = ImportReport),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn import(
    State(service): State<Service>,
    tenant: Tenant<Admin>,
    Params(params): Params<ImportParams>,
    request: Request,
) -> Result<(StatusCode, Json<ImportReport>), Problem> {
    let format = params.format.as_deref().map(str::parse).transpose().map_err(Problem::input)?;
    let person = params.person.map(PersonId::new).transpose()?;
    let file = received(request.into_body()).await?;
    let (id, select) = (tenant.id.clone(), params.select);
    let work = move |kithkin: &kithkin::Kithkin| {
        let path = file.path().to_owned();
        let what = Ingest { path, format, person, select, at: None, embed: false };
        kithkin.import(&id, &what, &|_| std::ops::ControlFlow::Continue(()))
    };
    let report = service.run(work).await?;
    service.background().look(tenant.id);
    Ok((StatusCode::OK, Json(report)))
}

/// The body in a file, which is gone when it is dropped.
pub(crate) async fn received(body: Body) -> Result<tempfile::NamedTempFile, Problem> {
    let failed = |error: io::Error| {
        tracing::error!(%error, "an import could not be put aside");
        Problem::internal()
    };
    let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
    let mut length = 0_u64;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let broken =
            |e| Problem::request(StatusCode::BAD_REQUEST, format!("the body broke off: {e}; nothing was imported"));
        let chunk = chunk.map_err(broken)?;
        length += chunk.len() as u64;
        if length > LARGEST_IMPORT {
            let detail = "the import is larger than 4 GiB; split it, or use the command `kithkin import`";
            return Err(Problem::request(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        file.write_all(&chunk).map_err(failed)?;
    }
    Ok(file)
}
