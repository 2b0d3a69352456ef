//! Which kinds of values an expression can give, whatever its names stand for.

use std::{fmt, ops::BitOr};

use super::{
    data::Data,
    node::{Comprehension, Kind, Makes, Node},
    operators::{Binary, Unary},
};

/// A set of kinds of values. What can only be walked over is none: it is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u8);

/// The kinds as messages call them: as [`Data::kind`] does.
const WORDS: [(Kinds, &str); 8] = [
    (Kinds::NONE, "None"),
    (Kinds::BOOL, "a boolean"),
    (Kinds::INT, "a whole number"),
    (Kinds::FLOAT, "a number"),
    (Kinds::TEXT, "a text"),
    (Kinds::BYTES, "bytes"),
    (Kinds::LIST, "a list"),
    (Kinds::DICT, "a dict"),
];

impl Kinds {
    /// No value at all: it always fails.
    pub const NOTHING: Self = Self(0);
    /// `None`.
    pub const NONE: Self = Self(1);
    /// `True` and `False`.
    pub const BOOL: Self = Self(1 << 1);
    /// Whole numbers.
    pub const INT: Self = Self(1 << 2);
    /// Numbers with a fraction, be it 0.
    pub const FLOAT: Self = Self(1 << 3);
    /// Texts.
    pub const TEXT: Self = Self(1 << 4);
    /// Bytes.
    pub const BYTES: Self = Self(1 << 5);
    /// Lists, and tuples, which become lists.
    pub const LIST: Self = Self(1 << 6);
    /// Dicts.
    pub const DICT: Self = Self(1 << 7);
    /// Whatever there is.
    pub const ANY: Self = Self(u8::MAX);
    /// Numbers of either kind, without booleans.
    pub const NUMBER: Self = Self::INT.or(Self::FLOAT);
    /// What counts as a whole number.
    const WHOLE: Self = Self::INT.or(Self::BOOL);
    /// What can be put together and repeated.
    const SEQUENCE: Self = Self::TEXT.or(Self::BYTES).or(Self::LIST);

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are in `other`, too.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether it has one of `other`.
    pub fn has(self, other: Self) -> bool {
        self.and(other) != Self::NOTHING
    }

    /// Whether it has none but those of `other`, and one of them.
    fn is_only(self, other: Self) -> bool {
        self != Self::NOTHING && self.and(other) == self
    }

    /// This, if `holds`.
    fn only_if(self, holds: bool) -> Self {
        if holds { self } else { Self::NOTHING }
    }

    /// The kinds of what a part of an expression can give. Parts nest as deep as they may be written.
    pub(super) fn of(node: &Node) -> Self {
        match &node.kind {
            Kind::Constant(data) => Self::of_data(data),
            Kind::Reference(_) | Kind::Local(_) => Self::ANY,
            Kind::List(_) | Kind::Tuple(_) => Self::LIST,
            Kind::Dict(_) => Self::DICT,
            Kind::Comprehension(comprehension) => Self::of_comprehension(comprehension),
            Kind::Compare(..) | Kind::Quantified(..) | Kind::Unary(Unary::Not, _) => Self::BOOL,
            Kind::Unary(_, operand) => Self::INT.arithmetic(Self::of(operand), Self::INT),
            Kind::Binary(first, rest) => {
                rest.iter().fold(Self::of(first), |left, next| binary(next.operator, left, Self::of(&next.right)))
            }
            Kind::And(parts) | Kind::Or(parts) => {
                parts.iter().map(Self::of).fold(Self::NOTHING, |known, part| known | part)
            }
            Kind::Choice(choice) => Self::of(&choice.yes) | Self::of(&choice.no),
            Kind::Subscript(value, _) => match Self::of(value) {
                value if value.is_only(Self::TEXT) => Self::TEXT,
                value if value.is_only(Self::BYTES) => Self::INT,
                _ => Self::ANY,
            },
            Kind::Slice(value, _) => Self::of(value).and(Self::SEQUENCE),
            Kind::Call(function, _) => function.gives,
            Kind::Method(receiver, method, _) => method.gives(Self::of(receiver)),
        }
    }

    fn of_data(data: &Data) -> Self {
        match data {
            Data::None => Self::NONE,
            Data::Bool(_) => Self::BOOL,
            Data::Int(_) => Self::INT,
            Data::Float(_) => Self::FLOAT,
            Data::Text(_) => Self::TEXT,
            Data::Bytes(_) => Self::BYTES,
            Data::List(_) | Data::Tuple(_) => Self::LIST,
            Data::Dict(_) => Self::DICT,
            Data::View(_) => Self::NOTHING,
        }
    }

