//! Gives everything in a statement that can be written in two ways one way to be written.
//!
//! Every identifier is quoted, every text is a plain literal, and tables of PostgreSQL have their
//! schema: so no keyword, no escape and no search path can make a name mean something else.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Ident, ObjectName, ObjectNamePart, Query, Statement, TableFactor, TableObject, Value, ValueWithSpan,
    VisitMut, VisitorMut,
};

use crate::sql::{
    Dialect,
    scope::{Scopes, fold},
};

/// Rewrites a statement. Breaks with what no statement may have.
pub(super) fn rewrite(statement: &mut Statement, dialect: Dialect) -> ControlFlow<String> {
    if dialect == Dialect::Postgres {
        VisitMut::visit(statement, &mut Qualify::default())?;
    }
    VisitMut::visit(statement, &mut Spell { dialect })
}

/// Gives tables without a schema the default one, but for the names that a `with` gives.
#[derive(Default)]
struct Qualify {
    scopes: Scopes,
}

impl VisitorMut for Qualify {
    type Break = String;

    fn pre_visit_statement(&mut self, statement: &mut Statement) -> ControlFlow<String> {
        // What is changed is a table, whatever a `with` calls by its name.
        match statement {
            Statement::Insert(insert) => {
                if let TableObject::TableName(name) = &mut insert.table {
                    qualify(name);
                }
            }
            Statement::Update(update) => target(&mut update.table.relation),
            Statement::Delete(delete) => {
                let (sqlparser::ast::FromTable::WithFromKeyword(from)
                | sqlparser::ast::FromTable::WithoutKeyword(from)) = &mut delete.from;
                from.iter_mut().for_each(|table| target(&mut table.relation));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<String> {
        self.scopes.enter(query, Dialect::Postgres);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<String> {
        self.scopes.leave();
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<String> {
        if let TableFactor::Table { name, args: None, .. } = factor
            && let [ObjectNamePart::Identifier(ident)] = &name.0[..]
            && !self.scopes.has(&fold(ident, Dialect::Postgres))
        {
            qualify(name);
        }
        ControlFlow::Continue(())
    }
}

fn target(factor: &mut TableFactor) {
    if let TableFactor::Table { name, args: None, .. } = factor {
        qualify(name);
    }
}

fn qualify(name: &mut ObjectName) {
    if name.0.len() == 1 {
        name.0.insert(0, ObjectNamePart::Identifier(Ident::new("public")));
    }
}

/// Spells identifiers and literals.
struct Spell {
    dialect: Dialect,
}

impl VisitorMut for Spell {
    type Break = String;

    fn pre_visit_ident(&mut self, ident: &mut Ident) -> ControlFlow<String> {
        // A keyword in the place of a value, and an identifier nowhere.
        if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("default") {
            return ControlFlow::Continue(());
        }
        let value = match self.dialect {
            Dialect::Postgres => fold(ident, self.dialect),
            Dialect::Sqlite => ident.value.clone(),
        };
        // Without a quote style, the value is printed as it is.
        *ident = Ident::new(format!("\"{}\"", value.replace('"', "\"\"")));
        ControlFlow::Continue(())
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<String> {
        let text = match &value.value {
            Value::Number(digits, _)
                if digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte)) =>
            {
                return ControlFlow::Continue(());
            }
            Value::Boolean(_) | Value::Null => return ControlFlow::Continue(()),
            Value::Placeholder(name) if name.starts_with(['?', '$']) => return ControlFlow::Continue(()),
            Value::Placeholder(_) => return ControlFlow::Break("a parameter with a name".into()),
            Value::HexStringLiteral(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                return ControlFlow::Continue(());
            }
            Value::SingleQuotedString(text)
            | Value::EscapedStringLiteral(text)
            | Value::UnicodeStringLiteral(text)
            | Value::NationalStringLiteral(text) => text,
            Value::DollarQuotedString(text) => &text.value,
            _ => return ControlFlow::Break("a literal of this kind".into()),
        };
        // The parser guesses whether a text is escaped already; a placeholder is printed as it is.
        value.value = Value::Placeholder(format!("'{}'", text.replace('\'', "''")));
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        match expr {
            Expr::Function(function) => plain(&function.name),
            _ => ControlFlow::Continue(()),
        }
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        if let Expr::Function(function) = expr {
            unquote(&mut function.name);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<String> {
        match factor {
            TableFactor::Table { name, args: Some(_), .. } | TableFactor::Function { name, .. } => plain(name),
            _ => ControlFlow::Continue(()),
        }
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<String> {
        if let TableFactor::Table { name, args: Some(_), .. } | TableFactor::Function { name, .. } = factor {
            unquote(name);
        }
        ControlFlow::Continue(())
    }
}

/// Functions have plain names: some are syntax, and may not be quoted.
fn plain(name: &ObjectName) -> ControlFlow<String> {
    let plain = |ident: &Ident| {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        !ident.value.is_empty() && ident.value.bytes().all(letters) && ident.quote_style.is_none()
    };
    match &name.0[..] {
        [ObjectNamePart::Identifier(ident)] if plain(ident) => ControlFlow::Continue(()),
        _ => ControlFlow::Break("a function with a schema or a quoted name".into()),
    }
}

fn unquote(name: &mut ObjectName) {
    for part in &mut name.0 {
        if let ObjectNamePart::Identifier(ident) = part {
            *ident = Ident::new(ident.value.trim_matches('"').to_ascii_lowercase());
        }
    }
}
