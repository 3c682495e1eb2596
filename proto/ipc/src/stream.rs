//! Numbers of connections and of streams, as far as both sides go by what is in them.
//!
//! A stream bears a number that its subscriptions bear as well, made by the worker that opens it. Its lower bits are the place of
//! its connection in the master's table: whoever says that a stream lost a subscription says where it is, and the master keeps no
//! list of ten thousand of them.

/// Bits of a connection's number that are its slot in the master's table, the lower ones.
pub const SLOT_BITS: u32 = 24;

const SLOT: u64 = (1 << SLOT_BITS) - 1;
/// What tells the key of a stream from a mailbox, which has no such number.
const STREAM: u64 = 1 << 63;

/// A number for a stream on that connection; not negative. `chance` tells it from all others of that place, on whichever node.
pub fn stream_number(conn: u64, chance: u64) -> i64 {
    i64::try_from((chance << SLOT_BITS | conn & SLOT) & !STREAM).unwrap_or_default()
}

/// What a stream watches besides its mailboxes: it is heard of, as a mailbox is that changed, when the stream lost a subscription.
pub fn stream_key(number: i64) -> u64 {
    number.unsigned_abs() | STREAM
}

/// Where the connection of a stream is; none: the key is that of a mailbox.
pub fn stream_slot(key: u64) -> Option<u32> {
    u32::try_from(key & SLOT).ok().filter(|_| key & STREAM != 0)
}

#[cfg(test)]
mod tests {
    use super::{stream_key, stream_number, stream_slot};

    #[test]
    fn a_stream_is_found_by_its_key() {
        for chance in [0, 1, 0x1234_5678_9abc_def0, u64::MAX] {
            let number = stream_number(0xabcd_ef01_2345_6789, chance);
            assert!(number >= 0);
            assert_eq!(stream_slot(stream_key(number)), Some(0x45_6789));
        }
        assert_ne!(stream_number(7, 1), stream_number(7, 2));
        assert_eq!(stream_slot(4711), None);
        assert_eq!(stream_slot(i64::MAX.unsigned_abs()), None);
    }
}
