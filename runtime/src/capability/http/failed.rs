//! Why there is no answer, in both languages that guests speak.

use std::time::Duration;

use wasmtime_wasi_http::Error as WasiError;

use crate::{policy::Denial, sandbox::bindings::http::Error};

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Denied,
    Address,
    Url,
    Method,
    Header,
    Name,
    Refused,
    Tls,
    Broken,
    ConnectTimeout,
    Timeout,
    Limit,
    Host,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Failed {
    pub kind: Kind,
    /// A sentence for the guest.
    pub message: String,
}

impl Failed {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// What the policy said.
    pub fn denied(kind: Kind, denial: &Denial) -> Self {
        Self::new(kind, format!("{}: {}", denial.code, denial.request))
    }

    /// What should not have happened.
    pub fn host(error: impl std::fmt::Display) -> Self {
        Self::new(Kind::Host, error.to_string())
    }
}

impl From<Failed> for Error {
    fn from(Failed { kind, message }: Failed) -> Self {
        match kind {
            Kind::Denied | Kind::Address => Self::Denied(message),
            Kind::Url | Kind::Method | Kind::Header => Self::Invalid(message),
            Kind::Timeout => Self::Timeout(message),
            Kind::ConnectTimeout => Self::ConnectTimeout(message),
            Kind::Limit => Self::Limit(message),
            Kind::Tls => Self::Tls(message),
            Kind::Name | Kind::Refused | Kind::Broken | Kind::Host => Self::Connection(message),
        }
    }
}

impl From<Failed> for WasiError {
    fn from(Failed { kind, message }: Failed) -> Self {
        match kind {
            Kind::Denied => Self::HttpRequestDenied,
            Kind::Address => Self::DestinationIpProhibited,
            Kind::Url => Self::HttpRequestUriInvalid,
            Kind::Method => Self::HttpRequestMethodInvalid,
            Kind::Header => Self::HttpRequestHeaderSize { field_name: None, field_size: None },
            Kind::Name => Self::DnsError { rcode: Some(message), info_code: None },
            Kind::Refused => Self::ConnectionRefused,
            Kind::Tls => Self::TlsCertificateError,
            Kind::Broken => Self::HttpProtocolError,
            Kind::ConnectTimeout => Self::ConnectionTimeout,
            Kind::Timeout => Self::ConnectionReadTimeout,
            Kind::Limit => Self::ConnectionLimitReached,
            Kind::Host => Self::InternalError(Some(message)),
        }
    }
}

/// An error and what is behind it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        next = error.source();
    }
    text
}

/// What `running` gives within `wait`, if the guest chose one; or else `kind`.
pub(super) async fn within<T>(
    wait: Option<Duration>,
    kind: Kind,
    running: impl Future<Output = Result<T, Failed>>,
) -> Result<T, Failed> {
    let Some(wait) = wait else { return running.await };
    let what = if kind == Kind::ConnectTimeout { "connection" } else { "answer" };
    let out_of_time = |_| Failed::new(kind, format!("no {what} within {wait:?}"));
    tokio::time::timeout(wait, running).await.unwrap_or_else(|elapsed| Err(out_of_time(elapsed)))
}
