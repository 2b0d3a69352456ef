//! The grants of one section, capability by capability: what `[agents."…"]` gives, and what a
//! `within` leaves of it further down.

use std::{path::Path, sync::Arc};

use crate::{
    diagnostic::Report,
    document::Table,
    policy::{
        ByHost, CallGrant, DatabaseGrant, Decision, EnvGrant, FileGrant, HttpGrant, ImportRules, Listed, Request,
        TcpGrant, calls, env, files, http, imports, jump, sql, tcp,
    },
    source::Place,
};

/// What is said about each capability; nothing is said where the key is absent. As an agent's own
/// grants, nothing said is nothing granted; as a ceiling, it is nothing taken away.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grants {
    /// Folders.
    pub files: Option<Arc<[FileGrant]>>,
    /// Requests over HTTP.
    pub http: Option<Arc<ByHost<HttpGrant>>>,
    /// Connections over TCP.
    pub tcp: Option<Arc<ByHost<TcpGrant>>>,
    /// Variables.
    pub env: Option<Arc<Listed<EnvGrant>>>,
    /// Agents to call.
    pub calls: Option<Arc<Listed<CallGrant>>>,
    /// Databases.
    pub databases: Option<Arc<Listed<DatabaseGrant>>>,
    /// Modules to import.
    pub imports: Option<Arc<ImportRules>>,
    /// Whether the head may be moved.
    pub jump: Option<(bool, Place)>,
}

/// Which of the two kinds of table is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// What an agent is given.
    Given,
    /// The most that those it calls may hold.
    Ceiling,
}

impl Grants {
    /// Takes the capabilities' keys out of a table. Paths are relative to `base`.
    pub(super) fn read(table: &mut Table<'_>, base: &Path, role: Role, report: &mut Report) -> Self {
        Self {
            files: table.get("files").map(|item| files::read(item, base, role, report).into()),
            http: table.get("http").map(|item| http::read(item, report).into()),
            tcp: table.get("tcp").map(|item| tcp::read(item, report).into()),
            env: table.get("env").map(|item| env::read(item, report).into()),
            calls: table.get("calls").map(|item| calls::read(item, report).into()),
            databases: table.get("databases").map(|item| sql::read(item, base, role, report).into()),
            imports: table.get("imports").and_then(|item| imports::read(item, report)).map(Arc::new),
            jump: table.take("jump", report, |item| {
                let place = item.place();
                Ok((item.boolean()?, place))
            }),
        }
    }

    /// Takes over what the more specific `section` says.
    pub(super) fn narrow_to(&mut self, section: &Self) {
        fn over<T: Clone>(one: &mut Option<T>, other: &Option<T>) {
            if other.is_some() {
                one.clone_from(other);
            }
        }
        over(&mut self.files, &section.files);
        over(&mut self.http, &section.http);
        over(&mut self.tcp, &section.tcp);
        over(&mut self.env, &section.env);
        over(&mut self.calls, &section.calls);
        over(&mut self.databases, &section.databases);
        over(&mut self.imports, &section.imports);
        over(&mut self.jump, &section.jump);
    }

    /// What these grants say about `request`; nothing where its key is absent.
    pub(super) fn decide(&self, request: &Request<'_>) -> Option<Decision> {
        Some(match request {
            Request::Files { access, path } => files::decide(self.files.as_ref()?, path, *access),
            Request::Http { method, url, address } => http::decide(self.http.as_ref()?, method, url, *address),
            Request::Tcp { host, port, address } => tcp::decide(self.tcp.as_ref()?, host, *port, *address),
            Request::Env { name } => env::decide(self.env.as_ref()?, name),
            Request::Calls { agent, path } => calls::decide(self.calls.as_ref()?, agent, path),
            Request::Sql { .. } => sql::decide(self.databases.as_ref()?, request),
            Request::Imports { module } => imports::decide(self.imports.as_ref()?, module),
            Request::Jump => jump::decide(self.jump.as_ref()?),
        })
    }

    /// What holds where nothing is said: nothing is granted, but moving the head, which is control
    /// flow, and importing modules: neither is authority over anything outside.
    pub(super) fn unsaid(request: &Request<'_>) -> Decision {
        match request {
            Request::Files { access, path } => files::decide(&[], path, *access),
            Request::Http { method, url, address } => http::decide(&ByHost::default(), method, url, *address),
            Request::Tcp { host, port, address } => tcp::decide(&ByHost::default(), host, *port, *address),
            Request::Env { name } => env::decide(&Listed::default(), name),
            Request::Calls { agent, path } => calls::decide(&Listed::default(), agent, path),
            Request::Sql { .. } => sql::decide(&Listed::default(), request),
            Request::Imports { .. } | Request::Jump => Decision::Allowed(None),
        }
    }
}
