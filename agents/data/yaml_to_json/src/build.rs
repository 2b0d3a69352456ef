//! From what the parser meets to documents.

use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Marker, Parser, ScalarStyle, Span};
use turingbox_sdk::Failure;

use crate::{
    node::{Kind, Node},
    scalar::resolved,
};

/// How many bytes aliases may bring together: a short text can say a long one.
const MAX_BROUGHT: usize = 16 << 20;

/// A list or a mapping that isn't at its end yet.
struct Open {
    start: Marker,
    anchor: usize,
    items: Items,
}

enum Items {
    List(Vec<Node>),
    Map(Map),
}

#[derive(Default)]
struct Map {
    members: Vec<(String, Node)>,
    keys: HashSet<String>,
    /// What `<<` takes over, in order.
    merged: Vec<(String, Node)>,
    /// The key whose value comes next.
    key: Option<Key>,
}

enum Key {
    Name(String),
    Merge,
}

#[derive(Default)]
struct Builder {
    documents: Vec<(Node, usize)>,
    line: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    brought: usize,
}

/// The documents of a stream, each with the line that it begins on.
pub fn documents(yaml: &str) -> Result<Vec<(Node, usize)>, Failure> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(yaml) {
        let (event, span) = event.map_err(|error| at(&error.info(), error.marker()))?;
        builder.event(event, &span)?;
    }
    Ok(builder.documents)
}

fn at(what: &str, place: &Marker) -> Failure {
    Failure::new(format!("{what} at line {}, column {}", place.line(), place.col() + 1))
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: &Span) -> Result<(), Failure> {
        let start = span.start;
        match event {
            Event::DocumentStart(..) => {
                self.line = start.line();
                self.anchors.clear();
            }
            Event::Scalar(text, style, anchor, tag) => {
                let is_merge = text == "<<" && style == ScalarStyle::Plain && tag.is_none();
                let node = resolved(&text, style, tag.as_deref()).map_err(|why| at(&why, &start))?;
                self.keep(anchor, &node);
                self.add(node, &start, is_merge)?;
            }
            Event::Alias(anchor) => {
                let unknown = || at("an alias stands within what it names", &start);
                let node = self.anchors.get(&anchor).cloned().ok_or_else(unknown)?;
                self.brought = self.brought.saturating_add(node.size);
                if self.brought > MAX_BROUGHT {
                    return Err(at(&format!("aliases bring more than {} MiB", MAX_BROUGHT >> 20), &start));
                }
                self.add(node, &start, false)?;
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open.push(Open { start, anchor, items: Items::List(Vec::new()) });
            }
            Event::MappingStart(_, anchor, _) => {
                self.open.push(Open { start, anchor, items: Items::Map(Map::default()) });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Failure> {
        let Some(Open { start, anchor, items }) = self.open.pop() else { return Ok(()) };
        let node = match items {
            Items::List(items) => Node::list(items, start.line())?,
            Items::Map(map) => Node::map(map.whole(), start.line())?,
        };
        self.keep(anchor, &node);
        self.add(node, &start, false)
    }

    /// Remembers a node that has an anchor.
    fn keep(&mut self, anchor: usize, node: &Node) {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
    }

    /// Puts a node where it belongs: into what is open, or it is a document.
    fn add(&mut self, node: Node, start: &Marker, is_merge: bool) -> Result<(), Failure> {
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.documents.push((node, self.line)),
            Some(Items::List(items)) => items.push(node),
            Some(Items::Map(map)) => map.add(node, is_merge).map_err(|why| at(&why, start))?,
        }
        Ok(())
    }
}

impl Map {
    fn add(&mut self, node: Node, is_merge: bool) -> Result<(), String> {
        match self.key.take() {
            Some(Key::Name(name)) => self.members.push((name, node)),
            Some(Key::Merge) => self.merge(&node)?,
            None if is_merge => self.key = Some(Key::Merge),
            None => {
                let name = match &*node.kind {
                    Kind::Text(text) | Kind::Plain(text) => text.clone(),
                    Kind::List(_) | Kind::Map(_) => return Err("a key can't be a list or a mapping in JSON".into()),
                };
                if !self.keys.insert(name.clone()) {
                    return Err(format!("the key `{name}` is there twice"));
                }
                self.key = Some(Key::Name(name));
            }
        }
        Ok(())
    }

    fn merge(&mut self, node: &Node) -> Result<(), String> {
        let wrong = || "`<<` takes a mapping, or a list of them".to_owned();
        let nodes = match &*node.kind {
            Kind::List(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(node),
        };
        for node in nodes {
            let Kind::Map(members) = &*node.kind else { return Err(wrong()) };
            self.merged.extend(members.iter().cloned());
        }
        Ok(())
    }

    /// The members: its own, then of what is taken over the first of each key.
    fn whole(mut self) -> Vec<(String, Node)> {
        for (name, node) in self.merged {
            if self.keys.insert(name.clone()) {
                self.members.push((name, node));
            }
        }
        self.members
    }
}
