//! What another user may do with a file, by its bits: for root, who may do everything and learns nothing by trying.

use std::ffi::CString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::{Group, User, getgrouplist};

/// A user with all groups.
#[derive(Debug, Clone)]
pub struct Who {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    groups: Vec<u32>,
}

/// What is wanted of a file, as its lowest bits have it.
pub const READ: u32 = 4;
pub const WRITE: u32 = 2;
pub const PASS: u32 = 1;

impl Who {
    pub fn of(user: &User) -> Who {
        let name = CString::new(user.name.as_bytes()).unwrap_or_default();
        let groups = getgrouplist(&name, user.gid).unwrap_or_default();
        let groups = groups.into_iter().map(|group| group.as_raw()).collect();
        Who { name: user.name.clone(), uid: user.uid.as_raw(), gid: user.gid.as_raw(), groups }
    }

    /// The user of that name, if there is one.
    pub fn named(name: &str) -> Option<Who> {
        User::from_name(name).ok().flatten().map(|user| Who::of(&user))
    }

    /// Whether the bits of a file let the user do that; false also where there is no file.
    pub fn may(&self, path: &Path, wanted: u32) -> bool {
        let Ok(meta) = fs::metadata(path) else { return false };
        let shift = match (meta.uid() == self.uid, meta.gid() == self.gid || self.groups.contains(&meta.gid())) {
            (true, _) => 6,
            (false, true) => 3,
            (false, false) => 0,
        };
        self.uid == 0 || meta.mode() >> shift & wanted == wanted
    }

    /// The first directory on the way to `path` (which counts) that the user may not pass.
    pub fn stopped_at(&self, path: &Path) -> Option<PathBuf> {
        let mut way: Vec<&Path> = path.ancestors().collect();
        way.reverse();
        way.into_iter().find(|step| !self.may(step, PASS)).map(Path::to_path_buf)
    }

    /// As [`Who::may`], with the way to the file; else what keeps the user from it.
    ///
    /// # Errors
    /// A clause: which file or folder, and that it is closed.
    pub fn reaches(&self, path: &Path, wanted: u32) -> Result<(), String> {
        if let Some(stop) = path.parent().and_then(|folder| self.stopped_at(folder)) {
            return Err(format!("{} is closed to user {}", stop.display(), self.name));
        }
        match (path.exists(), self.may(path, wanted)) {
            (false, _) => Err(format!("there is no {}", path.display())),
            (true, false) => Err(format!("{} is closed to user {}", path.display(), self.name)),
            (true, true) => Ok(()),
        }
    }
}

/// The name of the group that a file has, for a person.
pub fn group_of(path: &Path) -> String {
    let gid = fs::metadata(path).map_or(0, |meta| meta.gid());
    let group = Group::from_gid(gid.into()).ok().flatten();
    group.map_or_else(|| gid.to_string(), |group| group.name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn bits_say_what_others_may() {
        let folder = std::env::temp_dir().join(format!("ewsctl-reach-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("file");
        fs::write(&file, "x").unwrap();
        let owner = fs::metadata(&file).unwrap();
        let who = |uid: u32, gid: u32, groups: &[u32]| Who { name: "n".into(), uid, gid, groups: groups.into() };
        let (stranger, own) = (owner.uid() + 4711, owner.gid() + 4711);
        let set = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        set(0o640);
        assert!(!who(stranger, own, &[]).may(&file, READ));
        assert!(
            who(stranger, owner.gid(), &[]).may(&file, READ) && who(stranger, own, &[owner.gid()]).may(&file, READ)
        );
        assert!(!who(stranger, own, &[owner.gid()]).may(&file, WRITE));
        set(0o604);
        assert!(who(stranger, own, &[]).may(&file, READ));
        assert!(!who(stranger, owner.gid(), &[]).may(&file, READ), "its group's bits count, not everybody's");
        assert!(who(stranger, own, &[]).reaches(&folder.join("none"), READ).unwrap_err().contains("there is no"));
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        let told = who(stranger, own, &[]).reaches(&file, READ).unwrap_err();
        assert_eq!(told, format!("{} is closed to user n", folder.display()));
        fs::remove_dir_all(&folder).unwrap();
    }
}
