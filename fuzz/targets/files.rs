//! Files that operators and characters are described in: presets, policies, cards, interviews, keys.

use kithkin::ask::Asker;
use kithkin::{Card, Method, Policy, Purpose};
use kithkin_fuzz::fuzz;
use kithkin_server::read_keys;

const WORDS: [&str; 20] = [
    "[[withhold]]\n",
    "[[route]]\n",
    "[purposes]\n",
    "[recall.plan]\n",
    "strategy = \"bm25\"\n",
    "name = \"x\"\n",
    "words = [\"a*\"]\n",
    "reply = \"x\"\n",
    "purposes = [\"reply\"]\n",
    "weight = nan\n",
    "weight = inf\n",
    "k = -9223372036854775808\n",
    "[observe]\n",
    "[paper]\n",
    "= {",
    "'''",
    "\"\"\"",
    "a.b.c.d = 1\n",
    "1979-05-27T07:32:00Z",
    "prompt = \"x.1\"\n",
];

#[test]
fn presets() {
    fuzz("presets", &WORDS, |input| {
        let text = String::from_utf8_lossy(input);
        if let Ok(method) = Method::parse("methods/x.toml", &text) {
            // What was read is read back.
            let json = method.json();
            assert!(Method::from_json("the store", json).is_ok(), "{json}");
        }
        let _ = Asker::parse(&text);
    });
}

#[test]
fn policies() {
    fuzz("policies", &WORDS, |input| {
        let text = String::from_utf8_lossy(input);
        if let Ok(policy) = Policy::parse("policy.toml", &text) {
            let _ = policy.route(&text);
            // What is closed by default is opened by name only; a name may be written with escapes.
            let named = text.contains("persuade") || text.contains('\\');
            assert!(named || !policy.opens(Purpose::Persuade));
        }
        let _ = Card::parse("card.toml", &text);
    });
}

#[test]
fn keys() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    fuzz(
        "keys",
        &["[[key]]\n", "id = \"x\"\n", "rights = [\"read\"]\n", "per_second = 0\n", "hash = \"$argon2id$\"\n"],
        |input| {
            std::fs::write(&file, input).unwrap();
            let _ = read_keys(&file);
        },
    );
}
