//! Which names an expression takes from its scope whatever they stand for.

use super::node::{Arguments, Comprehension, Kind, Node};

impl Node {
    /// Adds where each reference begins that is read whenever this is evaluated. Parts nest as deep as they may be
    /// written, and so does this.
    pub(super) fn surely_read(&self, found: &mut Vec<usize>) {
        match &self.kind {
            Kind::Constant(_) | Kind::Local(_) => {}
            Kind::Reference(_) => found.push(self.span.start),
            Kind::List(nodes) | Kind::Tuple(nodes) => all(nodes, found),
            Kind::Dict(entries) => entries.iter().for_each(|(key, value)| all([key, value], found)),
            Kind::Unary(_, operand) => operand.surely_read(found),
            Kind::Binary(first, rest) => {
                first.surely_read(found);
                all(rest.iter().map(|next| &next.right), found);
            }
            // What comes behind these depends on what they are.
            Kind::Compare(first, rest) => {
                first.surely_read(found);
                all(rest.first().map(|(_, right)| right), found);
            }
            Kind::And(nodes) | Kind::Or(nodes) => all(nodes.first(), found),
            Kind::Choice(choice) => choice.condition.surely_read(found),
            Kind::Subscript(value, index) => all([&**value, &**index], found),
            Kind::Slice(value, bounds) => {
                value.surely_read(found);
                all(bounds.iter().flatten(), found);
            }
            Kind::Call(_, arguments) => arguments.surely_read(found),
            Kind::Method(receiver, _, arguments) => {
                receiver.surely_read(found);
                arguments.surely_read(found);
            }
            Kind::Comprehension(rounds) | Kind::Quantified(_, rounds) => rounds.surely_read(found),
        }
    }
}

impl Arguments {
    fn surely_read(&self, found: &mut Vec<usize>) {
        all(&self.positional, found);
        all(self.named.iter().map(|(_, value)| value), found);
    }
}

impl Comprehension {
    /// What is walked over first may have no elements.
    fn surely_read(&self, found: &mut Vec<usize>) {
        all(self.loops.first().map(|first| &first.over), found);
    }
}

fn all<'n>(nodes: impl IntoIterator<Item = &'n Node>, found: &mut Vec<usize>) {
    nodes.into_iter().for_each(|node| node.surely_read(found));
}

#[cfg(test)]
mod tests {
    use crate::expression::Expression;

    #[test]
    fn what_is_surely_read_does_not_depend_on_values() {
        for (text, expected) in [
            ("$s.a == 1", &["$s.a"][..]),
            ("$s.a < $s.b < $s.c", &["$s.a", "$s.b"]),
            ("$s.a and $s.b", &["$s.a"]),
            ("$s.a or $s.b", &["$s.a"]),
            ("$s.a if $s.b else $s.c", &["$s.b"]),
            ("not -$s.a", &["$s.a"]),
            ("1 + $s.a * $s.b", &["$s.a", "$s.b"]),
            ("[$s.a, ($s.b, {'k': $s.c})]", &["$s.a", "$s.b", "$s.c"]),
            ("$s.a[$s.b][1:$s.c]", &["$s.a", "$s.b", "$s.c"]),
            ("len($s.a) + round($s.b, ndigits=$s.c)", &["$s.a", "$s.b", "$s.c"]),
            ("$s.a.get($s.b)", &["$s.a", "$s.b"]),
            ("[$s.a for x in $s.b if $s.c]", &["$s.b"]),
            ("any($s.a for x in $s.b)", &["$s.b"]),
            ("$s", &[]),
        ] {
            let expression = Expression::parse(text).unwrap();
            let sure = expression.paths().filter(|(.., sure)| *sure).map(|(_, span, _)| &text[span]);
            assert_eq!(sure.collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
