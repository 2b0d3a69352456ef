//! Databases: one statement at a time, of those that the policy grants.
//!
//! A guest names a database and never sees where it is. Its statement is parsed, checked and printed
//! anew ([`sql`](crate::sql)); what runs is that print. SQLite checks each access a second time, through
//! its authorizer; PostgreSQL runs it in a read-only transaction where it changes nothing, and as the
//! role that the policy says.

mod planned;
mod postgres;
mod sqlite;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

pub(crate) use crate::sandbox::bindings::sql::{Cell, Error, Rows};
use crate::{
    capability::{
        files::{MountError, Protected},
        gate::Gate,
        meter::Meter,
        network::Network,
    },
    policy::{
        Access, Authority, DatabaseGrant, DatabaseUrl, Decision, Denial, FileGrant, Request, SqlAction, size_text,
    },
    sandbox::{CallState, bindings},
    sql::{self, Asked, Checked, Dialect, MAX_PARAMETERS, Stopped},
    wall::Reach,
};

/// The most bytes of all parameters of a statement, and of all rows that one gives: they are in the
/// host's memory, and in the guest's.
const MAX_BYTES: usize = 16 << 20;

/// The longest text or data in a row, in bytes; PostgreSQL counts characters. A database makes one in
/// a single step that nothing can stop.
const MAX_CELL: usize = 1 << 20;

/// How long a statement may take beyond its time, until the database has noticed.
const GRACE: Duration = Duration::from_secs(1);

/// What the connection string of an SQLite file begins with.
const SQLITE: &str = "sqlite:";

/// The port of PostgreSQL, where a connection string names none.
const POSTGRES: u16 = 5432;

/// The databases of one agent. What it takes to connect is in here and is never shown.
#[derive(Default)]
pub struct Databases(Vec<(String, Target)>);

#[derive(Clone)]
enum Target {
    Sqlite(PathBuf),
    Postgres(Arc<tokio_postgres::Config>),
}

impl Databases {
    /// Finds the databases that an agent is granted; none is connected to yet. `env` reads the
    /// host's variables. None of the agent's `folders` may hold one of the files: what is hidden
    /// could be read there, and all of it written.
    ///
    /// # Errors
    ///
    /// When a variable isn't set or holds no connection string, when a file isn't there, or when the
    /// policy is not an operator's and reaches outside its folder.
    pub fn open(
        authority: &Authority,
        folders: &[FileGrant],
        protected: &Protected,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, MountError> {
        let open = |grant: &DatabaseGrant| {
            let wrong = |message: String| MountError { code: "database", place: Some(grant.place.clone()), message };
            let target = target(grant, protected, env).map_err(wrong)?;
            if let Target::Sqlite(path) = &target
                && let Some(folder) = folders.iter().find(|folder| holds(folder, path))
            {
                let (name, folder) = (&grant.name, &folder.written);
                return Err(wrong(format!(
                    "the file of the database `{name}` is in `{folder}`, which the agent reaches"
                )));
            }
            Ok((grant.name.clone(), target))
        };
        authority.databases().iter().map(open).collect::<Result<_, _>>().map(Self)
    }

    /// Whether any is reached over a network, where TLS may be asked for.
    pub(crate) fn are_remote(&self) -> bool {
        self.0.iter().any(|(_, target)| matches!(target, Target::Postgres(_)))
    }

    /// Adds what of the machine the databases need.
    pub(crate) fn reach(&self, authority: &Authority, reach: &mut Reach, ports: &mut Vec<u16>) {
        for (name, target) in &self.0 {
            match target {
                Target::Sqlite(path) => {
                    let writes = authority.may_write_database(name);
                    reach.databases.push((path.clone(), if writes { Access::Write } else { Access::Read }));
                }
                Target::Postgres(config) => {
                    let named = config.get_ports();
                    ports.extend(if named.is_empty() { &[POSTGRES][..] } else { named });
                    let local =
                        |host: &tokio_postgres::config::Host| matches!(host, tokio_postgres::config::Host::Unix(_));
                    reach.local |= config.get_hosts().iter().any(local);
                }
            }
        }
    }

    /// The files that hold databases: no agent may write them as files. `env` reads the host's
    /// variables; one that isn't set names no file, and is an error where the database is opened.
    pub fn files<'a>(
        grants: impl Iterator<Item = &'a DatabaseGrant>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> impl Iterator<Item = PathBuf> {
        grants.filter_map(|grant| match &grant.url {
            Some(DatabaseUrl::File { host, .. }) => Some(host.clone()),
            Some(DatabaseUrl::Env(variable)) => env(variable)?.strip_prefix(SQLITE).map(PathBuf::from),
            None => None,
        })
    }
}

fn holds(folder: &FileGrant, file: &Path) -> bool {
    folder.host.canonicalize().is_ok_and(|folder| file.starts_with(folder))
}

