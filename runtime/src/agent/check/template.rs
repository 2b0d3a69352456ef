//! What a template uses, and whether that is there.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::Arc,
};

use crate::{
    agent::{manifest::Manifest, program::TEMPLATE},
    diagnostic::Diagnostic,
    source::{Place, Source},
    template::{self, Escape, Include, TemplateError, ToolKind, Uses, Written},
};

use super::{Findings, hyphens::Hyphenated};

/// The most templates that one includes: each is read and parsed.
const MAX_INCLUDED: usize = 1000;

/// A template's text, and where it is.
#[derive(Clone, Debug)]
pub enum Text {
    /// A file.
    File(Arc<Source>),
    /// A string of a manifest.
    String {
        /// What it means.
        text: String,
        /// Where it is.
        place: Place,
        /// Where what it means begins, if it is written as it is meant.
        start: Option<usize>,
    },
}

impl Text {
    /// The string of a manifest that means `text`, at `place`.
    pub fn string(text: &str, place: &Place) -> Self {
        Self::String { text: text.to_owned(), place: place.clone(), start: place.inside(text) }
    }

    /// Where a part of it is.
    pub fn at(&self, part: &Range<usize>) -> Place {
        match self {
            Self::File(source) => Place { source: source.clone(), span: part.clone() },
            Self::String { text, place, start: Some(start) } if text.get(part.clone()).is_some() => {
                Place { source: place.source.clone(), span: start + part.start..start + part.end }
            }
            Self::String { place, .. } => place.clone(),
        }
    }

    /// Where it is written, for what its rendering comes to.
    pub fn written(&self) -> Written {
        match self {
            Self::File(source) => Written { source: source.clone(), start: Some(0), at: 0 },
            Self::String { place, start, .. } => {
                Written { source: place.source.clone(), start: *start, at: place.span.start }
            }
        }
    }

    /// What it says.
    pub fn text(&self) -> &str {
        match self {
            Self::File(source) => &source.text,
            Self::String { text, .. } => text,
        }
    }
}

/// A template that was read.
pub struct Template {
    /// What it uses.
    pub uses: Uses,
    /// What it says, and where.
    pub text: Text,
}

/// The error for a text that is not a template.
pub fn wrong_template(error: &TemplateError, text: &Text) -> Diagnostic {
    Diagnostic::error("template", format!("this is not a template: {}", error.message)).at_place(&text.at(&error.span))
}

/// Checks a template agent's template and all that it includes: the names against the agent's inputs,
/// the filters, tests and functions against those that there are.
pub fn check_template(manifest: &Manifest, escape: Escape, template: Template, found: &mut Findings) {
    let family = Family::read(manifest, escape, template, found);
    let (asked, setters) = (family.asked(), family.setters());
    let inputs: HashSet<_> = manifest.inputs.iter().map(|input| input.name.as_str()).collect();
    for (at, (name, template)) in family.templates.iter().enumerate() {
        check_tools(template, found);
        let (mut told, mut hyphenated) = (HashSet::new(), HashSet::new());
        for used in &template.uses.names {
            // What another of the templates sets is there, as far as that one can be included with it.
            let elsewhere = setters.get(used.name.as_str()).is_some_and(|by| *by != Setter::One(at));
            let is_set = used.maybe_set || elsewhere || inputs.contains(used.name.as_str());
            if is_set || found.is_full() || !told.insert(&used.name) {
                continue;
            }
            if let Some(whole) = Hyphenated::around(template, &used.span, |name| inputs.contains(name)) {
                if hyphenated.insert(whole.start) {
                    found.push(whole.error(format!("call the input `{}`", whole.plain())));
                }
                continue;
            }
            let asked = asked.contains(used.name.as_str());
            let help = found.suggestion(&used.name, inputs.iter().copied());
            let finding = undefined(manifest, name, &used.name, asked).maybe_help(help);
            found.push(finding.at_place(&template.text.at(&used.span)));
        }
    }
    family.check_cycles(found);
}

/// The finding for a name that nothing defines; an error, unless the template asks first.
fn undefined(manifest: &Manifest, file: &str, name: &str, asked: bool) -> Diagnostic {
    let which = if file == TEMPLATE { String::new() } else { format!(" `{file}`") };
    let agent = &manifest.name;
    match asked {
        true => Diagnostic::warning("undefined-name", format!("nothing defines `{name}`, so it never is defined")),
        false => {
            let message = format!("the template{which} uses `{name}`, which is not an input of `{agent}`");
            Diagnostic::error("unset-name", message)
        }
    }
}

/// Reports filters, tests and functions that there are not.
pub fn check_tools(template: &Template, found: &mut Findings) {
    for tool in &template.uses.tools {
        if found.is_full() || template::known(tool.kind, &tool.name) {
            continue;
        }
        let (code, what) = match tool.kind {
            ToolKind::Filter => ("unknown-filter", "filter"),
            ToolKind::Test => ("unknown-test", "test"),
            ToolKind::Function => ("unknown-function", "function"),
        };
        let name = tool.name.escape_debug();
        let help = found.suggestion(&tool.name, template::tools(tool.kind));
        found.push(
            Diagnostic::error(code, format!("there is no {what} called `{name}`"))
                .at_place(&template.text.at(&tool.span))
                .maybe_help(help),
        );
    }
}

