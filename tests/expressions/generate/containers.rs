//! Texts, lists and dicts, out of all that makes some.

use super::{Generator, Kind};

impl Generator {
    pub(super) fn text(&mut self, depth: usize) -> String {
        let whole = self.value(Kind::Text, depth);
        match self.below(19) {
            0 | 1 => format!("({whole} + {})", self.value(Kind::Text, depth)),
            2 => format!("({whole} * {})", self.small()),
            3 | 4 => {
                let methods = ["upper", "lower", "title", "capitalize", "swapcase"];
                format!("{whole}.{}()", self.one_of(&methods))
            }
            5 => format!("{whole}.{}()", self.one_of(&["strip", "lstrip", "rstrip"])),
            6 => format!("{whole}.{}({})", self.one_of(&["strip", "lstrip", "rstrip"]), self.text_literal()),
            7 => format!("{whole}.replace({}, {})", self.text_literal(), self.text_literal()),
            8 => format!("{whole}.replace({}, {}, {})", self.text_literal(), self.text_literal(), self.small()),
            9 => format!("{}.join({})", self.text_literal(), self.texts(depth)),
            10 => format!("{whole}[{}]", self.slice()),
            11 => format!("({whole} + 'xyz')[{}]", self.one_of(&["0", "1", "-1", "-2", "2"])),
            12 => {
                let (part, method) = (self.text_literal(), self.one_of(&["removeprefix", "removesuffix"]));
                let whole = if self.once_in(2) { format!("({part} + {whole} + {part})") } else { whole };
                format!("{whole}.{method}({part})")
            }
            13 => format!("{whole}.zfill({})", self.small()),
            14 => {
                let (method, fill) = (self.one_of(&["ljust", "rjust", "center"]), self.one_of(&["", ", '*'", ", 'é'"]));
                format!("{whole}.{method}({}{fill})", self.small())
            }
            15 => format!("str({})", if self.once_in(3) { whole } else { self.number(depth) }),
            16 => format!("chr({})", self.one_of(&["65", "0xe9", "128513", "10", "-1"])),
            17 => format!("{}.decode()", self.bytes_literal()),
            _ => format!("({whole} or {})", self.value(Kind::Text, depth)),
        }
    }

    fn texts(&mut self, depth: usize) -> String {
        match self.below(5) {
            0 => self.value(Kind::Text, depth),
            1 => format!("{}.split()", self.value(Kind::Text, depth)),
            2 => {
                let (item, over) = (self.variable(), self.value(Kind::List, depth));
                format!("str({item}) for {item} in {over} if {item} is not None")
            }
            3 => format!("sorted({}.keys())", self.value(Kind::Dict, depth)),
            _ => format!("[{}, {}]", self.value(Kind::Text, depth), self.text_literal()),
        }
    }

    fn slice(&mut self) -> String {
        let start = if self.once_in(3) { String::new() } else { self.small() };
        let stop = if self.once_in(3) { String::new() } else { self.small() };
        match self.below(3) {
            0 => format!("{start}:{stop}:{}", self.one_of(&["1", "2", "-1", "-2", "-3"])),
            1 => format!("::{}", self.one_of(&["-1", "2"])),
            _ => format!("{start}:{stop}"),
        }
    }

    pub(super) fn list(&mut self, depth: usize) -> String {
        let whole = self.value(Kind::List, depth);
        match self.below(16) {
            0 => format!("[{}, {}]", self.anything(depth), self.anything(depth)),
            1 => format!("({}, {}, {})", self.anything(depth), self.anything(depth), self.anything(0)),
            2 => format!("(list({whole}) + list({}))", self.value(Kind::List, depth)),
            3 => format!("({whole} * {})", self.small()),
            4 => format!("{whole}[{}]", self.slice()),
            5 | 6 => self.comprehension(depth),
            7 => format!("sorted({}{})", self.numbers(depth), self.one_of(&["", ", reverse=True", ", reverse=False"])),
            8 => {
                let (first, second) = (self.value(Kind::Text, depth), self.text_literal());
                format!("sorted([{first}, {second}, {}], reverse={})", self.text_literal(), self.truth(0))
            }
            9 | 10 => self.split(depth),
            // What can only be walked over.
            11 if self.once_in(8) => self.walkable(depth),
            11 => format!("{}({})", self.one_of(&["list", "tuple"]), self.walkable(depth)),
            12 => format!("list(reversed({}))", if self.once_in(2) { whole } else { "range(5)".to_owned() }),
            13 => format!("list(zip({whole}, {}))", self.walkable(depth)),
            14 => format!("list(enumerate({}{}))", self.walkable(depth), self.one_of(&["", ", 1", ", start=-2"])),
            _ => format!("list({}.{}())", self.value(Kind::Dict, depth), self.one_of(&["keys", "values", "items"])),
        }
    }

    fn walkable(&mut self, depth: usize) -> String {
        match self.below(5) {
            0 => format!("range({})", self.small()),
            1 => self.value(Kind::Text, depth),
            2 => self.value(Kind::Dict, depth),
            3 => format!("{}.items()", self.value(Kind::Dict, depth)),
            _ => self.value(Kind::List, depth),
        }
    }

    fn split(&mut self, depth: usize) -> String {
        let (whole, method) = (self.value(Kind::Text, depth), self.one_of(&["split", "rsplit"]));
        match self.below(7) {
            0 => format!("{whole}.{method}()"),
            1 => format!("{whole}.{method}({})", self.text_literal()),
            2 => format!("{whole}.{method}(',', {})", self.small()),
            3 => format!("{whole}.{method}(maxsplit={})", self.small()),
            4 => format!("{whole}.splitlines({})", self.one_of(&["", "True"])),
            5 => format!("{whole}.{}({})", self.one_of(&["partition", "rpartition"]), self.text_literal()),
            _ => format!("{whole}.{method}(None, {})", self.small()),
        }
    }

    /// A comprehension, whose variable its item and its condition may use.
    fn comprehension(&mut self, depth: usize) -> String {
        let (over, kind) = match self.below(3) {
            0 => (format!("range({})", self.small()), Kind::Int),
            1 => (self.value(Kind::Text, depth), Kind::Text),
            _ => (self.numbers(depth), Kind::Int),
        };
        let variable = self.variable();
        self.locals.push((variable.clone(), kind));
        let item = self.value(kind, depth);
        let condition = if self.once_in(2) { format!(" if {}", self.truth(depth)) } else { String::new() };
        let inner =
            if self.once_in(4) { format!(" for {} in ({variable}, 1)", self.variable()) } else { String::new() };
        self.locals.pop();
        format!("[{item} for {variable} in {over}{condition}{inner}]")
    }

    pub(super) fn dict(&mut self, depth: usize) -> String {
        match self.below(7) {
            0 | 1 => {
                let first = format!("{}: {}", self.text_literal(), self.anything(depth));
                format!("{{{first}, {}: {}}}", self.text_literal(), self.anything(depth))
            }
            2 => {
                let (key, value) = (self.variable(), self.variable());
                format!("{{{key}: [{value}] for {key}, {value} in {}.items()}}", self.value(Kind::Dict, depth))
            }
            3 => format!("dict([({}, {})])", self.text_literal(), self.anything(depth)),
            4 => format!("dict({})", self.value(Kind::Dict, depth)),
            5 => {
                let (whole, key) = (self.value(Kind::Dict, depth), self.text_literal());
                format!("{whole}.get({key}, {})", self.value(Kind::Dict, depth))
            }
            _ => format!("{{'k': {}}}['k']", self.anything(depth)),
        }
    }
}
