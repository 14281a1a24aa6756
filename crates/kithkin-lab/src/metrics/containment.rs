//! Whether a text says something word for word, whatever its case and punctuation.

/// The words of a text: runs of letters and digits, in lower case.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Whether the words of `text` hold those of `said`, one after the other. Nothing is said nowhere.
pub(crate) fn says(text: &[String], said: &[String]) -> bool {
    !said.is_empty() && text.windows(said.len()).any(|window| window == said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_in_their_order() {
        let check = |text: &str, said: &str, expect: bool| {
            assert_eq!(says(&words(text), &words(said)), expect, "{said:?} in {text:?}");
        };
        check("I moved to New York City, in May.", "new york city", true);
        check("I'm 5'6\" tall", "5'6\"", true);
        check("I keep eight cats", "cat", false);
        check("York is not new", "new york", false);
        check("anything", "?!", false);
        check("", "a", false);
    }
}
