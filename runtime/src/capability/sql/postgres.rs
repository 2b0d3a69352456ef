//! PostgreSQL: each statement in a transaction of its own, read-only where it changes nothing.

mod connect;
mod values;

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    time::Duration,
};

pub(super) use connect::Session;
use tokio_postgres::{Config, IsolationLevel, Statement, Transaction, error::SqlState, types::ToSql};

use crate::{
    capability::{
        network::Network,
        sql::{Cell, Error, Gathered, Job, Rows, ask, too_large, too_many, too_slow},
    },
    policy::{Denial, Request, SqlAction},
    sql::called,
};

/// The most names that a connection remembers to be plain: a program names columns of its own, and few of them.
const MAX_PLAIN: usize = 1024;

/// Runs one statement, and gives the connection back if it can go on.
pub(super) async fn query(
    (config, network): (&Config, &Network),
    session: Option<Session>,
    job: Job,
) -> (Result<Rows, Error>, Option<Session>) {
    let session = match session.filter(Session::is_open) {
        Some(session) => Ok(session),
        None => tokio::time::timeout(job.time, connect::connect(config, network)).await.unwrap_or_else(|_| {
            Err(Error::Database("the database can't be reached: it doesn't answer in time".into()))
        }),
    };
    let mut session = match session {
        Ok(session) => session,
        Err(error) => return (Err(error), None),
    };
    session.refill();
    let rows = run(&mut session, &job).await;
    if session.is_spent() {
        return (Err(too_large()), None);
    }
    let session = Some(session).filter(Session::is_open);
    (rows, session)
}

async fn run(session: &mut Session, job: &Job) -> Result<Rows, Error> {
    let wrong = |error| wrong(&error, job.time);
    let broken = |error: tokio_postgres::Error| match error.code() {
        Some(state) => Error::Database(format!("the database can't be set up (SQLSTATE {})", state.code())),
        None => wrong(error),
    };
    let begin = session.client.build_transaction().isolation_level(IsolationLevel::ReadCommitted);
    let transaction = begin.read_only(!job.checked.writes).start().await.map_err(broken)?;
    transaction.batch_execute(&settings(job)).await.map_err(broken)?;
    let mut columns = Columns { transaction: &transaction, job, known: BTreeMap::new() };
    columns_are_there(&mut columns).await?;
    attributes_are_columns(&mut columns, &mut session.plain).await?;
    let statement = transaction.prepare(&job.checked.text).await.map_err(wrong)?;
    let parameters = values::fit(&job.parameters, statement.params())?;
    let parameters: Vec<_> = parameters.iter().map(|parameter| parameter as &(dyn ToSql + Sync)).collect();
    let columns: Vec<_> = statement.columns().iter().map(|column| column.name().to_owned()).collect();
    let rows = if columns.is_empty() && job.checked.writes {
        let changed = transaction.execute(&statement, &parameters).await.map_err(wrong)?;
        Rows { columns, rows: Vec::new(), changed }
    } else {
        let readable = readable(&transaction, statement, job).await.map_err(wrong)?;
        let rows = fetch(&transaction, &readable, &parameters, job).await?;
        let changed = if job.checked.writes { rows.len() as u64 } else { 0 };
        Rows { columns, rows, changed }
    };
    transaction.commit().await.map_err(wrong)?;
    Ok(rows)
}

/// What holds for the transaction, and for nothing after it. Names without a schema are the server's
/// own alone: a function, an operator or a type that someone has put into `public` is never found.
fn settings(job: &Job) -> String {
    let time = job.time.as_millis();
    let role = job.gate.authority().databases().iter().find(|grant| grant.name == job.database);
    // The policy lets no quote into a role's name.
    let role = role.and_then(|grant| grant.role.as_ref()).map(|role| format!("set local role \"{role}\"; "));
    format!(
        "{}set local statement_timeout = {time}; set local lock_timeout = {time}; \
         set local idle_in_transaction_session_timeout = {}; set local search_path = pg_catalog, pg_temp; \
         set local standard_conforming_strings = on; set local client_min_messages = error; \
         set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres'; set local timezone = 'UTC'",
        role.unwrap_or_default(),
        2 * time,
    )
}

/// Holds each `t.c` to be a column, where `t` has hidden ones: else it would be a function of `t`'s
/// whole row.
async fn columns_are_there(known: &mut Columns<'_>) -> Result<(), Error> {
    let job = known.job;
    for (table, column) in &job.checked.columns {
        let columns = known.of(table).await?;
        if !columns.contains(column) {
            let (database, action) = ((&*job.database).into(), SqlAction::Read);
            let request = Request::Sql { database, action, table: table.into(), column: Some(column.into()) };
            job.gate.deny(Denial::new("sql.column", &request).help("name columns of the table: some are hidden"));
            return Err(Error::Denied(format!("sql.column: `{table}` has no column `{column}`")));
        }
    }
    Ok(())
}

