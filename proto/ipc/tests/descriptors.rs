//! Descriptors arrive with their message, close-on-exec, and are closed when the message is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;

use ewsd_ipc::seqpacket::{Wait, pair, queued, receive, send};
use ewsd_ipc::{AfterReply, Body, ConnRecord, Job, Reply, WorkerEnd, memfd, shared};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};

fn is_open(number: i32, inode: u64) -> bool {
    std::fs::metadata(format!("/proc/self/fd/{number}")).is_ok_and(|meta| meta.ino() == inode)
}

#[test]
fn a_descriptor_arrives_with_its_message() {
    let (a, b) = pair().unwrap();
    let (mut near, far) = UnixStream::pair().unwrap();
    send(a.as_fd(), b"one", &[far.as_fd()], Wait::No).unwrap();
    send(a.as_fd(), b"two", &[], Wait::No).unwrap();
    drop(far);
    let mut buffer = [0; 100];
    let mut fds = Vec::new();
    assert_eq!(receive(b.as_fd(), &mut buffer, &mut fds, Wait::Yes).unwrap(), 3);
    assert_eq!(fds.len(), 1);
    let flags = FdFlag::from_bits_retain(fcntl(&fds[0], FcntlArg::F_GETFD).unwrap());
    assert!(flags.contains(FdFlag::FD_CLOEXEC));
    near.write_all(b"x").unwrap();
    let mut byte = [0; 1];
    UnixStream::from(fds.pop().unwrap()).read_exact(&mut byte).unwrap();
    assert_eq!(receive(b.as_fd(), &mut buffer, &mut fds, Wait::Yes).unwrap(), 3);
    assert!(fds.is_empty());
    drop(a);
    assert_eq!(receive(b.as_fd(), &mut buffer, &mut fds, Wait::Yes).unwrap(), 0);
}

