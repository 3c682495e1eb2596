//! Records: one macro declares the fields of a schema type in its order, each by its name, and makes all that follows from that:
//! of what a request says, the struct and its reader; of a value of the model, the reader and the writer.

use ewsd_model::failure::Failure;
use jiff::Timestamp;

use crate::cursor::{Cursor, Element};
use crate::fault::Fault;
use crate::scalar::FromText;
use crate::writer::{T, Writer};

/// `record! { Name { attributes { "Attr" field: kind Type; } elements { "Element" field: kind Type, reader; } } }`
///
/// Kinds: `required`, `optional` (an Option), `default` (the type's default when absent). A field's reader is called
/// with the cursor inside the element and leaves it. Several names before a field are a choice.
///
/// `record! { impl Name { attributes { "Attr" field: kind Type => writer; } elements { "Element" field: kind Type, reader =>
/// writer; } ignored { "Element" } } }` for a struct of the model, which becomes [`Read`](crate::cursor::Read) and [`Write`].
/// There is one more kind, `filled`: an optional text that is never empty; what has a `default` is always written. Such a
/// value is read in any order, since clients insist on none; what is ignored may stand there, and is never written.
macro_rules! record {
    (
        impl $name:ident {
            attributes { $( $aword:literal $afield:ident : $akind:ident $aty:ty => $awrite:expr ; )* }
            elements { $( $eword:literal $efield:ident : $ekind:ident $ety:ty , $eread:expr => $ewrite:expr ; )* }
            $( ignored { $( $ignored:literal )+ } )?
        }
    ) => {
        impl $crate::cursor::Read for $name {
            fn read(
                c: &mut $crate::cursor::Cursor<'_>,
                element: &$crate::cursor::Element<'_>,
            ) -> Result<Self, $crate::fault::Fault> {
                $( let mut $afield: Option<$aty> = None; )*
                $( let mut $efield: Option<$ety> = None; )*
                c.attributes(element, |_c, name, _text| {
                    match name {
                        $( $aword => $afield = Some(_c.attribute_value(element, name, _text)?), )*
                        _ => {}
                    }
                    Ok(())
                })?;
                while let Some(child) = c.child()? {
                    match child.name() {
                        $( $eword => $efield = Some($eread(c, &child)?), )*
                        $( $( $ignored )|+ => c.skip()?, )?
                        _ => return Err(c.unexpected(&child)),
                    }
                }
                Ok($name {
                    $( $afield: $crate::record::record!(@take $akind $afield,
                        c.missing_attribute(element, $aword)), )*
                    $( $efield: $crate::record::record!(@take $ekind $efield, c.missing(element, $eword)), )*
                })
            }
        }

        impl $crate::record::Write for $name {
            fn write(&self, w: &mut $crate::writer::Writer<'_>, name: &str) {
                w.tag($crate::writer::T, name);
                $( $crate::record::record!(@write $akind w, $aword, &self.$afield, $awrite); )*
                $crate::record::record!(@content w, name, $( {
                    $crate::record::record!(@write $ekind w, $eword, &self.$efield, $ewrite);
                } )*);
            }
        }
    };
    (@write required $w:ident, $word:literal, $field:expr, $write:expr) => { $write($w, $word, $field) };
    (@write default $w:ident, $word:literal, $field:expr, $write:expr) => { $write($w, $word, $field) };
    (@write optional $w:ident, $word:literal, $field:expr, $write:expr) => {
        if let Some(value) = $field {
            $write($w, $word, value);
        }
    };
    (@write filled $w:ident, $word:literal, $field:expr, $write:expr) => {
        if let Some(value) = $field.as_ref().filter(|text| !text.is_empty()) {
            $write($w, $word, value);
        }
    };
    (@content $w:ident, $name:ident, ) => { $w.end_empty() };
    (@content $w:ident, $name:ident, $( $element:block )+) => {
        $w.end_tag();
        $( $element )+
        $w.close($crate::writer::T, $name);
    };
    (
        $(#[$doc:meta])*
        $name:ident {
            attributes { $( $(#[$adoc:meta])* $aword:literal $afield:ident : $akind:ident $aty:ty ; )* }
            elements { $( $(#[$edoc:meta])* $( $eword:literal )|+ $efield:ident : $ekind:ident $ety:ty , $eread:expr ; )* }
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $( $(#[$adoc])* pub $afield: $crate::record::record!(@type $akind $aty), )*
            $( $(#[$edoc])* pub $efield: $crate::record::record!(@type $ekind $ety), )*
        }

        impl $name {
            const PLACES: &[&[&str]] = &[ $( &[ $( $eword ),+ ] ),* ];

            pub(crate) fn read(
                c: &mut $crate::cursor::Cursor<'_>,
                element: &$crate::cursor::Element<'_>,
            ) -> Result<Self, $crate::fault::Fault> {
                $( let mut $afield: Option<$aty> = None; )*
                $( let mut $efield: Option<$ety> = None; )*
                c.attributes(element, |_c, name, _text| {
                    match name {
                        $( $aword => $afield = Some(_c.attribute_value(element, name, _text)?), )*
                        _ => {}
                    }
                    Ok(())
                })?;
                let mut _last = 0;
                while let Some(child) = c.child()? {
                    match child.name() {
                        $( $( $eword )|+ => {
                            c.in_order(&mut _last, Self::PLACES, &child)?;
                            $efield = Some($eread(c, &child)?);
                        } )*
                        _ => return Err(c.unexpected(&child)),
                    }
                }
                Ok($name {
                    $( $afield: $crate::record::record!(@take $akind $afield,
                        c.missing_attribute(element, $aword)), )*
                    $( $efield: $crate::record::record!(@take $ekind $efield,
                        c.missing(element, $crate::record::first(&[ $( $eword ),+ ]))), )*
                })
            }
        }
    };
    (@type required $ty:ty) => { $ty };
    (@type optional $ty:ty) => { Option<$ty> };
    (@type default $ty:ty) => { $ty };
    (@take required $field:ident, $missing:expr) => { match $field { Some(value) => value, None => return Err($missing) } };
    (@take optional $field:ident, $missing:expr) => { $field };
    (@take filled $field:ident, $missing:expr) => { $field.filter(|text| !text.is_empty()) };
    (@take default $field:ident, $missing:expr) => { $field.unwrap_or_default() };
}
pub(crate) use record;

/// A value of the model that is written as one element of the types namespace.
pub(crate) trait Write {
    fn write(&self, w: &mut Writer<'_>, name: &str);
}

impl<V: Write> Write for Box<V> {
    fn write(&self, w: &mut Writer<'_>, name: &str) {
        V::write(self, w, name);
    }
}

// ---- writers of members

pub(crate) fn attribute(w: &mut Writer<'_>, name: &str, text: &str) {
    w.attribute(name, text);
}

pub(crate) fn bool_element(w: &mut Writer<'_>, name: &str, value: &bool) {
    w.bool_element(T, name, *value);
}

pub(crate) fn number_element(w: &mut Writer<'_>, name: &str, value: &i32) {
    w.number_element(T, name, i64::from(*value));
}

pub(crate) fn time_element(w: &mut Writer<'_>, name: &str, time: &Timestamp) {
    w.time_element(T, name, *time);
}

// ---- readers of members

/// The first of a choice's names, for the violation's text.
pub(crate) const fn first(names: &[&'static str]) -> &'static str {
    match names.first() {
        Some(name) => name,
        None => "",
    }
}

/// A reader of one type, named by its element.
type Read<T> = fn(&mut Cursor<'_>, &Element<'_>) -> Result<T, Fault>;

/// A simple type as an element's text.
pub(crate) fn value<T: FromText>(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<T, Fault> {
    c.value(element)
}

/// Text as it is, white space included.
pub(crate) fn text(c: &mut Cursor<'_>, _: &Element<'_>) -> Result<String, Fault> {
    c.text().map(std::borrow::Cow::into_owned)
}

/// An array that may not be empty, each member read by `read`.
pub(crate) fn list<T>(read: Read<T>) -> impl Fn(&mut Cursor<'_>, &Element<'_>) -> Result<Vec<T>, Fault> {
    move |c, element| {
        let members = array(read)(c, element)?;
        if members.is_empty() {
            Err(c.violation(element.at, format!("The element '{}' is empty.", element.local_name())))
        } else {
            Ok(members)
        }
    }
}

/// An array that may be empty.
pub(crate) fn array<T>(read: Read<T>) -> impl Fn(&mut Cursor<'_>, &Element<'_>) -> Result<Vec<T>, Fault> {
    move |c, _| {
        let mut members = Vec::new();
        while let Some(child) = c.child()? {
            members.push(read(c, &child)?);
        }
        Ok(members)
    }
}

/// A non-empty array each of whose members may fail by itself.
pub(crate) fn entries<T>(
    read: Read<T>,
) -> impl Fn(&mut Cursor<'_>, &Element<'_>) -> Result<Vec<Result<T, Failure>>, Fault> {
    move |c, element| {
        let mut members = Vec::new();
        while let Some(child) = c.child()? {
            members.push(c.entry(|c| read(c, &child))?);
        }
        if members.is_empty() {
            Err(c.violation(element.at, format!("The element '{}' is empty.", element.local_name())))
        } else {
            Ok(members)
        }
    }
}

/// The one child that an element holds.
pub(crate) fn only<T>(read: Read<T>) -> impl Fn(&mut Cursor<'_>, &Element<'_>) -> Result<T, Fault> {
    move |c, element| {
        let mut found = None;
        while let Some(child) = c.child()? {
            if found.is_some() {
                return Err(c.unexpected(&child));
            }
            found = Some(read(c, &child)?);
        }
        found.ok_or_else(|| c.violation(element.at, format!("The element '{}' is empty.", element.local_name())))
    }
}

/// A whole number in a range.
pub(crate) fn within(
    range: std::ops::RangeInclusive<i32>,
) -> impl Fn(&mut Cursor<'_>, &Element<'_>) -> Result<i32, Fault> {
    move |c, element| {
        let number: i32 = c.value(element)?;
        if range.contains(&number) {
            Ok(number)
        } else {
            let what = format!("a number from {} to {}", range.start(), range.end());
            Err(c.wrong_value(element.at, element.local_name(), &number.to_string(), &what))
        }
    }
}

/// Text members of an array, each under the element `name`.
pub(crate) fn texts(name: &'static str) -> impl Fn(&mut Cursor<'_>, &Element<'_>) -> Result<Vec<String>, Fault> {
    move |c, element| {
        let mut members = Vec::new();
        while let Some(child) = c.child()? {
            if child.name() != name {
                return Err(c.unexpected(&child));
            }
            members.push(c.text()?.into_owned());
        }
        if members.is_empty() {
            Err(c.violation(element.at, format!("The element '{}' is empty.", element.local_name())))
        } else {
            Ok(members)
        }
    }
}
