//! Tasks that are not clear yet: what somebody needs for one, ways to do it, and its parts with options.

use std::collections::BTreeMap;

use kithkin_engine::{Brief, Engine, EngineError, Explored, Need, Solution, SubTask, Withheld};
use serde::Serialize;

use crate::{Error, Person, Respond, RoutedReport};

/// Recalled turns that the model is shown of the record.
const SHOWN: usize = 12;

/// What a chat model made of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExploreReport<T> {
    /// What could be read of its answer, the first or most important first.
    pub found: Vec<T>,
    /// Answers, or pieces of them, that could not be read.
    pub unread: u64,
    /// What the policy kept from the model, by rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<Withheld>,
    /// The reply that the policy gives to the message; then no model was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routed: Option<RoutedReport>,
    /// The models that ran.
    pub models: BTreeMap<String, String>,
}

/// What the engine is asked for.
type Ask<'a, T> = dyn Fn(&Engine, &Brief<'_>) -> Result<Explored<T>, EngineError> + 'a;

impl Person<'_> {
    /// What the person needs for the task of a message, said or not, as a chat model reads it from the message and from what
    /// is recalled and known. Nothing is remembered. The answer is for the person to look at and to change.
    ///
    /// # Errors
    /// An empty message, no chat model, no consent to a reply, a method that cannot run here, or a model that failed.
    pub fn needs(&self, task: &Respond) -> Result<ExploreReport<Need>, Error> {
        self.explored(task, &[], &|engine, brief| engine.needs(self.scope(), brief))
    }

    /// Ways to do the task of a message that meet these needs, the most important first. Nothing is remembered.
    ///
    /// # Errors
    /// As [`Person::needs`].
    pub fn solutions(&self, task: &Respond, needs: &[String]) -> Result<ExploreReport<Solution>, Error> {
        let own: Vec<&str> = needs.iter().map(String::as_str).collect();
        self.explored(task, &own, &|engine, brief| engine.solutions(self.scope(), brief, needs))
    }

    /// The parts of the task of a message, or of one part of it, each with ways to do it. Nothing is remembered.
    ///
    /// # Errors
    /// As [`Person::needs`].
    pub fn sub_tasks(&self, task: &Respond, part: Option<&str>) -> Result<ExploreReport<SubTask>, Error> {
        self.explored(task, part.as_slice(), &|engine, brief| engine.sub_tasks(self.scope(), brief, part))
    }

    fn explored<T>(&self, task: &Respond, own: &[&str], ask: &Ask<'_, T>) -> Result<ExploreReport<T>, Error> {
        if task.message.trim().is_empty() {
            return Err(EngineError::EmptyQuestion.into());
        }
        let engine = &self.kithkin().engine;
        let mut said = [task.message.as_str()].into_iter().chain(own.iter().copied());
        if let Some(routed) = said.find_map(|text| engine.policy().route(text)) {
            let routed = Some(RoutedReport { rule: routed.rule.to_owned(), reply: routed.reply.to_owned() });
            let (found, withheld, models) = (Vec::new(), Vec::new(), BTreeMap::new());
            return Ok(ExploreReport { found, unread: 0, withheld, routed, models });
        }
        if engine.chat().is_none() {
            return Err(EngineError::NoReplyModel.into());
        }
        engine.consented(self.scope(), task.purpose())?;
        let mut ground = self.ground(task, task.purpose())?;
        let mut evidence = crate::ground::turns(&self.recalled(task, &mut ground)?);
        evidence.truncate(SHOWN);
        let (found, unread) = ask(engine, &ground.brief(task, &evidence))?;
        let mut models = self.models(&ground.method);
        models.extend(self.kithkin().chat_name().map(|model| ("chat".to_owned(), model.to_owned())));
        Ok(ExploreReport { found, unread, withheld: ground.withheld, routed: None, models })
    }
}
