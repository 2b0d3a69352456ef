//! Reports for CI and for people, beside the results.

use std::{
    fs::File,
    io::{self, BufWriter, Seek, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    Failure,
    audit::{Audit, Record, Verdict},
    batch::report::{self, Entry, Gathered, Junit, MAX_DENIED, Over},
    capability::files::Protected,
    cli::{Globals, Stop, batch::github, render},
    output::Output,
    source::Source,
};
use clap::Args;

// (No doc comment: clap would show it as the command's help.)
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Reports")]
pub struct ReportOptions {
    /// Write a JUnit report, a test case for each item of this run, over what FILE holds
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a page with plots, failures first, over what FILE holds
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write what was denied as SARIF 2.1.0, over what FILE holds
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
}

impl ReportOptions {
    /// The files.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let files = [("--junit", &self.junit), ("--report", &self.report), ("--sarif", &self.sarif)];
        files.into_iter().filter_map(|(option, file)| Some((option, file.as_deref()?)))
    }
}

/// Reports that are being made. Each is written aside, and moved to its place when it is whole.
pub struct Reports {
    agent: String,
    /// What was kept of the items.
    pub gathered: Gathered,
    junit: Option<(Junit<BufWriter<File>>, Fresh)>,
    page: Option<Fresh>,
    sarif: Option<Fresh>,
    denied: Arc<ByAgent>,
    policy: Option<Arc<Source>>,
}

impl Reports {
    /// Opens the files that `options` names.
    pub fn open(options: &ReportOptions, agent: &str, globals: &Globals) -> Result<Self, Stop> {
        let fresh = |file: &Option<PathBuf>| file.as_deref().map(Fresh::open).transpose();
        let cases = |fresh: Fresh| {
            let aside = fresh.file.aside().map_err(|error| unwritable(&fresh.path, &error))?;
            Ok::<_, Stop>((Junit::new(BufWriter::new(aside)), fresh))
        };
        Ok(Self {
            agent: agent.to_owned(),
            gathered: Gathered::default(),
            junit: fresh(&options.junit)?.map(cases).transpose()?,
            page: fresh(&options.report)?,
            sarif: fresh(&options.sarif)?,
            denied: Arc::default(),
            policy: globals.policy.as_ref().map(|path| Source::new(path.display().to_string(), "")),
        })
    }

    /// Counts denials by the agent, where a report shows them.
    pub fn audit(&self) -> Option<Arc<dyn Audit>> {
        self.page.is_some().then(|| self.denied.clone() as Arc<dyn Audit>)
    }

    /// Keeps the files out of agents' reach.
    pub fn protect(&self, protected: &mut Protected) {
        let junit = self.junit.as_ref().map(|(_, fresh)| fresh);
        for fresh in junit.into_iter().chain(&self.page).chain(&self.sarif) {
            fresh.file.files().for_each(|file| protected.fix(file));
        }
    }

    /// Takes one item.
    pub fn add(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        self.gathered.add(entry);
        match &mut self.junit {
            Some((junit, _)) => junit.add(&self.agent, entry),
            None => Ok(()),
        }
    }

    /// Writes the reports of a batch that is over; says so to GitHub as well, if that runs it.
    pub fn conclude(self, over: &Over<'_>, is_folder: bool) -> Result<(), Stop> {
        if let Some((mut junit, fresh)) = self.junit {
            let path = fresh.path.clone();
            let written = (|| {
                let cases = junit.cases();
                cases.flush()?;
                let mut cases = cases.get_ref().try_clone()?;
                cases.rewind()?;
                fresh.file.fill(|out| junit.conclude(over, cases, out))
            })();
            written.map_err(|error| lost(&path, &error))?;
        }
        if let Some(fresh) = self.page {
            let page = report::page(over, &self.denied.rows()).map_err(Stop::Host)?;
            let path = fresh.path.clone();
            fresh.file.fill(|out| out.write_all(page.as_bytes())).map_err(|error| lost(&path, &error))?;
        }
        if let Some(fresh) = self.sarif {
            let log = report::sarif(over.gathered, self.policy.as_ref(), render::plain_path);
            let path = fresh.path.clone();
            let written = fresh.file.fill(|out| {
                serde_json::to_writer(&mut *out, &log)?;
                out.write_all(b"\n")
            });
            written.map_err(|error| lost(&path, &error))?;
        }
        github::tell(over, is_folder)
    }
}

/// A report that is being made, and what its file was called.
struct Fresh {
    file: Output,
    path: PathBuf,
}

impl Fresh {
    fn open(path: &Path) -> Result<Self, Stop> {
        let file = Output::open(path).map_err(|error| unwritable(path, &error))?;
        Ok(Self { file, path: path.to_owned() })
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Stop {
    Stop::Usage(format!("`{}` can't be written: {error}", path.display()))
}

/// What is known when all is done is no mistake of whoever named the file.
fn lost(path: &Path, error: &io::Error) -> Stop {
    Stop::Host(Failure::host(format!("`{}` can't be written: {error}", path.display())))
}

/// What was denied to whom, counted.
#[derive(Default)]
struct ByAgent(Mutex<std::collections::BTreeMap<(String, String), u64>>);

impl ByAgent {
    fn rows(&self) -> Vec<(String, String, u64)> {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.iter().map(|((code, agent), count)| (code.clone(), agent.clone(), *count)).collect()
    }
}

impl Audit for ByAgent {
    fn record(&self, record: &Record) -> io::Result<()> {
        if record.decision == Verdict::Denied {
            let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (record.code.clone(), record.agent.clone());
            // A library has few agents; who has many sees the first.
            if counted.len() < MAX_DENIED || counted.contains_key(&key) {
                *counted.entry(key).or_default() += record.count;
            }
        }
        Ok(())
    }
}
