//! Who asks, and who else is asked: replies that know the asker, turns of others, and the gate before all of it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod letters;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use kithkin::{
    ChatError, ChatModel, ChatReply, ChatRequest, ConversationId, EventTime, Kithkin, Method, Now, Person, PersonId,
    Policy, Purpose, Remember, Respond, RespondReport, Scope,
};
use letters::Letters;

/// Keeps what it is asked.
#[derive(Debug, Default)]
struct Listening(Mutex<Vec<String>>);

impl ChatModel for Listening {
    fn model(&self) -> &str {
        "listening"
    }

    fn reply(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let told = request.messages.last().unwrap().content.clone();
        self.0.lock().unwrap().push(told);
        let compares = request.schema.as_ref().is_some_and(|schema| schema["required"][0] == "differences");
        let difference = "{\"differences\": [\"writing: Uses no adjectives.\"]}";
        Ok(ChatReply::whole(if compares { difference } else { "Yes [1]." }))
    }
}

fn open(policy: &str) -> (Kithkin, Arc<Listening>) {
    let model = Arc::new(Listening::default());
    let builder = Kithkin::in_memory().embedder_object(Arc::new(Letters)).chat_object(Arc::clone(&model) as Arc<_>);
    (builder.policy(Policy::parse("policy.toml", policy).unwrap()).start(), model)
}

fn person<'k>(kithkin: &'k Kithkin, name: &str) -> Person<'k> {
    kithkin.person(&Scope::new("default".parse().unwrap(), name.parse().unwrap()))
}

fn at(time: &str) -> Now {
    Now::At(time.parse::<EventTime>().unwrap())
}

fn said(person: &Person<'_>, conversation: &str, speaker: &str, text: &str) {
    let conversation = Some(ConversationId::new(conversation).unwrap());
    let speaker = Some(speaker.to_owned());
    let what = Remember { at: at("2024-01-01T10:00"), conversation, speaker, ..Remember::new(text) };
    person.remember(&what).unwrap();
}

/// The preset with another recall: one by words alone, that never abstains.
fn by_words(preset: &str) -> Method {
    let bm25 = include_str!("../../../methods/bm25.toml").replace("abstain_below = ", "abstain_below = 0.0 # ");
    let respond = &preset[preset.find("[respond]").unwrap()..];
    Method::parse("x.toml", &format!("{bm25}\n{respond}")).unwrap()
}

fn respond(person: &Person<'_>, what: &Respond) -> Result<RespondReport, kithkin::Error> {
    person.respond(what, &mut |_| ControlFlow::Continue(()))
}

#[test]
fn the_same_question_of_others_is_answered_from_what_was_said_with_them() {
    let (kithkin, model) = open("");
    let ann = person(&kithkin, "ann");
    said(&ann, "with bo", "ann", "The key of the garden is under the mat.");
    said(&ann, "with bo", "Bo", "Good, the garden. I live in Oslo.");
    said(&ann, "with cy", "ann", "The key of the garden is with my sister.");
    said(&ann, "with cy", "Cy", "I see. I live in Bergen.");
    let ask = |asker: Option<&str>, method: &str| {
        let what = Respond {
            method: Some(by_words(method)),
            asker: asker.map(str::to_owned),
            remember: false,
            ..Respond::new("Where is the key of the garden?", at("2024-02-01"))
        };
        let report = respond(&ann, &what).unwrap();
        (report.shown[0].text.clone(), report.profile_used[0].about.clone(), model.0.lock().unwrap().pop().unwrap())
    };
    let mqdialog = include_str!("../../../methods/mqdialog.toml");
    let (first, known, told) = ask(Some("bo"), mqdialog);
    assert_eq!((first.as_str(), known.as_str()), ("The key of the garden is under the mat.", "Bo"));
    assert!(told.contains("<asker>\n{\"text\":\"bo\"}\n</asker>\n"), "{told}");
    let (first, known, other) = ask(Some("Cy"), mqdialog);
    assert_eq!((first.as_str(), known.as_str()), ("The key of the garden is with my sister.", "Cy"));
    assert_ne!(told, other);
    // Who never spoke with the person is answered from everything, as anybody is by a method that does not ask who it is.
    let (stranger, _, told) = ask(Some("Dee"), mqdialog);
    let (nobody, _, plain) = ask(None, mqdialog);
    assert_eq!((&stranger, told.contains("<asker>"), plain.contains("<asker>")), (&nobody, true, false));
    assert_eq!(ask(Some("Bo"), include_str!("../../../methods/prefeval-reminder.toml")).0, nobody);
    // What the asker says is remembered as theirs.
    let what = Respond { asker: Some("Bo".to_owned()), ..Respond::new("Thanks.", at("2024-02-01")) };
    respond(&ann, &what).unwrap();
    let speakers: Vec<String> = ann.timeline().unwrap().into_iter().map(|turn| turn.speaker).collect();
    assert_eq!(speakers[4..], ["Bo", "assistant"]);
}

