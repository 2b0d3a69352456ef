//! Functions of the original system as procs.

use std::{collections::BTreeSet, fmt::Write};

use crate::{
    agent::{STATUS, STEP_INDEX},
    diagnostic::{Report, list},
    import::{
        library::{CANNOT_WORK, CHANGED, Library, SAFE, UNFINISHED},
        manifest::Manifest,
        missing,
        names::{clean, is_special},
        read::{Agent, Body, Step},
        shape::{self, Key, Shape, Unknown},
        words::{self, Uses},
    },
};

/// The parameter by which a function learns what its results are to be called.
pub const OUTPUT: &str = "output";

/// The input that becomes it. It isn't called alike: a step that says `$output` means a result.
pub const RESULT_NAMES: &str = "result_names";

/// Whether an input of this name would be the names of results.
pub fn is_names(name: &str) -> bool {
    [OUTPUT, RESULT_NAMES].contains(&name)
}

/// What is known of one function.
#[derive(Debug)]
pub struct Proc {
    pub uses: Uses,
    /// What it returns; nothing is known of one that couldn't be read.
    pub shape: Shape,
    /// Its outputs by their declared names; none where only a run can tell them, and then steps say
    /// what they are called.
    pub outputs: Option<Vec<Named>>,
    /// Whether it may move the head.
    pub jumps: bool,
    /// Why there is nothing to run, if so.
    pub unfinished: Option<String>,
    /// Why it couldn't be read, if so.
    unread: Option<String>,
}

/// One output that a function always calls the same, as it learns no other name.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    pub name: String,
    /// Where in the step's names its own name is; none where it keeps its name.
    pub position: Option<usize>,
}

impl Proc {
    /// What is known of `agent`, which `calls` use. None if it is no proc and doesn't become one.
    pub fn of(agent: &Agent, calls: &[&Step]) -> Option<Self> {
        let (function, source) = match &agent.body {
            Body::Proc { function, source } => (&function.text, &source.text),
            Body::Unfinished { why, .. } => return Some(Self::unfinished(why.clone())),
            Body::Missing => return Some(Self::missing(agent)),
            Body::Template { .. } | Body::Workflow { .. } => return None,
        };
        let (shape, unread) = match shape::look(source, function) {
            Ok(shape) => (shape, None),
            Err(Unknown::NotParsed(why)) => (Shape::default(), Some(why)),
            Err(Unknown::Empty) => return Some(Self::unfinished("its `function_def` is empty".into())),
            Err(Unknown::NotPython(why)) => {
                return Some(Self::unfinished(format!("its `function_def` is not Python, {why}")));
            }
            Err(Unknown::NoFunction(found)) => {
                let found = if found.is_empty() { "no function".into() } else { list(&found) };
                let why = format!("its `function_def` defines {found}, and no `{}`", function.escape_debug());
                return Some(Self::unfinished(why));
            }
        };
        let outputs = named(agent, &shape, calls);
        let says = |quote: char| source.contains(&format!("{quote}{STEP_INDEX}{quote}"));
        let mut named = calls.iter().flat_map(|step| &step.outputs).chain(&agent.outputs);
        let jumps = says('\'') || says('"') || named.any(|name| clean(&name.text) == STEP_INDEX);
        Some(Self { uses: words::look(source), shape, outputs, jumps, unfinished: None, unread })
    }

    fn unfinished(why: String) -> Self {
        Self {
            uses: Uses::default(),
            shape: Shape { always: [Key::Output(0)].into(), known: true, plain: true, ..Shape::default() },
            outputs: None,
            jumps: false,
            unfinished: Some(why),
            unread: None,
        }
    }

    /// A stub. It declares all that steps want, for whoever writes the agent.
    fn missing(agent: &Agent) -> Self {
        let mut seen = BTreeSet::new();
        let names = agent.outputs.iter().map(|name| clean(&name.text).into_owned()).enumerate();
        let names = names.filter(|(_, name)| !is_special(name) && seen.insert(name.clone()));
        let named = names.map(|(position, name)| Named { name, position: Some(position) });
        Self { outputs: Some(named.collect()), ..Self::unfinished(missing::WHY.into()) }
    }
}

