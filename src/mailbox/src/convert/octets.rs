//! Octets that are borrowed, owned, or a part of an answer that several hold.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// Whatever keeps an answer: memory, or a file that is mapped.
type Backing = Arc<dyn Deref<Target = [u8]> + Send + Sync>;

/// Octets, wherever they lie. A clone of a shared part costs nothing.
#[derive(Clone)]
pub enum Octets<'o> {
    Borrowed(&'o [u8]),
    Owned(Vec<u8>),
    /// A part of something larger, within its bounds.
    Shared(Shared),
}

/// A part of what is kept.
#[derive(Clone)]
pub struct Shared {
    kept: Backing,
    range: Range<usize>,
}

impl Octets<'_> {
    /// The same octets for whoever may keep them.
    pub fn into_owned(self) -> Vec<u8> {
        match self {
            Octets::Owned(octets) => octets,
            Octets::Borrowed(octets) => octets.to_vec(),
            Octets::Shared(part) => part.to_vec(),
        }
    }
}

impl Shared {
    /// All of something that is kept elsewhere: a mapped file.
    pub fn of(kept: impl Deref<Target = [u8]> + Send + Sync + 'static) -> Shared {
        let range = 0..kept.len();
        Shared { kept: Arc::new(kept), range }
    }

    /// The part of this part; None beyond its end.
    pub(super) fn part(&self, range: Range<usize>) -> Option<Shared> {
        let start = self.range.start.checked_add(range.start)?;
        let end = self.range.start.checked_add(range.end)?;
        (start <= end && end <= self.range.end).then(|| Shared { kept: Arc::clone(&self.kept), range: start..end })
    }
}

impl From<Vec<u8>> for Shared {
    fn from(octets: Vec<u8>) -> Shared {
        let range = 0..octets.len();
        Shared { kept: Arc::new(octets), range }
    }
}

impl Deref for Shared {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.kept.get(self.range.clone()).unwrap_or_default()
    }
}

impl Deref for Octets<'_> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Octets::Borrowed(octets) => octets,
            Octets::Owned(octets) => octets,
            Octets::Shared(part) => part,
        }
    }
}

impl Default for Octets<'_> {
    fn default() -> Self {
        Octets::Borrowed(&[])
    }
}

impl<'o> From<&'o [u8]> for Octets<'o> {
    fn from(octets: &'o [u8]) -> Octets<'o> {
        Octets::Borrowed(octets)
    }
}

impl From<Vec<u8>> for Octets<'_> {
    fn from(octets: Vec<u8>) -> Self {
        Octets::Owned(octets)
    }
}

impl<'o> From<std::borrow::Cow<'o, [u8]>> for Octets<'o> {
    fn from(octets: std::borrow::Cow<'o, [u8]>) -> Octets<'o> {
        match octets {
            std::borrow::Cow::Borrowed(octets) => Octets::Borrowed(octets),
            std::borrow::Cow::Owned(octets) => Octets::Owned(octets),
        }
    }
}

impl PartialEq for Octets<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl PartialEq<[u8]> for Octets<'_> {
    fn eq(&self, other: &[u8]) -> bool {
        **self == *other
    }
}

impl PartialEq<&[u8]> for Octets<'_> {
    fn eq(&self, other: &&[u8]) -> bool {
        **self == **other
    }
}

/// How many there are: strangers' mail belongs into no log.
impl fmt::Debug for Octets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets", self.len())
    }
}