#[test]
fn others_are_shown_with_the_consent_of_all_and_noted_with_each() {
    let open_policy = "[purposes]\ncompare = true\n[[withhold]]\nname = \"health\"\nwords = [\"doctor\"]\n";
    let (kithkin, model) = open(open_policy);
    let (ann, bo, cy) = (person(&kithkin, "ann"), person(&kithkin, "bo"), person(&kithkin, "cy"));
    said(&ann, "a", "ann", "It rains.");
    said(&bo, "b", "bo", "The kettle of the shop leaks.");
    said(&bo, "b", "bo", "The doctor has a kettle.");
    said(&cy, "c", "cy", "My kettle is fine.");
    let neighbours: Vec<PersonId> = ["bo", "cy", "ann"].into_iter().map(|name| name.parse().unwrap()).collect();
    let what = Respond {
        method: Some(by_words(include_str!("../../../methods/pgraphrag.toml"))),
        neighbours,
        remember: false,
        ..Respond::new("Is the kettle good?", at("2024-02-01"))
    };
    let error = respond(&ann, &what).unwrap_err().to_string();
    assert!(error.contains("the person has not consented") && error.contains("grant compare"), "{error}");
    ann.consent(Purpose::Compare, true).unwrap();
    let report = respond(&ann, &what).unwrap();
    assert_eq!(report.withheld.iter().filter(|one| one.rule == "no consent to compare").count(), 2);
    assert!(!model.0.lock().unwrap().pop().unwrap().contains("kettle of"));
    bo.consent(Purpose::Compare, true).unwrap();
    let report = respond(&ann, &what).unwrap();
    let told = model.0.lock().unwrap().pop().unwrap();
    assert!(told.contains("<others>\n{\"text\":\"The kettle of the shop leaks.\"}\n</others>\n"), "{told}");
    assert!(report.citations.iter().all(|turn| ann.timeline().unwrap().iter().any(|own| own.turn == *turn)));
    let noted = bo.disclosures(None).unwrap();
    assert_eq!((noted.len(), noted[0].purpose, noted[0].turns.len()), (1, Purpose::Compare, 1));
    assert!(cy.disclosures(None).unwrap().is_empty());
    // Without the policy, without a name, or by another method nothing of others is looked at.
    let (shut, _) = open("");
    let ann = person(&shut, "ann");
    ann.consent(Purpose::Compare, true).unwrap();
    assert!(respond(&ann, &what).unwrap_err().to_string().contains("the policy does not open"));
    assert!(respond(&ann, &Respond { neighbours: Vec::new(), ..what.clone() }).is_ok());
    let hybrid = Some(Kithkin::method("hybrid").unwrap());
    assert!(respond(&ann, &Respond { method: hybrid, ..what }).is_ok());
}

