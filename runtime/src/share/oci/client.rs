//! Asking a registry, by the crate `oci-client`, in a process of its own.
//!
//! The crate reads manifests, tokens and what registries say of mistakes as they come, of any length, and gives up
//! by a panic on some of what a registry can send. So it has a process that takes little memory, which ends with
//! whatever goes wrong in it, and our side believes nothing that comes from there before it has looked at it.

use std::{
    error::Error,
    fmt,
    fs::File,
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    os::fd::AsFd,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::HeaderValue;
use oci_client::{
    Client, Reference, RegistryOperation,
    client::{ClientConfig, ClientProtocol},
    errors::{DigestError, OciDistributionError, OciEnvelope, OciErrorCode},
    secrets::RegistryAuth,
};
use rustix::process::{Signal, set_parent_process_death_signal};
use tokio::{io::AsyncWrite, net::TcpSocket};

use super::{
    manifest::MANIFEST,
    message::{Answer, Ask, Opening, Trouble},
};
use crate::{
    share::{MAX_PACK, fetch},
    wall::{Ports, Reach, confine, frame, limit_work},
};

/// The memory that it may take, in bytes: a pack, which may be held in two forms, and what the crate needs beside it.
pub const MAX_MEMORY: u64 = 4 * MAX_PACK as u64;

/// The time of processors that it may take, in seconds: a pack is encrypted and hashed within one.
pub const MAX_PROCESSOR: u64 = 60;

/// How long one address is waited for before the next is tried.
const MAX_CONNECT: Duration = Duration::from_secs(10);

/// How long nothing may come, before an answer's head or in its body.
const MAX_SILENCE: Duration = Duration::from_secs(30);

/// The longest sentence about what went wrong, in bytes; a registry's own words may be in it.
const MAX_SENTENCE: usize = 1 << 10;

/// Hosts that are this machine, as reqwest has them: what goes to these needn't be encrypted.
const HERE: &str = "localhost,127.0.0.0/8,::1";

/// Asks what the parent at the other end of standard input wants to know.
///
/// Gives the exit code.
pub fn main() -> u8 {
    // Whatever happens to the parent, its clients don't outlive it; the end of the line says the same.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let Ok(stream) = io::stdin().as_fd().try_clone_to_owned().map(File::from) else { return 2 };
    match frame::read::<Opening>(&stream) {
        Ok(Some(opening)) => serve(&stream, opening).map_or(5, |()| 0),
        // Nobody is meant to start one by hand.
        _ => 2,
    }
}

fn serve(stream: &File, opening: Opening) -> io::Result<()> {
    limit_work(MAX_MEMORY, MAX_PROCESSOR).map_err(io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut session = Session::new(opening);
        // What the kernel has of it. The bounds above are what is promised, and every kernel has those.
        drop(confine(&Reach { network: Some(Ports::Any), ..Reach::default() }));
        while let Some(ask) = frame::read::<Ask>(stream)? {
            let answered = match &mut session {
                Ok(session) => session.answer(stream, ask).await?,
                Err(why) => Err(Trouble::Other(std::mem::take(why))),
            };
            answer(stream, answered)?;
        }
        Ok(())
    })
}

fn answer(mut stream: &File, answered: Result<Vec<u8>, Trouble>) -> io::Result<()> {
    match answered {
        Ok(bytes) => {
            frame::write(stream, &Answer::Done { length: bytes.len() as u64 })?;
            stream.write_all(&bytes)
        }
        Err(trouble) => frame::write(stream, &Answer::Failed(trouble)),
    }
}

/// What is asked of one registry, about one repository.
struct Session {
    client: Client,
    reference: Reference,
    auth: RegistryAuth,
    operation: RegistryOperation,
    /// Whether the registry was asked who may do what.
    is_logged_in: bool,
    nowhere: Nowhere,
}

