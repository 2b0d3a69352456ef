//! From an address to a connection.

use std::{io, sync::OnceLock, time::Duration};

use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{Client, chain, is_here, unfetched};
use crate::{
    capability::network,
    diagnostic::Diagnostic,
    policy::{Host, Scheme, Url},
};

/// How long one address is waited for before the next is tried.
const MAX_CONNECT: Duration = Duration::from_secs(10);

/// The most addresses of one name that are tried; a name server chooses how many it sends.
const MAX_ADDRESSES: usize = 8;

/// Whom to trust, read when it is needed first.
#[derive(Default)]
pub struct Tls(OnceLock<Result<TlsConnector, String>>);

/// Bytes that go both ways, with TLS or without.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Client {
    /// Connects to the host of `url`: with TLS, or to this machine.
    pub(super) async fn connect(&self, url: &Url) -> Result<Box<dyn Stream>, Diagnostic> {
        let stream = match url.scheme() {
            Scheme::Http if !self.clear && !is_here(url.host()) => {
                let why = format!("{url} is not encrypted: `http` is for this machine");
                return Err(Diagnostic::error("not-encrypted", why).help("write `https`"));
            }
            Scheme::Http => return Ok(Box::new(self.connect_plain(url).await?)),
            Scheme::Https => self.connect_plain(url).await?,
        };
        let wrong = |why: &str| unfetched(url, &format!("TLS: {why}"));
        let connector = self.tls.0.get_or_init(|| network::client().map(|config| std::sync::Arc::new(config).into()));
        let name = match url.host() {
            Host::Name(name) => ServerName::try_from(name.clone()).map_err(|error| wrong(&error.to_string()))?,
            Host::Address(address) => ServerName::from(*address),
        };
        let connector = connector.as_ref().map_err(|why| wrong(why))?;
        let connected = tokio::time::timeout(MAX_CONNECT, connector.connect(name, stream)).await;
        let connected = connected.map_err(|_| wrong("it doesn't answer"))?;
        Ok(Box::new(connected.map_err(|error| wrong(&chain(&error)))?))
    }

    async fn connect_plain(&self, url: &Url) -> Result<TcpStream, Diagnostic> {
        let addresses = match url.host() {
            Host::Address(address) => vec![*address],
            Host::Name(name) => {
                let found =
                    tokio::time::timeout(MAX_CONNECT, tokio::net::lookup_host((name.as_str(), url.port()))).await;
                let found = found.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
                let found = found.map_err(|error| unfetched(url, &format!("its name can't be looked up: {error}")))?;
                // What is in the clear stays on this machine, whatever its name is said to be.
                let here =
                    |address: &std::net::IpAddr| self.clear || url.scheme() == Scheme::Https || address.is_loopback();
                found.map(|address| address.ip()).filter(here).take(MAX_ADDRESSES).collect()
            }
        };
        let mut last = unfetched(url, "its name has no address");
        for address in addresses {
            match tokio::time::timeout(MAX_CONNECT, TcpStream::connect((address, url.port()))).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = unfetched(url, &error.to_string()),
                Err(_) => last = unfetched(url, "it doesn't answer"),
            }
        }
        Err(last)
    }
}
