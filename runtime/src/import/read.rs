//! A JSON library of the original system, read into types.

use std::{collections::HashSet, ops::Range, sync::Arc};

use crate::{
    diagnostic::{Diagnostic, Report},
    import::json::{self, Kind, Node, Text},
    source::Source,
};

/// The most agents of one library: each becomes a manifest, and its Python is parsed.
pub const MAX_AGENTS: usize = 10_000;

/// Kinds that only were templates under an older name. The original runs them no more.
const OLD_TEMPLATES: [&str; 2] = ["txt2txt", "text"];

/// The agent that is no agent, but what the original wraps around one that isn't a workflow.
const WRAPPER: &str = "singleton";

/// One library.
#[derive(Debug)]
pub struct Legacy {
    pub agents: Vec<Agent>,
    /// How deep workflows may nest, as it is written there.
    pub max_depth: Option<Node>,
    /// What was left out.
    pub dropped: Vec<Text>,
}

/// One agent.
#[derive(Debug)]
pub struct Agent {
    pub name: Text,
    pub help: String,
    pub inputs: Vec<Text>,
    pub optional: Vec<Text>,
    pub outputs: Vec<Text>,
    /// Values for inputs that aren't given.
    pub defaults: Vec<(Text, Node)>,
    pub body: Body,
    /// Keys that say nothing here.
    pub dropped: Vec<Text>,
}

impl Agent {
    /// Its steps, if it is a workflow.
    pub fn steps(&self) -> &[Step] {
        match &self.body {
            Body::Workflow { steps, .. } => steps,
            _ => &[],
        }
    }

    /// Whether only steps know of it.
    pub fn is_missing(&self) -> bool {
        matches!(self.body, Body::Missing)
    }
}

/// What an agent is made of.
#[derive(Debug)]
pub enum Body {
    /// A text with holes, and the older name of its kind.
    Template { prompt: Text, older: Option<Text> },
    /// The name of a function, and Python that defines it.
    Proc { function: Text, source: Text },
    /// Steps, and whether the first that fails is the last.
    Workflow { steps: Vec<Step>, stops: bool },
    /// Nothing that could run, and why.
    Unfinished { why: String, span: Range<usize>, source: String },
    /// Nothing: a step uses it, and the library doesn't have it.
    Missing,
}

/// One step of a workflow.
#[derive(Debug)]
pub struct Step {
    pub agent: Text,
    pub params: Vec<(Text, Node)>,
    /// The names that results get, and whether they are as the original wants them.
    pub outputs: Vec<Text>,
    pub fault: Option<&'static str>,
}

/// Reads `source`.
///
/// # Errors
///
/// When it isn't JSON, or no library: every mistake at once. An agent that can't run is no mistake of
/// the library.
pub fn read(source: &Arc<Source>) -> Result<Legacy, Report> {
    let mut root = json::parse(source)?;
    let not_a_library = |span: Range<usize>, message: &str| {
        Diagnostic::error("not-a-library", message)
            .at(source, span)
            .help("a library is an object with `agents`: the name of each agent, and its definition")
    };
    let span = root.span.clone();
    let Kind::Object(entries) = &mut root.kind else {
        return Err(not_a_library(0..0, "this file is no library: it is no JSON object").into());
    };
    let mut legacy = Legacy { agents: Vec::new(), max_depth: None, dropped: Vec::new() };
    let mut found = false;
    for (key, value) in std::mem::take(entries) {
        match &*key.text {
            "agents" => {
                let Kind::Object(agents) = value.kind else {
                    return Err(not_a_library(value.span, "`agents` is no JSON object").into());
                };
                if agents.len() > MAX_AGENTS {
                    let message = format!("{} agents are more than {MAX_AGENTS}", agents.len());
                    let too_large = Diagnostic::error("too-large", message).at(source, key.span);
                    return Err(too_large.help("split the library: each part is one of its own").into());
                }
                found = true;
                legacy.agents = agents
                    .into_iter()
                    .filter(|(name, _)| *name.text != *WRAPPER)
                    .map(|(name, definition)| agent(name, definition))
                    .collect();
            }
            "workflow_settings" => legacy.max_depth = value.get("max_depth").cloned(),
            _ => legacy.dropped.push(key),
        }
    }
    if found { Ok(legacy) } else { Err(not_a_library(span.start..span.start, "this file has no `agents`").into()) }
}

