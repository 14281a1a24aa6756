//! Whether a short reply says yes or no, in English, German and Chinese.
//!
//! Closed lists, and only replies of a few words: a longer one that begins with yes may say anything. A word that negates
//! makes it a no, whatever else is there ("sure not"). Nothing is read from tone or context: an echo of the question ("I
//! have") is neither.

/// The most words that a reply may have.
const WORDS: usize = 4;

const YES: &[&str] = &[
    "yes",
    "yeah",
    "yep",
    "sure",
    "certainly",
    "absolutely",
    "exactly",
    "right",
    "correct",
    "indeed",
    "ok",
    "okay",
    "ja",
    "jawohl",
    "genau",
    "klar",
    "natürlich",
    "richtig",
    "stimmt",
    "sicher",
    "gern",
    "gerne",
    "jep",
    "freilich",
    "of course",
    "so it is",
    "so ist es",
    "auf jeden fall",
];
const NO: &[&str] = &[
    "no",
    "nope",
    "nah",
    "not",
    "never",
    "none",
    "nein",
    "nee",
    "nö",
    "nicht",
    "nie",
    "niemals",
    "kein",
    "keine",
    "keinen",
    "keiner",
    "keines",
    "keineswegs",
];
const YES_CHINESE: &[&str] = &["是", "是的", "对", "对的", "好", "好的", "有", "有的", "嗯", "当然", "可以", "没错"];
const NO_CHINESE: [char; 4] = ['不', '没', '否', '无'];

/// Whether the reply says yes, or no; `None` where it says neither as far as can be read.
pub fn yes_or_no(reply: &str) -> Option<bool> {
    let lower = reply.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’').filter(|w| !w.is_empty()).collect();
    if words.is_empty() || words.len() > WORDS {
        return None;
    }
    if YES_CHINESE.contains(&words[0]) {
        return Some(true);
    }
    if words.iter().any(|word| negates(word)) || words[0].starts_with(NO_CHINESE) {
        return Some(false);
    }
    let joined = words.join(" ");
    YES.iter()
        .any(|yes| joined == *yes || words[0] == *yes || (yes.contains(' ') && joined.starts_with(yes)))
        .then_some(true)
}

/// Whether a statement of any length has a word that negates.
pub(super) fn denies(statement: &str) -> bool {
    let lower = statement.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’');
    words.any(negates) || lower.contains(NO_CHINESE)
}

fn negates(word: &str) -> bool {
    NO.contains(&word) || word.ends_with("n't") || word.ends_with("n’t")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(reply: &str, expect: Option<bool>) {
        assert_eq!(yes_or_no(reply), expect, "{reply}");
    }

    #[test]
    fn short_replies_are_read() {
        check("Yes.", Some(true));
        check("Of course!", Some(true));
        check("yes, please", Some(true));
        check("No, thanks", Some(false));
        check("sure not", Some(false));
        check("I haven't", Some(false));
        check("So ist es", Some(true));
        check("Nö", Some(false));
        check("Habe ich nicht", Some(false));
        check("是的。", Some(true));
        check("没有", Some(false));
        check("没错", Some(true));
        check("不是", Some(false));
    }

    #[test]
    fn anything_else_is_neither() {
        check("", None);
        check("…", None);
        check("the train", None);
        check("right after lunch on Monday", None);
        check("yesterday", None);
        check("Jahr", None);
        check("notice", None);
    }
}
