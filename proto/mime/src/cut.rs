//! Parts of octets and texts by places that were found in them.

use std::slice::SliceIndex;

/// A part that is there, since its bounds were found in the whole: where they were not, the part is empty.
pub trait Cut {
    /// The part of a range.
    fn cut<R: SliceIndex<Self, Output = Self>>(&self, range: R) -> &Self;
}

impl<T> Cut for [T] {
    fn cut<R: SliceIndex<[T], Output = [T]>>(&self, range: R) -> &[T] {
        self.get(range).unwrap_or_default()
    }
}

impl Cut for str {
    fn cut<R: SliceIndex<str, Output = str>>(&self, range: R) -> &str {
        self.get(range).unwrap_or_default()
    }
}
