//! winmail.dat: the message that Outlook and Exchange put into one file (TNEF, MS-OXTNEF), bytes in, values out.
//!
//! | question | file |
//! |---|---|
//! | what does a mailbox get of it: bodies, files, people, properties? | `message.rs` |
//! | who sent it, who received it, under which address? | `person.rs` |
//! | how does a stream become a message with attachments, and messages inside? | `stream.rs` |
//! | where does an attribute end, is its checksum right? | `attribute.rs` |
//! | which property does an attribute stand for, which class does a message have? | `legacy.rs` |
//! | how are MAPI properties written, named ones and lists of values too? | `property.rs`; their values: `value.rs` |
//! | which number has PidTagSubject? | `tag.rs` |
//! | how is compressed RTF unpacked? | `lzfu.rs` |
//! | which HTML or text does RTF hold? | `rtf/` |
//! | which characters are code page 932's? | `codepage.rs` |
//! | how much may it all cost, what is said of damage? | `budget.rs` |
//!
//! No I/O, no clock. Nothing is refused for damage: what can be read is given, with a list of what was wrong. The work is
//! linear in the octets, times the nesting that the budget allows.
//!
//! ```
//! use ewsd_tnef::{Budget, Damage, NotTnef, read};
//!
//! // Signature, key; attSubject (level, id, type, length, text, checksum).
//! let stream = b"\x78\x9f\x3e\x22\x01\x00\x01\x04\x80\x01\x00\x06\x00\x00\x00Hello\x00\xf4\x01";
//! let message = read(stream, &Budget::default())?;
//! assert_eq!((message.class.as_str(), message.subject.as_deref()), ("IPM.Note", Some("Hello")));
//! assert_eq!(message.damage, []);
//!
//! let cut = read(&stream[..18], &Budget::default())?;
//! assert_eq!((cut.subject.as_deref(), cut.damage), (Some("Hel"), vec![Damage::Truncated]));
//! assert_eq!(read(b"%PDF-1.7", &Budget::default()), Err(NotTnef));
//! # Ok::<(), NotTnef>(())
//! ```

mod attribute;
mod budget;
mod codepage;
mod cursor;
mod legacy;
mod lzfu;
mod message;
mod person;
mod property;
mod rtf;
mod stream;
pub mod tag;
mod value;

pub use attribute::{Attribute, Level, NotTnef, SIGNATURE, checksum, id};
pub use budget::{Budget, Damage, Limit, Meter};
pub use codepage::Charset;
pub use legacy::message_class;
pub use lzfu::{checksum as rtf_checksum, decompress};
pub use message::{Body, File, FileContent, Message, read, read_with};
pub use person::{Person, Recipient, Role};
pub use property::{Properties, Property};
pub use rtf::{Rtf, RtfSource, html_of_text, read as read_rtf};
pub use stream::{Attachment, Content, Tnef, parse};
pub use value::{FileTime, Value};
