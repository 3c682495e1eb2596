//! The two opaque texts of notifications: subscription ids and watermarks.
//!
//! A watermark names a place in a mailbox's journal, not in a subscription: a new subscription may start from an old one's.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_model::id::{Guid, Seq};

/// First octet of both, so that one is never taken for the other or for a later format.
const SUBSCRIPTION: u8 = 0x51;
const WATERMARK: u8 = 0x52;

/// Which subscription of which mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscriptionId {
    pub mailbox: Guid,
    pub id: Guid,
}

/// A place between two events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermark {
    pub mailbox: Guid,
    /// The change that the last event told belongs to.
    pub seq: Seq,
    /// How many of its events have been told; [`Watermark::ALL`]: the change is done with.
    pub told: u8,
}

impl SubscriptionId {
    pub fn encode(&self) -> String {
        let mut octets = Vec::with_capacity(33);
        octets.push(SUBSCRIPTION);
        octets.extend_from_slice(&self.mailbox.0);
        octets.extend_from_slice(&self.id.0);
        STANDARD.encode(octets)
    }

    /// None for what this server never gave out.
    pub fn decode(text: &str) -> Option<SubscriptionId> {
        let octets: [u8; 33] = STANDARD.decode(text.trim()).ok()?.try_into().ok()?;
        let [SUBSCRIPTION, rest @ ..] = octets else { return None };
        let (mailbox, id) = rest.split_at(16);
        Some(SubscriptionId { mailbox: Guid(mailbox.try_into().ok()?), id: Guid(id.try_into().ok()?) })
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
        let mut octets = Vec::with_capacity(27);
        octets.push(WATERMARK);
        octets.extend_from_slice(&self.mailbox.0);
        octets.extend_from_slice(&self.seq.0.to_be_bytes());
        octets.extend_from_slice(&[self.told, 0]);
        STANDARD.encode(octets)
    }

    /// None for what this server never gave out.
    pub fn decode(text: &str) -> Option<Watermark> {
        let octets: [u8; 27] = STANDARD.decode(text.trim()).ok()?.try_into().ok()?;
        let [WATERMARK, rest @ ..] = octets else { return None };
        let (mailbox, rest) = rest.split_at(16);
        let (seq, rest) = rest.split_at_checked(8)?;
        let &[told, 0] = rest else { return None };
        let seq = i64::from_be_bytes(seq.try_into().ok()?);
        (seq >= 0).then_some(Watermark { mailbox: Guid(mailbox.try_into().ok()?), seq: Seq(seq), told })
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
}