fn agent(name: Text, definition: Node) -> Agent {
    let mut agent = Agent {
        help: definition.get("help").and_then(Node::text).unwrap_or_default().to_owned(),
        inputs: Vec::new(),
        optional: Vec::new(),
        outputs: Vec::new(),
        defaults: Vec::new(),
        body: Body::Unfinished { why: String::new(), span: name.span.clone(), source: String::new() },
        dropped: Vec::new(),
        name,
    };
    let body = match interface(&mut agent, &definition) {
        Ok(()) => body(&agent.name, &definition),
        Err(wrong) => Err(wrong),
    };
    agent.body = body.unwrap_or_else(|(why, span)| {
        let source = definition.get("function_def").and_then(Node::text).unwrap_or_default().to_owned();
        Body::Unfinished { why, span, source }
    });
    let known = [
        "type",
        "help",
        "inputs",
        "optional_inputs",
        "outputs",
        "prompt",
        "function",
        "function_def",
        "steps",
        "return_on_fail",
        "defaults",
    ];
    let unknown = definition.entries().unwrap_or_default().iter().filter(|(key, _)| !known.contains(&&*key.text));
    agent.dropped = unknown.map(|(key, _)| key.clone()).collect();
    agent
}

/// Why an agent can't run, and where that is seen.
type Fault = (String, Range<usize>);

fn interface(agent: &mut Agent, definition: &Node) -> Result<(), Fault> {
    if definition.entries().is_none() {
        return Err(("its definition is no JSON object".into(), definition.span.clone()));
    }
    agent.inputs = once(names(definition, "inputs")?);
    agent.optional = once(names(definition, "optional_inputs")?);
    agent.outputs = names(definition, "outputs")?;
    let defaults = definition.get("defaults").and_then(Node::entries).unwrap_or_default();
    agent.defaults = defaults.to_vec();
    Ok(())
}

/// A list of names.
fn names(definition: &Node, key: &str) -> Result<Vec<Text>, Fault> {
    let Some(list) = definition.get(key) else { return Ok(Vec::new()) };
    let wrong = || (format!("`{key}` is no list of names"), list.span.clone());
    let name = |item: &Node| Some(Text { text: item.text()?.into(), span: item.span.clone() });
    list.list().ok_or_else(wrong)?.iter().map(|item| name(item).ok_or_else(wrong)).collect()
}

/// The names without those that are there twice.
fn once(mut names: Vec<Text>) -> Vec<Text> {
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(name.text.clone()));
    names
}

fn body(name: &Text, definition: &Node) -> Result<Body, Fault> {
    let kind = text(definition, "type", &name.span)?;
    match &*kind.text {
        "template" => template(definition, None, name),
        "proc" => Ok(Body::Proc {
            function: text(definition, "function", &name.span)?,
            source: text(definition, "function_def", &name.span)?,
        }),
        "workflow" => workflow(name, definition),
        old if OLD_TEMPLATES.contains(&old) || definition.get("prompt").is_some() => {
            template(definition, Some(kind), name)
        }
        _ => Err((format!("nothing is known of the type `{}`", kind.text.escape_debug()), kind.span)),
    }
}

fn template(definition: &Node, older: Option<Text>, name: &Text) -> Result<Body, Fault> {
    Ok(Body::Template { prompt: text(definition, "prompt", &name.span)?, older })
}

fn workflow(name: &Text, definition: &Node) -> Result<Body, Fault> {
    let steps = definition.get("steps").ok_or_else(|| ("it has no `steps`".to_owned(), name.span.clone()))?;
    let items = steps.list().ok_or_else(|| ("`steps` is no list".to_owned(), steps.span.clone()))?;
    if items.is_empty() {
        return Err(("it has no step".into(), steps.span.clone()));
    }
    let stops = definition.get("return_on_fail").is_some_and(|flag| match &flag.kind {
        Kind::Boolean(flag) => *flag,
        Kind::Number(number) => number.parse::<f64>() == Ok(1.0),
        _ => false,
    });
    Ok(Body::Workflow { steps: items.iter().map(step).collect::<Result<_, _>>()?, stops })
}

