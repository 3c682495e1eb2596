//! The two opaque texts of notifications: subscription ids and watermarks.
//!
//! A watermark names a place in a mailbox's journal, not in a subscription: a new subscription may start from an old one's.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_model::id::{Guid, Seq};
use ewsd_wire::{from_bytes, to_bytes, wire};

use crate::form::{Number, Octets};

wire! {
    /// Which subscription of which mailbox. The version's octet tells it from a watermark and from later formats.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct SubscriptionId version 0x51 {
        pub mailbox: Guid as Octets,
        pub id: Guid as Octets,
    }

    /// A place between two events.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Watermark version 0x52 pad 1 {
        pub mailbox: Guid as Octets,
        /// The change that the last event told belongs to.
        pub seq: Seq as Number,
        /// How many of its events have been told; [`Watermark::ALL`]: the change is done with.
        pub told: u8,
    }
}

impl SubscriptionId {
    pub fn encode(&self) -> String {
        STANDARD.encode(to_bytes(self))
    }

    /// None for what this server never gave out.
    pub fn decode(text: &str) -> Option<SubscriptionId> {
        from_bytes(&STANDARD.decode(text.trim()).ok()?).ok()
    }
}

impl Watermark {
    pub const ALL: u8 = u8::MAX;

    /// Behind the change `seq` and everything before it.
    pub fn after(mailbox: Guid, seq: Seq) -> Watermark {
        Watermark { mailbox, seq, told: Watermark::ALL }
    }

    /// The change up to which nothing needs to be read again.
    pub fn read_after(&self) -> Seq {
        if self.told == Watermark::ALL { self.seq } else { Seq(self.seq.0 - 1) }
    }

    /// How many events of the change `seq` to pass over.
    pub fn skip(&self, seq: Seq) -> usize {
        if seq == self.seq { usize::from(self.told) } else { 0 }
    }

    pub fn encode(&self) -> String {
        STANDARD.encode(to_bytes(self))
    }

    /// None for what this server never gave out.
    pub fn decode(text: &str) -> Option<Watermark> {
        from_bytes(&STANDARD.decode(text.trim()).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn both_come_back_as_they_went_out() {
        let id = SubscriptionId { mailbox: Guid([3; 16]), id: Guid([7; 16]) };
        assert_eq!(SubscriptionId::decode(&id.encode()), Some(id));
        let mark = Watermark { mailbox: Guid([3; 16]), seq: Seq(1 << 40), told: 2 };
        assert_eq!(Watermark::decode(&mark.encode()), Some(mark));
        assert_eq!((mark.read_after(), mark.skip(mark.seq), mark.skip(Seq(1))), (Seq((1 << 40) - 1), 2, 0));
    }

    #[test]
    fn nothing_else_is_taken() {
        let mark = Watermark::after(Guid([3; 16]), Seq(5)).encode();
        for text in ["", "AAAA", "not base64!", &mark[..mark.len() - 4], &format!("{mark}AAAA")] {
            assert_eq!(Watermark::decode(text), None, "{text}");
            assert_eq!(SubscriptionId::decode(text), None, "{text}");
        }
        assert_eq!(SubscriptionId::decode(&mark), None);
    }

    /// Clients keep these for days: what earlier versions gave out must be read as it was meant.
    #[test]
    fn what_was_given_out_stays_readable() {
        let (mailbox, id) = (Guid(std::array::from_fn(|n| n as u8)), Guid(std::array::from_fn(|n| n as u8 + 16)));
        let given = "UQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
        let subscription = SubscriptionId { mailbox, id };
        assert_eq!((SubscriptionId::decode(given), subscription.encode().as_str()), (Some(subscription), given));
        for (given, mark) in [
            ("UgABAgMEBQYHCAkKCwwNDg8AAAABAgMEBQIA", Watermark { mailbox, seq: Seq(0x01_0203_0405), told: 2 }),
            ("UgABAgMEBQYHCAkKCwwNDg8AAAAAAAAAAP8A", Watermark::after(mailbox, Seq(0))),
        ] {
            assert_eq!((Watermark::decode(given), mark.encode().as_str()), (Some(mark), given));
        }
    }
}
