//! Evaluating what was read: each node pays for itself, and everything that grows pays before it does.

mod compare;
mod look_up;
mod rounds;

use super::{
    Expression, Scope,
    bounds::Work,
    data::{Data, Dict},
    functions,
    node::{Arguments, Kind, Node},
    operators,
    signature::Given,
    subscript, write,
    wrong::Result,
};
use crate::Value;

/// One evaluation.
pub struct Evaluator<'a> {
    expression: &'a Expression,
    scope: &'a dyn Scope,
    work: Work,
    /// The references that were read, where one may be needed again.
    read: Vec<Option<Data>>,
    /// The variables of comprehensions.
    locals: Vec<Data>,
    /// How many comprehensions this is within.
    loops: usize,
}

impl<'a> Evaluator<'a> {
    pub fn new(expression: &'a Expression, scope: &'a dyn Scope) -> Self {
        let read = if expression.again { vec![None; expression.references.len()] } else { Vec::new() };
        Self { expression, scope, work: Work::new(), read, locals: vec![Data::None; expression.locals], loops: 0 }
    }

    /// The value of all of it, in at most `limit` bytes.
    pub fn run(&mut self, limit: u64) -> Result<Value> {
        let data = self.evaluate(&self.expression.root)?;
        write::value(data, limit, &mut self.work).map_err(|wrong| wrong.at(&self.expression.root.span))
    }

    /// The work that it took so far.
    pub fn spent(&self) -> u64 {
        self.work.spent()
    }

    /// The value of one node. Nodes nest as deep as they may be written, and so does this.
    fn evaluate(&mut self, node: &Node) -> Result<Data> {
        self.work.charge(1).and_then(|()| self.kind(node)).map_err(|wrong| wrong.at(&node.span))
    }

    fn kind(&mut self, node: &Node) -> Result<Data> {
        match &node.kind {
            Kind::Constant(data) => Ok(data.clone()),
            Kind::Reference(number) => self.reference(*number),
            Kind::Local(number) => Ok(self.locals.get(*number).cloned().unwrap_or(Data::None)),
            Kind::List(nodes) => Ok(Data::list(self.items(nodes)?)),
            Kind::Tuple(nodes) => Ok(Data::tuple(self.items(nodes)?)),
            Kind::Dict(nodes) => self.entries(nodes),
            Kind::Unary(operator, operand) => operators::unary(*operator, &self.evaluate(operand)?),
            Kind::Binary(first, rest) => {
                let mut left = self.evaluate(first)?;
                for operation in rest {
                    let right = self.evaluate(&operation.right)?;
                    left = operators::binary(operation.operator, &left, &right, &mut self.work)
                        .map_err(|wrong| wrong.at(&(node.span.start..operation.end)))?;
                }
                Ok(left)
            }
            Kind::Compare(first, rest) => self.compare(first, rest),
            Kind::And(nodes) => self.first_that(nodes, false),
            Kind::Or(nodes) => self.first_that(nodes, true),
            Kind::Choice(choice) => {
                let condition = self.evaluate(&choice.condition)?;
                self.evaluate(if condition.is_true() { &choice.yes } else { &choice.no })
            }
            Kind::Subscript(..) => self.part(node)?.read(&mut self.work),
            Kind::Slice(value, bounds) => {
                let value = self.evaluate(value)?;
                let mut bound = |at: usize| bounds[at].as_ref().map(|bound| self.evaluate(bound)).transpose();
                let bounds = [bound(0)?, bound(1)?, bound(2)?];
                subscript::slice(&value, bounds, &mut self.work)
            }
            Kind::Call(function, arguments) => {
                let given = self.arguments(arguments)?;
                (function.call)(&given, &mut self.work)
            }
            Kind::Method(receiver, method, arguments) => {
                let receiver = self.evaluate(receiver)?;
                let given = self.arguments(arguments)?;
                method.call(&receiver, &given, &mut self.work)
            }
            Kind::Comprehension(comprehension) => self.comprehension(comprehension),
            Kind::Quantified(ends, comprehension) => self.quantified(*ends, comprehension),
        }
    }

    fn items(&mut self, nodes: &[Node]) -> Result<Vec<Data>> {
        let item = |node: &Node| self.evaluate(node)?.stored().map_err(|wrong| wrong.at(&node.span));
        nodes.iter().map(item).collect()
    }

    fn entries(&mut self, nodes: &[(Node, Node)]) -> Result<Data> {
        let mut entries = Dict::with_capacity(nodes.len());
        for (key, value) in nodes {
            let name = functions::key_of(&self.evaluate(key)?).map_err(|wrong| wrong.at(&key.span))?;
            entries.insert(name, self.evaluate(value)?.stored()?);
        }
        Ok(Data::Dict(entries.into()))
    }

    /// The first value that is as true as `wanted`, or the last.
    fn first_that(&mut self, nodes: &[Node], wanted: bool) -> Result<Data> {
        let mut last = Data::None;
        for node in nodes {
            last = self.evaluate(node)?;
            if last.is_true() == wanted {
                break;
            }
        }
        Ok(last)
    }

    fn arguments(&mut self, arguments: &Arguments) -> Result<Given> {
        let positional = arguments.positional.iter().map(|node| self.evaluate(node)).collect::<Result<_>>()?;
        let named = arguments.named.iter().map(|(name, node)| Ok((*name, self.evaluate(node)?)));
        Ok(Given { positional, named: named.collect::<Result<_>>()? })
    }
}
