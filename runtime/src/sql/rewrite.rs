//! Gives everything in a statement that can be written in two ways one way to be written.
//!
//! Every identifier is quoted, every text is a plain literal, and tables, functions and types of
//! PostgreSQL have their schema, unless they are its own and safe: so no keyword, no escape and no
//! search path can make a name mean something else.

use std::ops::ControlFlow;

use sqlparser::ast::{
    ArrayElemTypeDef, DataType, Expr, FunctionArguments, Ident, ObjectName, ObjectNamePart, OrderByExpr, OrderBySort,
    Query, Statement, TableFactor, TableObject, Value, ValueWithSpan, VisitMut, VisitorMut,
};

use crate::{
    policy::{is_safe_function, is_safe_type},
    sql::{
        Dialect,
        scope::{Scopes, fold},
    },
};

/// The schema of what is PostgreSQL's own. It alone is searched for names without a schema.
pub(super) const CATALOG: &str = "pg_catalog";

/// Rewrites a statement. Breaks with what no statement may have.
pub(super) fn rewrite(statement: &mut Statement, dialect: Dialect) -> ControlFlow<String> {
    if dialect == Dialect::Postgres {
        VisitMut::visit(statement, &mut Qualify::default())?;
    }
    VisitMut::visit(statement, &mut Spell { dialect })
}

/// Gives names without a schema the default one: tables, but for the names that a `with` gives; and
/// functions and types, but for PostgreSQL's own that are safe, which lose theirs.
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
        match factor {
            TableFactor::Table { name, args: None, .. } => {
                if let [ObjectNamePart::Identifier(ident)] = &name.0[..]
                    && !self.scopes.has(&fold(ident, Dialect::Postgres))
                {
                    qualify(name);
                }
            }
            TableFactor::Table { name, .. } | TableFactor::Function { name, .. } => {
                plain(name, Dialect::Postgres)?;
                locate(name, safe_function);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        match expr {
            // What has no parentheses is syntax: `current_date`.
            Expr::Function(function) if !matches!(function.args, FunctionArguments::None) => {
                plain(&function.name, Dialect::Postgres)?;
                locate(&mut function.name, safe_function);
            }
            Expr::Cast { data_type, .. } => locate_type(data_type),
            Expr::TypedString(typed) => locate_type(&mut typed.data_type),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Takes the schema from what is PostgreSQL's own and safe, and gives one to all else.
fn locate(name: &mut ObjectName, is_own: impl Fn(&str) -> bool) {
    let own = |ident: &Ident| is_own(&fold(ident, Dialect::Postgres));
    match &name.0[..] {
        [ObjectNamePart::Identifier(ident)] if !own(ident) => qualify(name),
        [ObjectNamePart::Identifier(schema), ObjectNamePart::Identifier(ident)]
            if fold(schema, Dialect::Postgres) == CATALOG && own(ident) =>
        {
            name.0.remove(0);
        }
        _ => {}
    }
}

fn safe_function(name: &str) -> bool {
    is_safe_function(&format!("{CATALOG}.{name}"))
}

/// The same for a type, or for that of an array's elements.
fn locate_type(mut data_type: &mut DataType) {
    while let DataType::Array(ArrayElemTypeDef::SquareBracket(inner, _) | ArrayElemTypeDef::Qualified(inner, _)) =
        data_type
    {
        data_type = inner;
    }
    if let DataType::Custom(name, _) = data_type {
        // What looks something up is the server's own too, and is asked for as a function.
        locate(name, |name| is_safe_type(name) || looks_up(name));
    }
}

/// Whether a type of PostgreSQL's looks something up in the server when a text becomes one.
pub(super) fn looks_up(name: &str) -> bool {
    name.starts_with("reg") || name.starts_with("pg_") || name == "oid"
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

    fn pre_visit_order_by_expr(&mut self, order: &mut OrderByExpr) -> ControlFlow<String> {
        match order.options.sort {
            Some(OrderBySort::Using(_)) => ControlFlow::Break("an order by an operator".into()),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<String> {
        match expr {
            Expr::Function(function) => plain(&function.name, self.dialect),
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
            TableFactor::Table { name, args: Some(_), .. } | TableFactor::Function { name, .. } => {
                plain(name, self.dialect)
            }
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

/// Functions have plain names: some are syntax, and may not be quoted. In PostgreSQL they can have a
/// schema.
fn plain(name: &ObjectName, dialect: Dialect) -> ControlFlow<String> {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let plain = |ident: &Ident| !ident.value.is_empty() && ident.value.bytes().all(letters);
    match &name.0[..] {
        [ObjectNamePart::Identifier(ident)] if plain(ident) && ident.quote_style.is_none() => ControlFlow::Continue(()),
        [ObjectNamePart::Identifier(schema), ObjectNamePart::Identifier(ident)]
            if dialect == Dialect::Postgres && plain(schema) && plain(ident) =>
        {
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Break("a function with a quoted name or of another database".into()),
    }
}

/// Only names without a schema can be syntax.
fn unquote(name: &mut ObjectName) {
    if let [ObjectNamePart::Identifier(ident)] = &mut name.0[..] {
        *ident = Ident::new(ident.value.trim_matches('"').to_ascii_lowercase());
    }
}
