//! Requests that wait for a worker when many do: they lie in memfds, not in the heap.
//!
//! Ten thousand clients that ask at once bring some twenty megabytes, which are gone within a second. In the heap they would stand
//! between the small records of those who are held already, and what they leave behind could not go back. A block goes back whole,
//! with the last of its requests. While few wait, as on any day without a rush, requests stay where they were received.

use std::io;
use std::rc::Rc;

use ewsd_ipc::memfd;
use log::error;

use crate::master::Master;
use crate::refuse;
use crate::state::{Block, ConnId, ReadyJob, State};

/// So many wait in memory; the others are parked.
const IN_MEMORY: usize = 64;

/// Octets after which no further request comes into a block.
const BLOCK: u64 = 1 << 20;

/// Where requests are parked.
#[derive(Debug, Default)]
pub struct Parking {
    /// The block that has room.
    open: Option<Rc<Block>>,
}

impl Parking {
    /// Parks a request; the block, and its number there.
    ///
    /// # Errors
    /// No memory, or no descriptor.
    fn park(&mut self, octets: &[u8], head_len: usize) -> io::Result<(Rc<Block>, u32)> {
        let block = match self.open.take().filter(|block| block.end() < BLOCK) {
            Some(block) => block,
            None => Rc::new(Block::new(memfd::create(c"ewsd-waiting")?)),
        };
        let number = block.add(octets, head_len)?;
        self.open = Some(Rc::clone(&block));
        Ok((block, number))
    }

    /// Gives the open block back if nobody waits in it.
    pub fn clear(&mut self) {
        if self.open.as_ref().is_some_and(|block| Rc::strong_count(block) == 1) {
            self.open = None;
        }
    }
}

impl Master {
    /// Parks a request that waits, if many do. One that cannot be parked stays where it is.
    pub fn park(&mut self, id: ConnId) {
        if self.dispatch.queue.waiting() <= IN_MEMORY {
            return;
        }
        let Some(conn) = self.table.get_mut(id) else {
            return;
        };
        let State::Queued(ready) = &conn.state else {
            return;
        };
        let ReadyJob::Http { head_len, body_len } = **ready else {
            return;
        };
        if head_len + body_len != conn.pending.len() {
            return;
        }
        if let Ok((block, number)) = self.parking.park(&conn.pending, head_len) {
            conn.pending.take();
            conn.state = State::Parked { block, number };
        }
    }

    /// Its turn has come: the request is in memory again. False: it could not be read, and is refused.
    pub fn unpark(&mut self, id: ConnId) -> bool {
        let Some(conn) = self.table.get_mut(id) else {
            return false;
        };
        let State::Parked { block, number } = &conn.state else {
            return true;
        };
        match block.read(*number) {
            Ok((octets, ready)) => {
                conn.pending = octets.into();
                conn.state = State::Queued(Box::new(ready));
                true
            }
            Err(error) => {
                error!("a request that waited cannot be read: {error}");
                self.refuse(id, refuse::NO_MEMORY);
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::rc::Rc;

    use super::{BLOCK, Parking};
    use crate::state::ReadyJob;

    #[test]
    fn a_block_goes_back_with_the_last_of_its_requests() {
        let mut parking = Parking::default();
        let requests: Vec<Vec<u8>> = (0..3000u32).map(|n| n.to_le_bytes().repeat(256)).collect();
        let parked: Vec<_> = requests.iter().map(|octets| parking.park(octets, 24).unwrap()).collect();
        let first = Rc::downgrade(&parked.first().unwrap().0);
        let last = Rc::downgrade(&parked.last().unwrap().0);
        assert!(!first.ptr_eq(&last) && parked.iter().all(|(block, _)| block.end() < BLOCK + 1024));
        for ((block, number), octets) in parked.into_iter().zip(&requests) {
            let (read, ready) = block.read(number).unwrap();
            assert_eq!((&read, block.length(number)), (octets, 1024));
            assert!(matches!(ready, ReadyJob::Http { head_len: 24, body_len: 1000 }));
        }
        assert!(first.upgrade().is_none() && last.upgrade().is_some(), "the open one is kept until it is looked at");
        parking.clear();
        assert!(last.upgrade().is_none());
    }
}
