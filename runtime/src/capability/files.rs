//! Folders. Every path is decided by the policy before the host is asked; below that, the folder
//! is held open as a capability, so that no link and no `..` leads out of it whatever we overlook.

use std::{collections::HashMap, io, path::PathBuf, sync::Arc};

use cap_std::{ambient_authority, fs::Dir as CapDir};
use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::{
    filesystem::{Descriptor, Dir, File, FsPerms, OpenMode, WasiFilesystemCtxView},
    p2::{
        DynInputStream, DynOutputStream, FsError, FsResult,
        bindings::filesystem::{
            preopens,
            types::{self, ErrorCode, HostDescriptor, HostDirectoryEntryStream},
        },
    },
};

use crate::{
    capability::denials::Denials,
    policy::{Access, Denial, FileGrant, decide_files},
    sandbox::CallState,
    source::Place,
};

/// The folders of one agent, held open.
pub struct Mounts {
    grants: Vec<FileGrant>,
    dirs: Vec<Dir>,
    /// Stands for everything that is not granted: asking for a path below it is denied with a
    /// reason, where a guest with nothing at all would only see that there is no such file.
    root: File,
}

/// Why the folders can't be opened.
#[derive(Debug)]
pub struct MountError {
    /// The policy line, where one is to blame.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
}

impl Mounts {
    /// Opens the folders of `grants`. None may reach a path of `protected`, at which no guest may
    /// ever write.
    ///
    /// # Ambient Authority
    ///
    /// Opens each granted folder; a guest reaches what is below through it alone.
    ///
    /// # Errors
    ///
    /// When a folder isn't there, two grants overlap on the host, or one reaches what is protected.
    pub fn open(grants: &[FileGrant], protected: &[PathBuf]) -> Result<Self, MountError> {
        let mut hosts: Vec<(PathBuf, Access)> = Vec::new();
        let mut dirs = Vec::new();
        for grant in grants {
            let wrong = |message: String| MountError { place: Some(grant.place.clone()), message };
            let unusable = |error: io::Error| wrong(format!("the folder `{}` can't be opened: {error}", grant.host.display()));
            let host = grant.host.canonicalize().map_err(unusable)?;
            let apart = |other: &PathBuf| !host.starts_with(other) && !other.starts_with(&host);
            let writes = |access: Access| access == Access::Write || grant.access == Access::Write;
            if let Some((other, _)) = hosts.iter().find(|(other, access)| writes(*access) && !apart(other)) {
                return Err(wrong(format!("`{}` and `{}` overlap, and one of them may be written", other.display(), host.display())));
            }
            if let Some(kept) = protected.iter().find(|kept| grant.access == Access::Write && !apart(kept)) {
                return Err(wrong(format!("`{}` holds what no agent may write: {}", host.display(), kept.display())));
            }
            let dir = CapDir::open_ambient_dir(&host, ambient_authority()).map_err(unusable)?.into_std_file();
            let (perms, mode) = match grant.access {
                Access::Read => (FsPerms::ReadOnly, OpenMode::READ),
                Access::Write => (FsPerms::ReadWrite, OpenMode::READ | OpenMode::WRITE),
            };
            dirs.push(Dir::new(dir, perms, mode, false));
            hosts.push((host, grant.access));
        }
        let null = std::fs::File::open("/dev/null")
            .map_err(|error| MountError { place: None, message: format!("`/dev/null` can't be opened: {error}") })?;
        Ok(Self { grants: grants.to_vec(), dirs, root: File::new(null, FsPerms::ReadOnly, OpenMode::empty(), false) })
    }
}

/// The files of one call: where each open descriptor is, as the guest sees it.
pub struct Files {
    mounts: Arc<Mounts>,
    paths: HashMap<u32, String>,
}

