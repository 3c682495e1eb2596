//! What a master tells of its occurrences (OccurrenceInfoType, DeletedOccurrenceInfoType), what an update of a meeting changed
//! (ChangeHighlightsType), and items that are told inside another one (NonEmptyArrayOfAllItemsType). Never read.

use ewsd_model::calendar::{ChangeHighlights, InnerItem, OccurrenceInfo};
use jiff::Timestamp;

use crate::record::Write;
use crate::view::ItemView;
use crate::writer::{T, Writer};

impl Write for OccurrenceInfo {
    fn write(&self, w: &mut Writer<'_>, name: &str) {
        w.open(T, name);
        self.id.write(w, "ItemId");
        w.time_element(T, "Start", self.start);
        w.time_element(T, "End", self.end);
        w.time_element(T, "OriginalStart", self.original);
        w.close(T, name);
    }
}

pub(super) fn write_all(w: &mut Writer<'_>, name: &str, occurrences: &[OccurrenceInfo]) {
    super::list(w, name, occurrences, |w, one| one.write(w, "Occurrence"));
}

pub(super) fn write_deleted(w: &mut Writer<'_>, name: &str, deleted: &[Timestamp]) {
    super::list(w, name, deleted, |w, start| {
        w.open(T, "DeletedOccurrence");
        w.time_element(T, "Start", *start);
        w.close(T, "DeletedOccurrence");
    });
}

pub(super) fn write_items(w: &mut Writer<'_>, name: &str, items: &[InnerItem]) {
    super::list(w, name, items, |w, item| {
        ItemView { kind: item.kind, props: item.props.clone(), extended: Vec::new() }.write(w);
    });
}

impl Write for ChangeHighlights {
    fn write(&self, w: &mut Writer<'_>, name: &str) {
        w.open(T, name);
        if let Some(location) = &self.location {
            w.bool_element(T, "HasLocationChanged", true);
            w.text_element(T, "Location", location);
        }
        for (time, has, was) in [(self.start, "HasStartTimeChanged", "Start"), (self.end, "HasEndTimeChanged", "End")] {
            if let Some(time) = time {
                w.bool_element(T, has, true);
                w.time_element(T, was, time);
            }
        }
        w.close(T, name);
    }
}
