//! Calls of functions and methods.

use rustpython_parser::ast::{self, Expr};

use super::{Reader, refused};
use crate::expression::{
    functions::{FUNCTIONS, Function},
    methods::Method,
    node::{Arguments, Kind},
    wrong::ExpressionError,
};

impl Reader<'_> {
    pub(super) fn call(&mut self, call: &ast::ExprCall, depth: usize) -> Result<Kind, ExpressionError> {
        match call.func.as_ref() {
            Expr::Name(name) => {
                let start = self.span(name).start;
                if self.places.iter().any(|(place, _)| *place == start) {
                    return self.refuse(name, "a value can't be called", "");
                }
                let known = FUNCTIONS.iter().find(|function| function.word == name.id.as_str());
                match known {
                    Some(function) => self.function(function, call, depth),
                    None => Err(refused::function(&name.id, self.span(name))),
                }
            }
            Expr::Attribute(attribute) => {
                let word = attribute.attr.as_str();
                match Method::named(word) {
                    Some(method) => self.method(method, attribute, call, depth),
                    None if word.starts_with('_') => Err(refused::node(&call.func, self.span(attribute), self.text)),
                    None => Err(refused::method(word, self.span(attribute))),
                }
            }
            other => self.refuse(other, "a value can't be called", ""),
        }
    }

    fn function(
        &mut self,
        function: &'static Function,
        call: &ast::ExprCall,
        depth: usize,
    ) -> Result<Kind, ExpressionError> {
        let find = |name: &str| function.named.iter().map(|(known, _)| *known).find(|known| *known == name);
        if let ([Expr::GeneratorExp(generator)], [], "any" | "all") =
            (call.args.as_slice(), call.keywords.as_slice(), function.word)
        {
            let loops = self.loops(&generator.elt, None, &generator.generators, depth)?;
            return Ok(Kind::Quantified(function.word == "any", Box::new(loops)));
        }
        let arguments = self.arguments(call, function.word, function.generator, find, depth)?;
        if !function.fits(arguments.positional.len(), arguments.named.iter().map(|(name, _)| *name)) {
            return self.refuse(call, format!("{}() {}", function.word, function.wanted()), "");
        }
        Ok(Kind::Call(function, arguments))
    }

    fn method(
        &mut self,
        method: Method,
        attribute: &ast::ExprAttribute,
        call: &ast::ExprCall,
        depth: usize,
    ) -> Result<Kind, ExpressionError> {
        let receiver = Box::new(self.node(&attribute.value, depth)?);
        let word = attribute.attr.as_str();
        let arguments = self.arguments(call, word, method.walks(), |name| method.argument(name), depth)?;
        let names: Vec<_> = arguments.named.iter().map(|(name, _)| *name).collect();
        if let Err(wanted) = method.fits(arguments.positional.len(), &names) {
            return self.refuse(call, format!("{word}() {wanted}"), "");
        }
        Ok(Kind::Method(receiver, method, arguments))
    }

    /// The arguments of a call. Where it `walks` all of it, the only one by position may be a
    /// generator, which is then a list.
    fn arguments(
        &mut self,
        call: &ast::ExprCall,
        word: &str,
        walks: bool,
        find: impl Fn(&str) -> Option<&'static str>,
        depth: usize,
    ) -> Result<Arguments, ExpressionError> {
        let mut positional = Vec::with_capacity(call.args.len());
        for argument in &call.args {
            positional.push(match argument {
                Expr::GeneratorExp(generator) if walks && call.args.len() == 1 => {
                    let kind = self.comprehension(&generator.elt, None, &generator.generators, depth)?;
                    crate::expression::node::Node { kind, span: self.span(generator) }
                }
                _ => self.node(argument, depth)?,
            });
        }
        let mut named = Vec::with_capacity(call.keywords.len());
        for keyword in &call.keywords {
            match keyword.arg.as_ref().map(|name| find(name)) {
                Some(Some(name)) => named.push((name, self.node(&keyword.value, depth)?)),
                Some(None) => {
                    return self.refuse(keyword, format!("{word}() has no argument of that name here"), "");
                }
                None => return self.refuse(keyword, "`**` can't be used here", "write each argument"),
            }
        }
        Ok(Arguments { positional, named })
    }
}
