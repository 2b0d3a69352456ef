//! Components compiled ahead of time, kept on disk.
//!
//! A compiled file is native code: whoever can write one runs code with our rights. So the cache
//! is a folder of its own that only its owner may enter, no mount may reach it, and a file is
//! loaded only when it is sealed: beside each lies the HMAC-SHA256 (RFC 2104) of its contents and
//! of its identity on disk, under a key that lies elsewhere. While the identity (device, inode,
//! size, change time) is the sealed one, no byte can have changed since; else the contents are
//! hashed again. A program can't set the change time, and a write moves it; who can turn back the
//! machine's clock between two writes is its administrator, from whom nothing here protects.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::{
        fd::AsRawFd,
        unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wasmtime::{Engine, component::Component};

use crate::{failure::Failure, sandbox::unusable};

/// Where compiled components are kept, and the key that seals them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cache {
    folder: PathBuf,
    key: [u8; 32],
}

/// What a sealed file is known by.
type Seal = [u8; 32];

impl Cache {
    /// Opens the cache in `folder`, and makes it when it isn't there. The key lies in `key_folder`.
    ///
    /// # Ambient Authority
    ///
    /// Reads and writes below both folders.
    ///
    /// # Errors
    ///
    /// When one of them can't be written, or others may write there too.
    pub fn open(folder: &Path, key_folder: &Path) -> io::Result<Self> {
        for folder in [folder, key_folder] {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder).and_then(|()| private(folder));
            made.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", folder.display())))?;
        }
        let key = read_key(&key_folder.join("cache.key"))?;
        Ok(Self { folder: folder.to_path_buf(), key })
    }

    /// The folder, which no mount may reach.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The component that is known by `digest`: from the cache, or by `compile`, which is told when it
    /// has to work and gives the compiled file. Of two processes at once, one compiles and the other
    /// waits. Where it fails, nothing is kept.
    ///
    /// # Errors
    ///
    /// When compiling fails. A cache that can't be written only costs time: why it can't comes with
    /// the component.
    pub fn component(
        &self,
        engine: &Engine,
        digest: &str,
        compile: impl FnOnce() -> Result<Vec<u8>, Failure>,
    ) -> Result<(Component, Option<io::Error>), Failure> {
        let path = self.folder.join(format!("{digest}-{}.cwasm", compatibility(engine)));
        if let Some(component) = self.load(engine, &path) {
            return Ok((component, None));
        }
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path.with_extension("lock"));
        let locked = lock.and_then(|lock| lock.lock().map(|()| lock));
        // Whoever held the lock may have just compiled it.
        if let Some(component) = self.load(engine, &path) {
            return Ok((component, None));
        }
        let compiled = compile()?;
        // Only what can be loaded is kept.
        let component = just_compiled(engine, &compiled)?;
        let stored = locked.and_then(|_held| self.store(&path, &compiled));
        match stored.map(|()| self.load(engine, &path)) {
            Ok(loaded) => Ok((loaded.unwrap_or(component), None)),
            Err(error) => Ok((component, Some(error))),
        }
    }

    /// Loads a file whose seal holds. Anything else counts as not there.
    fn load(&self, engine: &Engine, path: &Path) -> Option<Component> {
        let mut file = open_own(path).ok()?;
        let sealed = fs::read(path.with_extension("seal")).ok()?;
        let (identity, contents) = sealed.split_first_chunk::<32>()?;
        let now = self.identity_seal(&file, contents).ok()?;
        if now != *identity {
            if self.contents_seal(&mut file).ok()?[..] != *contents {
                return None;
            }
            write_new(&path.with_extension("seal"), &[&now[..], contents].concat()).ok()?;
        }
        // The open file is mapped, not the path: what was checked is what runs.
        let open = format!("/proc/self/fd/{}", file.as_raw_fd());
        #[expect(unsafe_code, reason = "wasmtime can't tell a compiled file from any other; the seal can")]
        // SAFETY: the seal says that `store` wrote these bytes, which came from a compiler of ours.
        unsafe { Component::deserialize_file(engine, open) }.ok()
    }

    fn store(&self, path: &Path, compiled: &[u8]) -> io::Result<()> {
        write_new(path, compiled)?;
        let mut file = open_own(path)?;
        let contents = self.contents_seal(&mut file)?;
        let identity = self.identity_seal(&file, &contents)?;
        write_new(&path.with_extension("seal"), &[identity, contents].concat())
    }

    fn contents_seal(&self, file: &mut File) -> io::Result<Seal> {
        let mut hash = Sha256::new();
        file.rewind()?;
        let mut buffer = [0; 64 << 10];
        loop {
            match file.read(&mut buffer)? {
                0 => break,
                length => hash.update(&buffer[..length]),
            }
        }
        Ok(self.seal(&[b"contents", hash.finalize().as_slice()]))
    }

    fn identity_seal(&self, file: &File, contents: &[u8]) -> io::Result<Seal> {
        let found = file.metadata()?;
        let numbers =
            [found.dev(), found.ino(), found.size(), found.ctime().cast_unsigned(), found.ctime_nsec().cast_unsigned()];
        let numbers = numbers.map(u64::to_le_bytes).concat();
        Ok(self.seal(&[b"identity", &numbers, contents]))
    }

    fn seal(&self, parts: &[&[u8]]) -> Seal {
        let mut seal =
            Hmac::<Sha256>::new_from_slice(&self.key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
        parts.iter().for_each(|part| seal.update(part));
        seal.finalize().into_bytes().into()
    }
}

