//! Folders that an agent may reach.

use std::path::{Path, PathBuf};

use crate::{
    diagnostic::{Diagnostic, Report},
    document::Item,
    policy::{Decision, Denial},
    source::Place,
};

/// What may be done in a granted folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Files are opened, read and listed; nothing changes, not even a timestamp set by hand.
    Read,
    /// Everything below the folder, and nothing outside it.
    Write,
}

impl Access {
    /// The word in a policy.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// One folder of the host, where the guest sees it, and what it may do there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileGrant {
    /// The folder on the host.
    pub host: PathBuf,
    /// The folder as the policy writes it.
    pub written: String,
    /// Where the guest sees it: an absolute path, not the root itself.
    pub mount: String,
    /// What the guest may do.
    pub access: Access,
    /// The policy line.
    pub place: Place,
}

/// Decides about `path`, an absolute path as the guest sees it.
pub fn decide(grants: &[FileGrant], path: &str, access: Access) -> Decision {
    let Some(grant) = grants.iter().find(|grant| is_below(path, &grant.mount)) else {
        return Decision::Denied(Denial {
            code: "files.not-granted",
            request: format!("{} {path}", access.word()),
            place: None,
            help: format!(
                "files = [{{ path = \"…\", mount = \"{}\", access = \"{}\" }}]",
                folder_of(path),
                access.word()
            ),
        });
    };
    if access > grant.access {
        return Decision::Denied(Denial {
            code: "files.read-only",
            request: format!("{} {path}", access.word()),
            place: Some(grant.place.clone()),
            help: format!(
                "files = [{{ path = \"{}\", mount = \"{}\", access = \"write\" }}]",
                grant.written, grant.mount
            ),
        });
    }
    Decision::Allowed(grant.place.clone())
}

/// Whether `path` is `folder` or below it, by whole names.
pub(crate) fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn folder_of(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/data",
        Some(at) => &path[..at],
    }
}

/// Reads `files = [{ path, mount, access }]`. Paths are relative to the folder of the policy file.
pub(super) fn read(item: Item<'_>, base: &Path, report: &mut Report) -> Vec<FileGrant> {
    let Ok(items) = item.array().map_err(|wrong| report.push(wrong)) else { return Vec::new() };
    let grants: Vec<_> = items.into_iter().filter_map(|item| read_one(item, base, report)).collect();
    for (index, grant) in grants.iter().enumerate() {
        let overlaps =
            |other: &&FileGrant| is_below(&grant.mount, &other.mount) || is_below(&other.mount, &grant.mount);
        if let Some(other) = grants[..index].iter().find(overlaps) {
            report.push(
                Diagnostic::error(
                    "overlapping-mounts",
                    format!("the mounts `{}` and `{}` overlap", other.mount, grant.mount),
                )
                .at(&grant.place.source, grant.place.span.clone())
                .help("a folder inside another has the rights of both: mount them side by side"),
            );
        }
    }
    grants
}

fn read_one(item: Item<'_>, base: &Path, report: &mut Report) -> Option<FileGrant> {
    let place = item.place();
    let mut table = item.table().map_err(|wrong| report.push(wrong)).ok()?;
    let written = table.need("path", report, |item| match item.clone().text()? {
        path if path.is_empty() || path.contains('\0') => Err(item.wrong("bad-path", "this is not a path")),
        path => Ok(path.to_owned()),
    });
    let mount = table.need("mount", report, |item| {
        let mount = item.clone().text()?;
        let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', '\0', ';']);
        match mount.strip_prefix('/') {
            Some(rest) if rest.split('/').all(plain) => Ok(mount.to_owned()),
            _ => Err(item
                .wrong("bad-path", format!("`{}` is not a place for a mount", mount.escape_debug()))
                .help("an absolute path without `.`, `..` or a slash at its end, like `/data`")),
        }
    });
    let words = [Access::Read, Access::Write].map(|access| (access.word(), access));
    let access = table.need("access", report, |item| item.choice(&words));
    table.finish(report);
    let written = written?;
    Some(FileGrant { host: base.join(&written), written, mount: mount?, access: access?, place })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    fn grants() -> Vec<FileGrant> {
        let grant = |mount: &str, access| FileGrant {
            host: "/srv".into(),
            written: "/srv".into(),
            mount: mount.into(),
            access,
            place: Place { source: Source::new("p", ""), span: 0..0 },
        };
        vec![grant("/in", Access::Read), grant("/out", Access::Write)]
    }

    fn code(path: &str, access: Access) -> &'static str {
        match decide(&grants(), path, access) {
            Decision::Allowed(_) => "allowed",
            Decision::Denied(denial) => denial.code,
        }
    }

    #[test]
    fn a_grant_covers_its_folder_and_no_neighbour() {
        assert_eq!(code("/in/a.txt", Access::Read), "allowed");
        assert_eq!(code("/in/a.txt", Access::Write), "files.read-only");
        assert_eq!(code("/out", Access::Write), "allowed");
        assert_eq!(code("/inner/a.txt", Access::Read), "files.not-granted");
        assert_eq!(code("/etc/passwd", Access::Read), "files.not-granted");
    }
}
