//! The memory's part of a request: before it goes on, and after it was answered.

use std::time::Duration;

use axum::http::HeaderMap;
use kithkin::ConversationId;
use kithkin::{
    ChatUsage, Citation, Context, Dialogue, EngineError, Error, Given, Method, Now, PersonId, Recall, Scope,
};

use super::switches::{Switches, Use};
use super::told;
use crate::access::{Caller, Read, Write};
use crate::problem::Problem;
use crate::service::Service;
use crate::wire::ChatBody;

/// How long the memory may take before the request goes on without it.
const PATIENCE: Duration = Duration::from_secs(3);

/// What came of the memory.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It was looked into.
    Read(Box<Context>),
    /// The policy gives the answer.
    Routed(String),
    /// It was not asked for, or for nobody.
    Off(&'static str),
    /// It failed, and the request goes on.
    Failed(String),
}

/// The memory's part of a request.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) outcome: Outcome,
    /// Where the answer is to be written down.
    place: Option<(Scope, ConversationId)>,
    given: Option<Given>,
}

/// What is asked of the memory for a request.
struct Asked {
    dialogue: Dialogue,
    question: Option<String>,
    method: Option<Method>,
    tokens: usize,
    writes: bool,
    model: String,
}

impl Memory {
    fn off(why: &'static str) -> Self {
        Self { outcome: Outcome::Off(why), place: None, given: None }
    }

    /// Looks into the memory, and writes down what is new. It is looked into first: otherwise the message would find itself.
    pub(super) async fn of(
        service: &Service,
        caller: &Caller,
        switches: Switches,
        body: &ChatBody,
        model: &str,
    ) -> Result<Self, Problem> {
        if switches.memory == Use::Off {
            return Ok(Self::off("off"));
        }
        let person = match (switches.person, caller.only(), body.user()) {
            (Some(person), ..) => person,
            // Who the only person is, the key says; `user` may then be a name of the client's own.
            (None, Some(only), _) => only.clone(),
            (None, None, Some(user)) => PersonId::new(user)?,
            (None, None, None) => return Ok(Self::off("no-person")),
        };
        let scope =
            if switches.memory == Use::On { caller.reach::<Write>(person)? } else { caller.reach::<Read>(person)? };
        let dialogue = Dialogue {
            messages: body.said(),
            conversation: switches.conversation,
            repeated: switches.repeated,
            now: Now::Clock,
        };
        let asked = Asked {
            question: dialogue.question().map(str::to_owned),
            dialogue,
            method: switches.method,
            tokens: switches.tokens.unwrap_or(service.settings().memory_tokens),
            writes: switches.memory == Use::On,
            model: model.to_owned(),
        };
        let writes = asked.writes;
        let looked = service.person(&scope, move |person| Ok(looked_into(person, &asked)));
        // The client is told why; the log is not, since errors name persons and quote what was sent.
        let failed = |problem: Problem| {
            service.metrics().memory_failed();
            tracing::warn!(kind = problem.kind, "a request to the proxy goes on without memory");
            Self { outcome: Outcome::Failed(problem.detail), place: None, given: None }
        };
        let memory = match tokio::time::timeout(PATIENCE, looked).await {
            Ok(Ok(Looked { conversation: Ok((conversation, given)), context })) => {
                let place = writes.then(|| (scope.clone(), conversation));
                match context {
                    Ok(context) => {
                        let outcome = match &context.routed {
                            Some(routed) => Outcome::Routed(routed.reply.clone()),
                            None => Outcome::Read(Box::new(context)),
                        };
                        Self { outcome, place, given }
                    }
                    // What was said is kept all the same, and so will be the answer.
                    Err(error) => Self { place, ..failed(error.into()) },
                }
            }
            Ok(Ok(Looked { conversation: Err(error), .. })) => failed(error.into()),
            Ok(Err(problem)) => failed(problem),
            Err(_late) => failed(Problem::busy(format!("it took longer than {} s", PATIENCE.as_secs()))),
        };
        if writes {
            service.written(&scope);
        }
        if let (Outcome::Routed(reply), Some(_)) = (&memory.outcome, &memory.place) {
            let reply = reply.clone();
            memory.keep(service, reply).await;
        }
        Ok(memory)
    }

    /// The block for the instructions.
    pub(super) fn block(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Read(context) => Some(context.text.as_str()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// What the client is told of it.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let state = match &self.outcome {
            Outcome::Read(context) if context.text.is_empty() => "empty",
            Outcome::Read(_) => "used",
            Outcome::Routed(_) => "routed",
            Outcome::Off(why) => why,
            Outcome::Failed(_) => "failed",
        };
        told(&mut headers, "x-kithkin-memory", state);
        if let Some((_, conversation)) = &self.place {
            told(&mut headers, "x-kithkin-conversation", conversation.as_str());
        }
        match &self.outcome {
            Outcome::Read(context) => {
                told(&mut headers, "x-kithkin-method", &context.method);
                for Citation { turn, .. } in &context.citations {
                    told(&mut headers, "x-kithkin-recalled", turn);
                }
            }
            Outcome::Failed(why) => told(&mut headers, "x-kithkin-failure", why),
            _ => {}
        }
        headers
    }

    /// Writes the answer down, and what it took.
    pub(super) async fn answered(mut self, service: &Service, text: String, usage: Option<ChatUsage>) {
        if let (Some(given), Some(usage), Some((scope, _))) = (self.given.take(), usage, &self.place) {
            let noted = service.person(scope, move |person| person.answered(given, usage)).await;
            if let Err(problem) = noted {
                tracing::error!(kind = problem.kind, "what an answer took could not be noted");
            }
        }
        self.keep(service, text).await;
    }

    async fn keep(&self, service: &Service, text: String) {
        let Some((scope, conversation)) = &self.place else { return };
        if text.trim().is_empty() {
            return;
        }
        let conversation = conversation.clone();
        let kept = service.person(scope, move |person| match person.keep_answer(&conversation, &text) {
            Ok(_) | Err(Error::OnlyRecalled) => Ok(()),
            Err(error) => Err(error),
        });
        match kept.await {
            Ok(()) => service.written(scope),
            Err(problem) => tracing::error!(kind = problem.kind, "an answer could not be remembered"),
        }
    }
}

struct Looked {
    conversation: Result<(ConversationId, Option<Given>), Error>,
    context: Result<Context, Error>,
}

fn looked_into(person: &kithkin::Person<'_>, asked: &Asked) -> Looked {
    let followed = match person.follow(&asked.dialogue) {
        Ok(followed) => followed,
        Err(error) => return Looked { conversation: Err(error), context: Ok(Context::default()) },
    };
    let mut context = match &asked.question {
        Some(question) => {
            let recall = Recall {
                without: followed.heard.clone(),
                method: asked.method.clone(),
                ..Recall::new(question, asked.dialogue.now)
            };
            match person.context(&recall, asked.tokens) {
                // Of somebody who speaks for the first time nothing is known.
                Err(Error::Engine(EngineError::NoPerson { .. })) => Ok(Context::default()),
                context => context,
            }
        }
        None => Ok(Context::default()),
    };
    let kept = if asked.writes { person.keep(&followed).map(drop) } else { Ok(()) };
    let given = match &context {
        Ok(known) => person.disclose(known, &asked.model),
        Err(_) => Ok(None),
    };
    // What could not be noted is not given.
    let given = given.unwrap_or_else(|error| {
        context = Err(error);
        None
    });
    Looked { conversation: kept.map(|()| (followed.conversation, given)), context }
}
