//! Servers on loopback, for agents that ask for something. Plain threads: what they send is exactly
//! what is written here.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{IpAddr, TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::{Arc, Mutex, OnceLock},
    thread,
    time::Duration,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use turingbox::capability::network::{Network, Resolve, Resolving};

/// The names of the tests: none of them is asked for outside of this process.
const NAMES: [(&str, &[&str]); 7] = [
    ("localhost", &["127.0.0.1"]),
    ("loopback.test", &["127.0.0.1"]),
    ("private.test", &["10.11.12.13"]),
    ("metadata.test", &["169.254.169.254"]),
    ("mapped.test", &["::ffff:127.0.0.1"]),
    ("mixed.test", &["10.11.12.13", "127.0.0.1"]),
    ("nowhere.test", &[]),
];

/// A name that nobody ever answers for.
pub const NEVER: &str = "never.test";

struct Names;

impl Resolve for Names {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        if name == NEVER {
            return Box::pin(std::future::pending());
        }
        let known = NAMES.into_iter().find(|(known, _)| *known == name);
        let addresses: Vec<IpAddr> = known
            .map(|(_, addresses)| addresses.iter().map(|text| text.parse().unwrap()).collect())
            .unwrap_or_default();
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

/// The network of the tests.
pub fn network() -> Network {
    Network::new(Names)
}

/// The port of a server that speaks HTTP, one for this process.
pub fn port() -> u16 {
    static PORT: OnceLock<u16> = OnceLock::new();
    *PORT.get_or_init(|| listen(|stream| drop(answer(stream))))
}

/// The port of a server that keeps what it is sent, and what it was sent.
pub fn keeping() -> (u16, Arc<Mutex<Vec<u8>>>) {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keeper = kept.clone();
    let port = listen(move |stream| drop(answer(Kept { stream, kept: keeper.clone() })));
    (port, kept)
}

/// A stream of which what is read is kept.
struct Kept {
    stream: TcpStream,
    kept: Arc<Mutex<Vec<u8>>>,
}

impl Read for Kept {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let read = self.stream.read(bytes)?;
        self.kept.lock().unwrap().extend(&bytes[..read]);
        Ok(read)
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}

/// The port of a server that sends back every byte.
pub fn echo() -> u16 {
    listen(|mut stream| {
        let mut bytes = [0; 1024];
        while let Ok(read @ 1..) = stream.read(&mut bytes) {
            if stream.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
    })
}

/// Makes an authority, `authority.pem` in `folder`, and of it a certificate for `localhost`:
/// `server.pem` with `server.key`.
pub fn certificate(folder: &Path) {
    const MAKE: &str = "
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority \
            -keyout authority.key -out authority.pem
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=server \
            -keyout server.key -out server.csr
        printf 'subjectAltName=DNS:localhost\\n' > names
        openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days 2 \
            -extfile names -out server.pem";
    let made = Command::new("sh").args(["-ec", MAKE]).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(fs::metadata(folder.join("authority.pem")).is_ok());
}

/// The port of a server that speaks HTTPS as `localhost`, with a certificate of the authority that is
/// made in `folder`.
pub fn tls(folder: &Path) -> u16 {
    certificate(folder);
    let chain = CertificateDer::pem_file_iter(folder.join("server.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    listen(move |stream| drop(answer(StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream))))
}

/// The port of a server that does as `serve` does with each connection.
pub fn listen(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    port
}

/// One request: its head, and its body.
pub fn request(stream: &mut impl BufRead) -> std::io::Result<(String, Vec<u8>)> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((head, body))
}

/// Reads one request, and answers by its path.
fn answer(stream: impl Read + Write) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (head, body) = request(&mut stream)?;
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let path = target.split('?').next().unwrap_or_default();
    let stream = stream.get_mut();
    match path {
        path if path.starts_with("/echo") => reply(stream, "200 OK", "", &[head.as_bytes(), b"\n", &body].concat()),
        "/redirect" => reply(stream, "302 Found", "location: http://169.254.169.254/latest\r\n", b""),
        "/endless" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
            loop {
                stream.write_all(&[b'x'; 1 << 16])?;
            }
        }
        "/heads" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
            loop {
                stream.write_all(b"x-more: more\r\n")?;
            }
        }
        "/slow" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nx-slow: ")?;
            loop {
                stream.write_all(b"x")?;
                stream.flush()?;
                thread::sleep(Duration::from_millis(50));
            }
        }
        "/zipped" => reply(stream, "200 OK", "content-encoding: gzip\r\n", b"anything"),
        "/part" => reply(stream, "206 Partial Content", "", b"anything"),
        "/range" => reply(stream, "200 OK", "content-range: bytes 0-7/20\r\n", b"anything"),
        "/broken" => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"),
        "/nonsense" => stream.write_all(b"hello\r\n\r\n"),
        _ => reply(stream, "200 OK", "", b"hello"),
    }?;
    stream.flush()
}

/// An answer that ends its connection.
pub fn reply(stream: &mut (impl Write + ?Sized), status: &str, headers: &str, body: &[u8]) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n", body.len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)
}

/// Puts the port of the server into the files of a folder, where they say `{{ port }}`.
pub fn fill_in(folder: &Path, files: &[&str]) {
    let values = BTreeMap::from([("{{ port }}", port().to_string())]);
    for path in files.iter().map(|file| folder.join(file)).filter(|path| path.exists()) {
        let mut text = fs::read_to_string(&path).unwrap();
        values.iter().for_each(|(name, value)| text = text.replace(name, value));
        fs::write(path, text).unwrap();
    }
}
