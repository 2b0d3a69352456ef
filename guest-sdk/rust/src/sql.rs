//! Databases, by the name that the policy gives them.

/// One value in a row, or a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// No value.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Data(Vec<u8>),
}

/// What a statement gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// What the columns are called.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// How many rows a statement changed; 0 for one that reads.
    pub changed: u64,
}

/// Runs one statement. Values go in as parameters, never as text.
///
/// # Errors
///
/// What the policy denies; a statement that is wrong; a database that fails; a limit.
///
/// # Examples
///
/// ```no_run
/// use turingbox_sdk::sql;
///
/// let rows = sql::query("orders", "select name from items where id = ?", &[7.into()])?;
/// # Ok::<(), sql::Error>(())
/// ```
pub fn query(database: &str, statement: &str, parameters: &[Cell]) -> Result<Rows, Error> {
    ask(database, statement, parameters)
}

/// Why there are no rows; each with a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The policy doesn't grant it.
    Denied(String),
    /// The statement is wrong, or its parameters don't fit.
    Statement(String),
    /// The database can't be reached, or failed.
    Database(String),
    /// Too many rows, too large, too slow.
    Limit(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Denied(why) | Self::Statement(why) | Self::Database(why) | Self::Limit(why)) = self;
        f.write_str(why)
    }
}

impl std::error::Error for Error {}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Boolean(flag)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Cell {
    fn from(data: Vec<u8>) -> Self {
        Self::Data(data)
    }
}

/// None is no value.
impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(target_family = "wasm")]
fn ask(database: &str, statement: &str, parameters: &[Cell]) -> Result<Rows, Error> {
    use crate::bindings::turingbox::agent::sql;
    let lower = |cell: &Cell| match cell.clone() {
        Cell::Null => sql::Cell::Null,
        Cell::Boolean(flag) => sql::Cell::Boolean(flag),
        Cell::Integer(number) => sql::Cell::Integer(number),
        Cell::Real(number) => sql::Cell::Real(number),
        Cell::Text(text) => sql::Cell::Text(text),
        Cell::Data(data) => sql::Cell::Data(data),
    };
    let lift = |cell: sql::Cell| match cell {
        sql::Cell::Null => Cell::Null,
        sql::Cell::Boolean(flag) => Cell::Boolean(flag),
        sql::Cell::Integer(number) => Cell::Integer(number),
        sql::Cell::Real(number) => Cell::Real(number),
        sql::Cell::Text(text) => Cell::Text(text),
        sql::Cell::Data(data) => Cell::Data(data),
    };
    let parameters: Vec<_> = parameters.iter().map(lower).collect();
    match sql::query(database, statement, &parameters) {
        Ok(sql::Rows { columns, rows, changed }) => {
            let rows = rows.into_iter().map(|row| row.into_iter().map(lift).collect()).collect();
            Ok(Rows { columns, rows, changed })
        }
        Err(sql::Error::Denied(why)) => Err(Error::Denied(why)),
        Err(sql::Error::Statement(why)) => Err(Error::Statement(why)),
        Err(sql::Error::Database(why)) => Err(Error::Database(why)),
        Err(sql::Error::Limit(why)) => Err(Error::Limit(why)),
    }
}

#[cfg(not(target_family = "wasm"))]
fn ask(_: &str, _: &str, _: &[Cell]) -> Result<Rows, Error> {
    Err(Error::Database(crate::NO_HOST.into()))
}
