//! `databases = [{ name, url, tables, hidden, functions, role, rows, time }]`.

use std::{path::Path, time::Duration};

use crate::{
    diagnostic::{Diagnostic, Report},
    document::{Item, Table},
    policy::{
        Listed, Pattern,
        env::variable,
        files::normal,
        grants::Role,
        limits::{TIMES, quantity},
        sql::{
            DatabaseGrant, DatabaseUrl, HiddenColumns, TableAccess, TableGrant, TablePattern, name::without_default,
        },
    },
    source::Place,
};

/// The most rows that a statement gives where the policy doesn't say: more than a page, less than a
/// dump.
const DEFAULT_ROWS: u64 = 10_000;
/// The most rows that a policy can allow: all of them are in the host's memory at once.
pub(super) const MAX_ROWS: u64 = 1_000_000;
/// How long a statement may take where the policy doesn't say.
const DEFAULT_TIME: Duration = Duration::from_secs(5);
/// The longest that a policy can allow.
pub(super) const MAX_TIME: Duration = Duration::from_secs(600);
/// The longest name of a role, in bytes: PostgreSQL cuts off what is longer.
const MAX_ROLE: usize = 63;

/// Reads the list; a ceiling says nothing about where a database is. Paths are relative to `base`.
pub(in crate::policy) fn read(item: Item<'_>, base: &Path, role: Role, report: &mut Report) -> Vec<DatabaseGrant> {
    let Ok(items) = item.array().map_err(|wrong| report.push(wrong)) else { return Vec::new() };
    let mut grants: Vec<DatabaseGrant> = Vec::new();
    for item in items {
        let Some(grant) = read_one(&item, base, role, report) else { continue };
        if grants.iter().any(|other| other.name == grant.name) {
            report.push(item.wrong("duplicate", format!("the database `{}` is granted twice", grant.name)));
        }
        grants.push(grant);
    }
    grants
}

fn read_one(item: &Item<'_>, base: &Path, kind: Role, report: &mut Report) -> Option<DatabaseGrant> {
    let place = item.place();
    let mut table = item.clone().table().map_err(|wrong| report.push(wrong)).ok()?;
    let name = table.need("name", report, name);
    let known = report.0.len();
    let (url, role) = match kind {
        Role::Given => {
            let url = table.need("url", report, refuse_inline).and_then(|item| read_url(item, base, report));
            (url, table.take("role", report, role))
        }
        Role::Ceiling => (None, None),
    };
    let unlocated = kind == Role::Given && url.is_none();
    let tables = table.need("tables", report, Item::table).map(|tables| read_tables(&tables, report));
    let hidden = table.take("hidden", report, Item::table).map(|hidden| read_hidden(&hidden, report));
    let functions = table.take("functions", report, Item::array).unwrap_or_default();
    let functions = functions.into_iter().filter_map(|item| function(item).map_err(|wrong| report.push(wrong)).ok());
    let functions: Vec<_> = functions.collect();
    let rows = table.take("rows", report, |item| quantity(&item, &[], MAX_ROWS));
    let longest = u64::try_from(MAX_TIME.as_millis()).unwrap_or(u64::MAX);
    let time = table.take("time", report, |item| quantity(&item, TIMES, longest).map(Duration::from_millis));
    table.finish(report);
    let (tables, hidden) = (tables?, hidden.unwrap_or_default());
    if report.0.len() == known {
        check_hidden(&tables, &hidden, report);
    }
    if let (Some(DatabaseUrl::File { .. }), Some(role)) = (&url, &role) {
        report.push(item.wrong("contradiction", format!("an SQLite file has no roles, and `{role}` is one")));
    }
    if let (Some(DatabaseUrl::File { .. }), Some(function)) = (&url, functions.iter().find(|name| name.contains('.'))) {
        report
            .push(item.wrong("contradiction", format!("SQLite's functions have no schema, and `{function}` has one")));
    }
    if unlocated {
        return None;
    }
    // A ceiling that says nothing takes nothing away.
    let (most_rows, most_time) = match kind {
        Role::Given => (DEFAULT_ROWS, DEFAULT_TIME),
        Role::Ceiling => (MAX_ROWS, MAX_TIME),
    };
    Some(DatabaseGrant {
        name: name?,
        url,
        tables,
        hidden,
        functions,
        role,
        rows: rows.unwrap_or(most_rows),
        time: time.unwrap_or(most_time),
        place,
    })
}

fn name(item: Item<'_>) -> Result<String, Diagnostic> {
    let name = item.clone().text()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(item
            .wrong("bad-name", format!("`{}` is not a name for a database", name.escape_debug()))
            .label("letters, digits, `_` and `-`"));
    }
    Ok(name.to_owned())
}

