//! The file: made, opened, and told from others.

use std::{
    fs::OpenOptions,
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

/// What is in the file's header: `TBX` and a number. SQLite keeps it for programs to know their files.
const APPLICATION: i32 = 0x5442_5801;

/// The version of the tables. A file of a later one isn't touched.
const VERSION: i32 = 2;

/// What makes a file of version 1 one of this version.
const FROM_VERSION_1: &str = "ALTER TABLE cells ADD COLUMN allowed TEXT";

/// How long another process may take with the file before that is an error.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who may read what agents were given: their owner alone.
const PRIVATE: u32 = 0o600;

/// Why runs can't be kept, or looked at.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such file, or it can't be opened.
    #[error("the store `{path}` can't be opened: {error}")]
    Unopened {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A later version of Turingbox made it.
    #[error("the store `{path}` was made by a later version of turingbox: use that one, or name another `--store`")]
    Newer {
        /// The file.
        path: PathBuf,
    },
    /// It is something else, or damaged.
    #[error("`{path}` is no store of runs, or it is damaged: move it away, or name another `--store`")]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// Another process holds it.
    #[error("another process has held the store for {} seconds: wait for it, or name another `--store`", PATIENCE.as_secs())]
    Locked,
    /// What is written in it can't be read.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// SQLite says so.
    #[error("the store can't be used: {0}")]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error.to_string()),
            _ => Self::Sqlite(error),
        }
    }
}

/// Opens the file at `path`, and makes it where there is none.
pub fn open_or_make(path: &Path) -> Result<Connection, StoreError> {
    let unopened = |error| StoreError::Unopened { path: path.to_path_buf(), error };
    not_special(path).map_err(unopened)?;
    // SQLite itself would let everybody read it.
    OpenOptions::new().append(true).create(true).mode(PRIVATE).open(path).map_err(unopened)?;
    open(path)
}

/// Refuses a device, a pipe or a folder before it is touched: SQLite would write beside it.
fn not_special(path: &Path) -> io::Result<()> {
    match path.metadata() {
        Ok(found) if !found.is_file() => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file")),
        _ => Ok(()),
    }
}

/// Opens the file at `path`.
pub fn open(path: &Path) -> Result<Connection, StoreError> {
    let unopened = |error| StoreError::Unopened { path: path.to_path_buf(), error };
    not_special(path).map_err(unopened)?;
    // SQLite says less about what is wrong.
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(unopened)?;
    let is_new = file.metadata().map_err(unopened)?.len() == 0;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).map_err(StoreError::from).and_then(|mut connection| {
        set_up(&connection, is_new)?;
        check(path, &mut connection)?;
        Ok(connection)
    });
    opened.map_err(|error| match error {
        StoreError::Damaged(_) => StoreError::NotAStore { path: path.to_path_buf() },
        error => error,
    })
}

/// With a write-ahead log, what is committed outlives a kill of the process without waiting for the disk,
/// and readers wait for nobody.
fn set_up(connection: &Connection, is_new: bool) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    if is_new {
        // What is forgotten is given back. It has to be said before anything is written.
        connection.pragma_update(None, "auto_vacuum", "incremental")?;
    }
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "trusted_schema", "off")
}

fn check(path: &Path, connection: &mut Connection) -> Result<(), StoreError> {
    match identity(connection)? {
        (APPLICATION, VERSION) => return Ok(()),
        (APPLICATION, later) if later > VERSION => return Err(StoreError::Newer { path: path.to_path_buf() }),
        (0, 0) | (APPLICATION, 1) => {}
        _ => return Err(StoreError::NotAStore { path: path.to_path_buf() }),
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let change = match identity(&transaction)? {
        // Of two that make it at once, one finds it made.
        (APPLICATION, VERSION) => return Ok(()),
        (APPLICATION, 1) => FROM_VERSION_1,
        _ if has_tables(&transaction)? => return Err(StoreError::NotAStore { path: path.to_path_buf() }),
        _ => include_str!("schema.sql"),
    };
    transaction.execute_batch(change)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    Ok(transaction.commit()?)
}

fn has_tables(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

fn identity(connection: &Connection) -> rusqlite::Result<(i32, i32)> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((pragma("application_id")?, pragma("user_version")?))
}
