//! Numbers of items as bits, in chunks of 65,536.

use std::collections::BTreeMap;

/// Numbers of a chunk.
const CHUNK: i64 = 1 << 16;
/// Words of 64 bits of a chunk.
const WORDS: usize = 1 << 10;

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Set(BTreeMap<i64, Box<[u64; WORDS]>>);

/// Numbers from the first on, a bit for each: the lowest of an octet comes first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bits {
    pub first: i64,
    pub octets: Vec<u8>,
}

/// The chunk of a number, and its two octets there.
pub(super) fn place(number: i64) -> (i64, [u8; 2]) {
    let within = u16::try_from(number.rem_euclid(CHUNK)).unwrap_or_default();
    (number.div_euclid(CHUNK), within.to_le_bytes())
}

impl Set {
    pub fn insert(&mut self, number: i64) {
        let (chunk, octets) = place(number);
        self.add(chunk, &octets);
    }

    /// Adds the numbers of a row: two octets each.
    pub fn add(&mut self, chunk: i64, octets: &[u8]) {
        let bits = self.0.entry(chunk).or_insert_with(|| Box::new([0; WORDS]));
        for pair in octets.chunks_exact(2) {
            let number = pair.iter().rev().fold(0_usize, |number, octet| number << 8 | usize::from(*octet));
            if let Some(word) = bits.get_mut(number / 64) {
                *word |= 1 << (number % 64);
            }
        }
    }

    pub fn union(&mut self, other: Set) {
        for (chunk, theirs) in other.0 {
            match self.0.get_mut(&chunk) {
                Some(own) => own.iter_mut().zip(theirs.iter()).for_each(|(own, their)| *own |= their),
                None => {
                    self.0.insert(chunk, theirs);
                }
            }
        }
    }

    pub fn intersect(&mut self, other: &Set) {
        self.0.retain(|chunk, own| match other.0.get(chunk) {
            Some(theirs) => {
                own.iter_mut().zip(theirs.iter()).for_each(|(own, their)| *own &= their);
                true
            }
            None => false,
        });
    }

    pub fn subtract(&mut self, other: &Set) {
        for (chunk, own) in &mut self.0 {
            if let Some(theirs) = other.0.get(chunk) {
                own.iter_mut().zip(theirs.iter()).for_each(|(own, their)| *own &= !their);
            }
        }
    }

    pub fn contains(&self, number: i64) -> bool {
        let within = usize::try_from(number.rem_euclid(CHUNK)).unwrap_or_default();
        let word = self.0.get(&number.div_euclid(CHUNK)).and_then(|bits| bits.get(within / 64));
        word.is_some_and(|word| word >> (within % 64) & 1 == 1)
    }

    pub fn len(&self) -> usize {
        self.0.values().flat_map(|bits| bits.iter()).map(|word| word.count_ones() as usize).sum()
    }

    /// How many are among the highest numbers of another set, of which some more than `most` are looked at.
    pub fn among_newest(&self, of: &Set, most: usize) -> usize {
        let (mut looked, mut found) = (0, 0);
        for (chunk, theirs) in of.0.iter().rev() {
            let own = self.0.get(chunk);
            for (at, their) in theirs.iter().enumerate().rev() {
                looked += their.count_ones() as usize;
                let both = own.and_then(|own| own.get(at)).map_or(0, |own| own & their);
                found += both.count_ones() as usize;
                if looked >= most {
                    return found;
                }
            }
        }
        found
    }

    /// None where that takes more octets.
    pub fn bits(&self, most: usize) -> Option<Bits> {
        let ((first, _), (last, _)) = (self.0.first_key_value()?, self.0.last_key_value()?);
        let chunks = usize::try_from(last - first).ok()?.checked_add(1)?;
        if chunks > most / (8 * WORDS) {
            return None;
        }
        let mut octets = vec![0; chunks * 8 * WORDS];
        for (chunk, bits) in &self.0 {
            let begin = usize::try_from(chunk - first).ok()? * 8 * WORDS;
            let room = octets.get_mut(begin..)?.chunks_exact_mut(8);
            room.zip(bits.iter()).for_each(|(room, word)| room.copy_from_slice(&word.to_le_bytes()));
        }
        Some(Bits { first: first * CHUNK, octets })
    }

    /// In ascending order.
    pub fn numbers(&self) -> Vec<i64> {
        let mut numbers = Vec::new();
        for (chunk, bits) in &self.0 {
            for (at, word) in (0_i64..).zip(bits.iter()) {
                let mut left = *word;
                while left != 0 {
                    numbers.push(chunk * CHUNK + at * 64 + i64::from(left.trailing_zeros()));
                    left &= left - 1;
                }
            }
        }
        numbers
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

    proptest::proptest! {
        #[test]
        fn it_is_a_set(a in proptest::collection::btree_set(0_i64..200_000, 0..50), b in proptest::collection::btree_set(0_i64..200_000, 0..50)) {
            let of = |numbers: &BTreeSet<i64>| numbers.iter().copied().collect::<Set>();
            let list = |set: &Set| set.numbers().into_iter().collect::<BTreeSet<i64>>();
            let (mut union, mut both, mut less) = (of(&a), of(&a), of(&a));
            union.union(of(&b));
            both.intersect(&of(&b));
            less.subtract(&of(&b));
            proptest::prop_assert_eq!(list(&union), a.union(&b).copied().collect::<BTreeSet<_>>());
            proptest::prop_assert_eq!(list(&both), a.intersection(&b).copied().collect::<BTreeSet<_>>());
            proptest::prop_assert_eq!(list(&less), a.difference(&b).copied().collect::<BTreeSet<_>>());
            proptest::prop_assert_eq!(union.len(), a.union(&b).count());
            proptest::prop_assert!(b.iter().all(|number| of(&a).contains(*number) == a.contains(number)));
            let is_set = |bits: &Bits, number: i64| {
                let at = usize::try_from(number - bits.first).unwrap_or(usize::MAX);
                bits.octets.get(at / 8).is_some_and(|octet| octet >> (at % 8) & 1 == 1)
            };
            let bits = of(&a).bits(1 << 20);
            proptest::prop_assert!((0..200_000).all(|n| bits.as_ref().is_some_and(|bits| is_set(bits, n)) == a.contains(&n)));
            proptest::prop_assert_eq!(of(&a).bits(1), None);
            proptest::prop_assert_eq!(of(&a).among_newest(&of(&b), 1_000), a.intersection(&b).count());
            let newest = b.last().filter(|last| a.contains(last)).is_some();
            proptest::prop_assert_eq!(of(&a).among_newest(&of(&b), 1) > 0 || !newest, true);
        }
    }
}
