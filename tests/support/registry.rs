//! Registries for agents: a real one of a test's own, on a free port of this machine, and ones that lie. A
//! test that needs the real one fails where there is none.

use std::{
    fs,
    io::{BufReader, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::support::server;

/// Who may use the registry that wants to know, and the line of its password file (bcrypt).
pub const USER: &str = "ada";
pub const PASSWORD: &str = "pass-word";
const LINE: &str = "ada:$2b$05$abcdefghijklmnopqrstuulQElbHkP7vjLqXxb3Lzm18cJsfRyGH6\n";

/// A running registry.
pub struct Registry {
    server: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Registry {
    /// Starts one that everybody may use, or only who knows the password.
    pub fn start(wants_password: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().display();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut config = format!(
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {here}/data\nhttp:\n  addr: 127.0.0.1:{port}\n"
        );
        if wants_password {
            config.push_str(&format!("auth:\n  htpasswd:\n    realm: test\n    path: {here}/passwords\n"));
            fs::write(folder.path().join("passwords"), LINE).unwrap();
        }
        let file = folder.path().join("config.yml");
        fs::write(&file, config).unwrap();
        let server = Command::new("docker-registry")
            .arg("serve")
            .arg(file)
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .expect("this test needs a registry: `docker-registry` was not found");
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "the registry doesn't start");
            thread::sleep(Duration::from_millis(20));
        }
        Self { server, port, folder }
    }

    /// What it says of itself.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Its host and port.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _gone = self.server.kill();
        let _ended = self.server.wait();
    }
}

/// The port of a server that writes what `answer` makes of each request's head.
pub fn answering(answer: impl Fn(&str, &mut dyn Write) -> std::io::Result<()> + Send + Sync + 'static) -> u16 {
    server::listen(move |stream| {
        let mut stream = BufReader::new(stream);
        if let Ok((head, _)) = server::request(&mut stream) {
            drop(answer(&head, stream.get_mut()));
        }
    })
}
