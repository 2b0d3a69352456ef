//! What `sql` knows about policies.

use std::collections::BTreeMap;

use crate::{
    policy::{
        Asked, Authority, DatabaseGrant, DatabaseUrl, Decision, Denial, Grants, Request, SqlAction, TableAccess,
        advice::{Advise, Find, Least, Wide, Wider},
        grants::Role,
        sql::{is_safe_function, name::without_default, read},
    },
    source::Place,
};

pub(in crate::policy) struct Sql;

/// What was done with one database.
#[derive(Default)]
struct Used<'a> {
    tables: BTreeMap<&'a str, TableAccess>,
    functions: Vec<&'a str>,
    of: Vec<usize>,
}

impl<'a> Used<'a> {
    fn note(&mut self, request: &'a Request<'_>) {
        let Request::Sql { action, table, .. } = request else { return };
        match action {
            SqlAction::Connect => {}
            SqlAction::Call if is_safe_function(table) => {}
            SqlAction::Call => self.functions.push(without_default(table)),
            _ => {
                let done = self.tables.entry(table).or_default();
                *done = done.and(TableAccess::least(*action));
            }
        }
    }
}

impl Advise for Sql {
    fn word(&self) -> &'static str {
        "sql"
    }

    fn key(&self) -> &'static str {
        "databases"
    }

    fn beyond(&self) -> &'static [&'static str] {
        &["sql.statement", "sql.column", "sql.limit.bytes"]
    }

    fn least(&self, asked: &[Asked<'_>], held: &Authority) -> Vec<Least> {
        let mut databases: BTreeMap<&str, Used<'_>> = BTreeMap::new();
        for (of, one) in asked.iter().enumerate() {
            let Request::Sql { database, action, table, .. } = &one.request else { continue };
            let can_be_written = match action {
                SqlAction::Connect => true,
                SqlAction::Call => is_safe_function(table) || read::is_function(table),
                _ => crate::policy::TablePattern::one(table).is_some(),
            };
            if !can_be_written || !read::is_name(database) {
                continue;
            }
            let used = databases.entry(database).or_default();
            used.of.push(of);
            used.note(&one.request);
        }
        databases.into_iter().map(|(name, used)| grant(name, used, held)).collect()
    }

    fn wide(&self, held: &Authority, place: &Place, used: &[Request<'_>]) -> Option<Wide> {
        let grant = held
            .databases()
            .iter()
            .find(|grant| grant.place == *place || grant.tables.iter().any(|table| table.place == *place))?;
        let mut least = Used::default();
        used.iter().for_each(|request| least.note(request));
        let narrower = self::grant(&grant.name, least, held).toml;
        (narrower != grant.to_string()).then(|| Wide {
            message: format!("of the database `{}` more is granted than was asked for", grant.name),
            help: narrower,
        })
    }

    fn met(&self, wanted: &str, held: &Grants, _: &Find<'_>) -> Result<bool, &'static str> {
        let text = match wanted.contains([' ', '.']) {
            true => format!("sql {wanted}"),
            false => format!("sql connect {wanted}"),
        };
        let request = Request::parse(&text).map_err(
            |_| "it is the name of a database, or `read`, `insert`, `update` or `delete` and DATABASE.TABLE",
        )?;
        Ok(matches!(held.decide(&request), Some(Decision::Allowed(_))))
    }

    /// The whole entry of the database, with what is missing in it.
    fn widen(&self, held: &Grants, role: Role, request: &Request<'_>, _: &Denial) -> Option<Wider> {
        let Request::Sql { database, column, .. } = request else { return None };
        if matches!(held.decide(request), Some(Decision::Allowed(_))) {
            return None;
        }
        let known = held.databases.iter().flat_map(|grants| grants.iter()).find(|grant| grant.name == **database);
        // A ceiling doesn't say where a database is.
        let url = (role == Role::Given).then(|| DatabaseUrl::Env(variable(database)));
        let new = || read::is_name(database).then(|| DatabaseGrant::bare(database, url, Place::nowhere()));
        let wider = known.cloned().or_else(new)?.widened(request)?;
        let all = column.as_deref() == Some("*");
        Some(Wider {
            toml: wider.to_string(),
            instead: known.iter().map(|grant| grant.place.clone()).collect(),
            note: if all {
                "they show columns that were hidden: better name those that the statement needs"
            } else {
                ""
            },
        })
    }
}

/// The variable that a database of this name may be in.
pub(super) fn variable(database: &str) -> String {
    let name = database.to_ascii_uppercase().replace('-', "_");
    let first = if name.starts_with(|c: char| c.is_ascii_digit()) { "DB_" } else { "" };
    format!("{first}{name}_URL")
}

/// What was used of a database, with all that held for it: columns stay hidden.
fn grant(name: &str, mut used: Used<'_>, held: &Authority) -> Least {
    let known = held.databases().iter().find(|grant| grant.name == name);
    let new = || DatabaseGrant::bare(name, Some(DatabaseUrl::Env(variable(name))), Place::nowhere());
    let mut least = known.cloned().unwrap_or_else(new);
    least.tables = [].into_iter().collect();
    for (table, access) in used.tables {
        // Those that can't be written were left out.
        least.grant(table, access);
    }
    let tables = least.tables.clone();
    let granted = |table: &str| tables.iter().any(|grant| grant.pattern.matches(table));
    let needed = least.hidden.iter().filter(|entry| !entry.pattern.is_plain() || granted(&entry.pattern.to_string()));
    least.hidden = needed.cloned().collect();
    used.functions.sort_unstable();
    used.functions.dedup();
    least.functions = used.functions.into_iter().map(str::to_owned).collect();
    Least { toml: least.to_string(), of: used.of, note: String::new() }
}
