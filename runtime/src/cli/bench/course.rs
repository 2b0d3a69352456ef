//! A bench from its beginning to its end.

use std::{path::PathBuf, sync::Arc};

use indicatif::ProgressBar;

use crate::{
    Program, Sandbox,
    agent::{Agent, Body, Code},
    cli::{
        Globals, Stop,
        bench::{
            GIVEN, Measured, Scope,
            baseline::{Baseline, Saving},
            compared::{Comparison, MORE_COMPILED, is_more},
            figures::Figures,
            options::{Against, BenchOptions, Rounds},
            rounds::{Caller, Subject},
            shown::{Shown, grouped, title},
            subjects::{self, Subjects},
        },
        cases::Case,
        render, run, setup,
        stage::{self, Stage},
        terminal,
    },
    diagnostic::counted,
    sandbox::LIVE,
    wall::Wall,
};

/// Measures `subjects`, and does with it what was asked for.
pub fn measure(globals: &Globals, options: &BenchOptions, subjects: Subjects) -> Result<(), Stop> {
    let (against, rounds) = (options.against()?, options.rounds());
    subjects.may_be_called(globals, rounds)?;
    let mut course = Course {
        comparison: None,
        saving: None,
        file: None,
        progress: ProgressBar::hidden(),
        shown: Shown::new(subjects.titles(), matches!(rounds, Rounds::Many { .. }), globals.json),
        measured: 0,
        failed: 0,
    };
    let scope = subjects.scope();
    course.hold(against, options, &scope)?;
    if course.comparison.is_some() && !globals.verbose && !globals.json {
        // What is well isn't shown, so something else has to.
        course.shown = Shown::Nothing;
        course.progress = terminal::progress(subjects.len());
    }
    let ran = run::block_on(course.run(globals, subjects, rounds));
    // Whatever ended it: an error is printed below.
    course.progress.finish_and_clear();
    ran??;
    course.conclude(&scope)
}

/// A bench that is under way.
struct Course {
    comparison: Option<Comparison>,
    saving: Option<Saving>,
    /// The baseline's, which no agent may change.
    file: Option<PathBuf>,
    progress: ProgressBar,
    shown: Shown,
    measured: usize,
    failed: usize,
}

impl Course {
    /// Opens the baseline, if there is one.
    fn hold(&mut self, against: Against, options: &BenchOptions, scope: &Scope) -> Result<(), Stop> {
        match against {
            Against::Nothing => {}
            Against::Save(path) => {
                let mut opened = Saving::open(&path)?;
                opened.baseline.forget(|agent, case| scope.has(agent, case));
                (self.saving, self.file) = (Some(opened), Some(path));
            }
            Against::Check(path) => {
                let baseline = Baseline::read(&path)?;
                self.comparison = Some(Comparison::new(path.clone(), baseline, options.tolerance));
                self.file = Some(path);
            }
        }
        Ok(())
    }

    async fn run(&mut self, globals: &Globals, subjects: Subjects, rounds: Rounds) -> Result<(), Stop> {
        let mut caller = Caller::new(rounds)?;
        let Subjects { library, agents, given, .. } = subjects;
        if let (Some(inputs), Some((manifest, _))) = (given, agents.first()) {
            let watched = (caller.sink(), self.file.as_deref());
            let subject = subjects::given(globals, (library, manifest), inputs, watched).await?;
            return self.one(&mut caller, &subject, GIVEN).await;
        }
        let sandbox = setup::sandbox(LIVE)?.watched_by(caller.sink());
        let library = Arc::new(library);
        let stage = Stage { library: &library, sandbox: &sandbox, wall: &Wall::None, globals };
        for (manifest, cases) in agents.iter().filter(|(_, cases)| !cases.is_empty()) {
            let program = Arc::new(Program::load(&library, &manifest.name)?.0);
            compile(&sandbox, &program).await;
            for folder in cases {
                let (case, name) = (Case::read(folder)?, stage::name(folder));
                self.progress.set_message(terminal::escape(&title(&manifest.name, &name)).into_owned());
                let (program, fixed) = (program.clone(), self.file.clone());
                self.one(&mut caller, &Subject::Case { stage: &stage, program, case, fixed }, &name).await?;
                self.progress.inc(1);
            }
        }
        Ok(())
    }

    /// Measures one, and says what came of it.
    async fn one(&mut self, caller: &mut Caller, subject: &Subject<'_>, case: &str) -> Result<(), Stop> {
        let program = subject.program();
        let root = &program[program.root()];
        let (agent, digest) = (root.manifest.name.clone(), root.digest().to_owned());
        let measured = caller.measure(subject).await?;
        let progress = self.progress.clone();
        progress.suspend(|| match measured {
            Ok(figures) => {
                let has_python = program.agents().any(|(_, agent)| is_python(agent));
                self.count(Measured { agent, case: case.into(), digest, has_python, figures })
            }
            Err(differences) => self.fail(&agent, case, &differences),
        })
    }

    fn count(&mut self, measured: Measured) -> Result<(), Stop> {
        let Measured { agent, case, figures: Figures { cost, least, .. }, .. } = &measured;
        self.measured += 1;
        let verdict = self.comparison.as_mut().map(|comparison| comparison.compare(&measured));
        if let (Some(saving), Some(cost)) = (&mut self.saving, cost) {
            saving.baseline.put(agent, &measured.digest, case, *cost);
        }
        self.shown.row(&measured, verdict)?;
        // What differs less makes no difference to a baseline.
        if let Some(cost) = cost.filter(|cost| is_more(*least, cost.fuel, MORE_COMPILED)) {
            let (least, most) = (grouped(*least), grouped(cost.fuel));
            render::note(&format!("`{}` doesn't burn the same each time: from {least} to {most}", title(agent, case)));
        }
        Ok(())
    }

    /// A case that doesn't give what it says has no cost.
    fn fail(&mut self, agent: &str, case: &str, differences: &[String]) -> Result<(), Stop> {
        self.failed += 1;
        self.comparison.iter_mut().for_each(|comparison| comparison.failed(agent, case));
        render::error(&format!("`{}` doesn't give what its case says\n{}", title(agent, case), differences.join("\n")));
        self.shown.failed(agent, case, differences)
    }

    fn conclude(self, scope: &Scope) -> Result<(), Stop> {
        let Self { comparison, saving, measured, failed, .. } = self;
        let held = comparison.is_none_or(|mut comparison| comparison.conclude(scope, measured));
        if failed > 0 {
            let unsaved = if saving.is_some() { ", and nothing is saved" } else { "" };
            let failed = counted(failed, "case");
            render::error(&format!("{failed} failed{unsaved}: `turingbox test` runs the cases alone"));
            return Err(Stop::Said(1));
        }
        saving.map_or(Ok(()), Saving::write)?;
        if held { Ok(()) } else { Err(Stop::Said(1)) }
    }
}

/// Compiles the sources in Python of a program, so that no call has to: a process does it once for each.
pub async fn compile(sandbox: &Sandbox, program: &Program) {
    for (_, agent) in program.agents() {
        let Body::Proc(code @ Code::Python { bytecode, .. }) = &agent.body else { continue };
        // What is wrong with a source is for the call to say.
        if let Ok(compiled) = sandbox.compile(&agent.manifest, code).await {
            bytecode.get_or_init(|| compiled.into());
        }
    }
}

fn is_python(agent: &Agent) -> bool {
    matches!(agent.body, Body::Proc(Code::Python { .. }))
}
