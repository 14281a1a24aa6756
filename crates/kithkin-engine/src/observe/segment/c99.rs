//! Cuts a session where it falls into the densest clusters of alike turns.
//!
//! Source: Choi, *Advances in Domain Independent Linear Text Segmentation* (2000): the cosine of the content words of
//! every two turns, replaced by its rank among its neighbours in the matrix, because turns are too short for the cosine
//! itself to be reliable; divisive clustering by the density inside the units; and as many units as came before the gain
//! in density drops below its mean and some standard deviations.
//!
//! Needs nothing. The matrix grows with the square of the session, so one of more than 200 turns is cut into equal
//! pieces of at most 200 first, and each edge of a piece is a boundary. Costs 10 ms for each 200 turns.

use kithkin_core::{ChatError, MemoryKind};
use serde::Deserialize;

use super::content::{ContentWords, alike};
use super::valleys::moments;
use super::{Segment, Span, between};
use crate::chat::Chat;
use crate::method::Strategy;
use crate::observe::Sitting;

/// The most turns that are compared with each other.
const PIECE: usize = 200;

/// Parameters of `c99`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct C99 {
    /// How far the neighbours in the matrix reach among which a similarity is ranked; 1 to 16, default 5, which makes
    /// the paper's mask of 11 x 11.
    reach: usize,
    /// How far above the mean a gain in density must lie, in standard deviations; -4 to 4, default 1.2 as in the paper.
    deviations: f32,
}

impl Default for C99 {
    fn default() -> Self {
        Self { reach: 5, deviations: 1.2 }
    }
}

impl Strategy for C99 {
    fn check(&self) -> Result<(), String> {
        if !(1..=16).contains(&self.reach) {
            return Err(format!("reach is {}; it must lie within 1 and 16", self.reach));
        }
        if !(-4.0..=4.0).contains(&self.deviations) {
            return Err(format!("deviations is {}; it must lie within -4 and 4", self.deviations));
        }
        Ok(())
    }
}

impl Segment for C99 {
    fn kind(&self) -> MemoryKind {
        MemoryKind::Segment
    }

    fn spans(&self, sitting: &Sitting, _chat: &Chat<'_>) -> Result<Vec<Span>, ChatError> {
        let words = ContentWords::of(sitting);
        let size = words.turns().len().div_ceil(words.turns().len().div_ceil(PIECE).max(1)).max(1);
        let mut starts = Vec::new();
        for (from, piece) in (0..).step_by(size).zip(words.turns().chunks(size)) {
            starts.extend((from > 0).then_some(from));
            starts.extend(self.cuts(piece).into_iter().map(|cut| from + cut));
        }
        Ok(between(&starts, sitting.len()))
    }
}

impl C99 {
    /// The positions within a piece at which a new unit begins, ascending.
    fn cuts(&self, piece: &[Vec<usize>]) -> Vec<usize> {
        let squares = Squares::of(&self.ranks(piece), piece.len());
        let division = divide(&squares);
        let gains: Vec<f32> = division.iter().map(|step| step.gain).collect();
        let (mean, deviation) = moments(&gains);
        let least = mean + self.deviations * deviation;
        let worth = division.iter().take_while(|step| step.gain > least.max(0.0));
        let mut cuts: Vec<usize> = worth.map(|step| step.cut).collect();
        cuts.sort_unstable();
        cuts
    }

    /// The matrix, row by row: for every two turns, the share of the neighbours in the matrix that are less alike.
    fn ranks(&self, piece: &[Vec<usize>]) -> Vec<f32> {
        let n = piece.len();
        let mut similar = vec![1.0; n * n];
        for (i, a) in piece.iter().enumerate() {
            for (j, b) in piece.iter().enumerate().skip(i + 1) {
                let value = alike(a, b);
                similar[i * n + j] = value;
                similar[j * n + i] = value;
            }
        }
        let near = |i: usize| i.saturating_sub(self.reach)..(i + self.reach + 1).min(n);
        let rank = |i: usize, j: usize| {
            let own = similar[i * n + j];
            let lower: usize =
                near(i).map(|row| similar[row * n..][near(j)].iter().filter(|other| **other < own).count()).sum();
            lower as f32 / (near(i).len() * near(j).len() - 1).max(1) as f32
        };
        (0..n * n).map(|at| rank(at / n, at % n)).collect()
    }
}