#[test]
fn a_full_queue_says_so_and_empties() {
    let (a, b) = pair().unwrap();
    let mut sent = 0;
    while send(a.as_fd(), &[7; 100], &[a.as_fd()], Wait::No)
        .map_err(|error| assert_eq!(error.kind(), ErrorKind::WouldBlock))
        .is_ok()
    {
        sent += 1;
    }
    assert!(sent > 50, "{sent}");
    assert_eq!(queued(b.as_fd()).unwrap(), sent * 100);
    let mut fds = Vec::new();
    for _ in 0..sent {
        assert_eq!(receive(b.as_fd(), &mut [0; 200], &mut fds, Wait::No).unwrap(), 100);
    }
    assert_eq!(fds.len(), sent);
    assert_eq!(queued(b.as_fd()).unwrap(), 0);
    assert_eq!(receive(b.as_fd(), &mut [0; 200], &mut fds, Wait::No).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn descriptors_of_a_message_that_was_cut_off_are_closed() {
    let (a, b) = pair().unwrap();
    let file = memfd::of(c"test", b"hello").unwrap();
    let inode = file.metadata().unwrap().ino();
    let open = || {
        let all = std::fs::read_dir("/proc/self/fd").unwrap();
        all.filter(|entry| {
            let number = entry.as_ref().unwrap().file_name().to_str().unwrap().parse().unwrap();
            is_open(number, inode)
        })
        .count()
    };
    send(a.as_fd(), &[1; 50], &[file.as_fd(), file.as_fd()], Wait::No).unwrap();
    let mut fds = Vec::new();
    let error = receive(b.as_fd(), &mut [0; 10], &mut fds, Wait::No).unwrap_err();
    assert_eq!((error.kind(), fds.len(), open()), (ErrorKind::InvalidData, 0, 1));
    assert!(is_open(file.as_raw_fd(), inode));
}

#[test]
fn too_much_is_refused_before_it_is_sent() {
    let (a, _b) = pair().unwrap();
    let five = [a.as_fd(), a.as_fd(), a.as_fd(), a.as_fd(), a.as_fd()];
    assert_eq!(send(a.as_fd(), b"x", &five, Wait::No).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(send(a.as_fd(), b"", &[], Wait::No).unwrap_err().kind(), ErrorKind::InvalidInput);
}

fn record() -> ConnRecord {
    ConnRecord {
        conn: 9,
        peer: "[::1]:25".parse().unwrap(),
        listener: 1,
        served: 2,
        mailbox: 3,
        hashes: ewsd_ipc::message::Hashing::Known,
        context: b"ctx".to_vec(),
    }
}

#[test]
fn a_worker_takes_a_job_and_hands_the_socket_back() {
    let (jobs, their_jobs) = pair().unwrap();
    let (channel, their_channel) = pair().unwrap();
    let region = shared::create(&[5; 32]).unwrap();
    let end = WorkerEnd::new(their_jobs, their_channel, region.as_fd(), 3).unwrap();
    assert_eq!(end.shared().key(), &[5; 32]);

    let body = memfd::of(c"body", b"the body").unwrap();
    let (client, _peer) = UnixStream::pair().unwrap();
    let inode = File::from(client.as_fd().try_clone_to_owned().unwrap()).metadata().unwrap().ino();
    let job = Job::Http { job: 77, conn: record(), head: b"HEAD".to_vec(), body: Body::Memfd(8) };
    let mut wire = Vec::new();
    job.encode(&mut wire);
    send(jobs.as_fd(), &wire, &[client.as_fd(), body.as_fd()], Wait::No).unwrap();
    drop((client, body));

    let (taken, fds) = end.next_job().unwrap().unwrap();
    assert_eq!(taken, job);
    assert_eq!([2, 3].map(|place| shared::taken(&region, place).unwrap()), [0, 77]);
    assert_eq!(memfd::read(&fds[1], 8).unwrap(), b"the body");
    assert_eq!(&*memfd::Mapped::new(&fds[1], 8).unwrap(), b"the body");
    assert!(memfd::Mapped::new(&fds[1], 9).is_err());
    assert!(memfd::read(&fds[1], u64::MAX).is_err());
    let rest = memfd::of(c"rest", b"reply").unwrap();
    let reply = Reply::Drain { job: 77, conn: record(), then: AfterReply::Keep, offset: 1, length: 5 };
    assert_eq!(end.send(&reply, &[fds[0].as_fd()]).unwrap_err().kind(), ErrorKind::InvalidInput);
    end.send(&reply, &[fds[0].as_fd(), rest.as_fd()]).unwrap();

    let mut buffer = [0; 1000];
    let mut back: Vec<OwnedFd> = Vec::new();
    let n = receive(channel.as_fd(), &mut buffer, &mut back, Wait::Yes).unwrap();
    assert_eq!(Reply::decode(&buffer[..n], back.len()).unwrap(), reply);
    assert_eq!(File::from(back.swap_remove(0)).metadata().unwrap().ino(), inode);
    drop(jobs);
    assert!(end.next_job().unwrap().is_none());
}

#[test]
fn what_is_sealed_is_read_by_many_and_changed_by_none() {
    use std::io::{Seek, SeekFrom, Write};
    use std::os::unix::fs::FileExt;
    let mut file = memfd::sealed(c"test", b"settings").unwrap();
    assert!(file.write_all_at(b"S", 0).is_err());
    assert!(file.set_len(3).is_err() && file.set_len(30).is_err());
    // The place in the file is shared by all who have it, and does not matter.
    file.seek(SeekFrom::End(0)).unwrap();
    assert!(file.write_all(b"more").is_err());
    let inherited = OwnedFd::from(file);
    for _ in 0..2 {
        assert_eq!(memfd::read(&inherited, 8).unwrap(), b"settings");
    }
}

#[test]
fn remembered_successes_end_with_their_time_or_epoch() {
    let region = shared::create(&[1; 32]).unwrap();
    let one = shared::Shared::map(&region).unwrap();
    let two = shared::Shared::map(&region).unwrap();
    let epoch = one.accounts_epoch();
    one.remember(b"tag of one login", 42, 1000, epoch);
    assert_eq!(two.lookup(b"tag of one login", 999), Some(42));
    assert_eq!(two.lookup(b"tag of one login", 1000), None);
    assert_eq!(two.lookup(b"tag of one-login", 1), None);
    two.forget(b"tag of one login");
    assert_eq!(one.lookup(b"tag of one login", 1), None);
    // Read before the accounts changed, remembered after: void.
    shared::set_epoch(&region, epoch + 1).unwrap();
    one.remember(b"tag of one login", 42, 1000, epoch);
    assert_eq!(two.lookup(b"tag of one login", 1), None);
    assert_eq!(two.accounts_epoch(), epoch + 1);
    // Sealed: nobody can pull it from under the others.
    assert!(region.set_len(10).is_err());
}

/// What one herald has said is known to the next, so that nothing is forgotten because there is another.
#[test]
fn the_directorys_epoch_is_known_when_somebody_said_it() {
    let region = shared::create(&[1; 32]).unwrap();
    let one = shared::Shared::map(&region).unwrap();
    assert_eq!(one.directory_epoch(), None);
    one.remember(b"tag of one login", 42, 1000, one.accounts_epoch());
    for epoch in [0, 7] {
        one.set_directory_epoch(epoch);
        let next = shared::Shared::map(&region).unwrap();
        assert_eq!((next.directory_epoch(), next.lookup(b"tag of one login", 1)), (Some(epoch), Some(42)));
    }
}

/// Four ways in a bucket: the fifth tag pushes out the one that ends first.
#[test]
fn a_full_bucket_drops_the_oldest() {
    let region = shared::create(&[1; 32]).unwrap();
    let map = shared::Shared::map(&region).unwrap();
    let epoch = map.accounts_epoch();
    let tag = |n: u8| [0, 0, 0, 0, 0, 0, 0, 0, n, 1, 1, 1, 1, 1, 1, 1];
    for n in 1..=5 {
        map.remember(&tag(n), u64::from(n), 100 + u64::from(n), epoch);
    }
    let found: Vec<Option<u64>> = (1..=5).map(|n| map.lookup(&tag(n), 1)).collect();
    assert_eq!(found, [None, Some(2), Some(3), Some(4), Some(5)]);
}

const ABOUT: shared::About = shared::About { account: 7, address: None };

/// Whoever reads the region as a file is told whom counts are about, and until when.
#[test]
fn counts_are_listed_by_whom_they_are_about() {
    let region = shared::create(&[1; 32]).unwrap();
    let map = shared::Shared::map(&region).unwrap();
    let from = |account, address: &str| shared::About { account, address: Some(address.parse().unwrap()) };
    let all = [ABOUT, from(7, "192.0.2.1"), from(0, "2001:db8:1:2::"), from(0, "255.255.255.255")];
    for (tag, about) in (1..).zip(all) {
        (0..tag).for_each(|_| map.raise(&[tag; 16], about, 60, 10));
    }
    map.raise(&[9; 16], shared::About::default(), 60, 10);
    map.remember(&[10; 16], 7, 60, map.accounts_epoch());
    let listed = |now| {
        let mut rows = shared::counted(&region, now).unwrap();
        rows.sort_by_key(|row| row.count);
        rows.into_iter().map(|row| (row.about, row.count, row.expires)).collect::<Vec<_>>()
    };
    assert_eq!(listed(59), all.into_iter().zip(1..).map(|(about, count)| (about, count, 60)).collect::<Vec<_>>());
    assert_eq!(listed(60), []);
    shared::forgive(&region).unwrap();
    assert_eq!(listed(10), []);
}

/// Guessing begins no new minute because somebody's password is changed.
#[test]
fn counts_outlive_changes_of_accounts_and_end_with_their_time() {
    let region = shared::create(&[1; 32]).unwrap();
    let (one, two) = (shared::Shared::map(&region).unwrap(), shared::Shared::map(&region).unwrap());
    for (map, expected) in [(&one, 1), (&two, 2)] {
        map.raise(b"tag of one login", ABOUT, 60, 10);
        assert_eq!(one.count(b"tag of one login", 10), expected);
    }
    assert_eq!(one.lookup(b"tag of one login", 10), None, "a count is nobody's account");
    shared::set_epoch(&region, 2).unwrap();
    one.raise(b"tag of one login", ABOUT, 60, 59);
    assert_eq!((two.count(b"tag of one login", 59), two.count(b"tag of one login", 60)), (3, 0));
    one.raise(b"tag of one login", ABOUT, 120, 60);
    assert_eq!(two.count(b"tag of one login", 60), 1, "a minute later");
    shared::forgive(&region).unwrap();
    assert_eq!(two.count(b"tag of one login", 60), 0);
    one.raise(b"tag of one login", ABOUT, 120, 60);
    assert_eq!(two.count(b"tag of one login", 60), 1);
}

#[test]
fn a_nonce_is_taken_upward_and_never_again() {
    let region = shared::create(&[1; 32]).unwrap();
    let map = shared::Shared::map(&region).unwrap();
    let (first, same_place) = (b"nonce...and then", b"nonce...and more");
    for (tag, count, made, expected) in [
        (first, 1, 100, true),
        (first, 1, 100, false),
        (first, 3, 100, true),
        (first, 2, 100, false),
        (same_place, 1, 99, false),
        (same_place, 1, 100, false),
        (same_place, 1, 101, true),
        (first, 4, 100, false),
        (same_place, 2, 101, true),
    ] {
        assert_eq!(map.advance(tag, count, made), expected, "{count} of {made}");
        shared::set_epoch(&region, map.accounts_epoch() + 1).unwrap();
    }
}

#[test]
fn of_many_that_take_a_nonce_as_far_one_does() {
    use std::sync::atomic::{AtomicU32, Ordering};
    let region = shared::create(&[1; 32]).unwrap();
    let taken: Vec<AtomicU32> = (0..20_000).map(|_| AtomicU32::new(0)).collect();
    let take = || {
        let map = shared::Shared::map(&region).unwrap();
        for (count, taken) in (0..).zip(&taken) {
            taken.fetch_add(map.advance(b"nonce of clients", count, 7).into(), Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(take);
        scope.spawn(take);
        scope.spawn(take);
    });
    let taken: Vec<u32> = taken.into_iter().map(AtomicU32::into_inner).collect();
    assert!(taken.iter().all(|times| *times <= 1) && taken.contains(&1));
}

/// Writers and readers at once: a reader never sees the account of another tag.
#[test]
fn a_slot_is_never_torn() {
    let region = shared::create(&[1; 32]).unwrap();
    let epoch = shared::Shared::map(&region).unwrap().accounts_epoch();
    let tag = |n: u64| {
        let mut tag = [0; 16];
        tag[8..].copy_from_slice(&n.to_le_bytes());
        tag
    };
    std::thread::scope(|scope| {
        for writer in 0..2 {
            let region = &region;
            scope.spawn(move || {
                let map = shared::Shared::map(region).unwrap();
                for n in 0..40_000 {
                    map.remember(&tag(n * 2 + writer), n * 2 + writer, u64::MAX, epoch);
                }
            });
        }
        scope.spawn(|| {
            let map = shared::Shared::map(&region).unwrap();
            let mut seen = 0;
            for n in 0..80_000 {
                if let Some(account) = map.lookup(&tag(n), 1) {
                    assert_eq!(account, n);
                    seen += 1;
                }
            }
            seen
        });
    });
}
