//! The policy that asks for what the agents of a library do, and for no more.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet, VecDeque},
    fmt::Write,
};

use crate::{
    diagnostic::Diagnostic,
    import::{
        json::{Kind, Node},
        library::{CHANGED, Library},
        names::clean,
        proc::names,
        read::{Body, Step},
        words::{Origin, Uses},
    },
    policy::Limits,
};

/// The most agents that are looked at below one workflow, for who sends its requests: deeper, its
/// addresses are left for a person to add.
const MAX_BELOW: usize = 1000;

/// The deepest nesting that a policy can allow.
const MAX_DEPTH: u64 = 1_000_000;

/// The longest number that is shown as it is written.
const MAX_SHOWN: usize = 40;

/// What is asked for, by agent.
#[derive(Default)]
struct Asked {
    origins: BTreeMap<usize, BTreeSet<Origin>>,
    variables: BTreeMap<usize, BTreeSet<String>>,
}

/// The policy of `library`. `variables` are those that steps give to inputs.
pub fn write(library: &Library<'_>, variables: Vec<(usize, String, String)>) -> String {
    let mut asked = Asked::default();
    asked.give_variables(library, variables);
    asked.give_origins(library);
    let file = library.file();
    let mut text = format!(
        "# What the agents of {file} ask for, as far as a look at them tells. Whoever names this file\n\
         # with --policy grants it: read it first, and take out what you don't want. A line behind # is a\n\
         # guess that only you can finish.\n\
         version = 1\n\n[limits]\n"
    );
    let depth = depth(library).unwrap_or(DEFAULT_DEPTH);
    // Writing to a string can't fail.
    let _ = writeln!(text, "depth = {depth:<27} # workflows in workflows: the original's `max_depth`",);
    let waits = library.procs.iter().flatten().any(|proc| proc.uses.waits);
    if waits {
        let _ = writeln!(
            text,
            "# time = \"10m\"                      # some of these agents wait; without it they have {:?}",
            Limits::default().time
        );
    }
    for (at, agent) in library.legacy.agents.iter().enumerate() {
        let Some(proc) = library.procs.get(at).and_then(Option::as_ref) else { continue };
        if agent.is_missing() {
            continue;
        }
        let name = library.names.get(&agent.name.text);
        section(&mut text, &name, &proc.uses, asked.origins.get(&at), asked.variables.get(&at));
    }
    text
}

/// How deep the original's workflows nest where nothing is said.
const DEFAULT_DEPTH: u64 = 20;

/// The `max_depth` that a library says, as a policy can say it.
pub fn depth(library: &Library<'_>) -> Option<u64> {
    library.legacy.max_depth.as_ref().and_then(|said| taken(said).0)
}

/// What becomes of a `max_depth` that a policy can't say.
pub fn depth_finding(library: &Library<'_>) -> Option<Diagnostic> {
    let said = library.legacy.max_depth.as_ref()?;
    let why = taken(said).1?;
    let written = library.source.text.get(said.span.clone()).unwrap_or_default();
    let written: String = written.chars().take(MAX_SHOWN).collect();
    let message = format!("`max_depth` is `{}`: {why}", written.escape_debug());
    Some(Diagnostic::warning(CHANGED, message).at(library.source, said.span.clone()))
}

/// The depth that is meant, and what there is to say of it.
fn taken(said: &Node) -> (Option<u64>, Option<String>) {
    let number = match &said.kind {
        Kind::Number(number) => number.parse::<f64>().ok(),
        _ => None,
    };
    let Some(number) = number else {
        let why = format!("that is no number, and the original runs nothing with it; here, it is {DEFAULT_DEPTH}");
        return (Some(DEFAULT_DEPTH), Some(why));
    };
    // The original goes down while it is above that number. In between, no digit is lost.
    let depth = number.ceil().clamp(1.0, MAX_DEPTH as f64) as u64;
    let why = match number {
        _ if number.ceil() < 1.0 => "the original runs nothing with it; here, it is 1".into(),
        _ if number > MAX_DEPTH as f64 => format!("a policy can say no more than {MAX_DEPTH}, so it is that"),
        _ if number.fract() != 0.0 => format!("a policy says whole numbers, so it is {depth}, which means the same"),
        _ => return (Some(depth), None),
    };
    (Some(depth), Some(why))
}

fn section(
    text: &mut String,
    name: &str,
    uses: &Uses,
    origins: Option<&BTreeSet<Origin>>,
    variables: Option<&BTreeSet<String>>,
) {
    let mut lines = Vec::new();
    files(uses, &mut lines);
    http(uses, origins, &mut lines);
    if uses.sockets {
        lines.push("# It opens sockets. Say where to, then take the # away:".into());
        lines.push("# tcp = [{ host = \"host.example\", ports = [80] }]".into());
    }
    let all: BTreeSet<_> = variables.into_iter().flatten().chain(&uses.variables).collect();
    if !all.is_empty() {
        lines.push("# The definition names these variables. Where one may go can be said, too: `only_to`.".into());
        lines.push(format!("env = {}", names(&all.into_iter().collect::<Vec<_>>())));
    }
    if !lines.is_empty() {
        let _ = write!(text, "\n[agents.\"{name}\"]\n{}\n", lines.join("\n"));
    }
}

