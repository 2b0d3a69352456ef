//! The thread that writes. What comes while it writes is written together, so that a fast run waits for
//! nobody, and a slow one is on the disk as it goes.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        mpsc::{self, Receiver},
    },
    thread::{self, JoinHandle},
};

use rusqlite::{Connection, params};

use crate::{
    Value,
    failure::Failure,
    policy::Purity,
    sandbox::Moment,
    store::{
        StoreError,
        answers::{self, Answers},
        encode::{self, Columns, number},
        job::{Job, Row, bytes},
        queue::Queue,
        runs::{NewRun, Origin},
        schema,
    },
};

/// How many agents are known by their keys: more are looked up again.
const KNOWN: usize = 64;

/// A file that is written to.
pub struct Writer {
    queue: Arc<Queue<Job>>,
    thread: Option<JoinHandle<()>>,
    path: PathBuf,
    broken: Arc<OnceLock<String>>,
}

/// A file that is being opened. Who has something else to do meanwhile waits less.
pub struct Opening {
    writer: Writer,
    opened: Receiver<Result<(), StoreError>>,
}

impl Opening {
    /// Waits until it is open.
    ///
    /// # Errors
    ///
    /// When it can't be opened, or is something else.
    pub fn opened(self) -> Result<Writer, StoreError> {
        let ended = |_| Err(self.writer.unopened(io::Error::other("what opens it has ended")));
        self.opened.recv().unwrap_or_else(ended).map(|()| self.writer)
    }
}

impl Writer {
    /// Opens the file at `path`, and makes it where there is none.
    ///
    /// # Errors
    ///
    /// When it can't be opened, or is something else.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::opening(path)?.opened()
    }

    /// Begins to open the file at `path`, and makes it where there is none.
    ///
    /// # Errors
    ///
    /// When there can't be one.
    pub fn opening(path: &Path) -> Result<Opening, StoreError> {
        schema::make(path)?;
        let (to, opened) = mpsc::sync_channel(1);
        let (queue, broken) = (Arc::<Queue<Job>>::default(), Arc::<OnceLock<String>>::default());
        let mut writer = Self { queue, thread: None, path: path.to_path_buf(), broken };
        let (jobs, told, path) = (writer.queue.clone(), writer.broken.clone(), path.to_path_buf());
        let thread = thread::Builder::new().name("store".into()).spawn(move || {
            let connection = schema::open(&path);
            let (connection, opened) = connection.map_or_else(|error| (None, Err(error)), |open| (Some(open), Ok(())));
            let _ = to.send(opened);
            if let Some(connection) = connection {
                Writing { connection, agents: Vec::new() }.write_all(&jobs, &told);
            }
        });
        writer.thread = Some(thread.map_err(|error| writer.unopened(error))?);
        Ok(Opening { writer, opened })
    }

    fn unopened(&self, error: io::Error) -> StoreError {
        StoreError::Unopened { path: self.path.clone(), error }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Has the file closed when everything so far is written: nothing comes after it. Who drops it waits for that.
    pub fn close(&self) {
        self.queue.close();
    }

    /// The answers in the file.
    ///
    /// # Errors
    ///
    /// When it can't be opened any more.
    pub(super) fn answers(&self) -> Result<Answers, StoreError> {
        schema::open(&self.path).map(Answers::of)
    }

    /// Hands on what is to be written.
    pub(super) fn send(&self, job: Job) {
        let (bytes, is_urgent) = match &job {
            Job::Cell(row) => (row.bytes(), false),
            Job::Answer { outputs, .. } => (outputs.text.len() + bytes(&outputs.large), false),
            Job::Ended { .. } => (0, false),
            Job::Run(..) | Job::Sync(_) => (0, true),
        };
        self.queue.put(job, bytes, is_urgent);
    }

    /// Waits until everything so far is written.
    ///
    /// # Errors
    ///
    /// When something couldn't be.
    pub(super) fn sync(&self) -> Result<(), Failure> {
        let (done, when_done) = mpsc::sync_channel(1);
        self.send(Job::Sync(done));
        let is_done = when_done.recv().is_ok();
        self.works()?;
        if is_done { Ok(()) } else { Err(Failure::host("the run can't be recorded: the store is closed")) }
    }

    /// Whether everything that was written so far could be.
    ///
    /// # Errors
    ///
    /// When something couldn't be.
    pub(super) fn works(&self) -> Result<(), Failure> {
        match self.broken.get() {
            None => Ok(()),
            Some(why) => Err(Failure::host(format_args!("the run can't be recorded: {why}"))
                .help("make room for the store, name another with `--store`, or leave it off with `--no-store`")),
        }
    }
}

