//! What `http` and `tcp` share of the host's network: how names are looked up, and TLS.

use std::{
    future::Future,
    io,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, OnceLock},
};

use rustls::{ClientConfig, RootCertStore};
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;

use crate::policy::Host;

/// The addresses of a name, later.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Finds the addresses of names.
pub trait Resolve: Send + Sync {
    /// All addresses of `name`.
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a>;
}

/// Asks the system, as every other program on the machine does.
struct System;

impl Resolve for System {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// Has every name stand for an address that nobody has (RFC 5737).
struct Nobody;

impl Resolve for Nobody {
    fn resolve<'a>(&'a self, _: &'a str) -> Resolving<'a> {
        Box::pin(std::future::ready(Ok(vec![IpAddr::from([192, 0, 2, 1])])))
    }
}

/// The most names that a process looks up at a time: each keeps a thread waiting.
const MAX_LOOKUPS: usize = 16;

/// The most addresses of one name that are looked at; a name server chooses how many it sends.
const MAX_ADDRESSES: usize = 32;

/// The network as this process sees it.
pub struct Network {
    resolver: Box<dyn Resolve>,
    lookups: Semaphore,
    tls: OnceLock<Result<Arc<ClientConfig>, String>>,
    closed: bool,
}

impl Default for Network {
    fn default() -> Self {
        Self::new(System)
    }
}

impl Network {
    /// A network whose names are looked up by `resolver`.
    pub fn new(resolver: impl Resolve + 'static) -> Self {
        Self { resolver: Box::new(resolver), lookups: Semaphore::new(MAX_LOOKUPS), tls: OnceLock::new(), closed: false }
    }

    /// A network that nothing enters or leaves: no name is looked up, and no connection made.
    pub fn closed() -> Self {
        Self { closed: true, ..Self::new(Nobody) }
    }

    /// Whether connections can be made.
    pub(crate) fn is_open(&self) -> bool {
        !self.closed
    }

    /// The addresses of `host`, each once.
    ///
    /// # Errors
    ///
    /// When the name can't be looked up, or has none.
    pub(super) async fn addresses(&self, host: &Host) -> io::Result<Vec<IpAddr>> {
        let name = match host {
            Host::Address(address) => return Ok(vec![*address]),
            Host::Name(name) => name,
        };
        let _one_of_few = self.lookups.acquire().await.map_err(io::Error::other)?;
        let mut addresses: Vec<IpAddr> = Vec::new();
        for address in self.resolver.resolve(name).await? {
            if !addresses.contains(&address) && addresses.len() < MAX_ADDRESSES {
                addresses.push(address);
            }
        }
        if addresses.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(addresses) }
    }

    /// Reads whose certificates are trusted. What is wrong with them is for the connection to say.
    pub(crate) fn prepare(&self) {
        drop(self.tls());
    }

    /// TLS as a client, trusting whom this machine trusts; the variables `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR` name others.
    ///
    /// # Errors
    ///
    /// When no certificate to trust can be read.
    pub(super) fn tls(&self) -> Result<TlsConnector, String> {
        self.tls.get_or_init(|| client().map(Arc::new)).clone().map(TlsConnector::from)
    }
}

fn client() -> Result<ClientConfig, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
        return Err(format!("this machine has no certificates of authorities to trust{why}"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder.map_err(|error| error.to_string())?.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
