//! English questions: the auxiliary goes behind the subject, `do` and `did` into the verb, and persons are exchanged.

use super::rewritten::{behind, is, listed};

/// What a question may begin with and still be one; behind those of the second list it has the order of a clause already.
const OPENINGS: [&str; 10] = ["hey", "hi", "hello", "so", "and", "well", "ok", "okay", "please", "by the way"];
const FRAMES: [&str; 14] = [
    "can you tell me",
    "can you please tell me",
    "could you tell me",
    "could you please tell me",
    "can you remind me",
    "could you remind me",
    "please tell me",
    "tell me",
    "please remind me",
    "remind me",
    "do you still know",
    "do you know",
    "do you remember",
    "can you remember",
];
const ASKING: [&str; 8] = ["what", "who", "where", "when", "which", "whose", "whom", "how"];
/// What "how" asks for, as against how something is done.
const AMOUNTS: [&str; 7] = ["old", "many", "much", "long", "often", "tall", "far"];
/// Words that ask for advice, for ability or for a reason, or that speak of something at hand.
const OTHERWISE: [&str; 24] = [
    "why",
    "should",
    "could",
    "can",
    "would",
    "may",
    "might",
    "shall",
    "must",
    "will",
    "best",
    "better",
    "worth",
    "wrong",
    "right",
    "correct",
    "recommendation",
    "option",
    "options",
    "next",
    "problem",
    "suggest",
    "didn't",
    "don't",
];
const PERSON: [&str; 8] = ["i", "me", "my", "mine", "myself", "we", "our", "us"];
/// Auxiliaries of this file beside `do`, `does` and `did`.
const BE_AND_HAVE: [&str; 8] = ["is", "are", "was", "were", "am", "have", "has", "had"];
/// Verbs in the present that are asked of oneself. Those that are as often asked of the world are not among them.
const STATES: [&str; 19] = [
    "live", "work", "like", "love", "hate", "prefer", "have", "own", "want", "drink", "eat", "study", "play", "speak",
    "come", "dislike", "believe", "teach", "know",
];
/// Words that a noun phrase ends before, beside those in -ed and -ing.
const BEYOND: [&str; 22] = [
    "in",
    "at",
    "on",
    "with",
    "from",
    "for",
    "about",
    "called",
    "named",
    "born",
    "allergic",
    "afraid",
    "like",
    "again",
    "now",
    "today",
    "to",
    "going",
    "made",
    "interested",
    "married",
    "after",
];
/// Adverbs that may stand between subject and verb.
const ADVERBS: [&str; 12] = [
    "ever",
    "just",
    "once",
    "actually",
    "usually",
    "always",
    "already",
    "last",
    "first",
    "recently",
    "originally",
    "really",
];
/// Verbs and their past.
const PAST: [(&str, &str); 60] = [
    ("become", "became"),
    ("begin", "began"),
    ("break", "broke"),
    ("bring", "brought"),
    ("build", "built"),
    ("buy", "bought"),
    ("catch", "caught"),
    ("choose", "chose"),
    ("come", "came"),
    ("cut", "cut"),
    ("do", "did"),
    ("draw", "drew"),
    ("drink", "drank"),
    ("drive", "drove"),
    ("eat", "ate"),
    ("fall", "fell"),
    ("feel", "felt"),
    ("find", "found"),
    ("fly", "flew"),
    ("forget", "forgot"),
    ("get", "got"),
    ("give", "gave"),
    ("go", "went"),
    ("grow", "grew"),
    ("have", "had"),
    ("hear", "heard"),
    ("hide", "hid"),
    ("hit", "hit"),
    ("hold", "held"),
    ("hurt", "hurt"),
    ("keep", "kept"),
    ("know", "knew"),
    ("leave", "left"),
    ("lend", "lent"),
    ("lose", "lost"),
    ("make", "made"),
    ("meet", "met"),
    ("pay", "paid"),
    ("put", "put"),
    ("read", "read"),
    ("ride", "rode"),
    ("run", "ran"),
    ("say", "said"),
    ("see", "saw"),
    ("sell", "sold"),
    ("send", "sent"),
    ("sing", "sang"),
    ("sit", "sat"),
    ("sleep", "slept"),
    ("speak", "spoke"),
    ("spend", "spent"),
    ("stand", "stood"),
    ("swim", "swam"),
    ("take", "took"),
    ("teach", "taught"),
    ("tell", "told"),
    ("think", "thought"),
    ("wear", "wore"),
    ("win", "won"),
    ("write", "wrote"),
];
/// Verbs with a regular past that a noun phrase ends before.
const REGULAR: [&str; 32] = [
    "ask",
    "call",
    "cook",
    "die",
    "enjoy",
    "finish",
    "happen",
    "hate",
    "help",
    "learn",
    "like",
    "live",
    "love",
    "marry",
    "mention",
    "move",
    "name",
    "order",
    "plan",
    "play",
    "prefer",
    "recommend",
    "start",
    "stop",
    "study",
    "talk",
    "travel",
    "try",
    "use",
    "visit",
    "want",
    "work",
];

