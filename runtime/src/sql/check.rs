//! What a statement touches, and whether it is of a kind that may run at all.
//!
//! An allow-list: what isn't known here is refused, also where it is harmless.

mod attributes;
mod columns;
mod expressions;
mod shape;

use std::ops::ControlFlow;

use sqlparser::ast::{ObjectName, ObjectNamePart, Statement, Visit};

pub use self::attributes::Attribute;
use crate::{
    policy::{Decision, Request, SqlAction, is_safe_type},
    sql::{
        Asked, Dialect, Stopped,
        rewrite::{CATALOG, looks_up},
        scope::fold,
    },
};

/// What a statement touches.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Tables, each with what is done to it.
    pub relations: Vec<Relation>,
    /// Functions, by their names in lower case.
    pub functions: Vec<String>,
    /// The names that a `with` gives.
    pub parts: Vec<String>,
}

/// A table in one place of a statement.
#[derive(Debug)]
pub(super) struct Relation {
    /// Where it stands, for a second walk.
    pub address: usize,
    /// What is done to it.
    pub actions: Vec<SqlAction>,
    /// Its name as a request has it.
    pub table: String,
    /// The names that stand for it: its own, and its alias.
    pub names: Vec<String>,
}

impl Facts {
    /// Whether rows are changed.
    pub fn writes(&self) -> bool {
        self.relations.iter().flat_map(|relation| &relation.actions).any(|action| *action != SqlAction::Read)
    }

    /// What is done to which tables, each once.
    pub fn touches(&self) -> Vec<(SqlAction, String)> {
        let all =
            self.relations.iter().flat_map(|relation| relation.actions.iter().map(|action| (*action, &relation.table)));
        let mut each: Vec<(SqlAction, String)> = Vec::new();
        for (action, table) in all {
            if !each.iter().any(|(known, name)| (*known, name) == (action, table)) {
                each.push((action, table.clone()));
            }
        }
        each
    }
}

/// Finds what a statement touches. Breaks with what no statement may have.
pub(super) fn check(statement: &Statement, dialect: Dialect) -> ControlFlow<String, Facts> {
    let mut shape = shape::Shape::new(statement, dialect);
    statement.visit(&mut shape)?;
    ControlFlow::Continue(shape.finish())
}

/// Asks the policy about all that a statement touches. Gives the columns that have to be looked up.
pub(super) fn decide(
    statement: &Statement,
    facts: &Facts,
    dialect: Dialect,
    database: &str,
    asked: &Asked<'_>,
) -> Result<Vec<(String, String)>, Stopped> {
    let request = |action, table: &str, column: Option<&str>| {
        let (database, table) = (database.to_owned().into(), table.to_owned().into());
        let request = Request::Sql { database, action, table, column: column.map(|column| column.to_owned().into()) };
        (asked.ask)(&request).map_err(Stopped::Denied)
    };
    for function in &facts.functions {
        request(SqlAction::Call, function, None)?;
    }
    for relation in &facts.relations {
        for action in &relation.actions {
            request(*action, &relation.table, None)?;
        }
    }
    let hides = |relation: &&Relation| asked.authority.hides_columns(database, &relation.table);
    let hiding: Vec<_> = facts.relations.iter().filter(hides).collect();
    if hiding.is_empty() {
        return Ok(Vec::new());
    }
    let named = columns::named(statement, dialect, &hiding);
    for relation in &hiding {
        for column in &named.idents {
            request(SqlAction::Read, &relation.table, Some(column))?;
        }
    }
    match named.whole {
        // One of them is shown as a whole, or could be.
        Some(table) => request(SqlAction::Read, &table, Some("*")).map(|()| named.columns),
        None => Ok(named.columns),
    }
}

/// Each `x.f` that is a column or else what nobody may call: the database has to say which.
pub(super) fn attributes(
    statement: &Statement,
    facts: &Facts,
    dialect: Dialect,
    database: &str,
    asked: &Asked<'_>,
) -> Vec<Attribute> {
    let may_call = |name: &str| {
        let request = called(database, name);
        is_safe_type(name) && !looks_up(name) || matches!(asked.authority.decide(&request), Decision::Allowed(_))
    };
    let mut attributes = attributes::attributes(statement, dialect, &facts.relations);
    attributes.retain(|attribute| !may_call(&attribute.name));
    attributes
}

/// The request to call a function of PostgreSQL's own.
pub(crate) fn called(database: &str, name: &str) -> Request<'static> {
    let table = format!("{CATALOG}.{name}").into();
    Request::Sql { database: database.to_owned().into(), action: SqlAction::Call, table, column: None }
}

/// A table's name as a request has it: in lower case, unless it is only itself in quotes, and
/// without the default schema.
fn canonical(name: &ObjectName, dialect: Dialect) -> Option<String> {
    let part = |part: &ObjectNamePart| {
        let name = fold(part.as_ident()?, dialect);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || !c.is_ascii();
        let begins = !name.starts_with(|c: char| c.is_ascii_digit());
        Some(if begins && name.chars().all(plain) { name } else { format!("\"{}\"", name.replace('"', "\"\"")) })
    };
    let default = if dialect == Dialect::Sqlite { "main" } else { "public" };
    match &name.0[..] {
        [table] => part(table),
        [schema, table] => {
            let (schema, table) = (part(schema)?, part(table)?);
            Some(if schema == default { table } else { format!("{schema}.{table}") })
        }
        _ => None,
    }
}
