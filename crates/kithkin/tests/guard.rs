//! A policy: no method lets what it withholds into a prompt, and what it answers at once asks nobody.
#![allow(clippy::unwrap_used, clippy::panic)]

mod letters;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use kithkin::{
    ChatError, ChatModel, ChatReply, ChatRequest, ConversationId, EventTime, Kithkin, Now, Policy, Recall, RerankError,
    Reranker, Respond, Role, Scope, SessionId, TokenLikelihood, Turn, TurnId,
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
    // It needs no model at all.
    let bare = Kithkin::in_memory().policy(Policy::parse("policy.toml", POLICY).unwrap()).start();
    let reply = bare.person(&scope()).respond(&Respond::new("自杀", Now::Clock), &mut |_| ControlFlow::Continue(()));
    assert!(reply.unwrap().routed.is_some());
}
