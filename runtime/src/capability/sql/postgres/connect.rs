//! Connections to PostgreSQL. No error says where to, or as whom.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
    task::AbortHandle,
};
use tokio_postgres::{
    Client, Config, NoTls,
    config::{Host, SslMode},
    error::SqlState,
    tls::MakeTlsConnect,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::capability::sql::{Error, MAX_BYTES};

/// The most bytes that a server may send for one statement: its rows, and what is around them.
const MAX_RECEIVED: u64 = 4 * MAX_BYTES as u64;

/// PostgreSQL's own port.
const PORT: u16 = 5432;

/// An open connection.
pub(in crate::capability::sql) struct Session {
    pub client: Client,
    left: Arc<AtomicU64>,
    task: AbortHandle,
}

impl Session {
    /// Lets the server send as much as it may for one statement.
    pub fn refill(&self) {
        self.left.store(MAX_RECEIVED, Ordering::Relaxed);
    }

    /// Whether the server has sent more than it may.
    pub fn is_spent(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    /// Whether it can be used.
    pub fn is_open(&self) -> bool {
        !self.client.is_closed()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Connects to the first of the hosts that answers.
pub(super) async fn connect(config: &Config) -> Result<Session, Error> {
    let mut failed = Error::Database("the database can't be reached: it has no address".into());
    for (index, host) in config.get_hosts().iter().enumerate() {
        match to_host(config, index, host).await {
            Ok(session) => return Ok(session),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

async fn to_host(config: &Config, index: usize, host: &Host) -> Result<Session, Error> {
    let ports = config.get_ports();
    let port = ports.get(index).or(ports.first()).copied().unwrap_or(PORT);
    let unreachable = |error: io::Error| Error::Database(format!("the database can't be reached: {}", error.kind()));
    let (wire, name): (Box<dyn Wire>, _) = match (host, config.get_hostaddrs().get(index)) {
        (Host::Tcp(name), address) => {
            let stream = match address {
                Some(address) => TcpStream::connect((*address, port)).await,
                None => TcpStream::connect((name.as_str(), port)).await,
            };
            (Box::new(stream.map_err(unreachable)?), Some(name))
        }
        (Host::Unix(folder), _) => {
            let stream = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await;
            (Box::new(stream.map_err(unreachable)?), None)
        }
    };
    let left = Arc::new(AtomicU64::new(MAX_RECEIVED));
    let stream = Metered { wire, left: left.clone() };
    match name.filter(|_| config.get_ssl_mode() != SslMode::Disable) {
        None => {
            let (client, connection) = config.connect_raw(stream, NoTls).await.map_err(refused)?;
            let task = tokio::spawn(async move { drop(connection.await) }).abort_handle();
            Ok(Session { client, left, task })
        }
        Some(name) => {
            let no_tls = |_| Error::Database("the database can't be reached: TLS can't be set up".into());
            let tls = MakeTlsConnect::<Metered>::make_tls_connect(&mut tls()?, name).map_err(no_tls)?;
            let (client, connection) = config.connect_raw(stream, tls).await.map_err(refused)?;
            let task = tokio::spawn(async move { drop(connection.await) }).abort_handle();
            Ok(Session { client, left, task })
        }
    }
}

/// TLS that trusts whom the host trusts.
fn tls() -> Result<MakeRustlsConnect, Error> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| Error::Database("the database can't be reached: TLS can't be set up".into()))?;
    Ok(MakeRustlsConnect::new(config.with_root_certificates(roots).with_no_client_auth()))
}

/// What the server or TLS says to a connection; the words have names in them.
fn refused(error: tokio_postgres::Error) -> Error {
    let why = match error.code() {
        Some(code) if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            "it refuses the log-in".into()
        }
        Some(code) if *code == SqlState::INVALID_CATALOG_NAME => "there is no database of that name".into(),
        Some(code) => format!("SQLSTATE {}", code.code()),
        None => "no agreement on TLS or on the log-in".into(),
    };
    Error::Database(format!("the database can't be used: {why}"))
}

trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A stream that gives no more than it may: the driver takes a row in as a whole.
struct Metered {
    wire: Box<dyn Wire>,
    left: Arc<AtomicU64>,
}

impl AsyncRead for Metered {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.wire).poll_read(cx, buf))?;
        let read = (buf.filled().len() - before) as u64;
        let take = |left: u64| Some(left.saturating_sub(read));
        let left = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).unwrap_or_default();
        if left > read || read == 0 {
            Poll::Ready(Ok(()))
        } else {
            Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into()))
        }
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}
