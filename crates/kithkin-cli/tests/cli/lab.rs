//! The lab on the handmade sample.

use crate::harness::{Place, sample};

#[test]
fn a_task_gives_a_row_for_each_method() {
    let place = Place::empty();
    let data = sample().display().to_string();
    let table = place.json(&["lab", "run", "locomo-recall", "--data", &data, "--method", "bm25,recent,full-context"]);
    assert_eq!(table["rows"].as_array().unwrap().len(), 3);
    let at10 = |row: usize| table["rows"][row]["metrics"]["recall_mean@10"].as_f64().unwrap();
    assert!(at10(0) > 0.4 && at10(1) < 0.2, "{} {}", at10(0), at10(1));
    assert_eq!(table["rows"][0]["n"], 75);
    assert!(table["data"]["sha256"].as_str().unwrap().len() == 64);
    place.fails(&["lab", "run", "locomo-recal", "--data", &data], &["locomo-recall"]);
    place.fails(&["lab", "run", "locomo-recall", "--data", "none.json", "--method", "bm25"], &["none.json", "--data"]);
    place.fails(&["lab", "run", "locomo-recall", "--data", &data, "--items", "x", "--method", "bm25"], &["sample"]);
}

#[test]
fn committed_rows_on_the_sample_hold() {
    let place = Place::empty();
    let datasets = sample().parent().unwrap().parent().unwrap().display().to_string();
    place.ok(&["lab", "reproduce", "sample-bm25", "--samples", &datasets]);
}