/// A connection string has a password in it, and a policy is shown, logged and kept in a repository.
fn refuse_inline(item: Item<'_>) -> Result<Item<'_>, Diagnostic> {
    if item.is_text() {
        return Err(item
            .wrong("inline-url", "a connection string has no place in a policy")
            .help("put it into a variable of the host, `url = { env = \"NAME\" }`; or name a file, `url = { file = \"PATH\" }`"));
    }
    Ok(item)
}

fn read_url(item: Item<'_>, base: &Path, report: &mut Report) -> Option<DatabaseUrl> {
    let mut table = item.clone().table().map_err(|wrong| report.push(wrong)).ok()?;
    let known = report.0.len();
    let env = table.take("env", report, variable);
    let file = table.take("file", report, |item| match item.clone().text()? {
        path if path.is_empty() || path.contains('\0') => Err(item.wrong("bad-path", "this is not a path")),
        path => Ok(path.to_owned()),
    });
    table.finish(report);
    match (env, file) {
        (Some(name), None) => Some(DatabaseUrl::Env(name)),
        (None, Some(written)) => Some(DatabaseUrl::File { host: normal(&base.join(&written)), written }),
        _ => {
            if report.0.len() == known {
                report.push(item.wrong("contradiction", "a database is in one place: `env` or `file`"));
            }
            None
        }
    }
}

fn role(item: Item<'_>) -> Result<String, Diagnostic> {
    let role = item.clone().text()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if role.is_empty() || role.len() > MAX_ROLE || !role.bytes().all(plain) {
        return Err(item
            .wrong("bad-name", format!("`{}` is not the name of a role", role.escape_debug()))
            .label(format!("letters, digits, `_` and `-`, at most {MAX_ROLE}")));
    }
    Ok(role.to_owned())
}

fn function(item: Item<'_>) -> Result<String, Diagnostic> {
    let name = item.clone().text()?;
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let plain = |part: &str| !part.is_empty() && !part.as_bytes()[0].is_ascii_digit() && part.bytes().all(letter);
    if name.split('.').count() > 2 || !name.split('.').all(plain) {
        return Err(item
            .wrong("bad-name", format!("`{}` is not the name of a function", name.escape_debug()))
            .label("`function` or `schema.function`: lower case letters, digits and `_`, and no `*`"));
    }
    Ok(without_default(name).to_owned())
}

fn pattern(item: &Item<'_>) -> Result<TablePattern, Diagnostic> {
    TablePattern::parse(item.key).map_err(|why| {
        let Place { source, span } = item.key_place();
        Diagnostic::error("bad-name", why)
            .at(&source, span)
            .label("`table` or `schema.table`; `*` is for the table alone")
    })
}

fn read_tables(tables: &Table<'_>, report: &mut Report) -> Listed<TableGrant> {
    let mut read = |item: Item<'_>| {
        let place = item.key_place();
        let pattern = pattern(&item).map_err(|wrong| report.push(wrong)).ok();
        let access = access(&item).map_err(|wrong| report.push(wrong)).ok();
        Some(TableGrant { pattern: pattern?, access: access?, place })
    };
    tables.entries().into_iter().filter_map(&mut read).collect()
}

/// `"read"`, `"append"`, `"write"`, or a list of them.
fn access(item: &Item<'_>) -> Result<TableAccess, Diagnostic> {
    let words = if item.is_text() { vec![item.clone()] } else { item.clone().array()? };
    if words.is_empty() {
        return Err(item.wrong("contradiction", "a table that is listed is granted something").help("take it out"));
    }
    let none = TableAccess::default();
    let known = [
        ("read", TableAccess { read: true, ..none }),
        ("append", TableAccess { append: true, ..none }),
        ("write", TableAccess { write: true, ..none }),
    ];
    words.into_iter().try_fold(none, |sum, word| {
        let one = word.choice(&known)?;
        Ok(TableAccess { read: sum.read || one.read, append: sum.append || one.append, write: sum.write || one.write })
    })
}

fn read_hidden(hidden: &Table<'_>, report: &mut Report) -> Listed<HiddenColumns> {
    let mut read = |item: Item<'_>| {
        let place = item.key_place();
        let pattern = pattern(&item).map_err(|wrong| report.push(wrong)).ok();
        let columns = item.clone().array().map_err(|wrong| report.push(wrong)).ok()?;
        let columns = columns.into_iter().filter_map(|item| column(item).map_err(|wrong| report.push(wrong)).ok());
        let columns = columns.collect();
        Some(HiddenColumns { pattern: pattern?, columns, place })
    };
    hidden.entries().into_iter().filter_map(&mut read).collect()
}

fn column(item: Item<'_>) -> Result<Pattern, Diagnostic> {
    match item.clone().text()? {
        text if text.is_empty() || text.contains(['\0', '"']) => Err(item.wrong("bad-name", "this names no column")),
        text => Ok(Pattern::new(text.to_ascii_lowercase())),
    }
}

/// What hides columns of a table that nobody may see anyway was meant for another one.
fn check_hidden(tables: &[TableGrant], hidden: &[HiddenColumns], report: &mut Report) {
    for entry in hidden.iter().filter(|entry| entry.pattern.is_plain()) {
        let granted = |grant: &TableGrant| grant.pattern.matches(&entry.pattern.to_string());
        if !tables.iter().any(granted) {
            let message = format!("`{}` hides columns of a table that `tables` doesn't grant", entry.pattern);
            report.push(
                Diagnostic::error("unmatched-table", message)
                    .at(&entry.place.source, entry.place.span.clone())
                    .help("take it out, or mend the name"),
            );
        }
    }
}
