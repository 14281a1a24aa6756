//! Erasing a turn, a sitting, a conversation or everything: what would go, the question whether it shall, and the receipt.

use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use kithkin::{ConversationId, Forget, SessionId, TurnId};
use minijinja::{Value, context};
use serde::Deserialize;

use super::html::value;
use super::visit::Visit;
use crate::access::{Erase, Whose};
use crate::extract::{Filled, Params};
use crate::problem::Problem;
use crate::routes::persons::Erasing;
use crate::service::Service;

/// What is to be erased.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct What {
    what: Extent,
    #[serde(default)]
    id: String,
    #[serde(default)]
    conversation: String,
    /// The person's name, typed by whoever erases everything.
    #[serde(default)]
    name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Extent {
    Turn,
    Session,
    Conversation,
    All,
}

impl Extent {
    fn name(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::Session => "session",
            Self::Conversation => "conversation",
            Self::All => "all",
        }
    }
}

impl What {
    fn forget(&self) -> Result<Forget, Problem> {
        let within = || match self.conversation.as_str() {
            "" => Ok(None),
            id => ConversationId::new(id).map(Some),
        };
        Ok(match self.what {
            Extent::Turn => Forget::Turns(vec![TurnId::new(&self.id)?], within()?),
            Extent::Session => Forget::Session(SessionId::new(&self.id)?, within()?),
            Extent::Conversation => Forget::Conversation(ConversationId::new(&self.id)?),
            Extent::All => Forget::All,
        })
    }

    fn shown(&self) -> Value {
        context! { what => self.what.name(), id => self.id.as_str(), conversation => self.conversation.as_str() }
    }
}

/// Counts what would go, and asks.
pub(super) async fn ask(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    whose: Whose<Erase>,
    Params(what): Params<What>,
) -> Result<Response, Problem> {
    question(&service, &visit, &whose, &what, false).await
}

async fn question(
    service: &Service,
    visit: &Visit,
    whose: &Whose<Erase>,
    what: &What,
    misnamed: bool,
) -> Result<Response, Problem> {
    let counted = Erasing::Counted.run(service, &whose.scope, what.forget()?).await?;
    let (person, counted) = (whose.scope.person.to_string(), value(counted));
    visit.page("erase.html", context! { person, counted, misnamed, tab => "memory", ..what.shown() })
}

/// Erases it, and says what is gone.
pub(super) async fn erase(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    whose: Whose<Erase>,
    Filled(what): Filled<What>,
) -> Result<Response, Problem> {
    let person = whose.scope.person.to_string();
    if what.what == Extent::All && what.name.trim() != person {
        let asked = question(&service, &visit, &whose, &what, true).await?;
        return Ok((axum::http::StatusCode::UNPROCESSABLE_ENTITY, asked).into_response());
    }
    let erased = Erasing::Receipted.run(&service, &whose.scope, what.forget()?).await?;
    let receipt = serde_json::to_string_pretty(&erased.receipt).map_err(|_| Problem::internal())?;
    let content = context! { person, erased => value(erased), receipt, tab => "memory" };
    visit.page("receipt.html", context! { ..content, ..what.shown() })
}
