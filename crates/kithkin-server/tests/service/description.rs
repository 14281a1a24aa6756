//! The description of the routes is the one that is checked in.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

#[test]
fn the_description_is_up_to_date() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/openapi.json");
    let made = kithkin_server::openapi() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(made == kept, "docs/reference/openapi.json is not what the routes say; `make openapi` writes it");
    let description: Value = serde_json::from_str(&made).unwrap();
    assert_eq!(description["openapi"], "3.1.0");
}

#[test]
fn each_operation_has_a_name_of_its_own() {
    let description: Value = serde_json::from_str(&kithkin_server::openapi()).unwrap();
    let paths = description["paths"].as_object().unwrap().values();
    let mut names = BTreeSet::new();
    for operation in paths.flat_map(|path| path.as_object().unwrap().values()) {
        let name = operation["operationId"].as_str().unwrap();
        assert!(
            names.insert(name.to_owned()),
            "two operations are called {name}; generated clients cannot tell them apart"
        );
    }
}
