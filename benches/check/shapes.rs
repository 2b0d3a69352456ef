//! Workflows of 10,000 steps that are hard to look at.

use std::{
    error::Error,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use turingbox::{Library, Program};

const STEPS: usize = 10_000;

/// The most that reading one and looking at it may take.
const PROMISED: Duration = Duration::from_secs(2);

/// An agent that gives much, and one that takes many steps to go to.
const MANY: usize = 40;

/// One shape: what its steps are.
type Shape = (&'static str, fn(usize) -> String);

const SHAPES: [Shape; 9] = [
    ("each reads what the one before it set", |at| step("echo", &reads(at.saturating_sub(1)), &sets(at))),
    ("each reads what the one behind it sets", |at| step("echo", &reads(at + 1), &sets(at))),
    ("every second one jumps anywhere", |at| match at % 2 {
        0 => step("jump_if", &format!("condition = true, target = \"$n{at}\""), ""),
        _ => step("echo", &reads(at.saturating_sub(2)), &sets(at)),
    }),
    ("each jumps half the way back", |at| step("jump_if", &format!("condition = \"$x\", target = {}", at / 2), "")),
    ("each jumps to no step", |at| step("jump_if", &format!("condition = true, target = \"nowhere{at}\""), "")),
    ("each uses an agent that isn't there", |at| step(&format!("nobody{at}"), "", "")),
    ("each keeps twenty results for nobody", |at| {
        step("much", "", &each(20, |n| format!("o{n} = \"r{}\"", at * 20 + n)))
    }),
    ("each has forty ways to go", |at| {
        step("ways", &each(MANY, |n| format!("t{n} = {}", (at * 31 + n * 97) % STEPS)), "")
    }),
    ("loops in loops", |at| match STEPS - 1 - at {
        _ if at < STEPS / 2 => step("loop_start", "limit = 3", &format!("start = \"s{at}\", index = \"n{at}\"")),
        start => step(
            "loop_end",
            &format!("start = \"$s{start}\", index = \"$n{start}\", limit = 3"),
            &format!("index = \"n{start}\""),
        ),
    }),
];

/// Looks at each shape.
pub fn run() -> Result<(), Box<dyn Error>> {
    for (what, steps) in SHAPES {
        let folder = tempfile::tempdir()?;
        let (outputs, inputs) = (
            each(MANY, |n| format!("o{n} = {{}}")),
            each(MANY, |n| format!("t{n} = {{ type = \"step\", optional = true }}")),
        );
        agent(folder.path(), "much", &format!("kind = \"proc\"\npython = \"main.py\"\noutputs = {{ {outputs} }}\n"))?;
        agent(
            folder.path(),
            "ways",
            &format!(
                "kind = \"proc\"\npython = \"main.py\"\ninputs = {{ {inputs} }}\noutputs = {{ step_index = {{}} }}\n"
            ),
        )?;
        agent(
            folder.path(),
            "flow",
            &format!("kind = \"workflow\"\n[inputs.x]\n{}", (0..STEPS).map(steps).collect::<String>()),
        )?;
        let start = Instant::now();
        let mut library = Library::default();
        library.add_folder(folder.path())?;
        library.add_builtin();
        let report = Program::inspect(&library, "flow", None).report;
        let shown = report.to_string().len();
        let took = start.elapsed();
        println!("{STEPS} steps, {what}: {took:.0?}, {} findings, {shown} bytes", report.0.len());
        if took > PROMISED {
            return Err(format!("that is more than {PROMISED:?}").into());
        }
    }
    Ok(())
}

fn agent(library: &Path, name: &str, manifest: &str) -> std::io::Result<()> {
    fs::create_dir(library.join(name))?;
    fs::write(library.join(name).join("agent.toml"), manifest)
}

fn step(agent: &str, inputs: &str, outputs: &str) -> String {
    format!("[[steps]]\nagent = \"{agent}\"\ninputs = {{ {inputs} }}\noutputs = {{ {outputs} }}\n")
}

fn reads(at: usize) -> String {
    format!("input = \"$n{at}\"")
}

fn sets(at: usize) -> String {
    format!("output = \"n{at}\"")
}

fn each(number: usize, entry: impl Fn(usize) -> String) -> String {
    (0..number).map(entry).collect::<Vec<_>>().join(", ")
}
