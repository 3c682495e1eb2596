//! Memory that all workers map (descriptor 5): the per-start key, the accounts epoch, and the cache of successful
//! authentications.
//!
//! The master creates it, fills in the key, bumps the epoch, and never maps it. Workers use atomics only: each cache slot is
//! a sequence lock, so a reader can never see one writer's tag with another writer's account.
//! What a tag is (an HMAC under the key) is decided in `worker/src/auth/`.

use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering, fence};

use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

use crate::memfd;

/// Bytes of the per-start key.
pub const KEY_BYTES: usize = 32;
const EPOCH_AT: usize = 32;
const SLOTS_AT: usize = 64;
const WORDS: usize = 6;
const SLOT_BYTES: usize = WORDS * 8;
const WAYS: usize = 4;
const BUCKETS: usize = 4096;
/// Bytes of the whole region.
pub const REGION_BYTES: usize = SLOTS_AT + SLOT_BYTES * WAYS * BUCKETS;

/// Makes the region (master): zeroes, then `key`; its size is sealed so that no worker can pull it from under the others.
///
/// # Errors
/// What memfd_create(2), ftruncate(2), fcntl(2) or write(2) reports.
pub fn create(key: &[u8; KEY_BYTES]) -> io::Result<File> {
    let file = memfd::create(c"ewsd-shared")?;
    file.set_len(REGION_BYTES as u64)?;
    file.write_all_at(key, 0)?;
    file.write_all_at(&1u64.to_ne_bytes(), EPOCH_AT as u64)?;
    let seals = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals))?;
    Ok(file)
}

/// Starts epoch number `epoch` (master): every remembered success of an earlier one is void.
///
/// # Errors
/// What pwrite(2) reports.
pub fn set_epoch(region: &File, epoch: u64) -> io::Result<()> {
    region.write_all_at(&epoch.to_ne_bytes(), EPOCH_AT as u64)
}

/// A worker's mapping of the region.
pub struct Shared {
    start: NonNull<u8>,
    key: [u8; KEY_BYTES],
}

// SAFETY: all access after `map` goes through atomics; the key is a copy.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    /// Maps the region behind `fd`, which may be closed afterwards.
    ///
    /// # Errors
    /// `InvalidData` when it has another size; else what mmap(2) reports.
    pub fn map(fd: impl AsFd) -> io::Result<Shared> {
        if nix::sys::stat::fstat(&fd)?.st_size != REGION_BYTES as i64 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the shared memory is that of another version"));
        }
        let size = NonZeroUsize::new(REGION_BYTES).ok_or(io::ErrorKind::InvalidData)?;
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a fresh shared mapping at an address the kernel chooses, of exactly the file's size, which is sealed.
        let start = unsafe { mmap(None, size, protection, MapFlags::MAP_SHARED, fd, 0)? }.cast::<u8>();
        let mut key = [0; KEY_BYTES];
        // SAFETY: the first KEY_BYTES of the mapping; they are written only before any worker starts.
        unsafe { start.copy_to_nonoverlapping(NonNull::from(&mut key).cast(), KEY_BYTES) };
        Ok(Shared { start, key })
    }

    /// Random bytes that live as long as the master runs.
    pub fn key(&self) -> &[u8; KEY_BYTES] {
        &self.key
    }

    /// Number of the present epoch; it grows when accounts change. Read it *before* reading an account.
    pub fn accounts_epoch(&self) -> u64 {
        self.word(EPOCH_AT).load(Ordering::Acquire)
    }

    /// The account remembered for `tag`, unless it expired (`now` and expiry in seconds of the same clock) or accounts
    /// changed since.
    pub fn lookup(&self, tag: &[u8; 16], now: u64) -> Option<u64> {
        let epoch = self.accounts_epoch();
        let (low, high) = halves(tag);
        (0..WAYS).find_map(|way| {
            let slot = self.read(slot_at(low, way))?;
            (slot.low == low && slot.high == high && slot.epoch == epoch && slot.expires > now).then_some(slot.account)
        })
    }

    /// Remembers that `tag` belongs to `account` until `expires`; `epoch` is what [`Self::accounts_epoch`] said before the
    /// account was read. Best effort: another writer in the same slot wins.
    pub fn remember(&self, tag: &[u8; 16], account: u64, expires: u64, epoch: u64) {
        let (low, high) = halves(tag);
        let worth = |at: usize| match self.read(at) {
            Some(slot) if slot.low == low && slot.high == high => 0,
            Some(slot) if slot.epoch != epoch => 1,
            Some(slot) => slot.expires.saturating_add(2),
            None => u64::MAX,
        };
        let oldest = (0..WAYS).map(|way| slot_at(low, way)).min_by_key(|at| worth(*at));
        if let Some(at) = oldest {
            self.write(at, [low, high, account, expires, epoch]);
        }
    }

    /// Forgets `tag`, for example after a password was refused.
    pub fn forget(&self, tag: &[u8; 16]) {
        let (low, high) = halves(tag);
        for at in (0..WAYS).map(|way| slot_at(low, way)) {
            if self.read(at).is_some_and(|slot| slot.low == low && slot.high == high) {
                self.write(at, [0; 5]);
            }
        }
    }

    /// A consistent copy of a slot, or none while somebody writes it.
    fn read(&self, at: usize) -> Option<Slot> {
        let before = self.word(at).load(Ordering::Acquire);
        if before % 2 == 1 {
            return None;
        }
        let field = |i: usize| self.word(at + 8 * i).load(Ordering::Relaxed);
        let slot = Slot { low: field(1), high: field(2), account: field(3), expires: field(4), epoch: field(5) };
        fence(Ordering::Acquire);
        (self.word(at).load(Ordering::Relaxed) == before).then_some(slot)
    }

    /// Writes a slot unless somebody else does. A worker killed in between leaves its slot unused until the next start.
    fn write(&self, at: usize, fields: [u64; WORDS - 1]) {
        let sequence = self.word(at);
        let before = sequence.load(Ordering::Relaxed);
        if before % 2 == 1
            || sequence.compare_exchange(before, before.wrapping_add(1), Ordering::Acquire, Ordering::Relaxed).is_err()
        {
            return;
        }
        fence(Ordering::Release);
        for (i, value) in fields.into_iter().enumerate() {
            self.word(at + 8 * (i + 1)).store(value, Ordering::Relaxed);
        }
        sequence.store(before.wrapping_add(2), Ordering::Release);
    }

    fn word(&self, at: usize) -> &AtomicU64 {
        debug_assert!(at % 8 == 0 && at + 8 <= REGION_BYTES);
        // SAFETY: every caller passes EPOCH_AT or a slot offset below REGION_BYTES, both multiples of 8 in a page-aligned
        // mapping that lives as long as self; all processes access these words atomically only.
        unsafe { AtomicU64::from_ptr(self.start.as_ptr().add(at).cast()) }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping made in `map`; word() borrows from self, so nothing points into it any more.
        let _ = unsafe { munmap(self.start.cast(), REGION_BYTES) };
    }
}

struct Slot {
    low: u64,
    high: u64,
    account: u64,
    expires: u64,
    epoch: u64,
}

fn halves(tag: &[u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(*tag);
    (both as u64, (both >> 64) as u64)
}

/// Offset of a slot: the tag is an HMAC, so its low bits spread evenly over the buckets.
fn slot_at(low: u64, way: usize) -> usize {
    let bucket = (low as usize) % BUCKETS;
    SLOTS_AT + SLOT_BYTES * (bucket * WAYS + way)
}