impl Files {
    /// Nothing is open yet.
    pub fn new(mounts: Arc<Mounts>) -> Self {
        Self { mounts, paths: HashMap::new() }
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
    denials: Denials,
}

fn view(state: &mut CallState) -> FilesView<'_> {
    let denials = state.denials.clone();
    let wasi = WasiFilesystemCtxView { ctx: state.wasi.filesystem(), table: &mut state.table };
    FilesView { wasi, files: &mut state.files, denials }
}

impl FilesView<'_> {
    fn path(&self, descriptor: &Resource<Descriptor>) -> String {
        self.files.paths.get(&descriptor.rep()).cloned().unwrap_or_default()
    }

    /// Lets `path`, relative to `base`, through if the policy does.
    fn check(&self, base: &Resource<Descriptor>, path: &str, access: Access) -> FsResult<String> {
        let path = join(&self.path(base), path);
        let allowed = self.denials.allows(decide_files(&self.files.mounts.grants, &path, access));
        if allowed { Ok(path) } else { Err(ErrorCode::Access.into()) }
    }

    /// Lets an open descriptor be changed if the policy does.
    fn check_open(&self, descriptor: &Resource<Descriptor>) -> FsResult<()> {
        self.check(descriptor, "", Access::Write).map(drop)
    }

    /// Remembers that a path led out of its folder: over a link, which only the host sees.
    fn outside<T>(&self, path: &str, result: FsResult<T>) -> FsResult<T> {
        result.map_err(|error| match error.downcast_ref() {
            Some(ErrorCode::NotPermitted) => self.refuse("files.outside", format!("follow {path} out of its folder")),
            _ => error,
        })
    }

    fn refuse(&self, code: &'static str, request: String) -> FsError {
        self.denials.push(Denial { code, request, place: None, help: String::new() });
        ErrorCode::NotPermitted.into()
    }

    /// Refuses to open what is neither a file nor a folder: a device acts when it is opened, and a
    /// pipe blocks.
    async fn check_plain(&mut self, base: &Resource<Descriptor>, flags: types::PathFlags, name: &str, path: &str) -> FsResult<()> {
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

/// `path` seen from `base`, without `.` and `..`. At the root, `..` is the root.
fn join(base: &str, path: &str) -> String {
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

impl preopens::Host for FilesView<'_> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        let mounts = self.files.mounts.clone();
        let named = mounts.grants.iter().zip(&mounts.dirs).map(|(grant, dir)| (Descriptor::Dir(dir.clone()), grant.mount.as_str()));
        let mut directories = Vec::with_capacity(mounts.grants.len() + 1);
        for (descriptor, path) in named.chain([(Descriptor::File(mounts.root.clone()), "/")]) {
            let descriptor = self.wasi.table.push(descriptor)?;
            self.files.paths.insert(descriptor.rep(), path.to_owned());
            directories.push((descriptor, path.to_owned()));
        }
        Ok(directories)
    }
}

impl types::Host for FilesView<'_> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        self.wasi.convert_error_code(error)
    }

    fn filesystem_error_code(&mut self, error: Resource<wasmtime::Error>) -> wasmtime::Result<Option<ErrorCode>> {
        self.wasi.filesystem_error_code(error)
    }
}

