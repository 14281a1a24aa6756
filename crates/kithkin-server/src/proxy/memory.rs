//! The memory's part of a request: before it goes on, beside it, and after it was answered.

use std::time::Duration;

use axum::http::HeaderMap;
use kithkin::ConversationId;
use kithkin::{
    ChatUsage, Citation, Context, Dialogue, EngineError, Error, Followed, Given, Method, Now, PersonId, Recall, Scope,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

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
    /// What is new of the request is on its way into the log.
    keeping: Option<JoinHandle<Result<(), Problem>>>,
    /// Why that failed.
    unkept: Option<String>,
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
    fn of_nothing(outcome: Outcome) -> Self {
        Self { outcome, place: None, given: None, keeping: None, unkept: None }
    }

    fn off(why: &'static str) -> Self {
        Self::of_nothing(Outcome::Off(why))
    }

    /// Looks into the memory, and begins to write down what is new, which goes on while the upstream is asked:
    /// [`Memory::kept`] waits for it. It is looked into first: otherwise the message would find itself.
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
        // The client is told why; the log is not, since errors name persons and quote what was sent.
        let failed = |problem: Problem| {
            service.metrics().memory_failed();
            tracing::warn!(kind = problem.kind, "a request to the proxy goes on without memory");
            Self::of_nothing(Outcome::Failed(problem.detail))
        };
        let writes = asked.writes;
        let (tell, looked) = oneshot::channel();
        // A task of its own: what was said is written down though the look takes too long, or the client leaves.
        let keeping = tokio::spawn(looked_into_and_kept(service.clone(), scope.clone(), asked, tell));
        let memory = match tokio::time::timeout(PATIENCE, looked).await {
            Ok(Ok(Ok(Looked { conversation, context, given }))) => {
                let memory = match context {
                    Ok(Context { routed: Some(routed), .. }) => Self::of_nothing(Outcome::Routed(routed.reply)),
                    Ok(context) => Self { given, ..Self::of_nothing(Outcome::Read(Box::new(context))) },
                    // What was said is kept all the same, and so will be the answer.
                    Err(error) => failed(error.into()),
                };
                Self { place: writes.then_some((scope, conversation)), keeping: Some(keeping), ..memory }
            }
            Ok(Ok(Err(problem))) => failed(problem),
            Ok(Err(_panicked)) => failed(Problem::internal()),
            Err(_late) => failed(Problem::busy(format!("it took longer than {} s", PATIENCE.as_secs()))),
        };
        Ok(memory)
    }

    /// Waits until what is new of the request is written down. Where it cannot be, the answer is not remembered either.
    pub(super) async fn kept(mut self, service: &Service) -> Self {
        let Some(keeping) = self.keeping.take() else { return self };
        let late = || format!("it took longer than {} s to remember what was said", PATIENCE.as_secs());
        let problem = match tokio::time::timeout(PATIENCE, keeping).await {
            Ok(Ok(Ok(()))) => return self,
            Ok(Ok(Err(problem))) => problem,
            Ok(Err(_panicked)) => Problem::internal(),
            Err(_late) => Problem::busy(late()),
        };
        service.metrics().memory_failed();
        tracing::error!(kind = problem.kind, "what was said in a request to the proxy could not be remembered");
        Self { place: None, unkept: Some(problem.detail), ..self }
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
        if let Some(why) = &self.unkept {
            told(&mut headers, "x-kithkin-failure", why);
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

    /// Writes the answer down.
    pub(super) async fn keep(&self, service: &Service, text: String) {
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
            Ok(()) => service.written_meanwhile(scope),
            Err(problem) => tracing::error!(kind = problem.kind, "an answer could not be remembered"),
        }
    }
}

struct Looked {
    conversation: ConversationId,
    context: Result<Context, Error>,
    given: Option<Given>,
}

/// Tells what is known, then writes down what is new.
async fn looked_into_and_kept(
    service: Service,
    scope: Scope,
    asked: Asked,
    tell: oneshot::Sender<Result<Looked, Problem>>,
) -> Result<(), Problem> {
    let writes = asked.writes;
    let followed = match service.person(&scope, move |person| looked_into(person, &asked)).await {
        Ok((followed, looked)) => {
            let _ = tell.send(Ok(looked));
            followed
        }
        Err(problem) => {
            let _ = tell.send(Err(problem));
            return Ok(());
        }
    };
    if writes {
        service.person(&scope, move |person| person.keep(&followed).map(drop)).await?;
        service.written_meanwhile(&scope);
    }
    Ok(())
}

fn looked_into(person: &kithkin::Person<'_>, asked: &Asked) -> Result<(Followed, Looked), Error> {
    let followed = person.follow(&asked.dialogue)?;
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
    let given = match &context {
        Ok(known) => person.disclose(known, &asked.model),
        Err(_) => Ok(None),
    };
    // What could not be noted is not given.
    let given = given.unwrap_or_else(|error| {
        context = Err(error);
        None
    });
    let conversation = followed.conversation.clone();
    Ok((followed, Looked { conversation, context, given }))
}
