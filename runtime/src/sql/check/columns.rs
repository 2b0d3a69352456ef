//! The second walk, where a table has hidden columns: which columns are named, and whether a row of
//! it is shown as a whole.
//!
//! Any identifier that is named like a hidden column is taken for it, wherever it stands. And every
//! name of such a table has to stand where it only qualifies a column: a table's name is a value
//! in PostgreSQL, its row, and `t.f` is the function `f` of that row where `t` has no column `f`.

use std::{collections::BTreeSet, ops::ControlFlow};

use sqlparser::ast::{
    Expr, Ident, JoinConstraint, JoinOperator, Select, SelectItem, Statement, TableFactor, TableWithJoins, Visit,
    Visitor,
};

use crate::sql::{
    Dialect,
    check::{Relation, shape::address},
    scope::fold,
};

/// What was found.
#[derive(Default)]
pub(super) struct Named {
    /// Every identifier of the statement.
    pub idents: BTreeSet<String>,
    /// A table that is shown as a whole, or could be.
    pub whole: Option<String>,
    /// Columns of tables with hidden ones: table and column.
    pub columns: Vec<(String, String)>,
}

struct Columns<'a> {
    dialect: Dialect,
    hiding: &'a [&'a Relation],
    named: Named,
    /// How often a name of such a table stands anywhere, and how often where it may.
    seen: usize,
    placed: usize,
}

/// Walks a statement in which the tables `hiding` have hidden columns.
pub(super) fn named(statement: &Statement, dialect: Dialect, hiding: &[&Relation]) -> Named {
    let mut columns = Columns { dialect, hiding, named: Named::default(), seen: 0, placed: 0 };
    // Nothing in it breaks off.
    let _: ControlFlow<()> = statement.visit(&mut columns);
    if columns.seen != columns.placed {
        columns.shown();
    }
    columns.named
}

impl Columns<'_> {
    fn is_hiding(&self, name: &str) -> bool {
        // The row that an insert would have added goes by this name.
        name == "excluded" || self.hiding.iter().any(|relation| relation.names.iter().any(|own| own == name))
    }

    fn place(&mut self, ident: &Ident) {
        self.placed += usize::from(self.is_hiding(&fold(ident, self.dialect)));
    }

    fn shown(&mut self) {
        let first = self.hiding.first().map(|relation| relation.table.clone());
        self.named.whole = self.named.whole.take().or(first);
    }

    fn hiding_at<T>(&self, node: &T) -> bool {
        self.hiding.iter().any(|relation| relation.address == address(node))
    }

    /// Whether such a table is joined here, not in a query inside.
    fn joined(&self, table: &TableWithJoins) -> bool {
        let here = |factor: &TableFactor| match factor {
            TableFactor::NestedJoin { table_with_joins, .. } => self.joined(table_with_joins),
            factor => self.hiding_at(factor),
        };
        here(&table.relation) || table.joins.iter().any(|join| here(&join.relation))
    }

    fn natural(&mut self, table: &TableWithJoins) {
        let natural = |operator: &JoinOperator| {
            matches!(
                operator,
                JoinOperator::Join(JoinConstraint::Natural)
                    | JoinOperator::Inner(JoinConstraint::Natural)
                    | JoinOperator::Left(JoinConstraint::Natural)
                    | JoinOperator::LeftOuter(JoinConstraint::Natural)
                    | JoinOperator::Right(JoinConstraint::Natural)
                    | JoinOperator::RightOuter(JoinConstraint::Natural)
                    | JoinOperator::FullOuter(JoinConstraint::Natural)
                    | JoinOperator::CrossJoin(JoinConstraint::Natural)
            )
        };
        if table.joins.iter().any(|join| natural(&join.join_operator)) && self.joined(table) {
            self.shown();
        }
    }

    /// `returning *` gives all of the row.
    fn returning(&mut self, items: Option<&Vec<SelectItem>>) {
        if items.into_iter().flatten().any(|item| matches!(item, SelectItem::Wildcard(_))) {
            self.shown();
        }
    }
}

impl Visitor for Columns<'_> {
    type Break = ();

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        match statement {
            Statement::Insert(insert) => {
                if let sqlparser::ast::TableObject::TableName(name) = &insert.table {
                    name.0.iter().filter_map(|part| part.as_ident()).for_each(|ident| self.place(ident));
                }
                insert.table_alias.iter().for_each(|alias| self.place(&alias.alias));
                // Without a list, every column is written.
                if self.hiding_at(insert) && insert.columns.is_empty() {
                    self.shown();
                }
                self.returning(insert.returning.as_ref());
            }
            Statement::Update(update) => {
                if let Some(sqlparser::ast::UpdateTableFromKind::AfterSet(from)) = &update.from {
                    from.iter().for_each(|table| self.natural(table));
                }
                self.returning(update.returning.as_ref());
            }
            Statement::Delete(delete) => {
                delete.using.iter().flatten().for_each(|table| self.natural(table));
                self.returning(delete.returning.as_ref());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        select.from.iter().for_each(|table| self.natural(table));
        let wildcard = select.projection.iter().any(|item| matches!(item, SelectItem::Wildcard(_)));
        if wildcard && select.from.iter().any(|table| self.joined(table)) {
            self.shown();
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, alias, .. } => {
                name.0.iter().filter_map(|part| part.as_ident()).for_each(|ident| self.place(ident));
                if let Some(alias) = alias {
                    self.place(&alias.name);
                    // Other names for its columns, by their order.
                    if self.hiding_at(factor) && !alias.columns.is_empty() {
                        self.shown();
                    }
                }
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                self.natural(table_with_joins);
                if alias.is_some() && self.joined(table_with_joins) {
                    self.shown();
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::CompoundIdentifier(parts) = expr
            && let [.., qualifier, column] = &parts[..]
        {
            let (qualifier_name, column) = (fold(qualifier, self.dialect), fold(column, self.dialect));
            self.place(qualifier);
            let meant = self.hiding.iter().filter(|relation| {
                let inserted =
                    qualifier_name == "excluded" && relation.actions.contains(&crate::policy::SqlAction::Insert);
                inserted || relation.names.contains(&qualifier_name)
            });
            let meant = meant.map(|relation| (relation.table.clone(), column.clone()));
            self.named.columns.extend(meant);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_ident(&mut self, ident: &Ident) -> ControlFlow<()> {
        let name = fold(ident, self.dialect);
        self.seen += usize::from(self.is_hiding(&name));
        self.named.idents.insert(name);
        ControlFlow::Continue(())
    }
}
