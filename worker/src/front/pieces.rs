//! The body of an answer as it is written: in memory while it is short, in a memfd as it grows. A large answer is never whole in
//! the worker's own memory; the master writes it to the client from the file.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::FileExt as _;

use ewsd_ews::{Form, Reply};
use ewsd_ipc::memfd;
use flate2::Compression;
use flate2::write::GzEncoder;

/// So much is gathered in memory before there is a file.
const GATHERED: usize = 1 << 20;
/// And at most so much, where answers are compressed from a size on that is larger.
const GATHERED_MOST: u64 = 16 << 20;
/// Octets at the start of the file that are kept for the head, which is known only when the body is written.
const HEAD_ROOM: u64 = 4096;

/// A body in a file.
#[derive(Debug)]
pub struct FileBody {
    file: File,
    length: u64,
    pub gzip: bool,
}

/// How an answer was written.
pub enum Written {
    Whole(Vec<u8>),
    Large(FileBody),
}

impl FileBody {
    /// Octets of the body.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Puts the head before the body: the file, where in it the answer begins, and where it ends.
    ///
    /// # Errors
    /// `InvalidInput` where the head is longer than there is room for; else what writing to a memfd reports.
    pub fn headed(self, head: &[u8], with_body: bool) -> io::Result<(File, u64, u64)> {
        let length = head.len() as u64;
        let start = HEAD_ROOM.checked_sub(length).ok_or(io::ErrorKind::InvalidInput)?;
        self.file.write_all_at(head, start)?;
        Ok((self.file, start, HEAD_ROOM + if with_body { self.length } else { 0 }))
    }
}

impl PartialEq for FileBody {
    fn eq(&self, other: &FileBody) -> bool {
        (self.length, self.gzip) == (other.length, other.gzip)
    }
}

impl Eq for FileBody {}

enum Out {
    Plain(File),
    Gzip(GzEncoder<File>),
}

struct Pieces {
    gzip: bool,
    most: usize,
    gathered: Vec<u8>,
    out: Option<Out>,
    failed: Option<io::Error>,
}

/// Writes an answer; compressed if it is to be so from `gzip_bytes` on (0: never) and large enough to be in a file.
///
/// # Errors
/// What making or writing a memfd reports.
pub fn write(reply: &Reply, form: Form, gzip_bytes: u64) -> io::Result<Written> {
    let most = usize::try_from(gzip_bytes.min(GATHERED_MOST)).unwrap_or(GATHERED).max(GATHERED);
    let mut pieces = Pieces { gzip: gzip_bytes > 0, most, gathered: Vec::new(), out: None, failed: None };
    let last = reply.write_in_pieces(form, &mut |piece| pieces.take(piece));
    pieces.end(last)
}

impl Pieces {
    fn take(&mut self, piece: &mut Vec<u8>) {
        if self.failed.is_none() {
            self.failed = self.add(piece).err();
        }
        piece.clear();
    }

    fn add(&mut self, piece: &mut Vec<u8>) -> io::Result<()> {
        match &mut self.out {
            Some(Out::Plain(file)) => file.write_all(piece),
            Some(Out::Gzip(encoder)) => encoder.write_all(piece),
            None => {
                self.gathered.append(piece);
                if self.gathered.len() < self.most {
                    return Ok(());
                }
                let mut gathered = std::mem::take(&mut self.gathered);
                let mut file = memfd::create(c"ewsd-reply")?;
                file.seek(SeekFrom::Start(HEAD_ROOM))?;
                // XML of this kind shrinks to a tenth at the fastest level.
                self.out = Some(if self.gzip {
                    Out::Gzip(GzEncoder::new(file, Compression::fast()))
                } else {
                    Out::Plain(file)
                });
                self.add(&mut gathered)
            }
        }
    }

    fn end(mut self, mut last: Vec<u8>) -> io::Result<Written> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.out.is_some() {
            self.add(&mut last)?;
        }
        let (mut file, gzip) = match self.out {
            None if self.gathered.is_empty() => return Ok(Written::Whole(last)),
            None => {
                self.gathered.append(&mut last);
                return Ok(Written::Whole(self.gathered));
            }
            Some(Out::Plain(file)) => (file, false),
            Some(Out::Gzip(encoder)) => (encoder.finish()?, true),
        };
        let length = file.stream_position()?.saturating_sub(HEAD_ROOM);
        Ok(Written::Large(FileBody { file, length, gzip }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
    use std::io::Read as _;
    use std::rc::Rc;

    use ewsd_ews::view::ItemView;
    use ewsd_model::failure::Outcome;
    use ewsd_model::{ItemKind, PropId, Value};

    use super::*;

    fn reply(octets: usize) -> Reply {
        let props = vec![(PropId::ItemMimeContent, Value::Mime(vec![7; octets]))];
        let view = ItemView { kind: ItemKind::Message, props, extended: Vec::new() };
        Reply::GetItem(vec![Outcome::Success(vec![Rc::new(view)])])
    }

    fn rest(file: &File, start: u64, end: u64) -> Vec<u8> {
        let mut octets = vec![0; usize::try_from(end - start).unwrap()];
        file.read_exact_at(&mut octets, start).unwrap();
        octets
    }

    #[test]
    fn short_answers_stay_in_memory_and_long_ones_do_not() {
        let form = Form::default();
        for octets in [10, 700_000] {
            let Written::Whole(body) = write(&reply(octets), form, 0).unwrap() else { panic!("{octets}") };
            assert_eq!(body, reply(octets).to_bytes(form));
        }
        let long = reply(3_000_000);
        let Written::Large(large) = write(&long, form, 0).unwrap() else { panic!("in memory") };
        let body = long.to_bytes(form);
        assert_eq!(large.length(), body.len() as u64);
        let (file, start, end) = large.headed(b"head", true).unwrap();
        let whole = rest(&file, start, end);
        assert!(whole.starts_with(b"head") && whole[4..] == body);
        assert!(matches!(write(&long, form, 8 << 20).unwrap(), Written::Whole(_)), "compressed from 8 MB on");
    }

    #[test]
    fn long_answers_are_compressed_on_their_way() {
        let long = reply(3_000_000);
        let Written::Large(large) = write(&long, Form::default(), 1024).unwrap() else { panic!("in memory") };
        assert!(large.gzip && large.length() < 1 << 20);
        let (file, start, end) = large.headed(b"", true).unwrap();
        let mut body = Vec::new();
        flate2::read::GzDecoder::new(rest(&file, start, end).as_slice()).read_to_end(&mut body).unwrap();
        assert!(body == long.to_bytes(Form::default()));
    }

    #[test]
    fn a_head_without_room_is_refused() {
        let Written::Large(large) = write(&reply(3_000_000), Form::default(), 0).unwrap() else { panic!("in memory") };
        assert!(large.headed(&[b'x'; 5000], true).is_err());
    }
}
