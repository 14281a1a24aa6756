//! Every query about persons names its person, so that it can be answered where that person's rows are.
//!
//! What the store asked a server is read from the server's log, with the plan of each statement: every table of persons' data
//! is looked up by tenant and person, or the statement is one of the few that are named here. A statement in the sources that
//! the server was never asked is a failure as well, so that none that comes later is missed.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use kithkin_core::{DerivationId, Store, UnitId, VectorSpace};
use kithkin_store::{Keyring, PostgresStore};
use serde_json::Value;

use crate::cluster::Cluster;
use crate::encrypted::master;
use crate::operations::{How, Op, What, apply, scope};
use crate::postgres::name_of;

/// The settings of a server that writes down all that it is asked, and how it answers it.
pub(crate) const RECORDED: &str = "fsync = off
    logging_collector = on
    log_destination = jsonlog
    log_filename = 'asked.log'
    log_statement = all
    session_preload_libraries = auto_explain
    auto_explain.log_min_duration = 0
    auto_explain.log_format = json
    auto_explain.log_verbose = on";

/// Statements that look at more than one person's rows: a part of each, and why it may.
const OF_SEVERAL: [(&str, &str); 4] = [
    ("SELECT tenant FROM person UNION SELECT tenant FROM erasure", "a copy of a store asks for its tenants"),
    ("SELECT person FROM person WHERE tenant = $1 ORDER BY person", "the names of a tenant's persons"),
    ("FROM person AS p CROSS JOIN LATERAL", "the list of a tenant's persons, a page at a time"),
    ("NOT EXISTS (SELECT 1 FROM person)", "a store is noted as encrypted only before anybody is in it"),
];

/// What a line of the server's log is about.
struct Asked {
    by: String,
    /// The statement.
    text: String,
    /// How it was answered, where that was by a plan.
    plan: Option<Value>,
}

/// What the server was asked, from so many bytes of its log on, and how many there are by now. No two calls have the same `end`.
fn asked(cluster: &Cluster, from: usize, end: &str) -> (Vec<Asked>, usize) {
    cluster.run("postgres", &format!("SELECT '{end}'"));
    let deadline = Instant::now() + Duration::from_secs(30);
    let log = loop {
        let log = std::fs::read_to_string(cluster.data().join("log/asked.json")).unwrap_or_default();
        if log.ends_with('\n') && log[from..].contains(end) {
            break log;
        }
        assert!(Instant::now() < deadline, "the server writes no log");
        std::thread::sleep(Duration::from_millis(20));
    };
    (log[from..].lines().filter_map(read).collect(), log.len())
}

fn read(line: &str) -> Option<Asked> {
    let line: Value = serde_json::from_str(line).unwrap();
    let by = line["application_name"].as_str().unwrap_or_default().to_owned();
    let message = line["message"].as_str().unwrap_or_default();
    if let Some((_, plan)) = message.split_once("plan:\n") {
        let plan: Value = serde_json::from_str(plan).unwrap();
        return Some(Asked {
            by,
            text: in_a_line(plan["Query Text"].as_str().unwrap()),
            plan: Some(plan["Plan"].clone()),
        });
    }
    let (what, text) = message.split_once(": ")?;
    let is_statement = what == "statement" || what.starts_with("execute ");
    is_statement.then(|| Asked { by, text: in_a_line(text), plan: None })
}

fn in_a_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The tables of persons' data that a plan looks at without their key.
fn without_key(plan: &Value, tables: &BTreeSet<String>, found: &mut BTreeSet<String>) {
    let relation = plan["Relation Name"].as_str().unwrap_or_default();
    let table = relation.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
    let is_scan = plan["Node Type"].as_str().unwrap_or_default().ends_with("Scan");
    if is_scan && plan["Schema"] == "kithkin" && tables.contains(table) {
        let conditions = ["Index Cond", "Recheck Cond", "Filter"].map(|name| plan[name].as_str().unwrap_or_default());
        let names = |column: &str| conditions.iter().any(|condition| condition.contains(&format!("{column} = ")));
        if !names("tenant") || !names("person") {
            found.insert(table.to_owned());
        }
    }
    for below in plan["Plans"].as_array().into_iter().flatten() {
        without_key(below, tables, found);
    }
}

/// The statements of one asker that look at persons' data without its key.
fn statements_without_key(asked: &[Asked], by: &str, tables: &BTreeSet<String>) -> BTreeSet<String> {
    let of_asker = asked.iter().filter(|asked| asked.by == by);
    let lacks = |asked: &&Asked| {
        let mut found = BTreeSet::new();
        asked.plan.iter().for_each(|plan| without_key(plan, tables, &mut found));
        !found.is_empty()
    };
    of_asker.filter(lacks).map(|asked| asked.text.clone()).collect()
}

/// The texts between quotes in a source, up to its tests.
fn literals(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap();
    let code: String =
        code.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|l| [l, "\n"]).collect();
    let (mut found, mut chars) = (Vec::new(), code.chars());
    while let Some(c) = chars.next() {
        if c != '"' {
            continue;
        }
        let mut literal = String::new();
        while let Some(c) = chars.next() {
            match c {
                '"' => break,
                // Of what is escaped, SQL has the end of a line alone.
                '\\' => literal.extend(chars.next().filter(|c| c.is_whitespace())),
                c => literal.push(c),
            }
        }
        found.push(literal);
    }
    found
}

