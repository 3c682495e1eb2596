//! What many held calls would say at their deadlines is kept once: the frame. Each call keeps only the bytes that are its own, and
//! of a number that is told as a text only the number.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::rc::Rc;

use ewsd_http::date;
use ewsd_ipc::Piece;

use crate::text;

/// A stretch of a frame: a text, then a hole.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Part {
    text: Box<[u8]>,
    hole: Placeholder,
}

/// What comes into a hole.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Placeholder {
    /// So many of the call's own bytes.
    Own(usize),
    /// The time of writing.
    Date,
    /// A stretch of the call's context.
    Context { at: u16, length: u16 },
    /// The same in base64.
    Base64 { at: u16, length: u16 },
    /// The sixteen octets there as a UUID.
    Uuid { at: u16 },
}

/// What is the same for many calls.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Frame(Rc<FrameParts>);

type FrameParts = Box<[Part]>;

impl Borrow<[Part]> for Frame {
    fn borrow(&self) -> &[Part] {
        &self.0
    }
}

/// A ready-made reply as the master keeps it, without the bytes that are a call's own.
#[derive(Debug, Default)]
pub struct ReadyReply {
    /// None: there is no ready-made reply.
    frame: Option<Frame>,
}

impl ReadyReply {
    /// Whether there is no reply.
    pub fn is_empty(&self) -> bool {
        self.frame.is_none()
    }

    fn parts(&self) -> &[Part] {
        self.frame.as_ref().map(|frame| &**frame.0).unwrap_or_default()
    }

    /// The pieces that it was made of, or as good ones; `own` are the bytes that are the call's own.
    pub fn pieces(&self, mut own: &[u8]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for part in self.parts() {
            if !part.text.is_empty() {
                pieces.push(Piece::Shared(part.text.to_vec()));
            }
            match part.hole {
                Placeholder::Own(0) => {}
                Placeholder::Own(length) => {
                    let (mine, rest) = own.split_at_checked(length).unwrap_or((own, &[]));
                    pieces.push(Piece::Own(mine.to_vec()));
                    own = rest;
                }
                Placeholder::Date => pieces.push(Piece::Date),
                Placeholder::Context { at, length } => pieces.push(Piece::Context { at, length }),
                Placeholder::Base64 { at, length } => pieces.push(Piece::Base64 { at, length }),
                Placeholder::Uuid { at } => pieces.push(Piece::Uuid { at }),
            }
        }
        pieces
    }

    /// Writes the whole reply behind what is in `out`; `unix` is the present time in seconds since 1970, `context` and `own` are the
    /// call's.
    pub fn append_to(&self, out: &mut Vec<u8>, unix: u64, context: &[u8], mut own: &[u8]) {
        let stretch = |at: u16, length: u16| {
            let stretch = context.get(usize::from(at)..).and_then(|rest| rest.get(..usize::from(length)));
            stretch.unwrap_or_default()
        };
        for part in self.parts() {
            out.extend_from_slice(&part.text);
            match part.hole {
                Placeholder::Own(length) => {
                    let (mine, rest) = own.split_at_checked(length).unwrap_or((own, &[]));
                    out.extend_from_slice(mine);
                    own = rest;
                }
                Placeholder::Date => out.extend_from_slice(date::format(unix).as_bytes()),
                Placeholder::Context { at, length } => out.extend_from_slice(stretch(at, length)),
                Placeholder::Base64 { at, length } => text::put_base64(stretch(at, length), out),
                Placeholder::Uuid { at } => text::put_uuid(stretch(at, text::UUID), out),
            }
        }
    }
}

/// The frames in use.
#[derive(Debug, Default)]
pub struct Interned {
    frames: HashSet<Frame>,
}

impl Interned {
    /// Keeps the pieces of a reply, but for the bytes that are the call's own, which come back in order.
    pub fn keep(&mut self, pieces: Vec<Piece>) -> (ReadyReply, Vec<u8>) {
        let mut parts: Vec<Part> = Vec::with_capacity(pieces.len());
        let mut own = Vec::new();
        for piece in pieces {
            let (text, hole) = match piece {
                Piece::Shared(text) => (text, Placeholder::Own(0)),
                Piece::Own(bytes) => {
                    own.extend_from_slice(&bytes);
                    (Vec::new(), Placeholder::Own(bytes.len()))
                }
                Piece::Date => (Vec::new(), Placeholder::Date),
                Piece::Context { at, length } => (Vec::new(), Placeholder::Context { at, length }),
                Piece::Base64 { at, length } => (Vec::new(), Placeholder::Base64 { at, length }),
                Piece::Uuid { at } => (Vec::new(), Placeholder::Uuid { at }),
            };
            match parts.last_mut() {
                // Nothing is in the hole before, so this fills it.
                Some(Part { hole: before @ Placeholder::Own(0), .. }) if text.is_empty() => *before = hole,
                _ => parts.push(Part { text: text.into_boxed_slice(), hole }),
            }
        }
        let frame = (!parts.is_empty()).then(|| self.share(parts));
        (ReadyReply { frame }, own)
    }

