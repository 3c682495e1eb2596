//! Octets that mostly are none, in the space of a pointer: of ten thousand connections that wait hardly one has received anything.

use std::ops::Deref;

/// Octets, mostly none.
#[derive(Debug, Default)]
#[allow(clippy::box_collection, reason = "a pointer is all that none of them takes")]
pub struct Thin(Option<Box<Vec<u8>>>);

impl Thin {
    /// To change them; whoever takes all of them out leaves an allocation behind.
    #[allow(clippy::box_collection, reason = "as above")]
    pub fn octets(&mut self) -> &mut Vec<u8> {
        self.0.get_or_insert_default()
    }

    /// All of them; none are left.
    pub fn take(&mut self) -> Vec<u8> {
        self.0.take().map(|octets| *octets).unwrap_or_default()
    }

    /// Takes out so many from the start; all of them if they are fewer.
    pub fn take_front(&mut self, n: usize) -> Vec<u8> {
        if n >= self.len() {
            return self.take();
        }
        self.octets().drain(..n).collect()
    }

    /// Forgets so many from the start; all of them if they are fewer.
    pub fn drop_front(&mut self, n: usize) {
        if n >= self.len() {
            self.0 = None;
        } else {
            self.octets().drain(..n);
        }
    }

    /// Takes out all from `at` on.
    pub fn split_off(&mut self, at: usize) -> Vec<u8> {
        if at < self.len() { self.octets().split_off(at) } else { Vec::new() }
    }

    /// Adds some at the end.
    pub fn extend_from_slice(&mut self, more: &[u8]) {
        if !more.is_empty() {
            self.octets().extend_from_slice(more);
        }
    }
}

impl Deref for Thin {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_ref().map(|octets| octets.as_slice()).unwrap_or_default()
    }
}

impl From<Vec<u8>> for Thin {
    fn from(octets: Vec<u8>) -> Thin {
        Thin((!octets.is_empty()).then(|| Box::new(octets)))
    }
}

#[cfg(test)]
mod tests {
    use super::Thin;

    #[test]
    fn none_take_a_pointer() {
        assert_eq!(size_of::<Thin>(), size_of::<usize>());
        let mut thin = Thin::default();
        assert!(thin.is_empty() && thin.take().is_empty() && thin.split_off(3).is_empty());
        thin.extend_from_slice(b"one two");
        assert_eq!((thin.split_off(5), &*thin), (b"wo".to_vec(), &b"one two"[..5]));
        assert_eq!((thin.take_front(3), thin.len()), (b"one".to_vec(), 2));
        thin.drop_front(1);
        assert_eq!(&*thin, b"t");
        thin.drop_front(9);
        assert!(thin.0.is_none());
        assert!(Thin::from(Vec::new()).0.is_none());
        assert_eq!(Thin::from(b"x".to_vec()).take_front(7), b"x");
    }
}
