//! The compiler's counters: how often the program came to each of its places since they were last set to zero.

/// Which places were reached, and about how often.
#[derive(Default)]
pub struct Seen {
    /// Of each counter, the classes of counts that were met, as bits.
    classes: Vec<u8>,
}

impl Seen {
    /// Whether the last input came to a new place, or to a known one much more often.
    pub fn is_new(&mut self) -> bool {
        let counters = counters();
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
    counters().fill(0);
}

#[cfg(ewsd_coverage)]
fn counters() -> &'static mut [u64] {
    unsafe extern "C" {
        fn __llvm_profile_begin_counters() -> *mut u64;
        fn __llvm_profile_end_counters() -> *mut u64;
    }
    // SAFETY: the runtime that `-C instrument-coverage` links in says where its counters lie, which is for as long as the
    // process lives. Nobody else holds a reference; the instrumented code writes them through its own addresses, and only this
    // thread runs such code while it looks at them (the one that watches is not instrumented enough to matter: a count that
    // it raises is a count).
    unsafe {
        let (begin, end) = (__llvm_profile_begin_counters(), __llvm_profile_end_counters());
        let length = usize::try_from(end.offset_from(begin)).unwrap_or(0);
        std::slice::from_raw_parts_mut(begin, length)
    }
}

#[cfg(not(ewsd_coverage))]
fn counters() -> &'static mut [u64] {
    &mut []
}