/// That the answer to a question is not known.
pub(super) fn unknown(words: &[&str]) -> Option<String> {
    let mut words = words;
    while let Some(rest) = behind(words, &OPENINGS).filter(|_| behind(words, &FRAMES).is_none()) {
        words = rest;
    }
    let framed = behind(words, &FRAMES);
    let question = uncontracted(framed.unwrap_or(words));
    let question: Vec<&str> = question.iter().map(String::as_str).collect();
    let of_person = question.iter().any(|word| listed(word, &PERSON));
    // "May" is a month.
    if !of_person || question.iter().any(|word| *word != "May" && listed(word, &OTHERWISE)) {
        return None;
    }
    let clause = match framed {
        Some(_) => subordinate(&question)?,
        None => turned(&question)?,
    };
    Some(format!("I don't know {}.", clause.join(" ")))
}

/// The words with "'s", "'m" and "'ve" behind words that ask and behind "I" as words of their own.
fn uncontracted(words: &[&str]) -> Vec<String> {
    let mut whole = Vec::with_capacity(words.len() + 1);
    for word in words {
        match word.split_once('\'') {
            Some((asking, "s")) if listed(asking, &ASKING) => whole.extend([asking.to_owned(), "is".to_owned()]),
            Some((i, "m")) if is(i, "i") => whole.extend([i.to_owned(), "am".to_owned()]),
            Some((i, "ve")) if is(i, "i") => whole.extend([i.to_owned(), "have".to_owned()]),
            _ => whole.push((*word).to_owned()),
        }
    }
    whole
}

/// A clause that has its order: behind a frame.
fn subordinate(clause: &[&str]) -> Option<Vec<String>> {
    let first = clause.first()?;
    let second = clause.get(1)?;
    let asks = listed(first, &ASKING) && !is(second, "to") && (!is(first, "how") || listed(second, &AMOUNTS));
    let names = listed(first, &["my", "our"]);
    if !(asks && clause.len() > 2 || names || listed(first, &["if", "whether"])) {
        return None;
    }
    let mut words = exchanged(clause);
    if let Some(first) = words.first_mut() {
        *first = first.to_lowercase();
    }
    Some(words)
}

/// A question as a clause.
fn turned(question: &[&str]) -> Option<Vec<String>> {
    let is_auxiliary = |word: &&str| listed(word, &BE_AND_HAVE) || listed(word, &["do", "does", "did"]);
    let first = question.first()?;
    let at = question.iter().position(is_auxiliary);
    if !listed(first, &ASKING) {
        // Of the world as it is, "Is my …" asks rather than of what was said.
        let subject = question.get(1)?;
        let of_self = at == Some(0) && listed(subject, &["i", "we", "you"]) && question.len() > 2;
        return if of_self { moved(vec!["whether".to_owned()], first, question.get(1..)?) } else { None };
    }
    let phrase = at.and_then(|at| question.get(..at)).filter(|phrase| phrase.len() <= 4);
    let phrase = phrase.filter(|phrase| !phrase.iter().any(|word| listed(word, &PERSON)));
    let (Some(phrase), Some(auxiliary)) = (phrase, at.and_then(|at| question.get(at))) else {
        // The word that asks is the subject: "who gave me …".
        let own = listed(first, &["who", "what"]) && question.len() > 2;
        return own.then(|| subordinate(question)).flatten();
    };
    let rest = question.get(phrase.len() + 1..)?;
    let how = phrase.len() == 1 && is(first, "how") && !is(auxiliary, "did");
    if how || is(rest.first()?, "to") {
        return None;
    }
    let words = phrase.iter().map(|word| (*word).to_owned());
    let mut words: Vec<String> = words.collect();
    if let Some(first) = words.first_mut() {
        *first = first.to_lowercase();
    }
    moved(words, auxiliary, rest)
}

