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

/// The folder of the declarations and samples.
fn datasets() -> String {
    sample().parent().unwrap().parent().unwrap().display().to_string()
}

#[test]
fn replies_are_chosen_in_each_language_and_setting() {
    let place = Place::empty();
    let data = format!("{}/xpersona/sample", datasets());
    let run = ["lab", "run", "persona-selection", "--data", &data, "--method", "bm25"];
    let row = &place.json(&run)["rows"][0];
    // Five dialogues of five exchanges in three languages, each reply in two settings; nothing is before the first words.
    assert_eq!(row["n"], 3 * 2 * (25 + 20));
    for language in ["en", "fr", "zh"] {
        let hits = |setting: &str| row["by_category"][format!("{language} {setting}")]["hits@1"].as_f64().unwrap();
        assert!(hits("own") > hits("none"), "{language}: {row}");
    }
    let some = place.json(&[&run[..], &["--items", "zh-test", "--limit", "5"]].concat());
    assert_eq!((&some["rows"][0]["n"], &some["data"]["items"]), (&20.into(), &1.into()));
    place.fails(&[&run[..], &["--items", "de-test"]].concat(), &["en-test"]);
    place.fails(&[&run[..], &["--items", "ko-test"]].concat(), &["Ko_persona", "--data"]);
    place.fails(&["lab", "run", "persona-selection", "--data", "none", "--method", "bm25"], &["none", "--data"]);
}

#[test]
fn boundaries_are_scored_beside_rows_that_need_no_method() {
    let place = Place::empty();
    let datasets = sample().parent().unwrap().parent().unwrap().to_owned();
    let run = |data: &str, more: &[&str]| {
        let data = datasets.join(data).display().to_string();
        let command = ["lab", "run", "segmentation", "--data", &data, "--method", "secom-bm25,bm25"];
        place.json(&[&command, more].concat())
    };
    for (data, dialogues) in [("tiage/sample", 8), ("tadam-seg/sample.txt", 4), ("locomo/sample.json", 1)] {
        let table = run(data, &[]);
        let rows = table["rows"].as_array().unwrap();
        let names: Vec<&str> = rows.iter().map(|row| row["method"].as_str().unwrap()).collect();
        assert_eq!(names, ["secom-bm25", "bm25", "no-boundary", "random", "every-turn"]);
        assert_eq!((&rows[0]["n"], &rows[1]["n"]), (&dialogues.into(), &0.into()), "{data}");
        assert_eq!(rows[1]["skipped"]["the method derives no units"], dialogues);
        let pk = |row: usize| rows[row]["metrics"]["pk"].as_f64().unwrap();
        assert!(pk(0) < pk(4), "{data}");
        assert_eq!(rows[4]["metrics"]["boundary_recall"], 1.0);
    }
    assert_eq!(run("tiage/sample", &["--items", "test"])["rows"][0]["n"], 6);
}

#[test]
fn strategies_are_compared_where_a_task_has_its_own() {
    let place = Place::empty();
    let data = format!("{}/personalens/sample", datasets());
    let run = ["lab", "run", "asking", "--data", &data];
    let table = place.json(&[&run[..], &["--limit", "10"]].concat());
    let rows = table["rows"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row["method"].as_str().unwrap()).collect();
    assert_eq!(names, ["fixed-order", "information-gain", "random", "uncertainty"]);
    for row in rows {
        let at = |questions: usize| row["metrics"][format!("accuracy@{questions}q")].as_f64().unwrap();
        assert_eq!(row["n"], 15);
        assert!(at(0) < at(5) && at(5) < at(10) && at(10) < 1.0, "{row}");
        assert!(row["metrics"]["accuracy@20q"].is_null());
    }
    assert!(rows[1]["metrics"]["fewer_than_random@5q"].is_f64());
    // Everything has been asked, and everything is known.
    let all = place.json(&[&run[..], &["--limit", "60", "--items", "user1,user2,user3"]].concat());
    assert!(all["rows"].as_array().unwrap().iter().all(|row| row["metrics"]["accuracy@60q"] == 1.0), "{all}");
    place.fails(&[&run[..], &["--method", "hybrid"]].concat(), &["information-gain", "leave --method out"]);
    place.fails(&["lab", "run", "asking", "--data", "none"], &["none", "--data", "PersonaLens"]);
    place.fails(&[&run[..], &["--items", "user99"]].concat(), &["user99", "user12"]);
}

