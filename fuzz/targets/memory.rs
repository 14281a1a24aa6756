//! What is asked of a small memory, and what a chat model answers when it is asked.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use kithkin::{
    Aspect, ChatError, ChatModel, ChatReply, ChatRequest, Kithkin, Method, Now, Recall, Remember, Respond, Scope,
};
use kithkin_fuzz::fuzz;

use crate::letters::Letters;

const SAID: [&str; 6] = [
    "I live in Oslo and I love tea.",
    "Last May we went to Bergen with my sister Kari.",
    "I am allergic to walnuts, and I hate the rain.",
    "我住在奥斯陆，我喜欢喝茶。",
    "Ich habe einen Hund, er heißt Miso.",
    "The boat costs 3,000 euros; we buy it in 2026.",
];

const WORDS: [&str; 22] = [
    "Where ",
    "when did ",
    "last year",
    "two weeks ago",
    "in May 2024",
    "before Christmas",
    "gestern",
    "vor 99999999999 Jahren",
    "昨天",
    "三年前",
    "Oslo",
    "Kari",
    "I",
    "99999999999999999999 days ago",
    "how many",
    "between 2020 and 2019",
    "31 February",
    "\"tea\"",
    "?",
    "İ",
    "ß",
    "tea ",
];

/// Gives one answer to whatever it is asked.
#[derive(Debug, Default)]
struct Same(Mutex<String>);

impl ChatModel for Same {
    fn model(&self) -> &str {
        "same"
    }

    fn reply(&self, _: &ChatRequest) -> Result<ChatReply, ChatError> {
        Ok(ChatReply::whole(self.0.lock().unwrap().clone()))
    }
}

fn scope() -> Scope {
    Scope::new("t".parse().unwrap(), "p".parse().unwrap())
}

fn memory(model: &Arc<Same>) -> Kithkin {
    let chat = Arc::clone(model) as Arc<dyn ChatModel>;
    let kithkin = Kithkin::in_memory().embedder_object(Arc::new(Letters)).chat_object(chat).start();
    for (day, text) in (1..).zip(SAID) {
        let at = Now::At(format!("2024-05-{day:02}").parse().unwrap());
        kithkin.person(&scope()).remember(&Remember { at, ..Remember::new(text) }).unwrap();
    }
    kithkin
}

fn bound(kithkin: &Kithkin, method: &Method) {
    kithkin.person(&scope()).rebuild(method, &mut |_| ControlFlow::Continue(())).unwrap();
}

#[test]
fn questions() {
    let kithkin = memory(&Arc::default());
    bound(&kithkin, &Kithkin::method("hybrid").unwrap());
    fuzz("questions", &WORDS, |input| {
        let text = String::from_utf8_lossy(input);
        let person = kithkin.person(&scope());
        for now in [Now::Clock, Now::At("2024-05-04".parse().unwrap())] {
            let aspects = text.lines().take(3).map(Aspect::new).collect();
            let asked = Recall { aspects, explain: true, ..Recall::new(&*text, now) };
            if let Ok(found) = person.recall(&asked) {
                assert!(found.evidence.iter().all(|evidence| evidence.score.is_finite()), "{text:?}");
                assert!((0.0..=1.0).contains(&found.answerable), "{text:?}");
            }
            let _ = person.context(&Recall::new(&*text, now), 500);
        }
    });
}

#[test]
fn answers() {
    let model = Arc::new(Same::default());
    let methods: Vec<Method> =
        Kithkin::methods().unwrap().into_iter().filter(|method| method.about().needs_chat).collect();
    assert!(methods.len() > 10, "presets ask a model");
    let place = std::cell::Cell::new(0);
    const WORDS: [&str; 20] = [
        "{\"facts\":[",
        "\"n\":1",
        "\"n\":-1",
        "\"n\":18446744073709551616",
        "\"note\":\"x\"",
        "```json\n",
        "\"relevant\":[1,2]",
        "[1] ",
        "[n-1]",
        "</think>",
        "\"better\":2",
        "\"score\":1e999",
        "\"turns\":[0]",
        "\"questions\":[\"?\"]",
        "\"faults\":[]",
        "null",
        "[[[[",
        "{\"{\":",
        "\"entries\":[",
        "1. ",
    ];
    fuzz("answers", &WORDS, |input| {
        let text = String::from_utf8_lossy(input).into_owned();
        model.0.lock().unwrap().clone_from(&text);
        // One method after the other: all of them at each input would try few inputs.
        let method = &methods[place.replace((place.get() + 1) % methods.len())];
        let kithkin = memory(&model);
        let person = kithkin.person(&scope());
        let _ = person.rebuild(method, &mut |_| ControlFlow::Continue(()));
        let what = Respond { method: Some(method.clone()), ..Respond::new("Where is the tea good?", Now::Clock) };
        let _ = person.recall(&Recall { method: Some(method.clone()), ..Recall::new("tea?", Now::Clock) });
        let _ = person.respond(&what, &mut |_| ControlFlow::Continue(()));
        let _ = person.follow_up_questions(&what, 3);
        let _ = person.needs(&what);
        let _ = person.solutions(&what, &["cheap".to_owned()]);
        let _ = person.sub_tasks(&what, None);
        person.profile(Now::Clock).unwrap();
    });
}