    /// Keeps the pieces of a reply of which nothing is one call's own, whatever they say.
    pub fn keep_whole(&mut self, pieces: Vec<Piece>) -> ReadyReply {
        let whole = |piece| match piece {
            Piece::Own(bytes) => Piece::Shared(bytes),
            other => other,
        };
        self.keep(pieces.into_iter().map(whole).collect()).0
    }

    fn share(&mut self, parts: Vec<Part>) -> Frame {
        if let Some(known) = self.frames.get(&parts[..]) {
            return Frame(Rc::clone(&known.0));
        }
        let new = Rc::new(parts.into_boxed_slice());
        self.frames.insert(Frame(Rc::clone(&new)));
        Frame(new)
    }

    /// Gives a reply back; its frame goes with the last user.
    pub fn release(&mut self, kept: ReadyReply) {
        let Some(frame) = kept.frame else { return };
        // One count is ours, one is the set's.
        if Rc::strong_count(&frame.0) == 2 {
            self.frames.remove(&frame);
        }
    }

    /// Number of different frames.
    pub fn len(&self) -> usize {
        self.frames.len()
    }
}

#[cfg(test)]
mod tests {
    use ewsd_ipc::Piece;

    use super::{Interned, ReadyReply};

    type Kept = (ReadyReply, Vec<u8>);

    fn text((kept, own): &Kept) -> Vec<u8> {
        let mut out = Vec::new();
        kept.append_to(&mut out, 0, b"context of sixteen octets and more", own);
        out
    }

    #[test]
    fn equal_frames_are_kept_once_and_go_with_their_last_user() {
        let mut interned = Interned::default();
        let pieces = |own: &[u8]| {
            vec![
                Piece::Own(b"1".to_vec()),
                Piece::Shared(b"same".to_vec()),
                Piece::Own(own.to_vec()),
                Piece::Own(b"!".to_vec()),
            ]
        };
        let one = interned.keep(pieces(b"own"));
        let two = interned.keep(pieces(b"two"));
        assert_eq!(interned.len(), 1);
        assert_eq!((text(&one), text(&two)), (b"1sameown!".to_vec(), b"1sametwo!".to_vec()));
        let other = interned.keep(pieces(b"longer"));
        assert_eq!((interned.len(), text(&other)), (2, b"1samelonger!".to_vec()));
        interned.release(one.0);
        interned.release(other.0);
        assert_eq!(interned.len(), 1);
        interned.release(two.0);
        assert_eq!(interned.len(), 0);
    }

    #[test]
    fn pieces_come_back_as_good_as_they_were() {
        let mut interned = Interned::default();
        let pieces = vec![
            Piece::Own(b"1".to_vec()),
            Piece::Shared(b"same".to_vec()),
            Piece::Date,
            Piece::Context { at: 0, length: 3 },
            Piece::Base64 { at: 1, length: 4 },
            Piece::Uuid { at: 2 },
            Piece::Own(b"own".to_vec()),
            Piece::Shared(b"end".to_vec()),
        ];
        let kept = interned.keep(pieces.clone());
        let made = kept.0.pieces(&kept.1);
        assert_eq!(made, pieces);
        let again = interned.keep(made);
        assert_eq!((interned.len(), text(&again)), (1, text(&kept)));
        assert!(interned.keep(Vec::new()).0.pieces(b"").is_empty());
    }

    #[test]
    fn the_date_is_that_of_writing() {
        let mut interned = Interned::default();
        let kept = interned.keep(vec![Piece::Shared(b"at ".to_vec()), Piece::Date, Piece::Own(b".".to_vec())]);
        assert_eq!(text(&kept), b"at Thu, 01 Jan 1970 00:00:00 GMT.");
        let same = interned.keep(vec![Piece::Shared(b"at ".to_vec()), Piece::Date, Piece::Own(b"!".to_vec())]);
        assert_eq!(interned.len(), 1);
        interned.release(kept.0);
        interned.release(same.0);
        assert_eq!(interned.len(), 0);
    }

    #[test]
    fn what_the_context_has_is_not_kept_twice() {
        let mut interned = Interned::default();
        let stretch = |at, length| Piece::Context { at, length };
        let kept = interned.keep(vec![stretch(0, 3), Piece::Shared(b"-".to_vec()), stretch(3, 4), stretch(30, 5)]);
        // A stretch beyond the context's end is nothing.
        assert_eq!((text(&kept).as_slice(), kept.1.len()), (&b"con-text"[..], 0));
        interned.release(kept.0);
        let beyond = Piece::Uuid { at: 19 };
        let kept = interned.keep(vec![Piece::Base64 { at: 0, length: 7 }, Piece::Uuid { at: 1 }, beyond]);
        assert_eq!(text(&kept), b"Y29udGV4dA==6f6e7465-7874-206f-6620-736978746565");
        interned.release(kept.0);
    }

    #[test]
    fn no_pieces_are_no_reply() {
        let mut interned = Interned::default();
        let kept = interned.keep(Vec::new());
        assert!(kept.0.is_empty() && text(&kept).is_empty());
        interned.release(kept.0);
        assert_eq!(interned.len(), 0);
    }
}
