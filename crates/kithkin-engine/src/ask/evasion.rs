//! Whether a reply passes a question over, or refuses it, in English, German and Chinese.
//!
//! Closed lists: somebody who evades in other words, or by talking of something else, is not seen.

use std::sync::LazyLock;

use crate::phrases::Phrases;

static EVADES: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(&[
        "hard to say",
        "difficult to say",
        "don't know",
        "do not know",
        "dunno",
        "no idea",
        "not sure",
        "can't remember",
        "don't remember",
        "can't recall",
        "why do you ask",
        "why do you want to know",
        "does it matter",
        "it depends",
        "who knows",
        "never mind",
        "schwer zu sagen",
        "weiß nicht",
        "weiß ich nicht",
        "keine ahnung",
        "nicht sicher",
        "kann mich nicht erinnern",
        "erinnere mich nicht",
        "warum fragst du",
        "warum willst du das wissen",
        "ist das wichtig",
        "kommt darauf an",
        "wer weiß",
        "不知道",
        "不清楚",
        "不记得",
        "记不清",
        "不好说",
        "说不准",
        "难说",
        "为什么问",
        "问这个干",
        "看情况",
    ])
});

static DECLINES: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(&[
        "rather not",
        "prefer not to",
        "won't tell",
        "won't say",
        "none of your business",
        "that is private",
        "that's private",
        "don't want to say",
        "don't want to talk",
        "don't want to answer",
        "skip this",
        "skip that",
        "next question",
        "lieber nicht",
        "möchte ich nicht sagen",
        "will ich nicht sagen",
        "möchte nicht darüber",
        "will nicht darüber",
        "sage ich nicht",
        "geht dich nichts an",
        "ist privat",
        "nächste frage",
        "不想说",
        "不想回答",
        "不想谈",
        "不告诉",
        "不方便说",
        "隐私",
        "跳过",
        "下一个问题",
    ])
});

/// Whether the reply passes the question over without refusing it: "hard to say", 不知道.
pub fn evades(reply: &str) -> bool {
    EVADES.fit(reply)
}

/// Whether the reply refuses to answer: "I'd rather not say", 不想说.
pub fn declines(reply: &str) -> bool {
    DECLINES.fit(reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evading_and_refusing_are_told_apart() {
        let check = |reply: &str, expect: (bool, bool)| assert_eq!((evades(reply), declines(reply)), expect, "{reply}");
        check("Hm, hard to say.", (true, false));
        check("I’d rather not.", (false, true));
        check("Das weiß ich nicht!", (true, false));
        check("Das geht dich nichts an.", (false, true));
        check("我不知道啊", (true, false));
        check("不想说", (false, true));
        check("I know it: seven hours.", (false, false));
        check("", (false, false));
    }
}
