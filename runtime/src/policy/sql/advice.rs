//! What `sql` knows about policies.

use std::collections::BTreeMap;

use crate::policy::{
    Asked, Authority, DatabaseUrl, Request, SqlAction,
    advice::{Advise, Least, quoted},
};

pub(in crate::policy) struct Sql;

/// What was done with one table.
#[derive(Default)]
struct Done {
    read: bool,
    insert: bool,
    change: bool,
}

/// What was done with one database.
#[derive(Default)]
struct Used {
    tables: BTreeMap<String, Done>,
    functions: Vec<String>,
    of: Vec<usize>,
}

impl Advise for Sql {
    fn word(&self) -> &'static str {
        "sql"
    }

    fn key(&self) -> &'static str {
        "databases"
    }

    fn beyond(&self) -> &'static [&'static str] {
        &["sql.statement", "sql.column"]
    }

    fn least(&self, asked: &[Asked<'_>], held: &Authority) -> Vec<Least> {
        let mut databases: BTreeMap<&str, Used> = BTreeMap::new();
        for (of, one) in asked.iter().enumerate() {
            let Request::Sql { database, action, table, .. } = &one.request else { continue };
            let used = databases.entry(database).or_default();
            used.of.push(of);
            let done = || Done::default();
            match action {
                SqlAction::Connect => {}
                SqlAction::Call if one.is_denied() => used.functions.push(quoted(table)),
                SqlAction::Call => {}
                SqlAction::Read => used.tables.entry(table.to_string()).or_insert_with(done).read = true,
                SqlAction::Insert => used.tables.entry(table.to_string()).or_insert_with(done).insert = true,
                SqlAction::Update | SqlAction::Delete => {
                    used.tables.entry(table.to_string()).or_insert_with(done).change = true;
                }
            }
        }
        databases.into_iter().map(|(name, used)| grant(name, used, held)).collect()
    }
}

fn grant(name: &str, mut used: Used, held: &Authority) -> Least {
    let known = held.databases().iter().find(|grant| grant.name == name);
    let url = match known.and_then(|grant| grant.url.as_ref()) {
        Some(DatabaseUrl::Env(variable)) => format!("env = {}", quoted(variable)),
        Some(DatabaseUrl::File { host, .. }) => format!("file = {}", quoted(&host.to_string_lossy())),
        None => format!("env = {}", quoted(&format!("{}_URL", name.to_ascii_uppercase().replace('-', "_")))),
    };
    let tables: Vec<_> =
        used.tables.iter().map(|(table, done)| format!("{} = {}", quoted(table), done.access())).collect();
    used.functions.sort();
    used.functions.dedup();
    let functions = match used.functions.as_slice() {
        [] => String::new(),
        functions => format!(", functions = [{}]", functions.join(", ")),
    };
    let tables = if tables.is_empty() { "{}".into() } else { format!("{{ {} }}", tables.join(", ")) };
    let note = if known.is_some_and(|grant| !grant.hidden.is_empty()) {
        "columns were hidden: say so again, with `hidden`".into()
    } else {
        String::new()
    };
    let toml = format!("{{ name = {}, url = {{ {url} }}, tables = {tables}{functions} }}", quoted(name));
    Least { toml, of: used.of, note }
}

impl Done {
    fn access(&self) -> &'static str {
        match self {
            Self { change: true, .. } => "\"write\"",
            Self { read: true, insert: true, .. } => "[\"read\", \"append\"]",
            Self { insert: true, .. } => "\"append\"",
            _ => "\"read\"",
        }
    }
}
