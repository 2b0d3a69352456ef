//! Agents of the library that ask servers, each against one on loopback. What they do without one is
//! in their cases.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value as Json, json};
use turingbox::{Library, Policy, Secret, Value, secret::Secrets};

use crate::support::host::{self, Ran};

const KEY: &str = "hunter2-hunter2";

/// What a server was asked: the method and the target, who asks, and the body.
struct Request {
    line: String,
    token: String,
    body: String,
}

type Asked = Arc<Mutex<Vec<Request>>>;

/// The answer to the request of a number, from 0: its status, more headers, and its body.
type Answer = fn(usize, &Request) -> (u16, &'static str, String);

#[test]
fn http_get_follows_and_decodes() {
    let (address, asked) = serve(|_, request| match request.line.as_str() {
        "GET /there" => (200, "Content-Type: text/plain\r\n", "naïve".into()),
        _ => (302, "Location: /there\r\n", String::new()),
    });
    let inputs = [url(address, "/here"), ("query", value(json!({ "a": ["x y", true] })))];
    let got = outputs(&run("http_get", address, &inputs));
    assert_eq!((&got["body"], &got["code"]), (&json!("naïve"), &json!(200)));
    assert_eq!(lines(&asked), ["GET /here?a=x+y&a=true", "GET /there"]);
}

#[test]
fn http_get_fails_where_the_answer_does() {
    let (address, _) = serve(|_, _| (404, "", "no\nsuch page".into()));
    let inputs = [url(address, "/here"), ("any_status", value(json!(true)))];
    let ran = run("http_get", address, &inputs[..1]);
    assert!(failure(&ran).contains("gave 404 Said: no such page"));
    assert_eq!(ran.outcome.status.code, json!(404));
    assert_eq!(outputs(&run("http_get", address, &inputs))["code"], json!(404));
}

#[test]
fn http_post_sends_forms() {
    let (address, asked) = serve(|_, _| (200, "", "done".into()));
    let form = ("content_type", Value::text("application/x-www-form-urlencoded"));
    let inputs = [url(address, "/"), ("body", value(json!({ "a": "x y", "b": [1, 2] }))), form];
    assert_eq!(outputs(&run("http_post", address, &inputs))["body"], json!("done"));
    assert_eq!(asked.lock().unwrap()[0].body, "a=x+y&b=1&b=2");
}

#[test]
fn http_api_asks_again_and_page_by_page() {
    let (address, asked) = serve(|number, request| match (number, request.line.as_str()) {
        (0, _) => (503, "Retry-After: 0\r\n", "busy".into()),
        (_, "GET /items?page=2") => (200, "", "[3]".into()),
        _ => (200, "Link: </items?page=2>; rel=\"next\"\r\n", "[1, 2]".into()),
    });
    let inputs = [url(address, "/items"), ("pages", value(json!(5))), ("token", Value::Secret(Secret::new("token")))];
    let got = outputs(&run("http_api", address, &inputs));
    assert_eq!((&got["items"], &got["more"]), (&json!([1, 2, 3]), &json!(false)));
    assert_eq!(lines(&asked), ["GET /items", "GET /items", "GET /items?page=2"]);
    let bearer = format!("Bearer {KEY}");
    assert!(asked.lock().unwrap().iter().all(|request| request.token == bearer));
}

/// A change that was asked for twice may have been made twice, and the token is for one server.
#[test]
fn http_api_knows_when_not_to_ask() {
    let (address, asked) = serve(|_, request| match request.line.starts_with("POST") {
        true => (500, "", "broken".into()),
        false => (302, "Location: http://localhost:1/\r\n", String::new()),
    });
    let inputs = [url(address, "/"), ("method", Value::text("POST")), ("wait", value(json!(0)))];
    let ran = run("http_api", address, &inputs);
    assert!(failure(&ran).contains("gave 500 Said: broken"));
    assert_eq!(ran.outcome.status.code, json!(500));
    let ran = run("http_api", address, &inputs[..1]);
    assert!(failure(&ran).contains("leads on to http://localhost:1/; if that is right, ask there"));
    assert!(ran.outcome.denials.iter().next().is_none(), "{:?}", ran.outcome.denials);
    assert_eq!(lines(&asked), ["POST /", "GET /"]);
}

#[test]
fn llm_chat_speaks_to_ollama() {
    let (address, asked) = serve(|_, _| {
        let message = json!({ "role": "assistant", "content": "naïve" });
        (200, "", json!({ "message": message, "done_reason": "stop", "eval_count": 2 }).to_string())
    });
    let inputs = [url(address, ""), text("model", "m"), text("prompt", "Hello"), text("api", "ollama")];
    let got = outputs(&run("llm_chat", address, &inputs));
    assert_eq!((&got["text"], &got["finish_reason"]), (&json!("naïve"), &json!("stop")));
    assert_eq!(lines(&asked), ["POST /api/chat"]);
}

#[test]
fn llm_json_asks_again_with_what_is_wrong() {
    let (address, asked) = serve(|number, _| {
        let content = ["Sure:\n```json\n{'name': 'Ada',}\n```", "{\"name\": \"Ada\", \"age\": 36}"][number];
        let choice = json!({ "message": { "role": "assistant", "content": content }, "finish_reason": "stop" });
        (200, "", json!({ "choices": [choice] }).to_string())
    });
    let schema = value(json!({ "required": ["name", "age"], "properties": { "age": { "type": "integer" } } }));
    let key = ("api_key", Value::Secret(Secret::new("api_key")));
    let inputs = [url(address, "/v1"), text("model", "m"), text("prompt", "Who?"), ("schema", schema), key];
    let got = outputs(&run("llm_json", address, &inputs));
    assert_eq!((&got["json"], &got["attempts"]), (&json!({ "name": "Ada", "age": 36 }), &json!(2)));
    assert_eq!(lines(&asked), ["POST /v1/chat/completions", "POST /v1/chat/completions"]);
    assert!(asked.lock().unwrap()[1].body.contains("That is not right: the value: 'age' is missing."));
}

fn url(address: SocketAddr, path: &str) -> (&'static str, Value) {
    ("url", Value::text(format!("http://{address}{path}")))
}

fn text(name: &'static str, text: &'static str) -> (&'static str, Value) {
    (name, Value::text(text))
}

fn value(json: Json) -> Value {
    Value::Json(json.into())
}

/// Runs an agent of the library; all may ask the server, and have the key.
fn run(agent: &str, address: SocketAddr, inputs: &[(&str, Value)]) -> Ran {
    let text = format!(
        "version = 1\n[agents.\"*\"]\nenv = [\"token\", \"api_key\"]\nhttp = [{{ host = \"127.0.0.1\", \
         schemes = [\"http\"], ports = [{}], methods = [\"GET\", \"POST\"] }}]\n",
        address.port()
    );
    let policy = Policy::parse("policy.toml", &text).unwrap_or_else(|report| panic!("{report}"));
    host::run_with(&Library::builtin(), agent, inputs, |setup| {
        setup.policy = Arc::new(policy);
        setup.secrets = Secrets::default().with("token", KEY).with("api_key", KEY);
    })
}

fn outputs(ran: &Ran) -> Json {
    assert!(ran.outcome.failure.is_none(), "{:?} {:?}", ran.outcome.failure, ran.outcome.denials);
    ran.outcome.outputs.iter().map(|(name, value)| (name.clone(), serde_json::json!(value))).collect()
}

fn failure(ran: &Ran) -> String {
    format!("{:?}", ran.outcome.failure)
}

fn lines(asked: &Asked) -> Vec<String> {
    asked.lock().unwrap().iter().map(|request| request.line.clone()).collect()
}

/// A server on loopback, for as long as the tests run. It answers one request after the other.
fn serve(answer: Answer) -> (SocketAddr, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Asked::default();
    let record = asked.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            exchange(stream, answer, &record);
        }
    });
    (address, asked)
}

fn exchange(mut stream: TcpStream, answer: Answer, asked: &Asked) -> Option<()> {
    let request = read(&mut BufReader::new(stream.try_clone().ok()?))?;
    let (status, headers, body) = answer(asked.lock().unwrap().len(), &request);
    asked.lock().unwrap().push(request);
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Said\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    stream.flush().ok()
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let line = line.trim_end().strip_suffix(" HTTP/1.1")?.to_owned();
    let (mut length, mut token) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "authorization" => token = value.trim().to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { line, token, body: String::from_utf8_lossy(&body).into_owned() })
}
