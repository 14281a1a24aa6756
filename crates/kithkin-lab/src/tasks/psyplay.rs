//! Two characters with opposite traits talk about a topic: does each show the trait that its card says?
//!
//! After Yang et al., *PsyPlay: Personality-Infused Role-Playing Conversational Agents* (2025), who have a model judge the
//! dialogues; here a closed list of words does, which sees little and is the same on every machine. Each turn is a reply as
//! the facade makes it, with a card and a memory of the character's own; the same dialogue without cards is the floor.
//! `datasets/psyplay/README.md` says what the figures are.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use kithkin::{Card, ConversationId, Intensity, Method, Now, Respond, Scope, Traits};
use serde::Deserialize;

use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::items::chosen;
use crate::metrics::words;
use crate::persons::Persons;
use crate::{LabError, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "psyplay",
    datasets: &["psyplay"],
    strategies: &[],
    about: "do characters with opposite traits show them when they talk?",
    headline: &["portrayed", "without", "gain", "marked", "replies"],
    run,
};

/// The traits, in the order of cards.
const TRAITS: [&str; 5] = ["openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"];
/// The characters: of the first the trait is strong, of the second weak.
const NAMES: [&str; 2] = ["Ada", "Ben"];
/// How often each character speaks.
const ROUNDS: usize = 2;
/// What a reply may take at most, in tokens.
const REPLY: u32 = 60;

#[derive(Deserialize)]
struct File {
    topics: Vec<String>,
    markers: BTreeMap<String, Markers>,
}

/// Words by which a trait is seen.
#[derive(Deserialize)]
struct Markers {
    high: Vec<String>,
    low: Vec<String>,
}

impl Markers {
    /// Words of the strong side minus those of the weak side, as a share of all, and whether any was said.
    fn score(&self, said: &str) -> (f64, bool) {
        let said = words(said);
        let times = |list: &[String]| said.iter().filter(|word| list.contains(word)).count();
        let (high, low) = (times(&self.high), times(&self.low));
        ((high as f64 - low as f64) / said.len().max(1) as f64, high + low > 0)
    }
}

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("psyplay", &setup.data);
    let file: File = data.json("")?;
    let traits = chosen(TRAITS.to_vec(), &setup.items, |name| name)?;
    let topics = file.topics.iter().take(setup.limit.unwrap_or(usize::MAX));
    let dialogues: Vec<(&str, &String)> =
        topics.flat_map(|topic| traits.iter().map(move |name| (*name, topic))).collect();
    let mut rows = Vec::new();
    for method in &setup.methods {
        let (mut board, mut replies) = (Board::default(), 0);
        for (done, (name, topic)) in (1..).zip(&dialogues) {
            let Some(markers) = file.markers.get(*name) else {
                return Err(data.wrong("", format!("it has no markers of {name}")));
            };
            let with = Dialogue { setup, method, topic, cards: Some(cards(name)) }.talk(&mut replies)?;
            let without = Dialogue { setup, method, topic, cards: None }.talk(&mut replies)?;
            board.question(&[name], &scores(markers, &with, &without));
            (setup.progress)(name, done, dialogues.len() as u64);
        }
        board.set("replies", Some(f64::from(replies)));
        rows.push(board.row(method.about().id.as_str(), 0.0));
    }
    Ok(Table { task: TASK.name.to_owned(), data: data.source(traits.len()), rows })
}

/// The cards of both, with a trait very high and very low.
fn cards(name: &str) -> [Card; 2] {
    let mut intensities = [Intensity::VeryHigh, Intensity::VeryLow].into_iter();
    NAMES.map(|who| {
        let how = intensities.next();
        let of = |known: &str| how.filter(|_| known == name);
        Card {
            name: who.to_owned(),
            about: String::new(),
            style: String::new(),
            emotion: String::new(),
            traits: Traits {
                openness: of("openness"),
                conscientiousness: of("conscientiousness"),
                extraversion: of("extraversion"),
                agreeableness: of("agreeableness"),
                neuroticism: of("neuroticism"),
            },
            knows_until: None,
        }
    })
}

/// A talk about a topic.
struct Dialogue<'a> {
    setup: &'a Setup<'a>,
    method: &'a Method,
    topic: &'a str,
    cards: Option<[Card; 2]>,
}

