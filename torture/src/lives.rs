//! What an application does with persons through the facade: they say something, correct what is read of them, ask, and
//! forget; memories are derived, and derived anew by another method. All of it is made of numbers, as operations on a store
//! are.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use kithkin::{
    Change, Correct, EngineError, Error, EventTime, Forget, Kithkin, Location, Method, Now, Person, Recall, Remember,
    Scope, TurnId,
};
use kithkin_core::{Clock, Millis};
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;
use serde::Serialize;
use serde_json::Value;

/// How many persons there are.
pub(crate) const PERSONS: u8 = 3;

/// What is said. Much of it says something of the person, some of it the opposite of something else.
const SENTENCES: [&str; 12] = [
    "I moved to Oslo last week.",
    "I live in Bergen now.",
    "My dog is called Rex.",
    "My sister is a nurse, and she works at night.",
    "I love green tea.",
    "I don't like green tea any more.",
    "I am allergic to nuts.",
    "My favourite colour is blue.",
    "The kettle stands on the green shelf.",
    "It rained while we walked to work.",
    "I work as a carpenter.",
    "What was the name of that film?",
];

const QUESTIONS: [&str; 3] = ["Where do I live?", "What is my dog called?", "Which tea do I like?"];

const TOPICS: [&str; 3] = ["home", "dog", "green tea"];

/// After all that is ever said.
const LATER: &str = "2200-01-01";

/// A method that derives a memory of each exchange; another, a preset, derives other pieces.
const ROUNDS: &str = r#"
id = "rounds"
title = "Exchanges"
status = "stable"
summary = "Finds exchanges by words."
cost = "The text once more."

[observe]
segment = { strategy = "round" }

[recall]
retrieve = [{ strategy = "memory-bm25", kind = "round", spread = "all" }, { strategy = "bm25" }]
fuse = { strategy = "standardised", weights = [1.0, 0.05] }
sessions = { strategy = "best-turn" }
answer = { strategy = "logistic", bias = -3.6, coverage = 13.2 }
abstain_below = 0.2
"#;

/// Something that is done.
#[derive(Debug, Clone)]
pub(crate) enum Live {
    /// Sentences, each with session and name.
    Say(u8, Vec<(u8, u8, u8)>),
    Correct(u8, u8, u8),
    Ask(u8, u8),
    CatchUp(u8),
    Rebuild(u8, bool),
    ForgetTurns(u8, Vec<u8>),
    ForgetSession(u8, u8),
    /// Everything but what they corrected, and but their name: the store's other persons would begin above theirs.
    ForgetConversation(u8),
}

/// What is done, and what the clock says then.
pub(crate) type Timed = (Live, Millis);

pub(crate) fn op() -> BoxedStrategy<Timed> {
    let person = 0..PERSONS;
    let day = 86_400_000;
    // Most of the time it goes on by days; now and then it jumps by years, back as well.
    let time = prop_oneof![6 => 0..400i64, 1 => -4_000..4_000i64].prop_map(move |days| 1_700_000_000_000 + days * day);
    let said = prop::collection::vec((0..12u8, 0..3u8, 0..8u8), 1..4);
    let live = prop_oneof![
        6 => (person.clone(), said).prop_map(|(p, said)| Live::Say(p, said)),
        2 => (person.clone(), 0..3u8, 0..4u8).prop_map(|(p, topic, how)| Live::Correct(p, topic, how)),
        3 => (person.clone(), 0..3u8).prop_map(|(p, question)| Live::Ask(p, question)),
        3 => person.clone().prop_map(Live::CatchUp),
        1 => (person.clone(), any::<bool>()).prop_map(|(p, rounds)| Live::Rebuild(p, rounds)),
        2 => (person.clone(), prop::collection::vec(0..8u8, 1..3)).prop_map(|(p, turns)| Live::ForgetTurns(p, turns)),
        1 => (person.clone(), 0..3u8).prop_map(|(p, session)| Live::ForgetSession(p, session)),
        1 => person.prop_map(Live::ForgetConversation),
    ];
    (live, time).boxed()
}

