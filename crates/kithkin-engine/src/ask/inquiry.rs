//! What is known of one person, what may be asked, and what is to be found out.

use serde::Serialize;

use super::beliefs::Beliefs;
use super::population::{AskError, Population};
use super::{Asker, State};

/// The next question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Question {
    /// The slot to ask for.
    pub slot: String,
    /// The drop of uncertainty that is expected of the answer, in nats, where the strategy computes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<f64>,
}

/// An inquiry about one person. Made by [`Population::inquiry`].
#[derive(Debug)]
pub struct Inquiry<'p> {
    population: &'p Population,
    known: Vec<Option<usize>>,
    /// Ascending.
    open: Vec<usize>,
    wanted: Vec<bool>,
    beliefs: Beliefs<'p>,
}

impl<'p> Inquiry<'p> {
    pub(super) fn new(population: &'p Population) -> Self {
        let slots = population.slots.len();
        let known = vec![None; slots];
        let beliefs = population.tree.beliefs(&known);
        Self { population, known, open: (0..slots).collect(), wanted: vec![true; slots], beliefs }
    }

    /// Lets only these slots be asked.
    ///
    /// # Errors
    /// A slot that there is not.
    pub fn asking<'a>(mut self, slots: impl IntoIterator<Item = &'a str>) -> Result<Self, AskError> {
        self.open = slots.into_iter().map(|name| self.population.number(name)).collect::<Result<_, _>>()?;
        self.open.retain(|slot| self.known[*slot].is_none());
        self.open.sort_unstable();
        self.open.dedup();
        Ok(self)
    }

    /// Makes only these slots what is to be found out, whether they may be asked or not.
    ///
    /// # Errors
    /// A slot that there is not.
    pub fn finding_out<'a>(mut self, slots: impl IntoIterator<Item = &'a str>) -> Result<Self, AskError> {
        self.wanted.fill(false);
        for name in slots {
            self.wanted[self.population.number(name)?] = true;
        }
        Ok(self)
    }

    /// The next question; `None` where nothing is left to ask.
    ///
    /// Costs, for `information-gain`, the square of the number of open slots that depend on each other: 4 ms for 400.
    pub fn next(&self, asker: &Asker) -> Option<Question> {
        let state = State { beliefs: &self.beliefs, open: &self.open, wanted: &self.wanted };
        let choice = asker.0.choose(&state)?;
        let slot = self.population.slots.get(choice.slot)?.name.clone();
        Some(Question { slot, expected: choice.expected })
    }

    /// Notes an answer, whether it was asked for or not; one that was given before is replaced. Gives by how much the
    /// uncertainty dropped, in nats: below 0 where the answer was a surprise that unsettles more than it settles.
    ///
    /// # Errors
    /// A slot that there is not, or a value that it does not take.
    pub fn answer(&mut self, slot: &str, value: &str) -> Result<f64, AskError> {
        let number = self.population.number(slot)?;
        let value = self.population.value_number(number, value)?;
        let before = self.uncertainty();
        self.known[number] = Some(value);
        self.open.retain(|open| *open != number);
        self.beliefs = self.population.tree.beliefs(&self.known);
        Ok(before - self.uncertainty())
    }

    /// Notes that the person does not answer: the slot is not asked again.
    ///
    /// # Errors
    /// A slot that there is not.
    pub fn decline(&mut self, slot: &str) -> Result<(), AskError> {
        let number = self.population.number(slot)?;
        self.open.retain(|open| *open != number);
        Ok(())
    }

    /// How likely each value of a slot is, in the order of its values; `None` where there is no such slot. The values sum
    /// to 1.
    pub fn belief(&self, slot: &str) -> Option<&[f64]> {
        Some(self.beliefs.of(self.population.number(slot).ok()?))
    }

    /// The likeliest value of a slot, the first of equals, and how likely it is; `None` where there is no such slot.
    pub fn likeliest(&self, slot: &str) -> Option<(&'p str, f64)> {
        let values = &self.population.slots.get(self.population.number(slot).ok()?)?.values;
        let likely = values.iter().map(String::as_str).zip(self.belief(slot)?.iter().copied());
        likely.reduce(|best, next| if next.1 > best.1 { next } else { best })
    }

    /// The sum of the entropies of what is to be found out, in nats.
    pub fn uncertainty(&self) -> f64 {
        let wanted = self.wanted.iter().enumerate().filter(|(_, wanted)| **wanted);
        wanted.map(|(slot, _)| self.beliefs.entropy(slot)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::trades;
    use super::*;

    #[test]
    fn only_what_is_wanted_counts() {
        let population = trades();
        let asker = Asker::parse("strategy = \"information-gain\"").unwrap();
        let next = |asking: &[&str], wanted: &[&str]| {
            let inquiry = population.inquiry().asking(asking.iter().copied()).unwrap();
            let question = inquiry.finding_out(wanted.iter().copied()).unwrap().next(&asker);
            question.map(|question| (question.slot, question.expected.unwrap() > 0.1))
        };
        let is = |slot: &str, tells| Some((slot.to_owned(), tells));
        assert_eq!(next(&["lucky", "hat"], &["lunch"]), is("hat", true));
        assert_eq!(next(&["lucky", "hat"], &["lucky"]), is("lucky", true));
        assert_eq!(next(&["lucky"], &["lunch"]), is("lucky", false));
        assert_eq!(next(&[], &["lunch"]), None);
    }

    #[test]
    fn an_answer_tells_of_what_goes_with_it_and_can_be_replaced() {
        let population = trades();
        let mut inquiry = population.inquiry();
        let before = inquiry.belief("lucky").unwrap().to_vec();
        inquiry.answer("trade", "builder").unwrap();
        assert_eq!(inquiry.likeliest("hat").map(|(value, _)| value), Some("helmet"));
        assert_eq!(inquiry.belief("lucky").unwrap(), before);
        inquiry.answer("trade", "cook").unwrap();
        assert_eq!(inquiry.likeliest("hat").map(|(value, _)| value), Some("toque"));
        let mut afresh = population.inquiry();
        afresh.answer("trade", "cook").unwrap();
        assert_eq!(inquiry.belief("lunch"), afresh.belief("lunch"));
        assert!(inquiry.answer("trade", "king").is_err() && inquiry.decline("shoe").is_err());
        assert!(inquiry.belief("shoe").is_none() && inquiry.likeliest("shoe").is_none());
    }
}
