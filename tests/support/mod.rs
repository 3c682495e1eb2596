//! What the tests stand on. Nothing here knows the server's code: it speaks HTTP, SOAP, LMTP and reads /proc.
//! `shared` gives a test its server and a mailbox of its own; `demo` starts private servers; `ews` calls operations.

#[path = "../../master/tests/suite/calls.rs"]
pub mod calls;
pub mod demo;
pub mod disk;
pub mod dns;
pub mod ews;
pub mod folders;
pub mod http;
pub mod kdc;
pub mod lmtp;
pub mod message;
pub mod mta;
pub mod ops;
pub mod port;
pub mod postgres;
pub mod process;
pub mod programs;
pub mod proxy;
pub mod race;
pub mod receiver;
pub mod record;
pub mod shared;
pub mod sharing;
pub mod shipped;
pub mod slapd;
pub mod slowest;
pub mod smtp;
pub mod source;
pub mod stream;
pub mod validate;
pub mod wait;
pub mod ways;
pub mod web;
pub mod xml;

/// One test of the suite, named `topic::test`.
pub struct Test {
    pub name: &'static str,
    pub run: fn(),
}

/// Lists the tests of a topic. A test that is not listed is dead code, which the lints refuse.
#[macro_export]
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        pub fn tests() -> Vec<$crate::support::Test> {
            let topic = module_path!().split_once("::suite::").map_or("", |(_, topic)| topic);
            vec![$($crate::support::Test {
                name: Box::leak(format!("{topic}::{}", stringify!($name)).into_boxed_str()),
                run: $name,
            }),*]
        }
    };
}
