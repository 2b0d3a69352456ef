//! An expression that has been read: only what is allowed can be said with these.

use std::ops::Range;

use super::{
    data::Data,
    functions::Function,
    methods::Method,
    operators::{Binary, Unary},
};

/// A part of an expression, and where it stands in the text.
#[derive(Debug)]
pub struct Node {
    pub kind: Kind,
    pub span: Range<usize>,
}

#[derive(Debug)]
pub enum Kind {
    Constant(Data),
    /// A name in scope, by its number in the expression.
    Reference(usize),
    /// The variable of a comprehension, by its number.
    Local(usize),
    List(Vec<Node>),
    Tuple(Vec<Node>),
    Dict(Vec<(Node, Node)>),
    Unary(Unary, Box<Node>),
    /// `a + b - c`, from the left.
    Binary(Box<Node>, Vec<Operation>),
    /// `a < b < c`.
    Compare(Box<Node>, Vec<(Comparison, Node)>),
    And(Vec<Node>),
    Or(Vec<Node>),
    /// `yes if condition else no`.
    Choice(Box<Choice>),
    Subscript(Box<Node>, Box<Node>),
    Slice(Box<Node>, Box<[Option<Node>; 3]>),
    Call(&'static Function, Arguments),
    Method(Box<Node>, Method, Arguments),
    Comprehension(Box<Comprehension>),
    /// `any(…)` or `all(…)` over a generator, which ends with the first element that is as true.
    Quantified(bool, Box<Comprehension>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Is,
    IsNot,
}

impl Comparison {
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Is => "is",
            Self::IsNot => "is not",
        }
    }
}

/// An operator and what is on its right; `end` is where all up to there ends in the text.
#[derive(Debug)]
pub struct Operation {
    pub operator: Binary,
    pub right: Node,
    pub end: usize,
}

#[derive(Debug)]
pub struct Choice {
    pub condition: Node,
    pub yes: Node,
    pub no: Node,
}

#[derive(Debug)]
pub struct Arguments {
    pub positional: Vec<Node>,
    pub named: Vec<(&'static str, Node)>,
}

/// What a comprehension makes of each round, and its loops, outermost first.
#[derive(Debug)]
pub struct Comprehension {
    pub makes: Makes,
    pub loops: Vec<Loop>,
}

#[derive(Debug)]
pub enum Makes {
    Item(Node),
    Entry(Node, Node),
}

/// `for target in over if conditions`.
#[derive(Debug)]
pub struct Loop {
    pub target: Target,
    pub over: Node,
    pub conditions: Vec<Node>,
}

/// Where an element goes: to a variable, or taken apart to several.
#[derive(Debug)]
pub enum Target {
    Local(usize),
    Parts(Vec<Target>),
}