#[test]
fn a_person_is_compared_only_with_the_consent_of_all_and_no_words_of_others_reach_the_reply() {
    let (kithkin, model) = open("[purposes]\ncompare = true\n");
    let ann = person(&kithkin, "ann");
    said(&ann, "a", "ann", "The kettle of the shop leaks.");
    for (name, text) in
        [("bo", "What a lovely kettle!"), ("cy", "My kettle is so very fine."), ("dee", "No kettle here.")]
    {
        said(&person(&kithkin, name), "x", name, text);
    }
    let ask = |neighbours: &[&str], message: &str| Respond {
        method: Some(by_words(include_str!("../../../methods/dpl.toml"))),
        neighbours: neighbours.iter().map(|name| name.parse().unwrap()).collect(),
        remember: false,
        ..Respond::new(message, at("2024-02-01"))
    };
    let (all, question) = (["bo", "cy", "dee"], "Is the kettle good?");
    let told = || std::mem::take(&mut *model.0.lock().unwrap());
    let error = respond(&ann, &ask(&all, question)).unwrap_err().to_string();
    assert!(error.contains("the person has not consented") && error.contains("grant compare"), "{error}");
    assert!(told().is_empty());
    ann.consent(Purpose::Compare, true).unwrap();
    // Of nobody who has consented there is nothing to compare with.
    let report = respond(&ann, &ask(&all, question)).unwrap();
    assert_eq!(report.withheld.iter().filter(|one| one.rule == "no consent to compare").count(), 3);
    let alone = told();
    assert_eq!((alone.len(), alone[0].contains("<differences>")), (1, false), "{alone:?}");
    for name in ["bo", "cy"] {
        person(&kithkin, name).consent(Purpose::Compare, true).unwrap();
    }
    let report = respond(&ann, &ask(&all, question)).unwrap();
    let both = told();
    assert_eq!((both.len(), report.unread), (2, 0));
    let compared = "<person>\n{\"text\":\"The kettle of the shop leaks.\"}\n</person>\n<others>\n";
    assert!(both[0].starts_with(compared) && both[0].contains("lovely") && both[0].contains("fine"), "{}", both[0]);
    assert!(!both[0].contains("No kettle") && !both[0].contains("bo") && !both[0].contains("cy"), "{}", both[0]);
    assert!(
        both[1].contains("<differences>\n{\"text\":\"writing: Uses no adjectives.\"}\n</differences>"),
        "{}",
        both[1]
    );
    assert!(!both[1].contains("lovely") && !both[1].contains("fine"), "{}", both[1]);
    for (name, expect) in [("bo", 1), ("cy", 1), ("dee", 0)] {
        let noted = person(&kithkin, name).disclosures(None).unwrap();
        assert_eq!(noted.iter().filter(|row| row.purpose == Purpose::Compare).count(), expect, "{name}");
    }
    // Where nothing of the person is recalled, and where nobody is named, nobody's turns are looked at.
    respond(&ann, &ask(&all, "Zebra?")).unwrap();
    respond(&ann, &ask(&[], question)).unwrap();
    assert_eq!((told().len(), person(&kithkin, "bo").disclosures(None).unwrap().len()), (2, 1));
}

#[test]
fn a_gate_says_whether_what_is_known_was_shown_and_why() {
    let (kithkin, model) = open("");
    let ann = person(&kithkin, "ann");
    said(&ann, "a", "ann", "I live in Oslo, and the kettle of the shop leaks.");
    let ask = |threshold: &str| {
        let preset = include_str!("../../../methods/pearl-writing.toml");
        let gate = preset.rfind("threshold = ").unwrap();
        let preset = format!("{}threshold = {threshold} }}\n", &preset[..gate]);
        let what = Respond {
            method: Some(by_words(&preset)),
            remember: false,
            ..Respond::new("Is the kettle good?", at("2024-02-01"))
        };
        let prompt = ann.prompt(&what).unwrap();
        let report = respond(&ann, &what).unwrap();
        assert_eq!(report.gate, prompt.gate);
        (report, model.0.lock().unwrap().pop().unwrap())
    };
    let (shut, told) = ask("1.0");
    let gate = shut.gate.unwrap();
    assert_eq!((gate.open, shut.shown.len(), shut.profile_used.len()), (false, 0, 0));
    assert_eq!((told.as_str(), gate.why.parts.len()), ("Is the kettle good?", 3));
    let (open, told) = ask("0.0");
    assert!(open.gate.unwrap().open && open.shown.len() == 1 && open.profile_used.len() == 1);
    assert!(told.contains("leaks"), "{told}");
    // Of a person of whom nothing is known there is nothing to decide.
    let what = Respond { method: Some(Kithkin::method("pearl-writing").unwrap()), ..Respond::new("Hi", Now::Clock) };
    assert!(respond(&person(&kithkin, "new"), &what).unwrap().gate.is_none());
}
