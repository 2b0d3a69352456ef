//! Comprehensions: loops whose work is counted, over variables of their own.

use rustpython_parser::ast::{self, Expr};

use super::Reader;
use crate::expression::{
    node::{Comprehension, Kind, Loop, Makes, Target},
    wrong::ExpressionError,
};

impl Reader<'_> {
    pub(super) fn comprehension(
        &mut self,
        item: &Expr,
        value: Option<&Expr>,
        generators: &[ast::Comprehension],
        depth: usize,
    ) -> Result<Kind, ExpressionError> {
        Ok(Kind::Comprehension(Box::new(self.loops(item, value, generators, depth)?)))
    }

    /// The loops of `generators`, each of which counts as a level, and what they make.
    pub(super) fn loops(
        &mut self,
        item: &Expr,
        value: Option<&Expr>,
        generators: &[ast::Comprehension],
        depth: usize,
    ) -> Result<Comprehension, ExpressionError> {
        let outside = self.scope.len();
        let Some(depth) = depth.checked_sub(generators.len()) else {
            return self.refuse(item, "these loops nest too deep", "do part of it in a step before");
        };
        let mut loops = Vec::with_capacity(generators.len());
        for generator in generators {
            if generator.is_async {
                return self.refuse(&generator.iter, "nothing waits in an expression", "");
            }
            // What is walked over doesn't see the variables that it fills.
            let over = self.node(&generator.iter, depth)?;
            let target = self.target(&generator.target, depth)?;
            let conditions = self.nodes(&generator.ifs, depth)?;
            loops.push(Loop { target, over, conditions });
        }
        let item = self.node(item, depth)?;
        let makes = match value {
            Some(value) => Makes::Entry(item, self.node(value, depth)?),
            None => Makes::Item(item),
        };
        self.scope.truncate(outside);
        Ok(Comprehension { makes, loops })
    }

    fn target(&mut self, target: &Expr, depth: usize) -> Result<Target, ExpressionError> {
        let Some(depth) = depth.checked_sub(1) else { return self.refuse(target, "this nests too deep", "") };
        match target {
            Expr::Name(name) => {
                let start = self.span(name).start;
                if self.places.iter().any(|(place, _)| *place == start) {
                    return self.refuse(name, "a variable of a comprehension has no `$`", "for x in $list");
                }
                if name.id.starts_with('_') {
                    let message = "a name that begins with `_` can't be in an expression";
                    return self.refuse(name, message, "call the variable something else");
                }
                self.scope.push((name.id.to_string(), self.locals));
                self.locals += 1;
                Ok(Target::Local(self.locals - 1))
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                elts.iter().map(|part| self.target(part, depth)).collect::<Result<_, _>>().map(Target::Parts)
            }
            other => self.refuse(other, "a comprehension goes to variables", "for x in $list, or for a, b in $pairs"),
        }
    }
}
