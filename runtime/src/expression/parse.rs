//! From Python's syntax to ours: what is not on this list can't be said.

mod call;
mod comprehension;
mod refused;

use std::ops::Range;

use rustpython_parser::{
    Parse, ParseErrorType,
    ast::{self, Constant, Expr, Ranged},
};

use super::{
    bounds::{MAX_NESTING, MAX_SOURCE},
    data::Data,
    node::{Choice, Comparison, Kind, Node, Operation},
    number::Int,
    operators::{Binary, Unary},
    scan::{Scanned, scan},
    wrong::ExpressionError,
};
use crate::{agent::Reference, stack};

/// An expression so short, in bytes, that no way to write it nests deeply.
const SHORT: usize = 512;

/// The stack that a longer one is read on, in bytes: reserved, not touched. The parser's tree can
/// nest one level with every byte, and dropping it takes native stack for each.
const STACK: usize = 16 << 20;

/// What a text says.
pub struct Parsed {
    pub root: Node,
    /// The references, each once.
    pub references: Vec<Reference>,
    /// Where each of them begins, each time that it is written.
    pub places: Vec<(usize, Reference)>,
    /// How many variables its comprehensions have.
    pub locals: usize,
    /// Whether a reference may be needed more than once.
    pub again: bool,
}

/// Reads `text`.
pub fn parse(text: &str) -> Result<Parsed, ExpressionError> {
    if text.len() > MAX_SOURCE {
        let message = format!("an expression has at most {MAX_SOURCE} bytes, and this has {}", text.len());
        return Err(ExpressionError::syntax(message, 0..0).help("compute it in a proc"));
    }
    let scanned = scan(text)?;
    match text.len() {
        0..=SHORT => read(text, scanned),
        _ => stack::on_deep_stack(STACK, || read(text, scanned))
            .unwrap_or_else(|error| Err(ExpressionError::refused(error.to_string(), 0..0))),
    }
}

fn read(text: &str, scanned: Scanned) -> Result<Parsed, ExpressionError> {
    // As `eval` does.
    let code = scanned.code.trim_start_matches([' ', '\t', '\n']);
    let shift = text.len() - code.len();
    let tree = Expr::parse(code, "").map_err(|error| {
        let at = (error.offset.to_usize() + shift).min(text.len());
        unread(text, &error.error, at, &scanned)
    })?;
    if let Some(refused) = scanned.refused {
        return Err(refused);
    }
    let mut reader =
        Reader { text, shift, places: scanned.references, references: Vec::new(), scope: Vec::new(), locals: 0 };
    let root = reader.node(&tree, MAX_NESTING)?;
    let again = reader.locals > 0 || reader.places.len() > reader.references.len();
    let Reader { references, places, locals, .. } = reader;
    Ok(Parsed { root, references, places, locals, again })
}

/// What the parser stumbled over, in the words of the text.
fn unread(text: &str, error: &ParseErrorType, at: usize, scanned: &Scanned) -> ExpressionError {
    if text.trim().is_empty() {
        return ExpressionError::syntax("there is no expression here", 0..text.len());
    }
    let at = text.floor_char_boundary(at);
    if let Some(error) = refused::operator(text, at) {
        return error;
    }
    let rest = &text[at..];
    let reference = scanned.references.iter().find(|(start, _)| *start == at);
    let width = match reference {
        Some((_, reference)) => reference.to_string().len(),
        None => match rest.find(|c: char| !c.is_alphanumeric() && c != '_') {
            Some(0) | None => rest.chars().next().map_or(0, char::len_utf8),
            Some(width) => width,
        },
    };
    let span = at..at + width;
    match error {
        ParseErrorType::Eof => ExpressionError::syntax("it ends too early", text.len()..text.len()),
        ParseErrorType::Lexical(error) => ExpressionError::syntax(error.to_string().to_lowercase(), span),
        _ if rest.trim().is_empty() => ExpressionError::syntax("it ends too early", at..at),
        _ if rest.starts_with('=') => {
            ExpressionError::syntax("`=` is not expected here", span).help("write == to compare")
        }
        _ => ExpressionError::syntax(format!("`{}` is not expected here", text[span.clone()].escape_debug()), span),
    }
}

struct Reader<'a> {
    text: &'a str,
    /// How far the parser's offsets are from the text's.
    shift: usize,
    places: Vec<(usize, Reference)>,
    references: Vec<Reference>,
    /// The variables that can be used here, innermost last.
    scope: Vec<(String, usize)>,
    locals: usize,
}

