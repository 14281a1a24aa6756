//! A database that is full, that is slow, or that has too few connections: what was acknowledged stays, what is refused says
//! why, and the same store goes on.

use std::ops::ControlFlow;
use std::time::Duration;

use kithkin_core::{Store, StoreError};
use kithkin_store::PostgresStore;

use crate::cluster::Cluster;
use crate::postgres::{append, log, name_of, scope, turn};

/// A text of 100,000 bytes that cannot be stored in many fewer.
fn long_text(seed: u32) -> String {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'!' + u8::try_from(state >> 26).unwrap())
    };
    (0..100_000).map(|_| next()).collect()
}

#[test]
fn a_full_disk_takes_nothing_back() {
    let cluster = Cluster::start("fsync = off");
    let store = PostgresStore::create(&cluster.database()).unwrap();
    append(&store, "ann", &[turn("first", "hello")]).unwrap();
    // A page that does not fit is written by half. The server's log has files of 16 MiB, and goes on.
    cluster.limit_files(Some((16 << 20) + 4096));
    let mut acknowledged = vec!["first".to_owned()];
    let mut seeds = 0..1_000;
    let (refused, last) = loop {
        let seed = seeds.next().expect("the disk is full some time");
        let told = turn(&seed.to_string(), &long_text(seed));
        match append(&store, "ann", std::slice::from_ref(&told)) {
            Ok(_) => acknowledged.push(seed.to_string()),
            Err(error) => break (error, told),
        }
    };
    assert!(matches!(refused, StoreError::Full { .. }), "{refused:?}");
    assert!(refused.to_string().contains("free some room and do it again"), "{refused}");
    assert!(acknowledged.len() > 100, "{} were written before", acknowledged.len());
    let ids = || log(&store, "ann").iter().map(|stored| stored.turn.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(), acknowledged);
    let again = append(&store, "ann", std::slice::from_ref(&last)).unwrap_err();
    assert!(matches!(again, StoreError::Full { .. }), "{again:?}");

    cluster.limit_files(None);
    append(&store, "ann", std::slice::from_ref(&last)).unwrap();
    acknowledged.push(last.id.to_string());
    assert_eq!(ids(), acknowledged);
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

/// Runs `work` while another session has all persons' counters to itself, which it lets go after it, or in ten seconds.
fn while_locked(cluster: &Cluster, database: &str, work: impl FnOnce()) {
    cluster.run(database, "CREATE TABLE public.released ()");
    std::thread::scope(|threads| {
        let holder = threads.spawn(|| {
            let hold = "DO $$ BEGIN
                LOCK TABLE kithkin.person IN ACCESS EXCLUSIVE MODE;
                FOR n IN 1..500 LOOP EXIT WHEN EXISTS (SELECT FROM public.released); PERFORM pg_sleep(0.02); END LOOP;
            END $$";
            cluster.run(database, hold);
        });
        let held = "SELECT count(*) FROM pg_locks WHERE relation = 'kithkin.person'::regclass AND granted
                       AND mode = 'AccessExclusiveLock'";
        while cluster.run(database, held) == "0" && !holder.is_finished() {}
        work();
        cluster.run(database, "INSERT INTO public.released DEFAULT VALUES");
    });
    cluster.run(database, "DROP TABLE public.released");
}

#[test]
fn a_database_that_is_slow_is_waited_for_as_long_as_its_operator_says() {
    let cluster = Cluster::start("fsync = off");
    let address = cluster.database();
    let database = name_of(&address);
    cluster.run(database, &format!("CREATE ROLE ann LOGIN; GRANT CREATE ON DATABASE {database} TO ann"));
    let address = cluster.address("ann", database);
    drop(PostgresStore::create(&address).unwrap());
    let check = |setting: &str, is_right: &dyn Fn(&StoreError) -> bool| {
        cluster.run(database, &format!("ALTER ROLE ann SET {setting}"));
        let store = PostgresStore::open(&address).unwrap();
        let before = log(&store, "ann").len();
        while_locked(&cluster, database, || {
            let told = append(&store, "ann", &[turn(setting, "hello")]).unwrap_err();
            assert!(is_right(&told), "{setting}: {told:?}");
        });
        assert_eq!(log(&store, "ann").len(), before, "nothing of it was written");
        append(&store, "ann", &[turn(setting, "hello")]).unwrap();
        assert_eq!(log(&store, "ann").len(), before + 1);
        cluster.run(database, "ALTER ROLE ann RESET ALL");
    };
    check("lock_timeout = '300ms'", &|told| matches!(told, StoreError::Busy { waited_ms: 300..5_000, .. }));
    check("statement_timeout = '300ms'", &|told| {
        let told = told.to_string();
        told.contains("statement timeout") && told.contains("pg_stat_activity")
    });

    // Without a word of the operator's, the store's own.
    let shown = "CREATE FUNCTION shown() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''% % %'',
                     current_setting(''lock_timeout''), current_setting(''statement_timeout''),
                     current_setting(''idle_in_transaction_session_timeout''); END';
                 CREATE TRIGGER shown BEFORE INSERT ON kithkin.binding FOR EACH ROW EXECUTE FUNCTION shown()";
    cluster.run(database, shown);
    let store = PostgresStore::open(&address).unwrap();
    let method = kithkin_core::MethodId::new("m").unwrap();
    let derivation = kithkin_core::DerivationId("d".to_owned());
    let binding = kithkin_core::Binding { method, spec: "{}".to_owned(), derivation };
    let told = store.bind(&scope("ann"), &binding).unwrap_err().to_string();
    assert!(told.contains("10s 2min 1min"), "{told}");
}

#[test]
fn too_few_connections_are_waited_for_and_then_named() {
    let cluster = Cluster::start("fsync = off\nmax_connections = 4\nsuperuser_reserved_connections = 1");
    let address = cluster.database();
    cluster.run(name_of(&address), "CREATE ROLE ann LOGIN; GRANT CREATE ON DATABASE d0 TO ann");
    let store = PostgresStore::create(&cluster.address("ann", "d0")).unwrap();
    let mut visits = Vec::new();
    append(&store, "ann", &[turn("1", "hello")]).unwrap();
    // Each visitor holds a connection while it calls the store again.
    fn nested(store: &PostgresStore, depth: usize) -> Result<(), StoreError> {
        let mut inner = Ok(());
        store.scan_turns(&scope("ann"), 0, &mut |_| {
            inner = if depth == 0 { Ok(()) } else { nested(store, depth - 1) };
            ControlFlow::Continue(())
        })?;
        inner
    }
    visits.push(nested(&store, 1));
    visits.push(nested(&store, 8));
    assert!(visits[0].is_ok(), "{visits:?}");
    let refused = visits[1].as_ref().unwrap_err();
    assert!(
        matches!(refused, StoreError::Unreachable { why, .. } if why.contains("raise max_connections")),
        "{refused:?}"
    );
    append(&store, "ann", &[turn("2", "still there")]).unwrap();

    // More callers than the server has connections: each gets its turn.
    std::thread::scope(|threads| {
        for thread in 0..8 {
            let store = &store;
            threads.spawn(move || {
                for count in 0..10 {
                    append(store, &format!("of {thread}"), &[turn(&count.to_string(), "hello")]).unwrap();
                }
            });
        }
    });
    assert!((0..8).all(|thread| log(&store, &format!("of {thread}")).len() == 10));
}

#[test]
fn a_server_that_stands_still_is_waited_for_and_then_told() {
    let cluster = Cluster::start("fsync = off");
    let address = cluster.database();
    let database = name_of(&address);
    cluster.run(database, "CREATE ROLE ann LOGIN; ALTER ROLE ann SET statement_timeout = '4s'");
    cluster.run(database, &format!("GRANT CREATE ON DATABASE {database} TO ann"));
    let address = format!("{}?connect_timeout=1", cluster.address("ann", database));
    // The schema takes longer than that; it may.
    let store = PostgresStore::create(&address).unwrap();
    append(&store, "ann", &[turn("1", "hello")]).unwrap();
    // A second connection, for later.
    let mut ask = |_| {
        store.pulse(&scope("ann")).unwrap();
        ControlFlow::Continue(())
    };
    store.scan_turns(&scope("ann"), 0, &mut ask).unwrap();

    cluster.stand_still(true);
    std::thread::scope(|threads| {
        let waiting = threads.spawn(|| append(&store, "ann", &[turn("2", "hello")]));
        std::thread::sleep(Duration::from_secs(1));
        assert!(!waiting.is_finished());
        cluster.stand_still(false);
        waiting.join().unwrap().unwrap();
    });

    // For longer than anybody waits, and in the middle of a commit.
    let slow =
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(9); RETURN NULL; END';
                CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON kithkin.turn DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION slow()";
    cluster.run(database, slow);
    std::thread::scope(|threads| {
        let committing = threads.spawn(|| append(&store, "ann", &[turn("3", "hello")]));
        let commits = "SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'";
        while cluster.run("postgres", commits) == "0" && !committing.is_finished() {}
        cluster.stand_still(true);
        let reading = threads.spawn(|| store.pulse(&scope("ann")).map(drop));
        let connecting = threads.spawn(|| PostgresStore::open(&address).map(drop));
        let in_doubt = committing.join().unwrap().unwrap_err().to_string();
        assert!(in_doubt.contains("look whether it was written"), "{in_doubt}");
        for waiting in [reading, connecting] {
            let told = waiting.join().unwrap().unwrap_err();
            let is_right =
                matches!(&told, StoreError::Unreachable { why, .. } if why.contains("did not answer within"));
            assert!(is_right, "{told:?}");
        }
        cluster.stand_still(false);
    });
    cluster.run(database, "DROP TRIGGER slow ON kithkin.turn");
    // Whether it was written or not, it is there once when it has been said again.
    append(&store, "ann", &[turn("3", "hello")]).unwrap();
    let ids: Vec<String> = log(&store, "ann").iter().map(|stored| stored.turn.id.to_string()).collect();
    assert_eq!(ids, ["1", "2", "3"]);
}
