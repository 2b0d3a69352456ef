//! What a run leaves behind: the audit log, and what can be learnt from it.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use clap::Args;

use crate::{
    Library, Policy, Program,
    audit::{Audit, AuditLog, Record},
    capability::files::Protected,
    cli::{Stop, keeping::StoreArgs, policy::named_agents, render, setup},
    diagnostic::counted,
    policy::{Ground, Recorded},
};

/// Who may read what agents asked for: their owner alone.
const PRIVATE: u32 = 0o600;

// (No doc comment: clap would show it as the command's help.)
#[derive(Args, Clone, Debug, Default)]
pub struct RecordingArgs {
    /// Add a line to FILE for each decision: who asked for what, and what the policy said
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    /// Write the least policy that this run needed to a new FILE; nothing more is allowed for it
    #[arg(long, value_name = "FILE")]
    learn: Option<PathBuf>,
    #[command(flatten)]
    pub store: StoreArgs,
}

impl RecordingArgs {
    /// What was said before the agent's name and what was said behind it, together.
    pub fn and(self, later: Self) -> Self {
        Self {
            audit: later.audit.or(self.audit),
            learn: later.learn.or(self.learn),
            store: self.store.and(later.store),
        }
    }

    /// The files that are written beside the store.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let files = [("--audit", &self.audit), ("--learn", &self.learn)];
        files.into_iter().filter_map(|(option, file)| Some((option, file.as_deref()?)))
    }
}

/// Where the decisions of one run go.
#[derive(Default)]
pub struct Recording {
    sinks: Vec<Arc<dyn Audit>>,
    learnt: Option<(Fresh, Arc<Collected>)>,
    files: Vec<PathBuf>,
}

impl Recording {
    /// Opens the files.
    pub fn open(arguments: &RecordingArgs, policy: &Policy) -> Result<Self, Stop> {
        let mut recording = Self::default();
        if let Some(path) = &arguments.audit {
            let same = |file: &PathBuf| {
                path.canonicalize().is_ok_and(|path| file.canonicalize().is_ok_and(|file| file == path))
            };
            if policy.files().iter().any(same) {
                let message = format!("`{}` is the policy: an audit log is a file of its own", path.display());
                return Err(Stop::Usage(message));
            }
            let cannot = |error| Stop::Usage(format!("the audit log `{}` can't be written: {error}", path.display()));
            let file = OpenOptions::new().append(true).create(true).mode(PRIVATE).open(path).map_err(cannot)?;
            recording.sinks.push(Arc::new(AuditLog::new(file)));
            recording.files.push(path.clone());
        }
        if let Some(path) = &arguments.learn {
            let fresh = Fresh::create(path)?;
            let collected = Arc::new(Collected::default());
            recording.sinks.push(collected.clone());
            recording.learnt = Some((fresh, collected));
            recording.files.push(path.clone());
        }
        Ok(recording)
    }

    /// Where the engine writes decisions to, if anyone wants them.
    pub fn audit(&self) -> Option<Arc<dyn Audit>> {
        match self.sinks.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            many => Some(Arc::new(Each(many.to_vec()))),
        }
    }

    /// Tells somebody else of each decision, too.
    pub fn tell(&mut self, sink: Arc<dyn Audit>) {
        self.sinks.push(sink);
    }

    /// Keeps the files out of agents' reach: what was done is not for them to change.
    pub fn protect(&self, protected: &mut Protected) {
        self.files.iter().for_each(|file| protected.fix(file));
    }

    /// Writes down what was learnt.
    pub fn finish(self, program: &Program, library: &Library, under: &Policy) -> Result<(), Stop> {
        let Some((file, collected)) = self.learnt else { return Ok(()) };
        let recorded = collected.0.lock().unwrap_or_else(PoisonError::into_inner);
        let agents = program.agents().map(|(_, agent)| agent.manifest.name.as_str());
        let agents = named_agents(library, &recorded, agents);
        let base = setup::here()?;
        let suggestion = recorded.suggest(&agents, &Ground { policy: under, base: &base, with_denied: true });
        let path = file.path.display().to_string();
        file.fill(&suggestion.policy).map_err(|error| Stop::Usage(format!("`{path}` can't be written: {error}")))?;
        let denied = match suggestion.denied {
            0 => String::new(),
            denied => format!(", {denied} of them for what was denied"),
        };
        render::note(&format!(
            "`{path}` is the least policy for this run: {}{denied}",
            counted(suggestion.grants, "grant")
        ));
        Ok(())
    }
}

/// A file that wasn't there before, and goes away again unless it is filled.
struct Fresh {
    file: File,
    path: PathBuf,
    filled: bool,
}

impl Fresh {
    /// An existing file is never overwritten: it may be a policy that somebody relies on.
    fn create(path: &Path) -> Result<Self, Stop> {
        let cannot = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => Stop::Usage(format!(
                "`{}` is there already, and what is learnt goes to a new file: name another, or remove it",
                path.display()
            )),
            _ => Stop::Usage(format!("`{}` can't be written: {error}", path.display())),
        };
        let file = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(path).map_err(cannot)?;
        Ok(Self { file, path: path.to_path_buf(), filled: false })
    }

    fn fill(mut self, text: &str) -> io::Result<()> {
        self.file.write_all(text.as_bytes())?;
        self.filled = true;
        Ok(())
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if !self.filled {
            // It is empty or half a policy; where it can't be removed, nothing better can be done.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

/// Counts what is asked, in memory.
#[derive(Default)]
struct Collected(Mutex<Recorded>);

impl Audit for Collected {
    fn record(&self, record: &Record) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).add(record);
        Ok(())
    }
}

/// Several places at once.
struct Each(Vec<Arc<dyn Audit>>);

impl Audit for Each {
    fn record(&self, record: &Record) -> io::Result<()> {
        self.0.iter().try_for_each(|audit| audit.record(record))
    }
}
