//! `turingbox show`.

mod reached;

use clap::Args;
use serde_json::{Value as J, json};

use crate::{
    Library, Policy,
    agent::{Folder, Input, MAX_COMPONENT, Manifest},
    cli::{Globals, Stop, inputs::InputOptions, inspect::verdict, policy, run, setup, terminal},
    component::Facts,
    diagnostic::counted,
    policy::{Authority, Decision, Denial, Named, Request},
    share,
    source::Place,
};
use reached::Reached;

#[derive(Args)]
pub struct ShowArgs {
    /// The agent's name
    #[arg(value_name = "AGENT", add = super::complete::agents())]
    agent: String,
    /// Who calls it, the outermost first: what they leave to others (`within`) is its ceiling
    #[arg(long, value_name = "AGENT")]
    caller: Vec<String>,
}

/// An agent under a policy, and how it came to be called.
struct Shown<'a> {
    library: &'a Library,
    policy: &'a Policy,
    callers: Vec<Named<'a>>,
    manifest: &'a Manifest,
    authority: Authority,
}

/// Shows an agent's interface, what it asks for, and what it would get; and what those would get that it
/// reaches.
pub fn show(globals: &Globals, arguments: &ShowArgs) -> Result<(), Stop> {
    let library = setup::library(globals)?;
    let manifest = super::named::manifest(&library, &arguments.agent)?;
    let policy = setup::policy(globals)?;
    let callers: Vec<_> = arguments.caller.iter().map(|name| policy::named(&library, name)).collect();
    let mut authority = policy.authority_below(&callers, (&manifest.name, &manifest.path));
    authority.limits = reached::limits_below(&policy, &callers, authority.limits);
    let shown = Shown { library: &library, policy: &policy, callers, manifest: &manifest, authority };
    match globals.json {
        true => terminal::print_json(&shown.object()),
        false => terminal::print_line(shown.page(globals).trim_end()),
    }
}

/// The page of an agent that nobody calls.
pub fn page(library: &Library, policy: &Policy, manifest: &Manifest, globals: &Globals) -> String {
    Shown::alone(library, policy, manifest).page(globals)
}

/// The same for a program.
pub fn object(library: &Library, policy: &Policy, manifest: &Manifest) -> J {
    Shown::alone(library, policy, manifest).object()
}

impl<'a> Shown<'a> {
    fn alone(library: &'a Library, policy: &'a Policy, manifest: &'a Manifest) -> Self {
        let authority = policy.authority(&manifest.name, &manifest.path);
        Self { library, policy, callers: Vec::new(), manifest, authority }
    }
}

