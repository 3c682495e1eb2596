//! The table of connections: one slot per client, whatever it is doing (`state/`).

use ewsd_ipc::stream::SLOT_BITS;

use crate::state::{Conn, ConnId, Held, State};

/// Where a connection is in the table, until it is gone.
pub type Slot = u32;

/// Ids below this are no connections; see `tokens.rs`.
pub const FIRST_CONN: ConnId = 1 << SLOT_BITS;

/// All connections.
#[derive(Debug, Default)]
pub struct Table {
    slots: Vec<Option<Conn>>,
    free: Vec<u32>,
    count: u64,
}

impl Table {
    /// Makes a slot; `fill` gets the new connection's id.
    pub fn insert(&mut self, fill: impl FnOnce(ConnId) -> Conn) -> ConnId {
        self.count += 1;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as u32
        });
        let id = (self.count << SLOT_BITS) | u64::from(slot);
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(fill(id));
        }
        id
    }

    /// How many were numbered so far.
    pub fn numbered(&self) -> u64 {
        self.count
    }

    /// Numbers go on from there.
    pub fn number_from(&mut self, numbered: u64) {
        self.count = numbered;
    }

    /// Puts a connection into the slot that its number names.
    ///
    /// # Errors
    /// Its number: the slot is taken.
    pub fn put_back(&mut self, conn: Conn) -> Result<(), ConnId> {
        let (id, slot) = (conn.id, index_of(conn.id));
        while self.slots.len() <= slot {
            self.free.push(self.slots.len() as u32);
            self.slots.push(None);
        }
        match self.slots.get_mut(slot) {
            Some(place @ None) => *place = Some(conn),
            _ => return Err(id),
        }
        self.free.retain(|free| *free as usize != slot);
        Ok(())
    }

    /// The connection of that number, if it still exists.
    pub fn get(&self, id: ConnId) -> Option<&Conn> {
        self.slots.get(index_of(id))?.as_ref().filter(|conn| conn.id == id)
    }

    /// As [`Self::get`], to change it.
    pub fn get_mut(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.slots.get_mut(index_of(id))?.as_mut().filter(|conn| conn.id == id)
    }

    /// The connection that is in that slot now.
    pub fn at(&self, slot: Slot) -> Option<&Conn> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// The held call of that connection, if it is one.
    pub fn held(&self, id: ConnId) -> Option<&Held> {
        match &self.get(id)?.state {
            State::Held(held) => Some(held),
            _ => None,
        }
    }

    /// As [`Self::held`], to change it.
    pub fn held_mut(&mut self, id: ConnId) -> Option<&mut Held> {
        match &mut self.get_mut(id)?.state {
            State::Held(held) => Some(held),
            _ => None,
        }
    }

    /// Takes a connection out; dropping it closes the socket.
    pub fn remove(&mut self, id: ConnId) -> Option<Conn> {
        let place = self.slots.get_mut(index_of(id))?;
        if place.as_ref()?.id != id {
            return None;
        }
        self.free.push(slot_of(id));
        place.take()
    }

    /// Every connection.
    pub fn iter(&self) -> impl Iterator<Item = &Conn> {
        self.slots.iter().flatten()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

fn index_of(id: ConnId) -> usize {
    slot_of(id) as usize
}

/// The slot that a connection's number names.
pub fn slot_of(id: ConnId) -> Slot {
    (id & (FIRST_CONN - 1)) as Slot
}
