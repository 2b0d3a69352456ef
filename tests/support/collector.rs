//! A collector of OpenTelemetry on loopback: it takes what OTLP over HTTP sends, and reads it as the protocol's own
//! definitions say.

use std::{
    collections::BTreeMap,
    io::BufReader,
    net::TcpStream,
    sync::{Arc, Mutex},
    thread,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    common::v1::{AnyValue, KeyValue, any_value},
    trace::v1::{Span, status::StatusCode},
};
use prost::Message;

use super::server;

/// What a collector does with what it is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It takes it.
    Taken,
    /// It can't take it now.
    Unavailable,
    /// It reads, and never answers.
    Nothing,
}

/// A collector, and all that it was sent.
pub struct Collector {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// What it was sent at once.
#[derive(Clone)]
pub struct Request {
    /// The line with the path, and the headers.
    pub head: String,
    /// The spans, still in the protocol's form.
    pub body: Vec<u8>,
}

/// A span, as a person would look at it.
#[derive(Clone, Debug)]
pub struct Told {
    pub trace: String,
    pub id: String,
    /// The span that it is below; empty for one that is below none.
    pub parent: String,
    pub name: String,
    pub attributes: BTreeMap<String, String>,
    /// The names of its events, each with its attributes.
    pub events: Vec<(String, BTreeMap<String, String>)>,
    /// The status's message, where the status is an error.
    pub error: Option<String>,
    pub nanoseconds: u64,
}

impl Collector {
    /// Begins to listen.
    pub fn new(answer: Answer) -> Self {
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let kept = requests.clone();
        let port = server::listen(move |stream| drop(serve(stream, answer, &kept)));
        Self { port, requests }
    }

    /// Its address, as `OTEL_EXPORTER_OTLP_ENDPOINT` takes it.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it was sent so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The spans of all requests, each checked to be what the protocol allows.
    pub fn spans(&self) -> Vec<Told> {
        let requests = self.requests().into_iter();
        let read = requests.map(|request| ExportTraceServiceRequest::decode(&*request.body).unwrap());
        let resources = read.flat_map(|request| request.resource_spans);
        resources.flat_map(|one| one.scope_spans).flat_map(|scope| scope.spans).map(told).collect()
    }

    /// What the resource of the first request says.
    pub fn resource(&self) -> BTreeMap<String, String> {
        let request = ExportTraceServiceRequest::decode(&*self.requests()[0].body).unwrap();
        attributes(request.resource_spans[0].resource.clone().unwrap().attributes)
    }
}

fn serve(stream: TcpStream, answer: Answer, kept: &Mutex<Vec<Request>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (head, body) = server::request(&mut stream)?;
    kept.lock().unwrap().push(Request { head, body });
    let status = match answer {
        Answer::Taken => "200 OK",
        Answer::Unavailable => "503 Service Unavailable",
        Answer::Nothing => loop {
            thread::park();
        },
    };
    let said = ExportTraceServiceResponse::default().encode_to_vec();
    server::reply(stream.get_mut(), status, "content-type: application/x-protobuf\r\n", &said)
}

fn told(span: Span) -> Told {
    assert_eq!((span.trace_id.len(), span.span_id.len()), (16, 8));
    assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
    let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let status = span.status.unwrap_or_default();
    let events = span.events.into_iter().map(|event| (event.name, attributes(event.attributes)));
    Told {
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        name: span.name,
        attributes: attributes(span.attributes),
        events: events.collect(),
        error: (status.code == StatusCode::Error as i32).then_some(status.message),
        nanoseconds: span.end_time_unix_nano - span.start_time_unix_nano,
    }
}

fn attributes(pairs: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |value: AnyValue| match value.value.unwrap() {
        any_value::Value::StringValue(text) => text,
        any_value::Value::IntValue(number) => number.to_string(),
        any_value::Value::BoolValue(is) => is.to_string(),
        other => panic!("{other:?}"),
    };
    pairs.into_iter().map(|pair| (pair.key, text(pair.value.unwrap()))).collect()
}
