//! A database as a policy writes it, and as it would have to be written to allow more.

use std::fmt;

use crate::{
    document::{key, list, quoted},
    policy::{
        DatabaseGrant, DatabaseUrl, HiddenColumns, Listed, Request, SqlAction, TableAccess, TableGrant, TablePattern,
        limits::time_text,
        sql::{TableName, read},
    },
    source::Place,
};

/// As a policy writes it, without what holds anyway.
impl fmt::Display for DatabaseGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = |grant: &TableGrant| format!("{} = {}", key(&grant.pattern.to_string()), grant.access);
        let columns = |entry: &HiddenColumns| {
            let columns = list(entry.columns.iter().map(|column| column.as_str()));
            format!("{} = {columns}", key(&entry.pattern.to_string()))
        };
        write!(f, "{{ name = {}", quoted(&self.name))?;
        match &self.url {
            Some(DatabaseUrl::Env(name)) => write!(f, ", url = {{ env = {} }}", quoted(name))?,
            Some(DatabaseUrl::File { written, .. }) => write!(f, ", url = {{ file = {} }}", quoted(written))?,
            None => {}
        }
        write!(f, ", tables = {}", inline(self.tables.iter().map(table)))?;
        if !self.hidden.is_empty() {
            write!(f, ", hidden = {}", inline(self.hidden.iter().map(columns)))?;
        }
        if !self.functions.is_empty() {
            write!(f, ", functions = {}", list(&self.functions))?;
        }
        if let Some(role) = &self.role {
            write!(f, ", role = {}", quoted(role))?;
        }
        let (rows, time) = read::unsaid(self.url.is_some());
        if self.rows != rows {
            write!(f, ", rows = {}", self.rows)?;
        }
        if self.time != time {
            write!(f, ", time = \"{}\"", time_text(self.time))?;
        }
        f.write_str(" }")
    }
}

fn inline(entries: impl Iterator<Item = String>) -> String {
    let entries: Vec<_> = entries.collect();
    if entries.is_empty() { "{}".into() } else { format!("{{ {} }}", entries.join(", ")) }
}

/// As a policy writes it: one word, or a list of them.
impl fmt::Display for TableAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [(self.read, "read"), (self.append, "append"), (self.write, "write")];
        let words: Vec<_> = words.into_iter().filter(|(held, _)| *held).map(|(_, word)| word).collect();
        match words.as_slice() {
            [word] => f.write_str(&quoted(word)),
            words => f.write_str(&list(words)),
        }
    }
}

impl TableAccess {
    /// The least that allows `action`.
    pub(super) fn least(action: SqlAction) -> Self {
        let none = Self::default();
        match action {
            SqlAction::Read => Self { read: true, ..none },
            SqlAction::Insert => Self { append: true, ..none },
            SqlAction::Update | SqlAction::Delete => Self { write: true, ..none },
            SqlAction::Connect | SqlAction::Call => none,
        }
    }

    /// What both allow; nothing if that is nothing.
    pub(in crate::policy) fn common(self, other: Self) -> Option<Self> {
        match (self.write, other.write) {
            (true, _) => Some(other),
            (_, true) => Some(self),
            _ => {
                let (read, append) = (self.read && other.read, self.append && other.append);
                (read || append).then_some(Self { read, append, write: false })
            }
        }
    }

    /// What one of the two allows; `write` says all.
    pub(super) fn and(self, other: Self) -> Self {
        match self.write || other.write {
            true => Self { write: true, ..Self::default() },
            false => Self { read: self.read || other.read, append: self.append || other.append, write: false },
        }
    }
}

impl DatabaseGrant {
    /// A database of which nothing is granted yet. `url` is where a policy says that it is; a ceiling
    /// doesn't.
    pub(super) fn bare(name: &str, url: Option<DatabaseUrl>, place: Place) -> Self {
        let (rows, time) = read::unsaid(url.is_some());
        Self {
            name: name.to_owned(),
            url,
            tables: [].into_iter().collect(),
            hidden: [].into_iter().collect(),
            functions: Vec::new(),
            role: None,
            rows,
            time,
            place,
        }
    }

    /// The same, and what else `request` needs of it. None where that can't be written.
    pub(super) fn widened(&self, request: &Request<'_>) -> Option<Self> {
        let Request::Sql { action, table, column, .. } = request else { return None };
        let mut wider = self.clone();
        match action {
            SqlAction::Connect => {}
            SqlAction::Call if self.calls(table) => {}
            SqlAction::Call => {
                wider.functions.push(read::is_function(table).then(|| table.to_string())?);
                wider.functions.sort();
            }
            _ => {
                wider.grant(table, TableAccess::least(*action))?;
                column.iter().for_each(|column| wider.show(table, column));
            }
        }
        Some(wider)
    }

    /// Adds what is wanted of a table to what is granted of it already.
    pub(super) fn grant(&mut self, table: &str, wanted: TableAccess) -> Option<()> {
        let pattern = TablePattern::one(table)?;
        let known = self.table(table).map(|grant| grant.access).unwrap_or_default();
        let (place, access) = (self.place.clone(), known.and(wanted));
        let others = self.tables.iter().filter(|grant| grant.pattern != pattern).cloned();
        let granted = TableGrant { pattern: pattern.clone(), access, place };
        self.tables = others.chain([granted]).collect();
        Some(())
    }

    /// Hides `column` of `table` no more; `*` stands for all of them.
    fn show(&mut self, table: &str, column: &str) {
        let Ok(name) = TableName::parse(table) else { return };
        let column = column.to_ascii_lowercase();
        let shown = |entry: &HiddenColumns| {
            let hides = |pattern: &&crate::policy::Pattern| column != "*" && !pattern.matches(&column, &column);
            let columns: Listed<_> = match entry.pattern.fits(&name) {
                true => entry.columns.iter().filter(hides).cloned().collect(),
                false => entry.columns.iter().cloned().collect(),
            };
            (!columns.is_empty()).then(|| HiddenColumns { columns, ..entry.clone() })
        };
        self.hidden = self.hidden.iter().filter_map(shown).collect();
    }
}
