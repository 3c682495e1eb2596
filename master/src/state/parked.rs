//! Requests that wait in memfds, many in each. The verb is `park.rs`.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::ReadyJob;

/// Requests in one memfd.
#[derive(Debug)]
pub struct Block {
    file: File,
    requests: RefCell<Vec<Request>>,
}

/// Where one lies.
#[derive(Debug, Clone, Copy)]
struct Request {
    at: u64,
    head_len: usize,
    body_len: usize,
}

impl Block {
    /// One that has no requests yet.
    pub fn new(file: File) -> Block {
        Block { file, requests: RefCell::default() }
    }

    /// Adds a request; its number.
    ///
    /// # Errors
    /// No memory.
    pub fn add(&self, octets: &[u8], head_len: usize) -> io::Result<u32> {
        let at = self.end();
        self.file.write_all_at(octets, at)?;
        let mut requests = self.requests.borrow_mut();
        requests.push(Request { at, head_len, body_len: octets.len().saturating_sub(head_len) });
        Ok(u32::try_from(requests.len()).unwrap_or(u32::MAX) - 1)
    }

    fn request(&self, number: u32) -> Option<Request> {
        self.requests.borrow().get(number as usize).copied()
    }

    /// Where the next one comes.
    pub fn end(&self) -> u64 {
        self.requests.borrow().last().map_or(0, |last| last.at + (last.head_len + last.body_len) as u64)
    }

    /// Octets of a request.
    pub fn length(&self, number: u32) -> usize {
        self.request(number).map_or(0, |request| request.head_len + request.body_len)
    }

    /// A request: its octets, and what is to be done with them.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self, number: u32) -> io::Result<(Vec<u8>, ReadyJob)> {
        let Request { at, head_len, body_len } = self.request(number).ok_or(io::ErrorKind::NotFound)?;
        let mut octets = vec![0; head_len + body_len];
        self.file.read_exact_at(&mut octets, at)?;
        Ok((octets, ReadyJob::Http { head_len, body_len }))
    }
}
