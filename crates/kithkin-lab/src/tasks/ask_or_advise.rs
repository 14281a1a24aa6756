//! ESConv: does the supporter's next turn ask, or suggest something?
//!
//! Only turns with the strategy `Questions` or `Providing Suggestions` are questions here. What the decision is given is what
//! was said before: the words of the seeker, of which 100 count as enough to advise, how many of the supporter's turns
//! had a question mark, and whether the seeker's last words ask for advice or evade. The supporters' labels are not read
//! for it. Row `majority` always says what is most frequent in the file.

use std::time::Instant;

use kithkin::ask::{NextTurn, TalkState, evades, wants_advice};

use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::items::chosen;
use crate::metrics::ClassCounts;
use crate::{LabError, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "ask-or-advise",
    datasets: &["esconv"],
    strategies: &["ask-or-advise", "majority"],
    about: "does the next turn of a supporter ask, or suggest something?",
    headline: &["macro_f1", "accuracy", "f1_ask", "f1_advise"],
    run,
};

/// The items, and their files.
const FILES: [(&str, &str); 2] = [("dev", "devWithStrategy_short.tsv"), ("test", "testWithStrategy_short.tsv")];
/// Words of the seeker's that count as all that has to be known.
const ENOUGH: f64 = 100.0;
const ASK: &str = "ask";
const ADVISE: &str = "advise";

/// An utterance.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Utterance {
    by_supporter: bool,
    strategy: Option<String>,
    text: String,
}

/// A question: the state before a turn, and what the turn did.
struct Case {
    state: TalkState,
    right: &'static str,
}

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("esconv", &setup.data);
    let files = chosen(FILES.to_vec(), &setup.items, |(item, _)| item)?;
    let mut items = Vec::new();
    for (item, file) in &files {
        let text = data.text(file)?;
        let dialogues = read(&text).map_err(|why| data.wrong(file, why))?;
        let mut cases: Vec<Case> = dialogues.iter().flat_map(|dialogue| cases(dialogue)).collect();
        cases.truncate(setup.limit.unwrap_or(usize::MAX));
        items.push((*item, cases));
    }
    let mut rows = Vec::new();
    for name in TASK.strategies.iter().copied() {
        let (mut board, mut all) = (Board::default(), ClassCounts::default());
        for (done, (item, cases)) in (1..).zip(&items) {
            let asked = cases.iter().filter(|case| case.right == ASK).count();
            let most = if 2 * asked >= cases.len() { ASK } else { ADVISE };
            let mut counts = ClassCounts::default();
            for case in cases {
                let start = Instant::now();
                let named = match case.state.next_turn() {
                    _ if name == "majority" => most,
                    NextTurn::Ask => ASK,
                    NextTurn::Advise => ADVISE,
                };
                board.took(start.elapsed().as_secs_f64() * 1e3);
                all.add(case.right, named);
                counts.add(case.right, named);
                let right = f64::from(u8::from(named == case.right));
                board.question(&[item], &[("accuracy".to_owned(), right)]);
            }
            note(&mut board, Some(item), &counts);
            (setup.progress)(name, done, items.len() as u64);
        }
        note(&mut board, None, &all);
        rows.push(board.row(name, 0.0));
    }
    Ok(Table { task: TASK.name.to_owned(), data: data.source(items.len()), rows })
}

fn note(board: &mut Board, category: Option<&str>, counts: &ClassCounts) {
    board.share("macro_f1", category, counts.macro_f1());
    board.share("f1_ask", category, counts.f1(ASK));
    board.share("f1_advise", category, counts.f1(ADVISE));
}

/// The dialogues of a file, whose every line is a window of up to five utterances parted by ` EOS `: a weight, who speaks,
/// the number in the dialogue, and the words, with the strategy of a supporter in brackets before them.
fn read(text: &str) -> Result<Vec<Vec<Utterance>>, String> {
    let mut dialogues: Vec<Vec<Utterance>> = Vec::new();
    // How many utterances of the dialogue were read.
    let mut known = usize::MAX;
    for (n, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let window: Option<Vec<(usize, Utterance)>> = line.split(" EOS ").map(utterance).collect();
        let wrong = || format!("line {n} has an utterance that is none; it must be `weight speaker number words`");
        let window = window.ok_or_else(wrong)?;
        if window.last().is_some_and(|(at, _)| *at < known) {
            dialogues.push(Vec::new());
            known = 0;
        }
        for (at, utterance) in window {
            if at >= known {
                dialogues.last_mut().ok_or_else(wrong)?.push(utterance);
                known = at + 1;
            }
        }
    }
    Ok(dialogues)
}

fn utterance(text: &str) -> Option<(usize, Utterance)> {
    let mut parts = text.trim_start().splitn(4, ' ');
    parts.next()?.parse::<f64>().ok()?;
    let by_supporter = match parts.next()? {
        "0" => false,
        "1" => true,
        _ => return None,
    };
    let at = parts.next()?.trim().parse().ok()?;
    let words = parts.next().unwrap_or_default();
    let labelled = words.strip_prefix('[').filter(|_| by_supporter).and_then(|words| words.split_once(']'));
    let (strategy, text) = labelled.map_or((None, words), |(label, words)| (Some(label.to_owned()), words));
    Some((at, Utterance { by_supporter, strategy, text: text.trim().to_owned() }))
}

fn cases(dialogue: &[Utterance]) -> Vec<Case> {
    let (mut cases, mut words, mut questions) = (Vec::new(), 0, 0);
    // What the seeker said since the supporter's turn before the last words, and whether a supporter spoke since.
    let (mut last, mut answered) = (String::new(), true);
    for utterance in dialogue {
        if utterance.by_supporter {
            let right = match utterance.strategy.as_deref() {
                Some("Questions") => Some(ASK),
                Some("Providing Suggestions") => Some(ADVISE),
                _ => None,
            };
            let known = f64::from(words) / ENOUGH;
            let state = TalkState { known, questions, wants_advice: wants_advice(&last), evaded: evades(&last) };
            cases.extend(right.map(|right| Case { state, right }));
            questions += usize::from(utterance.text.contains('?'));
            answered = true;
        } else {
            if answered {
                last.clear();
            }
            answered = false;
            last.push_str(&utterance.text);
            last.push('\n');
            words += utterance.text.split_whitespace().count() as u32;
        }
    }
    cases
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "1.0 0 0 Hello, my cat died. EOS 1.0 1 1 [Questions] When was it?\n\
        0.0 1 1 [Questions] When was it? EOS 0.0 0 2 Hard to say. EOS 0.0 0 3 What should I do? EOS 1.0 1 4 [Other] Hm. EOS \
        1.0 1 5 [Providing Suggestions] Bury it.\n\
        1.0 0 0 Hi EOS 1.0 1 1 [Questions] How are you?\n";

    #[test]
    fn windows_are_put_together_to_dialogues() {
        let dialogues = read(FILE).unwrap();
        assert_eq!(dialogues.iter().map(Vec::len).collect::<Vec<_>>(), [6, 2]);
        let cases = cases(&dialogues[0]);
        assert_eq!(cases.iter().map(|case| case.right).collect::<Vec<_>>(), [ASK, ADVISE]);
        let state = TalkState { known: 0.11, questions: 1, wants_advice: true, evaded: true };
        assert_eq!(cases[1].state, state);
        assert!(read("1.0 2 0 Hello").unwrap_err().contains("line 1"));
        assert!(read("").unwrap().is_empty());
    }
}
