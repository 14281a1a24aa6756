//! One connection: how it is set up, whose rows it may see, and its prepared statements.
//!
//! When it is used, and what its errors mean, is not decided here.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use kithkin_core::{PersonId, Scope, TenantId};
use tokio_postgres::types::{FromSql, ToSql};
use tokio_postgres::{Client, Row, Statement};

use super::address::Address;
use super::connection::{Fault, said};
use super::link::Link;

/// What every connection is told first: the tables' schema; plans that are made once, since all go by key; no work for a node
/// that is gone; and, of each commit, that it is on the disk when it returns.
const SETTINGS: &str = "SET search_path = kithkin; SET plan_cache_mode = force_generic_plan; SET jit = off;
    SET client_connection_check_interval = '1s'; SET synchronous_commit = on; SET client_min_messages = warning;";

/// How long a lock and a statement are waited for, and others wait for a transaction that does nothing: what the operator has
/// set, for the role, the database or the server, or else this.
const LIMITS: &str = "SELECT set_config(name, CASE WHEN reset_val <> boot_val THEN reset_val ELSE value END, false)
       FROM pg_settings JOIN (VALUES ('lock_timeout', '10s'), ('statement_timeout', '120s'),
                                     ('idle_in_transaction_session_timeout', '60s')) AS ours (name, value) USING (name)";

/// One connection.
pub(super) struct Session {
    link: Link,
    client: Client,
    statements: HashMap<&'static str, Statement>,
    /// Whose rows row-level security lets it see.
    sees: Option<(TenantId, Option<PersonId>)>,
}

impl Session {
    /// Connects.
    pub(super) fn open(address: &Address) -> Result<Self, Fault> {
        let (link, client) = Link::connect(address)?;
        let mut session = Self { link, client, statements: HashMap::new(), sees: None };
        session.run(SETTINGS)?;
        session.run(LIMITS)?;
        let limit = "SELECT setting::bigint FROM pg_settings WHERE name = 'statement_timeout'";
        let limit = session.first(limit, &[])?.map(|row| number(&row, 0)).transpose();
        let limit = limit.map_err(|why| Fault::damaged("statement_timeout", why))?.map(Duration::from_millis);
        session.link.expect_answers_within(limit);
        Ok(session)
    }

    /// Ends it, as the server expects it to.
    pub(super) fn close(self) {
        let Self { link, client, .. } = self;
        drop(client);
        link.end();
    }

    /// Lets it see the rows of a person.
    pub(super) fn see(&mut self, scope: &Scope) -> Result<(), Fault> {
        self.see_rows(&scope.tenant, Some(&scope.person))
    }

    /// Lets it see the rows of a tenant's persons.
    pub(super) fn see_tenant(&mut self, tenant: &TenantId) -> Result<(), Fault> {
        self.see_rows(tenant, None)
    }

    fn see_rows(&mut self, tenant: &TenantId, person: Option<&PersonId>) -> Result<(), Fault> {
        if self.sees.as_ref().is_some_and(|(t, p)| t == tenant && p.as_ref() == person) {
            return Ok(());
        }
        self.sees = None;
        let name = person.map_or("", PersonId::as_str);
        self.query(
            "SELECT set_config('kithkin.tenant', $1, false), set_config('kithkin.person', $2, false)",
            &[&tenant.as_str(), &name],
        )?;
        self.sees = Some((tenant.clone(), person.cloned()));
        Ok(())
    }

    fn prepared(&mut self, sql: &'static str) -> Result<Statement, Fault> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.link.wait(self.client.prepare(sql))?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    /// All rows at once.
    pub(super) fn query(&mut self, sql: &'static str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Fault> {
        let statement = self.prepared(sql)?;
        self.link.wait(self.client.query(&statement, values))
    }

    /// One row, if there is one.
    pub(super) fn first(&mut self, sql: &'static str, values: &[&(dyn ToSql + Sync)]) -> Result<Option<Row>, Fault> {
        let statement = self.prepared(sql)?;
        self.link.wait(self.client.query_opt(&statement, values))
    }

    /// How many rows it changed.
    pub(super) fn execute(&mut self, sql: &'static str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, Fault> {
        let statement = self.prepared(sql)?;
        self.link.wait(self.client.execute(&statement, values))
    }

    /// Visits the rows as they come.
    pub(super) fn each(
        &mut self,
        sql: &'static str,
        values: &[&(dyn ToSql + Sync)],
        mut visit: impl FnMut(&Row) -> Result<ControlFlow<()>, Fault>,
    ) -> Result<ControlFlow<()>, Fault> {
        let statement = self.prepared(sql)?;
        let mut rows = pin!(self.link.wait(self.client.query_raw(&statement, values.iter().copied()))?);
        while let Some(row) = self.link.wait(rows.try_next())? {
            if visit(&row)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Takes back what is under way, as far as the connection still answers.
    pub(super) fn roll_back(&mut self) {
        // What it sees goes back with the rest.
        self.sees = None;
        let _ = self.run("ROLLBACK");
    }

    /// Whether the connection is known to be gone.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Runs statements without values, each of which takes as long as it takes.
    pub(super) fn run_unlimited(&mut self, statements: impl IntoIterator<Item = impl AsRef<str>>) -> Result<(), Fault> {
        self.run("SET statement_timeout = 0")?;
        let limit = self.link.expect_answers_within(None);
        let done = statements.into_iter().try_for_each(|sql| self.run(sql.as_ref()));
        self.link.expect_answers_within(limit);
        done?;
        self.run(LIMITS)
    }

    /// Statements without values.
    pub(super) fn run(&mut self, sql: &str) -> Result<(), Fault> {
        self.link.wait(self.client.batch_execute(sql))
    }
}

/// A number as PostgreSQL keeps it. Nothing has a number beyond its range, so the highest stands for all those.
pub(super) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A column of a row, read or said what is wrong.
pub(super) fn column<'a, T: FromSql<'a>>(row: &'a Row, at: usize) -> Result<T, String> {
    row.try_get(at).map_err(|error| said(&error))
}

/// A number that is never negative.
pub(super) fn number(row: &Row, at: usize) -> Result<u64, String> {
    let number: i64 = column(row, at)?;
    u64::try_from(number).map_err(|_| format!("{number} is negative"))
}
