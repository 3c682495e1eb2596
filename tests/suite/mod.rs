//! The topics. Each file lists its tests with `tests!`.

use crate::support::Test;

mod clients;
mod create;
mod folder;
mod get;
mod http;
mod malformed;
mod soap;

/// Every test of the suite.
pub fn all() -> Vec<Test> {
    let topics: &[fn() -> Vec<Test>] = &[
        clients::list,
        create::list,
        folder::list,
        get::list,
        http::list,
        malformed::list,
        soap::list,
    ];
    topics.iter().flat_map(|list| list()).collect()
}
