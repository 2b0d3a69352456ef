//! Folders. Every path is decided by the policy before the host is asked; below that, the folder
//! is held open as a capability, so that no link and no `..` leads out of it whatever we overlook.

mod copies;
mod host;
mod links;
mod listing;
mod private;
mod written;

use std::{
    collections::HashMap,
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use cap_std::{ambient_authority, fs::Dir as CapDir};
use serde::{Deserialize, Serialize};
use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::{
    WasiCtxView,
    filesystem::{Descriptor, Dir, File, FsPerms, OpenMode, WasiFilesystemCtxView},
    p2::{
        FsError, FsResult,
        bindings::filesystem::{
            preopens,
            types::{self, ErrorCode, HostDescriptor as _},
        },
    },
};

pub use self::copies::Copies;
pub(crate) use self::{
    copies::{Copied, Full},
    private::{MOUNT, Private},
};
use crate::{
    capability::gate::{Gate, Open},
    policy::{Access, Ceiling, Denial, FileGrant, Request, is_below, join},
    sandbox::CallState,
    source::Place,
};

/// The folders of one agent, held open.
pub struct Mounts {
    grants: Vec<FileGrant>,
    dirs: Vec<Dir>,
    /// What `dirs` are.
    folders: Vec<PathBuf>,
    /// Where changes go, if they aren't to happen. Then every folder that may be written is a copy.
    copies: Option<Arc<Copies>>,
    /// Stands for everything that is not granted: asking for a path below it is denied with a
    /// reason, where a guest with nothing at all would only see that there is no such file.
    root: File,
}

/// What no mount may give away, whatever a policy says. Paths are canonical.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Protected {
    /// What no agent may even read: compiled guests, and the key that seals them.
    pub hidden: Vec<PathBuf>,
    /// What no agent may write: the policy, what it extends, and the links on the way to them.
    pub fixed: Vec<PathBuf>,
    /// The folder that every granted folder has to be in, where the policy is not an operator's: an
    /// agent's own cases come with one.
    pub within: Option<PathBuf>,
    /// The folders that some agent may write. A link in one of them leads where that agent likes.
    pub written: Vec<PathBuf>,
}

impl Protected {
    /// Keeps what `path` leads to from being written, and each link on the way there.
    ///
    /// # Ambient Authority
    ///
    /// Reads links anywhere.
    pub fn fix(&mut self, path: &Path) {
        self.fixed.extend(links::on_the_way(path));
    }

    /// Takes note of the folders that agents may write.
    ///
    /// # Ambient Authority
    ///
    /// Reads links anywhere.
    pub fn written_by<'g>(&mut self, grants: impl Iterator<Item = &'g FileGrant>) {
        let grants = grants.filter(|grant| grant.access == Access::Write);
        self.written.extend(grants.filter_map(|grant| grant.folder().canonicalize().ok()));
    }

    /// A link on the way to `folder` that an agent could change: then it would choose the folder.
    fn changeable(&self, folder: &Path) -> Option<PathBuf> {
        let way = links::on_the_way(folder);
        let links = way.split_last().map_or(&[][..], |(_, links)| links);
        links.iter().find(|link| self.written.iter().any(|written| link.starts_with(written))).cloned()
    }

    /// What a grant of `host` would give away.
    fn given_away(&self, host: &Path, access: Access) -> Option<&PathBuf> {
        let fixed = self.fixed.iter().filter(|_| access == Access::Write);
        self.hidden.iter().chain(fixed).find(|kept| overlap(host, kept))
    }
}

/// Whether `host`, a canonical path, is below a folder of the ceiling. The policy compares paths by
/// their letters; here links are followed, but for those that agents could change.
fn leaves(ceiling: &Ceiling, host: &Path, protected: &Protected) -> bool {
    let below = |most: &FileGrant| {
        let found = most.folder().canonicalize();
        found.is_ok_and(|found| host.starts_with(found)) && protected.changeable(most.folder()).is_none()
    };
    ceiling.grants.files.as_deref().is_none_or(|most| most.iter().any(below))
}

