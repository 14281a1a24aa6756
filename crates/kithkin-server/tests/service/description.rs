//! The description of the routes is the one that is checked in.

use std::path::Path;

#[test]
fn the_description_is_up_to_date() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/openapi.json");
    let made = kithkin_server::openapi() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(made == kept, "docs/reference/openapi.json is not what the routes say; `make openapi` writes it");
    let description: serde_json::Value = serde_json::from_str(&made).unwrap();
    assert_eq!(description["openapi"], "3.1.0");
}