#[test]
fn a_persona_is_found_by_what_its_speaker_says() {
    let place = Place::empty();
    let data = format!("{}/xpersona/sample", datasets());
    let run = ["lab", "run", "personachat-profile", "--data", &data, "--method", "bm25"];
    let row = &place.json(&run)["rows"][0];
    // Five dialogues in three languages, each in four settings.
    assert_eq!(row["n"], 3 * 5 * 4);
    for language in ["en", "fr", "zh"] {
        let hits = |setting: &str| row["by_category"][format!("{language} {setting}")]["hits@1"].as_f64().unwrap();
        assert!(hits("turns") > hits("other"), "{language}: {row}");
    }
    let some = place.json(&[&run[..], &["--items", "en-test", "--limit", "2"]].concat());
    assert_eq!((&some["rows"][0]["n"], &some["data"]["items"]), (&8.into(), &1.into()));
}

#[test]
fn a_persona_is_learned_from_the_other_dialogues_of_its_speaker() {
    let place = Place::empty();
    let data = format!("{}/xpersona/sample", datasets());
    let run = ["lab", "run", "persona-history", "--data", &data, "--method", "bm25"];
    let table = place.json(&[&run[..], &["--items", "en-valid"]].concat());
    let rows = table["rows"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row["method"].as_str().unwrap()).collect();
    assert_eq!(names, ["nothing-known", "all-own-turns", "given-persona", "bm25"]);
    // Six dialogues of five exchanges, two of each persona.
    assert!(rows.iter().all(|row| row["n"] == 30), "{table}");
    let figure = |row: usize, name: &str| rows[row]["metrics"][name].as_f64().unwrap();
    assert!(figure(0, "mrr") < figure(1, "mrr") && figure(0, "mrr") < figure(2, "mrr"), "{table}");
    // The other dialogue has five turns of the speaker, of which a method knows those that it recalls.
    assert_eq!((figure(0, "known"), figure(1, "known"), figure(2, "known")), (0.0, 5.0, 4.0));
    assert!(figure(3, "known") > 0.0 && figure(3, "known") <= 5.0, "{table}");
    let some = place.json(&[&run[..], &["--items", "en-valid", "--limit", "4"]].concat());
    assert_eq!(some["rows"][3]["n"], 4);
    // In the test part of the sample each persona has one dialogue.
    assert_eq!(place.json(&[&run[..], &["--items", "en-test"]].concat())["rows"][0]["n"], 0);
    place.fails(&["lab", "run", "persona-history", "--data", "none", "--method", "bm25"], &["none", "--data"]);
}

#[test]
fn slots_are_read_off_the_history_of_use() {
    let place = Place::empty();
    let data = format!("{}/personalens/sample", datasets());
    let run = ["lab", "run", "personalens", "--data", &data, "--method", "bm25"];
    let table = place.json(&run);
    let rows = table["rows"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row["method"].as_str().unwrap()).collect();
    assert_eq!(names, ["bm25", "mentioned", "most-mentioned", "most-common", "profile-rules"]);
    let figure = |row: usize, name: &str| rows[row]["metrics"][name].as_f64().unwrap();
    assert!(figure(1, "recall") > figure(2, "recall") && figure(2, "precision") > figure(1, "precision"), "{table}");
    assert_eq!(
        (&place.json(&[&run[..], &["--items", "user11*"]].concat())["data"]["items"], rows.len()),
        (&1.into(), 5)
    );
    place.fails(&[&run[..], &["--items", "user1"]].concat(), &["user1001"]);
    place.fails(&["lab", "run", "personalens", "--data", "none", "--method", "bm25"], &["none", "--data"]);
}

