//! Comparisons, one after the other, until one doesn't hold.

use super::Evaluator;
use crate::expression::{
    compare::{are_mixed, contains, equal, looks_like_number, may_be_meant, order},
    data::Data,
    node::{Comparison, Node},
    wrong::{Result, Wrong},
};

impl Evaluator<'_> {
    pub(super) fn compare(&mut self, first: &Node, rest: &[(Comparison, Node)]) -> Result<Data> {
        let mut left = (first, self.evaluate(first)?);
        for (comparison, node) in rest {
            let right = (node, self.evaluate(node)?);
            if !self.holds(&left, *comparison, &right)? {
                return Ok(Data::Bool(false));
            }
            left = right;
        }
        Ok(Data::Bool(true))
    }

    fn holds(&mut self, left: &(&Node, Data), comparison: Comparison, right: &(&Node, Data)) -> Result<bool> {
        let (a, b, work) = (&left.1, &right.1, &mut self.work);
        match comparison {
            Comparison::Equal | Comparison::Unequal if may_be_meant(a, b) => self.mixed(left, comparison, right),
            Comparison::Equal => equal(a, b, work),
            Comparison::Unequal => equal(a, b, work).map(|equal| !equal),
            Comparison::In => contains(b, a, work),
            Comparison::NotIn => contains(b, a, work).map(|found| !found),
            Comparison::Is | Comparison::IsNot => {
                let same = match (a, b) {
                    (Data::None, Data::None) => true,
                    (Data::Bool(a), Data::Bool(b)) => a == b,
                    _ => false,
                };
                Ok(same == (comparison == Comparison::Is))
            }
            _ if are_mixed(a, b) => self.mixed(left, comparison, right),
            Comparison::Less => order(a, b, work).map(std::cmp::Ordering::is_lt),
            Comparison::LessOrEqual => order(a, b, work).map(std::cmp::Ordering::is_le),
            Comparison::Greater => order(a, b, work).map(std::cmp::Ordering::is_gt),
            Comparison::GreaterOrEqual => order(a, b, work).map(std::cmp::Ordering::is_ge),
        }
    }

    /// A number and a text: says what both sides are, and how to make them the same.
    fn mixed(&self, left: &(&Node, Data), comparison: Comparison, right: &(&Node, Data)) -> Result<bool> {
        let (text, number) = if matches!(left.1, Data::Text(_)) { (left, right) } else { (right, left) };
        let side = |(node, data): &(&Node, Data)| {
            let written = self.expression.excerpt(&node.span);
            let what = if matches!(data, Data::Text(_)) { "text" } else { "number" };
            match data.shown() {
                // A literal says itself what it is.
                shown if shown == written => format!("`{written}` is a {what}"),
                shown => format!("`{written}` is the {what} {shown}"),
            }
        };
        let message = format!("{}, and {}: `{}` doesn't compare them", side(text), side(number), comparison.sign());
        // A text that is no number is made one by nothing.
        let (reads, node) = match &text.1 {
            data if !looks_like_number(data) => ("str", number.0),
            Data::Text(digits) if digits.contains(['.', 'e', 'E']) => ("float", text.0),
            _ if matches!(number.1, Data::Float(_)) => ("float", text.0),
            _ => ("int", text.0),
        };
        Err(Wrong::new(message).help(format!("write {reads}({})", self.expression.excerpt(&node.span))))
    }
}
