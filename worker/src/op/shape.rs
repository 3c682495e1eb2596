//! Shapes of items: from the paths a request names to what the store must read, and from a row to the view that is written.
//!
//! Used by GetItem, FindItem, SyncFolderItems and whatever else shows items. A property that an item's kind does not
//! have, or has no value for, is left out: clients ask for the union of all kinds.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use ewsd_ews::shape::{AttachmentShape, ItemShape};
use ewsd_ews::view::ItemView;
use ewsd_ews::word::BaseShape;
use ewsd_mailbox::convert::Failed;
use ewsd_mailbox::property::private;
use ewsd_mailbox::property::{Bodies, FirstFailure, Needs, ShownItem, extended, item};
use ewsd_model::path::{IndexedPath, Path};
use ewsd_model::property::alias::Alias;
use ewsd_model::property::{ExtendedPath, Source, sequence};
use ewsd_model::value::{BodyFormat, PostalAddress};
use ewsd_model::{ItemKind, PropId, Value, Version};

/// What is to be shown of items.
#[derive(Clone, Debug)]
pub struct Shape {
    base: BaseShape,
    version: Version,
    /// Of an attached item, whose properties have no other way out: all that are stored.
    whole: bool,
    /// A row of a list: no bodies, no recipients, of people the names.
    listed: bool,
    additional: Vec<PropId>,
    indexed: Vec<IndexedPath>,
    /// With the key of each.
    extended: Vec<(ExtendedPath, String)>,
    include_mime: bool,
    pub bodies: Bodies,
    /// Made when the first item of a kind is shown.
    kinds: Vec<KindShape>,
    /// What the store must read for it, whatever kind an item is.
    pub needs: Needs,
    /// What it must read of mail alone: mostly less, for what contacts or tasks have besides is in documents.
    pub mail_needs: Needs,
}

/// The shape of one kind.
#[derive(Clone, Debug)]
struct KindShape {
    kind: ItemKind,
    props: Vec<PropId>,
    /// What each extended property means for the kind.
    aliases: Vec<Option<Alias>>,
}

impl Shape {
    /// As GetItem shows items.
    pub fn of_items(shape: &ItemShape, version: Version) -> Shape {
        Shape::new(shape, version, false)
    }

    /// As FindItem and SyncFolderItems list them.
    pub fn of_lists(shape: &ItemShape, version: Version) -> Shape {
        Shape::new(shape, version, true)
    }

    /// As GetAttachment shows attached items: the whole item.
    pub fn of_attached(shape: Option<&AttachmentShape>, version: Version) -> Shape {
        let mut items = plain(BaseShape::AllProperties);
        if let Some(shape) = shape {
            items.include_mime = shape.include_mime;
            items.body_type = shape.body_type;
            items.filter_html = shape.filter_html;
            items.additional.clone_from(&shape.additional);
        }
        Shape { whole: true, ..Shape::new(&items, version, false) }
    }

    fn new(shape: &ItemShape, version: Version, listed: bool) -> Shape {
        let mut made = Shape {
            base: shape.base,
            version,
            whole: false,
            listed,
            additional: Vec::new(),
            indexed: Vec::new(),
            extended: Vec::new(),
            include_mime: shape.include_mime && !listed,
            bodies: bodies(shape),
            kinds: Vec::new(),
            needs: if listed { Needs::of_lists() } else { Needs::of_items() },
            mail_needs: Needs::default(),
        };
        let mut seen = HashSet::new();
        for path in &shape.additional {
            if seen.insert(path) {
                made.add(path);
            }
        }
        if made.include_mime {
            made.needs.prop(PropId::ItemMimeContent);
        }
        made.mail_needs = made.needs;
        for kind in ItemKind::all() {
            for id in made.base_of(kind) {
                made.needs.prop(id);
                if kind.row().is_mail {
                    made.mail_needs.prop(id);
                }
            }
        }
        made
    }

    /// A path that was not named before.
    fn add(&mut self, path: &Path) {
        match path {
            Path::Prop(id) => {
                self.needs.prop(*id);
                self.additional.push(*id);
            }
            Path::Indexed(indexed) => {
                if let Some(id) = indexed.prop() {
                    self.needs.prop(id);
                    self.indexed.push(indexed.clone());
                }
            }
            Path::Extended(path) => {
                self.needs.extended(path);
                self.extended.push((path.clone(), path.key()));
            }
        }
    }

