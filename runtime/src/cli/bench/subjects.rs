//! Which agents are measured, and on what.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    Engine, Library, Policy, Program, Setup, Value,
    agent::{Input, Manifest},
    cli::{
        Globals, Stop,
        bench::{
            GIVEN, Scope,
            course::compile,
            options::{BenchOptions, Rounds},
            rounds::{Subject, seeded},
            shown::title,
        },
        cases::Case,
        inputs,
        recording::Recording,
        render, run, setup, stage,
    },
    diagnostic::suggestion,
    policy::Purity,
    sandbox::{LIVE, PhasesSink},
    secret::Secrets,
};

/// Agents, each with its cases; or one with inputs that somebody gave.
pub struct Subjects {
    pub library: Library,
    pub agents: Vec<(Arc<Manifest>, Vec<PathBuf>)>,
    pub given: Option<Vec<(String, Value)>>,
    scope: Scope,
}

impl Subjects {
    /// All agents on disk, with all their cases.
    pub fn all(library: Library, options: &BenchOptions) -> Result<Self, Stop> {
        if options.case.is_some() {
            return Err(Stop::Usage("`--case` is one of an agent's: `turingbox bench AGENT --case NAME`".into()));
        }
        let with_cases = |(manifest, folder): (Arc<Manifest>, PathBuf)| Ok((manifest, stage::cases(&folder)?));
        let agents: Vec<_> = stage::all(&library).into_iter().map(with_cases).collect::<Result<_, Stop>>()?;
        if agents.iter().all(|(_, cases)| cases.is_empty()) {
            return Err(Stop::Usage("there is no agent with a case here: name an agent, and give its inputs".into()));
        }
        Ok(Self { library, agents, given: None, scope: Scope { agent: None, case: None } })
    }

    /// One agent: on what is given, or else with its cases.
    pub fn of(
        library: Library,
        manifest: Arc<Manifest>,
        given: Vec<(String, Value)>,
        options: &BenchOptions,
    ) -> Result<Self, Stop> {
        let name = manifest.name.clone();
        let scope = |case| Scope { agent: Some(name.clone()), case };
        let folder = stage::on_disk(&manifest);
        let mut cases = folder.as_ref().map_or(Ok(Vec::new()), |folder| stage::cases(folder))?;
        // An agent that needs nothing, and has no cases, is run with nothing.
        let is_enough = cases.is_empty() && !manifest.inputs.iter().any(Input::is_required);
        if !given.is_empty() || is_enough {
            if options.case.is_some() {
                return Err(Stop::Usage("`--case` measures a case, and inputs are none: take one of them".into()));
            }
            let scope = scope(Some(GIVEN.into()));
            return Ok(Self { library, agents: vec![(manifest, Vec::new())], given: Some(given), scope });
        }
        if cases.is_empty() {
            let what = if folder.is_some() { "has no cases" } else { "is built in, and its cases are not" };
            return Err(Stop::Usage(format!("`{name}` {what}: give its inputs, as to `turingbox run`")));
        }
        if let Some(wanted) = &options.case {
            let names: Vec<_> = cases.iter().map(|case| stage::name(case)).collect();
            cases.retain(|case| stage::name(case) == *wanted);
            if cases.is_empty() {
                let meant = suggestion(wanted, names.iter().map(String::as_str));
                let meant = meant.map(|meant| format!(": {meant}")).unwrap_or_default();
                return Err(Stop::Usage(format!("`{name}` has no case `{wanted}`{meant}")));
            }
        }
        Ok(Self { library, agents: vec![(manifest, cases)], given: None, scope: scope(options.case.clone()) })
    }

    /// Which cases they are.
    pub fn scope(&self) -> Scope {
        self.scope.clone()
    }

    /// How many there are to measure.
    pub fn len(&self) -> usize {
        self.titles().count()
    }

    /// What they are called.
    pub fn titles(&self) -> impl Iterator<Item = String> {
        let given = self.given.iter().flat_map(|_| self.agents.iter().map(|(manifest, _)| manifest.name.clone()));
        let case = |(manifest, cases): &(Arc<Manifest>, Vec<PathBuf>)| {
            cases.iter().map(|case| title(&manifest.name, &stage::name(case))).collect::<Vec<_>>()
        };
        given.chain(self.agents.iter().flat_map(case))
    }

    /// Refuses to call many times what may change something outside, unless somebody says how often.
    pub fn may_be_called(&self, globals: &Globals, rounds: Rounds) -> Result<(), Stop> {
        let Rounds::Many { is_said: false, .. } = rounds else { return Ok(()) };
        if globals.policy.is_none() {
            return Ok(());
        }
        let policy = setup::policy(globals)?;
        for (manifest, cases) in &self.agents {
            // A case's own policy reaches no further than a copy of its folder.
            let own = |case: &PathBuf| Ok::<_, Stop>(Case::read(case)?.policy(case).is_some());
            let mut under = self.given.is_some();
            for case in cases {
                under |= !own(case)?;
            }
            if under && changes(&Program::load(&self.library, &manifest.name)?.0, &policy) {
                return Err(Stop::Usage(format!(
                    "`{}` may change something outside, as the policy has it, and a bench does it many times: say how \
                     often, `--rounds 10`, and it is done once more to warm up",
                    manifest.name
                )));
            }
        }
        Ok(())
    }
}

/// Whether some agent of a program may change something outside.
fn changes(program: &Program, policy: &Policy) -> bool {
    let purity = |manifest: &Manifest| policy.authority(&manifest.name, &manifest.path).purity();
    program.agents().any(|(_, agent)| purity(&agent.manifest) == Purity::Effects)
}

/// One agent with what was given for it, made as `turingbox run` makes it.
pub async fn given<'a>(
    globals: &Globals,
    (library, manifest): (Library, &Manifest),
    mut inputs: Vec<(String, Value)>,
    (sink, file): (PhasesSink, Option<&Path>),
) -> Result<Subject<'a>, Stop> {
    let (program, warnings) = Program::load(&library, &manifest.name)?;
    render::report(&run::taken_as_it_is(warnings));
    let policy = setup::policy(globals)?;
    let secrets = inputs::hide(manifest, &mut inputs, Secrets::from_environment());
    let mut made =
        Setup { secrets, ..setup::made(globals, (library, &program), policy, (&Recording::default(), LIVE))? };
    made.sandbox = made.sandbox.watched_by(sink);
    file.into_iter().for_each(|file| made.protected.fix(file));
    seeded(&mut made);
    compile(&made.sandbox, &program).await;
    let engine = Engine::new(Arc::new(program), made).map_err(setup::mount_error)?;
    Ok(Subject::Given { engine, inputs })
}