/// Loads what a compiler just gave. What doesn't fit into the engine's pools is found here.
pub fn just_compiled(engine: &Engine, compiled: &[u8]) -> Result<Component, Failure> {
    #[expect(unsafe_code, reason = "wasmtime can't tell compiled bytes from any other; the callers can")]
    // SAFETY: all callers have these bytes straight from a compiler of ours: in this process, or over a
    // stream that nobody else holds.
    unsafe { Component::deserialize(engine, compiled) }.map_err(|error| unusable(format_args!("{error:#}")))
}

/// The digest by which a component's bytes are known.
pub fn digest(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// What a compiled file depends on beyond the component: wasmtime's version and settings.
fn compatibility(engine: &Engine) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hash = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hash);
    format!("{:016x}", hash.finish())
}

/// The key, made from the system's randomness when there is none. The first of two makers wins.
fn read_key(path: &Path) -> io::Result<[u8; 32]> {
    if !path.exists() {
        let mut key = [0; 32];
        File::open("/dev/urandom")?.read_exact(&mut key)?;
        let new = temporary(path, &key)?;
        match new.persist_noclobber(path) {
            Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => return Err(error.error),
            _ => {}
        }
    }
    let mut key = [0; 32];
    open_own(path)?.read_exact(&mut key)?;
    Ok(key)
}

/// Opens a file that is ours alone: not a link, and nobody else may write it.
fn open_own(path: &Path) -> io::Result<File> {
    let file =
        OpenOptions::new().read(true).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()).open(path)?;
    own(&file.metadata()?, path)?;
    Ok(file)
}

/// Checks that a folder is ours alone, and takes others' rights to enter it.
fn private(folder: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(folder)?;
    if found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o077 != 0 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    own(&fs::symlink_metadata(folder)?, folder)
}

fn own(found: &fs::Metadata, path: &Path) -> io::Result<()> {
    let ours = found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o022 == 0 && !found.is_symlink();
    if ours {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{} is not ours alone", path.display())))
}

/// Writes a file beside its place and moves it there: nobody ever sees half of it.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    temporary(path, bytes)?.persist(path).map(drop).map_err(|error| error.error)
}

fn temporary(path: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    // A machine that stops must not leave a sealed file that was never written.
    file.as_file().sync_all()?;
    Ok(file)
}
