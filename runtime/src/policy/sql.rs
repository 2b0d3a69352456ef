//! Databases that an agent may query: which tables, what it may do with them, and which columns it
//! never sees.

mod advice;
mod functions;
mod name;
mod read;

use std::{borrow::Cow, path::PathBuf, time::Duration};

pub(super) use advice::Sql;
pub(crate) use functions::{is_safe_function, is_safe_type};
use name::TableName;
pub use name::TablePattern;
pub(super) use read::read;

use crate::{
    policy::{Authority, ByName, Decision, Denial, Listed, Pattern, Request},
    source::Place,
};

/// What an agent asks to do with a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlAction {
    /// Use it at all.
    Connect,
    /// Read rows of a table.
    Read,
    /// Add rows to a table.
    Insert,
    /// Change rows of a table.
    Update,
    /// Take rows out of a table.
    Delete,
    /// Call a function in a statement.
    Call,
}

impl SqlAction {
    /// All of them.
    pub(super) const ALL: [Self; 6] = [Self::Connect, Self::Read, Self::Insert, Self::Update, Self::Delete, Self::Call];

    /// The word in a request.
    pub fn word(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Read => "read",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Call => "call",
        }
    }
}

/// Where a database is. What it takes to connect is never in a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// The connection string is in this variable of the host.
    Env(String),
    /// An SQLite file of the host.
    File {
        /// The file.
        host: PathBuf,
        /// The file as the policy writes it.
        written: String,
    },
}

/// What may be done with the rows of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableAccess {
    /// Reading them.
    pub read: bool,
    /// Adding new ones, without seeing those that are there.
    pub append: bool,
    /// Everything: reading, adding, changing, taking out.
    pub write: bool,
}

impl TableAccess {
    fn allows(self, action: SqlAction) -> bool {
        match action {
            SqlAction::Read => self.read || self.write,
            SqlAction::Insert => self.append || self.write,
            SqlAction::Update | SqlAction::Delete => self.write,
            SqlAction::Connect | SqlAction::Call => false,
        }
    }
}

/// One entry of `tables`.
#[derive(Clone, Debug, PartialEq)]
pub struct TableGrant {
    /// Which tables.
    pub pattern: TablePattern,
    /// What may be done with them.
    pub access: TableAccess,
    /// The policy line.
    pub place: Place,
}

/// One entry of `hidden`.
#[derive(Clone, Debug, PartialEq)]
pub struct HiddenColumns {
    /// Which tables.
    pub pattern: TablePattern,
    /// Which columns of them; in lower case.
    pub columns: Vec<Pattern>,
    /// The policy line.
    pub place: Place,
}

impl ByName for TableGrant {
    fn begins(&self) -> &str {
        self.pattern.begins()
    }
}

impl ByName for HiddenColumns {
    fn begins(&self) -> &str {
        self.pattern.begins()
    }
}

/// One database.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseGrant {
    /// The name by which an agent asks for it.
    pub name: String,
    /// Where it is; nowhere in a ceiling.
    pub url: Option<DatabaseUrl>,
    /// What may be done with which tables.
    pub tables: Listed<TableGrant>,
    /// The columns that are never seen.
    pub hidden: Listed<HiddenColumns>,
    /// Functions that may be called, and types that may be named, beside those that are safe
    /// everywhere. With their schema, unless it is the default one.
    pub functions: Vec<String>,
    /// The role that statements run as; PostgreSQL has them.
    pub role: Option<String>,
    /// The most rows that one statement may give.
    pub rows: u64,
    /// How long one statement may take.
    pub time: Duration,
    /// The policy line.
    pub place: Place,
}

impl DatabaseGrant {
    /// The entry of `tables` that is about `table`: the most specific, of two alike the later.
    fn table(&self, table: &str) -> Option<&TableGrant> {
        let name = TableName::parse(table).ok()?;
        let candidates = self.tables.candidates(name.table()).map(|place| (place, &self.tables[place]));
        let fitting = candidates.filter(|(_, grant)| grant.pattern.fits(&name));
        fitting.max_by_key(|(place, grant)| (grant.pattern.specificity(), *place)).map(|(_, grant)| grant)
    }

