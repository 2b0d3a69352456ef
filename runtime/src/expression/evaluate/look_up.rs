//! Names in scope, and the way down into their JSON, which is read no further than needed.

use std::ops::Range;

use super::Evaluator;
use crate::{
    Hint, Json, Value,
    agent::Reference,
    expression::{
        bounds::Work,
        data::Data,
        json,
        node::{Kind, Node},
        subscript,
        wrong::{Result, Wrong},
    },
    failure::Code,
};

/// A value, or a part of a JSON document that nobody has read yet.
pub enum Part {
    Data(Data),
    Document(Json, Range<usize>),
}

impl Part {
    /// What it holds.
    pub fn read(self, work: &mut Work) -> Result<Data> {
        match self {
            Self::Data(data) => Ok(data),
            Self::Document(json, span) => json::read(&json.as_str()[span], work),
        }
    }

    /// The element at `index`.
    fn step(self, index: &Data, work: &mut Work) -> Result<Self> {
        if let Self::Document(json, span) = &self {
            work.bytes(span.len())?;
            let document = &json.as_str()[span.clone()];
            let found = match index {
                Data::Text(key) if document.starts_with('{') => json::member(document, key),
                Data::Int(position) if document.starts_with('[') => json::element(document, position.clamped()),
                _ => None,
            };
            if let Some(part) = found {
                let start = span.start + (part.as_ptr().addr() - document.as_ptr().addr());
                let end = start + part.len();
                return Ok(Self::Document(json.clone(), start..end));
            }
        }
        // Where there is none, what is there says why.
        subscript::element(&self.read(work)?, index, work).map(Self::Data)
    }
}

impl Evaluator<'_> {
    /// The value of a subscript, as far down as it leads.
    pub(super) fn part(&mut self, node: &Node) -> Result<Part> {
        match &node.kind {
            Kind::Subscript(value, index) => {
                let part = self.part(value)?;
                let index = self.evaluate(index)?;
                part.step(&index, &mut self.work).map_err(|wrong| wrong.at(&node.span))
            }
            // In a loop, it is read once instead of looked through again and again.
            Kind::Reference(number) if self.loops == 0 && !self.is_read(*number) => {
                self.work.charge(1)?;
                let value = self.value(*number).map_err(|wrong| wrong.at(&node.span))?;
                match value {
                    Value::Json(json) if json::is_container(json.as_str()) => {
                        let document = json.as_str();
                        let start = document.len() - document.trim_ascii_start().len();
                        let end = document.trim_ascii_end().len();
                        Ok(Part::Document(json, start..end))
                    }
                    value => data(&value, &mut self.work).map(Part::Data),
                }
            }
            _ => self.evaluate(node).map(Part::Data),
        }
    }

    /// What a reference holds.
    pub(super) fn reference(&mut self, number: usize) -> Result<Data> {
        if let Some(Some(data)) = self.read.get(number) {
            return Ok(data.clone());
        }
        let data = data(&self.value(number)?, &mut self.work)?;
        if let Some(read) = self.read.get_mut(number) {
            *read = Some(data.clone());
        }
        Ok(data)
    }

    fn is_read(&self, number: usize) -> bool {
        matches!(self.read.get(number), Some(Some(_)))
    }

    fn value(&mut self, number: usize) -> Result<Value> {
        let reference = &self.expression.references[number];
        let unset = || {
            let message = format!("`{reference}` is not set: no step before this one has set it");
            Wrong::new(message).code(Code::Unset)
        };
        let value = self.scope.value(&reference.name).ok_or_else(unset)?;
        let value = match self.scope.hint(&reference.name) {
            Some(hint) => hinted(value, hint, &reference.name)?,
            None => value,
        };
        if let Value::Secret(secret) = &value {
            let message =
                format!("the secret `{}` can't go into an expression: what it gives is on the tape", secret.name());
            return Err(Wrong::new(message)
                .code(Code::Failed)
                .help("wire it to an input of a proc that the policy grants it to"));
        }
        for _ in &reference.path {
            self.work.bytes(value.len())?;
        }
        reference.follow(&value).ok_or_else(|| leads_nowhere(reference, &value))
    }
}

fn leads_nowhere(reference: &Reference, value: &Value) -> Box<Wrong> {
    Wrong::new(format!("`{reference}` leads nowhere in {value:?}")).code(Code::Unset)
}

/// A text that arrives where an input is of another type, as that type reads it.
fn hinted(value: Value, hint: &Hint, name: &str) -> Result<Value> {
    match (&value, hint) {
        (Value::Text(text), Hint::Number(_) | Hint::Integer(_) | Hint::Boolean | Hint::Json) => hint
            .read(text.as_bytes().to_vec())
            .map_err(|expected| Wrong::new(format!("the input `{name}` is of type `{}`: {expected}", hint.word()))),
        _ => Ok(value),
    }
}

fn data(value: &Value, work: &mut Work) -> Result<Data> {
    match value {
        Value::Text(text) => Ok(Data::Text(text.clone())),
        Value::Data(bytes) => Ok(Data::Bytes(bytes.clone())),
        Value::Json(json) => json::read(json.as_str(), work),
        Value::Secret(_) => Err(Wrong::new("a secret can't go into an expression")),
    }
}
