//! How values of the model and of the store are laid out in what converters are asked and answer. Both sides are one program, so
//! numbers of rows and variants may change from one version to the next.

use ewsd_model::property::Column;
use ewsd_model::value::Mailbox;
use ewsd_model::{ItemKind, Value};
use ewsd_store::{Area, Columns, Map};
use ewsd_wire::form::{Form, Maybe, Plain};
use ewsd_wire::{Reader, Refused, Wire, wire};
use jiff::Timestamp;
use serde_json::Value as Json;

/// UTF-8 of any length, behind it.
pub(super) enum Text {}

impl Form<String> for Text {
    fn put(value: &String, out: &mut Vec<u8>) {
        put_length(value.len(), out);
        out.extend_from_slice(value.as_bytes());
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<String, Refused> {
        let length = length(reader)?;
        String::from_utf8(reader.take(length)?.to_vec()).map_err(|_| Refused::BadValue(what))
    }
}

impl Form<Vec<u8>> for Text {
    fn put(value: &Vec<u8>, out: &mut Vec<u8>) {
        put_length(value.len(), out);
        out.extend_from_slice(value);
    }
    fn get(reader: &mut Reader<'_>, _what: &'static str) -> Result<Vec<u8>, Refused> {
        let length = length(reader)?;
        Ok(reader.take(length)?.to_vec())
    }
}

fn put_length(length: usize, out: &mut Vec<u8>) {
    (length as u64).put(out);
}

fn length(reader: &mut Reader<'_>) -> Result<usize, Refused> {
    usize::try_from(u64::get(reader)?).map_err(|_| Refused::Short)
}

/// Any number of members, behind their count.
pub(super) struct Many<F>(F);

impl<T, F: Form<T>> Form<Vec<T>> for Many<F> {
    fn put(value: &Vec<T>, out: &mut Vec<u8>) {
        put_length(value.len(), out);
        value.iter().for_each(|one| F::put(one, out));
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Vec<T>, Refused> {
        // Nothing is set aside for what is only said to come.
        (0..length(reader)?).map(|_| F::get(reader, what)).collect()
    }
}

/// Two values, one after the other.
pub(super) struct Pair<A, B>(A, B);

impl<S, T, A: Form<S>, B: Form<T>> Form<(S, T)> for Pair<A, B> {
    fn put(value: &(S, T), out: &mut Vec<u8>) {
        A::put(&value.0, out);
        B::put(&value.1, out);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<(S, T), Refused> {
        Ok((A::get(reader, what)?, B::get(reader, what)?))
    }
}

/// A time, to the nanosecond.
pub(super) enum Time {}

impl Form<Timestamp> for Time {
    fn put(value: &Timestamp, out: &mut Vec<u8>) {
        value.as_second().put(out);
        i64::from(value.subsec_nanosecond()).put(out);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Timestamp, Refused> {
        let (seconds, nanos) = (i64::get(reader)?, i64::get(reader)?);
        let nanos = i32::try_from(nanos).map_err(|_| Refused::BadValue(what))?;
        Timestamp::new(seconds, nanos).map_err(|_| Refused::BadValue(what))
    }
}

/// A kind, a column, a place of texts: by its number.
pub(super) enum Row {}

impl Form<ItemKind> for Row {
    fn put(value: &ItemKind, out: &mut Vec<u8>) {
        out.push(*value as u8);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<ItemKind, Refused> {
        ItemKind::from_number(i16::from(u8::get(reader)?)).ok_or(Refused::BadValue(what))
    }
}

impl Form<Column> for Row {
    fn put(value: &Column, out: &mut Vec<u8>) {
        out.push(*value as u8);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Column, Refused> {
        Column::from_number(u8::get(reader)?).ok_or(Refused::BadValue(what))
    }
}

const AREAS: [Area; 6] = [Area::From, Area::To, Area::Cc, Area::Bcc, Area::Subject, Area::Body];

impl Form<Area> for Row {
    fn put(value: &Area, out: &mut Vec<u8>) {
        let number = AREAS.iter().position(|one| one == value);
        out.push(number.and_then(|number| u8::try_from(number).ok()).unwrap_or(u8::MAX));
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Area, Refused> {
        AREAS.get(usize::from(u8::get(reader)?)).copied().ok_or(Refused::BadValue(what))
    }
}

/// A number with a sign.
pub(super) enum Number {}

impl Form<i32> for Number {
    fn put(value: &i32, out: &mut Vec<u8>) {
        i64::from(*value).put(out);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<i32, Refused> {
        i32::try_from(i64::get(reader)?).map_err(|_| Refused::BadValue(what))
    }
}

/// Somebody with an address: name, address, routing.
pub(super) enum Person {}

impl Form<Mailbox> for Person {
    fn put(value: &Mailbox, out: &mut Vec<u8>) {
        for text in [&value.name, &value.address, &value.routing] {
            <Maybe<Text> as Form<Option<String>>>::put(text, out);
        }
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Mailbox, Refused> {
        let mut text = || <Maybe<Text> as Form<Option<String>>>::get(reader, what);
        Ok(Mailbox { name: text()?, address: text()?, routing: text()?, ..Mailbox::default() })
    }
}

/// The columns of an item, with the types that mail has.
pub(super) enum Cells {}

wire! {
    enum Cell {
        0 Text(text: String as Text)
        1 Bool(value: bool)
        2 Int(number: i64)
        3 Long(number: i64)
        4 Time(time: Timestamp as Time)
        5 Bytes(octets: Vec<u8> as Text)
        6 Texts(texts: Vec<String> as Many<Text>)
        7 Mailbox(mailbox: Mailbox as Person)
    }
}

impl Cell {
    /// None: no column of mail has such a value.
    fn of(value: &Value) -> Option<Cell> {
        Some(match value {
            Value::Text(text) => Cell::Text(text.clone()),
            Value::Bool(value) => Cell::Bool(*value),
            Value::Int(number) => Cell::Int(i64::from(*number)),
            Value::Long(number) => Cell::Long(*number),
            Value::Time(time) => Cell::Time(*time),
            Value::Bytes(octets) => Cell::Bytes(octets.clone()),
            Value::Texts(texts) => Cell::Texts(texts.clone()),
            Value::Mailbox(mailbox) => Cell::Mailbox(mailbox.clone()),
            _ => return None,
        })
    }

