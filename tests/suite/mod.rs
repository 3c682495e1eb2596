//! The topics, one line a group. `item`, `folder`, `find`, `attachment`, `sync`, `event` and `directory` are filed like the
//! operations in `worker/src/op/`; `mail` is what comes in and leaves; `door` who comes in and with what; `house` is about the
//! house itself; `trials` treats all of it badly; `clients` lets other people's programs drive it.
//!
//! Each file lists its tests with `tests!`; a test is called `<group>::<topic>::<function>`.

use crate::support::Test;

/// Declares the modules, and every test of the suite.
macro_rules! topics {
    ($($group:ident: $($topic:ident),+;)+) => {
        $(mod $group {
            $(pub mod $topic;)+
        })+

        pub fn all() -> Vec<Test> {
            let topics: &[fn() -> Vec<Test>] = &[$($($group::$topic::tests),+),+];
            topics.iter().flat_map(|tests| tests()).collect()
        }
    };
}

topics! {
    attachment: attachments;
    calendar: availability, cancel, forward, imip, items, life, meeting, mime, occurrence, octets, private, recurrence, reminders, rooms, series, tasks, transfer,
        updates, zones;
    clients: captures, corpus, evolution, kde, programs;
    directory: convert_id, group, resolve_names, time_zones;
    door: autodiscover, budget, crossing, digest, guessing, hostile, http, impersonation, jwks, kerberos, ldap, malformed, ntlm, pam, pools, proxies, soap, token;
    event: get, hold, nodes, proxies, push, shared, stream;
    find: body, folders, groups, items, query, restrictions;
    folder: create, delete, empty, get, permission, relocate, sharing, update;
    house: admin, architecture, doctor, finding, invariants, operate, packages, requirements, settings, sizes;
    item: contact, create, delete, get, relocate, send, submit, update;
    mail: courier, lmtp, mta, ways;
    sync: hierarchy, items;
    trials: chaos, clock, converter, database, failover, fuzz, havoc, memory, mirror, scarce, slow, stall, upgrade;
}
