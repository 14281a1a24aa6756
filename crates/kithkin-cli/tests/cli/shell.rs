//! What shells and `man` are told of the commands.

use std::process::{Command, Stdio};

use crate::harness::Place;

/// Every command, as the help lists them.
fn commands(place: &Place) -> Vec<String> {
    let help = place.ok(&["--help"]).out;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // What a long description goes on with is indented further.
    let named = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    named.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn a_shell_completes_every_command() {
    let place = Place::empty();
    let commands = commands(&place);
    assert!(commands.len() > 20 && commands.contains(&"recall".to_owned()), "{commands:?}");
    for shell in ["bash", "zsh", "fish"] {
        let script = place.ok(&["completions", shell]).out;
        for command in &commands {
            assert!(script.contains(command), "{shell} knows nothing of {command}");
        }
        let file = place.file(shell, &script);
        // A shell that is there reads it without complaint.
        match Command::new(shell).args(["-n", &file]).stderr(Stdio::piped()).output() {
            Ok(read) => assert!(read.status.success(), "{shell}: {}", String::from_utf8_lossy(&read.stderr)),
            Err(_) => println!("{shell} is not installed, so its script was not read by it"),
        }
    }
    let refused = place.run(&["completions", "tcsh"]);
    assert!(refused.code == Some(2) && refused.err.contains("possible values"), "{}", refused.err);
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let place = Place::empty();
    let folder = place.path("man/man1");
    place.ok(&["man", &folder.display().to_string()]);
    let page = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    for command in commands(&place) {
        assert!(page(&format!("kithkin-{command}.1")).contains(".SH SYNOPSIS"), "{command} has no page");
    }
    assert!(page("kithkin-recall.1").contains("explain"));
    assert!(page("kithkin-key-add.1").contains("rights"));
    assert!(page("kithkin.1").contains("kithkin\\-recall(1)"), "{}", page("kithkin.1"));
    let taken = place.file("taken", "");
    let refused = place.run(&["man", &taken]);
    assert!(refused.code == Some(1) && refused.err.contains("taken"), "{}", refused.err);
}
