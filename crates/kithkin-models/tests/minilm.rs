//! The real weights against vectors computed in 64 bits by another implementation. Without the weights it says so and
//! passes: `make weights` gets them.
#![allow(clippy::print_stderr, clippy::unwrap_used)]

use std::env;
use std::path::PathBuf;

use kithkin_core::Embedder;
use kithkin_models::{Status, find};

const ENGLISH: &str = "Where did Anna spend her summer holiday?";
const CHINESE: &str = "我昨天带我的狗去看了兽医。";
const GERMAN: &str = "Ich habe gestern meinen Hund zum Tierarzt gebracht.";
const LONG: &str = "The river ran past the old mill, and the children counted boats. ";

/// The first eight numbers of each vector.
type Golden<'a> = [(&'a str, [f32; 8])];

fn open(name: &str) -> Option<Box<dyn Embedder>> {
    let cache = || {
        let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        cache.or_else(|| Some(env::home_dir()?.join(".cache"))).map(|c| c.join("kithkin").join("models"))
    };
    let dir = env::var_os("KITHKIN_MODELS").map(PathBuf::from).or_else(cache).unwrap_or_default();
    let spec = find(name).unwrap();
    if let Status::Missing { files } = spec.status(&dir) {
        eprintln!("skipped: no {}; run `{}`", files.join(", "), spec.command());
        return None;
    }
    let model = spec.open(&dir).unwrap();
    assert_eq!((model.model(), model.dims()), (spec.name, spec.dims));
    Some(model)
}

/// Holds each number to the golden one within `far`.
fn check(name: &str, far: f32, golden: &Golden<'_>) {
    let Some(model) = open(name) else { return };
    let texts: Vec<&str> = golden.iter().map(|g| g.0).collect();
    let found = model.embed(&texts).unwrap();
    assert_eq!(found.rows().len(), golden.len());
    for (row, (text, right)) in found.rows().zip(golden) {
        assert!((row.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-5);
        assert!(row.iter().zip(right).all(|(x, y)| (x - y).abs() < far), "{text:?}: {:?}", &row[..8]);
        let alone = model.embed(&[text]).unwrap();
        assert!(row.iter().zip(&alone.data).all(|(x, y)| (x - y).abs() < 1e-5), "{text:?} depends on its neighbours");
    }
}

#[test]
fn minilm_gives_the_golden_vectors() {
    let long = LONG.repeat(40);
    // Weights are rounded to 11 binary digits, and rows and sums of 32 products as well where the processor multiplies such
    // numbers: of a vector of length 1 that is a cosine of .99999.
    #[cfg(target_arch = "x86_64")]
    let in_16_bits = is_x86_feature_detected!("avx512fp16");
    #[cfg(not(target_arch = "x86_64"))]
    let in_16_bits = false;
    check(
        "all-MiniLM-L6-v2",
        if in_16_bits { 3e-4 } else { 1e-4 },
        &[
            (ENGLISH, [0.049175, 0.077952, 0.053293, 0.117949, 0.020558, 0.0121, 0.06463, -0.045551]),
            (CHINESE, [0.034362, 0.087163, 0.107179, -0.024223, 0.021949, 0.044084, 0.121871, -0.00583]),
            (GERMAN, [-0.079771, 0.104335, 0.003149, -0.014763, -0.080668, 0.070005, 0.017505, 0.08546]),
            ("", [-0.118838, 0.048299, -0.002548, -0.011011, 0.051951, 0.010292, 0.115433, 0.000701]),
            (&long, [0.02564, 0.062413, 0.010142, 0.040043, -0.042603, 0.043134, -0.044498, 0.013705]),
        ],
    );
}

#[test]
fn eight_bits_stay_beside_the_floats() {
    let (Some(float), Some(eight)) = (open("all-MiniLM-L6-v2"), open("all-MiniLM-L6-v2-int8")) else { return };
    let long = LONG.repeat(40);
    let mut texts: Vec<String> =
        [ENGLISH, CHINESE, GERMAN, "", LONG, &long, "yes", "Miso 🐈 is 12 today!"].map(str::to_owned).into();
    let (who, what) =
        (["my sister", "the old teacher", "nobody"], ["lost a blue kettle", "ran to the sea", "paid 40 euros"]);
    texts.extend(who.iter().flat_map(|who| what.map(|what| format!("Yesterday {who} {what}, and I was glad."))));
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let (float, eight) = (float.embed(&texts).unwrap(), eight.embed(&texts).unwrap());
    let cosine = |(a, b): (&[f32], &[f32])| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    let cosines: Vec<f32> = float.rows().zip(eight.rows()).map(cosine).collect();
    let mean = cosines.iter().sum::<f32>() / cosines.len() as f32;
    assert!(mean > 0.999 && cosines.iter().all(|c| *c > 0.99), "{mean}: {cosines:?}");
    #[cfg(target_arch = "x86_64")]
    assert!(cosines.iter().any(|c| *c < 0.999_999), "nothing was rounded: {cosines:?}");
}

#[test]
fn static_words_give_the_golden_vectors() {
    let long = LONG.repeat(40);
    check(
        "wordllama-l2-supercat-256",
        1e-4,
        &[
            (ENGLISH, [-0.011009, 0.046815, 0.039447, 0.038505, -0.098483, 0.070027, 0.001967, -0.01584]),
            (CHINESE, [-0.036202, 0.145173, -0.051387, -0.03474, 0.020104, 0.057112, -0.045797, -0.040782]),
            (GERMAN, [-0.042848, 0.090594, -0.057312, -0.116535, 0.149367, -0.131443, 0.03369, -0.123739]),
            ("", [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
            (&long, [-0.02313, 0.098434, 0.015276, 0.059686, -0.076798, 0.011315, -0.064293, 0.140234]),
        ],
    );
}