/// Holds each `x.f` to be a column where `f` is a function or a type of the server's that may not be called: it would
/// be that, of `x`. Functions of others are found by their schemas alone, which `x.f` has no place for.
async fn attributes_are_columns(known: &mut Columns<'_>, plain: &mut BTreeSet<String>) -> Result<(), Error> {
    const CALLED: &str = "select proname::text from pg_catalog.pg_proc \
                          where pronamespace = 'pg_catalog'::regnamespace and pronargs > 0 and proname::text = any($1) \
                          union select typname::text from pg_catalog.pg_type \
                          where typnamespace = 'pg_catalog'::regnamespace and typname::text = any($1)";
    let job = known.job;
    let names = job.checked.attributes.iter().map(|attribute| attribute.name.as_str());
    let unknown: BTreeSet<&str> = names.filter(|name| !plain.contains(*name)).collect();
    let unknown = Vec::from_iter(unknown);
    if unknown.is_empty() {
        return Ok(());
    }
    let found = strings(known.transaction, CALLED, &[&unknown], job).await?;
    if plain.len() + unknown.len() <= MAX_PLAIN {
        plain.extend(unknown.iter().filter(|name| !found.contains(**name)).map(|name| (*name).to_owned()));
    }
    for attribute in job.checked.attributes.iter().filter(|attribute| found.contains(&attribute.name)) {
        let mut is_column = attribute.tables.is_some();
        for table in attribute.tables.iter().flat_map(|tables| tables.iter()) {
            is_column &= known.of(table).await?.contains(&attribute.name);
        }
        if !is_column {
            ask(&job.gate, &called(&job.database, &attribute.name))?;
        }
    }
    Ok(())
}

/// The columns of tables, each looked up once for a statement.
struct Columns<'a> {
    transaction: &'a Transaction<'a>,
    job: &'a Job,
    known: BTreeMap<&'a str, BTreeSet<String>>,
}

impl<'a> Columns<'a> {
    async fn of(&mut self, table: &'a str) -> Result<&BTreeSet<String>, Error> {
        const COLUMNS: &str = "select attname::text from pg_catalog.pg_attribute \
                               where attrelid = pg_catalog.to_regclass($1) and attnum > 0 and not attisdropped";
        let columns = match self.known.entry(table) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(strings(self.transaction, COLUMNS, &[&regclass(table)], self.job).await?),
        };
        Ok(columns)
    }
}

/// The texts that a query of ours gives.
async fn strings(
    transaction: &Transaction<'_>,
    query: &str,
    parameters: &[&(dyn ToSql + Sync)],
    job: &Job,
) -> Result<BTreeSet<String>, Error> {
    let rows = transaction.query(query, parameters).await.map_err(|error| wrong(&error, job.time))?;
    Ok(rows.iter().filter_map(|row| row.try_get(0).ok()).collect())
}

/// The name that `to_regclass` finds a table by.
fn regclass(table: &str) -> String {
    let quoted = |part: &str| if part.starts_with('"') { part.to_owned() } else { format!("\"{part}\"") };
    // A dot in quotes belongs to a name.
    let mut inside = false;
    let dot = table.char_indices().find(|(_, c)| {
        inside ^= *c == '"';
        *c == '.' && !inside
    });
    match dot {
        Some((at, _)) => format!("{}.{}", quoted(&table[..at]), quoted(&table[at + 1..])),
        None => format!("\"public\".{}", quoted(table)),
    }
}

/// The statement itself, or around it one that gives each column in a form that is read here.
async fn readable(
    transaction: &Transaction<'_>,
    statement: Statement,
    job: &Job,
) -> Result<Statement, tokio_postgres::Error> {
    let types: Vec<_> = statement.columns().iter().map(tokio_postgres::Column::type_).collect();
    let Some(list) = values::readable(&types) else { return Ok(statement) };
    let names: Vec<_> = (0..types.len()).map(|index| format!("\"c{index}\"")).collect();
    let (names, text) = (names.join(", "), &job.checked.text);
    let around = if job.checked.writes {
        format!("with \"q\" ({names}) as ({text}) select {list} from \"q\"")
    } else {
        format!("select {list} from ({text}) as \"q\" ({names})")
    };
    transaction.prepare_typed(&around, statement.params()).await
}

async fn fetch(
    transaction: &Transaction<'_>,
    statement: &Statement,
    parameters: &[&(dyn ToSql + Sync)],
    job: &Job,
) -> Result<Vec<Vec<Cell>>, Error> {
    let wrong = |error| wrong(&error, job.time);
    let portal = transaction.bind(statement, parameters).await.map_err(wrong)?;
    // One more than may be, to know whether there are more.
    let most = i32::try_from(job.rows + 1).unwrap_or(i32::MAX);
    let rows = transaction.query_portal(&portal, most).await.map_err(wrong)?;
    if rows.len() > job.rows {
        return Err(too_many(job.rows));
    }
    let mut gathered = Gathered::new(job);
    for row in rows {
        gathered.push(values::cells(&row)?)?;
    }
    Ok(gathered.rows)
}

/// What the server says, without what it says about rows, the connection or itself.
fn wrong(error: &tokio_postgres::Error, time: Duration) -> Error {
    let Some(server) = error.as_db_error() else {
        return match std::error::Error::source(error) {
            Some(cause) if cause.is::<values::Unfit>() => Error::Statement(cause.to_string()),
            _ => Error::Database("the connection to the database broke".into()),
        };
    };
    let state = server.code();
    match state.code().get(..2) {
        _ if *state == SqlState::QUERY_CANCELED => too_slow(time),
        _ if *state == SqlState::LOCK_NOT_AVAILABLE => Error::Database("the rows are locked by someone else".into()),
        Some("53" | "54") => Error::Limit(format!("{} (SQLSTATE {})", server.message(), state.code())),
        Some("08" | "57" | "58" | "XX") => Error::Database(format!("the database failed (SQLSTATE {})", state.code())),
        _ => Error::Statement(format!("{} (SQLSTATE {})", server.message(), state.code())),
    }
}