#[test]
fn a_review_is_foretold_out_of_own_and_others_reviews() {
    let place = Place::empty();
    let data = format!("{}/pgraphrag/sample.json", datasets());
    let run = ["lab", "run", "pgraphrag", "--data", &data, "--method", "bm25"];
    let table = place.json(&run);
    let rows = table["rows"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row["method"].as_str().unwrap()).collect();
    assert_eq!(names, ["bm25", "random-review", "mean-rating", "neighbour-mean"]);
    assert!(rows.iter().all(|row| row["n"] == 12), "{table}");
    let figure = |source: &str, name: &str| rows[0]["by_category"][source][name].as_f64().unwrap();
    let random = |name: &str| rows[1]["metrics"][name].as_f64().unwrap();
    for name in ["title_rouge1", "title_meteor", "text_rougeL"] {
        assert!(figure("neighbours", name) > random(name), "{name}: {table}");
        // Who has no other review is left to neighbours alone.
        assert_eq!(figure("own cold", name), 0.0);
        assert_eq!(figure("own-then-neighbours cold", name), figure("neighbours cold", name));
        assert_eq!(rows[0]["metrics"][name], figure("own-then-neighbours", name));
    }
    assert!(rows.iter().all(|row| row["metrics"]["rmse"].as_f64() >= row["metrics"]["mae"].as_f64()), "{table}");
    assert!(rows[2]["metrics"]["title_rouge1"].is_null());
    // Two users wrote the same, and neither is shown the other's.
    assert_eq!(rows[3]["metrics"]["duplicates"], 2.0);
    assert_eq!(place.json(&[&run[..], &["--limit", "5", "--items", "sample"]].concat())["rows"][0]["n"], 5);
    place.fails(&[&run[..], &["--items", "yelp_dev"]].concat(), &["yelp_dev", "sample"]);
    place.fails(&["lab", "run", "pgraphrag", "--data", "none", "--method", "bm25"], &["amazon_dev.json", "--data"]);
}

#[test]
fn persons_are_made_from_any_number() {
    let place = Place::empty();
    let data = format!("{}/personamem/sample", datasets());
    let run =
        |items: &str| place.json(&["lab", "run", "personamem", "--data", &data, "--method", "bm25", "--items", items]);
    let table = run("tune-de/4711");
    let rows: Vec<&str> = table["rows"].as_array().unwrap().iter().map(|row| row["method"].as_str().unwrap()).collect();
    assert_eq!((rows, &table["rows"][0]["n"]), (vec!["profile-rules", "bm25"], &7.into()));
    assert_eq!((&run("tune-*")["data"]["items"], &table["rows"][0]["metrics"]["current"]), (&30.into(), &1.0.into()));
    let run = ["lab", "run", "personamem", "--data", &data, "--method", "bm25", "--items", "tune-fr/1"];
    place.fails(&run, &["tune-en/1"]);
}

#[test]
fn a_dialogue_tree_is_walked_to_what_is_asked_for() {
    let place = Place::empty();
    let data = format!("{}/cts/sample", datasets());
    let run = ["lab", "run", "cts", "--data", &data, "--method", "bm25"];
    let row = &place.json(&run)["rows"][0];
    let metric = |name: &str| row["metrics"][name].as_f64().unwrap();
    // Seven questions, and thirteen nodes but for the first and the one that only decides.
    assert_eq!(row["n"], 7 + 12);
    assert_eq!(metric("free_success"), 1.0);
    assert!(metric("free_shown") < metric("way_shown"), "{row}");
    let some = place.json(&[&run[..], &["--items", "train", "--limit", "2"]].concat());
    assert_eq!(some["rows"][0]["n"], 4);
    place.fails(&[&run[..], &["--items", "dev"]].concat(), &["dev", "train, test"]);
    place.fails(&["lab", "run", "cts", "--data", "none", "--method", "bm25"], &["none", "--data"]);
}

