//! Bodies that are too large for a message: anonymous files that travel as descriptors.
//!
//! The master only writes and reads them by offset (a hostile worker may shrink one while it is read); workers may map what
//! the master sent them. Layout and limits of the messages around them: [`crate::message`].

use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::ops::Deref;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::ptr::NonNull;

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

/// A new empty memfd, close-on-exec; `name` shows in /proc only.
///
/// # Errors
/// What memfd_create(2) reports.
pub fn create(name: &std::ffi::CStr) -> io::Result<File> {
    Ok(File::from(memfd_create(name, MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?))
}

/// A memfd that holds `bytes`.
///
/// # Errors
/// What memfd_create(2) or write(2) reports (ENOMEM, ENOSPC).
pub fn of(name: &std::ffi::CStr, bytes: &[u8]) -> io::Result<File> {
    let file = create(name)?;
    file.write_all_at(bytes, 0)?;
    Ok(file)
}

/// A memfd that holds `bytes` and never changes again, whoever has it.
///
/// # Errors
/// What memfd_create(2), write(2) or fcntl(2) reports.
pub fn sealed(name: &std::ffi::CStr, bytes: &[u8]) -> io::Result<File> {
    let file = of(name, bytes)?;
    seal(&file)?;
    Ok(file)
}

/// Nothing of a file that never changes again can be written, cut off or added.
const SEALS: SealFlag = SealFlag::F_SEAL_WRITE.union(SealFlag::F_SEAL_SHRINK).union(SealFlag::F_SEAL_GROW);

/// Has a memfd never change again, whoever has it.
///
/// # Errors
/// What fcntl(2) reports.
pub fn seal(file: &File) -> io::Result<()> {
    fcntl(file, FcntlArg::F_ADD_SEALS(SEALS | SealFlag::F_SEAL_SEAL))?;
    Ok(())
}

/// Whether it never changes again: whoever was sent it may map it, whoever wrote it.
///
/// # Errors
/// What fcntl(2) reports: it is no memfd.
pub fn is_sealed(file: impl AsFd) -> io::Result<bool> {
    let seals = fcntl(file, FcntlArg::F_GET_SEALS)?;
    Ok(SealFlag::from_bits_truncate(seals).contains(SEALS))
}

/// Reads `length` bytes from the start of a received memfd.
///
/// # Errors
/// `UnexpectedEof` when it is shorter than it was said to be; `OutOfMemory` when `length` is absurd.
pub fn read(fd: impl AsFd, length: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    bytes.resize(length, 0);
    File::from(fd.as_fd().try_clone_to_owned()?).read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// A memfd mapped for reading. Only for files whose sender does not change them any more: the master's, and sealed ones.
pub struct Mapped {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: the mapping is read-only and belongs to this value alone.
unsafe impl Send for Mapped {}
// SAFETY: shared access only reads.
unsafe impl Sync for Mapped {}

impl Mapped {
    /// Maps the first `length` bytes of `fd`, which may be closed afterwards.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file is shorter; else what mmap(2) reports.
    pub fn new(fd: impl AsFd, length: u64) -> io::Result<Mapped> {
        // Nobody reads it by its offset. fstat(2) is one call here and another there, and not allowed to everybody who maps.
        let real = nix::unistd::lseek(&fd, 0, nix::unistd::Whence::SeekEnd)?;
        let length = usize::try_from(length).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        if u64::try_from(real).unwrap_or(0) < length as u64 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some(size) = NonZeroUsize::new(length) else {
            return Ok(Mapped { start: NonNull::dangling(), length: 0 });
        };
        // SAFETY: a fresh private mapping at an address the kernel chooses; its length was checked against the file, and
        // the sender (the master) neither shrinks nor writes a body it has sent.
        let start = unsafe { mmap(None, size, ProtFlags::PROT_READ, MapFlags::MAP_PRIVATE, fd, 0)? };
        Ok(Mapped { start: start.cast(), length })
    }
}

impl Deref for Mapped {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        // SAFETY: start..start+length is mapped and readable until drop (or length is 0 and start is dangling but aligned).
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        if self.length > 0 {
            // SAFETY: exactly the mapping made in `new`; nothing borrows from it any more. A failure would leave it mapped,
            // which is harmless.
            let _ = unsafe { munmap(self.start.cast(), self.length) };
        }
    }
}
