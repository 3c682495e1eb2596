//! One copy of what many held calls would say at their deadlines, found by content.

use std::collections::HashSet;
use std::rc::Rc;

use ewsd_ipc::Piece;

/// A part of a ready-made reply as the master keeps it.
#[derive(Debug)]
pub enum Kept {
    /// One copy for all.
    Shared(Rc<[u8]>),
    /// This call's own.
    Own(Box<[u8]>),
}

impl Kept {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Kept::Shared(bytes) => bytes,
            Kept::Own(bytes) => bytes,
        }
    }
}

/// The shared pieces in use.
#[derive(Debug, Default)]
pub struct Interned {
    pieces: HashSet<Rc<[u8]>>,
}

impl Interned {
    /// Keeps the pieces of a reply.
    pub fn keep(&mut self, pieces: Vec<Piece>) -> Box<[Kept]> {
        pieces
            .into_iter()
            .map(|piece| match piece {
                Piece::Own(bytes) => Kept::Own(bytes.into_boxed_slice()),
                Piece::Shared(bytes) => Kept::Shared(self.share(&bytes)),
            })
            .collect()
    }

    fn share(&mut self, bytes: &[u8]) -> Rc<[u8]> {
        if let Some(known) = self.pieces.get(bytes) {
            return Rc::clone(known);
        }
        let new: Rc<[u8]> = Rc::from(bytes);
        self.pieces.insert(Rc::clone(&new));
        new
    }

    /// Gives the pieces of a reply back; a shared one goes with its last user.
    pub fn release(&mut self, pieces: Box<[Kept]>) {
        for piece in pieces.into_vec() {
            if let Kept::Shared(bytes) = piece {
                // One count is ours, one is the set's.
                if Rc::strong_count(&bytes) == 2 {
                    self.pieces.remove(&bytes);
                }
            }
        }
    }

    /// Number of different pieces.
    pub fn len(&self) -> usize {
        self.pieces.len()
    }
}

#[cfg(test)]
mod tests {
    use ewsd_ipc::Piece;

    use super::Interned;

    #[test]
    fn equal_pieces_are_kept_once_and_go_with_their_last_user() {
        let mut interned = Interned::default();
        let pieces =
            || vec![Piece::Shared(b"same".to_vec()), Piece::Own(b"own".to_vec()), Piece::Shared(b"same".to_vec())];
        let one = interned.keep(pieces());
        let two = interned.keep(pieces());
        assert_eq!(interned.len(), 1);
        assert_eq!(one.iter().flat_map(|piece| piece.bytes().to_vec()).collect::<Vec<u8>>(), b"sameownsame");
        interned.release(one);
        assert_eq!(interned.len(), 1);
        interned.release(two);
        assert_eq!(interned.len(), 0);
    }
}
