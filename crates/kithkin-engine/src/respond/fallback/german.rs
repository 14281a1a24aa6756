//! German questions: the finite verb goes to the end, and persons are exchanged. Forms of address with "Sie" are not read.

use super::rewritten::{behind, is, listed};

/// What a question may begin with and still be one; behind those of the second list the verb stands at the end already.
const OPENINGS: [&str; 7] = ["hey", "hallo", "also", "und", "sag mal", "übrigens", "bitte"];
const FRAMES: [&str; 9] = [
    "weißt du noch",
    "weißt du",
    "kannst du mir sagen",
    "kannst du mir bitte sagen",
    "könntest du mir sagen",
    "sag mir bitte",
    "sag mir",
    "erinnerst du dich noch",
    "erinnerst du dich",
];
/// Words that colour a question and are left out.
const PARTICLES: [&str; 6] = ["denn", "eigentlich", "nochmal", "bitte", "doch", "gleich"];
/// Words that ask, which may stand behind a preposition.
const ASKING: [&str; 24] = [
    "wie", "wo", "wer", "was", "wann", "wohin", "woher", "wen", "wem", "wessen", "welche", "welcher", "welches",
    "welchen", "welchem", "worüber", "womit", "wofür", "wovon", "wonach", "woran", "worauf", "wobei", "wieviel",
];
const PREPOSITIONS: [&str; 8] = ["in", "mit", "seit", "für", "an", "auf", "bei", "von"];
/// Words that ask for advice, for ability or for a reason, or that address formally.
const OTHERWISE: [&str; 24] = [
    "warum", "wieso", "weshalb", "soll", "sollte", "kann", "könnte", "muss", "müsste", "darf", "werde", "würde",
    "möchte", "am", "besten", "beste", "besser", "richtig", "falsch", "zu", "wir's", "bin's", "man", "lieber",
];
/// With these, "wir" means the person and who answers.
const TALKED: [&str; 6] = ["gesprochen", "geredet", "besprochen", "gesagt", "diskutiert", "unterhalten"];
/// Who a clause may be about; the verb stands before it.
const SUBJECTS: [&str; 12] =
    ["ich", "du", "wir", "mein", "meine", "unser", "unsere", "der", "die", "das", "dein", "deine"];
/// Pronouns that stand before a subject and are no verbs.
const OBJECTS: [&str; 6] = ["mir", "mich", "dir", "dich", "sich", "uns"];
/// What "wie" asks for without an adjective, as against how something is done.
const CALLED: [&str; 7] = ["heißt", "heißen", "heiße", "hieß", "hießen", "ist", "lautet"];
/// Verbs with "ich", and the same with "du". Verbs that are as often asked of the world ("finde", "brauche") are not among
/// them.
const VERBS: [(&str, &str); 27] = [
    ("bin", "bist"),
    ("habe", "hast"),
    ("war", "warst"),
    ("hatte", "hattest"),
    ("wohne", "wohnst"),
    ("wohnte", "wohntest"),
    ("lebe", "lebst"),
    ("lebte", "lebtest"),
    ("arbeite", "arbeitest"),
    ("arbeitete", "arbeitetest"),
    ("mag", "magst"),
    ("mochte", "mochtest"),
    ("liebe", "liebst"),
    ("hasse", "hasst"),
    ("heiße", "heißt"),
    ("trinke", "trinkst"),
    ("esse", "isst"),
    ("spiele", "spielst"),
    ("spreche", "sprichst"),
    ("studiere", "studierst"),
    ("lerne", "lernst"),
    ("komme", "kommst"),
    ("besitze", "besitzt"),
    ("fahre", "fährst"),
    ("sagte", "sagtest"),
    ("wollte", "wolltest"),
    ("ging", "gingst"),
];

/// That the answer to a question is not known.
pub(super) fn unknown(words: &[&str]) -> Option<String> {
    let mut words = words;
    while let Some(rest) = behind(words, &OPENINGS) {
        words = rest;
    }
    if words.iter().skip(1).any(|word| matches!(*word, "Sie" | "Ihnen" | "Ihr" | "Ihre")) {
        return None;
    }
    let framed = behind(words, &FRAMES);
    let question: Vec<&str> =
        framed.unwrap_or(words).iter().copied().filter(|word| !listed(word, &PARTICLES)).collect();
    let about = |word: &&str| {
        listed(word, &["ich", "mir", "mich"]) || word.to_lowercase().starts_with("mein") || is(word, "wir")
    };
    if !question.iter().any(about) || question.iter().any(|word| listed(word, &OTHERWISE)) || !is_talk(&question) {
        return None;
    }
    let clause = match framed {
        Some(_) => subordinate(&question)?,
        None => turned(&question)?,
    };
    Some(format!("Ich weiß nicht, {}.", clause.join(" ")))
}