/// The outputs of a function that always calls them the same, if it does.
fn named(agent: &Agent, shape: &Shape, calls: &[&Step]) -> Option<Vec<Named>> {
    let declared: Vec<_> = agent.outputs.iter().map(|name| clean(&name.text).into_owned()).collect();
    let moves = calls.iter().flat_map(|step| &step.outputs).any(|name| clean(&name.text) == STEP_INDEX);
    let special = moves || declared.iter().any(|name| is_special(name));
    let distinct = !special && declared.iter().collect::<BTreeSet<_>>().len() == declared.len();
    if !shape.closed || !distinct || declared.is_empty() {
        return None;
    }
    let mut positions: BTreeSet<usize> = [0].into();
    let mut keys = BTreeSet::new();
    for key in &shape.keys {
        match key {
            Key::Output(position) => drop(positions.insert(*position)),
            Key::Name(name) => drop(keys.insert(clean(name).into_owned())),
        }
    }
    keys.remove(STATUS);
    keys.remove(STEP_INDEX);
    let short = |step: &&&Step| step.outputs.iter().len() <= positions.last().copied().unwrap_or_default();
    if positions.iter().any(|position| *position >= declared.len()) || calls.iter().any(|step| short(&step)) {
        return None;
    }
    let mut outputs = Vec::new();
    for (position, name) in declared.into_iter().enumerate() {
        let fixed = keys.remove(&name);
        let renamed = |step: &&Step| step.outputs.get(position).is_some_and(|own| clean(&own.text) != name);
        match (fixed, positions.contains(&position)) {
            // Its name is wanted twice: as it is, and as the step would call it.
            (true, true) if calls.iter().any(renamed) => return None,
            (true, _) => outputs.push(Named { name, position: None }),
            (false, _) => outputs.push(Named { name, position: Some(position) }),
        }
    }
    outputs.extend(keys.into_iter().map(|name| Named { name, position: None }));
    Some(outputs)
}

/// The files of the proc `agent`.
pub fn files(
    library: &Library<'_>,
    at: usize,
    agent: &Agent,
    proc: &Proc,
    report: &mut Report,
) -> Vec<(String, String)> {
    findings(library, agent, proc, report);
    let mut manifest = Manifest::new(library, agent, "proc");
    manifest.line("python = \"main.py\"");
    let open = proc.outputs.is_none() && proc.unfinished.is_none();
    if open {
        let why = if proc.shape.known {
            "its results are called as steps want"
        } else {
            "what it returns is known only when it runs"
        };
        manifest.line(&format!("open_outputs = true                 # {why}"));
    }
    manifest.inputs(agent, &library.extra[at]);
    let mut declared: Vec<_> = agent.outputs.iter().map(|name| clean(&name.text).into_owned()).collect();
    if proc.unfinished.is_some() {
        declared.retain(|name| !is_special(name));
    }
    let mut outputs: Vec<&str> = match &proc.outputs {
        Some(named) => named.iter().map(|output| output.name.as_str()).collect(),
        None => declared.iter().map(String::as_str).filter(|name| !is_special(name)).collect(),
    };
    if open {
        manifest.input(
            RESULT_NAMES,
            "What its results are called",
            &format!("type = \"json\"\ndefault = {}", names(&declared)),
        );
    } else if outputs.is_empty() {
        outputs.push("result");
    }
    if proc.jumps {
        outputs.push(STEP_INDEX);
    }
    manifest.outputs(outputs);
    manifest.needs(&proc.uses);
    vec![("agent.toml".into(), manifest.text()), ("main.py".into(), python(library, agent, proc, &declared))]
}

/// A list of names, as TOML, JSON and Python alike write it.
pub fn names(names: &[impl AsRef<str>]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("\"{}\"", name.as_ref())).collect();
    format!("[{}]", names.join(", "))
}

