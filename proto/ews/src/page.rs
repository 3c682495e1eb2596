//! Which rows of a find are answered, and in which order (MS-OXWSSRCH: paging views, sort order, grouping, query text).

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::path::Path;
use ewsd_model::property::can;
use jiff::Timestamp;

use crate::cursor::{Cursor, Element};
use crate::fault::Fault;
use crate::restriction::{Restriction, path_first};
use crate::word::{Aggregate, BasePoint, Direction, StandardGroupBy};

/// One field of a sort order.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldOrder {
    pub path: Path,
    pub direction: Direction,
}

impl FieldOrder {
    pub(crate) fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<FieldOrder, Fault> {
        if element.name() != "FieldOrder" {
            return Err(c.unexpected(element));
        }
        let direction = c.attribute(element, "Order")?;
        let path = sortable(c, element)?;
        c.empty()?;
        Ok(FieldOrder { path, direction })
    }
}

/// The path that opens the element; ErrorUnsupportedPathForSortGroup for properties without an order.
fn sortable(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Path, Fault> {
    let path = path_first(c, element)?;
    if matches!(path, Path::Prop(id) if !id.row().allows(can::SORT)) {
        c.fail(Failure::at(Code::ErrorUnsupportedPathForSortGroup, path.clone()));
    }
    Ok(path)
}

/// Which rows of all that match.
#[derive(Clone, Debug, PartialEq)]
pub enum Paging {
    /// Offset and size are checked: never negative, never nothing.
    Indexed {
        max: Option<i32>,
        offset: i32,
        base: BasePoint,
    },
    /// 0 <= numerator <= denominator, denominator at least 1.
    Fractional {
        max: Option<i32>,
        numerator: i32,
        denominator: i32,
    },
    /// From the first row that meets the condition.
    Seek {
        max: Option<i32>,
        base: BasePoint,
        condition: Restriction,
    },
    Calendar {
        max: Option<i32>,
        start: Timestamp,
        end: Timestamp,
    },
    Contacts {
        max: Option<i32>,
        initial: Option<String>,
        last: Option<String>,
    },
}

impl Paging {
    pub(crate) fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Paging, Fault> {
        let mut max: Option<i32> = None;
        c.attributes(element, |c, name, text| {
            if name == "MaxEntriesReturned" {
                max = Some(c.attribute_value(element, name, text)?);
            }
            Ok(())
        })?;
        if max.is_some_and(|max| max <= 0) {
            c.fail(Failure::new(Code::ErrorInvalidPagingMaxRows));
        }
        let paging = match element.name() {
            "IndexedPageItemView" | "IndexedPageFolderView" => {
                let offset = c.attribute(element, "Offset")?;
                if offset < 0 {
                    c.fail(Failure::new(Code::ErrorInvalidIndexedPagingParameters));
                }
                Paging::Indexed { max, offset, base: c.attribute(element, "BasePoint")? }
            }
            "FractionalPageItemView" | "FractionalPageFolderView" => {
                let (numerator, denominator) =
                    (c.attribute(element, "Numerator")?, c.attribute(element, "Denominator")?);
                if denominator < 1 || numerator < 0 || numerator > denominator {
                    c.fail(Failure::new(Code::ErrorInvalidFractionalPagingParameters));
                }
                Paging::Fractional { max, numerator, denominator }
            }
            "SeekToConditionPageItemView" => {
                let base = c.attribute(element, "BasePoint")?;
                let condition = match c.child()? {
                    Some(child) if child.name() == "Condition" => Restriction::read(c, &child)?,
                    Some(child) => return Err(c.unexpected(&child)),
                    None => return Err(c.missing(element, "Condition")),
                };
                Paging::Seek { max, base, condition }
            }
            "CalendarView" => Paging::Calendar {
                max,
                start: c.attribute(element, "StartDate")?,
                end: c.attribute(element, "EndDate")?,
            },
            "ContactsView" => contacts_view(c, element, max)?,
            _ => return Err(c.unexpected(element)),
        };
        c.empty()?;
        Ok(paging)
    }
}

fn contacts_view(c: &mut Cursor<'_>, element: &Element<'_>, max: Option<i32>) -> Result<Paging, Fault> {
    let (mut initial, mut last) = (None, None);
    c.attributes(element, |_, name, text| {
        match name {
            "InitialName" => initial = Some(text.to_owned()),
            "FinalName" => last = Some(text.to_owned()),
            _ => {}
        }
        Ok(())
    })?;
    Ok(Paging::Contacts { max, initial, last })
}

/// GroupBy or DistinguishedGroupBy.
#[derive(Clone, Debug, PartialEq)]
pub enum Grouping {
    Field { direction: Direction, path: Path, aggregate_on: Path, aggregate: Aggregate },
    Standard { direction: Direction, by: StandardGroupBy },
}

impl Grouping {
    pub(crate) fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Grouping, Fault> {
        let direction = c.attribute(element, "Order")?;
        if element.name() == "DistinguishedGroupBy" {
            let by = match c.child()? {
                Some(child) if child.name() == "StandardGroupBy" => c.value(&child)?,
                Some(child) => return Err(c.unexpected(&child)),
                None => return Err(c.missing(element, "StandardGroupBy")),
            };
            c.empty()?;
            return Ok(Grouping::Standard { direction, by });
        }
        let path = sortable(c, element)?;
        let mut aggregated = None;
        while let Some(child) = c.child()? {
            match child.name() {
                "AggregateOn" => {
                    let aggregate = c.attribute(&child, "Aggregate")?;
                    let path = sortable(c, &child)?;
                    c.empty()?;
                    aggregated = Some((path, aggregate));
                }
                // How a client shows the groups: nothing of it is answered.
                "UseCollapsibleGroups" | "ItemsPerGroup" | "MaxItemsPerGroup" | "GroupsToExpand" => c.skip()?,
                _ => return Err(c.unexpected(&child)),
            }
        }
        let (aggregate_on, aggregate) = aggregated.ok_or_else(|| c.missing(element, "AggregateOn"))?;
        Ok(Grouping::Field { direction, path, aggregate_on, aggregate })
    }
}

/// The query text of FindItem (QueryStringType).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryString {
    pub text: String,
    pub highlight: bool,
    pub deleted_items: bool,
}

impl QueryString {
    pub(crate) fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<QueryString, Fault> {
        let mut query = QueryString::default();
        c.attributes(element, |c, name, text| {
            match name {
                "ReturnHighlightTerms" => query.highlight = c.attribute_value(element, name, text)?,
                "ReturnDeletedItems" => query.deleted_items = c.attribute_value(element, name, text)?,
                _ => {}
            }
            Ok(())
        })?;
        query.text = c.text()?.into_owned();
        Ok(query)
    }
}