    fn of_comprehension(comprehension: &Comprehension) -> Self {
        match comprehension.makes {
            Makes::Item(_) => Self::LIST,
            Makes::Entry(..) => Self::DICT,
        }
    }

    /// What comes of two numbers, where two whole ones give `self`.
    fn arithmetic(self, a: Self, b: Self) -> Self {
        let numbers = Self::NUMBER | Self::BOOL;
        let float = (a.has(Self::FLOAT) && b.has(numbers)) || (b.has(Self::FLOAT) && a.has(numbers));
        self.only_if(a.has(Self::WHOLE) && b.has(Self::WHOLE)) | Self::FLOAT.only_if(float)
    }
}

fn binary(operator: Binary, a: Kinds, b: Kinds) -> Kinds {
    let whole = match operator {
        Binary::Divide => Kinds::FLOAT,
        // A negative power is a fraction.
        Binary::Power => Kinds::NUMBER,
        _ => Kinds::INT,
    };
    let together = match operator {
        Binary::Add => a.and(b).and(Kinds::SEQUENCE),
        Binary::Multiply => {
            let repeated =
                |sequence: Kinds, times: Kinds| sequence.and(Kinds::SEQUENCE).only_if(times.has(Kinds::WHOLE));
            repeated(a, b) | repeated(b, a)
        }
        _ => Kinds::NOTHING,
    };
    whole.arithmetic(a, b) | together
}

impl BitOr for Kinds {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.or(other)
    }
}

/// `a list`, `a whole number or a number`.
impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = WORDS.iter().filter(|(kind, _)| self.has(*kind)).map(|(_, word)| *word).collect();
        f.write_str(&words.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Expression;

    #[test]
    fn the_kind_of_a_result_is_known_where_it_is_sure() {
        for (text, expected) in [
            ("not $v", Kinds::BOOL),
            ("$v > 1", Kinds::BOOL),
            ("1 < $v <= 3", Kinds::BOOL),
            ("$v in [1]", Kinds::BOOL),
            ("$v + 1", Kinds::NUMBER),
            ("1.5 * $v - 1", Kinds::FLOAT),
            ("$v / 2", Kinds::FLOAT),
            ("len($v) // 2", Kinds::INT),
            ("len($v) ** 2", Kinds::NUMBER),
            ("-len($v)", Kinds::INT),
            ("-$v", Kinds::NUMBER),
            ("True + len($v)", Kinds::INT),
            ("'a' + $v", Kinds::TEXT),
            ("'a' * $v", Kinds::TEXT),
            ("$v * 2", Kinds::NUMBER | Kinds::SEQUENCE),
            ("$v + $w", Kinds::NUMBER | Kinds::SEQUENCE),
            ("[$v]", Kinds::LIST),
            ("($v, 1)", Kinds::LIST),
            ("{'a': $v}", Kinds::DICT),
            ("[x for x in $v]", Kinds::LIST),
            ("{x: 1 for x in $v}", Kinds::DICT),
            ("any(x for x in $v)", Kinds::BOOL),
            ("$v or 'none'", Kinds::ANY),
            ("len($v) and 'some'", Kinds::INT | Kinds::TEXT),
            ("'a' if $v else None", Kinds::TEXT | Kinds::NONE),
            ("'abc'[$v]", Kinds::TEXT),
            ("[1, 2][$v]", Kinds::ANY),
            ("$v[1:]", Kinds::SEQUENCE),
            ("str($v)", Kinds::TEXT),
            ("int($v)", Kinds::INT),
            ("float($v)", Kinds::FLOAT),
            ("sorted($v)", Kinds::LIST),
            ("max($v)", Kinds::ANY),
            ("round($v, 1)", Kinds::NUMBER),
            ("$v.upper()", Kinds::TEXT),
            ("$v.split(',')", Kinds::LIST),
            ("$v.find('a')", Kinds::INT),
            ("$v.startswith('a')", Kinds::BOOL),
            ("$v.get('a')", Kinds::ANY),
            ("$v.index(1)", Kinds::INT),
            ("','.join($v)", Kinds::TEXT),
            ("$v.decode()", Kinds::TEXT),
            ("range($v)", Kinds::NOTHING),
            ("$v.keys()", Kinds::NOTHING),
            ("list($v.items())", Kinds::LIST),
            ("'a' - $v", Kinds::NOTHING),
            ("$v", Kinds::ANY),
        ] {
            assert_eq!(Expression::parse(text).unwrap().kinds(), expected, "{text}");
        }
    }

    #[test]
    fn kinds_have_words() {
        assert_eq!((Kinds::LIST | Kinds::TEXT).to_string(), "a text or a list");
    }
}
