//! Expressions: the kinds that are known, the functions they call and the types they name.

use std::ops::ControlFlow;

use sqlparser::ast::{
    AccessExpr, ArrayElemTypeDef, BinaryOperator, DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, ObjectName, ObjectNamePart,
};

use crate::{
    policy::is_safe_type,
    sql::{
        Dialect,
        check::{Facts, shape::refuse},
        rewrite::{CATALOG, looks_up},
        scope::fold,
    },
};

type Flow = ControlFlow<String>;

/// Refuses an expression that isn't known. What is inside it is walked by the visitor.
pub(super) fn check(expr: &Expr, dialect: Dialect, facts: &mut Facts) -> Flow {
    match expr {
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::InUnnest { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::ILike { .. }
        | Expr::SimilarTo { .. }
        | Expr::UnaryOp { .. }
        | Expr::AtTimeZone { .. }
        | Expr::Extract { .. }
        | Expr::Ceil { .. }
        | Expr::Floor { .. }
        | Expr::Position { .. }
        | Expr::Substring { .. }
        | Expr::Trim { .. }
        | Expr::Overlay { .. }
        | Expr::Collate { .. }
        | Expr::Nested(_)
        | Expr::Value(_)
        | Expr::Case { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_)
        | Expr::GroupingSets(_)
        | Expr::Cube(_)
        | Expr::Rollup(_)
        | Expr::Tuple(_)
        | Expr::Array(_)
        | Expr::Interval(_)
        // What these show is for the second walk to see.
        | Expr::Wildcard(_)
        | Expr::QualifiedWildcard(..) => ControlFlow::Continue(()),
        Expr::BinaryOp { op, .. }
        | Expr::AnyOp { compare_op: op, .. }
        | Expr::AllOp { compare_op: op, .. } => match op {
            BinaryOperator::PGCustomBinaryOperator(_) => refuse("an operator with a schema"),
            _ => ControlFlow::Continue(()),
        },
        Expr::CompoundFieldAccess { access_chain, .. } => {
            let subscripts = access_chain.iter().all(|access| matches!(access, AccessExpr::Subscript(_)));
            if subscripts { ControlFlow::Continue(()) } else { refuse("a field of a value") }
        }
        Expr::Cast { data_type, format: None, .. } => named_type(data_type, dialect, facts),
        Expr::TypedString(typed) if !typed.uses_odbc_syntax => named_type(&typed.data_type, dialect, facts),
        Expr::Function(called) => {
            let plain = !called.uses_odbc_syntax && matches!(called.parameters, FunctionArguments::None);
            let args = match &called.args {
                FunctionArguments::None => &[][..],
                FunctionArguments::List(list) => {
                    let known = |clause: &FunctionArgumentClause| matches!(clause, FunctionArgumentClause::OrderBy(_));
                    if !list.clauses.iter().all(known) {
                        return refuse("a function with a clause of this kind");
                    }
                    &list.args
                }
                FunctionArguments::Subquery(_) => return refuse("a function of a query"),
            };
            if plain { function(&called.name, args, dialect, facts) } else { refuse("a function of this kind") }
        }
        _ => refuse("an expression of this kind"),
    }
}

/// Notes a function that is called.
pub(super) fn function(name: &ObjectName, args: &[FunctionArg], dialect: Dialect, facts: &mut Facts) -> Flow {
    let Some(name) = located(name, dialect) else { return refuse("a function of another database") };
    let known = |arg: &FunctionArg| match arg {
        FunctionArg::Named { arg, .. } | FunctionArg::Unnamed(arg) => {
            !matches!(arg, FunctionArgExpr::WildcardWithOptions(_))
        }
        FunctionArg::ExprNamed { .. } => false,
    };
    facts.functions.push(name);
    if args.iter().all(known) { ControlFlow::Continue(()) } else { refuse("a function with arguments of this kind") }
}

/// A function's or a type's name as a request has it: in PostgreSQL always with its schema, where one
/// that isn't written is the server's own.
fn located(name: &ObjectName, dialect: Dialect) -> Option<String> {
    match (&name.0[..], dialect) {
        ([ObjectNamePart::Identifier(ident)], Dialect::Sqlite) => Some(ident.value.to_ascii_lowercase()),
        ([ObjectNamePart::Identifier(ident)], Dialect::Postgres) => Some(format!("{CATALOG}.{}", fold(ident, dialect))),
        ([ObjectNamePart::Identifier(schema), ObjectNamePart::Identifier(ident)], Dialect::Postgres) => {
            Some(format!("{}.{}", fold(schema, dialect), fold(ident, dialect)))
        }
        _ => None,
    }
}

/// Types that look something up in the server when a text becomes one, and types of the operator's,
/// which come with functions: to name them is to call these.
fn named_type(mut data_type: &DataType, dialect: Dialect, facts: &mut Facts) -> Flow {
    if dialect == Dialect::Sqlite {
        return ControlFlow::Continue(());
    }
    while let DataType::Array(ArrayElemTypeDef::SquareBracket(inner, _) | ArrayElemTypeDef::Qualified(inner, _)) =
        data_type
    {
        data_type = inner;
    }
    match data_type {
        DataType::Custom(name, _) => match located(name, dialect) {
            Some(name) => {
                let own = name.strip_prefix(CATALOG).and_then(|name| name.strip_prefix('.'));
                if !own.is_some_and(|own| is_safe_type(own) && !looks_up(own)) {
                    facts.functions.push(name);
                }
            }
            None => return refuse("a type of another database"),
        },
        DataType::Regclass => facts.functions.push(format!("{CATALOG}.regclass")),
        DataType::Array(_)
        | DataType::Map(..)
        | DataType::Tuple(_)
        | DataType::Nested(_)
        | DataType::Struct(..)
        | DataType::Union(_)
        | DataType::Nullable(_)
        | DataType::LowCardinality(_)
        | DataType::Table(_)
        | DataType::NamedTable { .. } => return refuse("a type of this kind"),
        // Keywords, which name the server's own.
        _ => {}
    }
    ControlFlow::Continue(())
}
