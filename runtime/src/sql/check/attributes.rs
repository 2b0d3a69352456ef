//! The third walk, for PostgreSQL, where `x.f` needn't be a column: where `x` has none of that name, it is the
//! function `f` of `x`, and where `f` is a type, `x` as one ("Using Composite Types in Queries", and `ParseFuncOrColumn`
//! in its source). So each `x.f` has to be a column for certain, or `f` something that may be called.

use std::{
    collections::{BTreeSet, HashMap},
    ops::ControlFlow,
    sync::Arc,
};

use sqlparser::ast::{Expr, Ident, Query, SelectItem, SetExpr, Statement, TableAlias, TableFactor, Visit, Visitor};

use crate::sql::{
    Dialect,
    check::{Relation, shape::address},
    scope::fold,
};

/// The most tables that one name may stand for in a statement, each in a query of its own: each is looked up.
const MAX_TABLES: usize = 16;

/// `x.f`, where nothing in the statement itself says that it is a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// `f`.
    pub name: String,
    /// The tables that `x` may be, each of which has to have the column; none where it may be something else.
    pub tables: Option<Arc<BTreeSet<String>>>,
}

/// All that a name stands for somewhere in the statement.
#[derive(Default)]
struct Meant {
    tables: Arc<BTreeSet<String>>,
    /// What `with` gives these names.
    parts: BTreeSet<String>,
    /// The columns that all else has for certain; nothing where there is nothing else.
    rows: Option<BTreeSet<String>>,
}

#[derive(Default)]
struct Attributes<'a> {
    relations: HashMap<usize, &'a Relation>,
    /// Each `x.f`.
    found: BTreeSet<(String, String)>,
    meant: HashMap<String, Meant>,
    /// What a `with` names, and the columns that it has for certain.
    parts: HashMap<String, Option<BTreeSet<String>>>,
}

/// Every `x.f` of a statement that isn't a column for certain, whose tables are `relations`.
pub(super) fn attributes(statement: &Statement, dialect: Dialect, relations: &[Relation]) -> Vec<Attribute> {
    if dialect != Dialect::Postgres {
        return Vec::new();
    }
    let relations = relations.iter().map(|relation| (relation.address, relation)).collect();
    let mut attributes = Attributes { relations, ..Attributes::default() };
    // Nothing in it breaks off.
    let _: ControlFlow<()> = statement.visit(&mut attributes);
    let found = std::mem::take(&mut attributes.found);
    found.into_iter().filter_map(|(of, name)| attributes.unsure(&of, name)).collect()
}

impl Attributes<'_> {
    /// `of.name`, unless it is a column for certain. What `of` means depends on where it stands, so it has to be one for
    /// all that it means anywhere.
    fn unsure(&self, of: &str, name: String) -> Option<Attribute> {
        let Some(Meant { tables, parts, rows }) = self.meant.get(of) else {
            return Some(Attribute { name, tables: None });
        };
        let has = |rows: &Option<BTreeSet<String>>| rows.as_ref().is_none_or(|columns| columns.contains(&name));
        let is_sure = has(rows) && parts.iter().all(|part| self.parts.get(part).is_some_and(has));
        match is_sure && tables.len() <= MAX_TABLES {
            true if tables.is_empty() => None,
            true => Some(Attribute { name, tables: Some(tables.clone()) }),
            false => Some(Attribute { name, tables: None }),
        }
    }

    /// Takes note of what `name` stands for.
    fn mean(&mut self, name: String) -> &mut Meant {
        self.meant.entry(name).or_default()
    }

    /// The table at this place under its names, unless its columns are renamed; whether there is one.
    fn relation(&mut self, address: usize, renamed: &[String]) -> bool {
        let Some(relation) = self.relations.get(&address).copied() else { return false };
        for name in &relation.names {
            self.table_or_rows(name.clone(), &relation.table, renamed);
        }
        true
    }

    fn table_or_rows(&mut self, name: String, table: &str, renamed: &[String]) {
        let meant = self.mean(name);
        match renamed {
            // One more than may be says that there are too many.
            [] if meant.tables.len() <= MAX_TABLES => drop(Arc::make_mut(&mut meant.tables).insert(table.to_owned())),
            [] => {}
            renamed => have(&mut meant.rows, renamed.to_vec()),
        }
    }

    /// Something in `from` that is no table, by its alias or else by its own name, with the columns that it has for
    /// certain.
    fn rows(&mut self, alias: Option<&TableAlias>, own: Option<&Ident>, columns: Vec<String>) {
        if let Some(name) = alias.map(|alias| &alias.name).or(own) {
            have(&mut self.mean(plain(name)).rows, columns);
        }
    }
}

