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

/// Makes the file at `path` where there is none, to be [opened](open).
pub fn make(path: &Path) -> Result<(), StoreError> {
    let unopened = |error| StoreError::Unopened { path: path.to_path_buf(), error };
    not_special(path).map_err(unopened)?;
    // SQLite itself would let everybody read it.
    OpenOptions::new().append(true).create(true).mode(PRIVATE).open(path).map_err(unopened)?;
    Ok(())
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

/// Opens the file at `path`, and where that is on a read-only disk, to be read alone.
pub fn open_to_read(path: &Path) -> Result<Connection, StoreError> {
    match open(path) {
        Err(StoreError::Unopened { error, .. }) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
            open_archived(path)
        }
        opened => opened,
    }
}

/// Opens a file that nobody can write to: so SQLite needs none of those that it has beside one, and can't have them.
fn open_archived(path: &Path) -> Result<Connection, StoreError> {
    let unopened = |error| StoreError::Unopened { path: path.to_path_buf(), error };
    let read_only = |why: &str| unopened(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, why));
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if Path::new(&log).metadata().is_ok_and(|found| found.len() > 0) {
        return Err(read_only("its disk is read-only, and some of it is in the log beside it: copy both elsewhere"));
    }
    let encode = |byte: u8| match byte {
        b'/' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    let whole = path.canonicalize().map_err(unopened)?;
    let encoded: String = whole.as_os_str().as_encoded_bytes().iter().copied().map(encode).collect();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(format!("file:{encoded}?immutable=1"), flags)?;
    let not_a_store = || StoreError::NotAStore { path: path.to_path_buf() };
    connection.pragma_update(None, "trusted_schema", "off").map_err(|_| not_a_store())?;
    match identity(&connection).map_err(|_| not_a_store())? {
        (APPLICATION, VERSION) => Ok(connection),
        (APPLICATION, later) if later > VERSION => Err(StoreError::Newer { path: path.to_path_buf() }),
        (APPLICATION, _) => Err(read_only("its disk is read-only, and an earlier version made it: copy it elsewhere")),
        _ => Err(not_a_store()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn made(path: &Path) -> Result<Connection, StoreError> {
        make(path)?;
        open(path)
    }

    #[test]
    fn what_nobody_can_write_to_is_read() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("old?mode=rw#100%ü.sqlite");
        drop(made(&path).unwrap());
        let archived = open_archived(&path).unwrap();
        assert!(has_tables(&archived).unwrap());
        assert!(archived.execute("DELETE FROM runs", []).is_err());
        // Nothing was made beside it.
        assert_eq!(here.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn nothing_that_is_only_in_the_log_is_left_out_in_silence() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("runs.sqlite");
        // The log goes when the last one closes the file.
        let open = made(&path).unwrap();
        assert!(open_archived(&path).unwrap_err().to_string().contains("the log beside it"));
        drop(open);
        let earlier = Connection::open(&path).unwrap();
        earlier.pragma_update(None, "user_version", 1).unwrap();
        drop(earlier);
        assert!(open_archived(&path).unwrap_err().to_string().contains("an earlier version"));
        std::fs::write(&path, "my notes").unwrap();
        assert!(matches!(open_archived(&path), Err(StoreError::NotAStore { .. })));
    }
}
