//! The conversions that read strangers' octets, one row each: what is asked besides the octets, what is answered, who does it.
//!
//! Everything goes by the rows: whoever asks, the converter that answers, the tests of growth, the fuzzer. A new one is its
//! question in `wire!` below and its row.

use std::borrow::Cow;

use ewsd_model::timezone::ItemZone;
use ewsd_wire::form::Maybe;
use ewsd_wire::{Reader, Refused, Wire, wire};
use jiff::Timestamp;

use super::answer::{AnswerWriter, WireAnswer};
use super::form::{Many, Text, Time};
use super::html::{self, Images};
use super::ical::{self, Limits, Says};
use super::mime::{self, outgoing};

/// A question: what is asked besides the octets.
pub trait Ask: Wire {
    const CONVERSION: Conversion;
    /// What is heard as the answer.
    type Answer: 'static;
    /// The answer out of its octets.
    ///
    /// # Errors
    /// [`Refused`] when they are none.
    fn hear(answer: &super::octets::Shared) -> Result<Self::Answer, Refused>;
}

/// What the octets are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    Message,
    Html,
    Calendar,
}

/// A line of the table.
#[derive(Debug)]
pub struct Row {
    pub conversion: Conversion,
    pub name: &'static str,
    pub reads: Reads,
    /// What it does, for people.
    pub what: &'static str,
    /// Any question of the kind, for tests.
    pub sample: fn() -> Vec<u8>,
}

macro_rules! conversions {
    ($( $number:literal $name:literal $reads:ident $ask:ident => $told:ty [$what:literal] $sample:expr; $function:expr; )*) => {
        wire! {
            /// A row of the table.
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub enum Conversion { $( #[doc = $what] $number $ask )* }
        }

        /// All conversions.
        pub const TABLE: &[Row] = &[ $( Row {
            conversion: Conversion::$ask, name: $name, reads: Reads::$reads, what: $what, sample: || ewsd_wire::to_bytes(&$sample),
        }, )* ];

        impl Conversion {
            /// Its name, in the log and in tests.
            pub const fn name(self) -> &'static str {
                match self { $( Conversion::$ask => $name, )* }
            }
        }

        $( impl Ask for $ask {
            const CONVERSION: Conversion = Conversion::$ask;
            type Answer = <$told as WireAnswer>::Received;
            fn hear(answer: &super::octets::Shared) -> Result<Self::Answer, Refused> {
                super::answer::hear::<$told>(answer)
            }
        } )*

        /// Does what is asked.
        pub(super) fn run<'o>(which: Conversion, asked: &[u8], octets: &'o [u8]) -> Result<AnswerWriter<'o>, Refused> {
            let mut reader = Reader::new(asked);
            let mut out = AnswerWriter::default();
            match which { $( Conversion::$ask => {
                let ask = $ask::get(&mut reader)?;
                reader.end()?;
                tell(&ask, octets, $function, &mut out);
            } )* }
            Ok(out)
        }
    };
}

/// Puts the answer of a row's function into `out`; it may borrow from the octets.
fn tell<'o, A: Ask, T: WireAnswer<Received = A::Answer> + 'o>(
    ask: &A,
    octets: &'o [u8],
    function: fn(&A, &'o [u8]) -> T,
    out: &mut AnswerWriter<'o>,
) {
    function(ask, octets).tell(out);
}

wire! {
    /// A message as the properties of an item.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Mail { pub now: Timestamp as Time }

    /// The same cut down to what any database takes.
    #[derive(Clone, Debug, PartialEq)]
    pub struct PlainMail { pub now: Timestamp as Time }

    /// The fields of a message's head.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Headers {}

    /// The words of a message that is attached.
    #[derive(Clone, Debug, PartialEq)]
    pub struct MessageWords {}

    /// The words of a file that is attached.
    #[derive(Clone, Debug, PartialEq)]
    pub struct FileWords { pub content_type: Option<String> as Maybe<Text>, pub name: String as Text }

    /// An HTML body as text.
    #[derive(Clone, Debug, PartialEq)]
    pub struct HtmlText {}

    /// The words of an HTML body.
    #[derive(Clone, Debug, PartialEq)]
    pub struct HtmlWords {}

    /// An HTML body that runs and loads nothing.
    #[derive(Clone, Debug, PartialEq)]
    pub struct SafeHtml { pub images: Images }

    /// What is new in an HTML body.
    #[derive(Clone, Debug, PartialEq)]
    pub struct NewHtml {}

    /// A message with the head that it leaves with.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Outgoing {
        pub primary: String as Text,
        pub own: Vec<String> as Many<Text>,
        pub others: Vec<String> as Many<Text>,
        pub message_id: String as Text,
        pub date: Timestamp as Time,
    }

    /// A message in seven bits; `bodies`: not its heads alone.
    #[derive(Clone, Debug, PartialEq)]
    pub struct SevenBit { pub bodies: bool }

    /// What a client gave for a calendar item. `zone`: that of times that name none.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Calendar { pub zone: ItemZone as Says, pub limits: Limits }

    /// The calendar that a message came with.
    #[derive(Clone, Debug, PartialEq)]
    pub struct MailCalendar { pub limits: Limits }
}

