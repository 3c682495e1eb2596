//! What is asked of a converter, and what it answers: a message each, large octets beside it in a sealed memfd.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use ewsd_ipc::memfd::{self, Mapped};
use ewsd_mailbox::convert::{AnswerWriter, Conversion, Octets, Shared};
use ewsd_wire::form::Bytes;
use ewsd_wire::{Refused, wire};

/// Octets that travel within a message. More lie in a memfd.
pub(super) const INLINE: usize = 64 * 1024;
/// Octets of what is asked besides: names of zones and files are a client's choice, and an account may have many addresses.
pub(super) const ASKED: usize = 32 << 20;
/// Octets of a message: what is asked and what it is asked of.
pub(super) const MESSAGE: usize = 2 * INLINE + 64;
/// Most octets of an answer: so many times the question's, and as many again as any file may unpack to.
const TIMES: u64 = 16;
const UNPACKED: u64 = 256 << 20;

wire! {
    /// What is asked. With it travel the socket for the answer, and the files in which something lies, in the order of the fields.
    pub(super) struct Question version 1 {
        pub conversion: Conversion,
        /// Only by a converter that has converted nothing yet.
        pub fresh: bool,
        pub asked: Payload,
        pub octets: Payload,
    }

    /// Where octets are.
    pub(super) enum Payload {
        0 Here(octets: Vec<u8> as Bytes<INLINE>)
        1 File(length: u64) fds 1
    }

    /// What is answered.
    pub(super) enum Answer version 1 {
        0 Done(place: Payload)
        /// The question is none.
        1 Refused
        /// It has converted something, and a fresh one was asked for.
        2 Worn
        /// The machine would not let it: no descriptor, no memory.
        3 Later
    }
}

impl Payload {
    /// The place of octets, and the file that they are in, which travels along.
    pub fn of(octets: &[u8]) -> io::Result<(Payload, Option<File>)> {
        if octets.len() <= INLINE {
            Ok((Payload::Here(octets.to_vec()), None))
        } else {
            let file = memfd::sealed(c"ewsd-question", octets)?;
            Ok((Payload::File(octets.len() as u64), Some(file)))
        }
    }

    /// The same of an answer, which is written piece by piece.
    pub fn of_answer(told: &AnswerWriter<'_>) -> io::Result<(Payload, Option<File>)> {
        let length = told.length();
        if length <= INLINE as u64 {
            return Ok((Payload::Here(told.whole()), None));
        }
        let mut at = 0;
        let file = memfd::create(c"ewsd-answer")?;
        told.write(|octets| {
            std::os::unix::fs::FileExt::write_all_at(&file, octets, at)?;
            at += octets.len() as u64;
            io::Result::Ok(())
        })?;
        memfd::seal(&file)?;
        Ok((Payload::File(length), Some(file)))
    }

    /// The octets. A file must be sealed, so that whoever wrote it cannot change or shorten it any more.
    pub fn octets(self, file: Option<OwnedFd>) -> io::Result<Octets<'static>> {
        match (self, file) {
            (Payload::Here(octets), None) => Ok(Octets::Owned(octets)),
            (Payload::File(length), Some(file)) => {
                if !memfd::is_sealed(file.as_fd())? {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is not sealed"));
                }
                Ok(Octets::Shared(Shared::of(Mapped::new(&file, length)?)))
            }
            _ => Err(Refused::BadValue("the place of octets").into()),
        }
    }

    /// Whether the octets are more than can come of so many.
    pub fn is_absurd(&self, question: usize) -> bool {
        let most = (question as u64).saturating_mul(TIMES).saturating_add(UNPACKED);
        matches!(self, Payload::File(length) if *length > most)
    }
}