impl Shown<'_> {
    fn page(&self, globals: &Globals) -> String {
        let manifest = self.manifest;
        let mut page =
            format!("{} — {}, {}\n{}\n", manifest.name, manifest.kind().word(), manifest.source.path, manifest.help);
        let command = run::command(manifest);
        let options = InputOptions::new(manifest, &command);
        let inputs = manifest.inputs.iter().enumerate().map(|(position, input)| {
            let option = options.renamed(position).map(|option| format!(" [given as --{option}]")).unwrap_or_default();
            (input.name.as_str(), format!("{:<8} {}{option}", input.hint.word(), described(input)))
        });
        section(&mut page, "Inputs", inputs.collect());
        let outputs = manifest.outputs.iter().map(|output| {
            let internal = if output.internal { "(internal) " } else { "" };
            (output.name.as_str(), format!("{internal}{}", output.help))
        });
        let open = manifest.open_outputs.then(|| ("…", "more, which are known only when it has run".to_owned()));
        section(&mut page, "Outputs", outputs.chain(open).collect());
        let needs = manifest.needs.iter().map(|need| {
            let wanted = match need.wanted.is_empty() {
                true => "some, which its inputs say".to_owned(),
                false => need.wanted.join(", "),
            };
            (need.capability.as_str(), wanted)
        });
        section(&mut page, "Asks for", needs.collect());
        if manifest.cache {
            page.push_str("\nIts answers are kept, and given again to the same inputs where it is pure.\n");
        }
        if manifest.idempotent {
            page.push_str("\nIdempotent: it may be called again with the same inputs.\n");
        }
        if let Some(facts) = self.facts() {
            let imports = facts.imports.iter().map(|import| (import.as_str(), verdict(import, &self.authority)));
            section(&mut page, "Imports", imports.collect());
        }
        let packages = self.packages();
        let packages =
            packages.iter().map(|(name, version)| (name.as_str(), version.clone().unwrap_or(UNBUILT.into())));
        section(&mut page, "Packages", packages.collect());
        let under = match &globals.policy {
            Some(path) => format!("under {}", path.display()),
            None => "without a policy".into(),
        };
        let below: Vec<_> = self.callers.iter().rev().map(|(name, _)| format!("below {name} ")).collect();
        let held = self.authority.limits.rows().into_iter().chain(self.authority.summary());
        section(&mut page, &format!("May do {}{under}", below.concat()), held.collect());
        if let Some(denial) = self.unsigned() {
            page.push_str(&format!("\nMay not run: {} ({})\n", denial.request, denial.code));
        }
        let reached = self.reached();
        for one in &reached.agents {
            let rows = [("limits", one.authority.limits.to_string())].into_iter().chain(one.authority.summary());
            section(&mut page, &format!("{} below {} may do", one.name, one.callers.join(", ")), rows.collect());
        }
        if reached.more > 0 {
            page.push_str(&format!("\nIt reaches {} more.\n", counted(reached.more, "agent")));
        }
        terminal::escape(&page).into_owned()
    }

    /// What its component says, if it is a compiled agent. One that can't be read is for `check` to say.
    fn facts(&self) -> Option<Facts> {
        let bytes = self.manifest.folder.read(self.manifest.compiled()?, MAX_COMPONENT).ok()?;
        Facts::read(&bytes).ok()
    }

    /// Why it may not run, if nobody vouches for it who has to. What is still packed is for `add` to say.
    fn unsigned(&self) -> Option<Denial> {
        let is_packed = matches!(self.manifest.folder, Folder::Packed { .. });
        if is_packed { None } else { share::unvouched(self.manifest, &self.authority) }
    }

    /// The packages that come with it, and their versions; without one, those that it asks for and that aren't
    /// there yet.
    fn packages(&self) -> Vec<(String, Option<String>)> {
        let wanted = self.manifest.packages();
        let there = if wanted.is_empty() { None } else { self.manifest.packaged() };
        match there {
            Some(packages) => {
                packages.distributions().into_iter().map(|(name, version)| (name, Some(version))).collect()
            }
            None => wanted.iter().map(|wanted| (wanted.to_string(), None)).collect(),
        }
    }

    fn reached(&self) -> Reached {
        let callers = self.callers.iter().map(|(name, _)| (*name).to_owned()).collect();
        reached::below(self.library, self.policy, self.manifest, callers, &self.authority)
    }

    fn object(&self) -> J {
        let manifest = self.manifest;
        let inputs = manifest.inputs.iter().map(|input| {
            json!({
                "name": input.name, "help": input.help, "type": input.hint.word(),
                "default": input.default, "required": input.is_required(),
            })
        });
        let reached = self.reached();
        let below = reached
            .agents
            .iter()
            .map(|one| json!({ "name": one.name, "callers": one.callers, "authority": authority(&one.authority) }));
        json!({
            "name": manifest.name,
            "kind": manifest.kind().word(),
            "help": manifest.help,
            "file": manifest.source.path,
            "inputs": inputs.collect::<Vec<_>>(),
            "open_outputs": manifest.open_outputs,
            "idempotent": manifest.idempotent,
            "cache": manifest.cache,
            "outputs": manifest.outputs.iter().map(|output| json!({ "name": output.name, "help": output.help, "internal": output.internal })).collect::<Vec<_>>(),
            "needs": manifest.needs.iter().map(|need| (need.capability.clone(), json!(need.wanted))).collect::<serde_json::Map<_, _>>(),
            "imports": self.facts().map(|facts| facts.imports),
            "packages": self.packages().into_iter().map(|(name, version)| json!({ "name": name, "version": version })).collect::<Vec<_>>(),
            "callers": self.callers.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            "authority": authority(&self.authority),
            "may_not_run": self.unsigned().map(|denial| denial.code),
            "reaches": below.collect::<Vec<_>>(),
            "more": reached.more,
        })
    }
}

/// What is said of a package that isn't there.
const UNBUILT: &str = "not there yet: `turingbox build` fetches it";

fn described(input: &Input) -> String {
    match &input.default {
        Some(default) => format!("{} [default: {default:?}]", input.help),
        None if input.optional => format!("{} [optional]", input.help),
        None => input.help.clone(),
    }
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

fn authority(authority: &Authority) -> J {
    let limits = &authority.limits;
    let grants = authority.holdings();
    let grants = grants.iter().map(|held| {
        let lines = |places: &[Place]| places.iter().map(Place::line).collect::<Vec<_>>();
        json!({
            "key": held.key, "grant": held.text, "line": held.place.line(),
            "narrowed": lines(&held.narrowed), "part_of": lines(&held.part_of),
        })
    });
    json!({
        "limits": {
            "memory": limits.memory, "fuel": limits.fuel, "seconds": limits.time.as_secs_f64(),
            "output": limits.output, "depth": limits.depth, "steps": limits.steps,
            "bytes": limits.bytes, "calls": limits.calls,
        },
        "files": authority.files().iter().map(|grant| {
            json!({ "host": grant.folder(), "mount": grant.mount, "access": grant.access.word(), "line": grant.place.line() })
        }).collect::<Vec<_>>(),
        "grants": grants.collect::<Vec<_>>(),
        "jump": matches!(authority.decide(&Request::Jump), Decision::Allowed(_)),
        "isolation": authority.isolation.word(),
        "signed_by": authority.signed_by.as_ref().map(|signed_by| signed_by.keys().map(ToString::to_string).collect::<Vec<_>>()),
        "ceilings": authority.ceilings.iter().map(|ceiling| ceiling.place.line()).collect::<Vec<_>>(),
    })
}
