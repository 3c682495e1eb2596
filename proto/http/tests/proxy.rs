//! Whatever comes in front of a connection is a header of the PROXY protocol, may become one, or is none.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use ewsd_http::proxy::read;
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_octets_do_no_harm(
        start in prop::sample::select(vec![&b""[..], b"PROXY ", b"PROXY TCP4 ", b"PROXY TCP6 ", b"\r\n\r\n\0\r\nQUIT\n", b"\r\n\r\n\0\r\nQUIT\n\x21\x11"]),
        octets in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let all = [start, &octets].concat();
        if let Ok(Some(preface)) = read(&all) {
            prop_assert!(preface.length <= all.len());
            // It is the same however it comes: nothing shorter is already one.
            for cut in 0..preface.length {
                prop_assert_eq!(read(&all[..cut]), Ok(None));
            }
        }
    }
}