/// Waits until everything is written.
impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Lets those go who wait, however the thread ends.
struct Ending<'q>(&'q Queue<Job>);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

struct Writing {
    connection: Connection,
    /// Those of the steps before, with their digests and keys: a run has few.
    agents: Vec<(String, String, i64)>,
}

impl Writing {
    fn write_all(mut self, queue: &Queue<Job>, broken: &OnceLock<String>) {
        let _ending = Ending(queue);
        let mut jobs = Vec::new();
        while let Some(taken) = queue.take(jobs) {
            jobs = taken;
            if broken.get().is_none()
                && let Err(error) = self.write(&jobs)
            {
                drop(broken.set(error.to_string()));
                // What is known of agents may not have been written.
                self.agents.clear();
            }
            // Those who wait wait no longer; whether it is written, they ask.
            jobs.retain(|job| match job {
                Job::Sync(done) => {
                    let _ = done.send(());
                    false
                }
                Job::Run(..) => false,
                Job::Cell(_) | Job::Answer { .. } | Job::Ended { .. } => true,
            });
        }
    }

    /// Writes jobs, all or none of them.
    fn write(&mut self, jobs: &[Job]) -> Result<(), StoreError> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let written = self.write_each(jobs);
        let end = if written.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = self.connection.execute_batch(end);
        written.and(ended.map_err(StoreError::from))
    }

    fn write_each(&mut self, jobs: &[Job]) -> Result<(), StoreError> {
        for job in jobs {
            match job {
                Job::Run(run, key) => {
                    // Where it isn't written in the end, nothing is any more.
                    key.found(self.run(run)?);
                }
                Job::Cell(row) => self.cell(row)?,
                Job::Answer { key, outputs } => {
                    answers::put(&self.connection, key, outputs, |run, values| self.large(run, &values.large))?;
                }
                Job::Ended { run, exit_code, failure } => {
                    let failure = failure.as_ref().map(encode::failure);
                    let ended = "UPDATE runs SET ended = ?2, exit_code = ?3, failure = ?4 WHERE key = ?1";
                    let mut ended = self.connection.prepare_cached(ended)?;
                    ended.execute(params![run.get()?, number(Moment::now()), exit_code, failure])?;
                }
                Job::Sync(_) => {}
            }
        }
        Ok(())
    }

    fn run(&mut self, run: &NewRun) -> Result<i64, StoreError> {
        let inputs = encode::values(&run.inputs);
        let insert = "INSERT INTO runs (id, command, agent, inputs, setup, seed, origin, began)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let began = number(Moment::now());
        let columns = params![
            &*run.id,
            run.command.word(),
            run.agent,
            inputs.text,
            run.setting.text(),
            run.seed,
            run.origin.as_ref().map(|origin| origin.id.as_str()),
            began
        ];
        self.connection.execute(insert, columns)?;
        let key = self.connection.last_insert_rowid();
        self.large(key, &inputs.large)?;
        if let Some(origin) = &run.origin {
            self.copy(origin, key)?;
        }
        Ok(key)
    }

    /// Takes over what another run did before a step. Its workflows are gone through again.
    fn copy(&self, origin: &Origin, key: i64) -> Result<(), StoreError> {
        let cells = "INSERT INTO cells SELECT ?2, number, path, agent, purity, began, inputs,
            CASE WHEN purity IS NULL THEN NULL ELSE outputs END,
            status, reason, code, failure, denials, fuel, memory, time, steps, bytes, calls, allowed
            FROM cells WHERE run = ?1 AND number < ?3";
        self.connection.execute(cells, params![origin.key, key, origin.before])?;
        let large = "INSERT OR IGNORE INTO holds SELECT ?2, sha256 FROM holds WHERE run = ?1";
        self.connection.execute(large, params![origin.key, key])?;
        Ok(())
    }

    fn cell(&mut self, row: &Row) -> Result<(), StoreError> {
        let (run, agent) = (row.run.get()?, self.agent(&row.agent, &row.digest)?);
        self.large(run, &row.large)?;
        let insert = "INSERT OR REPLACE INTO cells VALUES
            (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
        let columns = row.columns.as_ref();
        let text = |column: fn(&Columns) -> &Option<String>| columns.and_then(|columns| column(columns).as_deref());
        let used = |at: usize| columns.map(|columns| columns.usage[at]);
        self.connection.prepare_cached(insert)?.execute(params![
            run,
            row.number,
            row.path,
            agent,
            row.purity.map(Purity::word),
            number(row.began),
            row.inputs,
            columns.map(|columns| &columns.outputs),
            columns.map(|columns| columns.status),
            text(|columns| &columns.reason),
            text(|columns| &columns.code),
            text(|columns| &columns.failure),
            text(|columns| &columns.denials),
            used(0),
            used(1),
            used(2),
            used(3),
            used(4),
            used(5),
            text(|columns| &columns.allowed),
        ])?;
        Ok(())
    }

    fn agent(&mut self, name: &str, digest: &str) -> Result<i64, StoreError> {
        let is_it = |(known, of, _): &&(String, String, i64)| known == name && of == digest;
        if let Some((.., key)) = self.agents.iter().find(is_it) {
            return Ok(*key);
        }
        let insert = "INSERT INTO agents (name, digest) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        self.connection.execute(insert, [name, digest])?;
        let find = "SELECT key FROM agents WHERE name = ?1 AND digest = ?2";
        let key = self.connection.query_row(find, [name, digest], |row| row.get(0))?;
        if self.agents.len() >= KNOWN {
            self.agents.clear();
        }
        self.agents.push((name.to_owned(), digest.to_owned(), key));
        Ok(key)
    }

    fn large(&self, run: i64, values: &[(String, Value)]) -> Result<(), StoreError> {
        for (sha256, value) in values {
            let mut held = self.connection.prepare_cached("INSERT OR IGNORE INTO holds VALUES (?1, ?2)")?;
            if held.execute(params![run, sha256])? == 0 {
                continue;
            }
            let mut insert = self.connection.prepare_cached("INSERT OR IGNORE INTO large VALUES (?1, ?2)")?;
            insert.execute(params![sha256, value.bytes()])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::store::{Command, Setting, job::Key};

    fn run(id: &str) -> NewRun {
        let setting =
            Setting { agents: Vec::new(), policy: None, wall: false, digests: BTreeMap::new(), changes: Vec::new() };
        let (id, agent) = (id.into(), "echo".to_owned());
        NewRun { id, command: Command::Run, agent, inputs: Vec::new(), setting, seed: [0; 32], origin: None }
    }

    #[test]
    fn what_cant_be_a_store_is_refused_at_once_and_what_is_none_when_it_is_open() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Writer::opening(folder.path()), Err(StoreError::Unopened { .. })));
        let other = folder.path().join("other");
        std::fs::write(
            &other,
            "no store, but longer than the header of one would be: a hundred bytes or more of text, as here",
        )
        .unwrap();
        assert!(matches!(Writer::opening(&other).unwrap().opened(), Err(StoreError::NotAStore { .. })));
        // Nobody has to wait for it.
        let path = folder.path().join("store");
        drop(Writer::opening(&path).unwrap());
        assert!(Writer::open(&path).unwrap().sync().is_ok());
    }

    #[test]
    fn nothing_is_recorded_of_a_run_that_couldnt_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let writer = Writer::open(&folder.path().join("store")).unwrap();
        let (first, second) = (Key::unknown(), Key::unknown());
        writer.send(Job::Run(Box::new(run("twice")), first.clone()));
        writer.sync().unwrap();
        assert!(first.get().is_ok());
        // The name is taken.
        writer.send(Job::Run(Box::new(run("twice")), second.clone()));
        writer.send(Job::Ended { run: second.clone(), exit_code: 0, failure: None });
        assert!(writer.sync().unwrap_err().message.starts_with("the run can't be recorded: "));
        assert!(second.get().is_err() && writer.works().is_err());
    }

    #[test]
    fn nothing_comes_after_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let writer = Writer::open(&folder.path().join("store")).unwrap();
        writer.sync().unwrap();
        writer.close();
        assert!(writer.sync().unwrap_err().message.contains("the store is closed"));
    }
}