    /// The properties of the base shape, in table order.
    fn base_of(&self, kind: ItemKind) -> Vec<PropId> {
        let shown = |id: &&PropId| {
            let row = id.row();
            let in_base = match self.base {
                BaseShape::IdOnly => **id == PropId::ItemItemId,
                BaseShape::Default | BaseShape::People => row.default_shape.has_item(kind),
                BaseShape::AllProperties => {
                    let stored = matches!(row.source, Source::Column(_) | Source::Bit(_) | Source::Json);
                    row.all_shape.has_item(kind) || self.tells_attachments(**id) || (self.whole && stored)
                }
            };
            in_base && row.built() && self.speaks(**id) && !(self.listed && row.get_only)
        };
        sequence(kind.kinds()).iter().filter(shown).copied().collect()
    }

    /// Whether the client's version has the property. The zone in the form of 2007 was given up by the next one.
    fn speaks(&self, id: PropId) -> bool {
        let is_of_2007 = id == PropId::CalendarMeetingTimeZone;
        id.row().since <= self.version && !(is_of_2007 && self.version >= Version::Exchange2010)
    }

    /// The documents' tables of shapes leave attachments out, servers do not: without them a client that loads an item has
    /// no way to them.
    fn tells_attachments(&self, id: PropId) -> bool {
        id == PropId::ItemAttachments
    }

    /// True when answers hold nothing but ids: no item has to be looked at.
    pub fn is_id_only(&self) -> bool {
        self.base == BaseShape::IdOnly
            && self.additional.is_empty()
            && self.indexed.is_empty()
            && self.extended.is_empty()
            && !self.include_mime
    }

    /// Whether the client asked for MIME outright (IncludeMimeContent), which kinds without it must refuse.
    pub fn insists_on_mime(&self) -> bool {
        self.include_mime
    }

    /// Whether a property of an item of the kind is to be shown.
    pub fn shows(&self, kind: ItemKind, id: PropId) -> bool {
        let row = id.row();
        let in_base = self.base == BaseShape::AllProperties && row.all_shape.has_item(kind);
        row.kinds.has_item(kind) && row.since <= self.version && (in_base || self.additional.contains(&id))
    }

    /// Whether the message itself is to be shown, if there is one.
    pub fn shows_mime(&self) -> bool {
        self.needs.plan.mime
    }

    fn of_kind(&mut self, kind: ItemKind) -> usize {
        if let Some(at) = self.kinds.iter().position(|known| known.kind == kind) {
            return at;
        }
        let mut props = self.base_of(kind);
        let has = |id: &PropId| {
            let row = id.row();
            let is_gone = *id == PropId::CalendarMeetingTimeZone && !self.speaks(*id);
            row.kinds.has_item(kind) && row.built() && !is_gone && !(self.listed && row.get_only)
        };
        for id in self.additional.iter().filter(|id| has(id)) {
            if !props.contains(id) {
                props.push(*id);
            }
        }
        if self.include_mime && !props.contains(&PropId::ItemMimeContent) {
            props.push(PropId::ItemMimeContent);
        }
        if !props.contains(&PropId::ItemItemId) {
            props.push(PropId::ItemItemId);
        }
        let aliases = self.extended.iter().map(|(path, _)| path.alias(kind.kinds())).collect();
        self.kinds.push(KindShape { kind, props, aliases });
        self.kinds.len() - 1
    }

    /// The item as the shape shows it. The row must have been read by [`Shape::needs`].
    ///
    /// # Errors
    /// A property could not be converted: no item is shown without it.
    pub fn view(&mut self, of: &ShownItem<'_>) -> Result<ItemView, Failed> {
        let kind = of.row.kind;
        if self.is_id_only() {
            return Ok(ItemView::of_id(kind, item::wire_id(of.owner, of.row)));
        }
        let at = self.of_kind(kind);
        let trouble = FirstFailure::default();
        let mut item = ShownItem { bodies: &self.bodies, listed: self.listed, trouble: Some(&trouble), ..*of };
        let hidden = of.owner.hides(of.row);
        let stripped = if hidden {
            Some(private::stripped(of.row))
        } else if of.owner.may_hide() {
            private::without_private(of.row)
        } else {
            None
        };
        if let Some(row) = &stripped {
            let attachments = if hidden { Default::default() } else { of.attachments };
            item = ShownItem { row, attachments, mime: None, told: &[], ..item };
        }
        let mut view = ItemView { kind, props: Vec::new(), extended: Vec::new() };
        let Some(shape) = self.kinds.get(at) else { return Ok(view) };
        view.props.reserve(shape.props.len());
        for id in &shape.props {
            if let Some(value) = item.value(*id) {
                view.props.push((*id, value));
            }
        }
        self.add_entries(&item, &mut view);
        for ((path, key), alias) in self.extended.iter().zip(&shape.aliases) {
            if let Some(value) = extended::value(&item, path, *alias, key) {
                view.extended.push((path.clone(), value));
            }
        }
        trouble.take().map_or(Ok(view), Err)
    }

