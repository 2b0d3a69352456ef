//! From a host's name to a connection: each address is decided by the policy before any byte is
//! sent to it.

use std::{borrow::Cow, io, net::IpAddr, time::Duration};

use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
};
use tokio_rustls::TlsConnector;
use wasmtime_wasi::runtime::AbortOnDropJoinHandle;

use super::{
    Http,
    failed::{Failed, Kind, chain},
};
use crate::{
    capability::metered::Metered,
    policy::{Decision, Host, Request, Scheme, Url},
};

/// How long one address is waited for before the next is tried.
const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// Bytes that go both ways, with TLS or without.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// An open connection; dropped, it is closed.
pub(super) struct Connection {
    _driver: AbortOnDropJoinHandle<()>,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    /// Has `driver` move the connection's bytes.
    pub fn new(driver: impl Future<Output = hyper::Result<()>> + Send + 'static, permit: OwnedSemaphorePermit) -> Self {
        // How it ended is told to whoever waits for the answer.
        let driver = wasmtime_wasi::runtime::spawn(async { drop(driver.await) });
        Self { _driver: driver, _permit: permit }
    }
}

impl Http {
    /// Connects to the host of `url`.
    pub(super) async fn connect(&self, method: &str, url: &Url) -> Result<Box<dyn Stream>, Failed> {
        let tls = match url.scheme() {
            Scheme::Https => Some(self.0.network.tls().map_err(|why| Failed::new(Kind::Tls, why))?),
            Scheme::Http => None,
        };
        let stream = self.connect_plain(method, url).await?;
        let metered = Metered::new(stream, self.0.meter.clone());
        let Some(tls) = tls else { return Ok(Box::new(metered)) };
        let name = match url.host() {
            Host::Name(name) => {
                ServerName::try_from(name.clone()).map_err(|error| Failed::new(Kind::Tls, error.to_string()))?
            }
            Host::Address(address) => ServerName::from(*address),
        };
        let wrong = |error: io::Error| Failed::new(Kind::Tls, format!("TLS with {}: {}", url.host(), chain(&error)));
        Ok(Box::new(TlsConnector::from(tls).connect(name, metered).await.map_err(wrong)?))
    }

    async fn connect_plain(&self, method: &str, url: &Url) -> Result<TcpStream, Failed> {
        let mut last = None;
        let addresses = self.addresses(method, url).await?;
        if !self.0.network.is_open() {
            return Err(Failed::new(Kind::Refused, "there is no network here"));
        }
        for address in addresses {
            match tokio::time::timeout(CONNECT_WAIT, TcpStream::connect((address, url.port()))).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = Some(Failed::new(Kind::Refused, format!("{}: {error}", url.host()))),
                Err(_) => last = Some(Failed::new(Kind::ConnectTimeout, format!("{} doesn't answer", url.host()))),
            }
        }
        Err(last.unwrap_or_else(|| Failed::new(Kind::Name, format!("{} has no address", url.host()))))
    }

    /// The addresses that the policy allows of those that the host's name stands for. Where it
    /// allows none, the first is denied.
    pub(super) async fn addresses(&self, method: &str, url: &Url) -> Result<Vec<IpAddr>, Failed> {
        let unknown = |error: io::Error| Failed::new(Kind::Name, format!("{} can't be looked up: {error}", url.host()));
        let found = self.0.network.addresses(&self.0.agent, url.host()).await.map_err(unknown)?;
        let (mut allowed, mut first) = (Vec::new(), None);
        for address in found {
            let request = Request::Http { method: method.into(), url: Cow::Borrowed(url), address: Some(address) };
            match self.0.gate.authority().decide(&request) {
                Decision::Allowed(_) => allowed.push(address),
                Decision::Denied(denial) => drop(first.get_or_insert(denial)),
            }
        }
        match first {
            Some(denial) if allowed.is_empty() => Err(self.refuse(Kind::Address, denial)),
            _ => Ok(allowed),
        }
    }
}
