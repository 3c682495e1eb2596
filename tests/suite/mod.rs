//! The topics. Each file lists its tests with `tests!`.

use crate::support::Test;

/// Every test of the suite.
pub fn all() -> Vec<Test> {
    let topics: &[fn() -> Vec<Test>] = &[];
    topics.iter().flat_map(|list| list()).collect()
}
