//! What reading a message costs grows as the message does. Each unit is repeated n, 2n, 4n and 8n times; the octets allocated on the
//! way may grow by 2.2 with each doubling, the thread's processor time as well.
//!
//! Octets are counted by an allocator of this program's own and are the same in every run. Of time the least of five is taken,
//! of so many runs that the smallest size takes long enough to be measured.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use ewsd_mailbox::convert::mime;
use jiff::Timestamp;
use nix::libc;

/// Growth per doubling.
const MOST: f64 = 2.2;
/// Times below that are noise.
const MEASURABLE: Duration = Duration::from_millis(5);
/// Octets below that are what every message costs.
const COUNTABLE: usize = 64 * 1024;
/// Allocated at one time for a message of 1 MB, whatever it is made of.
const PEAK: usize = 32 << 20;

/// Counts what the thread allocates.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static TOTAL: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static HIGHEST: Cell<isize> = const { Cell::new(0) };
}

fn count(more: isize) {
    // At the end of a thread its counters may be gone.
    let _ = LIVE.try_with(|live| {
        live.set(live.get() + more);
        let _ = HIGHEST.try_with(|highest| highest.set(highest.get().max(live.get())));
    });
    if more > 0 {
        let _ = TOTAL.try_with(|total| total.set(total.get() + more as usize));
    }
}

// SAFETY: all is done by the system's allocator, with the same arguments; the counters are plain cells of the thread.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(place, layout, size) }
    }
}

/// What one run cost: octets allocated in all, the most at a time.
fn octets(message: &[u8]) -> (usize, usize) {
    let (total, live) = (TOTAL.get(), LIVE.get());
    HIGHEST.set(live);
    drop(mime::parse(message, Timestamp::UNIX_EPOCH));
    (TOTAL.get() - total, (HIGHEST.get() - live) as usize)
}

fn now() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes the structure that it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The least of five, each run so often.
fn time(message: &[u8], often: u32) -> Duration {
    let run = || {
        let start = now();
        (0..often).for_each(|_| drop(mime::parse(message, Timestamp::UNIX_EPOCH)));
        now() - start
    };
    (0..5).map(|_| run()).min().unwrap()
}

