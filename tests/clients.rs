//! What Python agents reach the world with: `requests`, `urllib.request`, `http.client`, and the
//! package `turingbox`. Against a real server on loopback.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use serde_json::{Value as Json, json};
use turingbox::{Policy, Value};

use crate::support::{
    host::{self, Ran},
    root,
    server::NEVER,
};

/// "hello\n" with gzip.
const GZIPPED: &[u8] =
    &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xe7, 2, 0, 0x20, 0x30, 0x3a, 0x36, 6, 0, 0, 0];

#[test]
fn requests_do_as_expected() {
    let got = run("requests_do", "methods = [\"GET\", \"POST\"]");
    let expected = json!({
        "redirected": ["GET", "", [302]],
        "authorised": "Basic dXNlcjpzZWNyZXQ=",
        "kept": ["POST", "{\"a\": 1}"],
        "relative": ["/echo", "/echo?page=2", "/query?page=3", "/echo"],
        "asked": ["/echo?q=1+2&q=%C3%A9", "seen=1", "yes"],
        "accept": null,
        "elsewhere": null,
        "zipped": ["hello\n", "utf-8", "text/plain; charset=utf-8", "hello"],
        "missing": [false, "Not Found", true],
        "reasons": ["Quite Well", "", "Quite Well"],
        "next": ["GET", "/echo", null],
        "raised": [
            ["HTTPError", "RequestException"],
            ["JSONDecodeError", "InvalidJSONError"],
            ["TooManyRedirects", "RequestException"],
            ["ReadTimeout", "Timeout"],
            ["ConnectionError", "RequestException"],
            ["MissingSchema", "RequestException"],
            ["InvalidSchema", "RequestException"],
            ["SSLError", "ConnectionError"],
            ["InvalidHeader", "RequestException"],
        ],
    });
    assert_eq!(got, expected);
}

#[test]
fn urllib_does_as_expected() {
    let got = run("urllib_does", "schemes = [\"http\", \"https\"], methods = [\"GET\", \"HEAD\", \"POST\", \"PUT\"]");
    let expected = json!({
        "redirected": [200, "/echo", "GET"],
        "relative": ["/echo", "/echo?page=2", "/query?page=3", "/echo"],
        "put": ["PUT", "x=1", "yes", "3"],
        "chunked": ["onetwo", "6"],
        "again": ["/echo?x", "again"],
        "head": [200, ""],
        "failed": [["HTTPError", 404], ["HTTPError", 302], ["URLError", "Timeout"], ["URLError", "TLSFailed"]],
    });
    assert_eq!(got, expected);
}

/// What ends is ended by who waits: the server says nothing until then.
#[test]
fn requests_wait_as_expected() {
    let got = run("requests_wait", "methods = [\"GET\"]");
    let expected = json!([
        // A wait is for each piece, not for all of them.
        ["xxxxxxxxxxxx", "xxxxxxxxxxxx", "xxxxxxxxxxxx"],
        ["ReadTimeout", "ReadTimeout", "ReadTimeout", "ReadTimeout"],
        ["ConnectTimeout", "ConnectTimeout", "ConnectTimeout"],
        ["ValueError", "ValueError", "ValueError", "ValueError"],
        ["Timeout", "Timeout", "ConnectTimeout"],
    ]);
    assert_eq!(got, expected);
}

/// What is refused is heard of once, and leaves nothing half made behind.
#[test]
fn what_is_no_request_is_an_error_of_each_client() {
    let address = serve();
    let text = format!(
        "version = 1\n[agents.refused_clients]\nhttp = [{{ host = \"127.0.0.1\", schemes = [\"http\"], ports = [{}] }}]\n",
        address.port()
    );
    let ran = ran("refused_clients", &Policy::parse("policy.toml", &text).unwrap(), address);
    let codes: Vec<_> = ran.outcome.denials.iter().map(|denial| denial.code).collect();
    let expected = json!([
        ["URLError", "InvalidRequest"],
        ["URLError", "InvalidRequest"],
        ["URLError", "Denied"],
        ["InvalidURL", "InvalidRequest"],
        ["InvalidRequest", "InvalidRequest"],
        ["Denied", "URLError Denied"],
    ]);
    assert_eq!(got(&ran), expected);
    assert_eq!(
        codes,
        ["http.not-granted", "http.bad-url", "http.bad-header", "http.not-granted"],
        "{:?}",
        ran.outcome.denials
    );
    assert_eq!(ran.log, Vec::<String>::new());
}

#[test]
fn what_is_denied_is_said_to_be_so() {
    let ran = ran("denied_clients", &Policy::default(), serve());
    let codes: Vec<_> = ran.outcome.denials.iter().map(|denial| denial.code).collect();
    assert_eq!(codes, ["http.not-granted"], "{:?}", ran.outcome);
    assert_eq!(got(&ran), json!([["Denied", true, true], ["Denied", true], ["Denied", true]]));
}

#[test]
fn agents_call_agents() {
    let policy = Policy::parse("policy.toml", "version = 1\n[agents.call_others]\ncalls = [\"echo\"]\n").unwrap();
    let library = host::library(&root().join("tests/clients/agents"));
    let ran = host::run(&library, "call_others", &policy, &[]);
    let expected = json!(["well", { "output": { "a": [1] } }, "78", "Denied", "Denied", "InvalidCall", "TypeError"]);
    assert_eq!(got(&ran), expected);
    assert!(ran.log.contains(&"about to call".to_owned()), "{:?}", ran.log);
}

