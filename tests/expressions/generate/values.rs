//! Values of each kind, out of values of others.

use super::{Generator, Kind};

const KINDS: [Kind; 7] = [Kind::Int, Kind::Float, Kind::Bool, Kind::Text, Kind::List, Kind::Dict, Kind::Nothing];

impl Generator {
    pub(super) fn anything(&mut self, depth: usize) -> String {
        // `None` alone says little.
        let kinds = KINDS.len() - usize::from(!self.once_in(5));
        let kind = KINDS[self.below(kinds)];
        self.value(kind, depth)
    }

    pub(super) fn value(&mut self, kind: Kind, depth: usize) -> String {
        if depth == 0 || self.once_in(8) {
            return match self.atom(kind) {
                Some(atom) if !self.once_in(3) => atom,
                _ => self.literal(kind),
            };
        }
        // Once in a while, what doesn't fit.
        let kind = if self.once_in(60) { KINDS[self.below(KINDS.len())] } else { kind };
        let depth = depth - 1;
        if self.once_in(14) {
            let (yes, no) = (self.value(kind, depth), self.value(kind, depth));
            return format!("({yes} if {} else {no})", self.truth(depth));
        }
        match kind {
            Kind::Int => self.int(depth),
            Kind::Float => self.float(depth),
            Kind::Bool => self.boolean(depth),
            Kind::Text => self.text(depth),
            Kind::List => self.list(depth),
            Kind::Dict => self.dict(depth),
            Kind::Nothing => self.literal(kind),
        }
    }

    pub(super) fn number(&mut self, depth: usize) -> String {
        let kind = [Kind::Int, Kind::Int, Kind::Float, Kind::Bool][self.below(4)];
        self.value(kind, depth)
    }

    pub(super) fn truth(&mut self, depth: usize) -> String {
        if self.once_in(3) { self.anything(depth) } else { self.value(Kind::Bool, depth) }
    }

    pub(super) fn numbers(&mut self, depth: usize) -> String {
        let count = 1 + self.below(4);
        let numbers: Vec<_> = (0..count).map(|_| self.number(depth.saturating_sub(1))).collect();
        format!("[{}]", numbers.join(", "))
    }

    fn boolean(&mut self, depth: usize) -> String {
        match self.below(15) {
            0 | 1 => self.ordering(depth),
            2 => self.between(Kind::Text, &["<", ">=", "==", "!="], Kind::Text, depth),
            3 => self.between(Kind::List, &["<", "<=", "==", "!="], Kind::List, depth),
            4 => format!("({} {} {})", self.anything(depth), self.one_of(&["==", "!="]), self.anything(depth)),
            5 => {
                let item = self.anything(depth);
                format!("({item} {} {})", self.one_of(&["in", "not in"]), self.value(Kind::List, depth))
            }
            6 => {
                let container = if self.once_in(2) { Kind::Dict } else { Kind::Text };
                let (part, sign) = (self.text_literal(), self.one_of(&["in", "not in"]));
                format!("({part} {sign} {})", self.value(container, depth))
            }
            7 => {
                let value = self.anything(depth);
                format!("({value} {} {})", self.one_of(&["is", "is not"]), self.one_of(&["None", "True", "False"]))
            }
            8 => format!("(not {})", self.anything(depth)),
            9 => format!("({} {} {})", self.truth(depth), self.one_of(&["and", "or"]), self.value(Kind::Bool, depth)),
            10 => format!("bool({})", self.anything(depth)),
            11 => {
                let methods = ["isdigit", "isalpha", "isalnum", "isspace", "isupper", "islower"];
                format!("{}.{}()", self.value(Kind::Text, depth), self.one_of(&methods))
            }
            12 => self.affixed(depth),
            13 => {
                let (word, over) = (self.one_of(&["any", "all"]), self.value(Kind::List, depth));
                let item = self.variable();
                let walked = if self.once_in(2) { over } else { format!("not {item} for {item} in {over}") };
                format!("{word}({walked})")
            }
            _ => format!("({} {} {})", self.bytes_literal(), self.one_of(&["==", "!=", "<"]), self.bytes_literal()),
        }
    }

    fn between(&mut self, left: Kind, signs: &[&str], right: Kind, depth: usize) -> String {
        let (a, b) = (self.value(left, depth), self.value(right, depth));
        format!("({a} {} {b})", self.one_of(signs))
    }

    fn ordering(&mut self, depth: usize) -> String {
        let signs = ["<", "<=", ">", ">=", "==", "!="];
        let a = self.number(depth);
        // Once in a while, a text: Python has an answer for `==`.
        let b = if self.once_in(40) { self.text_literal() } else { self.number(depth) };
        let first = self.one_of(&signs);
        let third =
            if self.once_in(3) { format!(" {} {}", self.one_of(&signs), self.number(0)) } else { String::new() };
        format!("({a} {first} {b}{third})")
    }

    fn affixed(&mut self, depth: usize) -> String {
        let (whole, method) = (self.value(Kind::Text, depth), self.one_of(&["startswith", "endswith"]));
        let part = self.text_literal();
        match self.below(4) {
            0 => format!("{whole}.{method}({part}, {}, {})", self.small(), self.small()),
            1 => format!("{whole}.{method}(({part}, {}))", self.text_literal()),
            2 => format!("({part} + {whole} + {part}).{method}({part})"),
            _ => format!("{whole}.{method}({part})"),
        }
    }
}
