//! A policy: no method lets what it withholds into a prompt, and what it answers at once asks nobody.
#![allow(clippy::unwrap_used, clippy::panic)]

mod letters;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use kithkin::{
    ChatError, ChatModel, ChatReply, ChatRequest, ConversationId, EventTime, Forget, Ingest, Kithkin, Now, Policy,
    Purpose, Recall, RerankError, Reranker, Respond, Role, Scope, SessionId, TokenLikelihood, Turn, TurnId,
};
use letters::Letters;

const POLICY: &str = r#"
    [[withhold]]
    name = "health"
    words = ["diabet*", "糖尿病"]
    topics = ["allergy"]

    [[route]]
    name = "crisis"
    words = ["kill myself", "自杀"]
    reply = "Please call somebody whom you trust."
"#;

const SAID: [&str; 8] = [
    "I live in Oslo and I love tea.",
    "My diabetes got worse in spring.",
    "I am allergic to walnuts.",
    "我有糖尿病。",
    "The tea at the harbour is good.",
    "Diabetic\nfood is dear.",
    "I hate the rain in Oslo.",
    "We drank tea and talked of the doctor, DIABETES and all.",
];

/// Keeps what it is asked, and answers with the words `tea` and a fault.
#[derive(Debug, Default)]
struct Listener(Mutex<Vec<String>>);

