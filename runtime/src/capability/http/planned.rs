//! Requests that are only planned: all that can be refused before a connection is made is refused as ever,
//! and the answer is a dummy. No name is looked up.

use std::borrow::Cow;

use http::{HeaderValue, Method, Response, header};
use wasmtime_wasi_http::WasiBody;

use super::{Checked, Http, body::whole, failed::Failed};
use crate::policy::{Host, Request};

/// What a server is taken to answer: what most programs go on with.
const DUMMY: &str = "{}";

impl Http {
    /// Plans a request, and gives the dummy. The guest's body is taken in: it may be too large, or have
    /// what can't be sent.
    pub(super) async fn plan(&self, checked: Checked, body: WasiBody) -> Result<Response<WasiBody>, Failed> {
        let Checked { method, url, .. } = &checked;
        let (method, url) = (method.clone(), url.clone());
        if matches!(url.host(), Host::Address(_)) {
            self.addresses(method.as_str(), &url).await?;
        }
        let sent = self.put_together(checked, body).await?;
        self.collect(sent.into_body()).await?;
        let (answer, body) = if method == Method::HEAD { ("200", "") } else { ("200 {}", DUMMY) };
        let request = Request::Http { method: method.as_str().into(), url: Cow::Borrowed(&url), address: None };
        // Here the query counts: what it asks of the server is the effect.
        let whole_url = format!("{method} {}://{}{}", url.scheme().word(), url.authority(), url.target());
        let effect = self.0.env.named(&whole_url);
        self.0.gate.plans(&request, effect, answer);
        let mut response = Response::new(whole(body.into()));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    }
}
