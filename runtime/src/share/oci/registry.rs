//! What is said to a registry: the part of the distribution specification that a pack needs.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};

use super::{
    Reference,
    login::{Login, challenge},
    manifest::{Descriptor, MANIFEST},
    refused,
};
use crate::{
    diagnostic::Diagnostic,
    policy::{Scheme, Url, size_text},
    share::{
        fetch::{Answer, Asked, Client, is_here},
        pack::digest,
    },
};

/// The largest manifest, in bytes: what the specification has registries take.
const MAX_MANIFEST: usize = 4 << 20;

/// What a registry says that the digest of a manifest is.
const DIGEST: &str = "docker-content-digest";

/// The largest answer of any other kind, in bytes: they are texts that nobody reads.
const MAX_OTHER: usize = 64 << 10;

/// One repository of a registry.
pub struct Registry<'a> {
    client: &'a Client,
    reference: &'a Reference,
    /// What is to be done there, for who gives tokens.
    actions: &'static str,
    /// What says who asks, once the registry wanted to know.
    authorization: Option<HeaderValue>,
}

impl<'a> Registry<'a> {
    /// The repository of `reference`. Nothing is asked yet.
    pub fn new(client: &'a Client, reference: &'a Reference, actions: &'static str) -> Self {
        Self { client, reference, actions, authorization: None }
    }

