//! The topics. Each file lists its tests with `tests!`.

use crate::support::Test;

mod admin;
mod architecture;
mod attachment;
mod budget;
mod captures;
mod chaos;
mod clients;
mod contact;
mod courier;
mod create;
mod crossing;
mod database;
mod directory;
mod event;
mod find;
mod folder;
mod fuzz;
mod get;
mod group;
mod hold;
mod hostile;
mod http;
mod invariants;
mod lmtp;
mod malformed;
mod memory;
mod mirror;
mod permission;
mod relocate;
mod remove;
mod send;
mod settings;
mod sharing;
mod slow;
mod soap;
mod stall;
mod submit;
mod sync;
mod update;

/// Every test of the suite.
pub fn all() -> Vec<Test> {
    let topics: &[fn() -> Vec<Test>] = &[
        admin::tests,
        architecture::tests,
        attachment::tests,
        budget::tests,
        captures::tests,
        chaos::tests,
        clients::tests,
        contact::tests,
        courier::tests,
        create::tests,
        crossing::tests,
        database::tests,
        directory::tests,
        event::tests,
        find::tests,
        folder::tests,
        fuzz::tests,
        get::tests,
        group::tests,
        hold::tests,
        hostile::tests,
        http::tests,
        invariants::tests,
        lmtp::tests,
        malformed::tests,
        memory::tests,
        mirror::tests,
        permission::tests,
        relocate::tests,
        remove::tests,
        send::tests,
        settings::tests,
        sharing::tests,
        slow::tests,
        soap::tests,
        submit::tests,
        stall::tests,
        sync::tests,
        update::tests,
    ];
    topics.iter().flat_map(|tests| tests()).collect()
}
