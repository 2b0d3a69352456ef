//! Which names a `with` gives, and where they hold.

use sqlparser::ast::{Ident, Query};

use crate::sql::Dialect;

/// The names that hold at one place of a statement.
///
/// A visitor calls [`Scopes::enter`] and [`Scopes::leave`] around each query. Queries are known by
/// where they are in memory, since a visitor isn't told in which part of its parent it is; nothing
/// moves while it walks.
#[derive(Default)]
pub(super) struct Scopes {
    open: Vec<Vec<String>>,
    /// Queries that a `with` names: where they are, and what holds in them.
    named: Vec<(usize, Vec<String>)>,
    /// All names, wherever they hold.
    pub all: Vec<String>,
}

impl Scopes {
    /// Goes into a query.
    pub fn enter(&mut self, query: &Query, dialect: Dialect) {
        let here = address(query);
        let known = self.named.iter().position(|(address, _)| *address == here);
        let mut names = match known {
            Some(at) => self.named.swap_remove(at).1,
            None => self.open.last().cloned().unwrap_or_default(),
        };
        if let Some(with) = &query.with {
            let given: Vec<_> = with.cte_tables.iter().map(|table| fold(&table.alias.name, dialect)).collect();
            self.all.extend(given.iter().cloned());
            // SQLite doesn't look at the order.
            let everywhere = with.recursive || dialect == Dialect::Sqlite;
            for (at, table) in with.cte_tables.iter().enumerate() {
                let before = if everywhere { &given[..] } else { &given[..at] };
                self.named.push((address(&table.query), names.iter().chain(before).cloned().collect()));
            }
            names.extend(given);
        }
        self.open.push(names);
    }

    /// Comes out of a query.
    pub fn leave(&mut self) {
        self.open.pop();
    }

    /// Whether `name` is one that a `with` gives here.
    pub fn has(&self, name: &str) -> bool {
        self.open.last().is_some_and(|names| names.iter().any(|known| known == name))
    }
}

fn address(query: &Query) -> usize {
    std::ptr::from_ref(query).addr()
}

/// The name that an identifier means.
pub(super) fn fold(ident: &Ident, dialect: Dialect) -> String {
    match (dialect, ident.quote_style) {
        (Dialect::Postgres, Some(_)) => ident.value.clone(),
        _ => ident.value.to_ascii_lowercase(),
    }
}