fn overlap(one: &Path, other: &Path) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// Why what a policy grants can't be opened.
#[derive(Debug)]
pub struct MountError {
    /// A stable name: `mount`, or `database`.
    pub code: &'static str,
    /// The policy line, where one is to blame.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
}

impl Mounts {
    /// What was granted.
    pub fn grants(&self) -> &[FileGrant] {
        &self.grants
    }

    /// The folders that are open, with the access to them.
    pub(crate) fn opened(&self) -> impl Iterator<Item = (&Path, Access)> {
        self.folders.iter().zip(&self.grants).map(|(folder, grant)| (folder.as_path(), grant.access))
    }

    /// Opens the folders of `grants`, which remain under `ceilings`. None may give away what is
    /// `protected`. With `copies`, no change is to happen: of what somebody may write, a copy is opened.
    ///
    /// # Ambient Authority
    ///
    /// Opens each granted folder; a guest reaches what is below through it alone.
    ///
    /// # Errors
    ///
    /// When a folder isn't there, or the way to it is over a link that agents may change; when two grants overlap on the
    /// host, or one reaches what is protected or, over a link, what a ceiling doesn't leave.
    pub fn open(
        grants: &[FileGrant],
        ceilings: &[Arc<Ceiling>],
        protected: &Protected,
        copies: Option<&Arc<Copies>>,
    ) -> Result<Self, MountError> {
        let mut hosts: Vec<(PathBuf, Access)> = Vec::new();
        let (mut dirs, mut folders) = (Vec::new(), Vec::new());
        for grant in grants {
            let wrong = |message: String| MountError { code: "mount", place: Some(grant.place.clone()), message };
            let unusable =
                |error: io::Error| wrong(format!("the folder `{}` can't be opened: {error}", grant.folder().display()));
            let host = grant.folder().canonicalize().map_err(unusable)?;
            if let Some(link) = protected.changeable(grant.folder()) {
                let (folder, link) = (grant.folder().display(), link.display());
                return Err(wrong(format!("the way to `{folder}` is over the link `{link}`, which agents may change")));
            }
            let writes = |access: Access| access == Access::Write || grant.access == Access::Write;
            if let Some((other, _)) = hosts.iter().find(|(other, access)| writes(*access) && overlap(&host, other)) {
                let (other, host) = (other.display(), host.display());
                return Err(wrong(format!("`{other}` and `{host}` overlap, and one of them may be written")));
            }
            if let Some(within) = protected.within.as_ref().filter(|within| !host.starts_with(within)) {
                return Err(wrong(format!("`{}` is not in `{}`", host.display(), within.display())));
            }
            if let Some(ceiling) = ceilings.iter().find(|ceiling| !leaves(ceiling, &host, protected)) {
                let (host, line) = (host.display(), ceiling.place.line());
                return Err(wrong(format!("`{host}` is not in a folder that the ceiling leaves ({line})")));
            }
            if let Some(kept) = protected.given_away(&host, grant.access) {
                return Err(wrong(format!(
                    "`{}` gives away what no agent may {}: {}",
                    host.display(),
                    grant.access.word(),
                    kept.display()
                )));
            }
            let folder = copies.map_or(Ok(None), |copies| copies.place(&host)).map_err(|error| {
                wrong(format!("the folder `{}` can't be copied for a dry run: {error}", host.display()))
            })?;
            if folder.is_none() && copies.is_some() && grant.access == Access::Write {
                return Err(wrong(format!("the folder `{}` has no copy for a dry run", host.display())));
            }
            let folder = folder.unwrap_or_else(|| host.clone());
            let dir = open(&folder).map_err(unusable)?;
            let (perms, mode) = match grant.access {
                Access::Read => (FsPerms::ReadOnly, OpenMode::READ),
                Access::Write => (FsPerms::ReadWrite, OpenMode::READ | OpenMode::WRITE),
            };
            dirs.push(Dir::new(dir, perms, mode, false));
            hosts.push((host, grant.access));
            folders.push(folder);
        }
        let null = std::fs::File::open("/dev/null").map_err(|error| MountError {
            code: "mount",
            place: None,
            message: format!("`/dev/null` can't be opened: {error}"),
        })?;
        let root = File::new(null, FsPerms::ReadOnly, OpenMode::empty(), false);
        Ok(Self { grants: grants.to_vec(), dirs, folders, copies: copies.cloned(), root })
    }
}