    /// Single entries of dictionaries that the view does not have whole.
    fn add_entries(&self, item: &ShownItem<'_>, view: &mut ItemView) {
        let mut done = BTreeSet::new();
        for indexed in &self.indexed {
            let Some(id) = indexed.prop() else { continue };
            let row = id.row();
            if !row.kinds.has_item(item.row.kind)
                || view.props.iter().any(|(known, _)| *known == id)
                || !done.insert(id)
            {
                continue;
            }
            let wanted: HashSet<Cow<'_, str>> =
                self.indexed.iter().filter(|one| one.prop() == Some(id)).map(|one| indexed.folded(&one.key)).collect();
            let keep = |key: &str| wanted.contains(&indexed.folded(key));
            let value = match item.value(id) {
                Some(Value::Entries(entries)) => {
                    Value::Entries(entries.into_iter().filter(|entry| keep(&entry.0)).collect())
                }
                Some(Value::Addresses(entries)) => {
                    Value::Addresses(entries.into_iter().filter(|entry| keep(&entry.0)).collect())
                }
                Some(Value::PostalAddresses(entries)) => Value::PostalAddresses(self.parts(id, entries)),
                Some(Value::Members(members)) => {
                    Value::Members(members.into_iter().filter(|member| keep(&member.key)).collect())
                }
                Some(Value::Headers(lines)) => Value::Headers(lines.into_iter().filter(|line| keep(&line.0)).collect()),
                _ => continue,
            };
            let empty = match &value {
                Value::Entries(pairs) | Value::Headers(pairs) => pairs.is_empty(),
                Value::Addresses(entries) => entries.is_empty(),
                Value::PostalAddresses(entries) => entries.is_empty(),
                Value::Members(members) => members.is_empty(),
                _ => false,
            };
            if !empty {
                view.props.push((id, value));
            }
        }
    }

    /// The parts of postal addresses that are asked for.
    fn parts(&self, id: PropId, entries: Vec<(String, PostalAddress)>) -> Vec<(String, PostalAddress)> {
        let mut kept = Vec::new();
        for (key, whole) in entries {
            let mut address = PostalAddress::default();
            for one in self.indexed.iter().filter(|one| one.key == key && one.prop() == Some(id)) {
                if let Some(part) = one.dictionary.row().part {
                    address.set(part, whole.part(part).map(str::to_owned));
                }
            }
            if !address.is_empty() {
                kept.push((key, address));
            }
        }
        kept
    }
}

/// A shape of nothing but its base.
pub fn plain(base: BaseShape) -> ItemShape {
    ItemShape {
        base,
        include_mime: false,
        body_type: None,
        unique_body_type: None,
        normalized_body_type: None,
        filter_html: false,
        convert_code_page: None,
        inline_image_template: None,
        block_external_images: false,
        add_blank_target: false,
        max_body_size: None,
        additional: Vec::new(),
    }
}

