//! Reading mail: a message's structure, its transfer encodings and its fields (RFC 5322, RFC 2045 to 2047, RFC 2231 and
//! following), with what the world writes beside the standards. Octets in, values out: no I/O, no clock, nothing that fails.
//!
//! | question | file |
//! |---|---|
//! | which parts are there, where does each begin and end? | `structure.rs` |
//! | what does a part say of itself, what are its octets, its text? | `part.rs` |
//! | what is shown, what is a file, and which files are within the text? | `show.rs`, `show/file.rs` |
//! | which fields has a head, where does it end? | `head.rs` |
//! | what type, which disposition? | `content.rs`, parameters: `parameter.rs` |
//! | how are base64, quoted-printable, uuencode undone? | `transfer.rs`, `uu.rs` |
//! | who has an address? | `address.rs`, `address/token.rs` |
//! | what moment is a date? | `date.rs` |
//! | which ids? | `id.rs` |
//! | what do encoded words say? | `words.rs` |
//! | which characters are octets? | `charset.rs`; sets that shift: `shift.rs`; of DOS: `dos.rs`; bare in fields: `text.rs` |
//! | where do lines of `format=flowed` go on? | `flowed.rs` |
//! | what does HTML say of its characters, what does it refer to? | `html.rs` |
//! | which message class? | `class.rs` |
//! | how much is read of too much? | `limits.rs` |
//! | where do comments, quoted strings, lines end? | `lex.rs`, `line.rs` |
//!
//! ```
//! let octets = b"From: Doe, Jane <jane@example.net>\r\nSubject: =?utf-8?q?gr=C3=BCn?=\r\n\
//!     Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nA line with --b in it.\r\n\
//!     --b\r\nContent-Type: image/png; name=p.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--b--\r\n";
//! let message = ewsd_mime::Message::read(octets);
//! assert_eq!(message.head().text("Subject").as_deref(), Some("gr\u{fc}n"));
//! assert_eq!(message.head().addresses("From").mailboxes[0].address, "jane@example.net");
//! let shown = ewsd_mime::choose(&message);
//! assert_eq!(shown.body(|text| text.to_owned()), "A line with --b in it.");
//! assert_eq!((shown.files[0].name.as_str(), &*shown.files[0].content), ("p.png", &b"\x89PNG"[..]));
//! assert_eq!(ewsd_mime::class(&message), "IPM.Note");
//! ```
//!
//! Rules for all of it:
//! - What cannot be understood is text and is kept; what is beyond [`Limits`] stays in the octets, and a flag tells.
//! - Work grows with the octets, not faster: nothing looks for an end again from each of many beginnings.
//! - Reading a field ends with that field.
//!
//! Why it is ours: of eighteen inputs of the kinds in `tests/`, mail-parser 0.11 reads one rightly (wrong escapes in
//! quoted-printable) and mailparse 0.16 four (that one, boundaries within lines, military zones, RFC 2231 pieces). Neither
//! reads comments in Content-Transfer-Encoding, base64 with foreign octets, unquoted commas, cut characters in encoded words,
//! types that break the syntax, quoted local parts, folded ids, or what HTML says of its characters.

mod address;
mod charset;
mod class;
mod content;
mod cut;
mod date;
mod dos;
mod flowed;
mod head;
mod html;
mod id;
mod lex;
mod limits;
mod line;
mod parameter;
mod part;
mod shift;
mod show;
mod structure;
mod text;
mod transfer;
mod uu;
mod words;

pub use address::{Addresses, Mailbox};
pub use charset::Charset;
pub use class::class;
pub use content::{ContentType, Disposition};
pub use cut::Cut;
pub use date::Date;
pub use head::{Field, Head};
pub use html::References;
pub use id::{id, ids};
pub use limits::{Exceeded, Limits};
pub use parameter::Parameters;
pub use part::Part;
pub use show::{File, Piece, Shown, choose, file_name};
pub use structure::Message;
pub use transfer::{Encoding, base64, quoted_printable};
pub use uu::{Inline, files as uuencoded_files};
pub use words::decode as decode_words;
