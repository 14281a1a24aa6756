//! PrefEval: does a gate open where what is remembered bears on the question, and stay shut where it does not?
//!
//! A person has told all preferences of a topic. They are asked the questions of that topic (`own`), and then those of the
//! next topic (`other`), to which nothing that they told is an answer. What is remembered helps where a turn of the
//! question's own preference is among the first five that are recalled.
//!
//! A method is judged by what it would do: `opened` is whether the prompt shows anything of the person, `right` whether it
//! does so exactly where that helps. The likelihood that is judged (`auc`, `brier`) is that of the method's gate; of a method
//! without one it is how likely the evidence can answer.
//!
//! For a method with a gate, the coefficients of a logistic function of the gate's two observations are fitted on what was
//! asked (`fit_bias`, `fit_answerable`, `fit_lead`): on the `tune` items, to be written into a preset.

use kithkin::{Now, PromptReport, Recall, RecallReport, Respond, Scope};

use super::data::{FORMS, Preference, Session, Tally, Topic, person, remembering, topic, topics};
use crate::board::Board;
use crate::data::Data;
use crate::metrics::{brier, roc_auc};
use crate::persons::Persons;
use crate::tasks::{Setup, TaskSpec};
use crate::{LabError, Table};

pub(in crate::tasks) const TASK: TaskSpec = TaskSpec {
    name: "prefeval-gate",
    datasets: &["prefeval"],
    strategies: &[],
    about: "is what is remembered shown exactly where it bears on the question?",
    headline: &["right", "auc", "brier", "opened_helped", "opened_useless", "helped"],
    run,
};

/// The turns among which one of the preference has to be.
const FIRST: usize = 5;
/// How often the coefficients are improved, and what holds them when the groups can be parted wholly.
const ROUNDS: usize = 50;
const RIDGE: f64 = 1e-3;

/// What a gate sees of a question, and whether what it saw helps.
#[derive(Debug, Clone, Copy)]
struct Seen {
    observed: Option<[f64; 3]>,
    likelihood: f64,
    helps: bool,
    opened: bool,
}

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("prefeval", &setup.data);
    let (_, asked) = topics(&mut data, setup)?;
    let each = remembering(setup);
    let mut tallies = Tally::all(&setup.methods);
    let mut seen: Vec<Vec<Seen>> = vec![Vec::new(); tallies.len()];
    for (done, (form, folder)) in (1..).zip(FORMS) {
        let topics = asked.iter().map(|name| topic(&mut data, form, folder, name)).collect::<Result<Vec<_>, _>>()?;
        let mut persons = Persons::new(&each)?;
        let scopes = topics.iter().map(|topic| telling(&mut persons, topic)).collect::<Result<Vec<_>, _>>()?;
        for (tally, seen) in tallies.iter_mut().zip(&mut seen) {
            tally.seconds += persons.build(tally.method, &each)?;
            for (scope, topic) in scopes.iter().zip(&topics) {
                seen.extend(ask(&persons, scope, topic, form, "own", &each, tally)?);
            }
            let next = topics.iter().skip(1).chain(topics.first());
            for (scope, topic) in scopes.iter().zip(next).filter(|_| topics.len() > 1) {
                seen.extend(ask(&persons, scope, topic, form, "other", &each, tally)?);
            }
        }
        (setup.progress)(form, done, FORMS.len() as u64);
    }
    tallies.iter_mut().zip(&seen).for_each(|(tally, seen)| judge(seen, &mut tally.board));
    Ok(Tally::table(tallies, TASK.name, data.source(asked.len())))
}

fn telling(persons: &mut Persons, topic: &Topic) -> Result<Scope, LabError> {
    let history: Vec<&Session> = topic.preferences.iter().map(|preference| &preference.session).collect();
    person(persons, topic.name, &history)
}

/// Asks a person the questions of a topic.
fn ask(
    persons: &Persons,
    scope: &Scope,
    topic: &Topic,
    form: &str,
    whose: &str,
    each: &Setup<'_>,
    tally: &mut Tally<'_>,
) -> Result<Vec<Seen>, LabError> {
    let mut all = Vec::new();
    for Preference { session, question, .. } in topic.preferences.iter().take(each.limit.unwrap_or(usize::MAX)) {
        let method = Some(tally.method.clone());
        let recall = Recall { method: method.clone(), ..Recall::new(question, Now::Clock) };
        let report = persons.ask(scope, &recall, &mut tally.board)?;
        let respond = Respond { method, ..Respond::new(question, Now::Clock) };
        let seen = seen(session, &report, &persons.prompt(scope, &respond, &mut tally.board)?);
        let flag = |is: bool| f64::from(u8::from(is));
        let scores = [("right", seen.opened == seen.helps), ("opened", seen.opened), ("helped", seen.helps)];
        let scores = scores.map(|(name, is)| (name.to_owned(), flag(is)));
        tally.board.question(&[&format!("{form}/{whose}")], &scores);
        all.push(seen);
    }
    Ok(all)
}

fn seen(told: &Session, report: &RecallReport, prompt: &PromptReport) -> Seen {
    let observed = prompt.gate.as_ref().map(|gate| [1.0, f64::from(gate.answerable), f64::from(gate.lead)]);
    Seen {
        observed,
        likelihood: f64::from(prompt.gate.as_ref().map_or(report.answerable, |gate| gate.benefit)),
        helps: report.evidence.iter().take(FIRST).any(|turn| turn.session == told.id),
        opened: !(prompt.shown.is_empty() && prompt.profile_used.is_empty()),
    }
}