impl Live {
    pub(crate) fn person(&self) -> u8 {
        match self {
            Self::Say(p, _)
            | Self::Correct(p, ..)
            | Self::Ask(p, _)
            | Self::CatchUp(p)
            | Self::Rebuild(p, _)
            | Self::ForgetTurns(p, _)
            | Self::ForgetSession(p, _)
            | Self::ForgetConversation(p) => *p,
        }
    }
}

/// A clock that says what it is told to.
#[derive(Debug)]
struct Jumping {
    now: AtomicI64,
    start: Instant,
}

impl Clock for Jumping {
    fn now(&self) -> Millis {
        self.now.load(Ordering::Relaxed)
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// Whose life it is.
///
/// # Errors
/// None.
pub(crate) fn scope(n: u8) -> Result<Scope, Error> {
    let name = ["ann", "bo", "名"][usize::from(n % PERSONS)];
    Ok(Scope::new("lives".parse()?, name.parse()?))
}

/// A handle on a store, with the clock that it goes by.
pub(crate) struct Lives {
    kithkin: Kithkin,
    clock: Arc<Jumping>,
}

/// What was answered, without what is never twice the same; and the receipt of an erasure.
pub(crate) type Answer = (String, Option<Value>);

impl Lives {
    /// # Errors
    /// The store cannot be opened.
    pub(crate) fn open(address: &str) -> Result<Self, Error> {
        Ok(Self::of(Kithkin::open(Location::from(address))?))
    }

    pub(crate) fn in_memory() -> Self {
        Self::of(Kithkin::in_memory())
    }

    fn of(builder: kithkin::Builder) -> Self {
        let clock = Arc::new(Jumping { now: AtomicI64::new(0), start: Instant::now() });
        Self { kithkin: builder.clock_object(Arc::clone(&clock) as Arc<dyn Clock>).start(), clock }
    }

    fn person(&self, n: u8) -> Result<Person<'_>, Error> {
        Ok(self.kithkin.person(&scope(n)?))
    }

    /// Does it, and gives what was answered: an answer as JSON, or the words of an error that is not the store's.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn apply(&self, (live, now): &Timed) -> Result<Answer, Error> {
        self.clock.now.store(*now, Ordering::Relaxed);
        match self.answer(live) {
            Err(error) if !is_stores(&error) => Ok((error.to_string(), None)),
            answer => answer,
        }
    }

    fn answer(&self, live: &Live) -> Result<Answer, Error> {
        let person = self.person(live.person())?;
        let go_on = &mut |_| std::ops::ControlFlow::Continue(());
        match live {
            Live::Say(_, said) => {
                let remember = |(sentence, session, id): &(u8, u8, u8)| -> Result<Remember, Error> {
                    let (session, id) = (Some(format!("s{session}").parse()?), Some(id.to_string().parse()?));
                    let conversation = Some("c".parse()?);
                    let text = SENTENCES[usize::from(*sentence) % SENTENCES.len()];
                    Ok(Remember { conversation, session, id, ..Remember::new(text) })
                };
                let said = said.iter().map(remember).collect::<Result<Vec<_>, _>>()?;
                Ok((json(&person.remember_all(&said)?), None))
            }
            Live::Correct(_, topic, how) => {
                let change = match how {
                    0 => Change::Confirm,
                    1 => Change::Reject,
                    how => Change::Edit { value: format!("value {how}"), kind: None },
                };
                let topic = TOPICS[usize::from(*topic) % TOPICS.len()].to_owned();
                let correct = Correct { topic, value: None, about: None, change, at: Now::Clock };
                Ok((json(&person.correct(&correct)?), None))
            }
            Live::Ask(_, question) => Ok((found(&person, *question)?, None)),
            Live::CatchUp(_) => Ok((person.catch_up(go_on)?.to_string(), None)),
            Live::Rebuild(_, rounds) => {
                let method = if *rounds { exchanges()? } else { Kithkin::method("secom-bm25")? };
                person.rebuild(&method, go_on)?;
                Ok((String::new(), None))
            }
            Live::ForgetTurns(_, turns) => {
                let turns: Result<Vec<TurnId>, _> = turns.iter().map(|id| id.to_string().parse()).collect();
                forget(&person, &Forget::Turns(turns?, None))
            }
            Live::ForgetSession(_, session) => forget(&person, &Forget::Session(format!("s{session}").parse()?, None)),
            Live::ForgetConversation(_) => forget(&person, &Forget::Conversation("c".parse()?)),
        }
    }