/// Whether "wir", where it stands, means the person and who answers.
fn is_talk(question: &[&str]) -> bool {
    !question.iter().any(|word| is(word, "wir")) || question.iter().any(|word| listed(word, &TALKED))
}

/// A clause whose verb stands at the end.
fn subordinate(clause: &[&str]) -> Option<Vec<String>> {
    let (verb, before) = clause.split_last()?;
    let asks = asking(clause).is_some() || clause.first().is_some_and(|word| is(word, "ob"));
    if !asks || before.len() < 2 {
        return None;
    }
    let subject = before.iter().find(|word| listed(word, &["ich", "du"])).copied().unwrap_or_default();
    let mut words = exchanged(before);
    words.push(conjugated(verb, subject)?);
    Some(words)
}

/// A question as a subordinate clause.
fn turned(question: &[&str]) -> Option<Vec<String>> {
    let asks = asking(question);
    let from = asks.map_or(0, |at| at + 1);
    let place = question.iter().skip(from + 1).position(|word| listed(word, &SUBJECTS)).map(|at| from + at);
    let (phrase, verb, rest) = match (asks, place) {
        (None, Some(0)) if question.get(1).is_some_and(|word| listed(word, &["ich", "du"])) => {
            (vec!["ob"], *question.first()?, question.get(1..)?)
        }
        (Some(_), Some(verb)) if verb <= from + 2 && !question.get(verb).is_some_and(|word| listed(word, &OBJECTS)) => {
            (question.get(..verb)?.to_vec(), *question.get(verb)?, question.get(verb + 1..)?)
        }
        // Who asks for the subject: "wer hat mir …".
        (Some(0), _) if listed(question.first()?, &["wer", "was"]) => {
            let verb = question.get(1).filter(|verb| listed(verb, &["hat", "ist", "war", "hatte"]))?;
            (question.get(..1)?.to_vec(), *verb, question.get(2..)?)
        }
        _ => return None,
    };
    if phrase.last().is_some_and(|word| is(word, "wie")) && !listed(verb, &CALLED) && !listed(verb, &["habe", "bin"]) {
        return None;
    }
    let subject = rest.first().copied()?;
    let mut words: Vec<String> = phrase.iter().map(|word| (*word).to_owned()).collect();
    if let Some(first) = words.first_mut() {
        *first = first.to_lowercase();
    }
    // A determiner alone is no subject.
    if rest.len() < 2 && !listed(subject, &["ich", "du", "wir"]) {
        return None;
    }
    words.extend(exchanged(rest));
    words.push(conjugated(verb, subject)?);
    Some(words)
}

/// The place of the word that asks, where the words begin with one.
fn asking(words: &[&str]) -> Option<usize> {
    let at = usize::from(words.first().is_some_and(|word| listed(word, &PREPOSITIONS)));
    words.get(at).filter(|word| listed(word, &ASKING)).map(|_| at)
}

/// The verb for the other person; as it is where its subject is a third one, and `None` for one that is not listed.
fn conjugated(verb: &str, subject: &str) -> Option<String> {
    let verb = verb.to_lowercase();
    let found = match subject.to_lowercase().as_str() {
        "ich" => VERBS.iter().find(|(ich, _)| *ich == verb).map(|(_, du)| *du),
        "du" => VERBS.iter().find(|(_, du)| *du == verb).map(|(ich, _)| *ich),
        _ => return Some(verb),
    };
    found.map(str::to_owned)
}

fn exchanged(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| other(word)).collect()
}

/// The word for the other person.
fn other(word: &str) -> String {
    const PAIRS: [(&str, &str); 6] =
        [("ich", "du"), ("mich", "dich"), ("mir", "dir"), ("du", "ich"), ("dich", "mich"), ("dir", "mir")];
    let small = word.to_lowercase();
    if let Some((_, other)) = PAIRS.iter().find(|(one, _)| *one == small) {
        return (*other).to_owned();
    }
    for (one, other) in [("mein", "dein"), ("dein", "mein")] {
        if let Some(ending) = small.strip_prefix(one)
            && ["", "e", "em", "en", "er", "es", "s"].contains(&ending)
        {
            return format!("{other}{ending}");
        }
    }
    word.to_owned()
}
