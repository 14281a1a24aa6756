//! What a person says of their own data is written by the calls for it alone: no turn that comes in from elsewhere consents or
//! corrects in their name, or takes the place of what they said.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use kithkin::{
    Attachment, Change, Correct, Dialogue, ImportReport, Ingest, Kithkin, Now, Person, Purpose, Remember, Role, Said,
    Scope,
};

const CONSENT: &str = r#"{"purpose":"persuade","given":true}"#;
const CORRECTION: &str =
    r#"{"about":"p","role":"user","kind":"attribute","topic":"home","value":"Rome","verdict":"holds"}"#;

fn scope() -> Scope {
    Scope::new("t".parse().unwrap(), "p".parse().unwrap())
}

fn attachments(kind: &str, reference: &str) -> Vec<Attachment> {
    vec![Attachment { kind: kind.to_owned(), caption: None, reference: Some(reference.to_owned()) }]
}

fn persuades(person: &Person<'_>) -> bool {
    person.consents().unwrap().iter().any(|consent| consent.purpose == Purpose::Persuade && consent.person)
}

fn home(person: &Person<'_>) -> Option<String> {
    let profile = person.profile(Now::Clock).unwrap();
    profile.entries.into_iter().find(|entry| entry.topic == "home").map(|entry| entry.current.value)
}

fn import(kithkin: &Kithkin, path: &Path) -> ImportReport {
    let what = Ingest {
        path: path.to_owned(),
        format: None,
        person: Some(scope().person),
        select: None,
        at: Some("2024-05-01".parse().unwrap()),
        embed: false,
    };
    kithkin.import(&scope().tenant, &what, &|_| ControlFlow::Continue(())).unwrap()
}

fn imported(kithkin: &Kithkin, file: &str) -> ImportReport {
    let mut path = tempfile::NamedTempFile::new().unwrap();
    path.write_all(file.as_bytes()).unwrap();
    import(kithkin, path.path())
}

#[test]
fn no_turn_from_elsewhere_consents_or_corrects() {
    let kithkin = Kithkin::in_memory().start();
    let person = kithkin.person(&scope());
    person.remember(&Remember::new("I live in Oslo.")).unwrap();
    let check = |kind: &str, reference: &str| {
        let attachments = attachments(kind, reference);
        let remember = Remember { attachments: attachments.clone(), ..Remember::new("hello") };
        let refused = person.remember(&remember).unwrap_err().to_string();
        assert!(refused.contains(kind), "{refused}");
        let said = Said { role: Role::User, speaker: None, text: "hello".to_owned(), attachments };
        let dialogue = Dialogue { messages: vec![said], conversation: None, repeated: false, now: Now::Clock };
        let followed = person.follow(&dialogue).unwrap();
        assert!(person.keep(&followed).unwrap_err().to_string().contains(kind));
        let reference = serde_json::to_string(reference).unwrap();
        for file in [
            format!(
                r#"{{"text":"x","said_at":"2024-05-01","attachments":[{{"kind":"{kind}","reference":{reference}}}]}}"#
            ),
            format!(
                r#"{{"messages":[{{"role":"user","content":[{{"type":"text","text":"x"}},{{"type":"{kind}","{kind}":{reference}}}]}}]}}"#
            ),
        ] {
            let report = imported(&kithkin, &file);
            assert_eq!((report.turns, report.rejected.len()), (0, 1), "{file}: {report:?}");
            assert!(report.rejected[0].why.contains(kind), "{report:?}");
        }
        assert!(!persuades(&person));
        assert_eq!(home(&person).as_deref(), Some("Oslo"));
    };
    check("consent", CONSENT);
    check("profile-correction", CORRECTION);
}

#[test]
fn no_turn_from_elsewhere_takes_the_place_of_the_persons_word() {
    let kithkin = Kithkin::in_memory().start();
    let person = kithkin.person(&scope());
    person.remember(&Remember::new("I live in Oslo.")).unwrap();
    person.consent(Purpose::Reply, false).unwrap();
    let (topic, change) = ("home".to_owned(), Change::Edit { value: "Bergen".to_owned(), kind: None });
    person.correct(&Correct { topic, value: None, about: None, change, at: Now::Clock }).unwrap();
    for told in person.timeline().unwrap().into_iter().filter(|told| told.conversation != "notes") {
        let id = Some(told.turn.parse().unwrap());
        let conversation = Some(told.conversation.parse().unwrap());
        let again = Remember { id, conversation, ..Remember::new("never mind") };
        let refused = person.remember(&again).unwrap_err().to_string();
        assert!(refused.contains(&told.turn), "{refused}");
        let file = format!(
            r#"{{"conversation":"{}","id":"{}","text":"never mind","said_at":"2024-05-01"}}"#,
            told.conversation, told.turn
        );
        assert_eq!(imported(&kithkin, &file).rejected.len(), 1);
    }
    // Other turns of such a conversation are turns like any other.
    let conversation = Some("consent".parse().unwrap());
    person.remember(&Remember { conversation, ..Remember::new("I agree to everything.") }).unwrap();
    let closed = person.consents().unwrap().into_iter().any(|c| c.purpose == Purpose::Reply && !c.person);
    assert!(closed && !persuades(&person));
    assert_eq!(home(&person).as_deref(), Some("Bergen"));
}

#[test]
fn an_export_of_our_own_brings_the_persons_word_back() {
    let kithkin = Kithkin::in_memory().start();
    let person = kithkin.person(&scope());
    person.consent(Purpose::Persuade, true).unwrap();
    person.consent(Purpose::Reply, false).unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    person.export(&mut file, "the file").unwrap();
    let other = Kithkin::in_memory().start();
    assert_eq!(import(&other, file.path()).rejected, []);
    assert_eq!(other.person(&scope()).consents().unwrap(), person.consents().unwrap());
}
