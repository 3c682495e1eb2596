//! LMTP grammar and replies (RFC 2033)
