//! SQLite. What the parsed check allowed is checked again by SQLite itself, access by access.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::{
    Connection, ErrorCode, OpenFlags,
    config::DbConfig,
    hooks::{AuthAction, AuthContext, Authorization},
    limits::Limit,
    types::{ToSqlOutput, Value, ValueRef},
};

use crate::{
    capability::{
        gate::Gate,
        sql::{Cell, Error, Gathered, Job, MAX_CELL, MAX_PARAMETERS, Rows, size, too_long, too_slow},
    },
    policy::{Decision, Denial, Request, SqlAction},
};

/// Between how many instructions SQLite looks at the time.
const STEPS: i32 = 1_000;

/// The most columns of a table, and of rows: as many as SQLite has as it comes. With fewer, one wide table
/// would keep all the others from being read.
const MAX_COLUMNS: i32 = 2_000;

/// Tables that are functions of their arguments.
const FUNCTIONS: [&str; 3] = ["json_each", "json_tree", "generate_series"];

/// Runs one statement, and gives the connection back if it can go on.
pub(super) async fn query(
    path: PathBuf,
    connection: Option<Connection>,
    job: Job,
) -> (Result<Rows, Error>, Option<Connection>) {
    let stop = Arc::new(AtomicBool::new(false));
    // If nobody waits any more, the thread ends too.
    let _stopped = StopOnDrop(stop.clone());
    let work = move || {
        let opened = connection.map_or_else(|| open(&path, job.gate.authority().may_write_database(&job.database)), Ok);
        match opened {
            Ok(mut connection) => (run(&mut connection, &job, &stop), Some(connection)),
            Err(error) => (Err(error), None),
        }
    };
    let broken = |_| (Err(Error::Database("the database can't be used".into())), None);
    tokio::task::spawn_blocking(work).await.unwrap_or_else(broken)
}

struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn open(path: &Path, writes: bool) -> Result<Connection, Error> {
    let access = if writes { OpenFlags::SQLITE_OPEN_READ_WRITE } else { OpenFlags::SQLITE_OPEN_READ_ONLY };
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let set_up = || {
        let connection = Connection::open_with_flags(path, flags)?;
        for (option, on) in [
            (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
            (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
            (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
            (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
        ] {
            connection.set_db_config(option, on)?;
        }
        let bounded = |length: usize| i32::try_from(length).unwrap_or(i32::MAX);
        for (limit, most) in [
            (Limit::SQLITE_LIMIT_LENGTH, bounded(MAX_CELL)),
            (Limit::SQLITE_LIMIT_COLUMN, MAX_COLUMNS),
            (Limit::SQLITE_LIMIT_EXPR_DEPTH, 1_000),
            (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 100),
            (Limit::SQLITE_LIMIT_VDBE_OP, 1_000_000),
            (Limit::SQLITE_LIMIT_FUNCTION_ARG, 100),
            (Limit::SQLITE_LIMIT_ATTACHED, 0),
            (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 500),
            (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, bounded(MAX_PARAMETERS)),
            (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 32),
            (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
        ] {
            connection.set_limit(limit, most)?;
        }
        Ok(connection)
    };
    // SQLite's own message has the path in it.
    set_up().map_err(|_: rusqlite::Error| Error::Database("the database can't be opened".into()))
}

fn run(connection: &mut Connection, job: &Job, stop: &Arc<AtomicBool>) -> Result<Rows, Error> {
    let (deadline, stop) = (Instant::now() + job.time, stop.clone());
    let refused = Arc::new(Mutex::new(None));
    let end = move || stop.load(Ordering::Relaxed) || Instant::now() >= deadline;
    let wrong = |error| wrong(&error, &refused, job.time);
    connection.busy_timeout(job.time).map_err(wrong)?;
    connection.progress_handler(STEPS, Some(end)).map_err(wrong)?;
    if !job.checked.writes {
        let rows = guarded(connection, job, &refused);
        return rows.map_err(|error| error.unwrap_or_else(wrong));
    }
    connection.execute_batch("begin immediate").map_err(wrong)?;
    let rows = guarded(connection, job, &refused).map_err(|error| error.unwrap_or_else(wrong));
    let rows = rows.and_then(|rows| connection.execute_batch("commit").map_err(wrong).map(|()| rows));
    if rows.is_err() {
        // It may have ended the transaction itself.
        let _ended = connection.execute_batch("rollback");
    }
    rows
}

/// What went wrong: ours, or SQLite's.
enum Wrong {
    Ours(Error),
    Sqlite(rusqlite::Error),
}

impl Wrong {
    fn unwrap_or_else(self, read: impl FnOnce(rusqlite::Error) -> Error) -> Error {
        match self {
            Self::Ours(error) => error,
            Self::Sqlite(error) => read(error),
        }
    }
}

impl From<rusqlite::Error> for Wrong {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// What the authorizer refused first, as a sentence.
type Refused = Arc<Mutex<Option<String>>>;

/// Runs the guest's statement under the authorizer, and nothing else.
fn guarded(connection: &mut Connection, job: &Job, refused: &Refused) -> Result<Rows, Wrong> {
    let guard = Guard {
        database: job.database.clone(),
        gate: job.gate.clone(),
        parts: job.checked.parts.clone(),
        refused: refused.clone(),
    };
    connection.authorizer(Some(move |context: AuthContext<'_>| guard.authorize(&context)))?;
    let rows = statement(connection, job);
    connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>)?;
    rows
}

fn statement(connection: &Connection, job: &Job) -> Result<Rows, Wrong> {
    let mut statement = connection.prepare(&job.checked.text)?;
    if !job.checked.writes && !statement.readonly() {
        let denial = Denial::of("sql.statement", format_args!("a change by what only reads in {}", job.database));
        job.gate.deny(denial);
        return Err(Wrong::Ours(Error::Denied("sql.statement: what only reads would change the database".into())));
    }
    for (index, cell) in job.parameters.iter().enumerate() {
        if size(cell) > MAX_CELL {
            return Err(Wrong::Ours(too_long()));
        }
        statement.raw_bind_parameter(index + 1, bound(cell))?;
    }
    let columns: Vec<_> = statement.column_names().map(str::to_owned).collect();
    let mut gathered = Gathered::new(job);
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let cells: Result<Vec<_>, _> = (0..columns.len()).map(|index| row.get_ref(index).map(cell)).collect();
        gathered.push(cells?).map_err(Wrong::Ours)?;
    }
    drop(rows);
    let changed = if job.checked.writes { connection.changes() } else { 0 };
    Ok(Rows { columns, rows: gathered.rows, changed })
}

fn bound(cell: &Cell) -> ToSqlOutput<'_> {
    match cell {
        Cell::Null => ToSqlOutput::Owned(Value::Null),
        Cell::Boolean(flag) => ToSqlOutput::Owned(Value::Integer(i64::from(*flag))),
        Cell::Integer(number) => ToSqlOutput::Owned(Value::Integer(*number)),
        Cell::Real(number) => ToSqlOutput::Owned(Value::Real(*number)),
        Cell::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        Cell::Data(data) => ToSqlOutput::Borrowed(ValueRef::Blob(data)),
    }
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Real(number),
        // SQLite doesn't hold texts to be UTF-8.
        ValueRef::Text(text) => {
            String::from_utf8(text.to_vec()).map_or_else(|error| Cell::Data(error.into_bytes()), Cell::Text)
        }
        ValueRef::Blob(data) => Cell::Data(data.to_vec()),
    }
}

/// Decides about each access that SQLite is about to compile.
struct Guard {
    database: String,
    gate: Gate,
    /// The names that the statement gives to parts of itself: no view is meant by these.
    parts: Vec<String>,
    refused: Refused,
}

impl Guard {
    fn authorize(&self, context: &AuthContext<'_>) -> Authorization {
        // What a view or a trigger does is the operator's doing, who made it.
        let trusted = context.accessor.is_some_and(|name| !self.parts.contains(&name.to_ascii_lowercase()));
        let main = context.database_name.is_none_or(|name| name.eq_ignore_ascii_case("main"));
        match context.action {
            AuthAction::Select | AuthAction::Recursive => Authorization::Allow,
            AuthAction::Read { table_name, .. } if FUNCTIONS.contains(&&*table_name.to_ascii_lowercase()) => {
                Authorization::Allow
            }
            // A part of the statement itself, of which no column is read.
            AuthAction::Read { table_name, column_name: "" }
                if self.parts.contains(&table_name.to_ascii_lowercase()) =>
            {
                Authorization::Allow
            }
            AuthAction::Read { .. }
            | AuthAction::Insert { .. }
            | AuthAction::Update { .. }
            | AuthAction::Delete { .. }
            | AuthAction::Function { .. }
                if trusted && main =>
            {
                Authorization::Allow
            }
            AuthAction::Read { table_name, column_name } if main => {
                self.table(SqlAction::Read, table_name, Some(column_name).filter(|name| !name.is_empty()))
            }
            AuthAction::Insert { table_name } if main => self.table(SqlAction::Insert, table_name, None),
            AuthAction::Update { table_name, column_name } if main => {
                self.table(SqlAction::Update, table_name, Some(column_name))
            }
            AuthAction::Delete { table_name } if main => self.table(SqlAction::Delete, table_name, None),
            AuthAction::Function { function_name } => {
                self.decide(SqlAction::Call, function_name.to_ascii_lowercase(), None)
            }
            other => {
                self.gate.deny(Denial::of("sql.statement", format_args!("{other:?} in {}", self.database)));
                self.refuse("sql.statement: every policy denies it".into())
            }
        }
    }

    fn table(&self, action: SqlAction, table: &str, column: Option<&str>) -> Authorization {
        let table = table.to_ascii_lowercase();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
        let begins = !table.starts_with(|c: char| c.is_ascii_digit());
        let plain = begins && table.bytes().all(plain);
        let table = if plain { table } else { format!("\"{}\"", table.replace('"', "\"\"")) };
        self.decide(action, table, column.map(str::to_ascii_lowercase))
    }

    fn decide(&self, action: SqlAction, table: String, column: Option<String>) -> Authorization {
        let database = (&*self.database).into();
        let request = Request::Sql { database, action, table: table.into(), column: column.map(Into::into) };
        // The first check has asked for the record; this one only looks whether it was right.
        match self.gate.authority().decide(&request) {
            Decision::Allowed(_) => Authorization::Allow,
            Decision::Denied(denial) => {
                let sentence = format!("{}: the policy doesn't grant it: {}", denial.code, denial.request);
                self.gate.deny(denial);
                self.refuse(sentence)
            }
        }
    }

    fn refuse(&self, sentence: String) -> Authorization {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(sentence);
        Authorization::Deny
    }
}

fn wrong(error: &rusqlite::Error, refused: &Refused, time: Duration) -> Error {
    if let Some(sentence) = refused.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Error::Denied(sentence);
    }
    let message = match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        _ => "SQLite can't run it".into(),
    };
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => too_slow(time),
        Some(ErrorCode::TooBig) => too_long(),
        Some(ErrorCode::OutOfMemory | ErrorCode::DiskFull) => Error::Limit(message),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Error::Database("the database is locked by someone else".into())
        }
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::NotADatabase
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::SystemIoFailure
            | ErrorCode::PermissionDenied,
        ) => Error::Database("the database can't be read".into()),
        _ => Error::Statement(message),
    }
}
