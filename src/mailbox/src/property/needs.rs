//! What must be read of an item, so that its properties can be told: a store [`Plan`], and whether its attachments.

use ewsd_model::property::alias::Alias;
use ewsd_model::property::{Blob, Column, ExtendedPath, Source, Type};
use ewsd_model::{ItemKind, Kinds, PropId};
use ewsd_store::Plan;

/// Grows with each property that is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    pub plan: Plan,
    /// The list of attachments, without contents.
    pub attachments: bool,
    /// The same of contacts, one of whose files may be their picture.
    pub pictures: bool,
    /// A list of found items: never bodies, and of the author only the name.
    find: bool,
}

/// Kinds among which the meaning of a MAPI property differs.
const MEANINGS: [Kinds; 4] =
    [ItemKind::Message.kinds(), ItemKind::Task.kinds(), ItemKind::Contact.kinds(), ItemKind::CalendarItem.kinds()];

impl Needs {
    /// For GetItem.
    pub fn of_items() -> Needs {
        let mut needs = Needs::default();
        // Whether anything of it may be shown at all.
        needs.column(Column::Sensitivity);
        needs
    }

    /// For FindItem and SyncFolderItems.
    pub fn of_lists() -> Needs {
        Needs { find: true, ..Needs::of_items() }
    }

    /// Everything a message is written from but the contents of its attachments.
    pub fn of_message() -> Needs {
        let mut needs = Needs::of_items();
        for id in ewsd_model::property::sequence(ItemKind::Message.kinds()) {
            needs.prop(*id);
        }
        needs.plan.ext = true;
        needs
    }

    /// Everything of a calendar item or a meeting message but its attachments.
    pub fn of_calendar() -> Needs {
        let mut needs = Needs::of_message();
        for id in ewsd_model::property::sequence(ItemKind::CalendarItem.kinds()) {
            needs.prop(*id);
        }
        needs
    }

    pub fn prop(&mut self, id: PropId) {
        let row = id.row();
        if self.find && row.get_only {
            return;
        }
        for column in row.columns() {
            self.column(*column);
        }
        match row.source {
            Source::Column(Column::From) if self.find => self.column(Column::FromName),
            Source::Column(_) | Source::Bit(_) => {}
            Source::Json => self.plan.json = true,
            Source::Blob(Blob::Body) => self.body(),
            Source::Blob(Blob::Mime) => self.plan.mime = true,
            Source::Children => self.attachments |= row.ty == Type::Attachments,
            Source::Computed => self.computed(id),
        }
    }

    fn computed(&mut self, id: PropId) {
        match id {
            PropId::ItemUniqueBody | PropId::ItemNormalizedBody | PropId::ItemTextBody => self.body(),
            PropId::ItemInternetMessageHeaders => self.plan.json = true,
            PropId::ContactCompleteName => {
                self.plan.json = true;
                self.plan.ext = true;
            }
            PropId::ContactHasPicture => self.pictures = true,
            _ if id.row().kinds.meets(Kinds::CALENDAR.or(Kinds::MEETINGS)) && !id.row().kinds.meets(Kinds::MESSAGE) => {
                self.plan.json = true;
            }
            // What is worked out from numbers and flags, which always come along.
            _ => {}
        }
    }

    /// An extended property: what it means for any kind, and its own value where it means nothing.
    pub fn extended(&mut self, path: &ExtendedPath) {
        for kinds in MEANINGS {
            match path.alias(kinds) {
                Some(alias) => self.alias(alias),
                None => self.plan.ext = true,
            }
        }
    }

    fn alias(&mut self, alias: Alias) {
        match alias {
            Alias::Prop(id)
            | Alias::Part(id, _)
            | Alias::Names(id)
            | Alias::Entry(id, _)
            | Alias::EntryPart(id, ..)
            | Alias::Postal(id, ..) => self.prop_whole(id),
            Alias::Column(column) => self.column(column),
            Alias::Flag(_) => self.prop(PropId::ItemFlag),
            // Header lines can be written as extended properties, too.
            Alias::Header => {
                self.plan.json = true;
                self.plan.ext = true;
            }
            Alias::Headers | Alias::Octets(_) => self.plan.json = true,
            Alias::PlainBody | Alias::HtmlBody => self.body(),
            Alias::SubjectPrefix | Alias::NormalizedSubject => self.column(Column::Subject),
            Alias::MessageFlags
            | Alias::Place
            | Alias::EntryId
            | Alias::ParentEntryId
            | Alias::RecordKey
            | Alias::SearchKey
            | Alias::InstanceKey
            | Alias::NextPlace
            | Alias::LastPlace
            | Alias::LastChange
            | Alias::HasSubfolders
            | Alias::Access => {}
        }
    }

    /// By its MAPI name a property is told whole, in lists too.
    fn prop_whole(&mut self, id: PropId) {
        let mut needs = Needs { find: false, ..*self };
        needs.prop(id);
        *self = Needs { find: self.find, ..needs };
    }

    /// Whether the attachments of an item of the kind are to be read.
    pub fn attachments_of(&self, kind: ItemKind) -> bool {
        self.attachments || self.pictures && PropId::ContactHasPicture.row().kinds.has_item(kind)
    }

    pub fn column(&mut self, column: Column) {
        self.plan.columns.insert(column);
    }

    /// A search never reads bodies.
    fn body(&mut self) {
        if !self.find {
            self.plan.body = true;
            self.column(Column::BodyType);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ewsd_model::property::{MapiType, sequence};
    use ewsd_store::ColumnSet;

    #[test]
    fn the_default_shape_of_a_list_reads_columns_only() {
        let mut needs = Needs::of_lists();
        for id in sequence(ItemKind::Message.kinds()) {
            if id.row().default_shape.has_item(ItemKind::Message) {
                needs.prop(*id);
            }
        }
        assert!(!needs.plan.json && !needs.plan.ext && !needs.plan.body && !needs.plan.mime && !needs.attachments);
        assert!(needs.plan.columns.contains(Column::FromName));
    }

    #[test]
    fn a_body_brings_its_type() {
        let mut needs = Needs::of_items();
        needs.prop(PropId::ItemBody);
        assert!(needs.plan.body && needs.plan.columns.contains(Column::BodyType));
        let mut list = Needs::of_lists();
        list.extended(&ExtendedPath::tag(0x1000, MapiType::String));
        assert!(!list.plan.body);
    }

    #[test]
    fn extended_properties_read_what_they_mean() {
        let mut needs = Needs::of_lists();
        needs.extended(&ExtendedPath::tag(0x0e07, MapiType::Integer));
        needs.extended(&ExtendedPath::tag(0x0e23, MapiType::Integer));
        assert_eq!(needs.plan, Needs::of_lists().plan);
        needs.extended(&ExtendedPath::tag(0x0e06, MapiType::SystemTime));
        assert_eq!(needs.plan.columns, ColumnSet::NONE.with(Column::Sensitivity).with(Column::Received));
        needs.extended(&ExtendedPath::tag(0x10f3, MapiType::String));
        assert!(needs.plan.ext);
    }
}
