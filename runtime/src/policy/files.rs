//! Folders that an agent may reach.

mod advice;

use std::{
    cmp::Ordering,
    path::{Path, PathBuf},
    sync::Arc,
};

pub(super) use advice::{Files, leave};

use crate::{
    diagnostic::{Diagnostic, Report},
    document::Item,
    policy::{Decision, Denial, MAX_REQUEST, Request, grants::Role},
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
    /// The folder on the host, without `.` and `..`.
    pub host: PathBuf,
    /// The folder as the policy writes it.
    pub written: String,
    /// Where the guest sees it: an absolute path, not the root itself. Empty in a ceiling.
    pub mount: String,
    /// What the guest may do.
    pub access: Access,
    /// The policy line.
    pub place: Place,
}

/// Decides about `path`, an absolute path as the guest sees it.
pub(super) fn decide(grants: &[FileGrant], path: &str, access: Access) -> Decision {
    let request = Request::Files { access, path: path.into() };
    let Some(grant) = find(grants, path) else {
        let denial = Denial::new("files.not-granted", &request);
        return Decision::Denied(match missing(grants, path) {
            Some((mount, inside)) => {
                let access = inside.iter().map(|grant| grant.access).fold(access, Access::max);
                denial.help(format!("files = [{}]", advice::written("…", mount, access)))
            }
            None => denial,
        });
    };
    if access > grant.access {
        let help = FileGrant { access: Access::Write, ..grant.clone() };
        return Decision::Denied(
            Denial::new("files.read-only", &request).at(&grant.place).help(format!("files = [{help}]")),
        );
    }
    Decision::Allowed(Some(grant.place.clone()))
}

/// The grant that `path` is below. Grants are sorted by mount and none lies in another, so it is
/// the last that doesn't come after the path, or none.
fn find<'g>(grants: &'g [FileGrant], path: &str) -> Option<&'g FileGrant> {
    let after = grants.partition_point(|grant| order(&grant.mount, path).is_le());
    grants[..after].last().filter(|grant| is_below(path, &grant.mount))
}

/// The mount that `path` would be below, which is no file, and the grants in its place: no mount may lie in
/// another. None where none can be written.
fn missing<'g, 'p>(grants: &'g [FileGrant], path: &'p str) -> Option<(&'p str, &'g [FileGrant])> {
    let parent = path.rfind('/').filter(|at| *at > 0).map(|at| &path[..at]);
    // A mount of more than a denial quotes helps nobody, and would be the guest's text at length.
    let mount = mountable(parent.unwrap_or(path)).filter(|mount| mount.len() < MAX_REQUEST)?;
    let after = &grants[grants.partition_point(|grant| order(&grant.mount, mount).is_lt())..];
    let inside = &after[..after.iter().take_while(|grant| is_below(&grant.mount, mount)).count()];
    // What was asked for itself is no folder around others.
    (parent.is_some() || inside.is_empty()).then_some((mount, inside))
}

/// The order of paths in which all that is below a folder comes right after it.
fn order(one: &str, other: &str) -> Ordering {
    let key = |byte: &u8| if *byte == b'/' { 0 } else { u16::from(*byte) + 1 };
    one.as_bytes().iter().map(key).cmp(other.as_bytes().iter().map(key))
}

/// What remains of `grants` under a ceiling: of each folder the part that the ceiling has too, with
/// the lesser access.
pub(super) fn narrow(grants: &[FileGrant], ceiling: &[FileGrant]) -> Arc<[FileGrant]> {
    let remains = |grant: &FileGrant| ceiling.iter().filter_map(|most| common(grant, most)).collect::<Vec<_>>();
    let mut left: Vec<_> = grants.iter().flat_map(remains).collect();
    left.sort_by(|one, other| order(&one.mount, &other.mount));
    left.into()
}

