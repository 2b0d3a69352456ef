//! What is common to commands that name one agent and take its inputs as arguments.

use std::{ffi::OsString, sync::Arc};

use clap::{Arg, ArgMatches, Command, FromArgMatches};

use crate::{
    Library,
    agent::{Entry, Manifest},
    cli::{Globals, Stop, inputs::InputOptions, setup, terminal},
};

/// A command line that was read with the agent that it names.
pub struct Named {
    /// What was said before the agent's name and behind it.
    pub globals: Globals,
    /// Every agent that can be named.
    pub library: Library,
    /// The agent.
    pub manifest: Arc<Manifest>,
    /// What stands behind its name.
    pub matches: ArgMatches,
    command: Command,
}

impl Named {
    /// Reads what stands behind the name of `agent` in the command `word`, by the command line that `command`
    /// makes for it.
    pub fn read(
        globals: Globals,
        (word, agent, rest): (&str, &str, Vec<OsString>),
        command: impl FnOnce(&Manifest) -> Command,
    ) -> Result<Self, Stop> {
        // The library has to be known before the agent's own arguments can be read, and `--agents` may
        // stand behind the name too.
        let globals = globals.and(globals_in(&rest));
        let library = setup::library(&globals)?;
        if library.conflicts().has_errors() {
            return Err(library.conflicts().clone().into());
        }
        let manifest = manifest(&library, agent)?;
        let command = command(&manifest);
        let arguments = std::iter::once(OsString::from("turingbox")).chain(rest);
        let matches = command.clone().try_get_matches_from(arguments);
        let matches = matches.map_err(|error| InputOptions::new(&manifest, &command).hinted(error))?;
        let globals = globals.and(Globals { agents: Vec::new(), ..Globals::from_arg_matches(&matches)? });
        let globals = globals.of_command(word)?;
        Ok(Self { globals, library, manifest, matches, command })
    }

    /// The agent's inputs, as options.
    pub fn inputs(&self) -> InputOptions<'_> {
        InputOptions::new(&self.manifest, &self.command)
    }

    /// What may stand behind its name.
    pub fn arguments(&self) -> impl Iterator<Item = &Arg> {
        self.command.get_arguments()
    }
}

/// The agents that `--agents` names among an agent's arguments, before these can be read in full.
pub fn globals_in(rest: &[OsString]) -> Globals {
    let mut globals = Globals::default();
    let mut rest = rest.iter();
    while let Some(argument) = rest.next() {
        match argument.to_str().and_then(|text| text.strip_prefix("--agents")) {
            Some("") => globals.agents.extend(rest.next().map(Into::into)),
            Some(joined) => globals.agents.extend(joined.strip_prefix('=').map(Into::into)),
            None => {}
        }
    }
    globals
}

/// The agent called `name`.
pub fn manifest(library: &Library, name: &str) -> Result<Arc<Manifest>, Stop> {
    match library.get(name) {
        Some(Entry::Valid(manifest)) => Ok(manifest.clone()),
        Some(Entry::Broken(report)) => Err(report.clone().into()),
        None => Err(Stop::Files(crate::agent::unknown_agent(library, name).into())),
    }
}

/// What is said where no agent is named.
pub fn missing_agent(command: &str, help: bool) -> Stop {
    let mut program = <super::Cli as clap::CommandFactory>::command();
    program.build();
    let named = program.find_subcommand_mut(command);
    match named.map(|named| named.clone().bin_name(format!("turingbox {command}"))) {
        Some(mut named) if help => drop(named.print_help()),
        _ => return Stop::Usage("which agent? `turingbox list` names them all".into()),
    }
    Stop::Said(0)
}

/// A command about one agent, with nothing but its help.
pub fn agent_command(command: &str, manifest: &Manifest) -> Command {
    let about = if manifest.help.is_empty() { manifest.name.clone() } else { manifest.help.clone() };
    let outputs = manifest
        .outputs
        .iter()
        .filter(|output| !output.internal)
        .map(|output| format!("\n  {:<14} {}", output.name, output.help))
        .collect::<String>();
    let after = if outputs.is_empty() { String::new() } else { format!("Outputs:{}", terminal::escape(&outputs)) };
    Command::new("turingbox")
        .bin_name(format!("turingbox {command} {}", manifest.name))
        .about(terminal::escape(&about).into_owned())
        .after_help(after)
        .max_term_width(100)
}
