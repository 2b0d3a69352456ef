//! `wasi:filesystem`, call by call: each asks the policy first and then the folder.

use wasmtime::component::Resource;
use wasmtime_wasi::{
    filesystem::Descriptor,
    p2::{
        DynInputStream, DynOutputStream, FsError, FsResult,
        bindings::filesystem::{
            preopens,
            types::{self, ErrorCode, HostDescriptor, HostDirectoryEntryStream},
        },
    },
};

use super::{FilesView, MOUNT, listing::Listing};
use crate::policy::Access;

impl preopens::Host for FilesView<'_> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        let mounts = self.files.mounts.clone();
        let named = mounts
            .grants
            .iter()
            .zip(&mounts.dirs)
            .map(|(grant, dir)| (Descriptor::Dir(dir.clone()), grant.mount.as_str()));
        // The call's own first: what is looked for by a path without a folder is looked for there.
        let private = self.files.private().map(|private| (Descriptor::Dir(private.guest()), MOUNT));
        let private: Vec<_> = private.into_iter().collect();
        let mut directories = Vec::with_capacity(mounts.grants.len() + 2);
        for (descriptor, path) in private.into_iter().chain(named).chain([(Descriptor::File(mounts.root.clone()), "/")])
        {
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
        let open = self.open()?;
        let opened = self.wasi.open_at(base, path_flags, name, open_flags, flags).await;
        let opened = match writes {
            true => self.changed(&path, format_args!("write {path}"), opened)?,
            false => self.outside(&path, opened)?,
        };
        self.files.open.insert(opened.rep(), open);
        self.files.paths.insert(opened.rep(), path);
        Ok(opened)
    }

    fn drop(&mut self, descriptor: Resource<Descriptor>) -> wasmtime::Result<()> {
        self.files.paths.remove(&descriptor.rep());
        self.files.open.remove(&descriptor.rep());
        HostDescriptor::drop(&mut self.wasi, descriptor)
    }

    async fn stat_at(
        &mut self,
        base: Resource<Descriptor>,
        flags: types::PathFlags,
        name: String,
    ) -> FsResult<types::DescriptorStat> {
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
        self.changed(&path, format_args!("make the folder {path}"), result)
    }

    async fn remove_directory_at(&mut self, base: Resource<Descriptor>, name: String) -> FsResult<()> {
        let path = self.check(&base, &name, Access::Write)?;
        let result = self.wasi.remove_directory_at(base, name).await;
        self.changed(&path, format_args!("remove the folder {path}"), result)
    }

    async fn unlink_file_at(&mut self, base: Resource<Descriptor>, name: String) -> FsResult<()> {
        let path = self.check(&base, &name, Access::Write)?;
        let result = self.wasi.unlink_file_at(base, name).await;
        self.changed(&path, format_args!("delete {path}"), result)
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
        self.changed(&path, format_args!("set the times of {path}"), result)
    }

    async fn symlink_at(&mut self, base: Resource<Descriptor>, target: String, name: String) -> FsResult<()> {
        let path = self.check(&base, &name, Access::Write)?;
        self.check_link(&path, &target)?;
        let effect = format!("link {path} to {target}");
        let result = self.wasi.symlink_at(base, target, name).await;
        self.changed(&path, format_args!("{effect}"), result)
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
        let new_path = self.check(&new_base, &new_name, Access::Write)?;
        self.check_moved(&base, &name, &new_path).await?;
        let result = self.wasi.link_at(base, flags, name, new_base, new_name).await;
        self.changed(&path, format_args!("link {new_path} to {path}"), result)
    }

    async fn rename_at(
        &mut self,
        base: Resource<Descriptor>,
        name: String,
        new_base: Resource<Descriptor>,
        new_name: String,
    ) -> FsResult<()> {
        let path = self.check(&base, &name, Access::Write)?;
        let new_path = self.check(&new_base, &new_name, Access::Write)?;
        self.check_moved(&base, &name, &new_path).await?;
        let result = self.wasi.rename_at(base, name, new_base, new_name).await;
        self.changed(&path, format_args!("rename {path} to {new_path}"), result)
    }

    async fn set_size(&mut self, descriptor: Resource<Descriptor>, size: types::Filesize) -> FsResult<()> {
        self.check_open(&descriptor, size)?;
        self.wasi.set_size(descriptor, size).await
    }

    async fn set_times(
        &mut self,
        descriptor: Resource<Descriptor>,
        accessed: types::NewTimestamp,
        modified: types::NewTimestamp,
    ) -> FsResult<()> {
        let path = self.check(&descriptor, "", Access::Write)?;
        let result = self.wasi.set_times(descriptor, accessed, modified).await;
        self.changed(&path, format_args!("set the times of {path}"), result)
    }

    async fn write(
        &mut self,
        descriptor: Resource<Descriptor>,
        bytes: Vec<u8>,
        offset: types::Filesize,
    ) -> FsResult<types::Filesize> {
        self.check_open(&descriptor, bytes.len() as u64)?;
        self.wasi.write(descriptor, bytes, offset).await
    }

    fn write_via_stream(
        &mut self,
        descriptor: Resource<Descriptor>,
        offset: types::Filesize,
    ) -> FsResult<Resource<DynOutputStream>> {
        self.check_open(&descriptor, 0)?;
        let path = self.path(&descriptor);
        let stream = self.wasi.write_via_stream(descriptor, offset)?;
        self.counted(&path, stream)
    }

    fn append_via_stream(&mut self, descriptor: Resource<Descriptor>) -> FsResult<Resource<DynOutputStream>> {
        self.check_open(&descriptor, 0)?;
        let path = self.path(&descriptor);
        let stream = self.wasi.append_via_stream(descriptor)?;
        self.counted(&path, stream)
    }

    async fn read(
        &mut self,
        descriptor: Resource<Descriptor>,
        length: types::Filesize,
        offset: types::Filesize,
    ) -> FsResult<(Vec<u8>, bool)> {
        self.wasi.read(descriptor, length, offset).await
    }

    fn read_via_stream(
        &mut self,
        descriptor: Resource<Descriptor>,
        offset: types::Filesize,
    ) -> FsResult<Resource<DynInputStream>> {
        self.wasi.read_via_stream(descriptor, offset)
    }

    async fn read_directory(
        &mut self,
        descriptor: Resource<Descriptor>,
    ) -> FsResult<Resource<types::DirectoryEntryStream>> {
        self.check(&descriptor, "", Access::Read)?;
        let Descriptor::Dir(folder) = self.wasi.table.get(&descriptor)? else {
            return Err(ErrorCode::NotDirectory.into());
        };
        let (folder, open) = (folder.dir.clone(), self.open()?);
        let listing = self.wasi.table.push(Listing::open(&folder).await?)?;
        self.files.open.insert(listing.rep(), open);
        // In place of what wasmtime has: that holds all entries of each listing.
        Ok(Resource::new_own(listing.rep()))
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
    async fn read_directory_entry(
        &mut self,
        stream: Resource<types::DirectoryEntryStream>,
    ) -> FsResult<Option<types::DirectoryEntry>> {
        self.wasi.table.get_mut(&Resource::<Listing>::new_borrow(stream.rep()))?.next().await
    }

    fn drop(&mut self, stream: Resource<types::DirectoryEntryStream>) -> wasmtime::Result<()> {
        self.wasi.table.delete(Resource::<Listing>::new_own(stream.rep()))?;
        self.files.open.remove(&stream.rep());
        Ok(())
    }
}
