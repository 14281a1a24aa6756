//! Reviews out of a graph of users and products: is a rating, a title or a text foretold by one's own reviews or by those
//! of others on the same product?
//!
//! The benchmark of PGraphRAG (Au et al., *Personalized Graph-Based Retrieval for Large Language Models*, 2025): 2,500 users
//! a file, most of them with the one review that is to be foretold. The authors have a model write it from the `k` nearest
//! reviews; here nothing is written, and the prediction is what was retrieved: the mean rating of the four nearest, the
//! nearest by rank weighing most, and the title or text of the nearest. What it is looked up by is title and text for the
//! rating, the text for the title, and the title for the text.
//!
//! A row of a method orders the reviews; categories say out of which: `own`, `neighbours`, `both` in one order, or
//! `own-then-neighbours`, where neighbours fill up to four, which is what the row's own figures are of. Where there is
//! nothing, the rating is the mean of the file and the text is empty. `random-review`, `mean-rating` and `neighbour-mean` need no method.
//!
//! All reviews of a file are one scope of the lab's store, as they would be of a shop: that users are shown those of
//! others is what the benchmark asks about, and nothing crosses between persons in the engine.

mod reviews;

use kithkin::{ConversationId, Method, Now, Recall, Role, Scope, SessionId, SessionRef};

use self::reviews::{Corpus, Review, User, read};
use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::draw::Draw;
use crate::items::chosen;
use crate::metrics::{meteor, rouge_1, rouge_l};
use crate::persons::{CONVERSATION, Persons, Said};
use crate::table::Means;
use crate::{LabError, Measured, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "pgraphrag",
    datasets: &["pgraphrag"],
    strategies: &[],
    about: "is a review foretold by one's own reviews or by those of others on the same product?",
    headline: &[
        "mae",
        "rmse",
        "title_rouge1",
        "title_rougeL",
        "title_meteor",
        "text_rouge1",
        "text_rougeL",
        "text_meteor",
    ],
    run,
};

/// The rows that need no method: any review of another user and the mean rating of the file, or of the neighbours.
pub(super) const RANDOM: &str = "random-review";
pub(super) const MEAN: &str = "mean-rating";
pub(super) const NEIGHBOUR_MEAN: &str = "neighbour-mean";
/// Reviews that a rating is taken from; the most that the authors give their models.
const NEAREST: usize = 4;
/// Where the drawing of random reviews starts, and how often one is drawn until it may be taken.
const SEED: u64 = 1;
const DRAWS: usize = 100;
/// What is scored of a whole row of a method.
const FILLED: &str = "own-then-neighbours";

/// What a review is said to be. A text that is not foretold is not scored; one without words is, with 0.
struct Foretold<'a> {
    rating: f64,
    title: Option<&'a [String]>,
    text: Option<&'a [String]>,
}

/// The reviews that a prediction is read off, nearest first, for each of the three.
#[derive(Clone, Default)]
struct Nearest {
    rating: Vec<usize>,
    title: Vec<usize>,
    text: Vec<usize>,
}

/// A board that knows squared errors as well.
#[derive(Default)]
struct Scores {
    board: Board,
    all: Means,
    squared: Means,
}

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("pgraphrag", &setup.data);
    let corpora = chosen(read(&mut data)?, &setup.items, |corpus| &corpus.name)?;
    let mut persons = Persons::new(setup)?;
    let scopes = corpora.iter().map(|corpus| observe(&mut persons, corpus)).collect::<Result<Vec<_>, _>>()?;
    let mut rows = Vec::new();
    for method in &setup.methods {
        let built = persons.build(method, setup)?;
        let mut scores = Scores::default();
        for (corpus, scope) in corpora.iter().zip(&scopes) {
            let ranker = Ranker { persons: &persons, method, corpus, scope };
            for (done, user) in (0..).zip(users(corpus, setup.limit)) {
                ranker.score(user, &mut scores)?;
                (setup.progress)(&corpus.name, done, corpus.users.len() as u64);
            }
        }
        rows.push(scores.row(method.about().id.as_str(), built));
    }
    rows.extend([RANDOM, MEAN, NEIGHBOUR_MEAN].map(|row| without_method(&corpora, row, setup.limit)));
    Ok(Table { task: TASK.name.to_owned(), data: data.source(corpora.len()), rows })
}

/// At most so many users, evenly spread over the file.
fn users(corpus: &Corpus, limit: Option<usize>) -> impl Iterator<Item = &User> {
    let of = corpus.users.len();
    let n = limit.unwrap_or(of).min(of);
    (0..n).filter_map(move |i| corpus.users.get(i * of / n))
}

