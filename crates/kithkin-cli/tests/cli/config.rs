//! The configuration file, and what comes before it.

use crate::endpoint::Endpoint;
use crate::harness::{Place, turn};

#[test]
fn a_file_sets_what_is_not_given() {
    let (place, endpoint) = (Place::new(), Endpoint::start(|_| Some("Hello.".to_owned())));
    let config =
        format!("tenant = \"mine\"\nchat-url = \"{}\"\nchat-model = \"small\"\npolicy = \"p.toml\"\n", endpoint.url);
    std::fs::create_dir(place.path("etc")).unwrap();
    let file = place.file("etc/c.toml", &config);
    place.file("etc/p.toml", "[[route]]\nname = \"bye\"\nwords = [\"bye\"]\nreply = \"Farewell.\"");
    let with = |args: &[&str]| place.ok(&[&["--config", &file], args].concat()).out;
    let persons = |args: &[&str]| place.json(&[&["persons"], args].concat()).as_array().unwrap().len();
    with(&["remember", "--person", "p", "I live in Oslo."]);
    assert_eq!([&[][..], &["--config", &file], &["--config", &file, "--tenant", "other"]].map(persons), [0, 1, 0]);
    assert_eq!(with(&["respond", "--person", "p", "Hi!", "--read-only", "--method", "bm25"]).trim(), "Hello.");
    // Its paths count from its own folder.
    assert_eq!(with(&["respond", "--person", "p", "Bye!", "--read-only", "--method", "bm25"]).trim(), "Farewell.");
    // A model that is given takes the place of the file's as a whole.
    place.file("answers.jsonl", "");
    place.fails(
        &["--config", &file, "respond", "--person", "p", "Hi!", "--chat", "recorded:answers.jsonl", "--method", "bm25"],
        &["answers.jsonl has no reply"],
    );
    // The user's own file is read where none is named.
    std::fs::create_dir_all(place.path("config/kithkin")).unwrap();
    place.file("config/kithkin/config.toml", "tenant = \"mine\"");
    assert_eq!(persons(&[]), 1);
    // A file that lies about in the folder is not.
    std::fs::remove_file(place.path("config/kithkin/config.toml")).unwrap();
    place.file("kithkin.toml", "tenant = \"mine\"");
    place.file("config.toml", "tenant = \"mine\"");
    assert_eq!(persons(&[]), 0);
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let place = Place::new();
    place.import("p", &turn("1", "2023-01-01", "p", "Hello."));
    let check = |config: &str, says: &[&str]| {
        let file = place.file("c.toml", config);
        place.fails(&["--config", &file, "persons"], &[&["c.toml"], says].concat());
    };
    check("stroe = \"x\"", &["unknown field `stroe`", "`store`"]);
    check("chat-timeout = 0", &["chat-timeout is 0", "1 and 86400"]);
    check("chat = \"gguf:x\"\nchat-url = \"http://localhost\"", &["both chat and chat-url"]);
    check("chat = \"nobody\"", &["nobody"]);
    check("tenant = \"\"", &["tenant"]);
    check("store", &["line 1"]);
    check("log = \"loud\"", &["log is \"loud\"", "error, warn, info, debug"]);
    check("listen = \"everywhere\"", &["listen", "socket address"]);
    let open = place.file("c.toml", "listen = \"0.0.0.0:7701\"");
    place.fails(&["--config", &open, "serve"], &["0.0.0.0:7701 can be reached from elsewhere"]);
    let keys = place.file("c.toml", "listen = \"0.0.0.0:7701\"\nkeys = \"keys.toml\"");
    place.fails(&["--config", &keys, "serve"], &["keys.toml cannot be read", "kithkin key add"]);
    place.fails(&["--config", "absent.toml", "persons"], &["absent.toml cannot be read"]);
    let bytes = place.file("c.toml", b"tenant = \"\xff\"");
    place.fails(&["--config", &bytes, "persons"], &["c.toml cannot be read", "UTF-8"]);
}
