//! The panels beside the conversation: needs and solutions, and a task taken apart into sub-tasks with options.
//!
//! What the person changes travels with the form, so that nothing of it is kept here: a need that was edited, moved or taken
//! out changes the solutions, and options that were chosen become words of the message that is answered.

use axum::extract::{Extension, State};
use axum::response::Response;
use kithkin::{ExploreReport, Kithkin, Need, Now, Respond, Solution, SubTask};
use minijinja::{Value, context};
use serde::Serialize;

use super::{Said, conversation};
use crate::access::{Read, Whose, Write};
use crate::extract::Filled;
use crate::pages::html::value;
use crate::pages::memory::instead;
use crate::pages::visit::Visit;
use crate::problem::Problem;
use crate::service::Service;

/// Needs that are read of a form.
const NEEDS: usize = 24;
/// Choices that are read of a form: those of a tree, and behind them those that were made before.
const CHOICES: usize = 64;
const CHOICES_BEFORE: usize = 40;

/// A form as pairs, since its fields have numbers.
#[derive(Debug)]
struct Fields(Vec<(String, String)>);

impl Fields {
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(given, _)| given == name).map_or("", |(_, text)| text.trim())
    }

    /// The task, as it would be answered.
    fn task(&self) -> Result<Respond, Problem> {
        let conversation = Some(conversation(self.get("conversation"))?);
        Ok(Respond { conversation, ..Respond::new(self.get("message"), Now::Clock) })
    }

    /// The needs of the form, by the places that the person gave them, without those that were taken out.
    fn needs(&self) -> Vec<Kept> {
        let mut needs: Vec<(usize, Kept)> = Vec::new();
        for n in 1..=NEEDS {
            let need = self.get(&format!("need-{n}"));
            if need.is_empty() || !self.get(&format!("drop-{n}")).is_empty() {
                continue;
            }
            let place = self.get(&format!("place-{n}")).parse().unwrap_or(n);
            let implicit = !self.get(&format!("implicit-{n}")).is_empty();
            needs.push((place, Kept { need: need.to_owned(), implicit }));
        }
        needs.sort_by_key(|(place, _)| *place);
        needs.into_iter().map(|(_, need)| need).collect()
    }

    /// The choices of the form: what is decided, and how.
    fn choices(&self) -> Vec<(&str, &str)> {
        let choice = |n: usize| {
            let own = self.get(&format!("own-{n}"));
            let chosen = if own.is_empty() { self.get(&format!("pick-{n}")) } else { own };
            (!chosen.is_empty()).then(|| (self.get(&format!("task-{n}")), chosen))
        };
        (1..=CHOICES).filter_map(choice).collect()
    }

    /// The number that the next part of the tree gets.
    fn next(&self) -> usize {
        let last = (1..=CHOICES_BEFORE).rev().find(|n| !self.get(&format!("task-{n}")).is_empty());
        last.map_or(1, |last| last + 1)
    }
}

/// A need as the form has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Kept {
    need: String,
    implicit: bool,
}

/// Needs and solutions: found where the form has none yet, and made of the form's needs where it has.
pub(in crate::pages) async fn needs(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    whose: Whose<Read>,
    Filled(fields): Filled<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let fields = Fields(fields);
    let (task, mut kept) = (fields.task()?, fields.needs());
    let scope = whose.scope.clone();
    let own = kept.clone();
    let work = move |kithkin: &Kithkin| {
        let person = kithkin.person(&scope);
        let task = Respond { method: instead(kithkin, &person)?, ..task };
        let found = if own.is_empty() { Some(person.needs(&task)?) } else { None };
        let needs: Vec<String> = match &found {
            Some(found) => found.found.iter().map(|need| need.need.clone()).collect(),
            None => own.into_iter().map(|need| need.need).collect(),
        };
        let solutions = if needs.is_empty() { None } else { Some(person.solutions(&task, &needs)?) };
        Ok((found, solutions))
    };
    let (found, solutions): (Option<ExploreReport<Need>>, Option<ExploreReport<Solution>>) = service.run(work).await?;
    let routed = found.as_ref().and_then(|found| found.routed.clone());
    let routed = routed.or_else(|| solutions.as_ref().and_then(|solutions| solutions.routed.clone()));
    kept.extend(found.into_iter().flat_map(|found| found.found).map(|Need { need, implicit }| Kept { need, implicit }));
    let content = context! {
        needs => value(&kept),
        solutions => value(solutions.map(|solutions| solutions.found)),
        routed => value(routed.map(|routed| routed.reply)),
    };
    visit.page("explore.html", context! { ..content, ..about(&whose.scope, &fields) })
}

/// A task, or one part of it, taken apart.
pub(in crate::pages) async fn sub_tasks(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    whose: Whose<Read>,
    Filled(fields): Filled<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let fields = Fields(fields);
    let (task, part) = (fields.task()?, fields.get("deeper").to_owned());
    let scope = whose.scope.clone();
    let work = move |kithkin: &Kithkin| {
        let person = kithkin.person(&scope);
        let task = Respond { method: instead(kithkin, &person)?, ..task };
        person.sub_tasks(&task, Some(part.as_str()).filter(|part| !part.is_empty()))
    };
    let found: ExploreReport<SubTask> = service.run(work).await?;
    let decided: Vec<(&str, &str)> = fields.choices();
    let content = context! {
        tasks => value(&found.found),
        part => fields.get("deeper"),
        decided => value(&decided),
        first => fields.next(),
        routed => value(found.routed.map(|routed| routed.reply)),
    };
    visit.page("explore.html", context! { ..content, ..about(&whose.scope, &fields) })
}

fn about(scope: &kithkin::Scope, fields: &Fields) -> Value {
    context! {
        person => scope.person.as_str(),
        task => fields.get("message"),
        conversation => fields.get("conversation"),
        tab => "chat",
    }
}

/// Answers a task with what was chosen.
pub(in crate::pages) async fn picked(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    whose: Whose<Write>,
    Filled(fields): Filled<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let fields = Fields(fields);
    let lines = fields.choices().into_iter().map(|(task, choice)| format!("- {task}: {choice}"));
    let message = [fields.get("message").to_owned()].into_iter().chain(lines).collect::<Vec<_>>().join("\n");
    let (conversation, card) = (fields.get("conversation").to_owned(), String::new());
    super::say(State(service), Extension(visit), whose, Filled(Said { message, conversation, card })).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        Fields(pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    #[test]
    fn needs_are_taken_in_the_order_of_the_person() {
        let check = |pairs: &[(&str, &str)], expect: &[&str]| {
            let found: Vec<String> = fields(pairs).needs().into_iter().map(|need| need.need).collect();
            assert_eq!(found, expect, "{pairs:?}");
        };
        check(&[("need-1", "cheap"), ("need-2", " near ")], &["cheap", "near"]);
        check(&[("need-1", "cheap"), ("place-1", "2"), ("need-2", "near"), ("place-2", "1")], &["near", "cheap"]);
        check(&[("need-1", "cheap"), ("drop-1", "on"), ("need-2", ""), ("need-9", "new")], &["new"]);
        check(&[("need-99", "x")], &[]);
    }

    #[test]
    fn own_words_come_before_an_option() {
        let given = fields(&[
            ("task-1", "How"),
            ("pick-1", "train"),
            ("task-2", "When"),
            ("own-2", "now"),
            ("pick-2", "later"),
            ("task-3", "x"),
        ]);
        assert_eq!(given.choices(), [("How", "train"), ("When", "now")]);
    }
}