fn target(
    grant: &DatabaseGrant,
    protected: &Protected,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Target, String> {
    let name = &grant.name;
    let variable = match &grant.url {
        Some(DatabaseUrl::File { host, written }) => return file(host, written, name, protected),
        Some(DatabaseUrl::Env(variable)) => variable,
        None => return Err(format!("the database `{name}` is nowhere")),
    };
    if protected.within.is_some() {
        return Err(format!("the database `{name}` is in a variable, which a policy of an agent's own can't read"));
    }
    let url = env(variable).ok_or_else(|| format!("the variable `{variable}` of the database `{name}` isn't set"))?;
    if let Some(path) = url.strip_prefix(SQLITE) {
        if !path.starts_with('/') {
            return Err(format!("the variable `{variable}` holds a path that isn't absolute"));
        }
        return file(Path::new(path), &format!("what `{variable}` holds"), name, protected);
    }
    // What is wrong with it would quote a part of it.
    let config: tokio_postgres::Config = url.parse().map_err(|_| {
        format!("the variable `{variable}` of the database `{name}` holds no connection string of PostgreSQL or SQLite")
    })?;
    if config.get_hosts().is_empty() {
        return Err(format!("the variable `{variable}` of the database `{name}` names no host"));
    }
    Ok(Target::Postgres(Arc::new(config)))
}

fn file(path: &Path, shown: &str, name: &str, protected: &Protected) -> Result<Target, String> {
    let unusable = |why: String| format!("the database `{name}`, {shown}, can't be opened: {why}");
    let path = path.canonicalize().map_err(|error| unusable(error.to_string()))?;
    if !path.is_file() {
        return Err(unusable("it is not a file".into()));
    }
    if let Some(within) = protected.within.as_ref().filter(|within| !path.starts_with(within)) {
        return Err(unusable(format!("it is not in `{}`", within.display())));
    }
    if protected.hidden.iter().any(|hidden| path.starts_with(hidden)) {
        return Err(unusable("no agent may read it".into()));
    }
    Ok(Target::Sqlite(path))
}

/// The databases of one call, and the connections that it has used.
pub(crate) struct Sql {
    databases: Arc<Databases>,
    network: Arc<Network>,
    bytes: Meter,
    connections: HashMap<String, Connection>,
}

enum Connection {
    Sqlite(rusqlite::Connection),
    Postgres(postgres::Session),
}

/// One statement that runs.
struct Job {
    database: String,
    checked: Checked,
    parameters: Vec<Cell>,
    rows: usize,
    bytes: Meter,
    time: Duration,
    gate: Gate,
}

impl Sql {
    /// Nothing is connected yet. What goes to databases and comes back is taken off `bytes`.
    pub fn new(databases: Arc<Databases>, network: Arc<Network>, bytes: Meter) -> Self {
        Self { databases, network, bytes, connections: HashMap::new() }
    }

    async fn query(
        &mut self,
        gate: Gate,
        database: String,
        statement: String,
        parameters: Vec<Cell>,
    ) -> Result<Rows, Error> {
        let connect = request(&database, SqlAction::Connect, "");
        if let Decision::Denied(_) = gate.authority().decide(&connect) {
            return Err(not_granted(statement, &database, &gate).await?);
        }
        ask(&gate, &connect)?;
        let Some((_, target)) = self.databases.0.iter().find(|(name, _)| *name == database) else {
            return Err(Error::Database("the database was not opened for this call".into()));
        };
        let target = target.clone();
        if parameters.len() > MAX_PARAMETERS || parameters.iter().map(size).sum::<usize>() > MAX_BYTES {
            let most = size_text(MAX_BYTES as u64);
            return Err(Error::Limit(format!("the parameters are more than {MAX_PARAMETERS}, or than {most}")));
        }
        let given = statement.len() + parameters.iter().map(size).sum::<usize>();
        let dialect = if matches!(target, Target::Sqlite(_)) { Dialect::Sqlite } else { Dialect::Postgres };
        let checked = checked(statement, dialect, database.clone(), gate.clone()).await?;
        if checked.parameters != parameters.len() {
            let (takes, given) = (checked.parameters, parameters.len());
            return Err(Error::Statement(format!("the statement takes {takes} parameters, not {given}")));
        }
        if let Some(rows) = planned::rows(&gate, &database, &checked, &parameters) {
            return Ok(rows);
        }
        spend(&self.bytes, given, &gate)?;
        let (rows, time) = gate.authority().database_bounds(&database);
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let connection = self.connections.remove(&database);
        let bytes = self.bytes.clone();
        let job = Job { database: database.clone(), checked, parameters, rows, bytes, time, gate };
        let running = async {
            match target {
                Target::Sqlite(path) => {
                    let connection = if let Some(Connection::Sqlite(open)) = connection { Some(open) } else { None };
                    let (rows, connection) = sqlite::query(path, connection, job).await;
                    (rows, connection.map(Connection::Sqlite))
                }
                Target::Postgres(config) => {
                    let session = if let Some(Connection::Postgres(open)) = connection { Some(open) } else { None };
                    let (rows, session) = postgres::query((&config, &self.network), session, job).await;
                    (rows, session.map(Connection::Postgres))
                }
            }
        };
        let (rows, connection) =
            tokio::time::timeout(time + GRACE, running).await.unwrap_or_else(|_| (Err(too_slow(time)), None));
        self.connections.extend(connection.map(|connection| (database, connection)));
        rows
    }
}

impl bindings::sql::Host for CallState {
    async fn query(&mut self, database: String, statement: String, parameters: Vec<Cell>) -> Result<Rows, Error> {
        let gate = self.gate.clone();
        self.sql.query(gate, database, statement, parameters).await
    }
}

/// Reads and checks a statement.
async fn checked(text: String, dialect: Dialect, database: String, gate: Gate) -> Result<Checked, Error> {
    let read = move || {
        let asked = Asked { authority: gate.authority(), ask: &|request| gate.ask(request) };
        sql::read(&text, dialect, &database, &asked).map_err(|stopped| stopped_by(stopped, &gate))
    };
    with_stack(read).await?
}

/// Why a statement doesn't run whose database isn't granted. It is read all the same: what is denied, and
/// written down, is what it would need, so that a policy can grant that and no more.
async fn not_granted(statement: String, database: &str, gate: &Gate) -> Result<Error, Error> {
    let (name, authority) = (database.to_owned(), gate.authority().clone());
    let mut needs = with_stack(move || sql::needs(&statement, &name, &authority)).await?;
    if needs.is_empty() {
        needs.push((SqlAction::Connect, String::new()));
    }
    let denials = needs.iter().filter_map(|(action, table)| gate.ask(&request(database, *action, table)).err());
    let denials: Vec<_> = denials.collect();
    Ok(denials.first().map_or_else(|| Error::Database("the database isn't granted".into()), denied))
}

fn request<'a>(database: &'a str, action: SqlAction, table: &'a str) -> Request<'a> {
    Request::Sql { database: database.into(), action, table: table.into(), column: None }
}

/// Does work on a thread of its own, which has the stack that statements take to read.
async fn with_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    // Nobody waits any more where the call is over.
    let work = move || drop(sender.send(work()));
    let failed = || Error::Database("the statement can't be read: the host has no thread for it".into());
    std::thread::Builder::new().name("sql".into()).stack_size(sql::STACK).spawn(work).map_err(|_| failed())?;
    receiver.await.map_err(|_| failed())
}

