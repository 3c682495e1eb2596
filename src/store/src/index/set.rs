//! Numbers of items, in chunks of 65,536.

use super::window::{Window, ones};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Numbers of a chunk.
const CHUNK: i64 = 1 << 16;
/// Words of 64 bits of a chunk.
const WORDS: usize = 1 << 10;
/// More numbers than these take more octets than a bit for each that there may be.
const FEW: usize = 4 * WORDS;
/// Windows of a chunk.
const WINDOWS: i64 = CHUNK / Window::NUMBERS as i64;

/// Sets share the chunks that they have in common: a copy of one takes next to nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Set(BTreeMap<i64, Rc<Chunk>>);

/// The numbers of a chunk, of which there is at least one: never in more octets than rows of `word` have them in.
#[derive(Clone, Debug)]
enum Chunk {
    /// In ascending order.
    Few(Vec<u16>),
    Bits(Box<[u64; WORDS]>),
}

/// Numbers on their way into a set, in any order: in no more octets than the rows that they are of.
#[derive(Default)]
pub(super) struct Gathered(HashMap<i64, Chunk>);

/// Numbers as bits, of the chunks that have any.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bits {
    /// The first of these chunks.
    pub first: i64,
    /// Which chunk of `octets` is each from the first on; -1: none of its numbers is there.
    pub places: Vec<i64>,
    /// A bit for each number of a chunk: the lowest of an octet comes first.
    pub octets: Vec<u8>,
}

impl Bits {
    /// Numbers of a chunk.
    pub const CHUNK: i64 = CHUNK;
}

/// The chunk of a number, and its two octets there.
pub(super) fn place(number: i64) -> (i64, [u8; 2]) {
    let (chunk, within) = split(number);
    (chunk, within.to_le_bytes())
}

fn split(number: i64) -> (i64, u16) {
    (number.div_euclid(CHUNK), u16::try_from(number.rem_euclid(CHUNK)).unwrap_or_default())
}

/// The chunk of a window, and where the window begins there.
fn window(at: i64) -> (i64, u16) {
    let within = u16::try_from(at.rem_euclid(WINDOWS)).unwrap_or_default();
    (at.div_euclid(WINDOWS), within * Window::NUMBERS)
}

impl Chunk {
    /// So many numbers, in any order; they are settled later.
    fn gather(&mut self, count: usize, numbers: impl Iterator<Item = u16>) {
        if let Chunk::Few(own) = self
            && own.len() + count > FEW
        {
            *self = Chunk::Bits(bits(own));
        }
        match self {
            Chunk::Few(own) => {
                own.reserve(count);
                own.extend(numbers);
            }
            Chunk::Bits(own) => numbers.for_each(|number| set(own, number)),
        }
    }

    fn settle(&mut self) {
        if let Chunk::Few(own) = self {
            if !own.is_sorted_by(|a, b| a < b) {
                // Of two parts in order, mostly.
                own.sort();
                own.dedup();
            }
            own.shrink_to_fit();
        }
    }

    /// So many numbers, in any order.
    fn add(&mut self, count: usize, numbers: impl Iterator<Item = u16>) {
        self.gather(count, numbers);
        self.settle();
    }

    fn union(&mut self, other: &Chunk) {
        match (&mut *self, other) {
            (Chunk::Bits(own), Chunk::Bits(theirs)) => {
                own.iter_mut().zip(theirs.iter()).for_each(|(own, their)| *own |= their);
            }
            (Chunk::Few(own), Chunk::Bits(theirs)) => {
                let mut all = theirs.clone();
                own.iter().for_each(|number| set(&mut all, *number));
                *self = Chunk::Bits(all);
            }
            (_, Chunk::Few(theirs)) => self.add(theirs.len(), theirs.iter().copied()),
        }
    }

    fn intersect(&mut self, other: &Chunk) {
        match (&mut *self, other) {
            (Chunk::Bits(own), Chunk::Bits(theirs)) => {
                own.iter_mut().zip(theirs.iter()).for_each(|(own, their)| *own &= their);
            }
            (Chunk::Bits(_), Chunk::Few(theirs)) => {
                *self = Chunk::Few(theirs.iter().copied().filter(|number| self.contains(*number)).collect());
            }
            (Chunk::Few(own), _) => own.retain(|number| other.contains(*number)),
        }
    }

