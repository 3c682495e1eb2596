//! A list that mostly has one member, which is then kept in place: ten thousand streams mostly watch one mailbox each.

use std::slice;

/// Zero or more members.
#[derive(Debug, PartialEq, Eq)]
pub enum Few<T> {
    /// Exactly one.
    One(T),
    /// Any other number.
    #[allow(clippy::box_collection, reason = "a pointer is all that it may take beside the one member")]
    Many(Box<Vec<T>>),
}

impl<T> Few<T> {
    /// The members.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Few::One(member) => slice::from_ref(member),
            Few::Many(members) => members,
        }
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Few::Many(Box::default())
    }
}

impl<T> From<Vec<T>> for Few<T> {
    fn from(mut members: Vec<T>) -> Self {
        match members.pop() {
            Some(only) if members.is_empty() => Few::One(only),
            Some(last) => {
                members.push(last);
                members.shrink_to_fit();
                Few::Many(Box::new(members))
            }
            None => Few::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::Few;

    #[test]
    fn one_member_is_kept_in_place() {
        assert_eq!(Few::from(vec![7]), Few::One(7));
        assert_eq!(Few::from(vec![7, 8]).as_slice(), [7, 8]);
        assert_eq!(Few::<u8>::from(vec![]), Few::default());
        assert_eq!(size_of::<Few<(NonZeroU64, u64)>>(), 16);
    }
}