/// Opens a folder by its canonical path, in which there was no link when it was found. An agent that runs at the same
/// time may have put one there since.
fn open(folder: &Path) -> io::Result<std::fs::File> {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match openat2(CWD, folder, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        Ok(opened) => Ok(opened.into()),
        // A kernel before Linux 5.6, or one that is made to look so.
        Err(rustix::io::Errno::NOSYS) => Ok(CapDir::open_ambient_dir(folder, ambient_authority())?.into_std_file()),
        Err(error) => Err(error.into()),
    }
}

/// The files of one call: where each open descriptor is, as the guest sees it.
pub struct Files {
    mounts: Arc<Mounts>,
    private: Option<Private>,
    paths: HashMap<u32, String>,
    /// What counts as open in the run.
    open: HashMap<u32, Open>,
}

impl Files {
    /// Nothing is open yet.
    pub fn new(mounts: Arc<Mounts>) -> Self {
        Self { mounts, private: None, paths: HashMap::new(), open: HashMap::new() }
    }

    /// Adds a folder that is the call's own.
    pub(crate) fn add_private(&mut self, private: Private) {
        self.private = Some(private);
    }

    /// The folder that is the call's own, if it has one.
    pub(crate) fn private(&self) -> Option<&Private> {
        self.private.as_ref()
    }

    /// The same, if `path` is in it.
    fn private_at(&self, path: &str) -> Option<&Private> {
        self.private().filter(|_| Private::holds(path))
    }
}

/// Links `wasi:filesystem`.
pub fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    types::add_to_linker::<CallState, HasFiles>(linker, view)?;
    preopens::add_to_linker::<CallState, HasFiles>(linker, view)
}

struct HasFiles;

impl HasData for HasFiles {
    type Data<'a> = FilesView<'a>;
}

struct FilesView<'a> {
    wasi: WasiFilesystemCtxView<'a>,
    files: &'a mut Files,
    gate: Gate,
}

fn view(state: &mut CallState) -> FilesView<'_> {
    let gate = state.gate.clone();
    let (WasiCtxView { ctx, table }, files) = state.wasi_and_files();
    FilesView { wasi: WasiFilesystemCtxView { ctx: ctx.filesystem(), table }, files, gate }
}

