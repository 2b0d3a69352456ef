//! `wasi:http`: the same requests, with bodies that stream.

use http_body_util::BodyExt;
use wasmtime::component::Linker;
use wasmtime_wasi_http::{
    Error, ForbiddenHeaderFilter, RequestOptions, Result, WasiBody, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use super::{
    Http, Waits,
    body::{MAX_STREAMED, whole},
    headers,
};
use crate::sandbox::CallState;

/// Links `wasi:http`, as far as it is about outgoing requests.
pub fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)
}

impl WasiHttpView for CallState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let (hooks, table, ctx) = self.http_for_wasi();
        WasiHttpCtxView { hooks, table, ctx }
    }
}

/// What goes on with a connection after the answer's head; here nothing, the body takes it along.
type Rest = Box<dyn Future<Output = Result<()>> + Send>;

impl WasiHttpHooks for Http {
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        std::sync::Arc::new(|name| *name == http::header::HOST || headers::is_hop_by_hop(name))
    }

    /// The host writes that header itself.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<()>> + Send>,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Rest)>> + Send> {
        let http = self.clone();
        Box::new(async move {
            let response = http.stream(request, options.unwrap_or_default()).await?;
            Ok((response, Box::new(std::future::ready(Ok(()))) as Rest))
        })
    }
}

impl Http {
    async fn stream(
        &self,
        request: http::Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<http::Response<WasiBody>> {
        let (head, body) = request.into_parts();
        let headers: Vec<_> = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let checked = self.check(head.method.as_str(), &head.uri.to_string(), headers.into_iter(), None)?;
        let url = checked.url.clone();
        let waits = Waits { connect: options.connect_timeout, first_byte: options.first_byte_timeout };
        let most = if self.secrets_for(&url).is_some() { self.max_whole() } else { MAX_STREAMED };
        let (body, bounds) = (self.outgoing(body).boxed_unsync(), (most, options.between_bytes_timeout));
        let (head, body) = self.answer(checked, body, waits, bounds).await?.into_parts();
        let body = match self.secrets_for(&url) {
            Some(secrets) => whole(secrets.body_without(self.collect(body).await.map_err(Error::from)?)),
            None => body,
        };
        Ok(http::Response::from_parts(head, body))
    }
}
