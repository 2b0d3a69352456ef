//! What `http` and `tcp` share of the host's network: how names are looked up, and TLS.

use std::{
    collections::HashMap,
    future::Future,
    io,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use rustls::{ClientConfig, RootCertStore};
use tokio::sync::Semaphore;

use crate::policy::Host;

/// How hyper reads what tokio has opened.
pub(crate) use wasmtime_wasi_http::io::TokioIo;

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

/// The most names that a process looks up at a time: each keeps a thread waiting, also when nobody
/// waits for the answer any more, for as long as a name server takes.
const MAX_LOOKUPS: usize = 16;

/// The most of them that are one agent's, so that its slow names don't hold up everyone else's.
const MAX_LOOKUPS_OF_ONE: usize = 4;

/// The most addresses of one name that are looked at; a name server chooses how many it sends.
const MAX_ADDRESSES: usize = 32;

/// The network as this process sees it.
pub struct Network {
    resolver: Arc<dyn Resolve>,
    lookups: Arc<Semaphore>,
    /// How many more names each agent may look up now.
    lookups_of: Mutex<HashMap<String, Arc<Semaphore>>>,
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
        Self {
            resolver: Arc::new(resolver),
            lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)),
            lookups_of: Mutex::default(),
            tls: OnceLock::new(),
            closed: false,
        }
    }

    /// A network that nothing enters or leaves: no name is looked up, and no connection made.
    pub fn closed() -> Self {
        Self { closed: true, ..Self::new(Nobody) }
    }

    /// Whether connections can be made.
    pub(crate) fn is_open(&self) -> bool {
        !self.closed
    }

    /// The addresses of `host`, each once, for the agent called `agent`.
    ///
    /// # Errors
    ///
    /// When the name can't be looked up, or has none.
    pub(super) async fn addresses(&self, agent: &str, host: &Host) -> io::Result<Vec<IpAddr>> {
        let name = match host {
            Host::Address(address) => return Ok(vec![*address]),
            Host::Name(name) => name.clone(),
        };
        let one_of_its_own = self.lookups_of(agent).acquire_owned().await.map_err(io::Error::other)?;
        let one_of_few = self.lookups.clone().acquire_owned().await.map_err(io::Error::other)?;
        let resolver = self.resolver.clone();
        // Whoever waits may give up, and the system can't: so the look-up holds the permits itself.
        let looking_up = tokio::spawn(async move {
            let found = resolver.resolve(&name).await;
            drop((one_of_its_own, one_of_few));
            found
        });
        let mut addresses: Vec<IpAddr> = Vec::new();
        for address in looking_up.await.map_err(io::Error::other)?? {
            if !addresses.contains(&address) && addresses.len() < MAX_ADDRESSES {
                addresses.push(address);
            }
        }
        if addresses.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(addresses) }
    }

    fn lookups_of(&self, agent: &str) -> Arc<Semaphore> {
        let mut all = self.lookups_of.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(agent.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(MAX_LOOKUPS_OF_ONE))).clone()
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
    pub(super) fn tls(&self) -> Result<Arc<ClientConfig>, String> {
        self.tls.get_or_init(|| client().map(Arc::new)).clone()
    }
}

/// A client for TLS that trusts whom this machine trusts, unless `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
pub(crate) fn client() -> Result<ClientConfig, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
        return Err(format!("this machine has no certificates of authorities to trust{why}"));
    }
    let mut config = trusting(roots)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// A client for TLS that trusts `roots` alone.
pub(super) fn trusting(roots: RootCertStore) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(builder.map_err(|error| error.to_string())?.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Condvar, atomic::AtomicUsize, atomic::Ordering},
        time::Duration,
    };

    use super::*;

    /// Answers when it is told to, and knows how many look-ups run and ran at most.
    #[derive(Default)]
    struct Slow {
        running: AtomicUsize,
        most: AtomicUsize,
        open: Mutex<bool>,
        opened: Condvar,
    }

    impl Resolve for Arc<Slow> {
        fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
            if name != "slow.test" {
                return Box::pin(std::future::ready(Ok(vec![IpAddr::from([127, 0, 0, 1])])));
            }
            let slow = self.clone();
            let work = move || {
                slow.most.fetch_max(slow.running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let open = slow.open.lock().unwrap();
                drop(slow.opened.wait_while(open, |open| !*open).unwrap());
                slow.running.fetch_sub(1, Ordering::SeqCst);
                Ok(vec![IpAddr::from([127, 0, 0, 1])])
            };
            Box::pin(async { tokio::task::spawn_blocking(work).await.unwrap() })
        }
    }

    #[test]
    fn a_look_up_that_nobody_waits_for_still_counts() {
        let slow = Arc::new(Slow::default());
        let network = Network::new(slow.clone());
        let (slowly, quickly) = (Host::Name("slow.test".into()), Host::Name("quick.test".into()));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
        runtime.block_on(async {
            for _ in 0..100 {
                let given_up = tokio::time::timeout(Duration::from_millis(2), network.addresses("a", &slowly)).await;
                assert!(given_up.is_err());
            }
            assert!(slow.most.load(Ordering::SeqCst) <= MAX_LOOKUPS_OF_ONE);
            assert!(network.addresses("b", &quickly).await.is_ok(), "another agent is not held up");
            for agent in ["b", "c", "d", "e", "f"] {
                for _ in 0..20 {
                    let lookup = network.addresses(agent, &slowly);
                    assert!(tokio::time::timeout(Duration::from_millis(2), lookup).await.is_err());
                }
            }
            assert!(slow.most.load(Ordering::SeqCst) <= MAX_LOOKUPS);
            *slow.open.lock().unwrap() = true;
            slow.opened.notify_all();
            assert!(network.addresses("a", &slowly).await.is_ok(), "and what has ended counts no more");
        });
        assert!(slow.most.load(Ordering::SeqCst) <= MAX_LOOKUPS);
    }
}
