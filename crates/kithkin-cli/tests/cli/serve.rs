//! The service's keys, and what keeps a service from starting.

use crate::harness::Place;

#[test]
fn keys_are_made_listed_and_removed() {
    let place = Place::empty();
    let key = place.ok(&["key", "add", "--keys", "k.toml", "--rights", "read", "--note", "laptop"]).out;
    assert!(key.starts_with("kk-"), "{key}");
    let listed = place.json(&["key", "list", "--keys", "k.toml"]);
    let id = listed[0]["id"].as_str().unwrap();
    assert!(key.starts_with(&format!("kk-{id}-")));
    assert_eq!((listed[0]["rights"].as_str(), listed[0]["note"].as_str()), (Some("read"), Some("laptop")));
    place.ok(&["key", "remove", id, "--keys", "k.toml"]);
    assert_eq!(place.json(&["key", "list", "--keys", "k.toml"]).as_array().unwrap().len(), 0);
    place.fails(&["key", "remove", id, "--keys", "k.toml"], &["has no key"]);
    place.fails(&["key", "list"], &["--keys"]);
}

#[test]
fn a_service_that_cannot_start_says_why() {
    let place = Place::empty();
    place.fails(&["serve"], &["kithkin init"]);
    place.ok(&["init"]);
    place.fails(&["serve", "--listen", "0.0.0.0:0"], &["kithkin key add"]);
    place.fails(&["serve", "--upstream", "ftp://x"], &["no address of an endpoint"]);
    place.fails(&["serve", "--keys", "none.toml"], &["none.toml", "kithkin key add"]);
}
