//! Memory that all workers map (descriptor 5): the per-start key, the accounts epoch, the cache of successful
//! authentications, counts of failed ones, how far nonces were counted, and which job each worker has.
//!
//! The master creates it, fills in the key, bumps the epochs, and never maps it; what was counted it reads as a file. Workers use
//! atomics only: each cache slot is a sequence lock, so a reader can never see one writer's tag with another writer's account.
//! What a tag is (an HMAC under the key) is decided in `worker/src/auth/`.

use std::fs::File;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
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
const FAILURES_AT: usize = 40;
const DIRECTORY_AT: usize = 48;
const SLOTS_AT: usize = 64;
const WORDS: usize = 8;
const SLOT_BYTES: usize = WORDS * 8;
const WAYS: usize = 4;
const BUCKETS: usize = 4096;
const SLOTS: usize = WAYS * BUCKETS;
const NONCES_AT: usize = SLOTS_AT + SLOT_BYTES * SLOTS;
const NONCES: usize = 16_384;
const TAKEN_AT: usize = NONCES_AT + SLOT_BYTES * NONCES;
/// How many workers may say which job they have: as many as may live at a time, in all generations.
pub const PLACES: u32 = 8192;
/// Bytes of the whole region.
pub const REGION_BYTES: usize = TAKEN_AT + 8 * PLACES as usize;
/// Tells an epoch of failures, in a slot, from one of accounts.
const COUNTS: u64 = 1 << 63;
/// How often a count is tried while others write beside it.
const TRIES: usize = 1000;

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

/// Starts a new epoch of failures (master, which alone writes there): every count of an earlier one is void.
///
/// # Errors
/// What pread(2) and pwrite(2) report.
pub fn forgive(region: &File) -> io::Result<()> {
    let mut epoch = [0; 8];
    region.read_exact_at(&mut epoch, FAILURES_AT as u64)?;
    let next = u64::from_ne_bytes(epoch).wrapping_add(1);
    region.write_all_at(&next.to_ne_bytes(), FAILURES_AT as u64)
}

/// Whom a count is about. A tag tells nobody, so this lies beside it, for administrators who ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct About {
    /// 0: no account.
    pub account: u64,
    /// The beginning of its network, of which the upper 64 bits are kept.
    pub address: Option<IpAddr>,
}

impl About {
    /// Which version the address is of stands above the account's number.
    fn words(self) -> [u64; 2] {
        let account = self.account & (u64::MAX >> 2);
        match self.address {
            None => [account, 0],
            Some(IpAddr::V4(address)) => [account | 1 << 62, u64::from(u32::from(address))],
            Some(IpAddr::V6(address)) => [account | 2 << 62, (u128::from(address) >> 64) as u64],
        }
    }

    fn read([account, address]: [u64; 2]) -> About {
        let of = match account >> 62 {
            1 => Some(IpAddr::V4(Ipv4Addr::from(address as u32))),
            2 => Some(IpAddr::V6(Ipv6Addr::from(u128::from(address) << 64))),
            _ => None,
        };
        About { account: account & (u64::MAX >> 2), address: of }
    }
}

/// A count that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    pub about: About,
    pub count: u64,
    /// When it ends.
    pub expires: u64,
}

/// What [`Shared::raise`] has counted about somebody, and what has not ended `now` (master). What is written at this moment may be
/// left out.
///
/// # Errors
/// What pread(2) reports.
pub fn counted(region: &File, now: u64) -> io::Result<Vec<Counted>> {
    let mut epoch = [0; 8];
    region.read_exact_at(&mut epoch, FAILURES_AT as u64)?;
    let epoch = u64::from_ne_bytes(epoch) | COUNTS;
    let all = || -> io::Result<Vec<[u64; WORDS]>> {
        let mut octets = vec![0; SLOT_BYTES * SLOTS];
        region.read_exact_at(&mut octets, SLOTS_AT as u64)?;
        let word =
            |octets: &[u8], n: usize| octets.get(8 * n..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; 8]);
        let slots = octets.chunks_exact(SLOT_BYTES);
        Ok(slots.map(|slot| std::array::from_fn(|n| u64::from_ne_bytes(word(slot, n)))).collect())
    };
    // Reading is no atomic act: what is the same twice was whole.
    let (first, second) = (all()?, all()?);
    let whole = first.into_iter().zip(second).filter(|(one, other)| one == other && one[0] % 2 == 0);
    let counted = whole.filter_map(|([_, _, _, count, expires, of, account, address], _)| {
        let about = About::read([account, address]);
        (of == epoch && expires > now && about != About::default()).then_some(Counted { about, count, expires })
    });
    Ok(counted.collect())
}

