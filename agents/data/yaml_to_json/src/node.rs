//! What a document is made of.

use std::rc::Rc;

use turingbox_sdk::{Failure, Value};

/// How deep values may be in one another: aliases add to what the parser bounds.
const MAX_DEPTH: usize = 500;

/// One value; an alias is the same one again.
#[derive(Clone)]
pub struct Node {
    pub kind: Rc<Kind>,
    /// About how many bytes of JSON it is.
    pub size: usize,
    depth: usize,
}

pub enum Kind {
    Text(String),
    /// A number, a boolean or null, as JSON.
    Plain(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    pub fn scalar(kind: Kind) -> Self {
        let size = match &kind {
            Kind::Text(text) | Kind::Plain(text) => text.len() + 1,
            Kind::List(_) | Kind::Map(_) => 1,
        };
        Self { kind: Rc::new(kind), size, depth: 0 }
    }

    pub fn null() -> Self {
        Self::scalar(Kind::Plain("null".into()))
    }

    /// A list that begins at `line`.
    pub fn list(items: Vec<Self>, line: usize) -> Result<Self, Failure> {
        let size = items.iter().map(|item| item.size).fold(2, usize::saturating_add);
        let depth = deeper(items.iter(), line)?;
        Ok(Self { kind: Rc::new(Kind::List(items)), size, depth })
    }

    /// A mapping that begins at `line`.
    pub fn map(members: Vec<(String, Self)>, line: usize) -> Result<Self, Failure> {
        let size = members.iter().map(|(key, item)| key.len() + 1 + item.size).fold(2, usize::saturating_add);
        let depth = deeper(members.iter().map(|(_, item)| item), line)?;
        Ok(Self { kind: Rc::new(Kind::Map(members)), size, depth })
    }

    /// The value for the host.
    pub fn value(&self) -> Value {
        if let Kind::Text(text) = &*self.kind {
            return Value::Text(text.clone());
        }
        let mut json = String::new();
        self.write(&mut json);
        Value::Json(json)
    }

    /// It is no deeper than [`MAX_DEPTH`].
    fn write(&self, json: &mut String) {
        match &*self.kind {
            Kind::Text(text) => quoted(text, json),
            Kind::Plain(text) => json.push_str(text),
            Kind::List(items) => {
                json.push('[');
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        json.push(',');
                    }
                    item.write(json);
                }
                json.push(']');
            }
            Kind::Map(members) => {
                json.push('{');
                for (position, (key, item)) in members.iter().enumerate() {
                    if position > 0 {
                        json.push(',');
                    }
                    quoted(key, json);
                    json.push(':');
                    item.write(json);
                }
                json.push('}');
            }
        }
    }
}

fn deeper<'n>(items: impl Iterator<Item = &'n Node>, line: usize) -> Result<usize, Failure> {
    let depth = items.map(|item| item.depth + 1).max().unwrap_or_default();
    match depth > MAX_DEPTH {
        true => Err(Failure::new(format!("what begins at line {line} is nested more than {MAX_DEPTH} deep"))),
        false => Ok(depth),
    }
}

fn quoted(text: &str, json: &mut String) {
    // A text can always be written.
    json.push_str(&serde_json::to_string(text).unwrap_or_default());
}
