//! The replies, each with its code and its enhanced status code (RFC 3463, RFC 5248). One table: what a client is told
//! stands nowhere else.

/// One reply of one line. `status` is empty where RFC 2034 forbids one (greeting, LHLO, 354).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    pub status: &'static str,
    pub text: &'static str,
}

macro_rules! replies {
    ($($(#[$doc:meta])* $name:ident = $code:literal $status:literal $text:literal;)*) => {
        impl Reply {
            $($(#[$doc])* pub const $name: Reply = Reply { code: $code, status: $status, text: $text };)*
            /// Every reply above, for tests and manuals.
            pub const ALL: &'static [Reply] = &[$(Reply::$name),*];
        }
    };
}

replies! {
    OK = 250 "2.0.0" "OK";
    SENDER_OK = 250 "2.1.0" "Sender OK";
    RECIPIENT_OK = 250 "2.1.5" "Recipient OK";
    DELIVERED = 250 "2.0.0" "Delivered";
    BYE = 221 "2.0.0" "Bye";
    /// VRFY tells nothing about who exists (RFC 5321 7.3).
    NOT_VERIFIED = 252 "2.5.0" "Addresses are checked at RCPT";
    HELP = 214 "2.0.0" "Commands: LHLO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT";
    START_DATA = 354 "" "End the message with a dot on a line of its own";

    /// The server is stopping, or gave the client up.
    CLOSING = 421 "4.3.2" "Closing the connection, try again later";
    TOO_MANY_ERRORS = 421 "4.7.0" "Too many errors, closing the connection";
    TEMPORARY = 451 "4.3.0" "The mail could not be stored now, try again later";
    NO_ROOM = 452 "4.3.1" "There is no room for mail now, try again later";
    TOO_MANY_RECIPIENTS = 452 "4.5.3" "Too many recipients";
    MAILBOX_FULL = 452 "4.2.2" "The mailbox is full";

    /// HELO and EHLO as well: RFC 2033 section 4.1.
    NOT_SMTP = 500 "5.5.1" "This is LMTP: say LHLO";
    UNKNOWN_COMMAND = 500 "5.5.2" "Unknown command";
    LINE_TOO_LONG = 500 "5.5.2" "The line is too long";
    SYNTAX = 501 "5.5.4" "Syntax error in the parameters";
    BAD_SENDER = 501 "5.1.7" "Syntax error in the sender's address";
    BAD_RECIPIENT = 501 "5.1.3" "Syntax error in the recipient's address";
    NOT_BUILT = 502 "5.5.1" "Command not supported";
    SAY_LHLO = 503 "5.5.1" "Say LHLO first";
    NESTED_MAIL = 503 "5.5.1" "A transaction is open already";
    NEED_MAIL = 503 "5.5.1" "Say MAIL first";
    /// RFC 2033 section 4.2: DATA without an accepted recipient.
    NEED_RECIPIENT = 503 "5.5.1" "No valid recipients";
    /// RFC 2920 section 3.1: DATA is the last command of a group.
    DATA_NOT_LAST = 503 "5.5.0" "Wait for the answer to DATA";
    NO_SUCH_MAILBOX = 550 "5.1.1" "No such mailbox here";
    MAILBOX_DISABLED = 550 "5.2.1" "The mailbox is disabled";
    TOO_BIG = 552 "5.3.4" "The message is larger than this server takes";
    CANNOT_STORE = 554 "5.6.0" "The message cannot be stored, now or later";
    NEED_SMTPUTF8 = 553 "5.6.7" "This address needs SMTPUTF8";
    UNKNOWN_PARAMETER = 555 "5.5.4" "Parameter not supported";
}

impl Reply {
    /// Appends the reply as it goes over the wire.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.code.to_string().as_bytes());
        out.push(b' ');
        if !self.status.is_empty() {
            out.extend_from_slice(self.status.as_bytes());
            out.push(b' ');
        }
        out.extend_from_slice(self.text.as_bytes());
        out.extend_from_slice(b"\r\n");
    }

    pub fn is_error(&self) -> bool {
        self.code >= 400
    }
}

/// The greeting that opens a connection. `name` is the server's host name.
pub fn greeting(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("220 {} LMTP\r\n", printable(name)).as_bytes());
}

/// The answer to LHLO with what this server can do; `message_bytes` is the largest message (RFC 1870).
pub fn extensions(name: &str, message_bytes: u64, out: &mut Vec<u8>) {
    let name = printable(name);
    let text = format!(
        "250-{name}\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE {message_bytes}\r\n"
    );
    out.extend_from_slice(text.as_bytes());
}

/// A name from the settings cannot break a line.
fn printable(name: &str) -> String {
    name.chars().filter(char::is_ascii_graphic).take(255).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reply_is_one_legal_line() {
        for reply in Reply::ALL {
            let mut line = Vec::new();
            reply.write(&mut line);
            assert!(line.len() <= 512, "{reply:?} is longer than RFC 5321 4.5.3.1.5 allows");
            assert!(line.is_ascii() && line.ends_with(b"\r\n"), "{reply:?}");
            let class = (reply.code / 100).to_string();
            assert!(reply.status.is_empty() || reply.status.starts_with(&class), "{reply:?}: the classes differ");
        }
    }

    /// RFC 5248: which code an enhanced one may come with is registered.
    #[test]
    fn enhanced_codes_stand_with_the_codes_they_are_registered_for() {
        let registered: &[(&str, &[u16])] = &[
            ("1.1", &[451, 550]),
            ("1.3", &[501]),
            ("1.7", &[501, 553]),
            ("2.1", &[450, 550]),
            ("2.2", &[452, 552]),
            ("3.1", &[452]),
            ("3.4", &[552]),
            ("5.0", &[503]),
            ("5.1", &[430, 500, 501, 502, 503, 530, 550, 554, 555]),
            ("5.2", &[500, 501, 502, 550, 555]),
            ("5.3", &[451, 452]),
            ("5.4", &[451, 501, 502, 503, 504, 550, 555]),
            ("6.7", &[550, 553]),
        ];
        for reply in Reply::ALL.iter().filter(|reply| reply.code >= 450) {
            let (_, subject) = reply.status.split_once('.').unwrap_or_default();
            let known = registered.iter().find(|(known, _)| *known == subject);
            assert!(known.is_none_or(|(_, codes)| codes.contains(&reply.code)), "{reply:?}");
            // "Other or undefined": registered with no code of its own.
            assert!(known.is_some() || ["3.0", "6.0"].contains(&subject), "{reply:?}");
        }
    }

    #[test]
    fn the_greeting_holds_only_what_a_name_may_hold() {
        let mut out = Vec::new();
        greeting("mx.example.test\r\n250 forged", &mut out);
        assert_eq!(out, b"220 mx.example.test250forged LMTP\r\n");
    }
}