    /// What is true of a person: the log, and the method.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn log(&self, n: u8) -> Result<String, Error> {
        let person = self.person(n)?;
        let log = match person.timeline() {
            Err(error) if !is_stores(&error) => error.to_string(),
            timeline => json(&timeline?),
        };
        Ok(format!("{log}\n{}", person.method()?.about().id))
    }

    /// All that a person's life has come to: the log, and, when all is derived that can be, the memories, the profile, and what
    /// is found.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn whole(&self, n: u8) -> Result<String, Error> {
        let log = self.log(n)?;
        let person = self.person(n)?;
        match derived(&person) {
            Err(error) if !is_stores(&error) => Ok(format!("{log}\n{error}")),
            derived => Ok(format!("{log}\n{}", derived?)),
        }
    }

    /// The same after all that was derived is derived anew. Of nobody, and of who has no method of these, it is what it was.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn rebuilt(&self, n: u8) -> Result<String, Error> {
        let person = self.person(n)?;
        let method = person.method()?;
        let go_on = &mut |_| std::ops::ControlFlow::Continue(());
        if method.about().id.as_str() != "hybrid" && person.report().is_ok() {
            let other =
                if method.about().id.as_str() == "rounds" { Kithkin::method("secom-bm25")? } else { exchanges()? };
            person.rebuild(&other, go_on)?;
            person.rebuild(&method, go_on)?;
        }
        self.whole(n)
    }

    /// What is still there of what a receipt names.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn left_of(&self, receipt: &str) -> Result<Vec<String>, Error> {
        Ok(self.kithkin.verify_erasure(&kithkin::Receipt::parse("a receipt", receipt)?)?.findings)
    }
}

/// Whether an error is one of the store, and not an answer.
fn is_stores(error: &Error) -> bool {
    matches!(error, Error::Engine(EngineError::Store(_)))
}

fn exchanges() -> Result<Method, Error> {
    Ok(Method::parse("rounds.toml", ROUNDS).map_err(EngineError::from)?)
}

fn json(answer: &impl Serialize) -> String {
    serde_json::to_string(answer).unwrap_or_else(|error| error.to_string())
}

fn forget(person: &Person<'_>, what: &Forget) -> Result<Answer, Error> {
    let mut report = person.forget_with_receipt(what, Now::Clock)?;
    let receipt = report.receipt.take().map(|receipt| serde_json::to_value(receipt).unwrap_or_default());
    Ok((json(&report), receipt))
}

/// What a question finds, whenever it is asked.
fn found(person: &Person<'_>, question: u8) -> Result<String, Error> {
    let question = QUESTIONS[usize::from(question) % QUESTIONS.len()];
    let method = match person.method()? {
        method if method.about().needs_embedder => Kithkin::method("bm25")?,
        method => method,
    };
    let recall = Recall { method: Some(method), ..Recall::new(question, Now::At(LATER.parse()?)) };
    let report = person.recall(&recall)?;
    Ok(json(&(report.evidence, report.abstain, report.answerable)))
}

/// What is derived of a person, after what was still to be derived.
fn derived(person: &Person<'_>) -> Result<String, Error> {
    let later = Now::At(LATER.parse::<EventTime>()?);
    person.catch_up(&mut |_| std::ops::ControlFlow::Continue(()))?;
    let memories = person.memories(later)?;
    // Numbers say how often it was derived, and of which sessions first.
    let mut memories: Vec<String> =
        memories.iter().map(|one| json(&(one.kind, &one.text, &one.sources, &one.valid_from))).collect();
    memories.sort();
    let profile = person.profile(later)?;
    Ok(format!("{memories:?}\n{}\n{}", json(&profile), found(person, 0)?))
}
