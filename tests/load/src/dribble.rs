//! Slow and deaf clients beside one that counts: senders that take seconds for a request, readers that never read 5 MB.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;

use crate::error::{Error, Result};
use crate::http::Client;
use crate::stats::{Times, ms, to_usize};
use crate::target::{self, Server, Target};
use crate::{memory, prepare, soap};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    server: Server,
    /// Clients that send a request within some seconds, a few bytes at a time.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(0..=5000))]
    senders: u32,
    /// Clients that ask for 5 MB and never read them.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(0..=1000))]
    readers: u32,
    /// Seconds of measuring.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
}

const BIG: usize = 5_000_000;
/// A sender's request takes so many beats, below the server's deadline for a head.
const BEATS: usize = 80;
const BEAT: Duration = Duration::from_millis(100);

pub fn run(options: &Options) -> Result {
    target::room_for(to_usize(options.senders + options.readers))?;
    let target = Target::find(&options.server, 2, &[])?;
    println!("{}", memory::machine());
    let mailbox = prepare::mailbox(&target, 0, 1, BIG)?;
    let time = Duration::from_secs(options.seconds.into());
    let quiet = count(&target, Duration::from_secs(3))?;
    report("alone", &quiet);

    let mut deaf = Vec::new();
    for _ in 0..options.readers {
        let mut client = target.connect()?;
        client.send(&mailbox.account.request("", &soap::get_item(&mailbox.item)))?;
        deaf.push(client);
    }
    let stop = AtomicBool::new(false);
    let (times, rounds) = std::thread::scope(|scope| -> Result<(Times, usize)> {
        let sender = scope.spawn(|| dribble(&target, &mailbox.account.authorization, options.senders, &stop));
        let times = count(&target, time);
        stop.store(true, Ordering::Release);
        let rounds = sender.join().unwrap_or_else(|_| Err(Error::new("the senders' thread has panicked")))?;
        Ok((times?, rounds))
    })?;
    report(&format!("beside {} dribbling and {} deaf clients", options.senders, options.readers), &times);
    println!("{rounds} dribbled requests were answered meanwhile");
    Ok(())
}

fn report(when: &str, times: &Times) {
    println!(
        "GetFolder {when}: {} calls, p50 {} ms, p99 {} ms, worst {} ms",
        times.len(),
        ms(times.percentile(50.0)),
        ms(times.percentile(99.0)),
        ms(times.percentile(100.0))
    );
}

/// GetFolder again and again on one connection.
fn count(target: &Target, time: Duration) -> Result<Times> {
    let request = target.account(1)?.request("", &soap::get_folder());
    let mut client = target.connect()?;
    client.call(&request)?.check()?;
    let (begun, mut times) = (Instant::now(), Vec::new());
    while begun.elapsed() < time {
        let before = Instant::now();
        client.call(&request)?;
        times.push(before.elapsed());
    }
    Ok(Times::new(times))
}

/// Sends requests piece by piece on all connections until told to stop; how many were answered.
fn dribble(target: &Target, authorization: &str, senders: u32, stop: &AtomicBool) -> Result<usize> {
    let request = soap::request(authorization, "", &soap::get_folder());
    let mut clients = (0..senders).map(|_| target.connect()).collect::<Result<Vec<Client>>>()?;
    let piece = request.len().div_ceil(BEATS);
    let mut answered = 0;
    while !stop.load(Ordering::Acquire) {
        for part in request.chunks(piece) {
            if stop.load(Ordering::Acquire) {
                return Ok(answered);
            }
            let beat = Instant::now() + BEAT;
            for client in &mut clients {
                client.line.write_all(part)?;
            }
            std::thread::park_timeout(beat.saturating_duration_since(Instant::now()));
        }
        for client in &mut clients {
            client.receive()?.check()?;
            answered += 1;
        }
    }
    Ok(answered)
}
