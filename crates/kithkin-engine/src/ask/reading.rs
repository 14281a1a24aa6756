//! The value of a slot in a piece of an answer.

use std::sync::LazyLock;

use super::amounts::{Amount, amounts, words};
use super::interview::{AnswerKind, Item, Told};
use super::pieces::Piece;
use super::yes_no::{denies, yes_or_no};
use crate::phrases::Phrases;

/// The most words beside a value, fillers not counted, that a piece may have which does not name its slot; two Chinese
/// characters count as one word.
const BESIDE: usize = 2;
/// The most words of such a piece with an option.
const CHOSEN: usize = 5;

/// Words that add nothing to a value.
const FILLERS: &str = " about around roughly maybe perhaps probably i i'd i'm i've say think guess suppose it's it was were \
    had got did like some just only nearly almost approximately so well hm uh um erm for of to or the a my mean no wait \
    sorry rather actually this today in all total ungefähr etwa circa ca rund vielleicht wohl ich würde sagen sagte denke \
    glaube es waren war nur fast knapp gut meine nein moment heute habe hatte bin bei an und insgesamt 大 概 约 差 不 多 吧 \
    左 右 我 觉 得 是 有 就 了 应 该 的 可 能 说 也 好 嗯 哦 呃 对 今 天 一 共 ";

/// Verbs that say that something was not done.
static UNDONE: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(&["forgot", "forgotten", "skipped", "missed", "without", "vergessen", "ausgelassen", "ohne", "忘"])
});

/// The value, where the piece has one; of a piece that does not name the slot only if it says little else.
pub(super) fn read(item: &Item, piece: &Piece<'_>, named: bool) -> Option<Told> {
    let words = words(piece.text);
    match item.wanted.kind {
        AnswerKind::Text => None,
        AnswerKind::Number | AnswerKind::Duration => {
            let of = |amount: Amount| match (amount, item.wanted.kind) {
                (Amount::Number(n), AnswerKind::Number) => Some(Told::Number(n)),
                (Amount::Minutes(n), AnswerKind::Duration) => Some(Told::Duration(n)),
                _ => None,
            };
            let found = amounts(&words);
            let told = found.iter().rev().find_map(|found| of(found.amount))?;
            let taken = |at: usize| found.iter().any(|found| (found.from..found.to).contains(&at));
            let rest = words.iter().enumerate().filter(|(at, word)| !taken(*at) && !is_filler(word));
            let halves: usize = rest.map(|(_, word)| length(word)).sum();
            (named || halves <= 2 * BESIDE).then_some(told)
        }
        AnswerKind::YesNo => {
            let said = yes_or_no(piece.text);
            if named { said.or(Some(!denies(piece.text) && !UNDONE.fit(piece.text))) } else { said }.map(Told::YesNo)
        }
        AnswerKind::Choice => {
            let halves: usize = words.iter().map(|word| length(word)).sum();
            if !named && halves > 2 * CHOSEN {
                return None;
            }
            let mut fit = item.options.iter().zip(&item.wanted.options).filter(|(words, _)| words.fit(piece.text));
            let (_, chosen) = fit.next().filter(|_| fit.next().is_none())?;
            Some(Told::Choice(chosen.name.clone()))
        }
    }
}

fn is_filler(word: &str) -> bool {
    FILLERS.split(' ').any(|filler| filler == word)
}

/// In halves of a word.
fn length(word: &str) -> usize {
    if word.chars().all(|c| matches!(c, '\u{3400}'..='\u{9fff}')) { 1 } else { 2 }
}