impl Dialogue<'_> {
    /// What each of both said, all of it.
    fn talk(&self, replies: &mut u32) -> Result<[String; 2], LabError> {
        let mut persons = Persons::new(self.setup)?;
        let mut scopes: Vec<Scope> = Vec::new();
        for name in NAMES {
            scopes.push(persons.scope(name)?);
        }
        let mut said = [String::new(), String::new()];
        let mut last = format!("Let us talk about {}. What do you think?", self.topic);
        for _ in 0..ROUNDS {
            for (n, scope) in scopes.iter().enumerate() {
                let what = Respond {
                    conversation: Some(ConversationId::new("talk").map_err(kithkin::Error::from)?),
                    method: Some(self.method.clone()),
                    card: self.cards.as_ref().and_then(|cards| cards.get(n).cloned()),
                    max_tokens: REPLY,
                    temperature: 0.0,
                    ..Respond::new(&last, Now::Clock)
                };
                let reply = persons.person(scope).respond(&what, &mut |_| ControlFlow::Continue(()))?;
                *replies += 1;
                if let Some(said) = said.get_mut(n) {
                    said.push_str(&reply.reply);
                    said.push('\n');
                }
                // Who says nothing is asked to go on, so that the other has something to answer.
                last = if reply.reply.trim().is_empty() { "Go on.".to_owned() } else { reply.reply };
            }
        }
        Ok(said)
    }
}

fn scores(markers: &Markers, with: &[String; 2], without: &[String; 2]) -> Vec<(String, f64)> {
    let portrayed = |said: &[String; 2]| {
        let [(strong, _), (weak, _)] = [markers.score(&said[0]), markers.score(&said[1])];
        if strong == weak { 0.5 } else { f64::from(u8::from(strong > weak)) }
    };
    let marked = with.iter().any(|said| markers.score(said).1);
    let (cards, none) = (portrayed(with), portrayed(without));
    [("portrayed", cards), ("without", none), ("gain", cards - none), ("marked", f64::from(u8::from(marked)))]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kithkin::{ChatError, ChatModel, ChatReply, ChatRequest, Kithkin};

    use super::*;

    /// Says what its card asks of it, and the same to everybody without one.
    #[derive(Debug)]
    struct Actor;

    impl ChatModel for Actor {
        fn model(&self) -> &str {
            "actor"
        }

        fn reply(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
            let told = &request.messages[0].content;
            let says = |how: &str| told.contains(&format!("traits: extraversion {how}"));
            Ok(ChatReply::whole(match () {
                () if says("very high") => "What a party, everyone, wow!",
                () if says("very low") => "I would stay home, alone.",
                () => "I see.",
            }))
        }
    }

    fn setup(progress: &dyn Fn(&str, u64, u64)) -> Setup<'_> {
        Setup {
            data: concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets/psyplay/sample.json").into(),
            methods: vec![Kithkin::method("bm25").unwrap()],
            embedder: None,
            chat: Some(Arc::new(Actor)),
            reranker: None,
            items: vec!["extraversion".to_owned(), "openness".to_owned()],
            limit: Some(2),
            progress,
        }
    }

    #[test]
    fn a_trait_that_is_played_is_seen() {
        let table = run(&setup(&|_, _, _| ())).unwrap();
        let of = |category: &str, metric: &str| table.rows[0].by_category[category][metric];
        assert_eq!((of("extraversion", "portrayed"), of("extraversion", "gain")), (1.0, 0.5));
        assert_eq!((of("openness", "portrayed"), of("openness", "marked")), (0.5, 0.0));
        // Two topics, two traits, with cards and without, two rounds of two.
        assert_eq!((table.rows[0].n, table.rows[0].metrics["replies"]), (4, 32.0));
    }

    #[test]
    fn without_a_chat_model_it_is_refused() {
        let error = run(&Setup { chat: None, ..setup(&|_, _, _| ()) }).unwrap_err().to_string();
        assert!(error.contains("needs a chat model"), "{error}");
    }

    #[test]
    fn words_are_counted_whole() {
        let markers = Markers { high: vec!["fun".to_owned()], low: vec!["home".to_owned()] };
        let check = |said: &str, expect: (f64, bool)| assert_eq!(markers.score(said), expect, "{said}");
        check("Fun, fun, home!", (1.0 / 3.0, true));
        check("funny homes", (0.0, false));
        check("home fun", (0.0, true));
        check("", (0.0, false));
    }
}