impl Listener {
    fn heard(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl ChatModel for Listener {
    fn model(&self) -> &str {
        "listener"
    }

    fn reply(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let words: Vec<&str> = request.messages.iter().map(|message| message.content.as_str()).collect();
        self.0.lock().unwrap().push(words.join("\n"));
        let answer = r#"{"faults": ["It is short."], "facts": ["Ann likes tea."], "notes": [{"n": 1, "note": "tea"}], "better": 2}"#;
        Ok(ChatReply::whole(answer))
    }

    fn likelihoods(&self, _: Option<&ChatRequest>, text: &str) -> Result<Vec<TokenLikelihood>, ChatError> {
        self.0.lock().unwrap().push(text.to_owned());
        Ok(text.chars().map(|c| TokenLikelihood { bytes: c.len_utf8(), ln: -1.0 }).collect())
    }
}

#[derive(Debug)]
struct Lengths;

impl Reranker for Lengths {
    fn model(&self) -> &str {
        "lengths"
    }

    fn score(&self, _: &str, texts: &[&str]) -> Result<Vec<f32>, RerankError> {
        Ok(texts.iter().map(|text| text.len() as f32).collect())
    }
}

fn scope() -> Scope {
    Scope::new("t".parse().unwrap(), "p".parse().unwrap())
}

fn turns() -> Vec<Turn> {
    let turn = |(n, text): (usize, &&str)| Turn {
        conversation: ConversationId::new(if n < 6 { "before" } else { "chat" }).unwrap(),
        session: SessionId::new(format!("s{}", n / 3)).unwrap(),
        id: TurnId::new(format!("t{n}")).unwrap(),
        speaker: "Ann".to_owned(),
        role: Role::User,
        said_at: Some(EventTime::from_millis(1_672_531_200_000 + n as i64 * 60_000).unwrap()),
        text: (*text).to_owned(),
        attachments: Vec::new(),
    };
    SAID.iter().enumerate().map(turn).collect()
}

fn kithkin(model: &Arc<Listener>, policy: &str) -> Kithkin {
    let builder = Kithkin::in_memory().embedder_object(Arc::new(Letters)).reranker_object(Arc::new(Lengths));
    builder.chat_object(Arc::clone(model) as Arc<_>).policy(Policy::parse("policy.toml", policy).unwrap()).start()
}

fn is_withheld(text: &str) -> bool {
    ["diabet", "糖尿病", "walnut"].iter().any(|word| text.to_lowercase().contains(word))
}

#[test]
fn no_method_lets_what_is_withheld_into_a_prompt() {
    let mut heard = 0;
    for method in Kithkin::methods().unwrap() {
        let id = method.about().id.to_string();
        let model = Arc::new(Listener::default());
        let kithkin = kithkin(&model, &POLICY.replace("words = [\"diabet", "words = [\"walnut*\", \"diabet"));
        let person = kithkin.person(&scope());
        person.observe(turns()).unwrap();
        person.rebuild(&method, &mut |_| ControlFlow::Continue(())).unwrap();
        let what = Respond { method: Some(method.clone()), ..Respond::new("Where is the tea good?", Now::Clock) };
        person.respond(&what, &mut |_| ControlFlow::Continue(())).unwrap();
        person.rebuild(&method, &mut |_| ControlFlow::Continue(())).unwrap();
        person.follow_up_questions(&what, 3).unwrap();
        person.explain(&what, "Why this?").unwrap();
        person.needs(&what).unwrap();
        person.solutions(&what, &["cheap".to_owned()]).unwrap();
        person.sub_tasks(&what, None).unwrap();
        let recall = Recall { method: Some(method), ..Recall::new("Where is the tea good?", Now::Clock) };
        person.recall(&recall).unwrap();
        let context = person.context(&recall, 1_500).unwrap();
        let prompts = model.heard();
        heard += prompts.len();
        for prompt in prompts.iter().chain([&context.text]) {
            assert!(!is_withheld(prompt), "{id}: {prompt}");
        }
    }
    assert!(heard > 50, "models were asked {heard} times");
}

#[test]
fn what_is_withheld_is_counted_and_stays_the_persons_own() {
    let model = Arc::new(Listener::default());
    let kithkin = kithkin(&model, POLICY);
    let person = kithkin.person(&scope());
    person.observe(turns()).unwrap();
    let method = Some(Kithkin::method("full-context").unwrap());
    let what = Respond { method: method.clone(), ..Respond::new("Where is the tea good?", Now::Clock) };
    let prompt = person.prompt(&what).unwrap();
    let counts: Vec<(&str, usize, usize)> =
        prompt.withheld.iter().map(|one| (one.rule.as_str(), one.turns, one.entries)).collect();
    assert_eq!(counts, [("health", 4, 1)]);
    // A rule about entries keeps the entry back, and not the turn that it was read from.
    assert!(prompt.shown.iter().any(|turn| turn.text == SAID[2]));
    assert!(prompt.profile_used.iter().all(|entry| entry.topic != "allergy"));
    // The person sees all of it, and may say it: what they say now reaches the model that answers.
    let topics: Vec<String> =
        person.profile(Now::Clock).unwrap().entries.into_iter().map(|entry| entry.topic).collect();
    assert!(topics.contains(&"allergy".to_owned()), "{topics:?}");
    assert_eq!(person.timeline().unwrap().len(), SAID.len());
    let what = Respond { method, ..Respond::new("Is tea good with diabetes?", Now::Clock) };
    person.respond(&what, &mut |_| ControlFlow::Continue(())).unwrap();
    let heard = model.heard();
    assert!(heard[0].ends_with("Is tea good with diabetes?") && heard[0].matches("iabet").count() == 1, "{}", heard[0]);
    person.explain(&Respond { now: Now::At("2023-02".parse().unwrap()), ..what.clone() }, "Why?").unwrap();
    person
        .solutions(&Respond { message: "Plan a tea.".to_owned(), ..what }, &["good with diabetes".to_owned()])
        .unwrap();
    let heard = model.heard();
    assert_eq!(heard.iter().map(|one| one.matches("iabet").count()).collect::<Vec<_>>(), [1, 1, 1], "{heard:?}");
}

#[test]
fn a_message_in_need_is_answered_before_anything_is_recalled() {
    let model = Arc::new(Listener::default());
    let kithkin = kithkin(&model, POLICY);
    let person = kithkin.person(&scope());
    let mut heard = String::new();
    let reply = person.respond(&Respond::new("我想自杀", Now::Clock), &mut |piece| {
        heard.push_str(piece);
        ControlFlow::Continue(())
    });
    let reply = reply.unwrap();
    assert_eq!((reply.routed.as_deref(), heard.as_str()), (Some("crisis"), "Please call somebody whom you trust."));
    assert_eq!((model.heard().len(), reply.reply, reply.models.len()), (0, heard, 0));
    let said: Vec<String> = person.timeline().unwrap().into_iter().map(|turn| turn.text).collect();
    assert_eq!(said, ["我想自杀", "Please call somebody whom you trust."]);
    let context = person.context(&Recall::new("I want to kill myself", Now::Clock), 1_500).unwrap();
    assert_eq!((context.routed.map(|routed| routed.rule), context.text.as_str()), (Some("crisis".to_owned()), ""));
    let questions = person.follow_up_questions(&Respond::new("自杀", Now::Clock), 3).unwrap();
    assert_eq!((questions.questions.len(), questions.routed.is_some(), model.heard().len()), (0, true, 0));
    let (need, calm) = (Respond::new("自杀", Now::Clock), Respond::new("Tea?", Now::Clock));
    assert!(person.explain(&need, "Why?").unwrap().routed.is_some());
    assert!(person.explain(&calm, "自杀").unwrap().routed.is_some());
    assert!(person.needs(&need).unwrap().routed.is_some());
    assert!(person.solutions(&calm, &["自杀".to_owned()]).unwrap().routed.is_some());
    assert!(person.sub_tasks(&need, None).unwrap().routed.is_some() && model.heard().is_empty());
    // It needs no model at all.
    let bare = Kithkin::in_memory().policy(Policy::parse("policy.toml", POLICY).unwrap()).start();
    let reply = bare.person(&scope()).respond(&Respond::new("自杀", Now::Clock), &mut |_| ControlFlow::Continue(()));
    assert!(reply.unwrap().routed.is_some());
}

/// What a method asks of a model for a person: the purposes that were noted, and how often in all.
fn asked_for(method: &kithkin::Method, policy: &str, closed: Option<Purpose>) -> HashSet<Purpose> {
    let model = Arc::new(Listener::default());
    let kithkin = kithkin(&model, policy);
    let person = kithkin.person(&scope());
    person.observe(turns()).unwrap();
    if let Some(purpose) = closed {
        person.consent(purpose, false).unwrap();
    }
    // Each may be refused; what counts is what the model heard.
    let _ = person.rebuild(method, &mut |_| ControlFlow::Continue(()));
    let what = Respond { method: Some(method.clone()), ..Respond::new("Where is the tea good?", Now::Clock) };
    let _ = person.respond(&what, &mut |_| ControlFlow::Continue(()));
    let _ = person.respond(&Respond { persuade: true, ..what.clone() }, &mut |_| ControlFlow::Continue(()));
    let _ = person.prompt(&what);
    let _ = person.follow_up_questions(&what, 3);
    let _ = person.explain(&what, "Why this?");
    let _ = person.needs(&what);
    let _ = person.solutions(&what, &["cheap".to_owned()]);
    let _ = person.sub_tasks(&what, Some("tea"));
    let recall = Recall { method: Some(method.clone()), ..Recall::new("Where is the tea good?", Now::Clock) };
    let _ = person.recall(&recall);
    let _ = person.catch_up(&mut |_| ControlFlow::Continue(()));
    let block = person.context(&recall, 1_500);
    if closed == Some(Purpose::Reply) {
        assert!(block.is_ok_and(|block| block.text.is_empty() && block.withheld[0].rule == "no consent to reply"));
    }
    let noted = person.disclosures(None).unwrap();
    let calls: u64 = noted.iter().map(|one| one.spent.calls).sum();
    assert_eq!(calls, model.heard().len() as u64, "{}: something was asked and not noted", method.about().id);
    noted.into_iter().map(|one| one.purpose).collect()
}

#[test]
fn a_purpose_that_is_closed_reaches_no_prompt_by_any_method() {
    let mut seen = HashSet::new();
    for method in Kithkin::methods().unwrap() {
        let id = method.about().id.to_string();
        let open = asked_for(&method, "", None);
        assert!(!open.contains(&Purpose::Persuade), "{id} persuades without consent");
        for purpose in &open {
            let others: HashSet<Purpose> = open.iter().copied().filter(|other| other != purpose).collect();
            let by_policy = asked_for(&method, &format!("[purposes]\n{purpose} = false"), None);
            for asked in [asked_for(&method, "", Some(*purpose)), by_policy] {
                assert!(!asked.contains(purpose), "{id} asks for {purpose}");
                assert!(asked.is_subset(&others), "{id}: {asked:?}");
            }
        }
        seen.extend(open);
    }
    assert_eq!(seen, HashSet::from([Purpose::Reply, Purpose::Derive, Purpose::Filter, Purpose::Ask]));
}

#[test]
fn to_persuade_needs_the_policy_and_the_person_and_is_said() {
    let rule = "[[withhold]]\nname = \"who\"\nkinds = [\"preference\"]\npurposes = [\"persuade\"]\n";
    let method = Some(Kithkin::method("full-context").unwrap());
    let what = Respond { persuade: true, method, ..Respond::new("Why go to Oslo?", Now::Clock) };
    let fails = |person: &kithkin::Person<'_>, says: &str| {
        let error = person.respond(&what, &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(error.blame(), kithkin::Blame::Conflict);
    };
    let model = Arc::new(Listener::default());
    let shut = kithkin(&model, rule);
    let person = shut.person(&scope());
    person.observe(turns()).unwrap();
    person.consent(Purpose::Persuade, true).unwrap();
    fails(&person, "the policy does not open this purpose");
    assert_eq!(person.timeline().unwrap().last().unwrap().text, "Why go to Oslo?");
    let open = kithkin(&model, &format!("[purposes]\npersuade = true\n{rule}"));
    let person = open.person(&scope());
    person.observe(turns()).unwrap();
    fails(&person, "the person has not consented");
    assert!(model.heard().is_empty());
    person.consent(Purpose::Persuade, true).unwrap();
    let reply = person.respond(&what, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(reply.persuades && reply.reply.ends_with("and may use what is remembered of you."), "{}", reply.reply);
    assert_eq!(person.timeline().unwrap().last().unwrap().text, reply.reply.trim());
    let heard = model.heard().concat();
    assert!(heard.contains("I live in Oslo") && heard.contains("\"home\"") && !heard.contains("\"likes\""), "{heard}");
    assert_eq!(person.disclosures(None).unwrap()[0].purpose, Purpose::Persuade);
    person.consent(Purpose::Persuade, false).unwrap();
    fails(&person, "has withdrawn their consent");
    person.consent(Purpose::Persuade, true).unwrap();
    assert!(person.respond(&what, &mut |_| ControlFlow::Continue(())).is_ok());
}

#[test]
fn a_consent_is_exported_and_forgotten_as_a_turn_is() {
    let model = Arc::new(Listener::default());
    let here = kithkin(&model, "");
    let person = here.person(&scope());
    // It may be said before anything else, and once more changes nothing.
    for _ in 0..2 {
        person.consent(Purpose::Reply, false).unwrap();
    }
    assert_eq!(person.timeline().unwrap().len(), 1);
    let open = |person: &kithkin::Person<'_>| person.consents().unwrap()[0].open;
    assert!(!open(&person) && person.profile(Now::Clock).unwrap().entries.is_empty());
    let mut export = Vec::new();
    person.export(&mut export, "memory").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.jsonl");
    std::fs::write(&path, export).unwrap();
    let there = kithkin(&model, "");
    let ingest = Ingest { path, format: None, person: None, select: None, at: None, embed: true };
    there.import(&scope().tenant, &ingest, &|_| ControlFlow::Continue(())).unwrap();
    let other = there.person(&scope());
    assert!(!open(&other));
    other.forget(&Forget::Conversation(ConversationId::new("consent").unwrap()), false).unwrap();
    assert!(open(&other) && !open(&person));
}
