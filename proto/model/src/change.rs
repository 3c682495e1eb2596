//! Changes to items and folders: each names one property and what becomes of it.

use jiff::civil::Date;

use crate::path::{IndexedPath, Path};
use crate::property::ExtendedPath;
use crate::property::mapi::ExtendedValue;
use crate::target::{BaseItemId, TargetFolder};
use crate::{PropId, Value};

/// Changes to one item, all or none.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemChange {
    pub id: BaseItemId,
    pub updates: Vec<Update>,
}

/// Changes to one folder, all or none.
#[derive(Clone, Debug, PartialEq)]
pub struct FolderChange {
    pub folder: TargetFolder,
    pub updates: Vec<Update>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Update {
    Set(Assignment),
    Append(Assignment),
    Delete(Path),
}

/// A property and the value it shall have (or get appended).
#[derive(Clone, Debug, PartialEq)]
pub enum Assignment {
    Prop(PropId, Value),
    /// One entry: a text, a mailbox, or a list of one member.
    Indexed(IndexedPath, Value),
    Extended(ExtendedPath, ExtendedValue),
}

impl Update {
    pub fn path(&self) -> Path {
        match self {
            Update::Delete(path) => path.clone(),
            Update::Set(value) | Update::Append(value) => match value {
                Assignment::Prop(id, _) => Path::Prop(*id),
                Assignment::Indexed(path, _) => Path::Indexed(path.clone()),
                Assignment::Extended(path, _) => Path::Extended(path.clone()),
            },
        }
    }
}

/// The member of an item's document that remembers at which change number a property was changed last, of an item or of one date of
/// a series.
pub fn mark(day: Option<Date>, name: &str) -> String {
    match day {
        Some(day) => format!("~{day}/{name}"),
        None => format!("~{name}"),
    }
}
