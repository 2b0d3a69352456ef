//! Connections to PostgreSQL. No error says where to, or as whom.

use std::{collections::BTreeSet, fmt::Display, io};

use rustls::{ClientConfig, RootCertStore};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    task::AbortHandle,
};
use tokio_postgres::{
    Client, Config, NoTls,
    config::{Host, SslMode},
    error::SqlState,
    tls::{MakeTlsConnect, TlsConnect},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::capability::{
    meter::Meter,
    metered::Metered,
    network::{Network, trusting},
    sql::{Error, MAX_BYTES},
};

/// The most bytes that go over a connection for one statement: its parameters, its rows, and what is around them. The
/// driver takes a row in as a whole.
const MAX_TRAFFIC: u64 = 4 * MAX_BYTES as u64;

/// PostgreSQL's own port.
const PORT: u16 = 5432;

/// An open connection.
pub(in crate::capability::sql) struct Session {
    pub client: Client,
    /// Names that are neither functions nor types of the server's, as far as it was asked.
    pub plain: BTreeSet<String>,
    meter: Meter,
    task: AbortHandle,
}

impl Session {
    /// Lets as much go over the connection as may for one statement.
    pub fn refill(&self) {
        self.meter.refill(MAX_TRAFFIC);
    }

    /// Whether that was not enough.
    pub fn is_spent(&self) -> bool {
        self.meter.left() == 0
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
pub(super) async fn connect(config: &Config, network: &Network) -> Result<Session, Error> {
    let mut failed = Error::Database("the database can't be reached: it has no address".into());
    for (index, host) in config.get_hosts().iter().enumerate() {
        match to_host(config, network, (index, host)).await {
            Ok(session) => return Ok(session),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

async fn to_host(config: &Config, network: &Network, (index, host): (usize, &Host)) -> Result<Session, Error> {
    let ports = config.get_ports();
    let port = ports.get(index).or(ports.first()).copied().unwrap_or(PORT);
    let unreachable = |error: io::Error| Error::Database(format!("the database can't be reached: {}", error.kind()));
    let name = match host {
        Host::Tcp(name) => name,
        Host::Unix(folder) => {
            let stream = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await;
            return session(config, stream.map_err(unreachable)?, NoTls).await;
        }
    };
    let stream = match config.get_hostaddrs().get(index) {
        Some(address) => TcpStream::connect((*address, port)).await,
        None => TcpStream::connect((name.as_str(), port)).await,
    };
    let stream = stream.map_err(unreachable)?;
    if config.get_ssl_mode() == SslMode::Disable {
        return session(config, stream, NoTls).await;
    }
    let no_tls = |why: &dyn Display| Error::Database(format!("TLS can't be set up: {why}"));
    let mut tls = MakeRustlsConnect::new(tls(network, config.get_ssl_mode()).map_err(|why| no_tls(&why))?);
    let tls = MakeTlsConnect::<Metered<TcpStream>>::make_tls_connect(&mut tls, name).map_err(|why| no_tls(&why))?;
    session(config, stream, tls).await
}

/// Logs in over `stream`.
async fn session<S, T>(config: &Config, stream: S, tls: T) -> Result<Session, Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: TlsConnect<Metered<S>, Stream: Send + 'static>,
{
    let meter = Meter::new(MAX_TRAFFIC);
    let (client, connection) = config.connect_raw(Metered::new(stream, meter.clone()), tls).await.map_err(refused)?;
    let task = tokio::spawn(async move { drop(connection.await) }).abort_handle();
    Ok(Session { client, plain: BTreeSet::new(), meter, task })
}

/// TLS that trusts whom the host trusts; the protocol above it is none of the web's.
fn tls(network: &Network, mode: SslMode) -> Result<ClientConfig, String> {
    let mut config = match network.tls() {
        Ok(config) => (*config).clone(),
        // A server that has no TLS needs nobody's trust.
        Err(_) if mode == SslMode::Prefer => trusting(RootCertStore::empty())?,
        Err(why) => return Err(why),
    };
    config.alpn_protocols.clear();
    Ok(config)
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
