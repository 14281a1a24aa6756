//! CPED: can somebody's traits, and the emotion of what they say, be read off their words?
//!
//! Characters of the utterances, in ones and twos, are compared with the mean of each class by the cosine of their TF-IDF
//! weights. Speakers are dealt into parts; a part is judged by what the other parts teach, so that no speaker is in both.
//! A trait of the Big Five, which is high or low, is a question for each speaker, from all that they say; the emotion is one
//! for each utterance. Row `majority` says the most frequent class of the other parts.
//!
//! This is a floor for what stands on the data, not a way in which Kithkin judges persons: nothing of it is in the engine.

use std::collections::{BTreeMap, HashMap};

use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::items::chosen;
use crate::metrics::ClassCounts;
use crate::{LabError, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "traits",
    datasets: &["cped"],
    strategies: &["ngram-centroids", "majority"],
    about: "can traits and emotions be read off what somebody says? (macro-F1; no speaker in both parts)",
    headline: &["emotion", "big_five"],
    run,
};

/// The items, and their files.
const FILES: [(&str, &str); 1] = [("valid", "valid_split.csv")];
/// The columns of the traits, each of which is `high` or `low`, or `unknown`.
const TRAITS: [&str; 5] = ["Neuroticism", "Extraversion", "Openness", "Agreeableness", "Conscientiousness"];
const EMOTION: &str = "Emotion";
/// The other columns that are read.
const SPOKEN: [&str; 2] = ["Speaker", "Utterance"];
/// The speakers are dealt into so many parts.
const PARTS: usize = 5;

/// A text with the class that it has.
struct Labelled {
    text: String,
    class: String,
    part: usize,
}

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("cped", &setup.data);
    let files = chosen(FILES.to_vec(), &setup.items, |(item, _)| item)?;
    let mut rows = Vec::new();
    for (_, file) in &files {
        let text = data.text(file)?;
        rows.extend(records(&text).map_err(|why| data.wrong(file, why))?);
    }
    let questions = questions(&rows, setup.limit);
    let mut measured = Vec::new();
    for name in TASK.strategies.iter().copied() {
        let mut board = Board::default();
        let mut traits = Vec::new();
        for (done, (label, texts)) in (1..).zip(&questions) {
            let counts = judge(name, label, texts, &mut board);
            board.share("macro_f1", Some(label), counts.macro_f1());
            if *label == EMOTION {
                board.set("emotion", counts.macro_f1());
            } else {
                traits.extend(counts.macro_f1());
            }
            (setup.progress)(name, done, questions.len() as u64);
        }
        board.set("big_five", (!traits.is_empty()).then(|| traits.iter().sum::<f64>() / traits.len() as f64));
        measured.push(board.row(name, 0.0));
    }
    Ok(Table { task: TASK.name.to_owned(), data: data.source(files.len()), rows: measured })
}

/// A row: its fields by the names of their columns.
type Row = BTreeMap<&'static str, String>;

/// The columns that are read, row by row. The first line names all columns; a field in quotation marks may
/// hold commas and ends of lines.
fn records(text: &str) -> Result<Vec<Row>, String> {
    let mut lines = table(text.trim_start_matches('\u{feff}')).into_iter();
    let header = lines.next().unwrap_or_default();
    let place = |name: &'static str| {
        let at = header.iter().position(|column| column == name);
        at.map(|at| (name, at)).ok_or_else(|| format!("the column {name} is missing in its first line"))
    };
    let places = SPOKEN.into_iter().chain([EMOTION]).chain(TRAITS).map(place).collect::<Result<Vec<_>, String>>()?;
    let row = |(n, fields): (usize, Vec<String>)| {
        let row: Option<Row> = places.iter().map(|(name, at)| Some((*name, fields.get(*at)?.clone()))).collect();
        row.ok_or_else(|| format!("row {n} has fewer fields than the first"))
    };
    (2..).zip(lines).map(row).collect()
}

