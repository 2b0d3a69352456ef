//! How long `turingbox check` takes for a library of 1,000 agents and 200 workflows of 50 steps: the
//! promise is less than a second. Then for workflows of as many steps as there may be, in shapes that
//! are hard to look at: two seconds. `cargo bench --profile dev --bench check`

#[path = "check/shapes.rs"]
mod shapes;

use std::{
    error::Error,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use turingbox::{Library, Program};

const PROCS: usize = 700;
const TEMPLATES: usize = 300;
const WORKFLOWS: usize = 200;
const STEPS: usize = 50;
const ROUNDS: usize = 9;

/// The most that reading the library and checking all of it may take, in the median.
const PROMISED: Duration = Duration::from_secs(1);

/// A proc of an ordinary length.
const SOURCE: &str = r#"import json
import re

WORD = re.compile(r"[\w']+")


def normalise(text, lower):
    words = WORD.findall(text)
    return [word.lower() for word in words] if lower else words


def count(words, least):
    found = {}
    for word in words:
        if len(word) >= least:
            found[word] = found.get(word, 0) + 1
    return dict(sorted(found.items(), key=lambda entry: (-entry[1], entry[0])))


def main(text, least=1, lower=True):
    if not isinstance(text, str):
        raise ValueError(f"text must be text, not {type(text).__name__}")
    counted = count(normalise(text, lower), least)
    return {"counts": counted, "report": json.dumps(counted, indent=2)}
"#;

const PROC: &str = r#"kind = "proc"
help = "Count the words of a text"
python = "main.py"

[inputs.text]
help = "The text"
[inputs.least]
help = "The least length of a word that counts"
type = "integer"
default = 1
min = 1
[inputs.lower]
help = "Whether case makes no difference"
type = "boolean"
default = true

[outputs.counts]
help = "How often each word is there"
type = "json"
[outputs.report]
help = "The same, to read"
"#;

const PROMPT: &str = r#"Dear {{ name }},
{% for line in lines %}
- {{ loop.index }}. {{ line.text|upper }}{% if line.note is defined %} ({{ line.note }}){% endif %}
{% else %}
Nothing was found.
{% endfor %}
{{ closing|default("Yours") }}
"#;

const TEMPLATE: &str = r#"kind = "template"
help = "Write a letter"
template = "prompt.j2"

[inputs.name]
help = "To whom"
[inputs.lines]
help = "What was found"
type = "json"
[inputs.closing]
help = "How it ends"
optional = true

[outputs.letter]
help = "The letter"
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    generate(folder.path())?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let agents = check(folder.path())?;
        rounds.push(start.elapsed());
        assert_eq!(agents, PROCS + TEMPLATES + WORKFLOWS);
    }
    rounds.sort();
    let median = rounds[ROUNDS / 2];
    println!(
        "{} agents and {WORKFLOWS} workflows of {STEPS} steps: {median:.0?} (fastest {:.0?}, slowest {:.0?})",
        PROCS + TEMPLATES,
        rounds[0],
        rounds[ROUNDS - 1]
    );
    if median > PROMISED {
        return Err(format!("that is more than {PROMISED:?}").into());
    }
    shapes::run()
}

/// Reads the library and checks each agent, as the command does.
fn check(folder: &Path) -> Result<usize, Box<dyn Error>> {
    let mut library = Library::default();
    library.add_folder(folder)?;
    let mut agents = 0;
    for name in library.names() {
        let report = Program::inspect(&library, name, None).report;
        assert!(report.0.is_empty(), "{name}: {report}");
        agents += 1;
    }
    Ok(agents)
}

fn generate(folder: &Path) -> Result<(), Box<dyn Error>> {
    let write = |name: String, manifest: &str, file: Option<(&str, &str)>| {
        let agent = folder.join(name);
        fs::create_dir(&agent)?;
        fs::write(agent.join("agent.toml"), manifest)?;
        file.map_or(Ok(()), |(name, text)| fs::write(agent.join(name), text))
    };
    for n in 0..PROCS {
        write(format!("count_{n}"), PROC, Some(("main.py", SOURCE)))?;
    }
    for n in 0..TEMPLATES {
        write(format!("letter_{n}"), TEMPLATE, Some(("prompt.j2", PROMPT)))?;
    }
    for n in 0..WORKFLOWS {
        write(format!("flow_{n}"), &workflow(n), None)?;
    }
    Ok(())
}

/// A workflow that counts, writes and goes on, each step with what the one before it gave.
fn workflow(n: usize) -> String {
    let mut text = "kind = \"workflow\"\nhelp = \"Count and write\"\n[inputs.text]\nhelp = \"The text\"\n".to_owned();
    text += &format!("[outputs.last]\nhelp = \"What came of it\"\nfrom = \"$letter_{}\"\n", STEPS - 1);
    for step in 0..STEPS {
        let agent = n * STEPS + step;
        let before = if step == 0 { "$text".into() } else { format!("$letter_{}", step - 1) };
        text += &match step % 2 {
            0 => format!(
                "[[steps]]\nid = \"s{step}\"\nagent = \"count_{}\"\ninputs = {{ text = \"{before}\", least = 2 }}\n\
                 outputs = {{ report = \"letter_{step}\" }}\n",
                agent % PROCS
            ),
            _ => format!(
                "[[steps]]\nid = \"s{step}\"\nagent = \"letter_{}\"\n\
                 inputs = {{ name = \"{{{{ text|upper }}}} {step}\", lines = [], closing = \"{before}\" }}\n\
                 outputs = {{ letter = \"letter_{step}\" }}\n",
                agent % TEMPLATES
            ),
        };
    }
    text
}
