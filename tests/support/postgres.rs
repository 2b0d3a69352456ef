//! A PostgreSQL server of a test's own: a fresh cluster in a temporary folder, on a socket in it and
//! on a free port of this machine. A test that needs it fails where there is none.

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, geteuid, kill_process};

use crate::support::server;

/// Whom the server refuses to run as, and as whom it does then: `postgres`, or else `nobody`.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// The password of the cluster's owner, and of whom a test makes.
pub const PASSWORD: &str = "pass-phrase-of-the-test";

/// A running server.
pub struct Postgres {
    server: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Postgres {
    /// Makes a cluster and starts its server.
    pub fn start() -> Self {
        Self::start_with(false)
    }

    /// The same, with a server that nobody speaks to without TLS: as `localhost`, with a certificate of
    /// the authority that is made for it.
    pub fn start_with_tls() -> Self {
        Self::start_with(true)
    }

    fn start_with(tls: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let user = other_user();
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).unwrap();
        }
        let data = folder.path().join("data");
        let password = folder.path().join("password");
        fs::write(&password, PASSWORD).unwrap();
        fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let made = command("initdb", user)
            .args(["--no-sync", "--username=owner", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"])
            .arg("--pwfile")
            .arg(&password)
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let settings = if tls { encrypted(folder.path(), &data, user) } else { &[] };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = command("postgres", user)
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-p", &port.to_string(), "-h", "127.0.0.1", "-F", "-c", "max_connections=20"])
            .args(settings)
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let server = Self { server, folder, port };
        server.wait();
        server
    }

    fn wait(&self) {
        let began = Instant::now();
        let ready = || {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap();
            log.contains("ready to accept connections")
        };
        while !ready() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap();
            assert!(began.elapsed() < Duration::from_secs(60), "the server doesn't start: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// How `user` connects over TCP.
    pub fn url(&self, user: &str) -> String {
        format!("postgres://{user}:{PASSWORD}@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }

    /// How `user` connects over TCP with TLS, where the server has it.
    pub fn tls_url(&self, user: &str, host: &str) -> String {
        format!("postgres://{user}:{PASSWORD}@{host}:{}/postgres?sslmode=require", self.port)
    }

    /// Whose certificates the server has, where it has some.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// How `user` connects over the socket.
    pub fn socket_url(&self, user: &str) -> String {
        let folder = self.folder.path().display();
        format!("host={folder} port={} user={user} password={PASSWORD} dbname=postgres", self.port)
    }

    /// The port on this machine.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs statements as the owner, who may do all.
    pub async fn run(&self, statements: &str) {
        self.owner().await.batch_execute(statements).await.unwrap_or_else(|error| panic!("{error:?}"));
    }

    /// The one value that a query of the owner's gives, as text.
    pub async fn value(&self, query: &str) -> String {
        self.owner().await.query_one(&format!("select ({query})::text"), &[]).await.unwrap().get(0)
    }

    async fn owner(&self) -> tokio_postgres::Client {
        let connected = tokio_postgres::connect(&self.url("owner"), tokio_postgres::NoTls).await;
        let (client, connection) = connected.unwrap_or_else(|error| panic!("{error:?}"));
        tokio::spawn(connection);
        client
    }
}

/// Has the cluster in `data` take connections over TLS and no others. Gives the server's settings.
fn encrypted(folder: &Path, data: &Path, user: Option<(u32, u32)>) -> &'static [&'static str] {
    server::certificate(folder);
    for name in ["server.pem", "server.key"] {
        let own = data.join(name);
        fs::copy(folder.join(name), &own).unwrap();
        fs::set_permissions(&own, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        if let Some((uid, gid)) = user {
            chown(&own, Some(uid), Some(gid)).unwrap();
        }
    }
    fs::write(data.join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 scram-sha-256\n").unwrap();
    &["-c", "ssl=on", "-c", "ssl_cert_file=server.pem", "-c", "ssl_key_file=server.key"]
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // At once, without a checkpoint: the folder goes too.
        let _gone = kill_process(Pid::from_child(&self.server), Signal::QUIT);
        let _ended = self.server.wait();
    }
}

/// Who runs the server, where that can't be who runs the test.
fn other_user() -> Option<(u32, u32)> {
    if !geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    Some(USERS.iter().find_map(|name| ids(name)).expect("there is neither a user `postgres` nor `nobody`"))
}

fn command(program: &str, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(binaries().join(program));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").current_dir("/");
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

/// Where the server's programs are: beside its `initdb`, or where Debian and others keep versions.
fn binaries() -> PathBuf {
    let said = Command::new("pg_config").arg("--bindir").output();
    let said = said.ok().map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let versions = |folder: &str| {
        let versions = fs::read_dir(folder).into_iter().flatten().flatten();
        versions.map(|version| version.path().join("bin")).collect::<Vec<_>>()
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<_> = said.into_iter().chain(std::env::split_paths(&path)).collect();
    places.extend(versions("/usr/lib/postgresql"));
    let whole = |place: &&PathBuf| ["initdb", "postgres"].iter().all(|program| is_file(&place.join(program)));
    places.iter().find(whole).expect("this test needs PostgreSQL: no `initdb` and `postgres` were found").clone()
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file())
}
