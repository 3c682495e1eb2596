//! Some of 4,096 numbers that follow each other.

use std::ops::{BitAnd, BitOr, Not};

/// Words of 64 bits.
const WORDS: usize = 64;

/// A bit for each of them, the lowest of a word first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Window([u64; WORDS]);

impl Window {
    /// Numbers of a window.
    pub const NUMBERS: u16 = 1 << 12;
    pub const EMPTY: Window = Window([0; WORDS]);

    /// Of the first words; None if there are too few.
    pub fn of(words: &[u64]) -> Option<Window> {
        words.first_chunk().map(|words| Window(*words))
    }

    /// Adds a number below [`Window::NUMBERS`].
    pub fn insert(&mut self, number: u16) {
        let word = self.0.get_mut(usize::from(number) / 64);
        word.into_iter().for_each(|word| *word |= 1 << (number % 64));
    }

    pub fn has(&self, number: u16) -> bool {
        self.0.get(usize::from(number) / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    pub fn is_empty(&self) -> bool {
        *self == Window::EMPTY
    }

    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// In ascending order.
    pub fn numbers(&self) -> impl Iterator<Item = u16> {
        ones(&self.0)
    }

    fn with(self, other: Window, of: impl Fn(u64, u64) -> u64) -> Window {
        let mut both = self;
        both.0.iter_mut().zip(other.0).for_each(|(own, their)| *own = of(*own, their));
        both
    }
}

/// The numbers of bits that are set, in ascending order.
pub(super) fn ones(words: &[u64]) -> impl Iterator<Item = u16> {
    let places = |word: &u64| {
        let left = Some(*word).filter(|word| *word != 0);
        let bits = std::iter::successors(left, |left| Some(left & (left - 1)).filter(|left| *left != 0));
        bits.map(|left| u16::try_from(left.trailing_zeros()).unwrap_or_default())
    };
    (0..=u16::MAX).step_by(64).zip(words).flat_map(move |(first, word)| places(word).map(move |place| first + place))
}

impl BitAnd for Window {
    type Output = Window;

    fn bitand(self, other: Window) -> Window {
        self.with(other, |own, their| own & their)
    }
}

impl BitOr for Window {
    type Output = Window;

    fn bitor(self, other: Window) -> Window {
        self.with(other, |own, their| own | their)
    }
}

impl Not for Window {
    type Output = Window;

    fn not(self) -> Window {
        self.with(Window::EMPTY, |own, _| !own)
    }
}