/// The rows that are not empty, each with its fields.
fn table(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    for character in text.chars().chain(['\n']) {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            '\r' => {}
            _ => field.push(character),
        }
    }
    rows.retain(|row| row.iter().any(|field| !field.is_empty()));
    rows
}

/// What is asked: each trait of each speaker, and the emotion of each utterance.
fn questions(rows: &[Row], limit: Option<usize>) -> Vec<(&'static str, Vec<Labelled>)> {
    let of = |row: &Row, column: &str| row.get(column).cloned().unwrap_or_default();
    let mut said: BTreeMap<String, (String, Row)> = BTreeMap::new();
    for row in rows {
        let (text, _) = said.entry(of(row, "Speaker")).or_insert_with(|| (String::new(), row.clone()));
        text.push_str(&of(row, "Utterance"));
        text.push('\n');
    }
    // Speakers of about as much to say are dealt in turn.
    let mut speakers: Vec<&String> = said.keys().collect();
    speakers.sort_by_key(|speaker| std::cmp::Reverse(said.get(*speaker).map_or(0, |(text, _)| text.len())));
    let parts: HashMap<&String, usize> = speakers.into_iter().zip((0..PARTS).cycle()).collect();
    let part = |speaker: &String| parts.get(speaker).copied().unwrap_or_default();
    let known = |class: &String| !class.is_empty() && class != "unknown";
    let mut questions: Vec<(&'static str, Vec<Labelled>)> = Vec::new();
    for name in TRAITS {
        let one = |(speaker, (text, row)): (&String, &(String, Row))| {
            let class = row.get(name).cloned().filter(known)?;
            Some(Labelled { text: text.clone(), class, part: part(speaker) })
        };
        questions.push((name, said.iter().filter_map(one).collect()));
    }
    let one = |row: &Row| {
        let (class, speaker) = (of(row, EMOTION), of(row, "Speaker"));
        known(&class).then(|| Labelled { text: of(row, "Utterance"), part: part(&speaker), class })
    };
    questions.push((EMOTION, rows.iter().filter_map(one).collect()));
    questions.iter_mut().for_each(|(_, texts)| texts.truncate(limit.unwrap_or(usize::MAX)));
    questions
}

/// Judges each part by the others.
fn judge(strategy: &str, label: &str, texts: &[Labelled], board: &mut Board) -> ClassCounts {
    let mut counts = ClassCounts::default();
    for part in 0..PARTS {
        let (own, others): (Vec<&Labelled>, Vec<&Labelled>) = texts.iter().partition(|one| one.part == part);
        let mut classes: BTreeMap<&str, usize> = BTreeMap::new();
        others.iter().for_each(|one| *classes.entry(&one.class).or_default() += 1);
        let Some((most, _)) = classes.into_iter().max_by_key(|(_, times)| *times) else { continue };
        let centroids = (strategy != "majority").then(|| Centroids::learn(&others));
        for one in own {
            let start = std::time::Instant::now();
            let named = centroids.as_ref().and_then(|centroids| centroids.nearest(&one.text)).unwrap_or(most);
            board.took(start.elapsed().as_secs_f64() * 1e3);
            counts.add(&one.class, named);
            board.question(&[label], &[("accuracy".to_owned(), f64::from(u8::from(named == one.class)))]);
        }
    }
    counts
}

/// The mean of each class, over characters in ones and twos.
struct Centroids<'a> {
    /// In how many texts each piece is.
    texts: HashMap<String, usize>,
    n: usize,
    /// Of each class the weights of its pieces, of length 1.
    classes: BTreeMap<&'a str, HashMap<String, f64>>,
}

