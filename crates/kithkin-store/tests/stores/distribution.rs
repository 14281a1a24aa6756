//! The statements that distribute the tables of a store, held to the tables that there are. No engine that distributes is
//! run: its functions are stood in for by ones that write down what they are told, its clauses taken out.

use std::collections::{BTreeMap, BTreeSet};

use kithkin_store::PostgresStore;

use crate::cluster::Cluster;
use crate::postgres::name_of;

const CITUS: &str = include_str!("../../migrations/postgres/distribute/citus.sql");
const YUGABYTEDB: &str = include_str!("../../migrations/postgres/distribute/yugabytedb.sql");

/// The functions of Citus that are called, as tables of what they were told.
const STAND_INS: &str = "
    CREATE TABLE public.distributed (name text, by text, beside text);
    CREATE TABLE public.everywhere (name text);
    CREATE FUNCTION public.create_distributed_table(name regclass, by text, colocate_with text) RETURNS void LANGUAGE sql
        AS 'INSERT INTO public.distributed VALUES ($1::text, $2, $3)' SET search_path = kithkin;
    CREATE FUNCTION public.create_reference_table(name regclass) RETURNS void LANGUAGE sql
        AS 'INSERT INTO public.everywhere VALUES ($1::text)' SET search_path = kithkin";

/// Lines of SQL as a set.
fn rows(cluster: &Cluster, database: &str, sql: &str) -> BTreeSet<String> {
    let shown = cluster.run(database, &format!("SET search_path = kithkin; {sql}"));
    shown.lines().filter(|line| *line != "SET").map(str::to_owned).collect()
}

/// The tables of a store that are no parts; those with a column of this name, or without.
fn tables(cluster: &Cluster, database: &str, column: &str, with: bool) -> BTreeSet<String> {
    let not = if with { "" } else { "NOT" };
    let sql = format!(
        "SELECT relname FROM pg_class WHERE relnamespace = 'kithkin'::regnamespace AND relkind IN ('r', 'p')
            AND NOT relispartition AND {not} EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = '{column}')"
    );
    rows(cluster, database, &sql)
}

#[test]
fn citus_is_told_of_every_table() {
    let cluster = Cluster::start("fsync = off");
    let address = cluster.database();
    let database = name_of(&address);
    PostgresStore::create(&address).unwrap();
    cluster.run(database, STAND_INS);
    // What Citus has in a schema that is always looked through.
    cluster.run(database, &CITUS.replace("search_path = kithkin", "search_path = kithkin, public"));
    let told = |sql: &str| rows(&cluster, database, sql);

    let of_persons = tables(&cluster, database, "person", true);
    assert_eq!(told("SELECT name FROM public.distributed"), of_persons);
    let others = tables(&cluster, database, "person", false);
    let local: BTreeSet<String> = CITUS
        .lines()
        .filter_map(|line| line.strip_prefix("-- local: "))
        .flat_map(|names| names.split(", ").map(str::to_owned))
        .collect();
    let everywhere = told("SELECT name FROM public.everywhere");
    assert_eq!(everywhere.union(&local).cloned().collect::<BTreeSet<_>>(), others);
    assert!(everywhere.is_disjoint(&local));

    // A key that has not the column would hold on each node alone.
    let keys = told(
        "SELECT indexrelid::regclass FROM pg_index JOIN public.distributed ON indrelid = name::regclass
          WHERE indisunique AND NOT EXISTS (SELECT 1 FROM pg_attribute
                WHERE attrelid = indrelid AND attname = by AND attnum = ANY (indkey))",
    );
    assert_eq!(keys, BTreeSet::new());
    // Rows of one person lie together only where the columns are of one type, and the first table begins the group.
    let kinds = told(
        "SELECT DISTINCT by, atttypid::regtype, attcollation::regcollation FROM public.distributed
                        JOIN pg_attribute ON attrelid = name::regclass AND attname = by",
    );
    assert_eq!(kinds.len(), 1, "{kinds:?}");
    assert_eq!(told("SELECT name FROM public.distributed WHERE beside <> 'person'"), ["person".to_owned()].into());
    assert_eq!(
        told("SELECT relname FROM pg_class WHERE relnamespace = 'kithkin'::regnamespace AND relrowsecurity"),
        BTreeSet::new()
    );
}

/// The indexes of the tables of persons' data: what each is, with the number that it has in this database.
fn indexes(cluster: &Cluster, database: &str) -> BTreeMap<String, String> {
    let sql =
        "SELECT pg_get_indexdef(indexrelid) || ';' || indexrelid FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
                WHERE relnamespace = 'kithkin'::regnamespace AND relkind = 'p'";
    let pair = |row: String| row.rsplit_once(';').map(|(what, number)| (what.to_owned(), number.to_owned())).unwrap();
    rows(cluster, database, sql).into_iter().map(pair).collect()
}

#[test]
fn yugabytedb_is_told_of_every_index() {
    let cluster = Cluster::start("fsync = off");
    let address = cluster.database();
    let database = name_of(&address);
    PostgresStore::create(&address).unwrap();
    let before = indexes(&cluster, database);
    let keys = YUGABYTEDB.matches("((tenant, person) HASH").count();
    assert_eq!(keys, before.len(), "each is made anew, by tenant and person");
    let plain = YUGABYTEDB.replace("((tenant, person) HASH", "(tenant, person").replace(" ASC", "");
    cluster.run(database, &plain);
    let after = indexes(&cluster, database);
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>(), "of the same columns");
    let kept: Vec<_> = before.iter().filter(|(what, number)| after[*what] == **number).collect();
    assert!(kept.is_empty(), "{kept:?}");
}