/// Tells the guest why its statement doesn't run.
fn stopped_by(stopped: Stopped, gate: &Gate) -> Error {
    match stopped {
        Stopped::Refused(denial) => {
            let sentence = format!("{}: every policy denies it: {}", denial.code, denial.request);
            gate.deny(denial);
            Error::Denied(sentence)
        }
        Stopped::Denied(denial) => denied(&denial),
        Stopped::Invalid(why) => Error::Statement(why),
        Stopped::Limit(why) => Error::Limit(why),
    }
}

/// Asks the policy. What it denies is remembered, and told to the guest in a sentence.
fn ask(gate: &Gate, request: &Request<'_>) -> Result<(), Error> {
    gate.ask(request).map_err(|denial| denied(&denial))
}

fn denied(denial: &Denial) -> Error {
    Error::Denied(format!("{}: the policy doesn't grant it: {}", denial.code, denial.request))
}

fn size(cell: &Cell) -> usize {
    match cell {
        Cell::Text(text) => text.len(),
        Cell::Data(data) => data.len(),
        Cell::Null | Cell::Boolean(_) | Cell::Integer(_) | Cell::Real(_) => size_of::<Cell>(),
    }
}

/// Takes what goes to a database, or comes from one, off what the call may.
fn spend(bytes: &Meter, amount: usize, gate: &Gate) -> Result<(), Error> {
    bytes.spend(amount as u64).map_err(|_| {
        let why = "no more bytes may go to databases and come back: `limits.bytes` is used up";
        gate.deny(Denial::of("sql.limit.bytes", why));
        Error::Limit(why.into())
    })
}

/// Rows that are gathered, within their bounds.
struct Gathered<'j> {
    rows: Vec<Vec<Cell>>,
    left: usize,
    job: &'j Job,
}

impl<'j> Gathered<'j> {
    fn new(job: &'j Job) -> Self {
        Self { rows: Vec::new(), left: MAX_BYTES, job }
    }

    fn push(&mut self, row: Vec<Cell>) -> Result<(), Error> {
        if self.rows.len() >= self.job.rows {
            return Err(too_many(self.job.rows));
        }
        let held = row.iter().map(|cell| size(cell) + size_of::<Cell>()).sum();
        self.left = self.left.checked_sub(held).ok_or_else(too_large)?;
        spend(&self.job.bytes, row.iter().map(size).sum(), &self.job.gate)?;
        self.rows.push(row);
        Ok(())
    }
}

fn too_many(rows: usize) -> Error {
    Error::Limit(format!("the statement gives more than {rows} rows: ask for fewer, or raise `rows` in the policy"))
}

fn too_large() -> Error {
    Error::Limit(format!("the statement gives more than {}", size_text(MAX_BYTES as u64)))
}

fn too_long() -> Error {
    Error::Limit(format!("a text or data in a row is longer than {}", size_text(MAX_CELL as u64)))
}

fn too_slow(time: Duration) -> Error {
    Error::Limit(format!("the statement takes longer than {time:?}: ask for less, or raise `time` in the policy"))
}
