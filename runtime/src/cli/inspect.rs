//! `turingbox inspect`.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::{Value as J, json};
use sha2::{Digest, Sha256};

use crate::{
    agent::MAX_COMPONENT,
    cli::{Globals, Stop, setup, show::section, terminal},
    component::{Facts, Interface, Misfit},
    policy::{Authority, size_text},
};

#[derive(Args)]
pub struct InspectArgs {
    /// The component
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The agent that it would be, for the policy [default: the file's name]
    #[arg(long = "as", value_name = "AGENT")]
    agent: Option<String>,
}

/// A component, and what it would hold as an agent.
struct Inspected {
    file: PathBuf,
    size: u64,
    digest: String,
    facts: Facts,
    agent: String,
    authority: Authority,
}

/// Says what a component is, without running or compiling it.
pub fn inspect(globals: &Globals, arguments: &InspectArgs) -> Result<(), Stop> {
    let file = &arguments.file;
    let wrong = |why: &dyn std::fmt::Display| Stop::Usage(format!("`{}` can't be used: {why}", file.display()));
    let bytes = read(file).map_err(|error| wrong(&error))?;
    let facts = Facts::read(&bytes).map_err(|why| wrong(&why))?;
    let stem = || file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let agent = arguments.agent.clone().unwrap_or_else(stem);
    let name = agent.rsplit('/').next().unwrap_or_default().to_owned();
    let authority = setup::policy(globals)?.authority(&name, &agent);
    let digest = format!("{:x}", Sha256::digest(&bytes));
    let inspected = Inspected { file: file.clone(), size: bytes.len() as u64, digest, facts, agent, authority };
    match globals.json {
        true => terminal::print_json(&inspected.object())?,
        false => terminal::print_line(terminal::escape(inspected.page(globals).trim_end()).as_ref())?,
    }
    if inspected.fits().is_ok() { Ok(()) } else { Err(Stop::Said(2)) }
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(MAX_COMPONENT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_COMPONENT {
        let most = size_text(MAX_COMPONENT);
        return Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, format!("it is larger than {most}")));
    }
    Ok(bytes)
}

impl Inspected {
    /// The key of a manifest that can name it; or why there is none.
    fn fits(&self) -> Result<&'static str, Misfit> {
        match (self.facts.misfit(), self.facts.command_misfit()) {
            (None, _) => Ok("component"),
            (_, None) => Ok("command"),
            // A module has further to go to be an agent.
            (Some(agent), Some(command)) => Err(if self.facts.is_component { agent } else { command }),
        }
    }

    fn page(&self, globals: &Globals) -> String {
        let what = if self.facts.is_component { "component" } else { "core module" };
        let size = terminal::size(self.size);
        let mut page = format!("{} — {what}, {size}\nsha256 {}\n", self.file.display(), self.digest);
        if let Some(help) = self.facts.manifest.as_deref().and_then(help) {
            page.push_str(&format!("{help}\n"));
        }
        let imports = self.facts.imports.iter().map(|import| (import.as_str(), verdict(import, &self.authority)));
        let under = match &globals.policy {
            Some(path) => format!("Imports, and what `{}` gets under {}", self.agent, path.display()),
            None => "Imports, and what it gets without a policy".into(),
        };
        section(&mut page, &under, imports.collect());
        section(
            &mut page,
            "Exports",
            self.facts.exports.iter().map(|export| (export.as_str(), String::new())).collect(),
        );
        page.push_str(&match self.fits() {
            Ok("command") => "\nIt can be a command.\n".to_owned(),
            Ok(_) => "\nIt can be an agent.\n".to_owned(),
            Err(misfit) => format!("\nIt can be neither an agent nor a command: {misfit}.\n  {}\n", misfit.help),
        });
        page
    }

    fn object(&self) -> J {
        let imports = self.facts.imports.iter().map(|import| {
            let key = Interface::parse(import).and_then(|interface| interface.key());
            json!({ "name": import, "capability": key, "granted": key.map(|_| verdict(import, &self.authority)) })
        });
        json!({
            "file": self.file,
            "component": self.facts.is_component,
            "size": self.size,
            "sha256": self.digest,
            "imports": imports.collect::<Vec<_>>(),
            "exports": self.facts.exports,
            "manifest": self.facts.manifest,
            "agent": self.agent,
            "can_be": self.fits().ok(),
            "misfit": self.fits().err().map(|misfit| json!({ "message": misfit.message, "help": misfit.help })),
        })
    }
}

/// What an import is good for under an authority.
pub fn verdict(import: &str, authority: &Authority) -> String {
    match Interface::parse(import).and_then(|interface| interface.key()) {
        None => String::new(),
        Some(key) => {
            let rows = authority.summary().into_iter().filter(|(row, _)| *row == key).map(|(_, text)| text);
            let granted: Vec<_> = rows.collect();
            if granted.is_empty() { format!("{key}: nothing") } else { format!("{key}: {}", granted.join("; ")) }
        }
    }
}

/// What a component says that it is for.
fn help(manifest: &str) -> Option<String> {
    let table: toml::Table = toml::from_str(manifest).ok()?;
    table.get("help")?.as_str().map(str::to_owned)
}
