//! What replies are shown of the profile is kept in memory between calls; it is what the log says, whatever happened in between.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use kithkin::{Change, Correct, Forget, Kithkin, Now, Person, Recall, Remember, Role, Scope, Turn};
use proptest::prelude::*;

/// What may happen to a person's log.
#[derive(Debug, Clone)]
enum Step {
    /// Words are said, on a day; without one they are undated.
    Say(usize, Option<u8>),
    /// The turn of this number is told anew, with other words.
    Retell(usize, usize),
    /// The person says what holds.
    Correct(usize),
    /// A turn is erased.
    Forget(usize),
}

const WORDS: [&str; 8] = [
    "I live in Oslo.",
    "I moved to Bergen.",
    "It rains.",
    "I love tea.",
    "I hate tea now.",
    "What do you think?",
    "I'm allergic to peanuts.",
    "My dog is called Rex.",
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..WORDS.len(), proptest::option::of(1..28_u8)).prop_map(|(words, day)| Step::Say(words, day)),
        1 => (0..20_usize, 0..WORDS.len()).prop_map(|(turn, words)| Step::Retell(turn, words)),
        1 => (0..3_usize).prop_map(Step::Correct),
        1 => (0..20_usize).prop_map(Step::Forget),
    ]
}

fn turn(number: usize, words: usize, day: Option<u8>) -> Turn {
    Turn {
        conversation: "c".parse().unwrap(),
        session: "s".parse().unwrap(),
        id: number.to_string().parse().unwrap(),
        speaker: "ann".into(),
        role: Role::User,
        said_at: day.map(|day| format!("2024-05-{day:02}").parse().unwrap()),
        text: WORDS[words].into(),
        attachments: Vec::new(),
    }
}

/// The current values, read from the log, and as a block of memories has them.
fn both(person: &Person<'_>, now: Now) -> (BTreeSet<String>, BTreeSet<String>) {
    let entries = person.profile(now).unwrap().entries;
    let read = entries.iter().filter(|e| e.role == Role::User).map(|e| format!("{}: {}", e.topic, e.current.value));
    let recall = Recall { method: Some(Kithkin::method("bm25").unwrap()), ..Recall::new("Who am I?", now) };
    let shown = person.context(&recall, 1_000_000).unwrap().profile;
    (read.collect(), shown.iter().map(|entry| format!("{}: {}", entry.topic, entry.value)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn what_is_kept_is_what_the_log_says(steps in proptest::collection::vec(step(), 1..24)) {
        let kithkin = Kithkin::in_memory().start();
        let person = kithkin.person(&Scope::new("t".parse().unwrap(), "ann".parse().unwrap()));
        person.remember(&Remember::new("Hello.")).unwrap();
        let mut said = 0;
        for step in steps {
            match step {
                Step::Say(words, day) => {
                    person.observe(vec![turn(said, words, day)]).unwrap();
                    said += 1;
                }
                Step::Retell(number, words) if number < said => {
                    person.observe(vec![turn(number, words, Some(28))]).unwrap();
                }
                Step::Correct(which) => {
                    let (topic, value) = [("home", "Leeds"), ("home", "Oslo"), ("tea", "likes")][which];
                    let change = Change::Edit { value: value.into(), kind: None };
                    let at = Now::Clock;
                    person.correct(&Correct { topic: topic.into(), value: None, about: None, change, at }).unwrap();
                }
                Step::Forget(number) if number < said => {
                    // It may be gone already.
                    let _ = person.forget(&Forget::Turns(vec![number.to_string().parse().unwrap()], None), false);
                }
                Step::Retell(..) | Step::Forget(_) => {}
            }
            let (read, shown) = both(&person, Now::Clock);
            prop_assert_eq!(read, shown);
            let (read, shown) = both(&person, Now::At("2024-05-14".parse().unwrap()));
            prop_assert_eq!(read, shown);
        }
    }
}