#[test]
fn databases_are_asked() {
    let folder = tempfile::tempdir().unwrap();
    let database = rusqlite::Connection::open(folder.path().join("orders.db")).unwrap();
    let filled = "create table orders (id integer, name text, paid real);
        insert into orders values (1, 'a', 1.5), (2, 'b', 2.5), (3, 'c', null);
        create table secrets (id integer);";
    database.execute_batch(filled).unwrap();
    let text = "version = 1\n[agents.query]\ndatabases = [{ name = \"orders\", url = { file = \"orders.db\" }, \
                tables = { orders = \"write\" } }]\n";
    let path = folder.path().join("policy.toml");
    let policy = Policy::parse(&path.display().to_string(), text).unwrap_or_else(|report| panic!("{report}"));
    let ran = host::run(&host::library(&root().join("tests/clients/agents")), "query", &policy, &[]);
    let rows = json!([{ "id": 2, "name": "b", "paid": 2.5 }, { "id": 3, "name": "c", "paid": null }]);
    let failed = ["Denied", "StatementError", "StatementError", "StatementError"];
    let [first, second, third, fourth] = failed;
    assert_eq!(got(&ran), json!([rows, ["id", "name", "paid"], "b", 1, first, second, third, fourth]));
}

/// Runs an agent that may ask a server, and gives what it gave.
fn run(agent: &str, grant: &str) -> Json {
    let address = serve();
    let port = address.port();
    let text = format!(
        "version = 1\n[agents.{agent}]\nhttp = [{}]\n",
        ["127.0.0.1", "localhost", NEVER]
            .map(|name| {
                let schemes = if grant.contains("schemes") { "" } else { "schemes = [\"http\"], " };
                format!(
                    "{{ host = \"{name}\", ports = [{port}], {schemes}{grant}, addresses = [\"127.0.0.1\", \"::1\"] }}"
                )
            })
            .join(", ")
    );
    let policy = Policy::parse("policy.toml", &text).unwrap_or_else(|report| panic!("{report}"));
    let ran = ran(agent, &policy, address);
    got(&ran)
}

fn ran(agent: &str, policy: &Policy, address: SocketAddr) -> Ran {
    let library = host::library(&root().join("tests/clients/agents"));
    host::run(&library, agent, policy, &[("base", Value::text(format!("http://{address}")))])
}

fn got(ran: &Ran) -> Json {
    assert!(ran.outcome.failure.is_none(), "{:?} {:?}", ran.outcome.failure, ran.outcome.denials);
    serde_json::json!(ran.outcome.outputs[0].1)
}

/// A server on loopback, for as long as the test runs.
fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream, address.port()));
        }
    });
    address
}

fn answer(mut stream: TcpStream, port: u16) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let (method, target) = line.trim_end().strip_suffix(" HTTP/1.1")?.split_once(' ')?;
    let mut headers = serde_json::Map::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_lowercase(), json!(value.trim()));
    }
    let length = headers.get("content-length").and_then(Json::as_str).map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let path = target.split('?').next().unwrap_or_default();
    let echo =
        json!({ "method": method, "target": target, "headers": headers, "body": String::from_utf8_lossy(&body) });
    let (status, more, body) = match path {
        "/echo" => ("200 OK", "Content-Type: application/json\r\n".to_owned(), echo.to_string().into_bytes()),
        "/redirect" => ("302 Found", "Location: /echo\r\n".to_owned(), Vec::new()),
        "/a/beside" => ("302 Found", "Location: ../echo\r\n".to_owned(), Vec::new()),
        "/next" => ("302 Found", "Location: echo?page=2\r\n".to_owned(), Vec::new()),
        "/query" if !target.contains('?') => ("302 Found", "Location: ?page=3\r\n".to_owned(), Vec::new()),
        "/query" => ("200 OK", "Content-Type: application/json\r\n".to_owned(), echo.to_string().into_bytes()),
        "/whose" => ("302 Found", format!("Location: //127.0.0.1:{port}/echo\r\n"), Vec::new()),
        "/again" => ("307 Temporary Redirect", "Location: /echo\r\n".to_owned(), Vec::new()),
        "/elsewhere" => ("302 Found", format!("Location: http://localhost:{port}/echo\r\n"), Vec::new()),
        "/loop" => ("302 Found", "Location: /loop\r\n".to_owned(), Vec::new()),
        "/cookie" => ("200 OK", "Set-Cookie: seen=1; Path=/\r\n".to_owned(), Vec::new()),
        "/gzip" => {
            let more = "Content-Type: text/plain; charset=utf-8\r\nContent-Encoding: gzip\r\n";
            ("200 OK", more.to_owned(), GZIPPED.to_vec())
        }
        "/away" => ("302 Found", "Location: http://169.254.169.254/latest\r\n".to_owned(), Vec::new()),
        "/reason" => ("200 Quite Well", String::new(), Vec::new()),
        "/wordless" => ("200 ", String::new(), Vec::new()),
        // In pieces, and altogether longer than the waits of the tests.
        "/pieces" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n").ok()?;
            for _ in 0..12 {
                thread::sleep(Duration::from_millis(500));
                stream.write_all(b"x").ok()?;
            }
            return None;
        }
        // Half an answer, or none; then nothing until the other side has given up.
        "/half" | "/silent" => {
            if path == "/half" {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").ok()?;
            }
            return stream.read(&mut [0]).map(drop).ok();
        }
        "/slow" => {
            thread::sleep(Duration::from_secs(5));
            return None;
        }
        "/broken" => return None,
        _ => ("404 Not Found", String::new(), b"not here".to_vec()),
    };
    let head = format!("HTTP/1.1 {status}\r\n{more}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).ok()?;
    if method != "HEAD" {
        stream.write_all(&body).ok()?;
    }
    stream.flush().ok()
}