conversions! {
    0 "mail" Message Mail => mime::Parsed<'static> ["A message as the properties of an item"]
        Mail { now: Timestamp::UNIX_EPOCH };
        |ask, octets| mime::parse(octets, ask.now);
    1 "plain-mail" Message PlainMail => mime::Parsed<'static> ["A message as the few properties that any database takes"]
        PlainMail { now: Timestamp::UNIX_EPOCH };
        |ask, octets| mime::plain(&mime::parse(octets, ask.now), octets);
    2 "headers" Message Headers => Vec<(String, String)> ["The fields of a message's head, unfolded and decoded"]
        Headers {};
        |_, octets| mime::headers(octets);
    3 "message-words" Message MessageWords => String ["The words that find an attached message"]
        MessageWords {};
        |_, octets| mime::of_message(octets);
    4 "file-words" Html FileWords => String ["The words that find an attached file, if it is a text"]
        FileWords { content_type: Some("text/html".to_owned()), name: "x.html".to_owned() };
        |ask, octets| mime::of_file(ask.content_type.as_deref(), &ask.name, octets);
    5 "html-text" Html HtmlText => String ["HTML as plain text"]
        HtmlText {};
        |_, octets| html::to_text(&text(octets));
    6 "html-words" Html HtmlWords => String ["HTML as words, without the targets of links"]
        HtmlWords {};
        |_, octets| html::to_words(&text(octets));
    7 "safe-html" Html SafeHtml => String ["HTML without whatever could run or load something"]
        SafeHtml { images: Images::Own };
        |ask, octets| html::filter(&text(octets), ask.images);
    8 "new-html" Html NewHtml => String ["What is new in an HTML body, without what it quotes"]
        NewHtml {};
        |_, octets| html::new_part(&text(octets));
    9 "outgoing" Message Outgoing => Result<Vec<u8>, outgoing::Refused> ["A message with its head written anew, to leave"]
        Outgoing::sample();
        |ask, octets| ask.write(octets);
    10 "seven-bit" Message SevenBit => Result<Vec<u8>, outgoing::Sealed> ["A message in seven bits"]
        SevenBit { bodies: true };
        |ask, octets| outgoing::seven_bit(octets, ask.bodies);
    11 "calendar" Calendar Calendar => Result<ical::Calendar, ical::Unreadable> ["iCalendar, bare or in a message, as events"]
        Calendar { zone: ItemZone::utc(), limits: Limits::default() };
        |ask, octets| ical::find(octets, &ask.zone, &ask.limits);
    12 "mail-calendar" Message MailCalendar => Result<ical::Found, ical::Unreadable> ["The events that a message came with"]
        MailCalendar { limits: Limits::default() };
        |ask, octets| ical::in_message(octets, &ItemZone::utc(), &ask.limits);
}

fn text(octets: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(octets)
}

impl Outgoing {
    fn sample() -> Outgoing {
        Outgoing {
            primary: "a@x.test".to_owned(),
            own: Vec::new(),
            others: Vec::new(),
            message_id: "<1@x.test>".to_owned(),
            date: Timestamp::UNIX_EPOCH,
        }
    }

    fn write(&self, message: &[u8]) -> Result<Vec<u8>, outgoing::Refused> {
        let sender = outgoing::Sender { primary: &self.primary, own: &self.own, others: &self.others };
        outgoing::write(message, &sender, &outgoing::Missing { message_id: &self.message_id, date: self.date })
    }
}