/// Sums over squares on the diagonal of a matrix.
struct Squares {
    n: usize,
    /// At row i and column j of n + 1 each, the sum of what lies above and to the left.
    sums: Vec<f64>,
}

/// What lies inside units: the squares of the matrix on its diagonal.
#[derive(Clone, Copy)]
struct Inside {
    sum: f64,
    area: f64,
}

impl Inside {
    fn density(self) -> f64 {
        if self.area > 0.0 { self.sum / self.area } else { 0.0 }
    }
}

impl Squares {
    fn of(matrix: &[f32], n: usize) -> Self {
        let side = n + 1;
        let mut sums = vec![0.0; side * side];
        for (i, row) in matrix.chunks(n.max(1)).enumerate() {
            let mut along = 0.0;
            for (j, value) in row.iter().enumerate() {
                along += f64::from(*value);
                sums[(i + 1) * side + j + 1] = sums[i * side + j + 1] + along;
            }
        }
        Self { n, sums }
    }

    /// The unit of the turns from `from` to before `to`.
    fn unit(&self, from: usize, to: usize) -> Inside {
        let at = |i: usize, j: usize| self.sums[i * (self.n + 1) + j];
        Inside {
            sum: at(to, to) - at(from, to) - at(to, from) + at(from, from),
            area: ((to - from) * (to - from)) as f64,
        }
    }

    /// What lies inside after one of the units is cut in two.
    fn after_cut(&self, inside: Inside, (from, cut, to): (usize, usize, usize)) -> Inside {
        let (whole, before, after) = (self.unit(from, to), self.unit(from, cut), self.unit(cut, to));
        Inside {
            sum: inside.sum - whole.sum + before.sum + after.sum,
            area: inside.area - whole.area + before.area + after.area,
        }
    }
}

/// A step of the division.
struct Step {
    cut: usize,
    /// By how much the density inside all units has grown.
    gain: f32,
}

/// Cuts until every turn stands alone, each time where the density inside the units becomes highest, the first of equals.
/// Cost: n squared.
fn divide(squares: &Squares) -> Vec<Step> {
    let (mut edges, mut inside) = (vec![0, squares.n], squares.unit(0, squares.n));
    let mut steps = Vec::with_capacity(squares.n);
    while edges.len() <= squares.n {
        let units = edges.windows(2).zip(1..);
        let cuts = units.flat_map(|(unit, place)| {
            let (from, to) = (unit[0], unit[1]);
            (from + 1..to).map(move |cut| (place, cut, squares.after_cut(inside, (from, cut, to))))
        });
        let denser = cuts.reduce(|best, next| if next.2.density() > best.2.density() { next } else { best });
        let Some((place, cut, after)) = denser else { break };
        steps.push(Step { cut, gain: (after.density() - inside.density()) as f32 });
        edges.insert(place, cut);
        inside = after;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::super::shown;
    use super::*;

    fn check(texts: &[&str], expect: &str) {
        assert_eq!(shown(&C99::default().spans(&Sitting::of(texts), &Chat::new(None)).unwrap()), expect, "{texts:?}");
    }

    #[test]
    fn clusters_of_alike_turns_become_units() {
        let cat = ["the cat sleeps", "our cat purrs", "a cat purrs and sleeps", "the cat sleeps again"];
        let train = ["the train leaves", "was the train late", "the late train leaves", "a late train"];
        check(&[cat, train].concat(), "0..4 4..8");
        check(&["我们的猫在睡觉", "猫在睡觉吗", "猫在睡觉呢", "火车很晚", "火车很晚吗", "火车很晚呢"], "0..3 3..6");
        check(&["", "?!", "…", "of the"], "0..4");
        check(&["same words"; 5], "0..5");
    }

    #[test]
    fn long_sessions_are_cut_into_equal_pieces() {
        check(&[""; 200], "0..200");
        check(&[""; 201], "0..101 101..201");
        check(&[""; 601], "0..151 151..302 302..453 453..601");
    }

    #[test]
    fn a_division_takes_the_densest_cut_first() {
        // Two squares of ones on the diagonal: 2 x 2 and 1 x 1.
        let squares = Squares::of(&[1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0], 3);
        let steps: Vec<(usize, f32)> = divide(&squares).iter().map(|step| (step.cut, step.gain)).collect();
        assert_eq!(steps, [(2, 4.0 / 9.0), (1, 0.0)]);
    }
}