/// What stands before the units, a unit, what stands after them.
type Shape = (&'static str, &'static str, &'static str);

const HEAD: &str = "Subject: x\r\n";
const PARTS: &str = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";

const SHAPES: &[Shape] = &[
    // Addresses.
    ("To: ", "a@b, ", "\r\n\r\n"),
    ("To: ", "<a@b>", "\r\n\r\n"),
    ("To: ", "\"A, B\" <a@b>,\r\n ", "\r\n\r\n"),
    ("To: ", ",", "\r\n\r\n"),
    ("To: ", "g:;", "\r\n\r\n"),
    ("To: ", "g: a@b, ", "\r\n\r\n"),
    ("To: ", "a ", "\r\n\r\n"),
    ("To: ", "<", "\r\n\r\n"),
    ("To: ", "\"", "\r\n\r\n"),
    ("To: ", "(", "\r\n\r\n"),
    ("To: ", "(x) ", "\r\n\r\n"),
    ("To: ", "\\\"", "\r\n\r\n"),
    ("To: ", "@a,@b:", "\r\n\r\n"),
    ("To: ", "=?utf-8?q?=C3=A4?= <a@b>, ", "\r\n\r\n"),
    // Fields.
    ("", "To: a@b\r\n", "\r\n"),
    ("", "Cc: a@b, c@d\r\n", "\r\n"),
    ("", "A:\r\n", "\r\n"),
    ("", "Subject: x\r\n", "\r\n"),
    ("", "Received: from a by b with c id d for <e@f>; Fri, 21 Nov 1997 09:55:06 +0000\r\n", "\r\n"),
    ("", "Date: Fri, 21 Nov 1997 09:55:06 +0000\r\n", "\r\n"),
    ("", "Content-Type: text/plain; a=b\r\n", "\r\n"),
    ("", "no field at all\r\n", "\r\n"),
    ("X: ", "x\r\n ", "\r\n\r\n"),
    ("Subject: ", "=?utf-8?q?a?= ", "\r\n\r\n"),
    ("Subject: ", "=?utf-8?b?w6Q=?=\r\n ", "\r\n\r\n"),
    ("Subject: ", "=?", "\r\n\r\n"),
    ("Subject: ", "=?utf-8?q?", "\r\n\r\n"),
    ("Subject: ", "Re: ", "\r\n\r\n"),
    ("Subject: ", "[x] ", "\r\n\r\n"),
    ("Subject: ", "\u{fc}", "\r\n\r\n"),
    ("References: ", "<a@b> ", "\r\n\r\n"),
    ("References: ", "<", "\r\n\r\n"),
    ("In-Reply-To: ", "a ", "\r\n\r\n"),
    ("Message-ID: <", "a", ">\r\n\r\n"),
    ("Keywords: ", "a,", "\r\n\r\n"),
    ("Keywords: ", "\"a\" ", "\r\n\r\n"),
    ("Date: ", "1 ", "\r\n\r\n"),
    ("Date: Fri, 21 Nov 1997 ", "(", "\r\n\r\n"),
    ("Thread-Index: ", "AAAA", "\r\n\r\n"),
    // Parameters.
    ("Content-Type: text/plain", "; a=b", "\r\n\r\nx"),
    ("Content-Type: text/plain", ";", "\r\n\r\nx"),
    ("Content-Type: text/plain; name=", "\"a\" ", "\r\n\r\nx"),
    ("Content-Disposition: attachment", "; filename*0*=a", "\r\n\r\nx"),
    ("Content-Disposition: attachment", "; filename*1=a; filename*0=b", "\r\n\r\nx"),
    ("Content-Disposition: attachment; filename*=utf-8''", "%C3%A4", "\r\n\r\nx"),
    ("Content-Type: multipart/mixed; boundary=", "a", "\r\n\r\n--a\r\n\r\nx"),
    // Structure.
    (PARTS, "--b\r\n\r\nx\r\n", "--b--\r\n"),
    (PARTS, "--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n", "--b--\r\n"),
    (PARTS, "--b\r\nTo: a@b, c@d\r\n\r\nx\r\n", "--b--\r\n"),
    (PARTS, "--b\r\n", "--b--\r\n"),
    (PARTS, "--b--\r\n", ""),
    (PARTS, "--c\r\n", "--b--\r\n"),
    (PARTS, "--bc\r\n", "--b--\r\n"),
    (PARTS, "x--b ", "\r\n--b--\r\n"),
    (PARTS, "--", "\r\n--b--\r\n"),
    (PARTS, "-", ""),
    ("", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", "\r\nx"),
    ("", "Content-Type: message/rfc822\r\n\r\nSubject: y\r\n", "\r\nx"),
    (PARTS, "--b\r\nContent-Type: message/rfc822\r\n\r\nTo: a@b\r\n\r\nx\r\n", "--b--\r\n"),
    ("Content-Type: multipart/digest; boundary=b\r\n\r\n", "--b\r\n\r\nTo: a@b\r\n\r\nx\r\n", "--b--\r\n"),
    ("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n", "VG86IGEsYixjCg==", "\r\n"),
    // Bodies.
    ("Content-Transfer-Encoding: base64\r\n\r\n", "!", "\r\n"),
    ("Content-Transfer-Encoding: base64\r\n\r\n", "AAAA\r\n", "\r\n"),
    ("Content-Transfer-Encoding: quoted-printable\r\n\r\n", "=", "\r\n"),
    ("Content-Transfer-Encoding: quoted-printable\r\n\r\n", "= \r\n", "\r\n"),
    ("Content-Transfer-Encoding: quoted-printable\r\n\r\n", "=C3=A4", "\r\n"),
    ("Content-Type: text/plain; charset=utf-7\r\n\r\n", "+AOQ-", "\r\n"),
    ("\r\n", "\r\n", ""),
    ("\r\n", "word ", ""),
    ("\r\n", "/message", ""),
];

fn message(shape: &Shape, size: usize) -> Vec<u8> {
    let (before, unit, after) = shape;
    format!("{HEAD}{before}{}{after}", unit.repeat((size / unit.len()).max(1))).into_bytes()
}

#[test]
fn octets_grow_as_the_message_does() {
    assert!(SHAPES.len() >= 30);
    let mut wrong = Vec::new();
    for shape in SHAPES {
        let costs = [1 << 17, 1 << 18, 1 << 19, 1 << 20].map(|size| octets(&message(shape, size)));
        println!("{costs:?} {shape:?}");
        let grows = |pair: &[(usize, usize)]| {
            pair[1].0 > COUNTABLE && pair[1].0 as f64 > MOST * (pair[0].0.max(COUNTABLE / 2)) as f64
        };
        if costs.windows(2).any(grows) || costs[3].1 > PEAK {
            wrong.push(format!("{shape:?}: {costs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn time_grows_as_the_message_does() {
    let mut wrong = Vec::new();
    for shape in SHAPES {
        // Small enough for the processor's caches; what takes too little time there is run more often.
        let size = 1 << 14;
        let once = time(&message(shape, size), 1).max(Duration::from_micros(1));
        let often = (MEASURABLE.as_secs_f64() / once.as_secs_f64()).ceil() as u32;
        // Another program may disturb one size, not all of them.
        let times = [1, 2, 4, 8].map(|factor| time(&message(shape, size * factor), often));
        println!("{size:>9} {times:?} {shape:?}");
        let grown = times[3].as_secs_f64() / times[0].as_secs_f64();
        if grown > MOST.powi(3) {
            wrong.push(format!("{shape:?}: {size} {times:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
