//! What expressions use, and which of their values are taken.

use std::ops::Range;

use minijinja::machinery::{
    Span,
    ast::{self, BinOpKind, CallArg, Expr},
};

use super::{Reader, ToolKind, range};
use crate::template::PLACEHOLDER;

impl<'t> Reader<'t> {
    /// Reads expressions whose values are taken as they are.
    pub fn expressions<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expr<'t>>)
    where
        't: 'e,
    {
        for expression in expressions {
            self.expression(expression);
        }
    }

    /// Reads an expression whose value is taken as it is, and gives where it begins: the spans of
    /// MiniJinja's operators begin with what stands before.
    pub fn expression(&mut self, expression: &Expr<'t>) -> usize {
        let (start, is_place) = self.part(expression);
        let is_product = matches!(expression, Expr::BinOp(product) if matches!(product.op, BinOpKind::Mul));
        self.uses.grows |= is_product;
        if is_place || is_product {
            self.uses.taken.push(start..expression.span().end_offset as usize);
        }
        start
    }

    /// Reads an expression of which a part is taken, or that is called or changed; gives where it
    /// begins, and whether it is a name, or a part of what has a name.
    pub fn part(&mut self, expression: &Expr<'t>) -> (usize, bool) {
        let own = expression.span().start_offset as usize;
        match expression {
            Expr::Var(name) => {
                self.name(name.id, name.span(), true);
                return (own, true);
            }
            Expr::GetAttr(part) => return self.part(&part.expr),
            Expr::GetItem(part) => {
                let found = self.part(&part.expr);
                self.expression(&part.subscript_expr);
                return found;
            }
            Expr::Slice(slice) => {
                let found = self.part(&slice.expr);
                self.expressions([&slice.start, &slice.stop, &slice.step].into_iter().flatten());
                return found;
            }
            _ => {}
        }
        (self.composed(expression).unwrap_or(own), false)
    }

    /// Reads an expression that is made of others; gives where the first of them begins.
    fn composed(&mut self, expression: &Expr<'t>) -> Option<usize> {
        match expression {
            Expr::UnaryOp(operation) => self.expressions([&operation.expr]),
            Expr::BinOp(operation) => {
                let start = self.expression(&operation.left);
                self.expression(&operation.right);
                return Some(start);
            }
            Expr::Compare(compare) => {
                let start = self.expression(&compare.expr);
                self.expressions(compare.ops.iter().map(|operation| &operation.expr));
                return Some(start);
            }
            Expr::IfExpr(choice) => {
                let start = self.expression(&choice.true_expr);
                self.expression(&choice.test_expr);
                self.expressions(&choice.false_expr);
                return Some(start);
            }
            Expr::Filter(filter) => return self.filter(filter),
            Expr::Test(test) => return Some(self.test(test)),
            Expr::Call(call) => return Some(self.call(call)),
            Expr::List(list) => self.expressions(&list.items),
            Expr::Tuple(tuple) => self.expressions(&tuple.items),
            Expr::Map(map) => self.expressions(map.keys.iter().chain(&map.values)),
            _ => {}
        }
        None
    }

    fn filter(&mut self, filter: &ast::Spanned<ast::Filter<'t>>) -> Option<usize> {
        let start = match &filter.expr {
            Some(Expr::Var(name)) if matches!(filter.name, "default" | "d" | PLACEHOLDER) => {
                self.name(name.id, name.span(), false);
                Some(name.span().start_offset as usize)
            }
            value => value.as_ref().map(|value| self.expression(value)),
        };
        self.tool(ToolKind::Filter, filter.name, word(filter.span(), filter.name));
        // These apply another filter or test, by its name.
        let named = match filter.name {
            "map" => Some((ToolKind::Filter, 0)),
            "select" | "reject" => Some((ToolKind::Test, 0)),
            "selectattr" | "rejectattr" => Some((ToolKind::Test, 1)),
            _ => None,
        };
        if let Some((kind, position)) = named
            && let Some(CallArg::Pos(Expr::Const(name))) = filter.args.get(position)
            && let Some(word) = name.value.as_str()
        {
            self.tool(kind, word, range(name.span()));
        }
        self.arguments(&filter.args);
        start
    }

    fn test(&mut self, test: &ast::Spanned<ast::Test<'t>>) -> usize {
        let start = match &test.expr {
            Expr::Var(name) if matches!(test.name, "defined" | "undefined") => {
                self.name(name.id, name.span(), false);
                name.span().start_offset as usize
            }
            value => self.expression(value),
        };
        self.tool(ToolKind::Test, test.name, word(test.span(), test.name));
        self.arguments(&test.args);
        start
    }

    pub fn call(&mut self, call: &ast::Call<'t>) -> usize {
        let start = match &call.expr {
            Expr::Var(name) if !self.is_set(name.id) => {
                self.tool(ToolKind::Function, name.id, range(name.span()));
                name.span().start_offset as usize
            }
            called => self.part(called).0,
        };
        self.arguments(&call.args);
        start
    }

    fn arguments(&mut self, arguments: &[CallArg<'t>]) {
        for argument in arguments {
            let (CallArg::Pos(value)
            | CallArg::Kwarg(_, value)
            | CallArg::PosSplat(value)
            | CallArg::KwargSplat(value)) = argument;
            self.expression(value);
        }
    }
}

/// Where `name` stands, which `span` begins with.
fn word(span: Span, name: &str) -> Range<usize> {
    let start = span.start_offset as usize;
    start..start + name.len()
}
