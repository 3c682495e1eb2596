//! Which places of the program an input comes to, by the compiler's counters.

#[path = "../../growth/counters.rs"]
mod counters;

/// Which places were reached, and about how often.
#[derive(Default)]
pub struct Seen {
    /// Of each counter, the classes of counts that were met, as bits.
    classes: Vec<u8>,
}

impl Seen {
    /// Whether the last input came to a new place, or to a known one much more often.
    pub fn is_new(&mut self) -> bool {
        let counters = counters::all();
        self.classes.resize(counters.len(), 0);
        let mut new = false;
        for (known, count) in self.classes.iter_mut().zip(counters.iter()) {
            let class = match *count {
                0 => continue,
                1 => 1,
                2..=3 => 2,
                4..=15 => 4,
                16..=127 => 8,
                _ => 16,
            };
            new |= *known & class == 0;
            *known |= class;
        }
        new
    }

    pub fn places(&self) -> usize {
        self.classes.iter().filter(|classes| **classes != 0).count()
    }
}

/// Sets all to zero.
pub fn forget() {
    counters::all().fill(0);
}
