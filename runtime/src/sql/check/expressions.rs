//! Expressions: the kinds that are known, the functions they call and the types they name.

use std::ops::ControlFlow;

use sqlparser::ast::{
    AccessExpr, BinaryOperator, DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, ObjectName, ObjectNamePart,
};

use crate::sql::check::{Facts, shape::refuse};

type Flow = ControlFlow<String>;

/// Refuses an expression that isn't known. What is inside it is walked by the visitor.
pub(super) fn check(expr: &Expr, facts: &mut Facts) -> Flow {
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
        Expr::Cast { data_type, format: None, .. } => named_type(data_type, facts),
        Expr::TypedString(typed) if !typed.uses_odbc_syntax => named_type(&typed.data_type, facts),
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
            if plain { function(&called.name, args, facts) } else { refuse("a function of this kind") }
        }
        _ => refuse("an expression of this kind"),
    }
}

/// Notes a function that is called.
pub(super) fn function(name: &ObjectName, args: &[FunctionArg], facts: &mut Facts) -> Flow {
    let [ObjectNamePart::Identifier(ident)] = &name.0[..] else { return refuse("a function with a schema") };
    let known = |arg: &FunctionArg| match arg {
        FunctionArg::Named { arg, .. } | FunctionArg::Unnamed(arg) => {
            !matches!(arg, FunctionArgExpr::WildcardWithOptions(_))
        }
        FunctionArg::ExprNamed { .. } => false,
    };
    facts.functions.push(ident.value.to_ascii_lowercase());
    if args.iter().all(known) { ControlFlow::Continue(()) } else { refuse("a function with arguments of this kind") }
}

/// Types that look something up in the server when a text becomes one: to name them is to call that.
fn named_type(data_type: &DataType, facts: &mut Facts) -> Flow {
    let text = data_type.to_string().to_ascii_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    let looks_up = |word: &&str| word.starts_with("reg") || word.starts_with("pg_") || *word == "oid";
    facts.functions.extend(words.filter(looks_up).map(str::to_owned));
    ControlFlow::Continue(())
}
