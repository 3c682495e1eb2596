//! Answers of converters: a head of small values, and an area of texts and contents that the head points into, so that whoever
//! gets a large answer maps it and copies nothing out of it.

use std::fmt;

use ewsd_wire::form::Form;
use ewsd_wire::{Reader, Refused, Wire};

use super::form::{Many, Pair, Text};
use super::octets::{Octets, Shared};

/// An answer that is being put together.
#[derive(Default)]
pub struct AnswerWriter<'o> {
    head: Vec<u8>,
    area: Vec<Octets<'o>>,
    length: u64,
}

impl<'o> AnswerWriter<'o> {
    pub(super) fn head(&mut self) -> &mut Vec<u8> {
        &mut self.head
    }

    /// Puts octets into the area, and their place into the head.
    pub(super) fn put(&mut self, octets: impl Into<Octets<'o>>) {
        let octets = octets.into();
        let length = octets.len() as u64;
        (self.length, length).put(&mut self.head);
        self.length += length;
        self.area.push(octets);
    }

    /// Octets of the whole answer.
    pub fn length(&self) -> u64 {
        8 + self.head.len() as u64 + self.length
    }

    /// The answer, piece by piece: the length of the head, the head, the area.
    ///
    /// # Errors
    /// Those of `write`.
    pub fn write<E>(&self, mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        write(&(self.head.len() as u64).to_le_bytes())?;
        write(&self.head)?;
        self.area.iter().try_for_each(|octets| write(octets))
    }

    /// The answer in one piece.
    pub fn whole(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(usize::try_from(self.length()).unwrap_or(0));
        let Ok(()) = self.write(|octets| {
            out.extend_from_slice(octets);
            Ok::<(), std::convert::Infallible>(())
        });
        out
    }
}

impl fmt::Debug for AnswerWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an answer of {} octets", self.length())
    }
}

/// An answer that came. Whoever wrote it may have been taken over by what it read: nothing in it is believed.
pub struct AnswerReader<'m> {
    reader: Reader<'m>,
    area: Shared,
}

impl<'m> AnswerReader<'m> {
    pub(super) fn head(&mut self) -> &mut Reader<'m> {
        &mut self.reader
    }

    /// The next octets that the head points to.
    pub(super) fn octets(&mut self) -> Result<Shared, Refused> {
        let (start, length) = <(u64, u64)>::get(&mut self.reader)?;
        let start = usize::try_from(start).map_err(|_| Refused::Short)?;
        let length = usize::try_from(length).map_err(|_| Refused::Short)?;
        let end = start.checked_add(length).ok_or(Refused::Short)?;
        self.area.part(start..end).ok_or(Refused::Short)
    }

    /// The next text that the head points to.
    pub(super) fn text(&mut self) -> Result<String, Refused> {
        let octets = self.octets()?;
        std::str::from_utf8(&octets).map(str::to_owned).map_err(|_| Refused::BadValue("a text"))
    }
}

/// What a conversion gives.
pub trait WireAnswer: Sized {
    /// The same for whoever keeps it.
    type Received;
    fn tell<'o>(self, out: &mut AnswerWriter<'o>)
    where
        Self: 'o;
    /// # Errors
    /// [`Refused`] when it is no such answer.
    fn hear(answer: &mut AnswerReader<'_>) -> Result<Self::Received, Refused>;
}

/// The answer that `whole` is.
///
/// # Errors
/// [`Refused`] when it is none, or more than one.
pub(super) fn hear<T: WireAnswer>(whole: &Shared) -> Result<T::Received, Refused> {
    let length = usize::try_from(u64::get(&mut Reader::new(whole))?).map_err(|_| Refused::Short)?;
    let behind = length.checked_add(8).ok_or(Refused::Short)?;
    let head = whole.part(8..behind).ok_or(Refused::Short)?;
    let area = whole.part(behind..whole.len()).ok_or(Refused::Short)?;
    let mut hearing = AnswerReader { reader: Reader::new(&head), area };
    let told = T::hear(&mut hearing)?;
    hearing.reader.end()?;
    Ok(told)
}

impl WireAnswer for String {
    type Received = String;
    fn tell<'o>(self, out: &mut AnswerWriter<'o>)
    where
        Self: 'o,
    {
        out.put(self.into_bytes());
    }
    fn hear(answer: &mut AnswerReader<'_>) -> Result<String, Refused> {
        answer.text()
    }
}

impl WireAnswer for Vec<u8> {
    type Received = Octets<'static>;
    fn tell<'o>(self, out: &mut AnswerWriter<'o>)
    where
        Self: 'o,
    {
        out.put(self);
    }
    fn hear(answer: &mut AnswerReader<'_>) -> Result<Octets<'static>, Refused> {
        answer.octets().map(Octets::Shared)
    }
}

/// Fields of a head: names and what they say.
impl WireAnswer for Vec<(String, String)> {
    type Received = Self;
    fn tell<'o>(self, out: &mut AnswerWriter<'o>)
    where
        Self: 'o,
    {
        <Many<Pair<Text, Text>> as Form<Self>>::put(&self, out.head());
    }
    fn hear(answer: &mut AnswerReader<'_>) -> Result<Self, Refused> {
        <Many<Pair<Text, Text>> as Form<Self>>::get(answer.head(), "fields")
    }
}

impl<T: WireAnswer, E: Wire> WireAnswer for Result<T, E> {
    type Received = Result<T::Received, E>;
    fn tell<'o>(self, out: &mut AnswerWriter<'o>)
    where
        Self: 'o,
    {
        self.is_ok().put(out.head());
        match self {
            Ok(told) => told.tell(out),
            Err(error) => error.put(out.head()),
        }
    }
    fn hear(answer: &mut AnswerReader<'_>) -> Result<Self::Received, Refused> {
        if bool::get(answer.head())? { T::hear(answer).map(Ok) } else { E::get(answer.head()).map(Err) }
    }
}