impl HostDescriptor for FilesView<'_> {
    async fn open_at(
        &mut self,
        base: Resource<Descriptor>,
        path_flags: types::PathFlags,
        name: String,
        open_flags: types::OpenFlags,
        flags: types::DescriptorFlags,
    ) -> FsResult<Resource<Descriptor>> {
        use types::{DescriptorFlags as Flags, OpenFlags as Open};
        let writes = open_flags.intersects(Open::CREATE | Open::TRUNCATE) || flags.contains(Flags::WRITE);
        let path = self.check(&base, &name, if writes { Access::Write } else { Access::Read })?;
        self.check_plain(&base, path_flags, &name, &path).await?;
        let opened = self.wasi.open_at(base, path_flags, name, open_flags, flags).await;
        let opened = self.outside(&path, opened)?;
        self.files.paths.insert(opened.rep(), path);
        Ok(opened)
    }

    fn drop(&mut self, descriptor: Resource<Descriptor>) -> wasmtime::Result<()> {
        self.files.paths.remove(&descriptor.rep());
        HostDescriptor::drop(&mut self.wasi, descriptor)
    }

    async fn stat_at(&mut self, base: Resource<Descriptor>, flags: types::PathFlags, name: String) -> FsResult<types::DescriptorStat> {
        let path = self.check(&base, &name, Access::Read)?;
        let result = self.wasi.stat_at(base, flags, name).await;
        self.outside(&path, result)
    }

    async fn metadata_hash_at(
        &mut self,
        base: Resource<Descriptor>,
        flags: types::PathFlags,
        name: String,
    ) -> FsResult<types::MetadataHashValue> {
        let path = self.check(&base, &name, Access::Read)?;
        let result = self.wasi.metadata_hash_at(base, flags, name).await;
        self.outside(&path, result)
    }

    async fn readlink_at(&mut self, base: Resource<Descriptor>, name: String) -> FsResult<String> {
        let path = self.check(&base, &name, Access::Read)?;
        let result = self.wasi.readlink_at(base, name).await;
        self.outside(&path, result)
    }

    async fn create_directory_at(&mut self, base: Resource<Descriptor>, name: String) -> FsResult<()> {
        let path = self.check(&base, &name, Access::Write)?;
        let result = self.wasi.create_directory_at(base, name).await;
        self.outside(&path, result)
    }

    async fn remove_directory_at(&mut self, base: Resource<Descriptor>, name: String) -> FsResult<()> {
        let path = self.check(&base, &name, Access::Write)?;
        let result = self.wasi.remove_directory_at(base, name).await;
        self.outside(&path, result)
    }

    async fn unlink_file_at(&mut self, base: Resource<Descriptor>, name: String) -> FsResult<()> {
        let path = self.check(&base, &name, Access::Write)?;
        let result = self.wasi.unlink_file_at(base, name).await;
        self.outside(&path, result)
    }

    async fn set_times_at(
        &mut self,
        base: Resource<Descriptor>,
        flags: types::PathFlags,
        name: String,
        accessed: types::NewTimestamp,
        modified: types::NewTimestamp,
    ) -> FsResult<()> {
        let path = self.check(&base, &name, Access::Write)?;
        let result = self.wasi.set_times_at(base, flags, name, accessed, modified).await;
        self.outside(&path, result)
    }

    async fn symlink_at(&mut self, base: Resource<Descriptor>, target: String, name: String) -> FsResult<()> {
        let path = self.check(&base, &name, Access::Write)?;
        let result = self.wasi.symlink_at(base, target, name).await;
        self.outside(&path, result)
    }

    async fn link_at(
        &mut self,
        base: Resource<Descriptor>,
        flags: types::PathFlags,
        name: String,
        new_base: Resource<Descriptor>,
        new_name: String,
    ) -> FsResult<()> {
        // The new name gives whatever rights its folder has, so the old one must have them too.
        let path = self.check(&base, &name, Access::Write)?;
        self.check(&new_base, &new_name, Access::Write)?;
        let result = self.wasi.link_at(base, flags, name, new_base, new_name).await;
        self.outside(&path, result)
    }

    async fn rename_at(
        &mut self,
        base: Resource<Descriptor>,
        name: String,
        new_base: Resource<Descriptor>,
        new_name: String,
    ) -> FsResult<()> {
        let path = self.check(&base, &name, Access::Write)?;
        self.check(&new_base, &new_name, Access::Write)?;
        let result = self.wasi.rename_at(base, name, new_base, new_name).await;
        self.outside(&path, result)
    }

    async fn set_size(&mut self, descriptor: Resource<Descriptor>, size: types::Filesize) -> FsResult<()> {
        self.check_open(&descriptor)?;
        self.wasi.set_size(descriptor, size).await
    }

    async fn set_times(
        &mut self,
        descriptor: Resource<Descriptor>,
        accessed: types::NewTimestamp,
        modified: types::NewTimestamp,
    ) -> FsResult<()> {
        self.check_open(&descriptor)?;
        self.wasi.set_times(descriptor, accessed, modified).await
    }

    async fn write(&mut self, descriptor: Resource<Descriptor>, bytes: Vec<u8>, offset: types::Filesize) -> FsResult<types::Filesize> {
        self.check_open(&descriptor)?;
        self.wasi.write(descriptor, bytes, offset).await
    }

    fn write_via_stream(&mut self, descriptor: Resource<Descriptor>, offset: types::Filesize) -> FsResult<Resource<DynOutputStream>> {
        self.check_open(&descriptor)?;
        self.wasi.write_via_stream(descriptor, offset)
    }

    fn append_via_stream(&mut self, descriptor: Resource<Descriptor>) -> FsResult<Resource<DynOutputStream>> {
        self.check_open(&descriptor)?;
        self.wasi.append_via_stream(descriptor)
    }

    async fn read(
        &mut self,
        descriptor: Resource<Descriptor>,
        length: types::Filesize,
        offset: types::Filesize,
    ) -> FsResult<(Vec<u8>, bool)> {
        self.wasi.read(descriptor, length, offset).await
    }

    fn read_via_stream(&mut self, descriptor: Resource<Descriptor>, offset: types::Filesize) -> FsResult<Resource<DynInputStream>> {
        self.wasi.read_via_stream(descriptor, offset)
    }

    async fn read_directory(&mut self, descriptor: Resource<Descriptor>) -> FsResult<Resource<types::DirectoryEntryStream>> {
        self.check(&descriptor, "", Access::Read)?;
        self.wasi.read_directory(descriptor).await
    }

    async fn get_type(&mut self, descriptor: Resource<Descriptor>) -> FsResult<types::DescriptorType> {
        if self.path(&descriptor) == "/" {
            return Ok(types::DescriptorType::Directory);
        }
        self.wasi.get_type(descriptor).await
    }

    async fn get_flags(&mut self, descriptor: Resource<Descriptor>) -> FsResult<types::DescriptorFlags> {
        self.wasi.get_flags(descriptor).await
    }

    async fn stat(&mut self, descriptor: Resource<Descriptor>) -> FsResult<types::DescriptorStat> {
        self.check(&descriptor, "", Access::Read)?;
        self.wasi.stat(descriptor).await
    }

    async fn metadata_hash(&mut self, descriptor: Resource<Descriptor>) -> FsResult<types::MetadataHashValue> {
        self.wasi.metadata_hash(descriptor).await
    }

    async fn is_same_object(&mut self, a: Resource<Descriptor>, b: Resource<Descriptor>) -> wasmtime::Result<bool> {
        self.wasi.is_same_object(a, b).await
    }

    async fn advise(
        &mut self,
        descriptor: Resource<Descriptor>,
        offset: types::Filesize,
        length: types::Filesize,
        advice: types::Advice,
    ) -> FsResult<()> {
        self.wasi.advise(descriptor, offset, length, advice).await
    }

    async fn sync(&mut self, descriptor: Resource<Descriptor>) -> FsResult<()> {
        self.wasi.sync(descriptor).await
    }

    async fn sync_data(&mut self, descriptor: Resource<Descriptor>) -> FsResult<()> {
        self.wasi.sync_data(descriptor).await
    }
}

impl HostDirectoryEntryStream for FilesView<'_> {
    async fn read_directory_entry(&mut self, stream: Resource<types::DirectoryEntryStream>) -> FsResult<Option<types::DirectoryEntry>> {
        self.wasi.read_directory_entry(stream).await
    }

    fn drop(&mut self, stream: Resource<types::DirectoryEntryStream>) -> wasmtime::Result<()> {
        HostDirectoryEntryStream::drop(&mut self.wasi, stream)
    }
}

#[cfg(test)]
mod tests {
    use super::join;

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
}