/// The statements of a source, or pieces of some, that the server was never asked.
fn never_asked(source: &str, asked: &[Asked]) -> Vec<String> {
    const WORDS: [&str; 14] = [
        "SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "FROM", "JOIN", "TRUNCATE", "LOCK", "VACUUM",
        "CREATE", "ALTER", "DROP",
    ];
    let is_sql = |text: &String| text.split(|c: char| !c.is_ascii_alphabetic()).any(|word| WORDS.contains(&word));
    let texts: BTreeSet<&str> = asked.iter().map(|asked| asked.text.as_str()).collect();
    let was_asked = |literal: &String| {
        // A statement that is put together has its values between braces.
        let pieces: Vec<String> =
            literal.split('{').map(|piece| in_a_line(piece.rsplit('}').next().unwrap())).collect();
        texts.iter().any(|text| pieces.iter().all(|piece| text.contains(piece.as_str())))
    };
    literals(source).into_iter().filter(is_sql).filter(|literal| !was_asked(literal)).collect()
}

/// What the conformance suite does not ask.
fn the_rest(store: &dyn Store) {
    let told = |n| (0, n, 1);
    let ops = [
        Op::Append(vec![(0, vec![told(1), told(2)])], 1_700_000_000_000),
        Op::PutVectors(0, 0, vec![(false, 1, 1), (false, 2, 1)]),
        Op::Derive(0),
        Op::Erase(0, What::Session(0), How::Counted),
        Op::Compact,
    ];
    for op in ops {
        apply(store, &op).unwrap();
    }
    store.mend(&scope(0), &[UnitId::Turn(kithkin_core::Seq(1))]).unwrap();
    store.clock().unwrap();
    store.drop_other_vectors(&scope(0), &VectorSpace("none".to_owned())).unwrap();
    store.drop_other_memories(&scope(0), &DerivationId("none".to_owned())).unwrap();
    store.scan_derived(&scope(0), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

/// Checks what a server was asked that has been [`RECORDED`] while the conformance suite ran, as its administrator: row-level
/// security does not bind them, so that a plan has what the statement says and no more.
pub(crate) fn check(cluster: &Cluster) {
    let address = cluster.database();
    the_rest(&PostgresStore::create(&address).unwrap());
    // A keyring is a schema of its own that names nobody; of its statements only those are followed that say nothing of it.
    Keyring::create_database(&cluster.database(), &master('a')).unwrap();
    let database = name_of(&address);
    let tables = "SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
                   WHERE relnamespace = 'kithkin'::regnamespace AND relkind = 'p' AND attname = 'person'";
    let tables: BTreeSet<String> = cluster.run(database, tables).lines().map(str::to_owned).collect();
    assert_eq!(tables.len(), 12, "{tables:?}");
    let functions = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'kithkin'::regnamespace";
    assert_eq!(cluster.run(database, functions), "0", "what a function asks would not be in the log");

    let (found, end) = asked(cluster, 0, "all was asked");
    let of_several = statements_without_key(&found, "kithkin", &tables);
    for statement in &of_several {
        let is_excepted = OF_SEVERAL.iter().any(|(part, _)| statement.contains(part));
        assert!(is_excepted, "a table is looked at without tenant and person by: {statement}");
    }
    for (part, why) in OF_SEVERAL {
        let is_asked = of_several.iter().any(|statement| statement.contains(part));
        assert!(is_asked, "nothing asks {part} any more ({why}): take it out of the list");
    }
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/postgres")).unwrap() {
        let path = entry.unwrap().path();
        let mut never = never_asked(&std::fs::read_to_string(&path).unwrap(), &found);
        never.retain(|statement| !statement.contains("kithkin_keyring"));
        assert!(never.is_empty(), "{} has what nothing here asks: {never:#?}", path.display());
    }

    // What a statement would look like that forgot the person, or that nothing runs.
    let planted = [
        "SELECT text FROM turn WHERE seq = 1",
        "SELECT text FROM turn WHERE tenant = 't' AND seq = 1",
        "DELETE FROM vector WHERE person = 'a'",
        "UPDATE memory SET kind = kind FROM turn WHERE memory.tenant = 't' AND memory.person = 'a' AND turn.seq = memory.id",
        "INSERT INTO binding SELECT tenant, person, '', '', '' FROM person WHERE tenant = 't'",
    ];
    for statement in planted {
        cluster.run(database, &format!("SET search_path = kithkin; {statement}"));
    }
    cluster.run(database, "SET search_path = kithkin; SELECT text FROM turn WHERE tenant = 't' AND person = 'a'");
    let (found_planted, _) = asked(cluster, end, "all was planted");
    assert_eq!(statements_without_key(&found_planted, "psql", &tables).len(), planted.len());
    let source = "fn later() { session.query(\"SELECT text FROM turn\n   WHERE seq = $1\", &[&seq]) }";
    assert_eq!(never_asked(source, &found).len(), 1);
}