    /// The manifest, and its digest.
    pub async fn manifest(&mut self) -> Result<(Vec<u8>, String), Diagnostic> {
        let url = self.url(&format!("manifests/{}", self.reference.wanted()))?;
        let accept = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(MANIFEST))]);
        let answer = self.ask(Method::GET, &url, accept, Bytes::new(), MAX_MANIFEST).await?;
        if answer.status != 200 {
            return Err(self.unexpected(&Method::GET, &answer));
        }
        let found = digest(&answer.body);
        let said = answer.headers.get(DIGEST).and_then(|said| said.to_str().ok());
        // One of another kind is none that could be compared.
        let said = said.filter(|said| said.starts_with("sha256:"));
        match self.reference.digest.as_deref().into_iter().chain(said).find(|wanted| *wanted != found) {
            Some(wanted) => Err(wrong_digest(self.reference, &found, wanted)),
            None => Ok((answer.body, found)),
        }
    }

    /// A blob: what the descriptor says, and at most `most` bytes.
    pub async fn blob(&mut self, wanted: &Descriptor, most: usize) -> Result<Vec<u8>, Diagnostic> {
        let size = usize::try_from(wanted.size).ok().filter(|size| *size <= most).ok_or_else(|| {
            let why = format!("{}: a part of it is larger than {}", self.reference, size_text(most as u64));
            Diagnostic::error("too-large", why)
        })?;
        let url = self.url(&format!("blobs/{}", wanted.digest))?;
        let answer = self.ask(Method::GET, &url, HeaderMap::new(), Bytes::new(), size).await?;
        if answer.status != 200 {
            return Err(self.unexpected(&Method::GET, &answer));
        }
        let found = digest(&answer.body);
        if found != wanted.digest {
            return Err(wrong_digest(self.reference, &found, &wanted.digest));
        }
        Ok(answer.body)
    }

    /// Puts a blob there, unless it is there.
    pub async fn upload(&mut self, digest: &str, bytes: &[u8]) -> Result<(), Diagnostic> {
        let url = self.url(&format!("blobs/{digest}"))?;
        let there = self.ask(Method::HEAD, &url, HeaderMap::new(), Bytes::new(), MAX_OTHER).await?;
        match there.status {
            200 => return Ok(()),
            401 | 403 => return Err(self.unexpected(&Method::PUT, &there)),
            _ => {}
        }
        let url = self.url("blobs/uploads/")?;
        let begun = self.ask(Method::POST, &url, HeaderMap::new(), Bytes::new(), MAX_OTHER).await?;
        if begun.status != 202 {
            return Err(self.unexpected(&Method::POST, &begun));
        }
        let place = begun.location(&url)?;
        if place.scheme() == Scheme::Http && url.scheme() == Scheme::Https {
            return Err(refused(self.reference, &Method::PUT, "the registry wants it where nothing is encrypted"));
        }
        let more = if place.target().contains('?') { '&' } else { '?' };
        let target = format!("{}{more}digest={}", place.target(), digest.replace(':', "%3A"));
        let place = place.with_target(&target).map_err(|why| refused(self.reference, &Method::PUT, why))?;
        self.put(&place, "application/octet-stream", bytes).await
    }

    /// Puts the manifest under the reference's tag.
    pub async fn put_manifest(&mut self, manifest: &[u8]) -> Result<(), Diagnostic> {
        let url = self.url(&format!("manifests/{}", self.reference.wanted()))?;
        self.put(&url, MANIFEST, manifest).await
    }

    async fn put(&mut self, url: &Url, kind: &'static str, bytes: &[u8]) -> Result<(), Diagnostic> {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
        let answer = self.ask(Method::PUT, url, headers, Bytes::copy_from_slice(bytes), MAX_OTHER).await?;
        match answer.status {
            201 => Ok(()),
            _ => Err(self.unexpected(&Method::PUT, &answer)),
        }
    }

    fn url(&self, rest: &str) -> Result<Url, Diagnostic> {
        let Reference { registry, name, .. } = self.reference;
        let target = format!("/v2/{name}/{rest}");
        registry.clone().with_target(&target).map_err(|why| refused(self.reference, &Method::GET, why))
    }

    /// Asks; and once more as somebody, if the registry wants to know who it is.
    async fn ask(
        &mut self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
        most: usize,
    ) -> Result<Answer, Diagnostic> {
        let mut asked = Asked { method, url, headers, body };
        // A registry may want bytes elsewhere, and who asks is nobody's business there.
        let is_its_own = url.host() == self.reference.registry.host() && url.port() == self.reference.registry.port();
        if let Some(authorization) = self.authorization.clone().filter(|_| is_its_own) {
            asked.headers.insert(header::AUTHORIZATION, authorization);
        }
        let answer = self.client.ask(asked.clone(), most.max(MAX_OTHER)).await?;
        if answer.status != 401 || !is_its_own || self.authorization.is_some() {
            return bounded(self.reference, answer, most);
        }
        let Some(authorization) = self.log_in(&answer).await? else { return Ok(answer) };
        self.authorization = Some(authorization.clone());
        asked.headers.insert(header::AUTHORIZATION, authorization);
        bounded(self.reference, self.client.ask(asked, most.max(MAX_OTHER)).await?, most)
    }

    /// What to say, to a registry that answered that it wants to know who asks.
    async fn log_in(&self, answer: &Answer) -> Result<Option<HeaderValue>, Diagnostic> {
        let login = Login::find(&self.reference.host())?;
        let said = answer.headers.get_all(header::WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let said: Vec<_> = said.filter_map(challenge).collect();
        if let Some(asks) = said.iter().find(|asks| asks.scheme == "bearer") {
            return self.token(asks.parameter("realm"), asks.parameter("service"), login.as_ref()).await.map(Some);
        }
        let basic = said.iter().any(|asks| asks.scheme == "basic");
        Ok(login.filter(|_| basic).map(|login| login.basic()))
    }

    /// A token, of whom the registry sends us to.
    async fn token(&self, realm: &str, service: &str, login: Option<&Login>) -> Result<HeaderValue, Diagnostic> {
        let wrong =
            |why: &str| Diagnostic::error("not-logged-in", format!("{}: its tokens: {why}", self.reference.host()));
        let scope = format!("repository:{}:{}", self.reference.name, self.actions);
        let more = if realm.contains('?') { '&' } else { '?' };
        let url = format!("{realm}{more}service={}&scope={}", encoded(service), encoded(&scope));
        let url = Url::parse(&url).map_err(wrong)?;
        // A registry elsewhere has no business with what listens on this machine.
        if url.scheme() == Scheme::Http && !is_here(self.reference.registry.host()) {
            return Err(wrong("they are given where nothing is encrypted"));
        }
        let headers = login.map(|login| (header::AUTHORIZATION, login.basic())).into_iter().collect();
        let asked = Asked { method: Method::GET, url: &url, headers, body: Bytes::new() };
        let answer = self.client.ask(asked, MAX_OTHER).await?;
        if answer.status != 200 {
            return Err(wrong(&format!("{url} answered {}", answer.status)).help(Login::HELP));
        }
        #[derive(serde::Deserialize)]
        struct Given {
            #[serde(alias = "access_token")]
            token: String,
        }
        let given: Given = serde_json::from_slice(&answer.body).map_err(|_| wrong("the answer has none"))?;
        let mut value =
            HeaderValue::from_str(&format!("Bearer {}", given.token)).map_err(|_| wrong("the answer is none"))?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn unexpected(&self, method: &Method, answer: &Answer) -> Diagnostic {
        let wrong = |why: &str| refused(self.reference, method, why);
        match answer.status {
            401 | 403 => wrong("the registry doesn't let you").help(Login::HELP),
            404 if *method == Method::GET => wrong("the registry has nothing of that name"),
            status => wrong(&format!("the registry answered {status}")),
        }
    }
}

/// An answer that is what was asked for has at most `most` bytes; what says why it isn't may have more.
fn bounded(reference: &Reference, answer: Answer, most: usize) -> Result<Answer, Diagnostic> {
    if answer.status == 200 && answer.body.len() > most {
        let why = format!("{reference}: a part of it has more bytes than its manifest says");
        return Err(Diagnostic::error("wrong-digest", why).help("the registry is broken, or worse"));
    }
    Ok(answer)
}

fn wrong_digest(reference: &Reference, found: &str, wanted: &str) -> Diagnostic {
    Diagnostic::error("wrong-digest", format!("{reference}: the registry gave {found} for {wanted}"))
        .help("the registry is broken, or worse: nothing of it was used")
}

/// A text, as it stands in a query.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:,".contains(&byte);
    let letter = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(letter).collect()
}
