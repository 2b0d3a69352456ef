//! The third walk, for PostgreSQL, where `x.f` needn't be a column: where `x` has none of that name, it is the
//! function `f` of `x`, and where `f` is a type, `x` as one ("Using Composite Types in Queries", and `ParseFuncOrColumn`
//! in its source). So each `x.f` has to be a column for certain, or `f` something that may be called.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Ident, Query, SelectItem, SetExpr, Statement, TableAlias, TableFactor, Visit, Visitor};

use crate::sql::{
    Dialect,
    check::{Relation, shape::address},
    scope::fold,
};

/// `x.f`, where nothing in the statement itself says that it is a column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attribute {
    /// `f`.
    pub name: String,
    /// The tables that `x` may be, each of which has to have the column; none where it may be something else.
    pub tables: Option<Vec<String>>,
}

/// What a name of the statement stands for.
enum Source {
    /// A table.
    Table(String),
    /// What `with` gives this name.
    Part(String),
    /// Anything that has these columns for certain, and perhaps others.
    Rows(Vec<String>),
}

#[derive(Default)]
struct Attributes<'a> {
    relations: &'a [Relation],
    /// Each `x.f`.
    found: Vec<(String, String)>,
    sources: Vec<(String, Source)>,
    /// What a `with` names, and the columns that it has for certain.
    parts: Vec<(String, Vec<String>)>,
}

/// Every `x.f` of a statement that isn't a column for certain, whose tables are `relations`.
pub(super) fn attributes(statement: &Statement, dialect: Dialect, relations: &[Relation]) -> Vec<Attribute> {
    if dialect != Dialect::Postgres {
        return Vec::new();
    }
    let mut attributes = Attributes { relations, ..Attributes::default() };
    // Nothing in it breaks off.
    let _: ControlFlow<()> = statement.visit(&mut attributes);
    let mut found = std::mem::take(&mut attributes.found);
    found.sort_unstable();
    found.dedup();
    found.into_iter().filter_map(|(of, name)| attributes.unsure(&of, name)).collect()
}

impl Attributes<'_> {
    /// `of.name`, unless it is a column for certain. What `of` means depends on where it stands, so it has to be one for
    /// all that it means anywhere.
    fn unsure(&self, of: &str, name: String) -> Option<Attribute> {
        let meant: Vec<_> = self.sources.iter().filter(|(own, _)| own == of).map(|(_, source)| source).collect();
        let mut tables = Vec::new();
        let mut is_known = !meant.is_empty();
        for source in meant {
            match source {
                Source::Table(table) => tables.push(table.clone()),
                Source::Part(part) => is_known &= self.part_has(part, &name),
                Source::Rows(columns) => is_known &= columns.contains(&name),
            }
        }
        match (is_known, tables.is_empty()) {
            (true, true) => None,
            (true, false) => Some(Attribute { name, tables: Some(tables) }),
            (false, _) => Some(Attribute { name, tables: None }),
        }
    }

    fn part_has(&self, part: &str, column: &String) -> bool {
        let mut parts = self.parts.iter().filter(|(name, _)| name == part).peekable();
        parts.peek().is_some() && parts.all(|(_, columns)| columns.contains(column))
    }

    fn relation(&mut self, address: usize, renamed: Vec<String>) -> bool {
        let Some(relation) = self.relations.iter().find(|relation| relation.address == address) else { return false };
        for name in &relation.names {
            let source = match renamed.is_empty() {
                true => Source::Table(relation.table.clone()),
                false => Source::Rows(renamed.clone()),
            };
            self.sources.push((name.clone(), source));
        }
        true
    }

    /// Something in `from` that is no table, by its alias or else by its own name.
    fn rows(&mut self, alias: Option<&TableAlias>, own: Option<&Ident>, source: Source) {
        if let Some(name) = alias.map(|alias| &alias.name).or(own) {
            self.sources.push((plain(name), source));
        }
    }
}

impl Visitor for Attributes<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        if let Statement::Insert(insert) = statement
            && self.relation(address(insert), Vec::new())
            && let Some((_, Source::Table(table))) = self.sources.last()
        {
            // The row that it would have added.
            self.sources.push(("excluded".into(), Source::Table(table.clone())));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for part in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.parts.push((plain(&part.alias.name), columns(&part.query, Some(&part.alias))));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, alias, args, .. } => {
                let own = name.0.last().and_then(|part| part.as_ident());
                let renamed = renamed(alias.as_ref());
                if args.is_some() {
                    self.rows(alias.as_ref(), own, Source::Rows(renamed));
                } else if !self.relation(address(factor), renamed.clone()) {
                    let part = own.map(plain).unwrap_or_default();
                    let source = if renamed.is_empty() { Source::Part(part) } else { Source::Rows(renamed) };
                    self.rows(alias.as_ref(), own, source);
                }
            }
            TableFactor::Derived { subquery, alias, .. } => {
                self.rows(alias.as_ref(), None, Source::Rows(columns(subquery, alias.as_ref())));
            }
            TableFactor::Function { name, alias, .. } => {
                let own = name.0.last().and_then(|part| part.as_ident());
                self.rows(alias.as_ref(), own, Source::Rows(renamed(alias.as_ref())));
            }
            TableFactor::UNNEST { alias, .. } | TableFactor::NestedJoin { alias, .. } => {
                self.rows(alias.as_ref(), None, Source::Rows(renamed(alias.as_ref())));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::CompoundIdentifier(parts) = expr
            && let [.., of, name] = &parts[..]
        {
            self.found.push((plain(of), plain(name)));
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
