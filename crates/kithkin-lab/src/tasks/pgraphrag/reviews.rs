//! The reviews of PGraphRAG: read, and parted into a user's own and those of neighbours, who review the same product.
//!
//! The first review of a user is the one to be foretold, as in the authors' code: its product always has another reviewer.
//! Nothing is ranked here.

use std::collections::HashMap;

use serde::Deserialize;

use crate::LabError;
use crate::data::Data;
use crate::metrics::words;

/// The files of a folder, without `.json`.
const FILES: [&str; 3] = ["amazon_dev", "gap_dev", "hotel_dev"];

#[derive(Deserialize)]
struct Profile {
    id: String,
    profile: Vec<Written>,
}

#[derive(Deserialize)]
struct Written {
    rating: f64,
    title: String,
    text: String,
    pid: String,
}

/// A review.
pub(super) struct Review {
    /// From 1 to 5.
    pub(super) rating: f64,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) title_words: Vec<String>,
    pub(super) text_words: Vec<String>,
    product: String,
    user: usize,
}

/// Whose review is to be foretold, and out of what; reviews are given by their numbers.
pub(super) struct User {
    pub(super) target: usize,
    /// Their other reviews, of other products.
    pub(super) own: Vec<usize>,
    /// Reviews of other users of the target's product.
    pub(super) neighbours: Vec<usize>,
    /// Reviews that are in neither, as they say the same as the target.
    pub(super) duplicates: usize,
}

/// A file.
pub(super) struct Corpus {
    pub(super) name: String,
    /// The reviews of all users, in the order of the file.
    pub(super) reviews: Vec<Review>,
    pub(super) users: Vec<User>,
}

/// Reads a file, or those of a folder that are there.
pub(super) fn read(data: &mut Data) -> Result<Vec<Corpus>, LabError> {
    let root = data.path("");
    if root.is_file() {
        let stem = root.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        return Ok(vec![corpus(data, "", stem)?]);
    }
    let files = FILES.map(|name| (format!("{name}.json"), name));
    let there: Vec<_> = files.iter().filter(|(file, _)| data.has(file)).collect();
    if there.is_empty() {
        // The error says which file was looked for, and where the data is to be had.
        data.bytes(&files[0].0)?;
    }
    there.into_iter().map(|(file, name)| corpus(data, file, (*name).to_owned())).collect()
}

fn corpus(data: &mut Data, file: &str, name: String) -> Result<Corpus, LabError> {
    let profiles: Vec<Profile> = data.json(file)?;
    if let Some(empty) = profiles.iter().find(|user| user.profile.is_empty()) {
        return Err(data.wrong(file, format!("user {:?} has no review; take them out of the file", empty.id)));
    }
    let written = (0..).zip(profiles).flat_map(|(user, profile)| profile.profile.into_iter().map(move |r| (user, r)));
    let reviews: Vec<Review> = written.map(|(user, review)| Review::of(user, review)).collect();
    let users = users(&reviews);
    Ok(Corpus { name, reviews, users })
}

impl Review {
    fn of(user: usize, written: Written) -> Self {
        let Written { rating, title, text, pid } = written;
        let (title_words, text_words) = (words(&title), words(&text));
        Self { rating, title, text, title_words, text_words, product: pid, user }
    }

    /// Title and text, as a review is looked for and found.
    pub(super) fn whole(&self) -> String {
        format!("{} {}", self.title.trim(), self.text.trim()).trim().to_owned()
    }

    /// Whether the text is the same word for word. It may then be the same review once more, which would give the title and
    /// rating away.
    pub(super) fn says_as(&self, other: &Self) -> bool {
        self.text_words == other.text_words
    }

    /// Whether both are of one user.
    pub(super) fn by_same_user(&self, other: &Self) -> bool {
        self.user == other.user
    }
}

/// The users, each with what their first review may be foretold out of. A user's other reviews of the same product are
/// left out: the authors' graph has one edge between a user and a product.
fn users(reviews: &[Review]) -> Vec<User> {
    let mut of_user: Vec<Vec<usize>> = Vec::new();
    let mut of_product: HashMap<&str, Vec<usize>> = HashMap::new();
    for (n, review) in reviews.iter().enumerate() {
        of_product.entry(&review.product).or_default().push(n);
        if of_user.len() <= review.user {
            of_user.resize(review.user + 1, Vec::new());
        }
        of_user[review.user].push(n);
    }
    let firsts = of_user.iter().filter_map(|written| Some((*written.first()?, written)));
    let user = |(target, written): (usize, &Vec<usize>)| {
        let first = &reviews[target];
        let product = of_product.get(first.product.as_str()).map(Vec::as_slice).unwrap_or_default();
        let own = written.iter().filter(|n| reviews[**n].product != first.product);
        let others = product.iter().filter(|n| !reviews[**n].by_same_user(first));
        let ([own, same_own], [neighbours, same_others]) =
            (parted(own, reviews, first), parted(others, reviews, first));
        User { target, own, neighbours, duplicates: same_own.len() + same_others.len() }
    };
    firsts.map(user).collect()
}

/// Those that say something else than a review, and those that say the same.
fn parted<'a>(numbers: impl Iterator<Item = &'a usize>, reviews: &[Review], than: &Review) -> [Vec<usize>; 2] {
    let (other, same) = numbers.partition(|n| !reviews[**n].says_as(than));
    [other, same]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// User, product and text of each review.
    fn check(written: &[(usize, &str, &str)], user: usize, target: usize, own: &[usize], neighbours: &[usize]) {
        let review = |&(user, product, text): &(usize, &str, &str)| {
            let written = Written { rating: 5.0, title: String::new(), text: text.to_owned(), pid: product.to_owned() };
            Review::of(user, written)
        };
        let users = users(&written.iter().map(review).collect::<Vec<_>>());
        let got = &users[user];
        assert_eq!((got.target, &got.own[..], &got.neighbours[..]), (target, own, neighbours), "{written:?}");
    }

    #[test]
    fn nothing_that_gives_the_target_away_is_read() {
        let written = [
            (0, "pan", "It sticks."),
            (0, "pot", "Heavy, but good."),
            // Once more of the same product, and word for word of another one.
            (0, "pan", "It still sticks."),
            (0, "lid", "it STICKS"),
            (1, "pan", "Fine pan."),
            (1, "pot", "Fine pot."),
            // A neighbour who says the same.
            (2, "pan", "It sticks!"),
            (3, "pan", "Too small."),
            (3, "pan", "Smaller than it looks."),
        ];
        check(&written, 0, 0, &[1], &[4, 7, 8]);
        check(&written, 1, 4, &[5], &[0, 2, 6, 7, 8]);
        check(&written, 3, 7, &[], &[0, 2, 4, 6]);
        check(&written[..1], 0, 0, &[], &[]);
    }
}
