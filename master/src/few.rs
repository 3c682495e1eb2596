//! A list that mostly has one member, which is then kept in place: ten thousand held calls mostly watch one mailbox each, and
//! most mailboxes have one watcher.

use std::slice;

/// Zero or more members.
#[derive(Debug, PartialEq, Eq)]
pub enum Few<T> {
    /// Exactly one.
    One(T),
    /// Any other number.
    Many(Vec<T>),
}

impl<T> Few<T> {
    /// The members.
    pub fn as_slice(&self) -> &[T] {
        match self {
            Few::One(member) => slice::from_ref(member),
            Few::Many(members) => members,
        }
    }

    /// Adds one at the end.
    pub fn push(&mut self, member: T) {
        *self = match std::mem::take(self) {
            Few::Many(members) if members.is_empty() => Few::One(member),
            Few::One(first) => Few::Many(vec![first, member]),
            Few::Many(mut members) => {
                members.push(member);
                Few::Many(members)
            }
        };
    }
}

impl<T: PartialEq> Few<T> {
    /// Takes out the first that equals `member`; the others may change their order.
    pub fn remove(&mut self, member: &T) {
        match self {
            Few::One(only) if only == member => *self = Few::default(),
            Few::One(_) => {}
            Few::Many(members) => {
                if let Some(at) = members.iter().position(|other| other == member) {
                    members.swap_remove(at);
                }
            }
        }
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Few::Many(Vec::new())
    }
}

impl<T> From<Vec<T>> for Few<T> {
    fn from(mut members: Vec<T>) -> Self {
        match members.pop() {
            Some(only) if members.is_empty() => Few::One(only),
            Some(last) => {
                members.push(last);
                members.shrink_to_fit();
                Few::Many(members)
            }
            None => Few::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Few;

    #[test]
    fn it_is_a_list() {
        let mut few = Few::default();
        assert!(few.as_slice().is_empty());
        for member in 1..=4 {
            few.push(member);
        }
        assert_eq!(few.as_slice(), [1, 2, 3, 4]);
        few.remove(&2);
        few.remove(&9);
        assert_eq!(few.as_slice(), [1, 4, 3]);
        for member in [1, 3, 4] {
            few.remove(&member);
        }
        assert!(few.as_slice().is_empty());
        few.push(5);
        assert_eq!(few, Few::One(5));
        few.remove(&6);
        assert_eq!(few.as_slice(), [5]);
        few.remove(&5);
        assert_eq!(few, Few::default());
    }

    #[test]
    fn one_member_is_kept_in_place() {
        assert_eq!(Few::from(vec![7]), Few::One(7));
        assert_eq!(Few::from(vec![7, 8]).as_slice(), [7, 8]);
        assert_eq!(Few::<u8>::from(vec![]), Few::default());
        assert_eq!(size_of::<Few<u64>>(), size_of::<Vec<u64>>());
    }
}
