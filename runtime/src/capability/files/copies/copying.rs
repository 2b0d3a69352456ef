//! One folder, copied with all that is in it.

use std::{
    collections::{HashMap, hash_map::Entry},
    ffi::OsStr,
    fs::{File, Permissions},
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use cap_std::{
    ambient_authority,
    fs::{Dir, DirEntry, Metadata, MetadataExt, OpenOptions},
};
use rustix::fs::{AtFlags, FileType, Mode, accessat, mknodat};

use super::Room;

/// Copies the folder `from` to `to`, which isn't there yet, as far as there is room. What is at `without` is
/// left out: the copies themselves may lie in the folder.
///
/// Links are copied as links, and what has several names in the folder has them in the copy. What is neither file,
/// folder nor link becomes a pipe: nobody may open either.
pub(super) fn copy(from: &Path, to: &Path, without: &Path, room: &Room) -> io::Result<()> {
    std::fs::create_dir(to)?;
    let source = Dir::open_ambient_dir(from, ambient_authority())?;
    let target = Dir::open_ambient_dir(to, ambient_authority())?;
    let mut folders = vec![PathBuf::from(".")];
    let (mut next, mut linked) = (0, HashMap::new());
    while let Some(folder) = folders.get(next).cloned() {
        next += 1;
        let Some(inside) = readable(source.open_dir(&folder))? else { continue };
        let into = target.open_dir(&folder)?;
        for entry in inside.entries()? {
            let entry = entry?;
            let name = entry.file_name();
            let path = folder.join(&name);
            if from.join(&path) == without {
                continue;
            }
            if let Some(first) = first_name(&entry.metadata()?, &path, &mut linked) {
                room.spend(0, 1).map_err(io::Error::other)?;
                target.hard_link(first, &into, &name)?;
            } else if copy_one(&entry, &name, (&inside, &into), room)? {
                folders.push(path);
            }
        }
    }
    // What is in a folder changes it, and some can't be changed afterwards.
    for folder in folders.iter().rev() {
        let like = source.symlink_metadata(folder)?;
        let writable = accessat(&source, folder, rustix::fs::Access::WRITE_OK, AtFlags::EACCESS).is_ok();
        finish(&target.open(folder)?.into_std(), &like, writable)?;
    }
    Ok(())
}

/// The name under which a file was copied that has several; none of a name that is the first.
fn first_name<'l>(like: &Metadata, name: &Path, linked: &'l mut HashMap<(u64, u64), PathBuf>) -> Option<&'l PathBuf> {
    if !like.is_file() || like.nlink() < 2 {
        return None;
    }
    match linked.entry((like.dev(), like.ino())) {
        Entry::Occupied(known) => Some(known.into_mut()),
        Entry::Vacant(new) => {
            new.insert(name.to_path_buf());
            None
        }
    }
}

/// Copies one entry. Gives whether it is a folder, whose own entries are left to copy.
fn copy_one(entry: &DirEntry, name: &OsStr, (from, into): (&Dir, &Dir), room: &Room) -> io::Result<bool> {
    let like = entry.metadata()?;
    let kind = like.file_type();
    room.spend(if kind.is_file() { like.len() } else { 0 }, 1).map_err(io::Error::other)?;
    if kind.is_dir() {
        into.create_dir(name)?;
    } else if kind.is_symlink() {
        into.symlink_contents(from.read_link_contents(name)?, name)?;
    } else if kind.is_file() {
        let target = into.open_with(name, OpenOptions::new().write(true).create_new(true))?.into_std();
        match readable(entry.open())? {
            Some(source) => drop(io::copy(&mut source.into_std().take(like.len()), &mut &target)?),
            // Its owner alone can read it, and we are not.
            None => return target.set_permissions(Permissions::from_mode(0o000)).map(|()| false),
        }
        let writable = accessat(from, name, rustix::fs::Access::WRITE_OK, AtFlags::EACCESS).is_ok();
        finish(&target, &like, writable)?;
    } else {
        mknodat(into, name, FileType::Fifo, Mode::RUSR, 0)?;
    }
    Ok(kind.is_dir())
}

/// Gives a copy the time and the permissions of what it is of; what we can't write there, we can't here.
fn finish(copy: &File, like: &Metadata, writable: bool) -> io::Result<()> {
    copy.set_modified(like.modified()?.into_std())?;
    let mode = like.mode() & if writable { 0o777 } else { 0o555 };
    copy.set_permissions(Permissions::from_mode(mode))
}

/// What was opened; nothing where we may not read it.
fn readable<T>(opened: io::Result<T>) -> io::Result<Option<T>> {
    match opened {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(None),
        opened => opened.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::atomic::AtomicU64};

    use super::*;

    #[test]
    fn a_copy_is_like_what_it_is_of() {
        let here = tempfile::tempdir().unwrap();
        let (from, to) = (here.path().join("from"), here.path().join("from/copies/0"));
        fs::create_dir_all(from.join("deep/empty")).unwrap();
        fs::create_dir_all(from.join("copies")).unwrap();
        fs::write(from.join("deep/script"), "#!").unwrap();
        fs::set_permissions(from.join("deep/script"), Permissions::from_mode(0o754)).unwrap();
        File::open(from.join("deep/script")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        fs::set_permissions(from.join("deep/empty"), Permissions::from_mode(0o555)).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", from.join("away")).unwrap();
        drop(std::os::unix::net::UnixListener::bind(from.join("socket")).unwrap());
        let room = Room { bytes: AtomicU64::new(2), files: AtomicU64::new(5) };
        copy(&from, &to, &from.join("copies"), &room).unwrap();
        let like = |path: &str| fs::symlink_metadata(to.join(path)).unwrap();
        assert_eq!(fs::read_to_string(to.join("deep/script")).unwrap(), "#!");
        assert_eq!(like("deep/script").permissions().mode() & 0o777, 0o754);
        assert_eq!(like("deep/script").modified().unwrap(), std::time::UNIX_EPOCH);
        assert_eq!(like("deep/empty").permissions().mode() & 0o777, 0o555);
        assert_eq!(fs::read_link(to.join("away")).unwrap(), Path::new("/etc/passwd"));
        assert!(!like("socket").is_file() && !to.join("copies").exists());
        assert!(room.spend(1, 0).is_err() && room.spend(0, 1).is_err(), "all of it is counted");
    }

    #[test]
    fn names_of_one_file_are_names_of_one_copy() {
        let here = tempfile::tempdir().unwrap();
        let (from, to) = (here.path().join("from"), here.path().join("to"));
        fs::create_dir_all(from.join("deep")).unwrap();
        fs::write(from.join("deep/file"), "old").unwrap();
        fs::hard_link(from.join("deep/file"), from.join("name")).unwrap();
        let room = Room { bytes: AtomicU64::new(3), files: AtomicU64::new(3) };
        copy(&from, &to, &to, &room).unwrap();
        fs::write(to.join("deep/file"), "new").unwrap();
        let read = |folder: &Path| fs::read_to_string(folder.join("name")).unwrap();
        assert_eq!((read(&to), read(&from)), ("new".into(), "old".into()));
        assert!(room.spend(1, 0).is_err() && room.spend(0, 1).is_err(), "each name is counted, and the bytes once");
    }
}
