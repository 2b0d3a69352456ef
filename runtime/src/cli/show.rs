//! `turingbox show`.

use clap::Args;
use serde_json::json;

use crate::{
    Policy,
    agent::{Input, Manifest},
    cli::{Globals, Stop, run, setup, terminal},
    policy::{Authority, Limits, size_text},
};

#[derive(Args)]
pub struct ShowArgs {
    /// The agent's name
    #[arg(value_name = "AGENT", add = super::complete::agents())]
    agent: String,
}

/// Shows an agent's interface, what it asks for, and what it would get.
pub fn show(globals: &Globals, arguments: &ShowArgs) -> Result<(), Stop> {
    let library = setup::library(globals)?;
    let manifest = run::manifest(&library, &arguments.agent)?;
    let policy = setup::policy(globals)?;
    let authority = policy.authority(&manifest.name, &manifest.path);
    let text = match globals.json {
        true => object(&manifest, &policy, &authority).to_string(),
        false => page(&manifest, &policy, &authority, globals),
    };
    terminal::print_line(text.trim_end())
}

fn page(manifest: &Manifest, policy: &Policy, authority: &Authority, globals: &Globals) -> String {
    let mut page =
        format!("{} — {}, {}\n{}\n", manifest.name, manifest.kind().word(), manifest.source.path, manifest.help);
    let inputs = manifest
        .inputs
        .iter()
        .map(|input| (input.name.as_str(), format!("{:<8} {}", input.hint.word(), described(input))));
    section(&mut page, "Inputs", inputs.collect());
    let outputs = manifest.outputs.iter().map(|output| (output.name.as_str(), output.help.clone()));
    let open = manifest.open_outputs.then(|| ("…", "more, which are known only when it has run".to_owned()));
    section(&mut page, "Outputs", outputs.chain(open).collect());
    let needs = manifest.needs.iter().map(|need| (need.capability.as_str(), need.wanted.join(", ")));
    section(&mut page, "Asks for", needs.collect());
    let title = match &globals.policy {
        Some(path) => format!("May do under {}", path.display()),
        None => "May do without a policy".into(),
    };
    section(&mut page, &title, granted(manifest, policy, authority));
    terminal::escape(&page).into_owned()
}

fn described(input: &Input) -> String {
    match &input.default {
        Some(default) => format!("{} [default: {default:?}]", input.help),
        None if input.optional => format!("{} [optional]", input.help),
        None => input.help.clone(),
    }
}

/// A row for each limit.
pub fn limits(limits: &Limits) -> Vec<(&'static str, String)> {
    vec![
        ("memory", size_text(limits.memory)),
        ("fuel", limits.fuel.to_string()),
        ("time", format!("{:?}", limits.time)),
        ("output", size_text(limits.output)),
        ("depth", limits.depth.to_string()),
        ("steps", limits.steps.to_string()),
        ("bytes", size_text(limits.bytes)),
        ("calls", limits.calls.to_string()),
    ]
}

fn granted<'p>(manifest: &Manifest, policy: &'p Policy, authority: &Authority) -> Vec<(&'p str, String)> {
    let rows = policy.summary((&manifest.name, &manifest.path), authority);
    limits(&authority.limits).into_iter().chain(rows).collect()
}

/// Adds a titled table to a page, unless it has no rows.
pub fn section(page: &mut String, title: &str, rows: Vec<(&str, String)>) {
    if rows.is_empty() {
        return;
    }
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    page.push_str(&format!("\n{title}:\n"));
    for (name, text) in rows {
        page.push_str(format!("  {name:<width$}  {text}").trim_end());
        page.push('\n');
    }
}

fn object(manifest: &Manifest, policy: &Policy, authority: &Authority) -> serde_json::Value {
    let inputs = manifest.inputs.iter().map(|input| {
        json!({
            "name": input.name, "help": input.help, "type": input.hint.word(),
            "default": input.default.as_ref().map(crate::Value::to_json), "required": input.is_required(),
        })
    });
    let limits = &authority.limits;
    json!({
        "name": manifest.name,
        "kind": manifest.kind().word(),
        "help": manifest.help,
        "file": manifest.source.path,
        "inputs": inputs.collect::<Vec<_>>(),
        "open_outputs": manifest.open_outputs,
        "outputs": manifest.outputs.iter().map(|output| json!({ "name": output.name, "help": output.help })).collect::<Vec<_>>(),
        "needs": manifest.needs.iter().map(|need| (need.capability.clone(), json!(need.wanted))).collect::<serde_json::Map<_, _>>(),
        "authority": {
            "limits": {
                "memory": limits.memory, "fuel": limits.fuel, "seconds": limits.time.as_secs_f64(),
                "output": limits.output, "depth": limits.depth, "steps": limits.steps,
                "bytes": limits.bytes, "calls": limits.calls,
            },
            "files": authority.files().iter().map(|grant| {
                json!({ "host": grant.folder(), "mount": grant.mount, "access": grant.access.word(), "line": grant.place.line() })
            }).collect::<Vec<_>>(),
            "grants": policy.summary((&manifest.name, &manifest.path), authority).iter()
                .map(|(word, text)| json!({ "capability": word, "grant": text })).collect::<Vec<_>>(),
            "jump": !matches!(authority.grants.jump, Some((false, _))),
        },
    })
}