/// The job that a worker took last (master); 0: none yet.
///
/// # Errors
/// What pread(2) reports.
pub fn taken(region: &File, place: u32) -> io::Result<u64> {
    let mut job = [0; 8];
    region.read_exact_at(&mut job, taken_at(place) as u64)?;
    Ok(u64::from_ne_bytes(job))
}

/// Before a worker is started in this place (master): it has taken nothing.
///
/// # Errors
/// What pwrite(2) reports.
pub fn vacate(region: &File, place: u32) -> io::Result<()> {
    region.write_all_at(&[0; 8], taken_at(place) as u64)
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

    /// The database's number of the accounts' last change that all successes here were remembered after; none: nobody has said
    /// one yet. Another herald than the one who said it goes by it, so that nothing is forgotten because a herald began anew.
    pub fn directory_epoch(&self) -> Option<u64> {
        self.word(DIRECTORY_AT).load(Ordering::Acquire).checked_sub(1)
    }

    /// Says it (herald), after the master was told to forget what was remembered before.
    pub fn set_directory_epoch(&self, epoch: u64) {
        self.word(DIRECTORY_AT).store(epoch.wrapping_add(1), Ordering::Release);
    }

    /// The account remembered for `tag`, unless it expired (`now` and expiry in seconds of the same clock) or accounts
    /// changed since.
    pub fn lookup(&self, tag: &[u8; 16], now: u64) -> Option<u64> {
        self.find(tag, now, self.accounts_epoch())
    }

    /// What [`Self::raise`] has counted for `tag`.
    pub fn count(&self, tag: &[u8; 16], now: u64) -> u64 {
        self.find(tag, now, self.failures_epoch()).unwrap_or(0)
    }

    fn failures_epoch(&self) -> u64 {
        self.word(FAILURES_AT).load(Ordering::Acquire) | COUNTS
    }

    fn find(&self, tag: &[u8; 16], now: u64, epoch: u64) -> Option<u64> {
        let (low, high) = halves(tag);
        // Of two the greater: see `raise`.
        let of = |slot: &Slot| {
            (slot.low == low && slot.high == high && slot.epoch == epoch && slot.expires > now).then_some(slot.value)
        };
        self.bucket(low).iter().flatten().filter_map(of).max()
    }

    /// Remembers that `tag` belongs to `account` until `expires`; `epoch` is what [`Self::accounts_epoch`] said before the
    /// account was read. Best effort: another writer in the same slot wins.
    pub fn remember(&self, tag: &[u8; 16], account: u64, expires: u64, epoch: u64) {
        let (low, high) = halves(tag);
        let slots = self.bucket(low);
        let epochs = [epoch, self.failures_epoch()];
        if let Some(slot) = slots.iter().flatten().min_by_key(|slot| slot.worth(low, high, epochs)) {
            self.write(slot, [low, high, account, expires, epoch, 0, 0]);
        }
    }

    /// Counts one more for `tag`, which is about somebody. The first is for all that follow: they count until its `expires`, and what ended before `now`
    /// begins anew. A change of accounts leaves it as it is. Of workers that count at the same moment one may not be counted.
    pub fn raise(&self, tag: &[u8; 16], about: About, expires: u64, now: u64) {
        let (low, high) = halves(tag);
        let [account, address] = about.words();
        let (accounts, epoch) = (self.accounts_epoch(), self.failures_epoch());
        for left in (0..TRIES).rev() {
            let slots = self.bucket(low);
            let known = |slot: &&Slot| slot.low == low && slot.high == high && slot.epoch == epoch;
            let own = slots.iter().flatten().filter(known).max_by_key(|slot| slot.value);
            if own.is_none() && left > 0 && slots.iter().any(Option::is_none) {
                // It may be the one that is being written. If that takes too long (its worker was killed) another is begun.
                std::hint::spin_loop();
                continue;
            }
            let (before, expires) =
                own.filter(|slot| slot.expires > now).map_or((0, expires), |slot| (slot.value, slot.expires));
            let least = || slots.iter().flatten().min_by_key(|slot| slot.worth(low, high, [accounts, epoch]));
            let Some(slot) = own.or_else(least) else { return };
            if self.write(slot, [low, high, before.saturating_add(1), expires, epoch, account, address]) {
                return;
            }
        }
    }

    /// Takes the nonce `tag` up to `count`: true for each count once at most, and upward only, whatever others do meanwhile.
    ///
    /// A nonce has one place, which belongs to the one that was made last (`made`, by a clock of all workers). One that was made no
    /// later than what lies there may have been counted before it had to go, and is never taken again.
    pub fn advance(&self, tag: &[u8; 16], count: u64, made: u64) -> bool {
        let (low, high) = halves(tag);
        let Some(slot) = self.read(NONCES_AT + SLOT_BYTES * ((low as usize) % NONCES)) else { return false };
        let same = slot.low == low && slot.high == high;
        let further = if same { count > slot.value } else { made > slot.expires };
        further && self.write(&slot, [low, high, count, made, 0, 0, 0])
    }

    /// This worker has the job from here on.
    pub fn take(&self, place: u32, job: u64) {
        self.word(taken_at(place)).store(job, Ordering::Release);
    }

    /// Forgets `tag`, for example after a password was refused.
    pub fn forget(&self, tag: &[u8; 16]) {
        let (low, high) = halves(tag);
        for slot in self.bucket(low).iter().flatten().filter(|slot| slot.low == low && slot.high == high) {
            self.write(slot, [0; WORDS - 1]);
        }
    }

    fn bucket(&self, low: u64) -> [Option<Slot>; WAYS] {
        std::array::from_fn(|way| self.read(slot_at(low, way)))
    }

    /// A consistent copy of a slot, or none while somebody writes it.
    fn read(&self, at: usize) -> Option<Slot> {
        let sequence = self.word(at).load(Ordering::Acquire);
        if sequence % 2 == 1 {
            return None;
        }
        let field = |i: usize| self.word(at + 8 * i).load(Ordering::Relaxed);
        let [low, high, value, expires, epoch] = [field(1), field(2), field(3), field(4), field(5)];
        fence(Ordering::Acquire);
        let whole = self.word(at).load(Ordering::Relaxed) == sequence;
        whole.then_some(Slot { at, sequence, low, high, value, expires, epoch })
    }

    /// Writes a slot that is still as it was read. A worker killed in between leaves its slot unused until the next start.
    fn write(&self, slot: &Slot, fields: [u64; WORDS - 1]) -> bool {
        let (at, before) = (slot.at, slot.sequence);
        let sequence = self.word(at);
        if sequence.compare_exchange(before, before.wrapping_add(1), Ordering::Acquire, Ordering::Relaxed).is_err() {
            return false;
        }
        fence(Ordering::Release);
        for (i, value) in fields.into_iter().enumerate() {
            self.word(at + 8 * (i + 1)).store(value, Ordering::Relaxed);
        }
        sequence.store(before.wrapping_add(2), Ordering::Release);
        true
    }

    fn word(&self, at: usize) -> &AtomicU64 {
        debug_assert!(at % 8 == 0 && at + 8 <= REGION_BYTES);
        // SAFETY: every caller passes one of the epochs' offsets, a slot's, of a bucket or a nonce, or a worker's place's, below
        // REGION_BYTES, all multiples of 8 in a page-aligned mapping that lives as long as self; all processes access these words atomically only.
        unsafe { AtomicU64::from_ptr(self.start.as_ptr().add(at).cast()) }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping made in `map`; word() borrows from self, so nothing points into it any more.
        let _ = unsafe { munmap(self.start.cast(), REGION_BYTES) };
    }
}

/// What lay in a slot when it was read.
struct Slot {
    at: usize,
    sequence: u64,
    low: u64,
    high: u64,
    /// An account, or a count.
    value: u64,
    expires: u64,
    epoch: u64,
}

impl Slot {
    /// The less, the sooner another tag may have its place.
    fn worth(&self, low: u64, high: u64, epochs: [u64; 2]) -> u64 {
        match self {
            slot if slot.low == low && slot.high == high => 0,
            slot if !epochs.contains(&slot.epoch) => 1,
            slot => slot.expires.saturating_add(2),
        }
    }
}

fn halves(tag: &[u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(*tag);
    (both as u64, (both >> 64) as u64)
}

fn taken_at(place: u32) -> usize {
    TAKEN_AT + 8 * (place % PLACES) as usize
}

/// Offset of a slot: the tag is an HMAC, so its low bits spread evenly over the buckets.
fn slot_at(low: u64, way: usize) -> usize {
    let bucket = (low as usize) % BUCKETS;
    SLOTS_AT + SLOT_BYTES * (bucket * WAYS + way)
}
