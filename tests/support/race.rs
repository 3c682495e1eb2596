//! Requests that have all read before any of them may write.

use std::io::Write;
use std::process::{Command, Stdio};

use super::demo::Demo;
use super::ews::Ews;
use super::wait;

/// Sends the request by two connections of the account of `ews`, and lets neither write before both have come to it. The codes of
/// the answers, sorted. The server must be this test's own, with two workers.
pub fn twice(server: &Demo, ews: &Ews, request: &str) -> Vec<String> {
    let url = format!("host={} user=ewsd dbname=ewsd", server.folder.join("state/pg-run").display());
    let lock = Command::new("psql").args(["-X", "-d", &url]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let mut lock = lock.expect("psql runs");
    let mut input = lock.stdin.take().unwrap();
    // Every change of a mailbox takes its counter; whoever only reads passes.
    input.write_all(b"begin; lock table counter in exclusive mode;\n").unwrap();
    let held = "select 1 from pg_locks where mode = 'ExclusiveLock' and relation = 'counter'::regclass and granted";
    wait::true_within("the lock is held", wait::LONG, || !server.query(held).is_empty());
    let waits = "select 1 from pg_stat_activity where application_name = 'ewsd request' and wait_event_type = 'Lock'";
    let mut both = [ews.again(), ews.again()];
    for (before, one) in both.iter_mut().enumerate() {
        one.send(request, &[]);
        wait::true_within("it waits for the lock", wait::LONG, || server.query(waits).len() == before + 1);
    }
    input.write_all(b"commit;\n").unwrap();
    drop(input);
    assert!(lock.wait().unwrap().success());
    let mut codes: Vec<String> = Vec::new();
    for one in &mut both {
        codes.extend(one.receive().codes().iter().map(|code| (*code).to_owned()));
    }
    codes.sort();
    codes
}