/// Reports includes of a template that has no folder.
pub fn no_includes(template: &Template, found: &mut Findings) {
    for include in template.uses.includes.iter().filter(|include| !include.may_be_missing) {
        found.push(
            Diagnostic::error("missing-include", "a template in a workflow can't include another one")
                .at_place(&template.text.at(&include.span))
                .help("make it an agent of the kind `template`, which has a folder"),
        );
    }
}

/// A template with all that it includes.
struct Family {
    templates: Vec<(String, Template)>,
    /// For each, those that it includes whenever it is rendered, and where.
    always: Vec<Vec<(usize, Place)>>,
}

impl Family {
    /// Reads what `template` includes. What can't be read is reported.
    fn read(manifest: &Manifest, escape: Escape, template: Template, found: &mut Findings) -> Self {
        let mut family = Self { templates: vec![(TEMPLATE.into(), template)], always: Vec::new() };
        let mut known: HashMap<String, Option<usize>> = [(TEMPLATE.to_owned(), Some(0))].into();
        let mut at = 0;
        while at < family.templates.len() {
            let mut always = Vec::new();
            let (includes, text) = (family.templates[at].1.uses.includes.clone(), family.templates[at].1.text.clone());
            for include in includes.iter().filter(|include| !include.names.is_empty()) {
                let mut find = |name: &String| {
                    if !known.contains_key(name) {
                        let read = family.include(manifest, escape, name, found);
                        known.insert(name.clone(), read);
                    }
                    known.get(name).copied().flatten()
                };
                match include.names.iter().find_map(&mut find) {
                    Some(found) if include.always => always.push((found, text.at(&include.span))),
                    Some(_) => {}
                    None if include.may_be_missing => {}
                    None => found.push(missing(manifest, include, &text)),
                }
            }
            family.always.push(always);
            at += 1;
        }
        family
    }

    /// Reads one more template, if it is there.
    fn include(&mut self, manifest: &Manifest, escape: Escape, name: &str, found: &mut Findings) -> Option<usize> {
        if self.templates.len() == MAX_INCLUDED {
            return None;
        }
        let text = Text::File(manifest.folder.source(name).ok()?);
        let uses = template::read(escape, text.text()).unwrap_or_else(|error| {
            found.push(wrong_template(&error, &text));
            Uses::default()
        });
        self.templates.push((name.to_owned(), Template { uses, text }));
        Some(self.templates.len() - 1)
    }

    /// Which of the templates set each name.
    fn setters(&self) -> HashMap<&str, Setter> {
        let mut setters = HashMap::new();
        for (at, (_, template)) in self.templates.iter().enumerate() {
            for name in &template.uses.sets {
                setters.entry(name.as_str()).and_modify(|by| *by = Setter::Many).or_insert(Setter::One(at));
            }
        }
        setters
    }

    /// The names of which one of the templates asks whether they are defined.
    fn asked(&self) -> HashSet<String> {
        let names = self.templates.iter().flat_map(|(_, template)| &template.uses.names);
        names.filter(|used| !used.needed).map(|used| used.name.clone()).collect()
    }

    /// Reports templates that include themselves whenever they are rendered.
    fn check_cycles(&self, found: &mut Findings) {
        // A template is done when all that it includes are; one that is met before is in a cycle.
        let mut state = vec![State::New; self.templates.len()];
        let mut path = vec![(0, 0)];
        state[0] = State::Open;
        while let Some((at, next)) = path.pop() {
            let Some((included, place)) = self.always[at].get(next) else {
                state[at] = State::Done;
                continue;
            };
            path.push((at, next + 1));
            match state[*included] {
                State::New => {
                    state[*included] = State::Open;
                    path.push((*included, 0));
                }
                State::Open => found.push(
                    Diagnostic::error("include-cycle", "this template includes itself, for ever")
                        .at_place(place)
                        .help("include it under a condition that ends"),
                ),
                State::Done => {}
            }
        }
    }
}

/// Who sets a name.
#[derive(Clone, Copy, PartialEq)]
enum Setter {
    /// The template at this position.
    One(usize),
    /// More than one.
    Many,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

fn missing(manifest: &Manifest, include: &Include, text: &Text) -> Diagnostic {
    let names: Vec<_> = include.names.iter().map(|name| name.escape_debug().to_string()).collect();
    let why = match include.names.as_slice() {
        [name] => manifest.folder.source(name).err().map(|error| format!(": {error}")),
        _ => None,
    };
    let message = format!("{} can't be included{}", crate::diagnostic::list(&names), why.unwrap_or_default());
    Diagnostic::error("missing-include", message)
        .at_place(&text.at(&include.span))
        .help("a template includes files of the agent's own folder; `ignore missing` lets one be left out")
}
