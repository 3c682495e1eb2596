//! A clock that jumps: nothing is thrown away by it before it has gone evenly for a while.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::demo::{Demo, Options};
use crate::support::ews::Ews;
use crate::support::http::Http;
use crate::support::ops::subscribe;
use crate::support::{process, wait};

crate::tests![throws_nothing_away_by_a_clock_that_has_jumped];

/// For how long it must go evenly.
const SECONDS: u64 = 4;

/// To the next janitor a clock that has jumped looks like one that was seen long ago, as after a week in which no server ran. Of
/// what it would throw away expired subscriptions come first.
fn throws_nothing_away_by_a_clock_that_has_jumped() {
    // A janitor rests for as long as a request may take.
    let options = Options::default().set("limits.request_seconds", 1).set("limits.clock_seconds", SECONDS);
    let server = Demo::start(options);
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    let there = || server.query("select 1 from subscription").len();
    let told = || {
        let metrics = Http::connect(server.admin()).get("/metrics", &[]).text();
        metrics.contains("ewsd_clock_doubted{reason=\"jumped\"} 1")
    };
    wait::true_within("the clock was seen", wait::LONG, || !server.query("select 1 from clock_seen").is_empty());
    subscribe(&mut ews, &["inbox"], &["NewMailEvent"]);
    let janitor = process::workers(server.master(), "janitor")[0];
    let tell = |signal| kill(Pid::from_raw(janitor as i32), signal).unwrap();
    // It would throw it away, or note the clock again.
    tell(Signal::SIGSTOP);
    server.query("update subscription set ends = now() - interval '1 day'");
    server.query("update clock_seen set at = at - interval '7 days'");
    tell(Signal::SIGKILL);
    let doubted = Instant::now();
    wait::true_within("the clock is doubted", wait::LONG, || server.log_text().contains("limits.clock_seconds"));
    assert_eq!(there(), 1);
    wait::true_within("it is told", wait::LONG, told);
    let status = server.ewsctl(&["status"]);
    assert!(status.contains("CLOCK "), "{status}");
    wait::true_within("it is believed again", wait::LONG, || there() == 0);
    assert!(doubted.elapsed() >= Duration::from_secs(SECONDS), "{:?}", doubted.elapsed());
    wait::true_within("that is told", wait::LONG, || !told());
    assert!(server.log_text().contains("the clock is believed again"));
    assert_eq!(
        server.query("select 1 from clock_seen where since is null and now() - at < interval '1 hour'").len(),
        1
    );
}