    fn subtract(&mut self, other: &Chunk) {
        match (self, other) {
            (Chunk::Bits(own), Chunk::Bits(theirs)) => {
                own.iter_mut().zip(theirs.iter()).for_each(|(own, their)| *own &= !their);
            }
            (Chunk::Bits(own), Chunk::Few(theirs)) => {
                theirs.iter().for_each(|number| {
                    let word = own.get_mut(usize::from(*number) / 64);
                    word.into_iter().for_each(|word| *word &= !(1 << (number % 64)));
                });
            }
            (Chunk::Few(own), _) => own.retain(|number| !other.contains(*number)),
        }
    }

    fn contains(&self, number: u16) -> bool {
        match self {
            Chunk::Few(own) => own.binary_search(&number).is_ok(),
            Chunk::Bits(own) => own.get(usize::from(number) / 64).is_some_and(|word| word >> (number % 64) & 1 == 1),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Chunk::Few(own) => own.is_empty(),
            Chunk::Bits(own) => own.iter().all(|word| *word == 0),
        }
    }

    fn len(&self) -> usize {
        match self {
            Chunk::Few(own) => own.len(),
            Chunk::Bits(own) => own.iter().map(|word| word.count_ones() as usize).sum(),
        }
    }

    /// In ascending order.
    fn numbers(&self) -> Vec<u16> {
        match self {
            Chunk::Few(own) => own.clone(),
            Chunk::Bits(own) => {
                let mut numbers = Vec::with_capacity(self.len());
                numbers.extend(ones(&**own));
                numbers
            }
        }
    }

    /// Those of the window that begins there.
    fn window(&self, first: u16) -> Window {
        match self {
            Chunk::Few(own) => {
                let from = own.partition_point(|number| *number < first);
                let behind = own.iter().skip(from).map(|number| number - first);
                let mut window = Window::EMPTY;
                behind.take_while(|number| *number < Window::NUMBERS).for_each(|number| window.insert(number));
                window
            }
            Chunk::Bits(own) => own.get(usize::from(first) / 64..).and_then(Window::of).unwrap_or(Window::EMPTY),
        }
    }
}

fn bits(numbers: &[u16]) -> Box<[u64; WORDS]> {
    let mut bits = Box::new([0; WORDS]);
    numbers.iter().for_each(|number| set(&mut bits, *number));
    bits
}

fn set(bits: &mut [u64; WORDS], number: u16) {
    let word = bits.get_mut(usize::from(number) / 64);
    word.into_iter().for_each(|word| *word |= 1 << (number % 64));
}

impl Set {
    /// Fastest in ascending order.
    pub fn insert(&mut self, number: i64) {
        let (chunk, within) = split(number);
        match self.0.get_mut(&chunk).map(Rc::make_mut) {
            Some(Chunk::Few(own)) if own.len() < FEW && own.last().is_some_and(|last| *last < within) => {
                own.push(within);
            }
            Some(own) => own.add(1, std::iter::once(within)),
            None => drop(self.0.insert(chunk, Rc::new(Chunk::Few(vec![within])))),
        }
    }

    /// Those of a window, by its number.
    pub fn window(&self, at: i64) -> Window {
        let (chunk, first) = window(at);
        self.0.get(&chunk).map_or(Window::EMPTY, |own| own.window(first))
    }

    /// The windows that have any, in ascending order.
    pub fn windows(&self) -> impl Iterator<Item = (i64, Window)> {
        let of = |chunk: i64| (0..WINDOWS).map(move |at| chunk * WINDOWS + at);
        let all = self.0.iter().flat_map(move |(chunk, own)| of(*chunk).map(|at| (at, own.window(window(at).1))));
        all.filter(|(_, window)| !window.is_empty())
    }

    pub fn put(&mut self, at: i64, numbers: Window) {
        let (chunk, first) = window(at);
        if !numbers.is_empty() {
            let own = self.0.entry(chunk).or_insert_with(|| Rc::new(Chunk::Few(Vec::new())));
            Rc::make_mut(own).add(numbers.len(), numbers.numbers().map(|number| first + number));
        }
    }

    pub fn union(&mut self, other: Set) {
        for (chunk, theirs) in other.0 {
            match self.0.get_mut(&chunk) {
                Some(own) if Rc::ptr_eq(own, &theirs) => {}
                Some(own) => Rc::make_mut(own).union(&theirs),
                None => drop(self.0.insert(chunk, theirs)),
            }
        }
    }

