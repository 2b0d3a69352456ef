//! `turingbox attack`.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::json;

use crate::{
    Library, Policy, Sandbox,
    agent::Entry,
    attack::{self, Attack, Ending, Verdicts, Victim},
    audit::Record,
    cli::{Globals, Stop, render, run, setup, terminal},
};

#[derive(Args)]
#[command(
    after_help = "Each hostile guest runs in the place of an agent, with that agent's grants. Folders and\ndatabases are scratch ones, variables have no values, limits are lowered, and there is no network:\nnothing of yours is touched, and nobody else's.\n\nExit codes: 0 all were held, but for what the policy allows; 1 one broke out; 5 one didn't run."
)]
pub struct AttackArgs {
    /// The agents in whose place to attack [default: each that the policy treats differently, and one
    /// that it doesn't know]
    #[arg(value_name = "AGENT", add = super::complete::agents())]
    victims: Vec<String>,
    /// Only attacks whose name has this in it
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

/// The name of an agent that no policy names.
const STRANGER: &str = "some_other_agent";

#[derive(Default)]
struct Tally {
    held: usize,
    through: usize,
    broke_out: usize,
    did_not_run: usize,
}

/// Runs the attack kit on a policy.
pub fn attack(globals: &Globals, arguments: &AttackArgs) -> Result<(), Stop> {
    let library = setup::library(globals)?;
    let policy = setup::policy(globals)?;
    let victims = victims(&library, &policy, &arguments.victims)?;
    let kit: Vec<_> = Attack::all().into_iter().filter(|attack| attack.name.contains(&arguments.only)).collect();
    if kit.is_empty() {
        return Err(Stop::Usage(format!("no attack has `{}` in its name", arguments.only)));
    }
    let sandbox = setup::sandbox()?;
    let mut tally = Tally::default();
    let mut findings = Vec::new();
    let mut limited = Vec::new();
    for victim in &victims {
        let authority = policy.authority(&victim.name, &victim.path);
        let limits = authority.limits;
        let known = limited.contains(&limits);
        // Where nothing is said about imports, everything may be imported.
        let applies = |attack: &&Attack| authority.grants.imports.is_some() || !attack.name.starts_with("imports_");
        // What a limit stops is stopped for all who have the same limits.
        let chosen: Vec<_> =
            kit.iter().filter(applies).filter(|attack| !known || matches!(attack.ends, Ending::Nothing(_))).collect();
        limited.push(limits);
        attack_as(victim, &chosen, &policy, &sandbox, &mut tally, &mut findings, globals)?;
    }
    conclude(&tally, findings, globals)
}

fn attack_as(
    victim: &Victim,
    kit: &[&Attack],
    policy: &Policy,
    sandbox: &Sandbox,
    tally: &mut Tally,
    findings: &mut Vec<serde_json::Value>,
    globals: &Globals,
) -> Result<(), Stop> {
    // The requests that the policy allows, by the line that does, and by whom they were made.
    let mut allowed: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    render::note(&format!("{} as `{}`", attacks(kit.len()), victim.name));
    let progress = terminal::progress(kit.len());
    for attack in kit {
        progress.set_message(attack.name);
        progress.inc(1);
        let verdict = run::block_on(attack::run(attack, victim, policy, sandbox))?
            .map_err(|error| Stop::Host(crate::Failure::host(error)))?;
        let (word, said) = match verdict {
            Verdicts::Held => {
                tally.held += 1;
                ("held", String::new())
            }
            Verdicts::LetThrough(records) => {
                tally.through += 1;
                for Record { capability, request, line, .. } in records {
                    let key = (line.unwrap_or_default(), format!("{capability} {request}"));
                    allowed.entry(key).or_default().push(attack.name);
                }
                ("let through", String::new())
            }
            Verdicts::BrokeOut(what) => {
                tally.broke_out += 1;
                ("broke out", what)
            }
            Verdicts::DidNotRun(why) => {
                tally.did_not_run += 1;
                ("did not run", why)
            }
        };
        if !said.is_empty() {
            render::error(&format!("{} {word} as `{}`: {said}", attack.name, victim.name));
        } else if globals.verbose {
            render::note(&format!("{} {word}", attack.name));
        }
        findings.push(json!({ "attack": attack.name, "agent": victim.name, "verdict": word, "detail": said }));
    }
    progress.finish_and_clear();
    if !globals.json {
        for ((line, request), attacks) in &allowed {
            let line = if line.is_empty() { "no line".into() } else { render::shown_path(line) };
            terminal::print_line(&terminal::escape(&format!(
                "let through as `{}`: {request}, by {line} ({})",
                victim.name,
                attacks.join(", ")
            )))?;
        }
    }
    Ok(())
}

fn conclude(tally: &Tally, findings: Vec<serde_json::Value>, globals: &Globals) -> Result<(), Stop> {
    let Tally { held, through, broke_out, did_not_run } = tally;
    if globals.json {
        terminal::print_json(&json!({
            "held": held, "let_through": through, "broke_out": broke_out, "did_not_run": did_not_run, "attacks": findings,
        }))?;
    } else {
        let all = held + through + broke_out + did_not_run;
        let counts = format!("{held} held, {through} let through by the policy, {broke_out} broke out");
        render::note(&format!("{}: {counts}, {did_not_run} did not run", attacks(all)));
    }
    match () {
        () if *broke_out > 0 => Err(Stop::Said(1)),
        () if *did_not_run > 0 => Err(Stop::Said(5)),
        () => Ok(()),
    }
}

fn attacks(count: usize) -> String {
    if count == 1 { "1 attack".into() } else { format!("{count} attacks") }
}

/// One agent for each authority that the policy gives, and a stranger.
fn victims(library: &Library, policy: &Policy, named: &[String]) -> Result<Vec<Victim>, Stop> {
    if !named.is_empty() {
        let found = named.iter().map(|name| {
            let manifest = run::manifest(library, name)?;
            Ok(Victim { name: manifest.name.clone(), path: manifest.path.clone() })
        });
        return found.collect();
    }
    let stranger = Victim { name: STRANGER.into(), path: STRANGER.into() };
    let mut known = vec![policy.authority(&stranger.name, &stranger.path)];
    let mut victims = vec![stranger];
    for (_, entry) in library.iter() {
        let Entry::Valid(manifest) = entry else { continue };
        let authority = policy.authority(&manifest.name, &manifest.path);
        if !known.contains(&authority) {
            known.push(authority);
            victims.push(Victim { name: manifest.name.clone(), path: manifest.path.clone() });
        }
    }
    Ok(victims)
}
