//! The pages: what a person or an operator sees in a browser.
//!
//! They are rendered here, a file a page, from templates, words and assets that are part of the binary; a browser needs no
//! network beyond this service, and every page but the import works without scripts. A handler reaches a person as those of
//! `/v1` do, through an argument that names the right; [`visit`] lets a browser bring its key in a cookie.

mod assets;
mod character;
mod charts;
mod chat;
mod erase;
mod home;
mod html;
mod import;
mod lab;
mod live;
mod memory;
mod profile;
mod sign_in;
mod turn;
mod visit;
mod words;

use axum::Router;
use axum::middleware;
use axum::routing::{get, post};

use crate::routes::transfer;
use crate::service::Service;

/// The routes of the pages, and of what they are drawn with.
pub(crate) fn routes(service: &Service) -> Router<Service> {
    Router::new()
        .route("/", get(home::persons))
        .route("/go", get(home::go))
        .route("/import", get(import::show).post(import::receive))
        .route("/sign-in", get(sign_in::show).post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
        .route("/persons/{person}", get(memory::show))
        .route("/persons/{person}/turns/{turn}", get(turn::show))
        .route("/persons/{person}/erase", get(erase::ask).post(erase::erase))
        .route("/persons/{person}/export", get(transfer::export))
        .route("/persons/{person}/profile", get(profile::show).post(profile::correct))
        .route("/persons/{person}/chat", get(chat::show).post(chat::say))
        .route("/persons/{person}/chat/stream", post(chat::stream))
        .route("/persons/{person}/chat/why", get(chat::why).post(chat::ask))
        .route("/persons/{person}/chat/needs", post(chat::needs))
        .route("/persons/{person}/chat/tree", post(chat::sub_tasks))
        .route("/persons/{person}/chat/picked", post(chat::picked))
        .route("/persons/{person}/chat/as", post(character::talk))
        .route("/persons/{person}/character", get(character::show).post(character::make))
        .route("/lab", get(lab::show))
        .route("/lab/plots/{name}", get(lab::plot))
        .route("/assets/{name}", get(assets::serve))
        .layer(middleware::from_fn_with_state(service.clone(), visit::guarded))
}