#[test]
fn slots_are_filled_in_interviews() {
    let place = Place::empty();
    let data = format!("{}/interview/sample", datasets());
    let run = |items: &str| place.json(&["lab", "run", "interview", "--data", &data, "--items", items]);
    let table = run("tune-de/4711,tune-zh/4711");
    let rows = table["rows"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row["method"].as_str().unwrap()).collect();
    // Two persons in six manners.
    assert_eq!((names, &rows[0]["n"]), (vec!["interview", "slot-by-slot"], &12.into()));
    let figure = |row: usize, name: &str| rows[row]["metrics"][name].as_f64().unwrap();
    assert!(figure(0, "coverage") > figure(1, "coverage") && figure(0, "wrong") < figure(1, "wrong"), "{table}");
    assert!(figure(0, "questions") < figure(1, "questions"), "{table}");
    place.fails(&["lab", "run", "interview", "--data", &data, "--items", "tune-fr/1"], &["tune-en/1"]);
    place.fails(&["lab", "run", "interview", "--data", "none"], &["none", "--data"]);
}

#[test]
fn a_supporter_asks_or_advises() {
    let place = Place::empty();
    let data = format!("{}/esconv/sample", datasets());
    let run = ["lab", "run", "ask-or-advise", "--data", &data];
    let table = place.json(&run);
    let rows = table["rows"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row["method"].as_str().unwrap()).collect();
    assert_eq!((names, &rows[0]["n"]), (vec!["ask-or-advise", "majority"], &13.into()));
    let figure = |row: usize| rows[row]["metrics"]["macro_f1"].as_f64().unwrap();
    assert!(figure(0) > figure(1), "{table}");
    let some = place.json(&[&run[..], &["--items", "test", "--limit", "3"]].concat());
    assert_eq!((&some["rows"][0]["n"], &some["data"]["items"]), (&3.into(), &1.into()));
    place.fails(&[&run[..], &["--items", "train"]].concat(), &["train", "dev, test"]);
    place.fails(&["lab", "run", "ask-or-advise", "--data", "none"], &["none", "--data"]);
}

#[test]
fn what_is_withheld_reaches_no_prompt_and_a_name_changes_none() {
    let place = Place::empty();
    let data = format!("{}/guard/sample", datasets());
    let run = ["lab", "run", "guard", "--data", &data, "--method", "bm25,full-context,secom-bm25"];
    let table = place.json(&run);
    for row in table["rows"].as_array().unwrap() {
        let metrics = &row["metrics"];
        // Four questions of each of three persons; four requests of each of six pairs, of names and of identities.
        assert_eq!((&row["n"], &metrics["leaks"]), (&60.into(), &0.0.into()), "{row}");
        assert!(metrics["leaks_without"].as_f64().unwrap() > 0.5, "{row}");
        assert_eq!(row["by_category"]["names"]["same_prompt"], 1.0, "{row}");
        assert!(metrics["reply_differs"].is_null());
    }
    let pairs = place.json(&[&run[..], &["--items", "pairs", "--limit", "1"]].concat());
    assert_eq!((&pairs["rows"][0]["n"], &pairs["rows"][0]["metrics"]["leaks"]), (&12.into(), &serde_json::Value::Null));
    place.fails(&[&run[..], &["--items", "names"]].concat(), &["withheld, pairs"]);
    place.fails(&["lab", "run", "guard", "--data", "none", "--method", "bm25"], &["none", "--data"]);
}