impl Session {
    /// Gets everything ready that reads files. Nothing is asked yet.
    fn new(opening: Opening) -> Result<Self, String> {
        let Opening { host, is_here, name, wanted, login, pushes } = opening;
        // This process is the crate's alone: the choice is nobody else's.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let nowhere = Nowhere::new().map_err(|error| error.to_string())?;
        let config = ClientConfig {
            protocol: if is_here { ClientProtocol::Http } else { ClientProtocol::Https },
            // The one way that all registries know.
            use_monolithic_push: true,
            // What is sent isn't heard: what takes long to send would be taken for silence.
            read_timeout: (!pushes).then_some(MAX_SILENCE),
            connect_timeout: Some(MAX_CONNECT),
            user_agent: concat!("turingbox/", env!("CARGO_PKG_VERSION")),
            // The crate goes wherever a registry leads, encrypted or not. What isn't goes nowhere, but for
            // what a registry on this machine has with this machine.
            http_proxy: Some(format!("http://{}", nowhere.address)),
            no_proxy: is_here.then(|| HERE.to_owned()),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).map_err(|error| fetch::chain(&error))?;
        Ok(Self {
            client,
            reference: match wanted.contains(':') {
                true => Reference::with_digest(host, name, wanted),
                false => Reference::with_tag(host, name, wanted),
            },
            auth: login.map_or(RegistryAuth::Anonymous, |login| RegistryAuth::Basic(login.user, login.password)),
            operation: if pushes { RegistryOperation::Push } else { RegistryOperation::Pull },
            is_logged_in: false,
            nowhere,
        })
    }

    async fn answer(&mut self, stream: &File, ask: Ask) -> io::Result<Result<Vec<u8>, Trouble>> {
        let bytes = match &ask {
            Ask::PutBlob { length, .. } | Ask::PutManifest { length, .. } => frame::read_rest(stream, *length)?,
            Ask::Manifest { .. } | Ask::Blob { .. } => Vec::new(),
        };
        Ok(self.ask(ask, bytes.into()).await)
    }

    async fn ask(&mut self, ask: Ask, bytes: Bytes) -> Result<Vec<u8>, Trouble> {
        self.log_in().await?;
        let asked = match ask {
            Ask::Manifest { most } => return self.manifest(most).await,
            Ask::Blob { digest, most } => return self.blob(&digest, most).await,
            Ask::PutBlob { digest, .. } => self.put_blob(&digest, bytes).await,
            Ask::PutManifest { kind, .. } => self.put_manifest(&kind, bytes).await,
        };
        asked.map(|()| Vec::new()).map_err(|error| self.trouble(&error))
    }

    /// Asks the registry once who may do what. The crate would do that by itself, and say nothing of what
    /// goes wrong there.
    async fn log_in(&mut self) -> Result<(), Trouble> {
        if !self.is_logged_in {
            let asked = self.client.auth(&self.reference, &self.auth, self.operation).await;
            asked.map_err(|error| self.trouble(&error))?;
            self.is_logged_in = true;
        }
        Ok(())
    }

    async fn manifest(&self, most: u64) -> Result<Vec<u8>, Trouble> {
        let pulled = self.client.pull_manifest_raw(&self.reference, &self.auth, &[MANIFEST]).await;
        let (bytes, _) = pulled.map_err(|error| self.trouble(&error))?;
        if bytes.len() as u64 > most { Err(Trouble::TooLarge) } else { Ok(bytes.into()) }
    }

    async fn blob(&self, digest: &str, most: u64) -> Result<Vec<u8>, Trouble> {
        let mut bounded = Bounded { bytes: Vec::new(), most, is_full: false };
        let pulled = self.client.pull_blob(&self.reference, digest, &mut bounded).await;
        match pulled {
            _ if bounded.is_full => Err(Trouble::TooLarge),
            Ok(()) => Ok(bounded.bytes),
            Err(error) => Err(self.trouble(&error)),
        }
    }