impl<'a> Centroids<'a> {
    fn learn(labelled: &[&'a Labelled]) -> Self {
        let mut learned = Self { texts: HashMap::new(), n: labelled.len(), classes: BTreeMap::new() };
        for one in labelled {
            for piece in pieces(&one.text).into_keys() {
                *learned.texts.entry(piece).or_default() += 1;
            }
        }
        let mut sums: BTreeMap<&'a str, HashMap<String, f64>> = BTreeMap::new();
        for one in labelled {
            let sum = sums.entry(&one.class).or_default();
            learned.weights(&one.text).into_iter().for_each(|(piece, weight)| *sum.entry(piece).or_default() += weight);
        }
        learned.classes = sums.into_iter().map(|(class, sum)| (class, unit(sum))).collect();
        learned
    }

    /// The weights of a text, of length 1; what was never seen counts nothing.
    fn weights(&self, text: &str) -> HashMap<String, f64> {
        let weight = |(piece, times): (String, usize)| {
            let rarity = (self.n as f64 / *self.texts.get(&piece)? as f64).ln();
            Some((piece, (1.0 + (times as f64).ln()) * rarity))
        };
        unit(pieces(text).into_iter().filter_map(weight).collect())
    }

    /// The class that a text is nearest to; `None` where nothing of it was seen.
    fn nearest(&self, text: &str) -> Option<&'a str> {
        let weights = self.weights(text);
        let cosine = |class: &HashMap<String, f64>| -> f64 {
            // In a fixed order, so that the last digit is the same in each run.
            let mut parts: Vec<f64> =
                weights.iter().filter_map(|(piece, weight)| Some(weight * class.get(piece)?)).collect();
            parts.sort_by(f64::total_cmp);
            parts.iter().sum()
        };
        let near = self.classes.iter().map(|(name, class)| (*name, cosine(class))).filter(|(_, cosine)| *cosine > 0.0);
        near.max_by(|one, other| one.1.total_cmp(&other.1)).map(|(name, _)| name)
    }
}

fn pieces(text: &str) -> HashMap<String, usize> {
    let mut pieces = HashMap::new();
    for line in text.lines() {
        let characters: Vec<char> = line.chars().filter(|c| c.is_alphanumeric()).collect();
        for length in [1, 2] {
            for piece in characters.windows(length) {
                *pieces.entry(piece.iter().collect()).or_default() += 1;
            }
        }
    }
    pieces
}

fn unit(mut weights: HashMap<String, f64>) -> HashMap<String, f64> {
    let mut squares: Vec<f64> = weights.values().map(|weight| weight * weight).collect();
    squares.sort_by(f64::total_cmp);
    let length = squares.iter().sum::<f64>().sqrt();
    if length > 0.0 {
        weights.values_mut().for_each(|weight| *weight /= length);
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_their_names() {
        let header =
            "\u{feff}No,Speaker,Utterance,Emotion,Neuroticism,Extraversion,Openness,Agreeableness,Conscientiousness";
        let rows = records(&format!("{header}\n1,Ann,\"Hi, you\",happy,low,high,low,low,low\n\n")).unwrap();
        let read: Vec<&str> = ["Utterance", "Extraversion"].iter().map(|name| rows[0][name].as_str()).collect();
        assert_eq!((rows.len(), read), (1, vec!["Hi, you", "high"]));
        assert!(records(&header.replace("Openness", "x")).unwrap_err().contains("column Openness"));
        assert!(records(&format!("{header}\n1\n")).unwrap_err().contains("row 2"));
        assert!(records("").is_err());
    }

    #[test]
    fn a_text_is_nearest_to_the_class_whose_pieces_it_has() {
        let one = |text: &str, class: &str| Labelled { text: text.to_owned(), class: class.to_owned(), part: 0 };
        let all = [one("红花红花", "red"), one("红色", "red"), one("蓝天", "blue"), one("蓝色的海", "blue")];
        let centroids = Centroids::learn(&all.iter().collect::<Vec<_>>());
        let check = |text: &str, expect: Option<&str>| assert_eq!(centroids.nearest(text), expect, "{text}");
        check("花", Some("red"));
        check("天蓝", Some("blue"));
        check("x", None);
        check("", None);
    }
}