/// Each review is a turn of title and text, in a session of its own.
fn observe(persons: &mut Persons, corpus: &Corpus) -> Result<Scope, LabError> {
    let reviews: Vec<(String, String)> =
        (0..).zip(&corpus.reviews).map(|(n, review)| (session(n), review.whole())).collect();
    let said = reviews.iter().map(|(id, text)| {
        // A name that no review holds: names of speakers are left out of what is looked up.
        Said { id, session: id, speaker: "S1", role: Role::User, at: None, text }
    });
    persons.observe(&corpus.name, &said.collect::<Vec<_>>())
}

fn session(review: usize) -> String {
    format!("r{review}")
}

/// A method on a file.
struct Ranker<'a> {
    persons: &'a Persons,
    method: &'a Method,
    corpus: &'a Corpus,
    scope: &'a Scope,
}

impl Ranker<'_> {
    /// Foretells a user's review out of each source.
    fn score(&self, user: &User, scores: &mut Scores) -> Result<(), LabError> {
        let own = self.nearest(user, &user.own, &mut scores.board)?;
        let neighbours = self.nearest(user, &user.neighbours, &mut scores.board)?;
        let filled = own.filled_by(&neighbours);
        let both = match user.own.as_slice() {
            [] => neighbours.clone(),
            own => self.nearest(user, &[own, &user.neighbours].concat(), &mut scores.board)?,
        };
        for (source, nearest) in [("own", own), ("neighbours", neighbours), ("both", both), (FILLED, filled)] {
            scores.add(self.corpus, user, source, &nearest.foretold(self.corpus, user));
        }
        Ok(())
    }

    fn nearest(&self, user: &User, pool: &[usize], board: &mut Board) -> Result<Nearest, LabError> {
        let target = &self.corpus.reviews[user.target];
        Ok(Nearest {
            rating: self.ranked(&target.whole(), pool, board)?,
            title: self.ranked(&target.text, pool, board)?,
            text: self.ranked(&target.title, pool, board)?,
        })
    }

    /// The reviews of a pool that are nearest to words. Those in which nothing was found follow in the order of the file.
    fn ranked(&self, words: &str, pool: &[usize], board: &mut Board) -> Result<Vec<usize>, LabError> {
        let mut ranked: Vec<usize> = Vec::new();
        if pool.len() > 1 && words.chars().any(char::is_alphanumeric) {
            let recall = self.recall(words, pool)?;
            let report = self.persons.ask(self.scope, &recall, board)?;
            let numbers = report.evidence.iter().filter_map(|turn| turn.turn.strip_prefix('r')?.parse().ok());
            ranked.extend(numbers.filter(|number| pool.contains(number)));
        }
        let rest: Vec<usize> = pool.iter().copied().filter(|number| !ranked.contains(number)).collect();
        ranked.extend(rest);
        ranked.truncate(NEAREST);
        Ok(ranked)
    }

    fn recall(&self, words: &str, pool: &[usize]) -> Result<Recall, kithkin::Error> {
        let conversation = ConversationId::new(CONVERSATION)?;
        let within = pool.iter().map(|review| {
            Ok(SessionRef { conversation: conversation.clone(), session: SessionId::new(session(*review))? })
        });
        Ok(Recall {
            within: within.collect::<Result<_, kithkin::Error>>()?,
            limit: NEAREST,
            method: Some(self.method.clone()),
            ..Recall::new(words, Now::Clock)
        })
    }
}

impl Nearest {
    /// These first, and after them others, up to the number that is read.
    fn filled_by(&self, others: &Self) -> Self {
        let fill = |own: &[usize], others: &[usize]| own.iter().chain(others).copied().take(NEAREST).collect();
        Self {
            rating: fill(&self.rating, &others.rating),
            title: fill(&self.title, &others.title),
            text: fill(&self.text, &others.text),
        }
    }

    fn foretold<'a>(&self, corpus: &'a Corpus, user: &User) -> Foretold<'a> {
        let first = |ranked: &[usize]| ranked.first().map(|n| &corpus.reviews[*n]);
        let ratings: Vec<f64> = self.rating.iter().map(|n| corpus.reviews[*n].rating).collect();
        Foretold {
            rating: by_rank(&ratings).unwrap_or_else(|| mean_of_others(corpus, user)),
            title: Some(first(&self.title).map(|review| &review.title_words[..]).unwrap_or_default()),
            text: Some(first(&self.text).map(|review| &review.text_words[..]).unwrap_or_default()),
        }
    }
}

/// The mean where the first weighs 1, the second a half, the third a third; `None` for none.
fn by_rank(ratings: &[f64]) -> Option<f64> {
    let weights = (1..=ratings.len()).map(|rank| 1.0 / rank as f64);
    let sum: f64 = weights.clone().zip(ratings).map(|(weight, rating)| weight * rating).sum();
    (!ratings.is_empty()).then(|| sum / weights.sum::<f64>())
}

