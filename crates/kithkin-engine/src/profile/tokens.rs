//! The words of a clause as forms are matched with them: in lower case, contractions written out, each Chinese character
//! a word of its own.

/// A word, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) word: String,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The words of a text. The two words of a contraction stand in one place.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices() {
        let joins = matches!(c, '\'' | '’' | '-') && start.is_some();
        if c.is_alphanumeric() && !is_unspaced(c) || joins {
            start.get_or_insert(at);
            continue;
        }
        push(&mut tokens, text, start.take(), at);
        if is_unspaced(c) {
            tokens.push(Token { word: c.to_string(), from: at, to: at + c.len_utf8() });
        }
    }
    push(&mut tokens, text, start, text.len());
    tokens
}

/// Whether a character is of a script that puts no spaces between words.
pub(super) fn is_unspaced(c: char) -> bool {
    ('\u{3400}'..='\u{9fff}').contains(&c)
}

fn push(tokens: &mut Vec<Token>, text: &str, from: Option<usize>, to: usize) {
    let Some((from, word)) = from.and_then(|from| Some((from, text.get(from..to)?))) else { return };
    let word = word.trim_end_matches(['\'', '’', '-']);
    let to = from + word.len();
    let mut put = |word: &str| tokens.push(Token { word: word.to_owned(), from, to });
    let word = word.to_lowercase().replace('’', "'");
    match written_out(&word) {
        Some((first, second)) => {
            put(first);
            put(second);
        }
        None => put(&word),
    }
}

/// The two words of a contraction.
fn written_out(word: &str) -> Option<(&str, &str)> {
    match word {
        "cannot" | "can't" => return Some(("can", "not")),
        "won't" => return Some(("will", "not")),
        "it's" | "that's" => return word.split_once('\'').map(|(first, _)| (first, "is")),
        _ => {}
    }
    let endings = [("n't", "not"), ("'m", "am"), ("'ve", "have"), ("'re", "are"), ("'ll", "will"), ("'d", "would")];
    endings.into_iter().find_map(|(end, second)| Some((word.strip_suffix(end)?, second)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_where_they_stand() {
        let check = |text: &str, expect: &[(&str, &str)]| {
            let found = tokens(text);
            let shown: Vec<(&str, &str)> = found.iter().map(|t| (t.word.as_str(), &text[t.from..t.to])).collect();
            assert_eq!(shown, expect, "{text}");
        };
        check("I’ve moved", &[("i", "I’ve"), ("have", "I’ve"), ("moved", "moved")]);
        check("can't, Ann's", &[("can", "can't"), ("not", "can't"), ("ann's", "Ann's")]);
        check("我爱Jazz。", &[("我", "我"), ("爱", "爱"), ("jazz", "Jazz")]);
        check("all-time 'x'", &[("all-time", "all-time"), ("x", "x")]);
        check("… '", &[]);
    }
}
