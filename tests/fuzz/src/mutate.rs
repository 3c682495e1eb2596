//! How an input becomes another one: octets are turned, taken out, doubled, put in, and two inputs are joined.

/// Numbers that look random and are the same for the same start.
pub struct Dice(u64);

impl Dice {
    pub fn new(start: u64) -> Dice {
        Dice(start.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `sides`; 0 if there are none.
    pub fn roll(&mut self, sides: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap_or(0).checked_rem(sides).unwrap_or(0)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.roll(from.len()))
    }

    /// A place and a length within so many octets.
    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let (a, b) = (self.roll(length + 1), self.roll(length + 1));
        // Short ones more often than long ones.
        let (start, end) = (a.min(b), a.max(b));
        let end = if self.roll(2) == 0 { end.min(start + 16) } else { end };
        start..end
    }
}

/// Another input, made of one that is known.
pub fn another(corpus: &[Vec<u8>], pieces: &[&[u8]], longest: usize, dice: &mut Dice) -> Vec<u8> {
    let mut input = dice.pick(corpus).cloned().unwrap_or_default();
    for _ in 0..=dice.roll(6) {
        change(&mut input, corpus, pieces, dice);
    }
    input.truncate(longest);
    input
}

fn change(input: &mut Vec<u8>, corpus: &[Vec<u8>], pieces: &[&[u8]], dice: &mut Dice) {
    let length = input.len();
    let at = dice.roll(length + 1);
    match dice.roll(9) {
        0 => {
            if let Some(octet) = input.get_mut(at) {
                *octet ^= 1 << dice.roll(8);
            }
        }
        1 => {
            if let Some(octet) = input.get_mut(at) {
                *octet = u8::try_from(dice.roll(256)).unwrap_or(0);
            }
        }
        2 => {
            input.drain(dice.range(length));
        }
        3 => {
            let range = dice.range(length);
            let part = input.get(range).unwrap_or_default().to_vec();
            input.splice(at..at, part.repeat(1 + dice.roll(4)));
        }
        4..=6 => {
            let piece = dice.pick(pieces).copied().unwrap_or_default();
            input.splice(at..at, piece.iter().copied());
        }
        7 => {
            let piece = dice.pick(pieces).copied().unwrap_or_default();
            let range = dice.range(length);
            input.splice(range, piece.iter().copied());
        }
        _ => {
            let other = dice.pick(corpus).map(Vec::as_slice).unwrap_or_default();
            let from = dice.roll(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(other.get(from..).unwrap_or_default());
        }
    }
}
