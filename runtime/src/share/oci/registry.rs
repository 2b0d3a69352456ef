//! One repository of a registry, as it is asked through a process that is killed when it takes too much.

use std::io;

use tokio::{io::AsyncWriteExt, net::UnixStream};

use super::{
    Reference,
    client::{MAX_MEMORY, MAX_PROCESSOR},
    login,
    manifest::{Descriptor, MANIFEST, size_of},
    message::{Answer, Ask, Opening, Trouble},
};
use crate::{
    diagnostic::Diagnostic,
    policy::size_text,
    share::{
        fetch::{Client, is_here, proxied},
        pack::digest,
    },
    wall::{
        REGISTRY, frame,
        process::{End, Process},
    },
};

/// The largest manifest, in bytes: what the specification has registries take.
const MAX_MANIFEST: u64 = 4 << 20;

/// The longest message of the process, in bytes: sentences about what went wrong.
const MAX_MESSAGE: u64 = 16 << 10;

/// One repository of a registry.
pub struct Registry<'a> {
    client: &'a Client,
    reference: &'a Reference,
    aim: Aim,
    /// Why names and passwords can't be looked up, for a registry that asks for them.
    bad_login: Option<Diagnostic>,
    process: Process,
    stream: UnixStream,
}

/// What is to be done there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// To get a pack.
    Pull,
    /// To put one there.
    Push,
}

impl<'a> Registry<'a> {
    /// The repository of `reference`. Nothing is asked yet.
    pub async fn open(client: &'a Client, reference: &'a Reference, aim: Aim) -> Result<Self, Diagnostic> {
        let (login, bad_login) = match login::find(reference) {
            Ok(found) => (found, None),
            Err(wrong) => (None, Some(wrong)),
        };
        let opening = Opening {
            host: reference.host(),
            is_here: is_here(reference.registry.host()),
            name: reference.name.clone(),
            wanted: reference.wanted().to_owned(),
            login,
            pushes: aim == Aim::Push,
        };
        let started = async {
            let mut process = Process::start(client.program(), REGISTRY, None).await?;
            let mut stream = UnixStream::from_std(process.stream()?)?;
            stream.write_all(&frame::encode(&opening)?).await?;
            Ok::<_, io::Error>((process, stream))
        };
        let (process, stream) = started
            .await
            .map_err(|error| refused(reference, aim, &format!("the process that asks can't be started: {error}")))?;
        Ok(Self { client, reference, aim, bad_login, process, stream })
    }

    /// The manifest, and its digest.
    pub async fn manifest(&mut self) -> Result<(Vec<u8>, String), Diagnostic> {
        let bytes = self.ask(&Ask::Manifest { most: MAX_MANIFEST }, &[], MAX_MANIFEST).await?;
        let found = digest(&bytes);
        match self.reference.digest.as_deref().filter(|wanted| *wanted != found) {
            Some(wanted) => Err(wrong_digest(self.reference, &found, wanted)),
            None => Ok((bytes, found)),
        }
    }

    /// A blob: what the descriptor says, and at most `most` bytes.
    pub async fn blob(&mut self, wanted: &Descriptor, most: usize) -> Result<Vec<u8>, Diagnostic> {
        let most = most as u64;
        let size = size_of(wanted).filter(|size| *size <= most).ok_or_else(|| {
            let why = format!("{}: a part of it is larger than {}", self.reference, size_text(most));
            Diagnostic::error("too-large", why)
        })?;
        let ask = Ask::Blob { digest: wanted.digest.clone(), most: size };
        let bytes = self.ask(&ask, &[], size).await?;
        let found = digest(&bytes);
        if found != wanted.digest {
            return Err(wrong_digest(self.reference, &found, &wanted.digest));
        }
        Ok(bytes)
    }

    /// Puts a blob there, unless it is there.
    pub async fn put_blob(&mut self, digest: &str, bytes: &[u8]) -> Result<(), Diagnostic> {
        let ask = Ask::PutBlob { digest: digest.to_owned(), length: bytes.len() as u64 };
        self.ask(&ask, bytes, 0).await.map(drop)
    }

    /// Puts the manifest under the reference's tag.
    pub async fn put_manifest(&mut self, manifest: &[u8]) -> Result<(), Diagnostic> {
        let ask = Ask::PutManifest { kind: MANIFEST.to_owned(), length: manifest.len() as u64 };
        self.ask(&ask, manifest, 0).await.map(drop)
    }

