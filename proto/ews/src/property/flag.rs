//! The follow-up flag (MS-OXWSCORE 2.2.4, FlagType).

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::property::Prop;
use ewsd_model::value::{Flag, FlagStatus};
use jiff::Timestamp;

use crate::cursor::{Cursor, Element, Read};
use crate::fault::Fault;
use crate::record::{record, time_element, value};
use crate::scalar::{FromText, Reading};
use crate::writer::{T, Writer};

record! {
    impl Flag {
        attributes {}
        elements {
            "FlagStatus" status: required FlagStatus, value => status_element;
            "StartDate" start: optional Timestamp, value => time_element;
            "DueDate" due: optional Timestamp, value => time_element;
            "CompleteDate" complete: optional Timestamp, value => time_element;
        }
    }
}

impl FromText for FlagStatus {
    const WHAT: &'static str = "NotFlagged, Flagged or Complete";

    fn from_text(text: &str, _: &Reading) -> Option<FlagStatus> {
        match text {
            "NotFlagged" => Some(FlagStatus::NotFlagged),
            "Flagged" => Some(FlagStatus::Flagged),
            "Complete" => Some(FlagStatus::Complete),
            _ => None,
        }
    }
}

fn status_element(w: &mut Writer<'_>, name: &str, status: &FlagStatus) {
    let word = match status {
        FlagStatus::NotFlagged => "NotFlagged",
        FlagStatus::Flagged => "Flagged",
        FlagStatus::Complete => "Complete",
    };
    w.text_element(T, name, word);
}

/// A failure when its dates do not go with its status.
pub(super) fn read(c: &mut Cursor<'_>, element: &Element<'_>, row: &Prop) -> Result<Option<Flag>, Fault> {
    let flag = Flag::read(c, element)?;
    if flag.dates_fit() {
        return Ok(Some(flag));
    }
    c.fail(Failure::at(Code::ErrorInvalidArgument, row.id));
    Ok(None)
}