    /// The entry of `hidden`, and the pattern in it, that keeps `column` of `table` from being seen.
    /// The column `*` stands for all of them.
    fn hides(&self, table: &str, column: &str) -> Option<(&HiddenColumns, &Pattern)> {
        let column = column.to_ascii_lowercase();
        let hidden = |pattern: &&Pattern| column == "*" || pattern.matches(&column, &column);
        let name = TableName::parse(table).ok()?;
        let candidates = self.hidden.candidates(name.table()).map(|place| (place, &self.hidden[place]));
        let entries = candidates.filter(|(_, entry)| entry.pattern.fits(&name));
        let hiding = entries.filter_map(|(place, entry)| Some((place, (entry, entry.columns.iter().find(hidden)?))));
        hiding.min_by_key(|(place, _)| *place).map(|(_, found)| found)
    }

    fn may_write(&self) -> bool {
        self.tables.iter().any(|grant| grant.access.append || grant.access.write)
    }
}

impl Authority {
    /// The databases that the agent's own grants name.
    pub fn databases(&self) -> &[DatabaseGrant] {
        self.grants.databases.as_deref().unwrap_or_default()
    }

    /// The database called `name` in the agent's own grants and in every ceiling that has it.
    fn everywhere<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a DatabaseGrant> {
        let ceilings = self.ceilings.iter().filter_map(|ceiling| ceiling.grants.databases.as_deref());
        let lists = std::iter::once(self.databases()).chain(ceilings);
        lists.flatten().filter(move |grant| grant.name == name)
    }

    /// The most rows that a statement may give, and how long it may take: the least that any grant
    /// says.
    pub fn database_bounds(&self, name: &str) -> (u64, Duration) {
        let least = |(rows, time): (u64, Duration), grant: &DatabaseGrant| (rows.min(grant.rows), time.min(grant.time));
        self.everywhere(name).fold((read::MAX_ROWS, read::MAX_TIME), least)
    }

    /// Whether any column of `table` is hidden.
    pub fn hides_columns(&self, database: &str, table: &str) -> bool {
        self.everywhere(database).any(|grant| grant.hides(table, "*").is_some())
    }

    /// Whether a statement could change anything in the database.
    pub fn may_write_database(&self, name: &str) -> bool {
        self.everywhere(name).all(DatabaseGrant::may_write)
    }
}

/// Decides about a request of this capability; any other is denied.
pub(super) fn decide(grants: &[DatabaseGrant], request: &Request<'_>) -> Decision {
    let Request::Sql { database, action, table, column } = request else {
        return Decision::Denied(Denial::new("sql.not-granted", request));
    };
    let Some(grant) = grants.iter().find(|grant| grant.name == *database) else {
        return Decision::Denied(Denial::new("sql.not-granted", request).help(entry(database, table, *action)));
    };
    match action {
        SqlAction::Connect => Decision::Allowed(Some(grant.place.clone())),
        SqlAction::Call => decide_call(grant, request, table),
        _ => decide_table(grant, request, *action, table, column.as_deref()),
    }
}

fn decide_call(grant: &DatabaseGrant, request: &Request<'_>, function: &str) -> Decision {
    let default = name::without_default(function);
    if is_safe_function(function) || grant.functions.iter().any(|known| known == default) {
        return Decision::Allowed(Some(grant.place.clone()));
    }
    let listed = grant.functions.iter().map(String::as_str).chain([shown(default)]);
    let listed: Vec<_> = listed.map(|name| format!("\"{}\"", name.escape_debug())).collect();
    let mut help = format!("functions = [{}]   # in the entry of \"{}\"", listed.join(", "), grant.name);
    if default != function {
        help.push_str("; what is PostgreSQL's own is called and granted as `pg_catalog.…`");
    }
    Decision::Denied(Denial::new("sql.function", request).at(&grant.place).help(help))
}