fn step(item: &Node) -> Result<Step, Fault> {
    let agent = match item.get("agent") {
        Some(_) => text(item, "agent", &item.span)?,
        None => return Err(("a step names no `agent`".into(), item.span.clone())),
    };
    let params = match item.get("params") {
        None => &[][..],
        Some(params) => {
            params.entries().ok_or_else(|| ("`params` is no JSON object".to_owned(), params.span.clone()))?
        }
    };
    let (outputs, fault) = match item.get("output") {
        None => (Vec::new(), Some("it has no `output`, so the original refuses the workflow")),
        Some(Node { kind: Kind::Text(text), span }) => {
            (vec![Text { text: text.clone(), span: span.clone() }], Some("its `output` is no list but one name"))
        }
        Some(_) => (names(item, "output")?, None),
    };
    let fault = fault.or(outputs.is_empty().then_some("its `output` is empty, so it fails always in the original"));
    Ok(Step { agent, params: params.to_vec(), outputs, fault })
}

/// The text that `key` is in `object`, which stands at `span`.
fn text(object: &Node, key: &str, span: &Range<usize>) -> Result<Text, Fault> {
    let value = object.get(key).ok_or_else(|| (format!("it has no `{key}`"), span.clone()))?;
    let text = value.text().ok_or_else(|| (format!("`{key}` is no text"), value.span.clone()))?;
    Ok(Text { text: text.into(), span: value.span.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(agents: &str) -> Legacy {
        read(&Source::new("l.json", format!("{{\"agents\": {{{agents}}}, \"hosts\": 1}}"))).unwrap()
    }

    #[test]
    fn what_is_no_library_is_an_error() {
        for text in ["[]", "{}", "{\"agents\": []}"] {
            let report = read(&Source::new("l.json", text)).unwrap_err();
            assert_eq!(report.0[0].code, "not-a-library", "{text}");
        }
    }

    #[test]
    fn the_number_of_agents_is_bounded() {
        let many: Vec<_> = (0..=MAX_AGENTS).map(|number| format!("\"a{number}\": 1")).collect();
        let report = read(&Source::new("l.json", format!("{{\"agents\": {{{}}}}}", many.join(",")))).unwrap_err();
        assert_eq!(report.0[0].code, "too-large");
    }

    #[test]
    fn an_agent_that_cannot_run_is_none_of_the_others_business() {
        let legacy = library(
            r#""a": 5, "b": {"type": "proc"}, "c": {"type": "workflow", "steps": []}, "d": {"type": "x", "inputs": "i"},
               "e": {"type": "workflow", "steps": [{"params": {}}]}, "f": {"type": "x"}, "g": {"type": "template"},
               "h": {"type": "txt2txt", "prompt": "p", "colour": 1}, "i": {"type": 5}, "j": {"type": "template", "prompt": []},
               "k": {"type": "workflow", "steps": [{"agent": 1}]}, "l": {}, "singleton": {}"#,
        );
        let whys: Vec<_> = legacy
            .agents
            .iter()
            .map(|agent| match &agent.body {
                Body::Unfinished { why, .. } => why.as_str(),
                _ => "",
            })
            .collect();
        let expected = [
            "its definition is no JSON object",
            "it has no `function`",
            "it has no step",
            "`inputs` is no list of names",
            "a step names no `agent`",
            "nothing is known of the type `x`",
            "it has no `prompt`",
            "",
            "`type` is no text",
            "`prompt` is no text",
            "`agent` is no text",
            "it has no `type`",
        ];
        assert_eq!(whys, expected);
        assert_eq!(*legacy.agents[7].dropped[0].text, *"colour");
        assert_eq!(*legacy.dropped[0].text, *"hosts");
    }

    #[test]
    fn outputs_of_steps_are_lists() {
        let legacy = library(
            r#""w": {"type": "workflow", "return_on_fail": 1, "steps": [
                {"agent": "a", "output": ["x", "y", "x"]}, {"agent": "a", "output": "z"}, {"agent": "a"}]}"#,
        );
        let Body::Workflow { steps, stops: true } = &legacy.agents[0].body else { panic!() };
        let outputs = steps.iter().map(|step| step.outputs.len()).collect::<Vec<_>>();
        assert_eq!(outputs, [3, 1, 0]);
        assert!(steps[0].fault.is_none() && steps[1].fault.is_some() && steps[2].fault.is_some());
    }
}