/// Notes what is none of a single question.
fn judge(seen: &[Seen], board: &mut Board) {
    let of = |helps: bool| seen.iter().filter(move |seen| seen.helps == helps);
    let likelihoods = |helps: bool| of(helps).map(|seen| seen.likelihood).collect::<Vec<_>>();
    let (positives, negatives) = (likelihoods(true), likelihoods(false));
    board.set("auc", roc_auc(&positives, &negatives));
    board.set("brier", brier(&positives, &negatives));
    for (name, helps, all) in [("opened_helped", true, positives.len()), ("opened_useless", false, negatives.len())] {
        let opened = of(helps).filter(|seen| seen.opened).count();
        board.set(name, (all > 0).then(|| opened as f64 / all as f64));
    }
    let observed: Vec<([f64; 3], bool)> = seen.iter().filter_map(|seen| Some((seen.observed?, seen.helps))).collect();
    if let Some(fitted) = fitted(&observed) {
        let names = ["fit_bias", "fit_answerable", "fit_lead"];
        names.into_iter().zip(fitted).for_each(|(name, value)| board.set(name, Some(value)));
    }
}

/// The coefficients of a logistic function that make what was observed the likeliest, by Newton's method; `None` where all
/// are of one kind.
fn fitted(observed: &[([f64; 3], bool)]) -> Option<[f64; 3]> {
    if observed.iter().all(|(_, helps)| *helps) || observed.iter().all(|(_, helps)| !*helps) {
        return None;
    }
    let mut weights = [0.0; 3];
    for _ in 0..ROUNDS {
        // The slope and the curvature of the likelihood.
        let mut slope: [f64; 3] = weights.map(|weight| -RIDGE * weight);
        let mut curve = [[0.0; 3]; 3];
        (0..3).for_each(|i| curve[i][i] = RIDGE);
        for (x, helps) in observed {
            let sum: f64 = x.iter().zip(weights).map(|(x, weight)| x * weight).sum();
            let p = 1.0 / (1.0 + (-sum).exp());
            for i in 0..3 {
                slope[i] += x[i] * (f64::from(u8::from(*helps)) - p);
                for j in 0..3 {
                    curve[i][j] += x[i] * x[j] * p * (1.0 - p);
                }
            }
        }
        let step = solved(curve, slope)?;
        (0..3).for_each(|i| weights[i] += step[i]);
    }
    weights.iter().all(|weight| weight.is_finite()).then_some(weights)
}

/// Solves three equations by elimination; `None` where they do not say enough.
fn solved(mut a: [[f64; 3]; 3], mut b: [f64; 3]) -> Option<[f64; 3]> {
    for column in 0..3 {
        let pivot = (column..3).max_by(|i, j| a[*i][column].abs().total_cmp(&a[*j][column].abs()))?;
        a.swap(column, pivot);
        b.swap(column, pivot);
        if a[column][column].abs() < 1e-12 {
            return None;
        }
        for row in (0..3).filter(|row| *row != column) {
            let factor = a[row][column] / a[column][column];
            (0..3).for_each(|k| a[row][k] -= factor * a[column][k]);
            b[row] -= factor * b[column];
        }
    }
    Some([b[0] / a[0][0], b[1] / a[1][1], b[2] / a[2][2]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_equations_are_solved() {
        let check = |a, b, expect: Option<[f64; 3]>| {
            let found = solved(a, b);
            assert_eq!(found.is_some(), expect.is_some());
            for (x, y) in found.into_iter().flatten().zip(expect.into_iter().flatten()) {
                assert!((x - y).abs() < 1e-9, "{found:?}");
            }
        };
        check([[0.0, 2.0, 0.0], [1.0, 0.0, 1.0], [0.0, 0.0, 4.0]], [2.0, 4.0, 4.0], Some([3.0, 1.0, 1.0]));
        check([[1.0, 1.0, 0.0], [2.0, 2.0, 0.0], [0.0, 0.0, 1.0]], [1.0, 2.0, 3.0], None);
    }

    #[test]
    fn the_coefficients_give_the_shares_that_were_observed() {
        let share = |x: f64, of: usize, helps: usize| (0..of).map(move |n| ([1.0, x, 0.0], n < helps));
        let observed: Vec<_> = share(0.0, 100, 20).chain(share(1.0, 100, 70)).collect();
        let [bias, answerable, lead] = fitted(&observed).unwrap();
        let p = |x: f64| 1.0 / (1.0 + (-(bias + answerable * x)).exp());
        assert!((p(0.0) - 0.2).abs() < 1e-3 && (p(1.0) - 0.7).abs() < 1e-3 && lead.abs() < 1e-6);
        assert_eq!(fitted(&observed[..20]), None);
        assert_eq!(fitted(&[]), None);
        // Groups that can be parted wholly have no likeliest coefficients; the ridge holds them.
        let parted: Vec<_> = share(0.0, 9, 0).chain(share(1.0, 9, 9)).collect();
        assert!(fitted(&parted).is_some_and(|weights| weights[1] > 5.0));
    }
}
