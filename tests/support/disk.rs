//! A small disk of a test's own, a tmpfs, where whoever runs this may mount one; and what fills it.

use std::fs::{self, File};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, fallocate};
use nix::sys::statvfs::statvfs;

/// How much is taken at a time, in octets.
const STEP: u64 = 8 << 20;

pub struct Disk {
    pub folder: PathBuf,
}

impl Disk {
    /// With so many octets; none if it cannot be mounted here, which is said.
    pub fn mount(bytes: u64) -> Option<Disk> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("ewsd-disk-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let options = format!("size={bytes},mode=0755");
        let output = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&folder).output();
        if output.is_ok_and(|output| output.status.success()) {
            return Some(Disk { folder });
        }
        println!("no tmpfs can be mounted here: nothing was filled");
        let _ = fs::remove_dir(&folder);
        None
    }

    /// How many octets are free.
    pub fn free(&self) -> u64 {
        let room = statvfs(&self.folder).expect("the disk is there");
        room.blocks_available() * room.fragment_size()
    }

    /// Leaves so many octets free, until what it gives is dropped.
    pub fn fill(&self, leave: u64) -> Filler {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let path = self.folder.join(format!("filler-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
        let file = File::create(&path).expect("a file");
        let mut length = 0;
        loop {
            let step = self.free().saturating_sub(leave).min(STEP) as i64;
            match fallocate(file.as_fd(), FallocateFlags::empty(), length, step.max(1)) {
                Ok(()) => length += step,
                // Others take and give back, too: what is free says it.
                Err(Errno::ENOSPC | Errno::EINTR) => {}
                Err(error) => panic!("fallocate: {error}"),
            }
            if step == 0 {
                return Filler(path);
            }
        }
    }
}

impl Drop for Disk {
    /// After a failure what was logged there is kept beside it.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let logs = fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path());
            for log in logs.filter(|path| path.extension().is_some_and(|extension| extension == "log")) {
                let _ = fs::copy(log, self.folder.with_extension("log"));
            }
        }
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
        let _ = fs::remove_dir(&self.folder);
    }
}

/// What takes the room.
pub struct Filler(PathBuf);

impl Filler {
    /// Gives it back.
    pub fn remove(&self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        self.remove();
    }
}