    pub fn intersect(&mut self, other: &Set) {
        self.0.retain(|chunk, own| match other.0.get(chunk) {
            Some(theirs) if Rc::ptr_eq(own, theirs) => true,
            Some(theirs) => {
                Rc::make_mut(own).intersect(theirs);
                !own.is_empty()
            }
            None => false,
        });
    }

    pub fn subtract(&mut self, other: &Set) {
        self.0.retain(|chunk, own| match other.0.get(chunk) {
            Some(theirs) if Rc::ptr_eq(own, theirs) => false,
            Some(theirs) => {
                Rc::make_mut(own).subtract(theirs);
                !own.is_empty()
            }
            None => true,
        });
    }

    pub fn len(&self) -> usize {
        self.0.values().map(|chunk| chunk.len()).sum()
    }

    /// How many are among so many of the highest numbers of another set.
    pub fn among_newest(&self, of: &Set, most: usize) -> usize {
        let newest = of.0.iter().rev().flat_map(|(chunk, numbers)| {
            let own = self.0.get(chunk);
            let numbers = numbers.numbers().into_iter().rev();
            numbers.map(move |number| own.is_some_and(|own| own.contains(number)))
        });
        newest.take(most).filter(|is_own| *is_own).count()
    }

    /// None where that takes more octets.
    pub fn bits(&self, most: usize) -> Option<Bits> {
        let ((first, _), (last, _)) = (self.0.first_key_value()?, self.0.last_key_value()?);
        let chunks = usize::try_from(last - first).ok()?.checked_add(1)?;
        if chunks.checked_add(self.0.len() * WORDS)? > most / 8 {
            return None;
        }
        let (mut places, mut octets) = (vec![-1; chunks], Vec::with_capacity(self.0.len() * 8 * WORDS));
        for ((chunk, numbers), place) in self.0.iter().zip(0..) {
            *places.get_mut(usize::try_from(chunk - first).ok()?)? = place;
            match &**numbers {
                Chunk::Few(own) => octets.extend(bits(own).iter().flat_map(|word| word.to_le_bytes())),
                Chunk::Bits(own) => octets.extend(own.iter().flat_map(|word| word.to_le_bytes())),
            }
        }
        Some(Bits { first: *first, places, octets })
    }

    /// In ascending order.
    pub fn iter(&self) -> impl Iterator<Item = i64> {
        let numbers =
            |chunk: i64, own: &Rc<Chunk>| own.numbers().into_iter().map(move |n| chunk * CHUNK + i64::from(n));
        self.0.iter().flat_map(move |(chunk, own)| numbers(*chunk, own))
    }

    /// The same as a list.
    pub fn numbers(&self) -> Vec<i64> {
        self.iter().collect()
    }
}

impl Gathered {
    /// Adds the numbers of a row: two octets each.
    pub fn add(&mut self, chunk: i64, row: &[u8]) {
        let count = row.len() / 2;
        if count > 0 {
            let pairs = row.chunks_exact(2).filter_map(<[u8]>::first_chunk::<2>);
            let own = self.0.entry(chunk).or_insert_with(|| Chunk::Few(Vec::new()));
            own.gather(count, pairs.map(|pair| u16::from_le_bytes(*pair)));
        }
    }
}

impl From<Gathered> for Set {
    fn from(gathered: Gathered) -> Set {
        let settled = |(number, mut chunk): (i64, Chunk)| {
            chunk.settle();
            (number, Rc::new(chunk))
        };
        Set(gathered.0.into_iter().map(settled).collect())
    }
}