fn bodies(shape: &ItemShape) -> Bodies {
    let body = shape.body_type.unwrap_or(BodyFormat::Best);
    Bodies {
        body,
        unique: shape.unique_body_type.unwrap_or(body),
        normalized: shape.normalized_body_type.unwrap_or(body),
        filter: shape.filter_html,
        block_images: shape.block_external_images,
        // In kilobytes.
        most: shape
            .max_body_size
            .and_then(|most| usize::try_from(most).ok())
            .filter(|most| *most > 0)
            .map(|most| most.saturating_mul(1024)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use ewsd_mailbox::property::testing::{owner, row};
    use ewsd_model::path::Dictionary;
    use ewsd_model::property::{Column, MapiType, bit};
    use ewsd_store::{ItemRow, Plan};
    use serde_json::json;

    fn shape(base: BaseShape, additional: Vec<Path>) -> ItemShape {
        ItemShape { additional, ..plain(base) }
    }

    fn view(shape: &mut Shape, row: &ItemRow) -> ItemView {
        let owner = owner();
        let bodies = Bodies::default();
        shape
            .view(&ShownItem {
                row,
                owner: &owner,
                attachments: &[],
                mime: None,
                bodies: &bodies,
                listed: false,
                told: &[],
                trouble: None,
            })
            .unwrap()
    }

    fn message() -> ItemRow {
        let mut item = row();
        item.flags = bit::READ;
        item.columns.set(Column::Subject, Value::Text("Hello".into()));
        item.columns.set(Column::BodyType, Value::Int(0));
        item.body = Some(b"body".to_vec());
        item.props = json!({ "InternetMessageHeaders": [["X-A", "1"], ["X-B", "2"]] }).as_object().cloned();
        item
    }

    fn ids(view: &ItemView) -> Vec<PropId> {
        view.props.iter().map(|(id, _)| *id).collect()
    }

    #[test]
    fn id_only_reads_nothing() {
        let shape = Shape::of_items(&shape(BaseShape::IdOnly, Vec::new()), Version::LATEST);
        assert!(shape.is_id_only());
        assert!(!shape.needs.plan.json);
        assert!(!shape.needs.plan.body);
    }

    #[test]
    fn an_item_shows_its_body_and_a_list_does_not() {
        let wanted = shape(BaseShape::Default, Vec::new());
        let mut get = Shape::of_items(&wanted, Version::LATEST);
        assert!(get.needs.plan.body);
        assert!(ids(&view(&mut get, &message())).contains(&PropId::ItemBody));
        let mut find = Shape::of_lists(&wanted, Version::LATEST);
        assert_eq!(Plan { columns: find.mail_needs.plan.columns, ..Plan::default() }, find.mail_needs.plan);
        let listed = ids(&view(&mut find, &message()));
        assert!(!listed.contains(&PropId::ItemBody) && listed.contains(&PropId::ItemSubject));
    }

    #[test]
    fn younger_properties_are_not_in_an_old_clients_shapes() {
        let wanted = shape(BaseShape::AllProperties, Vec::new());
        let mut old = Shape::of_items(&wanted, Version::Exchange2007Sp1);
        assert!(!ids(&view(&mut old, &message())).contains(&PropId::ItemIsAssociated));
        let mut new = Shape::of_items(&wanted, Version::LATEST);
        assert!(ids(&view(&mut new, &message())).contains(&PropId::ItemIsAssociated));
    }

    #[test]
    fn an_attached_item_is_shown_whole() {
        let mut item = message();
        item.columns.set(Column::FlagStatus, Value::Int(2));
        let shown = ids(&view(&mut Shape::of_attached(None, Version::LATEST), &item));
        assert!(shown.contains(&PropId::ItemFlag) && !shown.contains(&PropId::ItemUniqueBody));
        let got = ids(&view(&mut Shape::of_items(&plain(BaseShape::AllProperties), Version::LATEST), &item));
        assert!(!got.contains(&PropId::ItemFlag));
    }

    #[test]
    fn what_a_kind_does_not_have_is_left_out() {
        let paths =
            vec![Path::Prop(PropId::MessageIsRead), Path::Prop(PropId::TaskStatus), Path::Prop(PropId::ItemSubject)];
        let mut both = Shape::of_items(&shape(BaseShape::IdOnly, paths), Version::LATEST);
        assert_eq!(ids(&view(&mut both, &message())), [PropId::ItemItemId, PropId::MessageIsRead, PropId::ItemSubject]);
        let mut task = message();
        task.kind = ItemKind::Task;
        assert_eq!(ids(&view(&mut both, &task)), [PropId::ItemItemId, PropId::ItemSubject]);
    }

    #[test]
    fn single_headers_are_shown_alone() {
        let indexed = IndexedPath { dictionary: Dictionary::InternetMessageHeader, key: "x-b".into() };
        let mut one = Shape::of_items(&shape(BaseShape::IdOnly, vec![Path::Indexed(indexed)]), Version::LATEST);
        let view = view(&mut one, &message());
        let Some((_, Value::Headers(lines))) = view.props.last() else { panic!("no headers") };
        assert_eq!(lines, &[("X-B".to_owned(), "2".to_owned())]);
    }

    #[test]
    fn extended_properties_come_in_the_order_asked_for() {
        let flags = ExtendedPath::tag(0x0e07, MapiType::Integer);
        let subject = ExtendedPath::tag(0x0037, MapiType::String);
        let paths =
            vec![Path::Extended(subject.clone()), Path::Extended(flags.clone()), Path::Extended(subject.clone())];
        let mut shape = Shape::of_lists(&shape(BaseShape::IdOnly, paths), Version::LATEST);
        let view = view(&mut shape, &message());
        assert_eq!(view.extended.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>(), [subject, flags]);
    }
}
