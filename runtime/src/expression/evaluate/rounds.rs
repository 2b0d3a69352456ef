//! Comprehensions, round by round.

use super::Evaluator;
use crate::expression::{
    data::{Data, Dict},
    functions,
    node::{Comprehension, Loop, Makes, Node, Target},
    view::Elements,
    wrong::{Result, Wrong},
};

impl<'a> Evaluator<'a> {
    pub(super) fn comprehension(&mut self, comprehension: &Comprehension) -> Result<Data> {
        match &comprehension.makes {
            Makes::Item(item) => {
                let mut items = Vec::new();
                self.rounds(&comprehension.loops, &mut |this| {
                    items.push(this.evaluate(item)?.stored()?);
                    Ok(true)
                })?;
                Ok(Data::list(items))
            }
            Makes::Entry(key, value) => {
                let mut entries = Dict::new();
                self.rounds(&comprehension.loops, &mut |this| {
                    let name = functions::key_of(&this.evaluate(key)?).map_err(|wrong| wrong.at(&key.span))?;
                    entries.insert(name, this.evaluate(value)?.stored()?);
                    Ok(true)
                })?;
                Ok(Data::Dict(entries.into()))
            }
        }
    }

    /// Whether an element is as true as `ends`: the rest is not looked at.
    pub(super) fn quantified(&mut self, ends: bool, comprehension: &Comprehension) -> Result<Data> {
        let (Makes::Item(item) | Makes::Entry(item, _)) = &comprehension.makes;
        let went_on = self.rounds(&comprehension.loops, &mut |this| Ok(this.evaluate(item)?.is_true() != ends))?;
        Ok(Data::Bool(went_on != ends))
    }

    /// Does `body` for each round of the loops, while it says to go on. Gives what it said last.
    fn rounds(&mut self, loops: &[Loop], body: &mut dyn FnMut(&mut Evaluator<'a>) -> Result<bool>) -> Result<bool> {
        let Some((outer, inner)) = loops.split_first() else { return body(self) };
        let over = self.evaluate(&outer.over)?;
        let mut elements = Elements::of(&over).map_err(|wrong| wrong.at(&outer.over.span))?;
        self.loops += 1;
        let mut goes_on = true;
        while let (true, Some(element)) = (goes_on, elements.next(&mut self.work)?) {
            self.assign(&outer.target, element).map_err(|wrong| wrong.at(&outer.over.span))?;
            if self.all_hold(&outer.conditions)? {
                goes_on = self.rounds(inner, body)?;
            }
        }
        self.loops -= 1;
        Ok(goes_on)
    }

    fn all_hold(&mut self, conditions: &[Node]) -> Result<bool> {
        for condition in conditions {
            if !self.evaluate(condition)?.is_true() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn assign(&mut self, target: &Target, value: Data) -> Result<()> {
        match target {
            Target::Local(number) => {
                if let Some(local) = self.locals.get_mut(*number) {
                    *local = value;
                }
            }
            Target::Parts(targets) => {
                let parts = Elements::of(&value)?.collect(&mut self.work)?;
                if parts.len() != targets.len() {
                    let message = format!(
                        "{} of {} elements doesn't go to {} variables",
                        value.kind(),
                        parts.len(),
                        targets.len()
                    );
                    return Err(Wrong::new(message));
                }
                for (target, part) in targets.iter().zip(parts) {
                    self.assign(target, part)?;
                }
            }
        }
        Ok(())
    }
}