impl FromIterator<i64> for Set {
    fn from_iter<I: IntoIterator<Item = i64>>(numbers: I) -> Set {
        let mut set = Set::default();
        numbers.into_iter().for_each(|number| set.insert(number));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn is_set(bits: &Bits, number: i64) -> bool {
        let place = usize::try_from(number.div_euclid(CHUNK) - bits.first).ok().and_then(|at| bits.places.get(at));
        let at = place.and_then(|place| usize::try_from(place * CHUNK + number.rem_euclid(CHUNK)).ok());
        at.and_then(|at| Some(bits.octets.get(at / 8)? >> (at % 8) & 1 == 1)).unwrap_or_default()
    }

    /// Few numbers of some chunks, and many of others.
    fn numbers() -> impl proptest::strategy::Strategy<Value = BTreeSet<i64>> {
        use proptest::prelude::{Strategy, prop};
        let many = (0_i64..200_000, 0_i64..12_000, 1_i64..4);
        let many = many.prop_map(|(from, count, step)| (0..count).map(|n| from + n * step).collect::<BTreeSet<_>>());
        let few = prop::collection::btree_set(0_i64..200_000, 0..50);
        (few, prop::collection::vec(many, 0..3)).prop_map(|(few, many)| many.into_iter().flatten().chain(few).collect())
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { cases: 48, max_shrink_iters: 500, ..Default::default() })]
        #[test]
        fn it_is_a_set(a in numbers(), b in numbers()) {
            let of = |numbers: &BTreeSet<i64>| numbers.iter().copied().collect::<Set>();
            let list = |set: &Set| set.iter().collect::<BTreeSet<i64>>();
            let one = of(&a);
            let (mut union, mut both, mut less) = (of(&a), of(&a), of(&a));
            union.union(of(&b));
            both.intersect(&of(&b));
            less.subtract(&of(&b));
            proptest::prop_assert_eq!(list(&union), a.union(&b).copied().collect::<BTreeSet<_>>());
            proptest::prop_assert_eq!(list(&both), a.intersection(&b).copied().collect::<BTreeSet<_>>());
            proptest::prop_assert_eq!(list(&less), a.difference(&b).copied().collect::<BTreeSet<_>>());
            proptest::prop_assert_eq!(union.len(), a.union(&b).count());
            proptest::prop_assert!(union.numbers().is_sorted_by(|a, b| a < b));
            let mut backward = Set::default();
            a.iter().rev().take(500).for_each(|number| backward.insert(*number));
            proptest::prop_assert!(backward.iter().eq(a.iter().rev().take(500).rev().copied()));
            // Nothing is left of what a set has in common with itself.
            let mut other = of(&a);
            other.union(one.clone());
            other.subtract(&other.clone());
            proptest::prop_assert_eq!((other.len(), one.len(), other.bits(1 << 20)), (0, a.len(), None));
            let bits = one.bits(1 << 20);
            proptest::prop_assert!(a.union(&b).chain(&[0, 65_536, 199_999]).all(|n| bits.as_ref().is_some_and(|bits| is_set(bits, *n)) == a.contains(n)));
            let windows: Vec<_> = one.windows().collect();
            let mut whole = Set::default();
            windows.iter().rev().for_each(|(at, window)| whole.put(*at, *window));
            proptest::prop_assert_eq!(list(&whole), list(&one));
            proptest::prop_assert!(windows.iter().all(|(at, window)| one.window(*at) == *window && !window.is_empty()));
            proptest::prop_assert_eq!(of(&a).bits(1), None);
            proptest::prop_assert_eq!(of(&a).among_newest(&of(&b), 1 << 20), a.intersection(&b).count());
            let newest = b.last().is_some_and(|last| a.contains(last));
            proptest::prop_assert_eq!(of(&a).among_newest(&of(&b), 1), usize::from(newest));
        }
    }

    /// The numbers that are left out after each restore are nobody's.
    #[test]
    fn gaps_take_next_to_nothing() {
        let numbers: Vec<i64> = (0..50).flat_map(|gap| [gap << 24, (gap << 24) + 70_000]).collect();
        let bits = numbers.iter().copied().collect::<Set>().bits(1 << 20);
        assert!(numbers.iter().all(|number| bits.as_ref().is_some_and(|bits| is_set(bits, *number))));
        assert!(numbers.iter().all(|number| bits.as_ref().is_some_and(|bits| !is_set(bits, *number + 1_000_000))));
    }

    #[test]
    fn a_set_takes_no_more_octets_than_what_it_is_made_of() {
        for count in [1_usize, 100, 4_096, 4_097, 65_536] {
            let octets: Vec<u8> = (0..count).filter_map(|n| u16::try_from(n).ok()).flat_map(u16::to_le_bytes).collect();
            let mut gathered = Gathered::default();
            octets.chunks(64).rev().for_each(|row| gathered.add(0, row));
            let set = Set::from(gathered);
            let of = |chunk: &Rc<Chunk>| match &**chunk {
                Chunk::Few(own) => 2 * own.len(),
                Chunk::Bits(_) => 8 * WORDS,
            };
            assert!(set.0.values().map(of).sum::<usize>() <= octets.len(), "{count}");
            assert_eq!(set.len(), count);
        }
    }
}