impl Reader<'_> {
    fn span(&self, ranged: &impl Ranged) -> Range<usize> {
        let range = ranged.range();
        range.start().to_usize() + self.shift..range.end().to_usize() + self.shift
    }

    fn refuse<T>(&self, ranged: &impl Ranged, message: impl Into<String>, help: &str) -> Result<T, ExpressionError> {
        let error = ExpressionError::refused(message, self.span(ranged));
        Err(if help.is_empty() { error } else { error.help(help) })
    }

    /// Reads one part, of at most `depth` levels.
    fn node(&mut self, tree: &Expr, depth: usize) -> Result<Node, ExpressionError> {
        let Some(depth) = depth.checked_sub(1) else {
            return self.refuse(
                tree,
                format!("this nests deeper than {MAX_NESTING} levels"),
                "do part of it in a step before",
            );
        };
        let kind = match tree {
            Expr::Constant(constant) => Kind::Constant(self.constant(constant)?),
            Expr::Name(name) => self.name(name)?,
            Expr::List(list) => Kind::List(self.nodes(&list.elts, depth)?),
            Expr::Tuple(tuple) => Kind::Tuple(self.nodes(&tuple.elts, depth)?),
            Expr::Dict(dict) => Kind::Dict(self.entries(dict, depth)?),
            Expr::UnaryOp(operation) => {
                let operator = match operation.op {
                    ast::UnaryOp::Not => Unary::Not,
                    ast::UnaryOp::UAdd => Unary::Plus,
                    ast::UnaryOp::USub => Unary::Minus,
                    ast::UnaryOp::Invert => return self.refuse(tree, "there are no operators on bits", ""),
                };
                Kind::Unary(operator, Box::new(self.node(&operation.operand, depth)?))
            }
            Expr::BinOp(operation) => self.binary(operation, depth)?,
            Expr::BoolOp(operation) => {
                let parts = self.nodes(&operation.values, depth)?;
                if operation.op == ast::BoolOp::And { Kind::And(parts) } else { Kind::Or(parts) }
            }
            Expr::Compare(comparison) => self.compare(comparison, depth)?,
            Expr::IfExp(choice) => Kind::Choice(Box::new(Choice {
                condition: self.node(&choice.test, depth)?,
                yes: self.node(&choice.body, depth)?,
                no: self.node(&choice.orelse, depth)?,
            })),
            Expr::Subscript(subscript) => {
                let value = Box::new(self.node(&subscript.value, depth)?);
                match subscript.slice.as_ref() {
                    Expr::Slice(slice) => {
                        let bounds = [&slice.lower, &slice.upper, &slice.step];
                        let [lower, upper, step] =
                            bounds.map(|bound| bound.as_ref().map(|bound| self.node(bound, depth)).transpose());
                        Kind::Slice(value, Box::new([lower?, upper?, step?]))
                    }
                    index => Kind::Subscript(value, Box::new(self.node(index, depth)?)),
                }
            }
            Expr::Call(call) => self.call(call, depth)?,
            Expr::ListComp(list) => self.comprehension(&list.elt, None, &list.generators, depth)?,
            Expr::DictComp(dict) => self.comprehension(&dict.key, Some(&dict.value), &dict.generators, depth)?,
            other => return Err(refused::node(other, self.span(other), self.text)),
        };
        Ok(Node { kind, span: self.span(tree) })
    }

    fn nodes(&mut self, trees: &[Expr], depth: usize) -> Result<Vec<Node>, ExpressionError> {
        trees.iter().map(|tree| self.node(tree, depth)).collect()
    }

    fn constant(&self, constant: &ast::ExprConstant) -> Result<Data, ExpressionError> {
        Ok(match &constant.value {
            Constant::None => Data::None,
            Constant::Bool(flag) => Data::Bool(*flag),
            Constant::Str(text) => Data::text(text.as_str()),
            Constant::Bytes(bytes) => Data::Bytes(bytes.as_slice().into()),
            Constant::Float(float) => Data::Float(*float),
            Constant::Int(int) => match Int::new(int.clone()) {
                Ok(int) => Data::Int(int),
                Err(wrong) => return self.refuse(constant, wrong.message, ""),
            },
            Constant::Complex { .. } => return self.refuse(constant, "there are no complex numbers", ""),
            Constant::Ellipsis | Constant::Tuple(_) => return self.refuse(constant, "`...` means nothing here", ""),
        })
    }

    fn name(&mut self, name: &ast::ExprName) -> Result<Kind, ExpressionError> {
        let start = self.span(name).start;
        if let Some((_, reference)) = self.places.iter().find(|(place, _)| *place == start) {
            let known = self.references.iter().position(|known| known == reference);
            return Ok(Kind::Reference(known.unwrap_or_else(|| {
                self.references.push(reference.clone());
                self.references.len() - 1
            })));
        }
        match self.scope.iter().rev().find(|(known, _)| *known == *name.id) {
            Some((_, local)) => Ok(Kind::Local(*local)),
            None => Err(refused::name(&name.id, self.span(name))),
        }
    }

    fn entries(&mut self, dict: &ast::ExprDict, depth: usize) -> Result<Vec<(Node, Node)>, ExpressionError> {
        let entry = |(key, value): (&Option<Expr>, &Expr)| match key {
            Some(key) => Ok((self.node(key, depth)?, self.node(value, depth)?)),
            None => self.refuse(value, "`**` can't be used here", "write each key, or do it in a proc"),
        };
        dict.keys.iter().zip(&dict.values).map(entry).collect()
    }

    /// `a + b - c` nests to the left as deep as it is long, and is read from there.
    fn binary(&mut self, operation: &ast::ExprBinOp, depth: usize) -> Result<Kind, ExpressionError> {
        let mut spine = vec![operation];
        while let Some(Expr::BinOp(inner)) = spine.last().map(|operation| operation.left.as_ref()) {
            spine.push(inner);
        }
        let Some(innermost) = spine.last() else { return self.refuse(operation, "this can't be read", "") };
        let first = self.node(&innermost.left, depth)?;
        let mut rest = Vec::with_capacity(spine.len());
        for operation in spine.iter().rev() {
            let operator = match operation.op {
                ast::Operator::Add => Binary::Add,
                ast::Operator::Sub => Binary::Subtract,
                ast::Operator::Mult => Binary::Multiply,
                ast::Operator::Div => Binary::Divide,
                ast::Operator::FloorDiv => Binary::DivideDown,
                ast::Operator::Mod => Binary::Modulo,
                ast::Operator::Pow => Binary::Power,
                ast::Operator::MatMult => return self.refuse(*operation, "there are no matrices", ""),
                _ => return self.refuse(*operation, "there are no operators on bits", "write `and`, `or` and `not`"),
            };
            let right = self.node(&operation.right, depth)?;
            rest.push(Operation { operator, right, end: self.span(*operation).end });
        }
        Ok(Kind::Binary(Box::new(first), rest))
    }

    fn compare(&mut self, comparison: &ast::ExprCompare, depth: usize) -> Result<Kind, ExpressionError> {
        let first = self.node(&comparison.left, depth)?;
        let mut rest: Vec<(Comparison, Node)> = Vec::with_capacity(comparison.ops.len());
        for (operator, right) in comparison.ops.iter().zip(&comparison.comparators) {
            let operator = match operator {
                ast::CmpOp::Eq => Comparison::Equal,
                ast::CmpOp::NotEq => Comparison::Unequal,
                ast::CmpOp::Lt => Comparison::Less,
                ast::CmpOp::LtE => Comparison::LessOrEqual,
                ast::CmpOp::Gt => Comparison::Greater,
                ast::CmpOp::GtE => Comparison::GreaterOrEqual,
                ast::CmpOp::In => Comparison::In,
                ast::CmpOp::NotIn => Comparison::NotIn,
                ast::CmpOp::Is => Comparison::Is,
                ast::CmpOp::IsNot => Comparison::IsNot,
            };
            let left = rest.last().map_or(&first, |(_, node)| node);
            let node = self.node(right, depth)?;
            let single = |node: &Node| matches!(node.kind, Kind::Constant(Data::None | Data::Bool(_)));
            if matches!(operator, Comparison::Is | Comparison::IsNot) && !single(left) && !single(&node) {
                let message = format!("`{}` is for None, True and False", operator.sign());
                return self.refuse(comparison, message, "write == or != to compare values");
            }
            rest.push((operator, node));
        }
        Ok(Kind::Compare(Box::new(first), rest))
    }
}