fn files(uses: &Uses, lines: &mut Vec<String>) {
    if uses.files.is_empty() {
        return;
    }
    let access = if uses.files.iter().any(|(access, _)| *access == "write") { "write" } else { "read" };
    let paths: Vec<_> = uses.files.iter().filter_map(|(_, path)| path.as_deref()).collect();
    let verb = if access == "write" { "writes" } else { "reads" };
    match paths.first() {
        Some(path) => {
            lines.push(format!("# It {verb} files: {:?} is one. Say which folder, then take the # away:", shown(path)))
        }
        None => lines.push(format!("# It {verb} files that its inputs name. Say which folder, then take the # away:")),
    }
    lines.push(format!("# files = [{{ path = \"./data\", mount = \"/data\", access = \"{access}\" }}]"));
}

fn http(uses: &Uses, origins: Option<&BTreeSet<Origin>>, lines: &mut Vec<String>) {
    if uses.methods.is_empty() {
        return;
    }
    let methods = names(&uses.methods.iter().collect::<Vec<_>>());
    let known: BTreeSet<_> = origins.into_iter().flatten().chain(&uses.urls).collect();
    if known.is_empty() {
        lines.push("# It sends requests to where its inputs say. Say where, then take the # away:".into());
        lines.push(format!("# http = [{{ host = \"host.example\", methods = {methods} }}]"));
        return;
    }
    lines.push("# It sends requests, and these addresses are written in the library.".into());
    lines.push("http = [".into());
    for origin in known {
        let scheme = if origin.scheme == "http" { ", schemes = [\"http\"]" } else { "" };
        let port = origin.port.map(|port| format!(", ports = [{port}]")).unwrap_or_default();
        lines.push(format!("    {{ host = \"{}\"{scheme}{port}, methods = {methods} }},", origin.host));
    }
    lines.push("]".into());
}

/// A path for a comment: on one line, and not too long.
fn shown(path: &str) -> String {
    path.chars().take(60).collect()
}

impl Asked {
    /// Follows each variable from the step that names it to the functions that get it.
    fn give_variables(&mut self, library: &Library<'_>, variables: Vec<(usize, String, String)>) {
        let mut waiting: VecDeque<_> = variables.into();
        let mut seen = HashSet::new();
        while let Some((callee, input, variable)) = waiting.pop_front() {
            if !seen.insert((callee, input.clone(), variable.clone())) {
                continue;
            }
            match library.legacy.agents.get(callee).map(|agent| &agent.body) {
                Some(Body::Proc { .. }) => drop(self.variables.entry(callee).or_default().insert(variable)),
                Some(Body::Workflow { steps, .. }) => {
                    for (step, name) in steps.iter().flat_map(|step| given(step, &input)) {
                        if let Some((next, _)) = library.find(&step.agent.text) {
                            waiting.push_back((next, name, variable.clone()));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Gives the addresses that a workflow's steps name to the functions in it that send requests,
    /// or else to those in the workflows that it runs.
    fn give_origins(&mut self, library: &Library<'_>) {
        for (at, agent) in library.legacy.agents.iter().enumerate() {
            let Body::Workflow { steps, .. } = &agent.body else { continue };
            let mut origins = BTreeSet::new();
            for (_, value) in steps.iter().flat_map(|step| &step.params) {
                addresses(value, &mut origins);
            }
            if origins.is_empty() {
                continue;
            }
            for proc in senders(library, at) {
                self.origins.entry(proc).or_default().extend(origins.iter().cloned());
            }
        }
    }
}

/// The inputs to which a step gives the value of `name`.
fn given<'s>(step: &'s Step, name: &str) -> Vec<(&'s Step, String)> {
    let refers =
        |value: &Node| value.text().and_then(|text| text.strip_prefix('$')).is_some_and(|own| clean(own) == name);
    let params = step.params.iter().filter(|(_, value)| refers(value));
    params.map(|(input, _)| (step, clean(&input.text).into_owned())).collect()
}

fn addresses(value: &Node, origins: &mut BTreeSet<Origin>) {
    match &value.kind {
        Kind::Text(text) => origins.extend(Origin::read(text)),
        Kind::List(items) => items.iter().for_each(|item| addresses(item, origins)),
        Kind::Object(entries) => entries.iter().for_each(|(_, item)| addresses(item, origins)),
        _ => {}
    }
}

/// The functions nearest to the workflow `at` that send requests.
fn senders(library: &Library<'_>, at: usize) -> Vec<usize> {
    let mut level = vec![at];
    let mut seen: HashSet<_> = [at].into();
    while !level.is_empty() && seen.len() < MAX_BELOW {
        let mut next = Vec::new();
        for at in level {
            let Some(Body::Workflow { steps, .. }) = library.legacy.agents.get(at).map(|agent| &agent.body) else {
                continue;
            };
            let agents = steps.iter().filter_map(|step| library.find(&step.agent.text)).map(|(at, _)| at);
            next.extend(agents.filter(|at| seen.insert(*at)));
        }
        let sends = |at: &usize| {
            library.procs.get(*at).and_then(Option::as_ref).is_some_and(|proc| !proc.uses.methods.is_empty())
        };
        let found: Vec<_> = next.iter().copied().filter(sends).collect();
        if !found.is_empty() {
            return found;
        }
        level = next;
    }
    Vec::new()
}