#[test]
fn a_gate_is_measured_where_what_is_remembered_helps_and_where_it_does_not() {
    let place = Place::empty();
    let data = format!("{}/prefeval/sample", datasets());
    let run = ["lab", "run", "prefeval-gate", "--data", &data];
    let bm25 = include_str!("../../../../methods/bm25.toml").replace("id = \"bm25\"", "id = \"gated\"");
    let gate = "\n[respond]\ngate = { strategy = \"benefit\", answerable = 1.0, threshold = 1.0 }\n";
    let gated = place.file("gated.toml", bm25 + gate);
    let table = place.json(&[&run[..], &["--method", &format!("{gated},bm25")]].concat());
    let metric = |row: usize, name: &str| table["rows"][row]["metrics"][name].as_f64();
    // Twelve preferences in three forms, each asked of its own topic and of the next one.
    assert_eq!(
        (&table["rows"][0]["n"], metric(0, "opened"), metric(1, "helped")),
        (&72.into(), Some(0.0), metric(0, "helped"))
    );
    assert!(
        metric(1, "opened") > Some(0.0) && metric(0, "fit_answerable").is_some() && metric(1, "fit_bias").is_none()
    );
    let one = place.json(&[&run[..], &["--method", "bm25", "--limit", "1"]].concat());
    assert_eq!(one["rows"][0]["n"], 18);
}

#[test]
fn characters_need_a_chat_model_to_talk() {
    let place = Place::empty();
    let data = format!("{}/psyplay/sample.json", datasets());
    let run = ["lab", "run", "psyplay", "--data", &data, "--method", "bm25"];
    place.fails(&run, &["a reply needs a chat model"]);
    place.fails(&[&run[..], &["--items", "kindness"]].concat(), &["openness"]);
    let endpoint = crate::endpoint::Endpoint::start(|_| Some("What a party!".to_owned()));
    let model = ["--items", "extraversion", "--limit", "1", "--chat-url", &endpoint.url, "--chat-model", "small"];
    let row = &place.json(&[&run[..], &model].concat())["rows"][0];
    assert_eq!((&row["n"], &row["metrics"]["portrayed"], endpoint.asked().len()), (&1.into(), &0.5.into(), 8));
}

#[test]
fn traits_and_emotions_are_held_against_the_most_frequent() {
    let place = Place::empty();
    let data = format!("{}/cped/sample", datasets());
    let run = ["lab", "run", "traits", "--data", &data];
    let table = place.json(&run);
    let rows = table["rows"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row["method"].as_str().unwrap()).collect();
    // Five traits of six speakers, and the emotion of 31 utterances; one speaker is not known.
    assert_eq!((names, &rows[0]["n"]), (vec!["ngram-centroids", "majority"], &(5 * 6 + 31).into()));
    for metric in ["emotion", "big_five"] {
        let figure = |row: usize| rows[row]["metrics"][metric].as_f64().unwrap();
        assert!(figure(0) > figure(1), "{table}");
    }
    assert_eq!(place.json(&[&run[..], &["--limit", "6"]].concat())["rows"][0]["n"], 6 * 6);
    place.fails(&[&run[..], &["--items", "test"]].concat(), &["test", "valid"]);
    place.fails(&["lab", "run", "traits", "--data", "none"], &["none", "--data"]);
}

#[test]
fn committed_rows_on_the_sample_hold() {
    let place = Place::empty();
    let rows = [
        "sample-bm25",
        "xpersona-sample-bm25",
        "tiage-sample-bm25",
        "tadam-seg-sample-bm25",
        "asking-sample",
        "personamem-profile",
        "cts-sample",
        "interview-rules",
        "ask-or-advise-sample",
        "guard-bm25",
        "traits-sample",
    ];
    place.ok(&[&["lab", "reproduce", "--samples", &datasets()], &rows[..]].concat());
}

#[test]
fn a_row_whose_data_are_not_there_takes_no_other_with_it() {
    let place = Place::empty();
    let (samples, none) = (datasets(), place.dir.path().join("none").display().to_string());
    let rows = ["lab", "reproduce", "--samples", &samples, "--data", &none, "locomo-bm25"];
    place.fails(&rows, &["none", "locomo"]);
    let ran = place.run(&[&rows[..], &["sample-bm25"]].concat());
    assert!(ran.out.contains("sample-bm25") && !ran.out.contains("locomo-bm25"), "{}", ran.out);
    ran.failed(&["locomo-bm25: not measured", "none", "sample-bm25: OK (", "1 of 2 rows could not be measured"]);
    place.fails(&["lab", "reproduce", "sample-bm25", "nothing"], &["no row \"nothing\"", "sample-bm25"]);
}
