//! How many tokens a text takes, without the tokenizer of any model.

/// An estimate of a text's tokens that needs no tokenizer: a quarter of its Latin characters, one for each beyond them.
pub fn estimated_tokens(text: &str) -> usize {
    let (latin, other) = text.chars().fold((0, 0), |(l, o), c| if c < '\u{250}' { (l + 1, o) } else { (l, o + 1) });
    usize::div_ceil(latin, 4) + other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_letters_take_a_quarter() {
        let check = |text: &str, expect: usize| assert_eq!(estimated_tokens(text), expect, "{text:?}");
        check("", 0);
        check("a", 1);
        check("Straße", 2);
        check("我爱猫 cat", 4);
    }
}