    async fn put_blob(&self, digest: &str, bytes: Bytes) -> Result<(), OciDistributionError> {
        if !self.client.blob_exists(&self.reference, digest).await? {
            self.client.push_blob(&self.reference, bytes, digest).await?;
        }
        Ok(())
    }

    async fn put_manifest(&self, kind: &str, bytes: Bytes) -> Result<(), OciDistributionError> {
        let kind =
            HeaderValue::from_str(kind).map_err(|error| OciDistributionError::UrlParseError(error.to_string()))?;
        self.client.push_manifest_raw(&self.reference, bytes, kind).await.map(drop)
    }

    /// Why nothing came of a request. The errors around the innermost have the address, whose query may be
    /// somebody's pass.
    fn unasked(error: &(dyn Error + 'static)) -> String {
        let why = innermost(error);
        let tls = if why.is::<rustls::Error>() { "TLS: " } else { "" };
        short(&format!("{tls}{why}"))
    }

    fn trouble(&self, error: &OciDistributionError) -> Trouble {
        use OciDistributionError as Wrong;
        match error {
            Wrong::DigestError(DigestError::VerificationError { expected, actual }) => {
                Trouble::Digest { found: short(actual), wanted: short(expected) }
            }
            Wrong::UnauthorizedError { .. } => Trouble::Status(401),
            Wrong::ImageManifestNotFoundError(_) => Trouble::Status(404),
            Wrong::ServerError { code, message, .. } => match serde_json::from_str(message) {
                Ok(envelope) if ![401, 403, 404].contains(code) => said(&envelope),
                _ => Trouble::Status(*code),
            },
            Wrong::RegistryError { envelope, .. } => said(envelope),
            Wrong::AuthenticationFailure(_) => Trouble::Token("who makes them gave none".to_owned()),
            Wrong::RegistryTokenDecodeError(_) => Trouble::Token("the answer has none".to_owned()),
            Wrong::RequestError(error) => match error.status() {
                Some(status) => Trouble::Status(status.as_u16()),
                None if self.nowhere.is_in(error) => Trouble::Clear,
                None => Trouble::Other(Self::unasked(error)),
            },
            other => Trouble::Other(short(&other.to_string())),
        }
    }
}

/// What a registry says of a mistake.
fn said(envelope: &OciEnvelope) -> Trouble {
    use OciErrorCode as Code;
    match envelope.errors.first().map(|said| (&said.code, said.message.as_str())) {
        Some((Code::Unauthorized | Code::Denied, _)) => Trouble::Status(403),
        Some((Code::BlobUnknown | Code::ManifestUnknown | Code::NameUnknown | Code::NotFound, _)) => {
            Trouble::Status(404)
        }
        Some((Code::Toomanyrequests, _)) => Trouble::Status(429),
        None | Some((_, "")) => Trouble::Other("the registry doesn't say why".to_owned()),
        Some((_, message)) => Trouble::Other(short(&format!("the registry says: {message}"))),
    }
}

/// Where everything goes that isn't encrypted and may not be: an address of this machine that is taken, and where
/// nobody listens.
struct Nowhere {
    address: SocketAddr,
    _taken: TcpSocket,
}

impl Nowhere {
    fn new() -> io::Result<Self> {
        let taken = TcpSocket::new_v4()?;
        taken.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(Self { address: taken.local_addr()?, _taken: taken })
    }

    /// Whether an error is that nobody listens here. Only for people to read does it say where it was.
    fn is_in(&self, error: &impl fmt::Debug) -> bool {
        format!("{error:?}").contains(&self.address.to_string())
    }
}

/// What is behind an error and all that are behind it.
fn innermost<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    error.source().map_or(error, innermost)
}

fn short(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_SENTENCE)].to_owned()
}

/// Takes at most so many bytes.
struct Bounded {
    bytes: Vec<u8>,
    most: u64,
    is_full: bool,
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if (self.bytes.len() + bytes.len()) as u64 > self.most {
            self.is_full = true;
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        self.bytes.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
