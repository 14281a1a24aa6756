//! The methods that there are.

use axum::Json;
use axum::extract::Path;
use kithkin::{About, Kithkin};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Read, Tenant};
use crate::problem::Problem;

/// All methods.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Methods {
    /// By name.
    methods: Vec<About>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    method: String,
}

/// Lists the methods, each with the paper that it comes from.
#[utoipa::path(get, path = "/v1/methods", operation_id = "list_methods",
    tag = "methods", responses((status = 200, body = Methods)))]
pub(crate) async fn list(_tenant: Tenant<Read>) -> Result<Json<Methods>, Problem> {
    let methods = Kithkin::methods()?.iter().map(|method| method.about().clone()).collect();
    Ok(Json(Methods { methods }))
}

/// A method.
#[utoipa::path(get, path = "/v1/methods/{method}", operation_id = "show_method",
    tag = "methods", params(("method" = String, Path)), responses(
    (status = 200, body = About),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn show(_tenant: Tenant<Read>, Path(named): Path<Named>) -> Result<Json<About>, Problem> {
    Ok(Json(Kithkin::method(&named.method)?.about().clone()))
}