    /// Asks, and gives at most `most` bytes.
    async fn ask(&mut self, ask: &Ask, bytes: &[u8], most: u64) -> Result<Vec<u8>, Diagnostic> {
        match self.client.in_time(self.reference, exchange(&mut self.stream, ask, bytes, most)).await? {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(trouble)) => Err(self.failed(ask, trouble)),
            Err(error) => Err(ended(self.reference, self.aim, &self.process.end().await, &error)),
        }
    }

    fn failed(&mut self, ask: &Ask, trouble: Trouble) -> Diagnostic {
        let asks_who = matches!(trouble, Trouble::Status(401 | 403) | Trouble::Token(_));
        if let Some(bad_login) = self.bad_login.take_if(|_| asks_who) {
            return bad_login;
        }
        let wrong = |why: &str| refused(self.reference, self.aim, why);
        match trouble {
            Trouble::Status(401 | 403) => wrong("the registry doesn't let you").help(login::HELP),
            Trouble::Status(404) if self.aim == Aim::Pull => wrong("the registry has nothing of that name"),
            Trouble::Status(status) => wrong(&format!("the registry answered {status}")),
            Trouble::Clear => {
                let why = format!("{} leads to where nothing is encrypted", self.reference);
                Diagnostic::error("bad-redirect", why).help("nothing is sent there, and nothing is fetched from there")
            }
            Trouble::Token(why) => {
                let why = format!("{}: its tokens: {why}", self.reference.host());
                Diagnostic::error("not-logged-in", why).help(login::HELP)
            }
            Trouble::Digest { found, wanted } => wrong_digest(self.reference, &found, &wanted),
            Trouble::TooLarge => match ask {
                Ask::Blob { .. } => {
                    let why = format!("{}: a part of it has more bytes than its manifest says", self.reference);
                    Diagnostic::error("wrong-digest", why).help("the registry is broken, or worse")
                }
                _ => too_large(self.reference, MAX_MANIFEST),
            },
            Trouble::Other(why) => proxied(wrong(&why)),
        }
    }
}

async fn exchange(stream: &mut UnixStream, ask: &Ask, bytes: &[u8], most: u64) -> io::Result<Result<Vec<u8>, Trouble>> {
    stream.write_all(&frame::encode(ask)?).await?;
    stream.write_all(bytes).await?;
    match frame::receive(stream, MAX_MESSAGE).await?.0 {
        Answer::Done { length } if length <= most => frame::receive_rest(stream, length).await.map(Ok),
        Answer::Done { .. } => Ok(Err(Trouble::TooLarge)),
        Answer::Failed(trouble) => Ok(Err(trouble)),
    }
}

/// Why the process gave nothing.
fn ended(reference: &Reference, aim: Aim, end: &End, error: &io::Error) -> Diagnostic {
    if end.had_no_memory() {
        return too_large(reference, MAX_MEMORY);
    }
    let why = match () {
        () if end.had_no_time() => format!("it takes more than {MAX_PROCESSOR} seconds of the processors' time"),
        () if error.kind() == io::ErrorKind::InvalidData => error.to_string(),
        // What it said at its end may be the registry's own words.
        () => "nothing can be made of what the registry answered".to_owned(),
    };
    refused(reference, aim, &why)
}

/// The finding that a registry doesn't do what was hoped for.
fn refused(reference: &Reference, aim: Aim, why: &str) -> Diagnostic {
    let (code, what) = match aim {
        Aim::Pull => ("not-fetched", "fetched"),
        Aim::Push => ("not-pushed", "pushed"),
    };
    Diagnostic::error(code, format!("{reference} can't be {what}: {why}"))
}

fn too_large(reference: &Reference, most: u64) -> Diagnostic {
    let why = format!("what the registry answers is larger than {}", size_text(most));
    Diagnostic::error("too-large", format!("{reference} can't be used: {why}"))
}

fn wrong_digest(reference: &Reference, found: &str, wanted: &str) -> Diagnostic {
    Diagnostic::error("wrong-digest", format!("{reference}: the registry gave {found} for {wanted}"))
        .help("the registry is broken, or worse: nothing of it was used")
}