/// What remains of a granted folder under one of a ceiling.
pub(super) fn common(grant: &FileGrant, most: &FileGrant) -> Option<FileGrant> {
    let access = grant.access.min(most.access);
    if grant.host.starts_with(&most.host) {
        return Some(FileGrant { access, ..grant.clone() });
    }
    let rest = most.host.strip_prefix(&grant.host).ok()?.to_str()?;
    let mount = format!("{}/{rest}", grant.mount);
    Some(FileGrant { host: most.host.clone(), mount, access, ..grant.clone() })
}

impl FileGrant {
    /// The folder to open. [`FileGrant::host`] is empty for the current folder, so that all that is
    /// below begins with it.
    pub fn folder(&self) -> &Path {
        if self.host.as_os_str().is_empty() { Path::new(".") } else { &self.host }
    }
}

/// Whether `path` is `folder` or below it, by whole names.
pub(crate) fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `path` seen from `base`, without `.` and `..`. At the root, `..` is the root.
pub(crate) fn join(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// `folder`, or the nearest one around it that a policy can mount by its name. None is the root.
fn mountable(folder: &str) -> Option<&str> {
    let mut end = 0;
    for part in folder.strip_prefix('/')?.split('/') {
        if !is_plain(part) || end == 0 && part.starts_with('<') {
            break;
        }
        end += 1 + part.len();
    }
    (end > 0).then(|| &folder[..end])
}

/// Whether a part of a path can be one of a mount: `\` and `;` mean something else to some readers.
fn is_plain(part: &str) -> bool {
    !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', '\0', ';'])
}

/// Reads `files = [{ path, mount, access }]`; a ceiling mounts nothing. Paths are relative to the
/// folder of the policy file.
pub(super) fn read(item: Item<'_>, base: &Path, role: Role, report: &mut Report) -> Vec<FileGrant> {
    let Ok(items) = item.array().map_err(|wrong| report.push(wrong)) else { return Vec::new() };
    let mut grants: Vec<_> = items.into_iter().filter_map(|item| read_one(item, base, role, report)).collect();
    match role {
        Role::Given => grants.sort_by(|one, other| order(&one.mount, &other.mount)),
        Role::Ceiling => grants.sort_by(|one, other| one.host.cmp(&other.host)),
    }
    let mut outer: Option<&FileGrant> = None;
    for grant in &grants {
        match outer {
            // What lies in a folder comes right after it.
            Some(other) if overlaps(grant, other, role) => report.push(overlapping(grant, other, role)),
            _ => outer = Some(grant),
        }
    }
    grants
}

fn overlapping(one: &FileGrant, other: &FileGrant, role: Role) -> Diagnostic {
    let (first, second) = if one.place.span.start < other.place.span.start { (one, other) } else { (other, one) };
    let shown = |grant: &FileGrant| if role == Role::Given { &grant.mount } else { &grant.written }.clone();
    Diagnostic::error("overlapping-mounts", format!("the folders `{}` and `{}` overlap", shown(first), shown(second)))
        .at(&second.place.source, second.place.span.clone())
        .help("a folder inside another has the rights of both: name them side by side")
}

fn overlaps(one: &FileGrant, other: &FileGrant, role: Role) -> bool {
    match role {
        Role::Given => is_below(&one.mount, &other.mount) || is_below(&other.mount, &one.mount),
        Role::Ceiling => one.host.starts_with(&other.host) || other.host.starts_with(&one.host),
    }
}

fn read_one(item: Item<'_>, base: &Path, role: Role, report: &mut Report) -> Option<FileGrant> {
    let place = item.place();
    let mut table = item.table().map_err(|wrong| report.push(wrong)).ok()?;
    let written = table.need("path", report, |item| match item.clone().text()? {
        path if path.is_empty() || path.contains('\0') => Err(item.wrong("bad-path", "this is not a path")),
        path => Ok(path.to_owned()),
    });
    let mount = match role {
        Role::Given => table.need("mount", report, mount),
        Role::Ceiling => Some(String::new()),
    };
    let words = [Access::Read, Access::Write].map(|access| (access.word(), access));
    let access = table.need("access", report, |item| item.choice(&words));
    table.finish(report);
    let written = written?;
    Some(FileGrant { host: normal(&base.join(&written)), written, mount: mount?, access: access?, place })
}

fn mount(item: Item<'_>) -> Result<String, Diagnostic> {
    let mount = item.clone().text()?;
    match mount.strip_prefix('/') {
        // Where Python looks for code that has no file: see `is_no_file`.
        Some(rest) if rest.starts_with('<') => Err(item
            .wrong("bad-path", format!("`{}` is where Python looks for what is no file", mount.escape_debug()))
            .help("a name that doesn't begin with `<`, like `/data`")),
        Some(rest) if rest.split('/').all(is_plain) => Ok(mount.to_owned()),
        _ => Err(item
            .wrong("bad-path", format!("`{}` is not a place for a mount", mount.escape_debug()))
            .help("an absolute path without `.`, `..` or a slash at its end, like `/data`")),
    }
}

/// `path` without `.` and with each `..` taken, so that one file has one name. Links stay: the host follows them.
pub(super) fn normal(path: &Path) -> PathBuf {
    use std::path::Component;
    path.components().fold(PathBuf::new(), |mut normal, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir if normal.file_name().is_some() => drop(normal.pop()),
            part => normal.push(part),
        }
        normal
    })
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
    fn paths_are_joined_by_their_letters() {
        for (base, path, expected) in [
            ("/data", "a/b", "/data/a/b"),
            ("/data", "./a//b/", "/data/a/b"),
            ("/data", "../etc/passwd", "/etc/passwd"),
            ("/", "../../etc", "/etc"),
            ("/data/a", "", "/data/a"),
        ] {
            assert_eq!(join(base, path), expected);
        }
    }

    #[test]
    fn a_ceiling_leaves_what_both_have() {
        let most =
            |host: &str, access| FileGrant { host: host.into(), mount: String::new(), access, ..grants()[0].clone() };
        let granted = [FileGrant { host: "/srv/data".into(), ..grants()[1].clone() }];
        let narrowed = |host: &str, access| {
            let left = narrow(&granted, &[most(host, access)]);
            left.iter()
                .map(|grant| (grant.host.display().to_string(), grant.mount.clone(), grant.access))
                .collect::<Vec<_>>()
        };
        assert_eq!(narrowed("/srv", Access::Read), [("/srv/data".into(), "/out".into(), Access::Read)]);
        assert_eq!(
            narrowed("/srv/data/a/b", Access::Write),
            [("/srv/data/a/b".into(), "/out/a/b".into(), Access::Write)]
        );
        assert_eq!(narrowed("/srv/database", Access::Write), []);
    }

    #[test]
    fn neighbours_in_the_order_are_told_apart() {
        let mounts = ["/a", "/a-b", "/a.b/c", "/a0", "/aa", "/b/c", "/b/c-d", "/z"];
        let mut grants: Vec<_> =
            mounts.iter().rev().map(|mount| FileGrant { mount: (*mount).into(), ..grants()[0].clone() }).collect();
        grants.sort_by(|one, other| order(&one.mount, &other.mount));
        for path in
            ["/a", "/a/x", "/a-b/x", "/a.b", "/a.b/c/d", "/a0/x", "/b", "/b/c/x", "/b/c-d", "/b/d", "/zz", "/", ""]
        {
            let linear = grants.iter().find(|grant| is_below(path, &grant.mount));
            assert_eq!(find(&grants, path), linear, "{path}");
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

    #[test]
    fn what_is_missing_is_a_folder() {
        let grants = [FileGrant { mount: "/data/b".into(), ..grants()[1].clone() }];
        let help = |path: &str| match decide(&grants, path, Access::Read) {
            Decision::Denied(denial) => denial.help,
            Decision::Allowed(_) => "allowed".into(),
        };
        assert_eq!(help("/in/a.txt"), r#"files = [{ path = "…", mount = "/in", access = "read" }]"#);
        assert_eq!(help("/data/a.txt"), r#"files = [{ path = "…", mount = "/data", access = "write" }]"#);
        assert_eq!(help("/data"), "");
    }
}