fn python(library: &Library<'_>, agent: &Agent, proc: &Proc, declared: &[String]) -> String {
    let file = library.file();
    let mut text = String::new();
    let fallback = ["result".to_owned()];
    let declared = if declared.is_empty() && proc.unfinished.is_some() { &fallback } else { declared };
    let result_names = names(declared);
    let shown = agent.name.text.escape_debug();
    // Writing to a string can't fail.
    if let Some(why) = &proc.unfinished {
        if agent.is_missing() {
            let _ =
                writeln!(text, "# `{shown}` isn't in {file}, but its steps use it: the agent is still to be written.");
            text.push_str("import turingbox.legacy\n");
        } else {
            let _ = writeln!(text, "# `{shown}` of {file} is unfinished: what it had stands here.");
            text.push_str("import turingbox.legacy\n\n");
            commented(agent, &mut text);
        }
        let why = serde_json::Value::from(why.as_str());
        let name = serde_json::Value::from(&*agent.name.text);
        let _ = writeln!(text, "\nmain = turingbox.legacy.unfinished({name}, {why}, {result_names})");
        return text;
    }
    let Body::Proc { function, source } = &agent.body else { return text };
    let _ = writeln!(text, "# `{shown}` of {file}: the source as it was, and what calls it as the original did.");
    let mut imports = vec!["import turingbox.legacy"];
    imports.extend(&proc.uses.prelude);
    imports.sort_unstable();
    let imports = imports.join("\n");
    // Python wants these before anything else.
    let first = source.text.lines().any(|line| line.starts_with("from __future__"));
    let (before, after) = if first { ("", imports.as_str()) } else { (imports.as_str(), "") };
    for part in [before, source.text.trim_end_matches(['\n', '\r', ' ', '\t']), after] {
        if !part.is_empty() {
            let _ = writeln!(text, "{part}\n");
        }
    }
    let entry = proc.entry(&source.text);
    let _ = writeln!(text, "{entry} = turingbox.legacy.adapted({}, {result_names})", function.text);
    text
}

impl Proc {
    /// What the function is called that calls the original's.
    fn entry(&self, source: &str) -> &'static str {
        if source.contains("main") { "adapted_main" } else { "main" }
    }
}

/// Writes what an unfinished agent had, behind `#`.
fn commented(agent: &Agent, text: &mut String) {
    let source = match &agent.body {
        Body::Proc { source, .. } => &source.text,
        Body::Unfinished { source, .. } => source.as_str(),
        _ => "",
    };
    for line in source.split(['\n', '\r']) {
        let line: String = line.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }).collect();
        let line = format!("# {line}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn findings(library: &Library<'_>, agent: &Agent, proc: &Proc, report: &mut Report) {
    let span = match &agent.body {
        Body::Unfinished { span, .. } => span,
        Body::Proc { source, .. } => &source.span,
        // The workflows that use it say so.
        Body::Missing => return,
        Body::Template { .. } | Body::Workflow { .. } => &agent.name.span,
    };
    let mut say = |code, message: &str| report.push(library.finding(code, agent, message, span));
    if let Some(why) = &proc.unfinished {
        // Its program had functions of its own, which came before what a library says.
        let unless =
            if matches!(agent.body, Body::Proc { .. }) { ", unless its program has such a function" } else { "" };
        say(UNFINISHED, &format!("{why}; each call fails, as in the original{unless}"));
        return;
    }
    if let Some(why) = &proc.unread {
        say(CHANGED, &format!("its source could not be looked at ({why}): it is kept as it is, and Python will say"));
    }
    for (module, why) in &proc.uses.missing {
        say(CANNOT_WORK, &format!("it uses `{module}`: {why}"));
    }
    if proc.unread.is_none() && !proc.shape.parameters.iter().any(|name| name == OUTPUT) {
        say(
            UNFINISHED,
            "its function takes no `output`, which it is always given: each call fails, as in the original",
        );
    }
    if proc.outputs.is_none() && !proc.shape.known && !proc.jumps {
        say(
            SAFE,
            "what it returns is known only when it runs, and is merged as in the original; but data can't move the head",
        );
    }
    if proc.shape.keeps_state {
        say(CHANGED, "it keeps something for its next call: here each call starts anew");
    }
}