impl FilesView<'_> {
    fn path(&self, descriptor: &Resource<Descriptor>) -> String {
        self.files.paths.get(&descriptor.rep()).cloned().unwrap_or_default()
    }

    /// Counts what is to be opened, until it is closed.
    fn open(&self) -> FsResult<Open> {
        self.gate.open().ok_or_else(|| ErrorCode::Quota.into())
    }

    /// Lets `path`, relative to `base`, through if the policy does.
    fn check(&self, base: &Resource<Descriptor>, path: &str, access: Access) -> FsResult<String> {
        let path = join(&self.path(base), path);
        if access == Access::Read && is_no_file(&path) {
            return Err(ErrorCode::NoEntry.into());
        }
        // It is no folder of the operator's, so there is nothing to ask.
        if self.files.private_at(&path).is_some() {
            return Ok(path);
        }
        if !self.gate.allows(&Request::Files { access, path: path.as_str().into() }) {
            return Err(ErrorCode::Access.into());
        }
        if access == Access::Write && self.gate.is_planning() && self.files.mounts.copies.is_none() {
            return Err(FsError::trap(wasmtime::Error::msg("what is only planned has no copy to happen in")));
        }
        Ok(path)
    }

    /// Lets an open descriptor be changed if the policy does. Where that is only planned, it was when the
    /// descriptor was opened, and it takes `bytes` of the copy's room.
    fn check_open(&self, descriptor: &Resource<Descriptor>, bytes: u64) -> FsResult<()> {
        let path = self.check(descriptor, "", Access::Write)?;
        self.spend(&path, bytes, 0)
    }

    /// Takes what was changed at `path` into the plan, where changes are only planned.
    fn changed<T>(&self, path: &str, effect: fmt::Arguments<'_>, result: FsResult<T>) -> FsResult<T> {
        let result = self.outside(path, result)?;
        if self.files.private_at(path).is_some() {
            return self.spend(path, 0, 1).map(|()| result);
        }
        let mounts = &self.files.mounts;
        let written = mounts.grants.iter().find(|grant| is_below(path, &grant.mount)).map(|grant| &*grant.written);
        let answer = format_args!("done in a copy of {}", written.unwrap_or_default());
        self.gate.plans(&Request::Files { access: Access::Write, path: path.into() }, effect, answer);
        self.spend(path, 0, 1).map(|()| result)
    }

    /// Takes something off the room of the call's own folder, or of the copies, where there are copies.
    fn spend(&self, path: &str, bytes: u64, names: u64) -> FsResult<()> {
        if let Some(private) = self.files.private_at(path) {
            return private.spend(bytes, names).map_err(|_| ErrorCode::InsufficientSpace.into());
        }
        let Some(copies) = &self.files.mounts.copies else { return Ok(()) };
        copies.room().spend(bytes, names).map_err(FsError::trap)
    }

    /// Remembers that a path led out of its folder: over a link, which only the host sees.
    fn outside<T>(&self, path: &str, result: FsResult<T>) -> FsResult<T> {
        result.map_err(|error| match error.downcast_ref() {
            Some(ErrorCode::NotPermitted) => self.refuse("files.outside", format!("follow {path} out of its folder")),
            _ => error,
        })
    }

    fn refuse(&self, code: &'static str, request: String) -> FsError {
        self.gate.deny(Denial::of(code, request));
        ErrorCode::NotPermitted.into()
    }

    /// Refuses a link that leads out of its folder, or would when it, or a folder around it, is moved: no guest could
    /// follow it, but whoever looks at the folder later, outside the sandbox, would.
    fn check_link(&self, path: &str, target: &str) -> FsResult<()> {
        if descends(target) { Ok(()) } else { Err(self.refuse("files.outside", format!("link {path} to {target}"))) }
    }

    /// The same for a link that is there already, and gets another name.
    async fn check_moved(&mut self, base: &Resource<Descriptor>, name: &str, path: &str) -> FsResult<()> {
        match self.wasi.readlink_at(Resource::new_borrow(base.rep()), name.to_owned()).await {
            Ok(target) => self.check_link(path, &target),
            // It is no link; or one that leads to the same place wherever it is, or nowhere.
            Err(_) => Ok(()),
        }
    }

    /// Refuses to open what is neither a file nor a folder: a device acts when it is opened, and a
    /// pipe blocks.
    async fn check_plain(
        &mut self,
        base: &Resource<Descriptor>,
        flags: types::PathFlags,
        name: &str,
        path: &str,
    ) -> FsResult<()> {
        use types::DescriptorType as Type;
        match self.wasi.stat_at(Resource::new_borrow(base.rep()), flags, name.to_owned()).await {
            Ok(stat) if !matches!(stat.type_, Type::RegularFile | Type::Directory | Type::SymbolicLink) => {
                Err(self.refuse("files.special", format!("open {path}, which is not a file")))
            }
            // What is wrong with the path is for the operation itself to say.
            _ => Ok(()),
        }
    }
}

/// Whether `path` is a name that CPython gives to code without a file, like `<string>`. It looks for them whenever it
/// quotes a line, and nobody asked it to: there is nothing to deny, and no mount where it looks.
fn is_no_file(path: &str) -> bool {
    path.starts_with("/<") && path.ends_with('>')
}

/// Whether a link's target is below the link, wherever that is.
fn descends(target: &str) -> bool {
    !target.starts_with('/') && target.split('/').all(|part| part != "..")
}
