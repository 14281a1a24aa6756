//! Style, scripts and pictures, as they are in the binary. Each is asked for with its hash, so that a browser keeps it until
//! there is another.

use std::sync::LazyLock;

use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use minijinja::Value;
use serde::Deserialize;

use crate::problem::Problem;

struct Asset {
    name: &'static str,
    form: &'static str,
    bytes: &'static [u8],
    hash: String,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let scripts = "text/javascript; charset=utf-8";
    let files: [(&str, &str, &[u8]); 5] = [
        ("style.css", "text/css; charset=utf-8", include_bytes!("assets/style.css")),
        ("page.js", scripts, include_bytes!("assets/page.js")),
        ("htmx.min.js", scripts, include_bytes!("assets/htmx.min.js")),
        ("htmx.LICENSE", "text/plain; charset=utf-8", include_bytes!("assets/htmx.LICENSE")),
        ("mark.svg", "image/svg+xml", include_bytes!("assets/mark.svg")),
    ];
    let asset = |(name, form, bytes): (&'static str, &'static str, &'static [u8])| Asset {
        name,
        form,
        bytes,
        hash: blake3::hash(bytes).to_hex()[..16].to_owned(),
    };
    files.map(asset).into_iter().collect()
});

fn named(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// Where a page finds an asset.
pub(super) fn address(name: &str) -> Value {
    // A name and a hash, neither of which has anything to be escaped.
    Value::from_safe_string(
        named(name).map_or_else(String::new, |asset| format!("/assets/{}?v={}", asset.name, asset.hash)),
    )
}

#[derive(Debug, Deserialize)]
pub(super) struct Version {
    v: Option<String>,
}

pub(super) async fn serve(
    Path(name): Path<String>,
    Query(version): Query<Version>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asset = named(&name).ok_or_else(|| Problem::not_found(format!("there is no asset {name:?}")))?;
    let tag = format!("\"{}\"", asset.hash);
    let kept =
        if version.v.as_deref() == Some(&asset.hash) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let about = [(header::CACHE_CONTROL, kept.to_owned()), (header::ETAG, tag.clone())];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, about).into_response());
    }
    Ok((about, [(header::CONTENT_TYPE, asset.form)], asset.bytes).into_response())
}
