//! Ports for programs that have to be told theirs before they start.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};

/// The first that is looked at: below it are those of services.
const FIRST: u16 = 10_000;

/// An address of the loopback on which nothing listens, neither by TCP nor by UDP, and which nobody else is given.
///
/// It lies below the ports that the system hands out itself. A port that it had chosen, and that is free again, may be another
/// connection's by the time a program listens there.
pub fn free() -> SocketAddr {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let end = handed_out();
    // Two suites beside each other begin at different places.
    let begin = (std::process::id() % 61) as u16 * ((end - FIRST) / 61);
    loop {
        let taken = TAKEN.fetch_add(1, Ordering::Relaxed);
        assert!(taken < end - FIRST, "every port from {FIRST} to {end} was tried");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, FIRST + (begin + taken) % (end - FIRST)));
        if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}

/// The least port that the system chooses for who asks for any.
fn handed_out() -> u16 {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").expect("the range of ports");
    let least: u16 = range.split_whitespace().next().and_then(|port| port.parse().ok()).expect("its begin");
    assert!(least > FIRST, "ports are handed out from {least} on: none is left");
    least
}
