//! Numbers, out of all that makes some.

use super::{Generator, Kind};

impl Generator {
    pub(super) fn int(&mut self, depth: usize) -> String {
        match self.below(16) {
            0..=2 => {
                let (a, sign) = (self.value(Kind::Int, depth), self.one_of(&["+", "-", "*", "//", "%"]));
                format!("({a} {sign} {})", self.value(Kind::Int, depth))
            }
            3 => format!("({} ** {})", self.literal(Kind::Int), self.small()),
            4 => format!("{}{}", self.one_of(&["-", "+"]), self.value(Kind::Int, depth)),
            5 => format!("len({})", self.sized(depth)),
            6 => format!("int({})", self.readable(depth)),
            7 => format!("abs({})", self.value(Kind::Int, depth)),
            8 => match self.below(4) {
                0 => format!("round({})", self.value(Kind::Float, depth)),
                1 => format!("round({}, {})", self.value(Kind::Int, depth), self.small()),
                2 => format!("ord({}[0])", self.value(Kind::Text, depth)),
                _ => "ord('é')".to_owned(),
            },
            9 => format!("sum({})", self.some_numbers(depth)),
            10 => format!("{}({})", self.one_of(&["min", "max"]), self.ordered(depth)),
            11 => self.found(depth),
            12 => format!("divmod({}, {})[{}]", self.number(depth), self.number(depth), self.below(2)),
            13 => format!("{}.count({})", self.value(Kind::List, depth), self.anything(depth)),
            14 => format!("({} and {})", self.value(Kind::Int, depth), self.value(Kind::Int, depth)),
            _ => format!("{}[{}]", self.numbers(depth), self.small()),
        }
    }

    fn found(&mut self, depth: usize) -> String {
        let method = self.one_of(&["find", "rfind", "index", "rindex", "rindex", "count"]);
        let (whole, part) = (self.value(Kind::Text, depth), self.text_literal());
        match self.below(6) {
            0 => format!("{whole}.{method}({part}, {})", self.small()),
            1 => format!("{whole}.{method}({part}, {}, {})", self.small(), self.small()),
            // One that is there.
            2 | 3 => format!("({whole} + {part} + {whole}).{method}({part})"),
            4 => format!("[{part}, 1, {part}].index({})", self.one_of(&["1", "True", "1.0"])),
            _ => format!("{whole}.{method}({part})"),
        }
    }

    pub(super) fn float(&mut self, depth: usize) -> String {
        match self.below(10) {
            0..=2 => {
                let (a, sign) = (self.number(depth), self.one_of(&["+", "-", "*", "/", "//", "%", "/"]));
                format!("({a} {sign} {})", self.value(Kind::Float, depth))
            }
            3 => format!("({} / {})", self.value(Kind::Int, depth), self.value(Kind::Int, depth)),
            4 => format!("float({})", self.readable(depth)),
            5 => format!("round({}, {})", self.value(Kind::Float, depth), self.small()),
            6 => format!("sum({})", self.some_numbers(depth)),
            7 => format!("({} ** {})", self.literal(Kind::Float), self.one_of(&["2", "3", "-1", "0", "-2", "0.5"])),
            8 => format!("{}({}, {})", self.one_of(&["min", "max"]), self.number(depth), self.number(depth)),
            _ => format!("-abs({})", self.value(Kind::Float, depth)),
        }
    }

    /// What `int` and `float` may read.
    fn readable(&mut self, depth: usize) -> String {
        match self.below(3) {
            0 => self.one_of(&["'7'", "' -12 '", "'1_000'", "'2.5'", "'1e3'", "'x'", "''", "'+0'", "'.5'"]).to_owned(),
            _ => self.number(depth),
        }
    }

    fn some_numbers(&mut self, depth: usize) -> String {
        match self.below(5) {
            0 => format!("range({}, {})", self.small(), self.small()),
            1 => format!("{}, start={}", self.numbers(depth), self.number(0)),
            2 => {
                let (item, over) = (self.variable(), self.numbers(depth));
                format!("{item} * {} for {item} in {over}", self.small())
            }
            3 => format!("{}.values()", self.one_of(&["{'a': 1, 'b': 2.5}", "{}"])),
            _ => self.numbers(depth),
        }
    }

    fn ordered(&mut self, depth: usize) -> String {
        match self.below(4) {
            0 => format!("{}, default={}", self.one_of(&["[]", "()", "''"]), self.anything(0)),
            1 => format!("({}, {})", self.value(Kind::Text, depth), self.value(Kind::Text, depth)),
            2 => format!("{}, {}", self.number(depth), self.number(depth)),
            _ => self.numbers(depth),
        }
    }

    fn sized(&mut self, depth: usize) -> String {
        match self.below(6) {
            0 => self.value(Kind::Dict, depth),
            1 => format!("range({}, {}, {})", self.small(), self.small(), self.one_of(&["1", "2", "-1", "-3"])),
            2 => format!("{}.keys()", self.value(Kind::Dict, depth)),
            3 => self.bytes_literal(),
            4 => self.value(Kind::List, depth),
            _ => self.value(Kind::Text, depth),
        }
    }
}