/// Leaves of the columns that all have those that one more has.
fn have(all: &mut Option<BTreeSet<String>>, columns: Vec<String>) {
    let columns: BTreeSet<_> = columns.into_iter().collect();
    match all {
        Some(all) => all.retain(|column| columns.contains(column)),
        None => *all = Some(columns),
    }
}

impl Visitor for Attributes<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        if let Statement::Insert(insert) = statement
            && self.relation(address(insert), &[])
            && let Some(relation) = self.relations.get(&address(insert)).copied()
        {
            // The row that it would have added.
            self.table_or_rows("excluded".into(), &relation.table, &[]);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for part in query.with.iter().flat_map(|with| &with.cte_tables) {
            have(self.parts.entry(plain(&part.alias.name)).or_default(), columns(&part.query, Some(&part.alias)));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, alias, args, .. } => {
                let own = name.0.last().and_then(|part| part.as_ident());
                let renamed = renamed(alias.as_ref());
                if args.is_some() {
                    self.rows(alias.as_ref(), own, renamed);
                } else if !self.relation(address(factor), &renamed) {
                    match (alias.as_ref().map(|alias| &alias.name).or(own), own) {
                        (Some(called), Some(part)) if renamed.is_empty() => {
                            self.mean(plain(called)).parts.insert(plain(part));
                        }
                        _ => self.rows(alias.as_ref(), own, renamed),
                    }
                }
            }
            TableFactor::Derived { subquery, alias, .. } => {
                self.rows(alias.as_ref(), None, columns(subquery, alias.as_ref()));
            }
            TableFactor::Function { name, alias, .. } => {
                let own = name.0.last().and_then(|part| part.as_ident());
                self.rows(alias.as_ref(), own, renamed(alias.as_ref()));
            }
            TableFactor::UNNEST { alias, .. } | TableFactor::NestedJoin { alias, .. } => {
                self.rows(alias.as_ref(), None, renamed(alias.as_ref()));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::CompoundIdentifier(parts) = expr
            && let [.., of, name] = &parts[..]
        {
            self.found.insert((plain(of), plain(name)));
        }
        ControlFlow::Continue(())
    }
}

fn plain(ident: &Ident) -> String {
    fold(ident, Dialect::Postgres)
}

/// The names that an alias gives columns, by their order.
fn renamed(alias: Option<&TableAlias>) -> Vec<String> {
    alias.into_iter().flat_map(|alias| &alias.columns).map(|column| plain(&column.name)).collect()
}

/// The columns that a query has for certain, under its alias: those that it names. One that it doesn't is called as the
/// server likes.
fn columns(query: &Query, alias: Option<&TableAlias>) -> Vec<String> {
    let mut columns = renamed(alias);
    let items = items(&query.body);
    let before = items.iter().take_while(|item| !is_wildcard(item)).count();
    // The alias names the first ones otherwise. Behind a wildcard nobody knows which.
    let named =
        if columns.is_empty() || columns.len() <= before { &items[columns.len().min(items.len())..] } else { &[] };
    columns.extend(named.iter().filter_map(|item| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(plain(alias)),
        SelectItem::UnnamedExpr(Expr::Identifier(column)) => Some(plain(column)),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last().map(plain),
        _ => None,
    }));
    columns
}

fn is_wildcard(item: &SelectItem) -> bool {
    matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..))
}

/// What the first of several queries selects, which names the columns of all.
fn items(mut body: &SetExpr) -> &[SelectItem] {
    loop {
        match body {
            SetExpr::Select(select) => return &select.projection,
            SetExpr::Query(query) => body = &query.body,
            SetExpr::SetOperation { left, .. } => body = left,
            _ => return &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use sqlparser::{dialect::PostgreSqlDialect, parser::Parser};

    use super::*;
    use crate::sql::check::check;

    /// A statement may give one name to many tables: then none of them is looked up.
    #[test]
    fn a_name_stands_for_so_many_tables() {
        for many in [1, MAX_TABLES, MAX_TABLES + 1, 500] {
            let queries: String = (0..many).map(|at| format!(" union select x.f from t{at} x")).collect();
            let statement = Parser::parse_sql(&PostgreSqlDialect {}, &format!("select 1{queries}")).unwrap().remove(0);
            let ControlFlow::Continue(facts) = check(&statement, Dialect::Postgres) else { panic!("it is refused") };
            let found = attributes(&statement, Dialect::Postgres, &facts.relations);
            let tables: Vec<_> = found.iter().map(|found| found.tables.as_ref().map(|tables| tables.len())).collect();
            assert_eq!(tables, [Some(many).filter(|many| *many <= MAX_TABLES)], "{many}");
        }
    }
}
