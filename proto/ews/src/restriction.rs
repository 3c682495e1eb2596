//! Restrictions of FindItem and FindFolder (MS-OXWSSRCH). Order, pages and groups are in `page.rs`.
//!
//! Constants are read as the type of the property they are compared with, so that a handler compares values.

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::path::Path;
use ewsd_model::property::mapi::Scalar;
use ewsd_model::property::{MapiType, Type, can};

use crate::cursor::{Cursor, Element, Read};
use crate::fault::Fault;
use crate::word::{ContainmentComparison, ContainmentMode};
use crate::{extended, limits, scalar};

/// A search expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Restriction {
    And(Vec<Restriction>),
    Or(Vec<Restriction>),
    Not(Box<Restriction>),
    /// The property has a value.
    Exists(Path),
    /// (value & mask) = 0.
    Excludes {
        path: Path,
        mask: u32,
    },
    Compare {
        path: Path,
        comparison: Comparison,
        with: Operand,
    },
    Contains {
        path: Path,
        mode: ContainmentMode,
        comparison: ContainmentComparison,
        text: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// Of the property's type; words of an enumeration are texts.
    Constant(Scalar),
    Path(Path),
}

/// The two-operand expressions.
const COMPARISONS: &[(&str, Comparison)] = &[
    ("IsEqualTo", Comparison::Equal),
    ("IsNotEqualTo", Comparison::NotEqual),
    ("IsGreaterThan", Comparison::Greater),
    ("IsGreaterThanOrEqualTo", Comparison::GreaterOrEqual),
    ("IsLessThan", Comparison::Less),
    ("IsLessThanOrEqualTo", Comparison::LessOrEqual),
];

/// Stands where a failure has been put down already.
const NOTHING: Restriction = Restriction::And(Vec::new());

impl Restriction {
    /// Reads a RestrictionType: one search expression inside the element.
    pub(crate) fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Restriction, Fault> {
        let mut nodes = 0;
        let mut found = None;
        while let Some(child) = c.child()? {
            if found.is_some() {
                return Err(c.unexpected(&child));
            }
            found = Some(expression(c, &child, &mut nodes)?);
        }
        found.ok_or_else(|| c.missing(element, "SearchExpression"))
    }
}

fn expression(c: &mut Cursor<'_>, element: &Element<'_>, nodes: &mut u32) -> Result<Restriction, Fault> {
    *nodes += 1;
    if *nodes > limits::RESTRICTION_NODES {
        c.fail(Failure::new(Code::ErrorRestrictionTooLong));
        c.skip()?;
        return Ok(NOTHING);
    }
    match element.name() {
        "And" => members(c, element, nodes).map(Restriction::And),
        "Or" => members(c, element, nodes).map(Restriction::Or),
        "Not" => {
            let mut members = members(c, element, nodes)?;
            match (members.pop(), members.is_empty()) {
                (Some(member), true) => Ok(Restriction::Not(Box::new(member))),
                _ => Err(c.violation(element.at, "The element 'Not' holds exactly one expression.")),
            }
        }
        "Exists" => exists(c, element),
        "Excludes" => excludes(c, element),
        "Contains" => contains(c, element),
        name => match COMPARISONS.iter().find(|row| row.0 == name) {
            Some(&(_, comparison)) => compare(c, element, comparison),
            None => Err(c.unexpected(element)),
        },
    }
}

fn members(c: &mut Cursor<'_>, element: &Element<'_>, nodes: &mut u32) -> Result<Vec<Restriction>, Fault> {
    let mut members = Vec::new();
    while let Some(child) = c.child()? {
        members.push(expression(c, &child, nodes)?);
    }
    if members.is_empty() { Err(c.missing(element, "SearchExpression")) } else { Ok(members) }
}