fn decide_table(
    grant: &DatabaseGrant,
    request: &Request<'_>,
    action: SqlAction,
    table: &str,
    column: Option<&str>,
) -> Decision {
    let help = |word| format!("tables = {{ {} = \"{word}\" }}   # in the entry of \"{}\"", key(table), grant.name);
    let Some(entry) = grant.table(table) else {
        let denial = Denial::new("sql.table", request).at(&grant.place);
        return Decision::Denied(denial.help(help(needed(action))));
    };
    if !entry.access.allows(action) {
        let code = if entry.access.append && !entry.access.read { "sql.append-only" } else { "sql.read-only" };
        let word = if action == SqlAction::Insert { "append" } else { "write" };
        return Decision::Denied(Denial::new(code, request).at(&entry.place).help(help(word)));
    }
    match column.and_then(|column| grant.hides(table, column)) {
        Some((hidden, pattern)) => {
            let rest = hidden.columns.iter().filter(|other| *other != pattern);
            let rest: Vec<_> = rest.map(|other| format!("\"{other}\"")).collect();
            let help = format!(
                "name the columns that are needed in the statement; or, in the entry of \"{}\": hidden = {{ {} = [{}] }}",
                grant.name,
                key(table),
                rest.join(", ")
            );
            Decision::Denied(Denial::new("sql.column", request).at(&hidden.place).help(help))
        }
        None => Decision::Allowed(Some(entry.place.clone())),
    }
}

/// The word that allows an action and no more.
fn needed(action: SqlAction) -> &'static str {
    match action {
        SqlAction::Insert => "append",
        SqlAction::Update | SqlAction::Delete => "write",
        SqlAction::Connect | SqlAction::Read | SqlAction::Call => "read",
    }
}

/// The whole entry that would grant a database.
fn entry(database: &str, table: &str, action: SqlAction) -> String {
    let database = shown(database);
    let variable: String =
        database.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    let table = if table.is_empty() || action == SqlAction::Call { "…".into() } else { key(table) };
    format!(
        "databases = [{{ name = \"{}\", url = {{ env = \"{variable}_URL\" }}, tables = {{ {table} = \"{}\" }} }}]",
        database.escape_debug(),
        needed(action)
    )
}

/// As much of a name as a help needs: a guest chooses it.
fn shown(name: &str) -> &str {
    const MAX_SHOWN: usize = 64;
    &name[..name.floor_char_boundary(MAX_SHOWN)]
}

/// A name as a key of TOML.
fn key(name: &str) -> Cow<'_, str> {
    let name = shown(name);
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !name.is_empty() && name.bytes().all(bare) {
        Cow::Borrowed(name)
    } else if name.contains(['\'', '\n', '\r']) || !name.contains('"') {
        Cow::Owned(format!("\"{}\"", name.escape_debug()))
    } else {
        Cow::Owned(format!("'{name}'"))
    }
}

/// Reads the text form of a request: `read orders.customers(ssn)`, `call orders.lower`, `connect orders`.
pub(super) fn parse(text: &str) -> Result<Request<'_>, String> {
    const FORM: &str = "it is `sql connect DATABASE`, `sql call DATABASE.FUNCTION`, or `sql` with `read`, `insert`, \
                        `update` or `delete` and DATABASE.TABLE or DATABASE.TABLE(COLUMN)";
    let (word, what) = text.split_once(' ').ok_or(FORM)?;
    let action = *SqlAction::ALL.iter().find(|action| action.word() == word).ok_or(FORM)?;
    let (database, rest) = what.split_once('.').unwrap_or((what, ""));
    let (table, column) = match rest.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')) {
        Some((table, column)) => (table, Some(column)),
        None => (rest, None),
    };
    let whole = (action == SqlAction::Connect) == table.is_empty();
    if database.is_empty() || !whole || column == Some("") || (column.is_some() && action == SqlAction::Call) {
        return Err(FORM.into());
    }
    Ok(Request::Sql { database: database.into(), action, table: table.into(), column: column.map(Cow::Borrowed) })
}

#[cfg(test)]
mod tests;