    fn into_value(self) -> Value {
        match self {
            Cell::Text(text) => Value::Text(text),
            Cell::Bool(value) => Value::Bool(value),
            Cell::Int(number) => Value::Int(i32::try_from(number).unwrap_or_default()),
            Cell::Long(number) => Value::Long(number),
            Cell::Time(time) => Value::Time(time),
            Cell::Bytes(octets) => Value::Bytes(octets),
            Cell::Texts(texts) => Value::Texts(texts),
            Cell::Mailbox(mailbox) => Value::Mailbox(mailbox),
        }
    }
}

impl Form<Columns> for Cells {
    fn put(value: &Columns, out: &mut Vec<u8>) {
        let cells: Vec<_> = value.iter().filter_map(|(column, value)| Some((column, Cell::of(value)?))).collect();
        <Many<Pair<Row, Plain>> as Form<Vec<(Column, Cell)>>>::put(&cells, out);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Columns, Refused> {
        let cells = <Many<Pair<Row, Plain>> as Form<Vec<(Column, Cell)>>>::get(reader, what)?;
        let mut columns = Columns::new();
        cells.into_iter().for_each(|(column, cell)| columns.set(column, cell.into_value()));
        Ok(columns)
    }
}

/// A document, as JSON.
pub(super) enum Document {}

impl Form<Map> for Document {
    fn put(value: &Map, out: &mut Vec<u8>) {
        // A document of names and values can always be written.
        let text = serde_json::to_vec(value).unwrap_or_default();
        <Text as Form<Vec<u8>>>::put(&text, out);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Map, Refused> {
        let length = length(reader)?;
        serde_json::from_slice(reader.take(length)?).map_err(|_| Refused::BadValue(what))
    }
}

impl Form<Json> for Document {
    fn put(value: &Json, out: &mut Vec<u8>) {
        <Text as Form<String>>::put(&value.to_string(), out);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Json, Refused> {
        let length = length(reader)?;
        serde_json::from_slice(reader.take(length)?).map_err(|_| Refused::BadValue(what))
    }
}