fn exists(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Restriction, Fault> {
    let path = queried(c, element)?;
    c.empty()?;
    // A flag is always there.
    if matches!(&path, Path::Prop(id) if id.row().ty == Type::Bool) {
        c.fail(Failure::at(Code::ErrorInvalidPropertyForExists, path.clone()));
    }
    Ok(Restriction::Exists(path))
}

fn excludes(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Restriction, Fault> {
    let path = queried(c, element)?;
    let text: String = member(c, element, "Bitmask")?;
    c.empty()?;
    let text = text.trim();
    let mask = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        // Clients write the highest bit as a negative number.
        None => text.parse::<u32>().ok().or_else(|| text.parse::<i32>().ok().map(|mask| mask as u32)),
    };
    let mask = mask.ok_or_else(|| c.wrong_value(element.at, "Bitmask", text, "a bit mask of 32 bits"))?;
    Ok(Restriction::Excludes { path, mask })
}

fn contains(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Restriction, Fault> {
    let (mut mode, mut comparison) = (ContainmentMode::FullString, ContainmentComparison::Exact);
    c.attributes(element, |c, name, text| {
        match name {
            "ContainmentMode" => mode = c.attribute_value(element, name, text)?,
            "ContainmentComparison" => comparison = c.attribute_value(element, name, text)?,
            _ => {}
        }
        Ok(())
    })?;
    let path = queried(c, element)?;
    let text = member(c, element, "Constant")?;
    c.empty()?;
    if !is_text(&path) {
        c.fail(Failure::at(Code::ErrorContainsFilterWrongType, path.clone()));
    }
    Ok(Restriction::Contains { path, mode, comparison, text })
}

fn compare(c: &mut Cursor<'_>, element: &Element<'_>, comparison: Comparison) -> Result<Restriction, Fault> {
    let path = queried(c, element)?;
    let mut with = None;
    while let Some(child) = c.child()? {
        if child.name() != "FieldURIOrConstant" || with.is_some() {
            return Err(c.unexpected(&child));
        }
        while let Some(inner) = c.child()? {
            if with.is_some() {
                return Err(c.unexpected(&inner));
            }
            with = Some(match inner.name() {
                "Constant" => {
                    let text: String = c.attribute(&inner, "Value")?;
                    c.empty()?;
                    Operand::Constant(constant(c, &path, &text))
                }
                _ => {
                    let other = Path::read(c, &inner)?;
                    Operand::Path(queryable(c, other))
                }
            });
        }
    }
    let with = with.ok_or_else(|| c.missing(element, "FieldURIOrConstant"))?;
    Ok(Restriction::Compare { path, comparison, with })
}

/// The path that opens an expression, which must be one that can be searched by.
fn queried(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Path, Fault> {
    let path = path_first(c, element)?;
    Ok(queryable(c, path))
}

/// ErrorUnsupportedPathForQuery for properties that cannot be searched by.
fn queryable(c: &mut Cursor<'_>, path: Path) -> Path {
    if matches!(path, Path::Prop(id) if !id.row().allows(can::QUERY)) {
        c.fail(Failure::at(Code::ErrorUnsupportedPathForQuery, path.clone()));
    }
    path
}

/// Whether a property is text, or has text in it.
fn is_text(path: &Path) -> bool {
    match path {
        Path::Indexed(_) => true,
        Path::Extended(path) => matches!(path.ty, MapiType::String | MapiType::Clsid),
        Path::Prop(id) => !matches!(
            id.row().ty,
            Type::Bool
                | Type::Int
                | Type::Long
                | Type::Double
                | Type::Time
                | Type::Bytes
                | Type::ItemId
                | Type::FolderId
        ),
    }
}

/// The path that opens an element.
pub(crate) fn path_first(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Path, Fault> {
    match c.child()? {
        Some(child) => Path::read(c, &child),
        None => Err(c.missing(element, "FieldURI")),
    }
}

/// `Value` of the next child, which must be `name`.
fn member(c: &mut Cursor<'_>, element: &Element<'_>, name: &str) -> Result<String, Fault> {
    let child = match c.child()? {
        Some(child) if child.name() == name => child,
        Some(child) => return Err(c.unexpected(&child)),
        None => return Err(c.missing(element, name)),
    };
    let value = c.attribute(&child, "Value")?;
    c.empty()?;
    Ok(value)
}

/// A constant as the property's type; ErrorInvalidValueForProperty if it is none.
fn constant(c: &mut Cursor<'_>, path: &Path, text: &str) -> Scalar {
    let value = match path {
        Path::Extended(path) => extended::parse(text, path.ty, &c.reading.zone),
        Path::Indexed(_) => Some(Scalar::Text(text.to_owned())),
        Path::Prop(id) => of_type(&id.row().ty, text, c),
    };
    value.unwrap_or_else(|| {
        c.fail(Failure::at(Code::ErrorInvalidValueForProperty, path.clone()));
        Scalar::Bool(false)
    })
}

fn of_type(ty: &Type, text: &str, c: &Cursor<'_>) -> Option<Scalar> {
    let trimmed = text.trim();
    match ty {
        Type::Bool => scalar::boolean(trimmed).map(Scalar::Bool),
        Type::Int | Type::Long => trimmed.parse().ok().map(Scalar::Int),
        Type::Double => scalar::double(trimmed).map(Scalar::Real),
        Type::Time => scalar::timestamp(trimmed, &c.reading.zone).map(Scalar::Time),
        Type::Bytes => scalar::base64(trimmed).map(Scalar::Bytes),
        Type::Enum(words) => words.contains(&trimmed).then(|| Scalar::Text(trimmed.to_owned())),
        _ => Some(Scalar::Text(text.to_owned())),
    }
}
