//! How many of something each owner has: streams (`stream.rs`), calls that are held (`hold.rs`).

use std::collections::HashMap;

/// Counts by owner; of owner 0, who is nobody, nothing is counted.
#[derive(Debug, Default)]
pub struct Owners(HashMap<u64, u32>);

impl Owners {
    /// One more begins.
    pub fn begun(&mut self, owner: u64) {
        if owner != 0 {
            *self.0.entry(owner).or_insert(0) += 1;
        }
    }

    /// One of them is over.
    pub fn ended(&mut self, owner: u64) {
        if let Some(count) = self.0.get_mut(&owner) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&owner);
            }
        }
    }

    /// How many there are.
    pub fn count(&self, owner: u64) -> u32 {
        self.0.get(&owner).copied().unwrap_or(0)
    }
}
