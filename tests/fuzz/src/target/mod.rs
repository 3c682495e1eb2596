//! What is tried, and what must hold of it whatever the input is: that it ends, that it does not panic, and the promises that
//! its own documentation makes. What inputs begin as and which pieces are put into them stands beside it.
//!
//! | targets | file |
//! |---|---|
//! | messages | `mail.rs` |
//! | formatted texts | `rich.rs` |
//! | calendars | `calendar.rs` |
//! | what clients ask | `request.rs` |
//! | how requests and mail come in | `line.rs` |
//! | who comes in | `login.rs` |

mod calendar;
mod line;
mod login;
mod mail;
mod request;
mod rich;

use ewsd_mailbox::convert::table::Reads;
use ewsd_mailbox::convert::{self, Ask, Confined, InProcess, TABLE};

/// A reader under test.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: &'static [&'static [u8]],
    /// Pieces that are put in.
    pub pieces: &'static [&'static [u8]],
}

/// All of them.
pub fn targets() -> impl Iterator<Item = &'static Target> {
    [mail::TARGETS, rich::TARGETS, calendar::TARGETS, request::TARGETS, line::TARGETS, login::TARGETS]
        .into_iter()
        .flatten()
}

/// Every conversion that takes the octets for such.
fn all(reads: Reads, octets: &[u8]) {
    for row in TABLE.iter().filter(|row| row.reads == reads) {
        let told = convert::answer(&Confined::claim(), row.conversion, &(row.sample)(), octets).expect(row.name);
        assert_eq!(told.whole().len() as u64, told.length(), "{}: another length than was told", row.name);
    }
}

fn ask<A: Ask>(question: &A, octets: &[u8]) -> A::Answer {
    convert::by(InProcess(Confined::claim()));
    let name = A::CONVERSION.name();
    convert::ask(question, octets).expect(name)
}

/// Pieces of formats that are no text.
const BINARY: &[&[u8]] = &[
    b"\x78\x9f\x3e\x22",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x01",
    b"\x02",
    b"\x01\x04\x80\x01\0",
    b"\x03\x90\x06\0",
    b"\x05\x90\x06\0",
    b"\x04\x90\x06\0",
    b"\x02\x90\x06\0",
    b"\x0f\x80\x06\0",
    b"\x10\x80\x01\0",
    b"\x1e\0",
    b"\x1f\0",
    b"\x02\x01",
    b"\x0d\0",
    b"\x09\x10\x02\x01",
    b"\x13\x10\x02\x01",
    b"\x01\0\0\0",
    b"LZFu",
    b"MELA",
    b"IPM.Note\0",
];
