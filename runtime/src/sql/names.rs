//! What the columns of a statement's rows are called, as far as the statement says it.

use sqlparser::ast::{Expr, SelectItem, SetExpr, Statement};

/// The names of all columns; none where there are no rows, or where the database alone knows, as for `*`.
pub(super) fn names(statement: &Statement) -> Vec<String> {
    let items = items(statement).unwrap_or_default();
    items.iter().map(name).collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// What stands behind `select` or `returning`, in the first of several queries.
fn items(mut statement: &Statement) -> Option<&[SelectItem]> {
    let mut expression = loop {
        match statement {
            Statement::Insert(insert) => return insert.returning.as_deref(),
            Statement::Update(update) => return update.returning.as_deref(),
            Statement::Delete(delete) => return delete.returning.as_deref(),
            Statement::Query(query) => match &*query.body {
                SetExpr::Insert(inner) | SetExpr::Update(inner) | SetExpr::Delete(inner) => statement = inner,
                other => break other,
            },
            _ => return None,
        }
    };
    loop {
        match expression {
            SetExpr::Select(select) => return Some(&select.projection),
            SetExpr::Query(query) => expression = &query.body,
            SetExpr::SetOperation { left, .. } => expression = left,
            _ => return None,
        }
    }
}

fn name(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
        SelectItem::UnnamedExpr(Expr::Identifier(column)) => Some(column.value.clone()),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last().map(|column| column.value.clone()),
        SelectItem::UnnamedExpr(expression) => Some(expression.to_string()),
        SelectItem::ExprWithAliases { .. } | SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => None,
    }
}