/// The mean rating of the file without the review that is asked about.
fn mean_of_others(corpus: &Corpus, user: &User) -> f64 {
    let others = corpus.reviews.iter().enumerate().filter(|(n, _)| *n != user.target);
    let (sum, n) = others.fold((0.0, 0usize), |(sum, n), (_, review)| (sum + review.rating, n + 1));
    sum / n.max(1) as f64
}

impl Scores {
    /// Scores what is foretold under its source, and whether the user has reviews to read; an empty source is a row.
    fn add(&mut self, corpus: &Corpus, user: &User, source: &str, foretold: &Foretold<'_>) {
        let target = &corpus.reviews[user.target];
        let error = (foretold.rating - target.rating).abs();
        let mut scores = vec![("mae".to_owned(), error)];
        for (name, words, right) in
            [("title", foretold.title, &target.title_words), ("text", foretold.text, &target.text_words)]
        {
            // There is nothing to foretell where somebody wrote no words.
            let Some(words) = words.filter(|_| !right.is_empty()) else { continue };
            let of = [
                ("rouge1", rouge_1(words, right)),
                ("rougeL", rouge_l(words, right)),
                ("meteor", meteor(words, right)),
            ];
            scores.extend(of.map(|(metric, value)| (format!("{name}_{metric}"), value)));
        }
        let group = if user.own.is_empty() { "cold" } else { "with-history" };
        let named = |parts: &[&str]| parts.iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join(" ");
        let categories = [named(&[source]), named(&[source, group]), named(&[&corpus.name, source])];
        let categories: Vec<&str> = categories.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        if source.is_empty() || source == FILLED {
            self.board.question(&categories, &scores);
            self.all.add("", error * error);
        } else {
            self.board.aside(&categories, &scores);
        }
        categories.iter().for_each(|category| self.squared.add(category, error * error));
    }

    fn row(mut self, method: &str, built: f64) -> Measured {
        for (category, mean) in self.squared.values() {
            self.board.share("rmse", Some(&category), Some(mean.sqrt()));
        }
        self.board.set("rmse", self.all.values().get("").map(|mean| mean.sqrt()));
        self.board.row(method, built)
    }
}

/// A row that needs no method.
fn without_method(corpora: &[Corpus], row: &str, limit: Option<usize>) -> Measured {
    let mut scores = Scores::default();
    let mut duplicates = 0;
    for corpus in corpora {
        let mut draw = Draw::new(SEED);
        for user in users(corpus, limit) {
            duplicates += user.duplicates;
            let random = random(corpus, user, &mut draw);
            let drawn = random.filter(|_| row == RANDOM);
            let of_neighbours: Vec<f64> = user.neighbours.iter().map(|n| corpus.reviews[*n].rating).collect();
            let mean = match row {
                RANDOM => random.map(|review| review.rating),
                NEIGHBOUR_MEAN if !of_neighbours.is_empty() => {
                    Some(of_neighbours.iter().sum::<f64>() / of_neighbours.len() as f64)
                }
                _ => None,
            };
            let foretold = Foretold {
                rating: mean.unwrap_or_else(|| mean_of_others(corpus, user)),
                title: drawn.map(|review| &review.title_words[..]),
                text: drawn.map(|review| &review.text_words[..]),
            };
            scores.add(corpus, user, "", &foretold);
        }
    }
    scores.board.set("duplicates", Some(duplicates as f64));
    scores.row(row, 0.0)
}

/// Any review of another user that does not say the same; `None` where none was drawn.
fn random<'a>(corpus: &'a Corpus, user: &User, draw: &mut Draw) -> Option<&'a Review> {
    let target = &corpus.reviews[user.target];
    let drawn = (0..DRAWS).filter_map(|_| draw.one(&corpus.reviews));
    drawn.into_iter().find(|review| !review.by_same_user(target) && !review.says_as(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearer_reviews_weigh_more() {
        let check = |ratings: &[f64], expect: Option<f64>| assert_eq!(by_rank(ratings), expect, "{ratings:?}");
        check(&[], None);
        check(&[2.0], Some(2.0));
        check(&[5.0, 2.0], Some(4.0));
        check(&[1.0, 1.0, 1.0, 1.0], Some(1.0));
    }

    #[test]
    fn neighbours_fill_what_is_left_after_own_reviews() {
        let check = |own: &[usize], neighbours: &[usize], expect: &[usize]| {
            let of = |title: &[usize]| Nearest { title: title.to_vec(), ..Nearest::default() };
            assert_eq!(of(own).filled_by(&of(neighbours)).title, expect);
        };
        check(&[], &[7, 8], &[7, 8]);
        check(&[1], &[7, 8, 9, 10], &[1, 7, 8, 9]);
        check(&[1, 2, 3, 4], &[7], &[1, 2, 3, 4]);
    }
}