/// The clause of what asks, an auxiliary and what stands behind it.
fn moved(mut words: Vec<String>, auxiliary: &str, rest: &[&str]) -> Option<Vec<String>> {
    let first = rest.first()?;
    let auxiliary = auxiliary.to_lowercase();
    let pronoun = listed(first, &["i", "we", "you"]);
    if !pronoun && !listed(first, &["my", "our", "the"]) {
        // "who is with me": the word that asks is the subject.
        return None;
    }
    let with_do = matches!(auxiliary.as_str(), "do" | "does" | "did");
    let end = if pronoun { 1 } else { end_of_phrase(rest, with_do)? };
    let (subject, predicate) = rest.split_at_checked(end)?;
    // "the hotel I stayed at": where a phrase with a clause of its own ends, no list tells.
    if !pronoun && subject.iter().any(|word| listed(word, &["i", "we", "you"])) {
        return None;
    }
    let subject = subject_of(subject, predicate);
    if !with_do {
        let agreed = match (auxiliary.as_str(), subject.first().map(String::as_str)) {
            ("am", _) => "are",
            ("was", Some("you")) => "were",
            ("are", Some("I")) => "am",
            ("were", Some("I")) => "was",
            (other, _) => other,
        };
        words.extend(subject);
        words.push(agreed.to_owned());
        words.extend(exchanged(predicate));
        return Some(words);
    }
    let skipped = predicate.iter().take_while(|word| listed(word, &ADVERBS)).count();
    let verb = predicate.get(skipped)?.to_lowercase();
    let verb = match auxiliary.as_str() {
        "did" => past(&verb),
        _ if !listed(&verb, &STATES) => return None,
        "does" => third_person(&verb),
        _ => verb,
    };
    words.extend(subject);
    words.extend(exchanged(predicate.get(..skipped)?));
    words.push(verb);
    words.extend(exchanged(predicate.get(skipped + 1..)?));
    Some(words)
}

/// How many words the noun phrase takes that these begin with. Before a verb without a listed form no end is found.
fn end_of_phrase(words: &[&str], before_verb: bool) -> Option<usize> {
    let is_verb =
        |word: &str| listed(word, &STATES) || listed(word, &REGULAR) || PAST.iter().any(|(verb, _)| is(word, verb));
    let ends = |word: &&str| {
        if before_verb {
            return is_verb(word);
        }
        let small = word.to_lowercase();
        listed(word, &BEYOND) || small.len() > 4 && (small.ends_with("ed") || small.ends_with("ing"))
    };
    let end = words.iter().skip(2).position(ends).map(|at| at + 2);
    end.or_else(|| (!before_verb && words.len() > 1).then_some(words.len()))
}

/// The subject for the other person. "We" who talked are the person and who answers.
fn subject_of(subject: &[&str], predicate: &[&str]) -> Vec<String> {
    match subject {
        [word] if is(word, "you") => vec!["I".to_owned()],
        [word]
            if is(word, "we") && predicate.iter().any(|word| listed(word, &["talk", "speak", "discuss", "chat"])) =>
        {
            vec!["we".to_owned()]
        }
        subject => exchanged(subject),
    }
}

/// The words with their persons exchanged; "you" is an object but where a clause begins with it, behind what asks.
fn exchanged(words: &[&str]) -> Vec<String> {
    let mut exchanged: Vec<String> = Vec::with_capacity(words.len());
    for (at, word) in words.iter().enumerate() {
        let small = word.to_lowercase();
        let subject = at == 1 && words.first().is_some_and(|first| listed(first, &ASKING));
        let before = exchanged.last().map(String::as_str);
        exchanged.push(match small.as_str() {
            "i" | "me" | "we" | "us" => "you".to_owned(),
            "my" | "our" => "your".to_owned(),
            "mine" => "yours".to_owned(),
            "myself" => "yourself".to_owned(),
            "your" => "my".to_owned(),
            "yours" => "mine".to_owned(),
            "you" if subject => "I".to_owned(),
            "you" => "me".to_owned(),
            "am" if before == Some("you") => "are".to_owned(),
            "was" if before == Some("you") => "were".to_owned(),
            _ => (*word).to_owned(),
        });
    }
    exchanged
}

/// The past of a verb.
fn past(verb: &str) -> String {
    if let Some((_, past)) = PAST.iter().find(|(present, _)| *present == verb) {
        return (*past).to_owned();
    }
    let vowel = |c: char| "aeiou".contains(c);
    let mut last = verb.chars().rev();
    match (last.next(), last.next(), last.next()) {
        (Some('e'), ..) => format!("{verb}d"),
        (Some('y'), Some(before), _) if !vowel(before) => format!("{}ied", verb.strip_suffix('y').unwrap_or(verb)),
        // One syllable, as in "stop", doubles its end; so do "prefer" and "travel".
        (Some(end), Some(middle), Some(before))
            if !vowel(end) && !"wxy".contains(end) && vowel(middle) && !vowel(before) && is_stressed(verb) =>
        {
            format!("{verb}{end}ed")
        }
        _ => format!("{verb}ed"),
    }
}

/// Whether a verb is stressed on its end, or doubles it all the same.
fn is_stressed(verb: &str) -> bool {
    verb.chars().filter(|c| "aeiou".contains(*c)).count() == 1 || ["prefer", "travel"].contains(&verb)
}

fn third_person(verb: &str) -> String {
    match verb {
        "have" => "has".to_owned(),
        "study" => "studies".to_owned(),
        _ if verb.ends_with("ch") => format!("{verb}es"),
        _ => format!("{verb}s"),
    }
}
