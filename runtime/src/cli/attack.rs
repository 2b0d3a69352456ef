//! `turingbox attack`.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use serde_json::json;

use crate::{
    Library, Policy, Program, Sandbox,
    agent::{Entry, Manifest},
    attack::{self, Attack, Ending, Verdicts, Victim},
    audit::Record,
    cli::{Globals, Stop, render, run, setup, terminal},
    policy::{Authority, Decision, Request},
    sandbox::LIVE,
    wall::Wall,
};

#[derive(Args)]
#[command(
    after_help = "Each hostile guest runs in the place of an agent, with that agent's grants. Folders and\ndatabases are scratch ones, variables have made-up values, limits are lowered, and there is no network:\nnothing of yours is touched, and nobody else's.\n\nExit codes: 0 all were held, but for what the policy allows; 1 one broke out; 5 one didn't run,\nor was stopped before it began."
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
    stopped_before: usize,
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
    let wall = setup::wall(globals)?;
    let sandbox = setup::sandbox(LIVE)?;
    let mut tally = Tally::default();
    let mut findings = Vec::new();
    let mut limited = Vec::new();
    for victim in &victims {
        let authority = authority(&policy, victim);
        let limits = authority.limits.clone();
        let known = limited.contains(&limits);
        // Where nothing is said about imports, everything may be imported.
        let applies = |attack: &&Attack| authority.guards_imports() || !attack.goes_for("imports");
        // What a limit stops is stopped for all who have the same limits.
        let chosen: Vec<_> =
            kit.iter().filter(applies).filter(|attack| !known || matches!(attack.ends, Ending::Nothing(_))).collect();
        limited.push(limits);
        attack_as(victim, &chosen, &policy, (&sandbox, &wall), &mut tally, &mut findings, globals)?;
    }
    conclude(&tally, findings, globals)
}

fn attack_as(
    victim: &Victim,
    kit: &[&Attack],
    policy: &Policy,
    guests: (&Sandbox, &Wall),
    tally: &mut Tally,
    findings: &mut Vec<serde_json::Value>,
    globals: &Globals,
) -> Result<(), Stop> {
    // The requests that the policy allows, by the line that does, and by whom they were made.
    let mut allowed: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    render::note(&format!("{} as {victim}", attacks(kit.len())));
    let callers: Vec<_> = victim.callers.iter().map(|(name, _)| name.as_str()).collect();
    let progress = terminal::progress(kit.len());
    for attack in kit {
        progress.set_message(attack.name);
        progress.inc(1);
        let verdict = run::block_on(attack::run(attack, victim, policy, guests))?
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
                    let by = allowed.entry(key).or_default();
                    if by.last() != Some(&attack.name) {
                        by.push(attack.name);
                    }
                }
                ("let through", String::new())
            }
            Verdicts::BrokeOut(what) => {
                tally.broke_out += 1;
                ("broke out", what)
            }
            Verdicts::StoppedBefore(why) => {
                tally.stopped_before += 1;
                ("was stopped before it began", why)
            }
            Verdicts::DidNotRun(why) => {
                tally.did_not_run += 1;
                ("did not run", why)
            }
        };
        if !said.is_empty() {
            render::error(&format!("{} {word} as {victim}: {said}", attack.name));
        } else if globals.verbose {
            render::note(&format!("{} {word}", attack.name));
        }
        findings.push(
            json!({ "attack": attack.name, "agent": victim.name, "callers": callers, "verdict": word, "detail": said }),
        );
    }
    progress.finish_and_clear();
    if !globals.json {
        for ((line, request), attacks) in &allowed {
            let line = if line.is_empty() { "no line".into() } else { render::shown_path(line) };
            terminal::print_line(&terminal::escape(&format!(
                "let through as {victim}: {request}, by {line} ({})",
                attacks.join(", ")
            )))?;
        }
    }
    Ok(())
}

fn conclude(tally: &Tally, findings: Vec<serde_json::Value>, globals: &Globals) -> Result<(), Stop> {
    let Tally { held, through, broke_out, stopped_before, did_not_run } = tally;
    if globals.json {
        terminal::print_json(&json!({
            "held": held, "let_through": through, "broke_out": broke_out,
            "stopped_before": stopped_before, "did_not_run": did_not_run, "attacks": findings,
        }))?;
    } else {
        let all = held + through + broke_out + stopped_before + did_not_run;
        let counts = format!("{held} held, {through} let through by the policy, {broke_out} broke out");
        render::note(&format!("{}: {counts}, {did_not_run} did not run", attacks(all)));
        if *stopped_before > 0 {
            render::note(&match stopped_before {
                1 => "1 attack was stopped before it began: it says nothing".to_owned(),
                many => format!("{many} attacks were stopped before they began: they say nothing"),
            });
        }
    }
    match () {
        () if *broke_out > 0 => Err(Stop::Said(1)),
        () if *did_not_run + *stopped_before > 0 => Err(Stop::Said(5)),
        () => Ok(()),
    }
}

fn attacks(count: usize) -> String {
    if count == 1 { "1 attack".into() } else { format!("{count} attacks") }
}

/// One agent for each authority that the policy gives, by itself and under the ceiling of each that may
/// call it, and a stranger.
fn victims(library: &Library, policy: &Policy, named: &[String]) -> Result<Vec<Victim>, Stop> {
    if !named.is_empty() {
        return named.iter().map(|name| Ok(victim(&*super::named::manifest(library, name)?))).collect();
    }
    let mut victims = vec![Victim { name: STRANGER.into(), path: STRANGER.into(), callers: Vec::new() }];
    let all = || {
        library.iter().filter_map(|(_, entry)| if let Entry::Valid(manifest) = entry { Some(manifest) } else { None })
    };
    victims.extend(all().map(|manifest| victim(manifest)));
    for caller in all() {
        let authority = policy.authority(&caller.name, &caller.path);
        if authority.within.is_none() {
            continue;
        }
        let steps: BTreeSet<_> = match Program::load(library, &caller.name) {
            Ok((program, _)) => program.agents().skip(1).map(|(_, agent)| agent.manifest.name.clone()).collect(),
            Err(_) => BTreeSet::new(),
        };
        let called = all().filter(|callee| {
            let request = Request::Calls { agent: (&callee.name).into(), path: (&callee.path).into() };
            steps.contains(&callee.name) || matches!(authority.decide(&request), Decision::Allowed(_))
        });
        let callers = vec![(caller.name.clone(), caller.path.clone())];
        victims.extend(called.map(|callee| Victim { callers: callers.clone(), ..victim(callee) }));
    }
    let mut known: Vec<Authority> = Vec::new();
    victims.retain(|victim| {
        let authority = authority(policy, victim);
        let new = !known.contains(&authority);
        if new {
            known.push(authority);
        }
        new
    });
    Ok(victims)
}

fn victim(manifest: &Manifest) -> Victim {
    Victim { name: manifest.name.clone(), path: manifest.path.clone(), callers: Vec::new() }
}

/// What a victim holds.
fn authority(policy: &Policy, victim: &Victim) -> Authority {
    let callers: Vec<_> = victim.callers.iter().map(|(name, path)| (name.as_str(), path.as_str())).collect();
    policy.authority_below(&callers, (&victim.name, &victim.path))
}
